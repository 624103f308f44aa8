/** The partners worth talking to, for one partner. */

import { get, partnerPath, post } from "../api.js";
import { announce, h } from "../dom.js";
import { count, counted } from "../numbers.js";
import { card } from "../parts/card.js";
import { csv, download } from "../parts/csv.js";
import { chosen, filters, reset, unusual } from "../parts/filters.js";
import { watch } from "../parts/impressions.js";
import { guide, notes } from "../parts/notes.js";
import { partnerHead } from "../parts/partnerhead.js";
import { empty, trouble, waiting } from "../parts/states.js";
import { rename } from "../router.js";

const BASIS = "Nothing has been learned from past partnerships yet: the numbers follow from declared weights.";
const ORDER = "The order also weighs variety and marks rivals down, so a higher number can stand lower.";
const LABELS = ["category", "region", "size_band"];

/** The view. */
export async function matchesView({ parts: [id], query, path, signal }) {
  const [partner, ecosystem] = await Promise.all([get(partnerPath(id), {}, signal), choices(signal)]);
  const ours = { id: partner.data.id, name: partner.data.name };
  const list = h("section", { class: "list", "aria-label": "Matches" });
  let stop = new AbortController();
  const show = async (choice) => {
    stop.abort();
    stop = new AbortController();
    const until = AbortSignal.any([signal, stop.signal]);
    await fill(list, { ours, choice, form, until });
  };
  const form = filters(chosen(query), ecosystem, (choice) => {
    rename(path, unusual(choice));
    show(choice);
  });
  await show(chosen(query)); // before the view is shown, so that going back finds the list as long as it was
  return h("div", { class: "matches-view" }, partnerHead(partner.data, "matches"), h("div", { class: "with-filters" }, folded(form), list));
}

/** What there is to filter by; a key that is bound to one partner does not see the whole, and gets no lists of it. */
async function choices(signal) {
  try {
    return (await get("v1/ecosystem", {}, signal)).data;
  } catch (error) {
    if (error.status !== 403) throw error;
    return { facets: { categories: [], regions: [] }, size_bands: [] };
  }
}

async function fill(list, { ours, choice, form, until }) {
  list.setAttribute("aria-busy", "true");
  const timer = window.setTimeout(() => list.replaceChildren(waiting(3)), 150);
  let shown;
  let cards = [];
  try {
    const answer = await ask(ours.id, choice, until);
    cards = answer.data.map((match) => card(match, ours));
    shown = [summary(ours, answer), notes(answer.warnings), guide(), cards.length ? h("ol", { class: "cards" }, cards) : nobody(form)];
    announce(`${counted(cards.length, "match", "matches")} for ${ours.name}`);
  } catch (error) {
    shown = [trouble(error)];
  }
  window.clearTimeout(timer);
  if (until.aborted) return;
  list.replaceChildren(...shown.filter(Boolean));
  list.removeAttribute("aria-busy");
  watch(cards.map((item) => item.firstElementChild), until);
}

/** The envelope of a choice; a label with a comma cannot be told apart from two in a query, and goes by a body. */
function ask(id, choice, signal) {
  const labels = LABELS.filter((name) => choice[name]);
  const settings = {
    k: Number(choice.k),
    popularity_weight: Number(choice.popularity_weight),
    diversity: Number(choice.diversity),
    include_existing: choice.include_existing === "true",
    explain: true,
    ...(choice.fit_type ? { fit_type: choice.fit_type } : {}),
    ...(choice.motion ? { motion: choice.motion } : {}),
  };
  if (labels.some((name) => choice[name].includes(","))) {
    const wanted = Object.fromEntries(labels.map((name) => [name, [choice[name]]]));
    return post("v1/matches:query", { partner: id, ...settings, filters: wanted }, signal);
  }
  return get(partnerPath(id, "matches"), { ...settings, where: labels.map((name) => `${name}=${choice[name]}`) }, signal);
}

function summary(ours, { data, meta }) {
  const save = () => download(`matches-${ours.id.replace(/[^\w.-]+/g, "-")}.csv`, csv(data));
  const among = meta.considered === undefined ? "" : ` of ${count(meta.considered)} considered`;
  const basis = meta.basis === "prior" ? "from declared weights, not from history" : `basis: ${meta.basis}`;
  return h(
    "div", { class: "summary" },
    h(
      "div", {},
      h("p", {}, h("b", {}, counted(data.length, "match", "matches")), among, h("span", { class: "small", title: BASIS }, ` · ${basis}`)),
      data.length > 1 ? h("p", { class: "small" }, ORDER) : null,
    ),
    data.length ? h("button", { type: "button", class: "plain", on: { click: save } }, "Download CSV") : null,
  );
}

function nobody(form) {
  const clear = () => {
    reset(form);
    form.dispatchEvent(new Event("change"));
  };
  const button = h("button", { type: "button", on: { click: clear } }, "Reset the filters");
  return empty("No partner passes these filters", "Take one away, or start again from the whole ecosystem.", button);
}

function folded(form) {
  const wide = matchMedia("(min-width: 60rem)");
  const fold = h("details", { class: "filter-fold", open: wide.matches }, h("summary", {}, "Filters"), form);
  wide.addEventListener("change", () => { fold.open = wide.matches; });
  return fold;
}
