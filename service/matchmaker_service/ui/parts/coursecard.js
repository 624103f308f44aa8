/** A collision as a card: whom, how surely and when, what kind of meeting, and the evidence with its dates. */

import { h, link } from "../dom.js";
import { chanceTold, month, sentence } from "../numbers.js";
import { address, partnerAddress } from "../router.js";
import { FITS, MEETINGS, MOVES, VERDICTS } from "../words.js";
import { badge } from "./badges.js";
import { courseList } from "./reasons.js";

const CHANCE = "That they stand within the ring then, not before or after, if both go on so. No probability of a partnership.";

/** A card of one that was seen to move. ours: {id, name} of the partner. */
export function collisionCard(one, ours) {
  const chance = h(
    "p", { class: "mutual", title: CHANCE }, h("b", {}, chanceTold(one.chance)), h("span", {}, `chance in ${month(one.until)}`),
  );
  const { kind, name, tells } = VERDICTS[one.verdict] ?? { kind: "plain", name: one.verdict, tells: null };
  const kinds = one.kinds.map((found) => MEETINGS[found] ?? { name: found, tells: null });
  return card(
    one, ours, chance,
    h(
      "ul", { class: "badges", "aria-label": "Marks" },
      badge(kind, name, tells), kinds.map((found) => badge("fit", found.name, found.tells)),
      badge("bare", `likeliest in: ${(MOVES[one.facet] ?? one.facet).toLowerCase()}`, "The facet in which they are likeliest to meet."),
    ),
    kinds.length ? h("p", {}, kinds.map((found) => found.tells).filter(Boolean).join(" ")) : null,
    h("h4", {}, "Evidence"),
    h("ul", { class: "texts evidence" }, one.evidence.map((said) => h("li", {}, sentence(said)))),
  );
}

/** A card of one whose goals lead here while this partner's lead there. */
export function statedCard(one, ours) {
  const fit = FITS[one.fit_type] ?? { name: one.fit_type, tells: null };
  return card(
    one, ours, null,
    h("ul", { class: "badges", "aria-label": "Marks" }, badge("good", "Stated, not observed", "Nobody was seen to move."), badge("plain", fit.name, fit.tells)),
    courseList(one.course, [ours.name, one.name]),
  );
}

function card(one, ours, figure, ...content) {
  const title = `course-${one.rank}`;
  const compare = address("/compare", { a: ours.id, b: one.partner });
  return h(
    "li", {},
    h(
      "article", { class: "card match", "aria-labelledby": title },
      h(
        "header", { class: "match-head" },
        h("span", { class: "rank", "aria-hidden": "true" }, String(one.rank)),
        h("div", { class: "match-name" }, h("h3", { id: title }, link(partnerAddress(one.partner), {}, one.name))),
        figure,
      ),
      content,
      h(
        "div", { class: "actions" },
        link(compare, { class: "button plain", "aria-label": `Compare ${ours.name} and ${one.name}` }, "Compare both sides"),
      ),
    ),
  );
}
