/** Whether two partners can be integrated with what they publish, what is missing, and who builds it. */

import { h } from "../dom.js";
import { pieces } from "../numbers.js";
import { READINESS, SEVERITIES } from "../words.js";
import { badge } from "./badges.js";

const FEW = 4;

/** The verdict as a mark. */
export function verdictBadge(verdict) {
  const { kind, name, tells } = READINESS[verdict];
  return badge(kind, name, tells);
}

/** The gaps, those that the cheapest way waits for first. builders: id to name; null without any. */
export function gapList(gaps, builders) {
  if (!gaps.length) return null;
  const item = (gap) => gapItem(gap, builders);
  const rest = gaps.slice(FEW);
  return h(
    "div", { class: "gap-list" },
    h("ul", { class: "gaps" }, gaps.slice(0, FEW).map(item)),
    rest.length
      ? h("details", { class: "more" }, h("summary", {}, `${rest.length} more`), h("ul", { class: "gaps" }, rest.map(item)))
      : null,
  );
}

function gapItem(gap, builders) {
  const { kind, name, tells } = SEVERITIES[gap.severity];
  const who = gap.builder === "connector" ? "the connector in between" : builders[gap.builder] ?? gap.builder;
  const to = gap.severity === "open" ? `To be found out with ${who}` : `Built by ${who}`;
  return h(
    "li", {},
    h("span", { class: `badge ${kind}`, title: tells }, name),
    h("span", {}, gap.sentence),
    h("span", { class: "small" }, [to, gap.effort ? pieces(gap.effort) : null].filter(Boolean).join(", ")),
  );
}
