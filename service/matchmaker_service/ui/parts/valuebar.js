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

/** The place of the side that is seen to get less: 0, 1, or null where both read as even. */
export function weakerSide(match, { large = false } = {}) {
  const shown = large ? finely : hundredths;
  const even = shown(match.value_to_you) === shown(match.value_to_them) || percent(match.balance) === percent(1);
  return even ? null : Number(match.weaker_side === match.partner);
}

/** Balance in one line, with the weaker side where there is one. weaker: its name or undefined. */
export function balanceLine(balance, weaker) {
  return h(
    "p", { class: "balance" },
    h("span", { title: "The smaller value divided by the larger one" }, "Balance ", h("b", {}, percent(balance))),
    weaker ? h("span", { title: "The side that gets less" }, "Weaker side ", h("b", {}, weaker)) : null,
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
