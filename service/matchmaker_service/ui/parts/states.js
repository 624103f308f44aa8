/** What stands where there is no answer: while it comes, when it is empty, when it failed. */

import { unlock } from "../api.js";
import { h, link } from "../dom.js";
import { again } from "../router.js";

/** Grey shapes of what is about to come. */
export function waiting(cards = 3) {
  const shape = () => h("div", { class: "card bones" }, ["bone short", "bone", "bone"].map((bone) => h("i", { class: bone })));
  const bones = h("div", { class: "stack", "aria-hidden": "true" }, Array.from({ length: cards }, shape));
  return h("div", { class: "waiting" }, h("p", { class: "unseen" }, "Loading"), bones);
}

/** Nothing was found; says what to do. */
export function empty(title, told, ...actions) {
  return h("div", { class: "empty" }, h("h2", {}, title), h("p", {}, told), h("p", { class: "row" }, ...actions));
}

/** A whole view that failed: the problem's detail, and a way on. */
export function failed(problem) {
  if (problem.locked) return locked(problem);
  const title = problem.status === 404 ? "Not found" : "That did not work";
  return h("section", { class: "failed" }, h("h1", {}, title), trouble(problem), onward(problem));
}

/** A part of a view that failed. */
export function trouble(problem) {
  const more = (problem.errors ?? []).map((one) => h("li", {}, h("code", {}, one.pointer), ` ${one.detail}`));
  const code = problem.instance ? `${problem.code}, request ${problem.instance}` : problem.code;
  return h(
    "div", { class: "note bad", role: "alert" },
    h("p", {}, problem.message || "Something unforeseen happened."),
    more.length ? h("ul", {}, more) : null,
    code ? h("p", { class: "small" }, `Code: ${code}`) : null,
  );
}

function onward({ status }) {
  const retry = status === 404 ? null : h("button", { type: "button", on: { click: again } }, "Try again");
  return h("p", { class: "row" }, retry, link("#/", { class: retry ? "button plain" : "button" }, "Search for a partner"));
}

function locked(problem) {
  const input = h("input", { id: "key", type: "password", autocomplete: "off", required: true });
  const send = (event) => {
    event.preventDefault();
    unlock(input.value.trim());
    again();
  };
  return h(
    "section", { class: "locked" },
    h("h1", {}, "This service asks for an API key"),
    h("p", {}, "Whoever runs it can make one for you. It is kept until you close this tab, and sent nowhere else."),
    problem.code === "key_missing" ? null : trouble(problem),
    h("form", { class: "row", on: { submit: send } }, h("label", { for: "key" }, "API key"), input, h("button", {}, "Go on")),
  );
}
