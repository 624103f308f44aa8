/** The two-sided value bar: what each side gets, drawn from one middle. */

import { h } from "../dom.js";
import { finely, hundredths, percent, valueTold } from "../numbers.js";

/**
 * A bar for two sides {name, value in [0, 1), weaker}; large: with one decimal.
 * The numbers are text; the drawing adds nothing for those who hear the page.
 */
export function valueBar(ours, theirs, { large = false } = {}) {
  const shown = large ? finely : hundredths;
  return h(
    "div", { class: large ? "value large" : "value" },
    side("ours", ours, shown),
    side("theirs", theirs, shown),
    h("div", { class: "scale", "aria-hidden": "true" }, half("ours", ours.value), half("theirs", theirs.value)),
  );
}

/** Balance and the weaker side in one line. */
export function balanceLine(balance, weaker) {
  return h(
    "p", { class: "balance" },
    h("span", { title: "The smaller value divided by the larger one" }, "Balance ", h("b", {}, percent(balance))),
    h("span", { title: "The side that gets less" }, "Weaker side ", h("b", {}, weaker)),
  );
}

function side(which, { name, value, weaker }, shown) {
  return h(
    "p", { class: `side ${which}`, title: valueTold(value, name) },
    h("span", { class: "who" }, name, " gets"),
    h("b", { class: "figure" }, shown(value)),
    weaker ? h("span", { class: "unseen" }, " (the weaker side)") : null,
  );
}

function half(which, value) {
  return h("span", { class: `half ${which}` }, h("i", { style: { "inline-size": `${Math.max(value * 100, 1)}%` } }));
}
