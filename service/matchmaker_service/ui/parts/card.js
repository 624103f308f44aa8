/** A match as a card: both values, why, and what to do. */

import { h, link } from "../dom.js";
import { band, hundredths } from "../numbers.js";
import { address, partnerAddress } from "../router.js";
import { badges } from "./badges.js";
import { feedback } from "./feedback.js";
import { courseList, motionList, reason } from "./reasons.js";
import { balanceLine, valueBar, weakerSide } from "./valuebar.js";

/** A card; ours: {id, name} of the partner that asks. */
export function card(match, ours) {
  const names = [ours.name, match.name];
  const weaker = weakerSide(match);
  const title = `match-${match.rank}`;
  return h(
    "li", {},
    h(
      "article", { class: "card match", "aria-labelledby": title, "data-recommendation": match.recommendation_id },
      head(match, title),
      valueBar(
        { name: ours.name, value: match.value_to_you, weaker: weaker === 0 },
        { name: match.name, value: match.value_to_them, weaker: weaker === 1 },
      ),
      balanceLine(match.balance, names[weaker]),
      badges(match, names),
      reasons(match, names),
      together(match, names),
      h("div", { class: "actions" }, compareLink(ours, match), match.recommendation_id ? feedback(ours.id, match) : null),
    ),
  );
}

function head(match, title) {
  const about = [...match.categories, band(match.size_band)].filter(Boolean).join(" · ");
  return h(
    "header", { class: "match-head" },
    h("span", { class: "rank", "aria-hidden": "true" }, String(match.rank)),
    h(
      "div", { class: "match-name" },
      h("h3", { id: title }, link(partnerAddress(match.partner), {}, match.name)),
      h("p", { class: "about" }, about || "Kind and size are not stated"),
    ),
    h(
      "p", { class: "mutual", title: `Mutual value ${match.mutual.toFixed(3)}: the harmonic mean of both values. A rank, no probability.` },
      h("b", {}, hundredths(match.mutual)), h("span", {}, "mutual"),
    ),
  );
}

function reasons(match, names) {
  if (!match.sides.length) return null;
  return h("div", { class: "reasons" }, match.sides.map((side, place) => reason(["ours", "theirs"][place], names[place], side.sentence)));
}

function together(match, names) {
  const parts = [motionList(match.motions), courseList(match.stated_course, names)].filter(Boolean);
  return parts.length ? h("details", { class: "more" }, h("summary", {}, "What to do together"), ...parts) : null;
}

function compareLink(ours, match) {
  const href = address("/compare", { a: ours.id, b: match.partner });
  return link(href, { class: "button plain", "aria-label": `Compare ${ours.name} and ${match.name}` }, "Compare both sides");
}
