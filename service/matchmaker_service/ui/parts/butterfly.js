/** Contributions of each kind of evidence, both sides from one middle. */

import { h } from "../dom.js";
import { hundredths } from "../numbers.js";
import { KINDS } from "../words.js";

const TOLD = "What each kind of evidence adds for a side. The figure says how rare it is: 0.7 is the middle of all pairs, 2.3 the best "
  + "tenth, 4.6 the best hundredth, before weights. The parts add up to the total.";

/** A table of bars. sides: both SideReports, ours first; names: of the receivers. */
export function butterfly(sides, names) {
  const kinds = Object.keys(KINDS).filter((kind) => sides.some((side) => kind in side.contributions));
  const most = Math.max(...sides.flatMap((side) => Object.values(side.contributions)), 1e-9);
  return h(
    "table", { class: "butterfly" },
    h("caption", {}, TOLD),
    h("thead", {}, h("tr", {}, [`For ${names[0]}`, "Evidence", `For ${names[1]}`].map((head) => h("th", { scope: "col" }, head)))),
    h("tbody", {}, kinds.map((kind) =>
      h("tr", {}, bar(sides[0], kind, most, "ours"), kindCell(kind), bar(sides[1], kind, most, "theirs")))),
    h("tfoot", {}, h("tr", {}, total(sides[0]), h("th", { scope: "row" }, "Total"), total(sides[1]))),
  );
}

function kindCell(kind) {
  return h("th", { scope: "row", title: KINDS[kind].tells }, KINDS[kind].name);
}

function bar(side, kind, most, which) {
  const amount = side.contributions[kind] ?? 0;
  const share = side.percentiles[kind === "distinct" ? "redundancy" : kind];
  const tells = share === null || share === undefined ? "Not known of this pair" : placed(kind, share, side.receiver);
  const unknown = (share === null || share === undefined) && !amount;
  return h(
    "td", { title: tells },
    h(
      "div", { class: `beam ${which}` },
      h("i", { "aria-hidden": "true", style: { "inline-size": `${(amount / most) * 100}%` } }),
      h("span", {}, unknown ? "not known" : amount.toFixed(2)),
    ),
  );
}

function placed(kind, share, receiver) {
  const what = kind === "distinct" ? "Capabilities more alike than with" : "Stronger than with";
  return `${what} ${hundredths(share)} of 100 of the possible partners of ${receiver}`;
}

function total(side) {
  return h("td", {}, side.total.toFixed(2));
}
