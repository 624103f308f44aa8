/** Why, from each side, and what to do about it. */

import { h } from "../dom.js";
import { MOTIONS } from "../words.js";

/** One side's reason in a sentence. */
export function reason(which, name, sentence) {
  return h("div", { class: `reason ${which}` }, h("h4", {}, `For ${name}`), h("p", {}, sentence));
}

/** What both could do together, with the evidence of each; null where nothing is supported. */
export function motionList(motions) {
  if (!motions.length) return null;
  const rows = motions.map((motion) => [
    h("dt", { title: MOTIONS[motion.name]?.tells }, MOTIONS[motion.name]?.name ?? motion.name),
    h("dd", {}, motion.evidence),
  ]);
  return h("dl", { class: "facts" }, rows);
}

/** Both headings of a stated course; null without one. */
export function courseList(course, names) {
  if (!course) return null;
  const told = ({ goal, into, target }) => `wants “${goal}”, which leads to the other's ${into}: “${target}”`;
  return h(
    "div", { class: "course" },
    h("p", {}, `${names[0]} ${told(course.ours)}. ${names[1]} ${told(course.theirs)}.`),
    h("p", { class: "small" }, `Basis: ${course.basis}.`),
  );
}
