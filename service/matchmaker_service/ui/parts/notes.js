/** What an answer warns of, and what its numbers mean. */

import { h } from "../dom.js";
import { NUMBERS } from "../words.js";

/** The warnings of an answer; null without any. */
export function notes(warnings) {
  if (!warnings?.length) return null;
  const told = warnings.map((text) => h("li", {}, text));
  return h("div", { class: "note", role: "note" }, h("p", { class: "note-title" }, "Good to know"), h("ul", {}, told));
}

/** How to read the numbers of matches, folded. */
export function guide() {
  return terms("What the numbers mean", NUMBERS);
}

/** Words with what they mean, folded. all: pairs of both. */
export function terms(title, all) {
  const told = all.map(([name, tells]) => [h("dt", {}, name), h("dd", {}, tells)]);
  return h("details", { class: "guide" }, h("summary", {}, title), h("dl", {}, told));
}
