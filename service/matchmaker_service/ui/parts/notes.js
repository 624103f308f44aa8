/** What an answer warns of, and what its numbers mean. */

import { h } from "../dom.js";
import { NUMBERS } from "../words.js";

/** The warnings of an answer; null without any. */
export function notes(warnings) {
  if (!warnings?.length) return null;
  const told = warnings.map((text) => h("li", {}, text));
  return h("div", { class: "note", role: "note" }, h("p", { class: "note-title" }, "Good to know"), h("ul", {}, told));
}

/** How to read the numbers, folded. */
export function guide() {
  const terms = NUMBERS.map(([name, tells]) => [h("dt", {}, name), h("dd", {}, tells)]);
  return h("details", { class: "guide" }, h("summary", {}, "What the numbers mean"), h("dl", {}, terms));
}
