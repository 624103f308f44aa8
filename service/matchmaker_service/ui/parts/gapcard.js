/** A missing integration as a card: is there a market, what was counted, what it takes, whom it opens. */

import { h, link } from "../dom.js";
import { atLeast, count, counted, pieces, rounded, sentence } from "../numbers.js";
import { address, partnerAddress } from "../router.js";
import { EVIDENCE, MARKETS } from "../words.js";
import { badge } from "./badges.js";
import { gapList, verdictBadge } from "./readiness.js";

/** A card; ours: {id, name} of the partner that lacks it. */
export function gapCard(missing, ours) {
  const title = `gap-${missing.rank}`;
  const builders = { [ours.id]: ours.name, [missing.partner]: missing.name };
  return h(
    "li", {},
    h(
      "article", { class: "card match", "aria-labelledby": title },
      head(missing, title),
      h("ul", { class: "badges", "aria-label": "Marks" }, marketBadge(missing.clear_market), verdictBadge(missing.interface.verdict)),
      h("p", {}, sentence(missing.reason)),
      h(
        "div", { class: "reasons" },
        told("ours", "Counted demand", demand(missing)),
        told("theirs", "What it opens", unlocks(missing)),
      ),
      h(
        "details", { class: "more" }, h("summary", {}, "What has to be built, and the evidence"),
        h("p", { class: "small" }, sentence(missing.interface.reason)), gapList(missing.interface.gaps, builders), evidence(missing),
      ),
      h("div", { class: "actions" }, compareLink(ours, missing)),
    ),
  );
}

/** Whether there is a clear market, as a mark. */
export function marketBadge(clear) {
  const { kind, name, tells } = MARKETS[clear];
  return badge(kind, name, tells);
}

/** What each source counted, in its own unit; those that counted nothing for the same reason stand together. */
export function demand({ demand: seen, analogy }) {
  const alone = seen.filter((one) => one.count !== null).map((one) => [[one], demandTold(one)]);
  const silent = Map.groupBy(seen.filter((one) => one.count === null), (one) => one.reason ?? "not known");
  const together = [...silent].map(([reason, sources]) => [sources, reason]);
  const rows = [...alone, ...together].map(([sources, told]) => [h("dt", {}, sources.map(sourceName).join(", ")), h("dd", {}, told)]);
  const alike = analogy ? [h("dt", {}, "By analogy"), h("dd", {}, analogyTold(analogy))] : [];
  const none = h("p", {}, "Nobody has counted any, which is not none.");
  return rows.length || alike.length ? h("dl", { class: "facts" }, rows, alike) : none;
}

function sourceName({ source }) {
  return source.charAt(0).toUpperCase() + source.slice(1);
}

function analogyTold({ seen, partners }) {
  const often = seen === 1 ? "once" : `${rounded(seen)} times`;
  return ["links with look-alikes seen ", often, ": ", listed(partners)];
}

function demandTold({ count: number, lower_bound: least, unit, last }) {
  const seen = `${rounded(number)} ${unit}`;
  return [seen, least === null ? null : atLeast(least), last ? `last on ${last}` : null].filter(Boolean).join(", ");
}

function unlocks({ unlocks: opened, rivals, rival_count: known }) {
  const { partners, partner_count: all, shared_accounts: shared, new_accounts: fresh } = opened;
  const more = all - partners.length;
  const facts = [
    ["Partners", all ? [listed(partners), more ? ` and ${count(more)} more` : ""] : "none that is known"],
    ["Accounts", shared === null && fresh === null ? null : accounts(shared, fresh)],
    ["Rivals with it", rivals.length ? listed(rivals) : `none of ${counted(known, "rival or look-alike", "rivals and look-alikes")}`],
  ];
  const rows = facts.filter(([, value]) => value !== null).map(([name, value]) => [h("dt", {}, name), h("dd", {}, value)]);
  return h("dl", { class: "facts" }, rows);
}

function accounts(shared, fresh) {
  const parts = [[shared, "shared"], [fresh, "new"]].filter(([number]) => number !== null);
  return parts.map(([number, what]) => `${count(number)} or more ${what}`).join(", ");
}

/** Partners by id, each a link. */
function listed(ids) {
  return ids.flatMap((id, place) => [place ? ", " : "", link(partnerAddress(id), {}, id)]);
}

function told(which, title, content) {
  return h("div", { class: `reason ${which}` }, h("h4", {}, title), content);
}

function evidence({ evidence: all }) {
  const rows = all.map((one) => [h("dt", {}, EVIDENCE[one.kind] ?? one.kind), h("dd", {}, evidenceTold(one))]);
  return rows.length ? h("dl", { class: "facts" }, rows) : null;
}

function evidenceTold({ says, nats, rests_on: rests }) {
  const weight = nats === null ? null : `weighs ${nats < 0 ? "−" : "+"}${Math.abs(nats).toFixed(2)}`;
  const said = { neither: "neither for nor against", unknown: "not known" }[says] ?? says;
  return [said, weight, `from ${rests}`].filter(Boolean).join(", ");
}

function head(missing, title) {
  const chance = missing.chance === null ? null : `${(100 * missing.chance).toFixed(1)} % chance of coming about`;
  return h(
    "header", { class: "match-head" },
    h("span", { class: "rank", "aria-hidden": "true" }, String(missing.rank)),
    h(
      "div", { class: "match-name" },
      h("h3", { id: title }, link(partnerAddress(missing.partner), {}, missing.name)),
      chance ? h("p", { class: "about" }, chance) : null,
    ),
    h(
      "p", { class: "mutual effort", title: "Pieces to build: an event, an operation, the mapping of one thing. Not days." },
      h("b", {}, missing.effort === null ? "?" : rounded(missing.effort)),
      h("span", {}, missing.effort === null ? "effort not known" : pieces(missing.effort).replace(/^\S+ /, "")),
    ),
  );
}

function compareLink(ours, missing) {
  const href = address("/compare", { a: ours.id, b: missing.partner });
  return link(href, { class: "button plain", "aria-label": `Compare ${ours.name} and ${missing.name}` }, "Compare both sides");
}
