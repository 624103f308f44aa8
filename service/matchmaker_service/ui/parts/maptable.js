/** The map as a table, for those who do not see or point at it. */

import { h, link } from "../dom.js";
import { band, count } from "../numbers.js";
import { partnerAddress } from "../router.js";

const FEW = 100;
const NEAR = 3;

/** A table of the partners of `category`, of all where it is null. data: an ecosystem map. */
export function mapTable(data, category) {
  const partners = data.partners.filter((one) => category === null || one.category === category);
  const relations = new Map();
  for (const { a, b } of data.edges) for (const end of [a, b]) relations.set(end, (relations.get(end) ?? 0) + 1);
  const sorted = partners.toSorted((one, other) => one.name.localeCompare(other.name));
  const row = (one) => h(
    "tr", {},
    h("th", { scope: "row" }, open(one)), h("td", {}, one.category ?? "not stated"), h("td", {}, band(one.size_band) ?? "not stated"),
    h("td", {}, h("span", { class: "near" }, nearest(one, data.partners).map(open))),
    h("td", { class: "number" }, count(relations.get(one.partner) ?? 0)),
  );
  const body = h("tbody", {}, sorted.slice(0, FEW).map(row));
  const rest = sorted.slice(FEW);
  const showRest = () => {
    body.append(...rest.map(row));
    more.remove();
  };
  const more = h("button", { type: "button", class: "plain", on: { click: showRest } }, `Show ${count(rest.length)} more`);
  const heads = ["Partner", "Category", "Size", "Nearest on the map", "Known relations"];
  return h(
    "div", {},
    h(
      "div", { class: "scroll", tabindex: "0", role: "region", "aria-label": "The map as a table" },
      h("table", { class: "map-table" }, h("thead", {}, h("tr", {}, heads.map((head) => h("th", { scope: "col" }, head)))), body),
    ),
    rest.length ? more : null,
  );
}

function open(one) {
  return link(partnerAddress(one.partner), {}, one.name);
}

function nearest(one, all) {
  const away = (other) => (other.x - one.x) ** 2 + (other.y - one.y) ** 2;
  const best = [];
  for (const other of all) {
    if (other === one) continue;
    const distance = away(other);
    if (best.length < NEAR || distance < best.at(-1)[0]) {
      best.push([distance, other]);
      best.sort(([first], [second]) => first - second);
      best.length = Math.min(best.length, NEAR);
    }
  }
  return best.map(([, other]) => other);
}
