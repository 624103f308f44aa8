/** The accounts that two partners share: by population, who can introduce whom, and beyond chance or not. */

import { h } from "../dom.js";
import { count, percent, sentence } from "../numbers.js";
import { POPULATIONS, QUADRANTS } from "../words.js";

const HELD_BACK = "Too few to be told, or none";
const MARKS = { "customer prospect": "give", "prospect customer": "get" };

/** A card; null where the accounts of a side are not known. overlap: as the service tells it; names: of both sides. */
export function overlapCard(overlap, names) {
  if (!overlap?.your_accounts || !overlap.their_accounts) return null;
  return h(
    "section", { class: "card overlap" },
    h("h2", {}, "Shared accounts"),
    h(
      "p", { class: "row keys" }, "By what they are to each side:",
      h("span", { class: "give" }, `${names[0]} can give`), h("span", { class: "get" }, `${names[0]} can get`),
    ),
    matrix(overlap, names),
    h("div", { class: "halves" }, quadrant(overlap, names), figures(overlap, names)),
    overlap.reasons.length ? h("p", { class: "small" }, overlap.reasons.map(sentence).join(" ")) : null,
  );
}

function matrix(overlap, names) {
  const kinds = Object.entries(POPULATIONS);
  const cell = (own, its) => {
    const number = overlap.matrix[own][its];
    const mark = MARKS[`${own} ${its}`];
    return h("td", { class: mark, title: number === null ? HELD_BACK : null }, number === null ? "not told" : count(number));
  };
  return h(
    "div", { class: "scroll", tabindex: "0", role: "region", "aria-label": "Shared accounts by population" },
    h(
      "table", { class: "overlap-matrix" },
      h(
        "thead", {},
        h("tr", {}, h("th", { scope: "row", rowspan: "2" }, names[0]), h("th", { scope: "colgroup", colspan: "3" }, names[1])),
        h("tr", {}, kinds.map(([, name]) => h("th", { scope: "col" }, name))),
      ),
      h("tbody", {}, kinds.map(([own, name]) => h("tr", {}, h("th", { scope: "row" }, name), kinds.map(([its]) => cell(own, its))))),
    ),
  );
}

function quadrant({ quadrant: at, give, get }, names) {
  const item = ([key, tells]) => h("li", { class: key === at ? "here" : null, "aria-current": key === at ? "true" : null }, tells(...names));
  const told = at === null
    ? "Whether there is anything to give or to get is not told."
    : `${names[0]} can give ${number(give)} and get ${number(get)} introductions.`;
  const all = h("ul", { class: "quadrant" }, Object.entries(QUADRANTS).map(item));
  return h("div", {}, h("h3", {}, "Who can introduce whom"), all, h("p", { class: "small" }, told));
}

function figures(overlap, names) {
  const { shared, lift, lift_low: low, potential_revenue: worth, currency } = overlap;
  const share = (part, of, name) => (part === null ? null : `${percent(part)} of ${number(of)} of ${name}`);
  const customers = (of, name) => (of === null ? null : `${count(of)} customers of ${name}`);
  const shares = [
    share(overlap.share_of_yours, overlap.your_accounts, names[0]), share(overlap.share_of_theirs, overlap.their_accounts, names[1]),
  ];
  const beyond = [lift === null ? null : `${lift.toFixed(1)} times what chance gives`, low === null ? null : `at least ${low.toFixed(1)} times`];
  const facts = [
    ["Shared", number(shared)],
    ["Share", shares.filter(Boolean).join(", ")],
    ["Beyond chance", beyond.filter(Boolean).join(", ")],
    [`New to ${names[0]}`, customers(overlap.greenfield, names[1])],
    [`New to ${names[1]}`, customers(overlap.their_greenfield, names[0])],
    ["Opportunities", worth ? [count(Math.round(worth)), currency, `with accounts that ${names[1]} has`].filter(Boolean).join(" ") : null],
  ];
  return h("dl", { class: "facts" }, facts.filter(([, value]) => value).map(([name, value]) => [h("dt", {}, name), h("dd", {}, value)]));
}

function number(value) {
  return value === null ? "an untold number" : count(value);
}
