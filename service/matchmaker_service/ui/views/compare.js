/** Two partners, both directions side by side. */

import { get, partnerPath } from "../api.js";
import { h, link } from "../dom.js";
import { finely, percent, phrase, pieces, sentence } from "../numbers.js";
import { badges } from "../parts/badges.js";
import { butterfly } from "../parts/butterfly.js";
import { demand, marketBadge } from "../parts/gapcard.js";
import { guide, notes } from "../parts/notes.js";
import { overlapCard } from "../parts/overlap.js";
import { picker } from "../parts/picker.js";
import { gapList, verdictBadge } from "../parts/readiness.js";
import { courseList, motionList } from "../parts/reasons.js";
import { empty } from "../parts/states.js";
import { balanceLine, valueBar, weakerSide } from "../parts/valuebar.js";
import { address, partnerAddress } from "../router.js";

const SHARED = {
  regions: "Regions", company_sizes: "Customers", industries: "Industries", neighbours: "Both connect to", objects: "Objects",
  auth: "Sign-in", terms: "Words of both", categories: "Categories",
};

/** The view. */
export async function compareView({ query, signal }) {
  const ids = [query.get("a"), query.get("b")];
  const partners = await Promise.all(ids.map((id) => (id ? named(id, signal) : null)));
  const form = pairForm(partners);
  if (partners.every(Boolean)) return h("div", { class: "compare-view" }, await pair(partners, form, signal));
  const told = "Name two partners: what each one gets from the other is told side by side.";
  return h("div", { class: "compare-view" }, h("h1", {}, "Compare two partners"), form, empty("Whom shall we compare?", told));
}

/** A partner's id and name; a key that is bound to one partner may compare it, and sees no other partner's profile. */
async function named(id, signal) {
  try {
    const { data } = await get(partnerPath(id), {}, signal);
    return { id: data.id, name: data.name };
  } catch (error) {
    if (error.status === 404) error.message = `“${id}”: ${error.message}`;
    if (error.status !== 403) throw error;
    return { id, name: id };
  }
}

async function pair(partners, form, signal) {
  const path = `v1/pairs/${partners.map((one) => encodeURIComponent(one.id)).join("/")}`;
  const [{ data, warnings }, between, overlap] = await Promise.all([
    get(path, {}, signal), get(`${path}/gaps`, {}, signal), accountsOf(partners, signal),
  ]);
  const { match } = data;
  const names = [partners[0].name, match.name];
  const weaker = weakerSide(match, { large: true });
  const counted = overlapCard(overlap, names);
  const parts = document.createDocumentFragment();
  parts.append(
    h("h1", {}, `${names[0]} and ${names[1]}`),
    form,
    ...[notes([...new Set([...warnings, ...data.notes])])].filter(Boolean),
    h(
      "section", { class: "card verdict", "aria-label": "Value for both sides" },
      h(
        "p", { class: "mutual big", title: `Mutual value ${match.mutual.toFixed(3)}: the harmonic mean of both values` },
        h("b", {}, finely(match.mutual)), h("span", {}, "mutual value"),
      ),
      valueBar(
        { name: names[0], value: match.value_to_you, weaker: weaker === 0 },
        { name: names[1], value: match.value_to_them, weaker: weaker === 1 },
        { large: true },
      ),
      balanceLine(match.balance, names[weaker]),
      badges(match, names),
    ),
    guide(),
    h("div", { class: "halves" }, match.sides.map((side, place) => direction(side, names, partners, place))),
    h("section", { class: "card" }, h("h2", {}, "Where the values come from"), butterfly(match.sides, names)),
    h("div", { class: "halves" }, shared(data.shared, Boolean(counted)), together(match, names)),
    ...[readiness(between.data, names), counted].filter(Boolean),
  );
  return parts;
}

/** The accounts that both share; null where the service cannot tell them to this key. */
async function accountsOf([ours, theirs], signal) {
  try {
    return (await get("v1/overlaps", { partner: ours.id, other: theirs.id }, signal)).data[0];
  } catch (error) {
    if (![422, 503].includes(error.status)) throw error;
    return null;
  }
}

