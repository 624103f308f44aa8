/** One partner: what it says of itself, and what is read out of that. */

import { get, partnerPath } from "../api.js";
import { h, link } from "../dom.js";
import { count, hundredths, percent } from "../numbers.js";
import { facetCards } from "../parts/facets.js";
import { notes } from "../parts/notes.js";
import { partnerHead } from "../parts/partnerhead.js";
import { partnerAddress } from "../router.js";
import { RELATIONS } from "../words.js";

const LABELS = {
  industries: "Industries", regions: "Regions", company_sizes: "Customers", partner_types: "Kind of partner", categories: "Categories",
};
const INTERFACE = {
  style: "Interface", auth: "Sign-in", objects: "Objects", events: "Events", operations: "Operations", formats: "Formats",
};
const MANY = 12;

/** The view. */
export async function partnerView({ parts: [id], signal }) {
  const [answer, record] = await Promise.all([get(partnerPath(id, "profile"), {}, signal), get(partnerPath(id), {}, signal)]);
  const profile = answer.data;
  return h(
    "div", { class: "partner-view" },
    partnerHead(profile.stated, "profile"),
    notes(answer.warnings),
    profile.stated.description ? h("p", { class: "lead" }, profile.stated.description) : null,
    h("p", {}, link(partnerAddress(profile.partner, "matches"), { class: "button" }, `See who fits ${profile.name}`)),
    facetCards(profile.facets),
    h("div", { class: "halves" }, known(profile, record.data.record), labels(profile.stated)),
    relations(profile.relations),
  );
}

function known(profile, record) {
  const size = profile.size_percentile;
  const facts = [
    ["Completeness", `${percent(profile.completeness)} of what a match needs is stated`],
    ["Confidence", `${profile.confidence}: how much its numbers can be trusted, not how good it is`],
    ["Size", size === null ? "not stated" : `larger than ${hundredths(size)} of 100 partners`],
    ["As of", profile.stated.as_of],
    ["Record", record ? `${record.source === "store" ? `changed here, revision ${record.revision}` : "as it was built"}` : null],
  ];
  return h(
    "section", { class: "card" }, h("h2", {}, "How well it is known"),
    h("meter", { min: "0", max: "1", value: String(profile.completeness), "aria-label": "Completeness of the profile" }),
    list(facts),
  );
}

function labels(stated) {
  const facts = Object.entries(LABELS).map(([field, name]) => [name, stated[field].join(", ")]);
  const ways = Object.entries(INTERFACE).map(([field, name]) => [name, [stated.interface[field] ?? []].flat().join(", ")]);
  return h("section", { class: "card" }, h("h2", {}, "At a glance"), list([...facts, ...ways]));
}

function list(facts) {
  const rows = facts.filter(([, value]) => value).map(([name, value]) => [h("dt", {}, name), h("dd", {}, value)]);
  return rows.length ? h("dl", { class: "facts" }, rows) : h("p", {}, "Nothing is stated.");
}

function relations(known) {
  const title = h("h2", {}, "Known relations");
  const types = Object.keys(RELATIONS).filter((type) => known.some((one) => one.type === type));
  const groups = types.map((type) => group(RELATIONS[type], known.filter((one) => one.type === type)));
  const none = h("p", {}, "None is known. That does not mean that there is none.");
  return h("section", { class: "relations" }, title, known.length ? groups : none);
}

function group(name, all) {
  const chip = (one) => h("li", {}, link(partnerAddress(one.partner), { title: one.status ?? null }, one.name, status(one)));
  const rest = all.slice(MANY);
  return h(
    "div", {},
    h("h3", {}, `${name} (${count(all.length)})`),
    h("ul", { class: "kinds" }, all.slice(0, MANY).map(chip)),
    rest.length
      ? h("details", { class: "more" }, h("summary", {}, `${count(rest.length)} more`), h("ul", { class: "kinds" }, rest.map(chip)))
      : null,
  );
}

function status(one) {
  return one.status && one.status !== "active" ? h("span", {}, one.status) : null;
}