function readiness({ a, b, connected, interface: fit, link: missing }, names) {
  const effort = fit.effort === null ? "Effort not known" : `Effort: ${pieces(fit.effort)}`;
  return h(
    "section", { class: "card readiness" },
    h("h2", {}, connected ? "They are integrated" : "Can they be integrated?"),
    h(
      "ul", { class: "badges", "aria-label": "Verdicts" },
      verdictBadge(fit.verdict), missing ? marketBadge(missing.clear_market) : null, connected ? null : h("li", { class: "badge bare" }, effort),
    ),
    h("p", {}, sentence(fit.reason)),
    gapList(fit.directions[0].gaps, { [a]: names[0], [b]: names[1] }),
    missing ? h("div", {}, h("h3", {}, `The market, for ${names[0]}`), h("p", {}, sentence(missing.reason)), demand(missing)) : null,
  );
}

function direction(side, names, partners, place) {
  const which = ["ours", "theirs"][place];
  return h(
    "section", { class: `card direction ${which}` },
    h("h2", {}, "What ", link(partnerAddress(partners[place].id), {}, names[place]), " gets"),
    h("p", {}, side.sentence),
    h("h3", {}, "What meets what"),
    side.meets.length
      ? h("ul", { class: "meets" }, side.meets.map((met) => meeting(met)))
      : h("p", { class: "small" }, `No stated goal of ${names[place]} is met directly; the value rests on other evidence.`),
  );
}

function meeting({ goal, capability, cosine, own }) {
  const tells = `Likeness in meaning ${cosine.toFixed(2)}; the best that it has itself: ${own.toFixed(2)}`;
  return h(
    "li", { title: tells },
    h("span", { class: "goal" }, h("span", { class: "small" }, "Goal "), goal),
    h("span", { class: "capability" }, h("span", { class: "small" }, "is met by "), capability),
    h("span", { class: "small" }, `Likeness ${percent(cosine)}; its own closest capability: ${percent(own)}`),
  );
}

function shared(known, counted) {
  const rows = Object.entries(SHARED).filter(([kind]) => known[kind]?.length);
  const facts = rows.map(([kind, name]) => [h("dt", {}, name), h("dd", {}, phrase(known[kind]))]);
  const accounts = known.accounts ? accountFacts(known.accounts) : null;
  return h(
    "section", { class: "card" }, h("h2", {}, "What both share"),
    facts.length || accounts ? h("dl", { class: "facts" }, facts, accounts) : h("p", {}, "Nothing that is stated."),
    accounts || counted ? null : h("p", { class: "small" }, "Shared accounts are not known: too few or none were given."),
  );
}

function accountFacts(accounts) {
  const plain = Object.entries(accounts).filter(([, value]) => typeof value === "number" || typeof value === "string");
  const shown = (value) => (typeof value === "string" || Number.isInteger(value) ? value : value.toFixed(2));
  const told = plain.map(([name, value]) => `${name.replaceAll("_", " ")}: ${shown(value)}`);
  return [h("dt", {}, "Accounts"), h("dd", {}, told.join(", "))];
}

function together(match, names) {
  const parts = [motionList(match.motions), courseList(match.stated_course, names)].filter(Boolean);
  const none = [h("p", {}, "The evidence supports no particular motion.")];
  return h("section", { class: "card" }, h("h2", {}, "What to do together"), ...(parts.length ? parts : none));
}

function pairForm(partners) {
  const a = picker("a", "First partner", partners[0]);
  const b = picker("b", "Second partner", partners[1]);
  const told = h("p", { class: "small", role: "alert" });
  const go = async (event) => {
    event.preventDefault();
    const picked = await Promise.all([a.pick(), b.pick()]).catch((error) => { told.textContent = error.message; });
    if (!picked) return;
    const [first, second] = picked;
    const unknown = [a, b].filter((_, place) => !picked[place]).map(({ input }) => `“${input.value}”`);
    if (unknown.length) told.textContent = `Not known here: ${phrase(unknown)}.`;
    else if (first === second) told.textContent = "Name two different partners.";
    else location.hash = address("/compare", { a: first, b: second });
  };
  const turn = () => { location.hash = address("/compare", { a: partners[1].id, b: partners[0].id }); };
  return h(
    "form", { class: "pair-form", on: { submit: go, input: () => { told.textContent = ""; } } },
    a.element, b.element, h("button", {}, "Compare"),
    partners.every(Boolean) ? h("button", { type: "button", class: "plain", on: { click: turn } }, "Swap sides") : null, told,
  );
}
