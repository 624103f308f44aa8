/** The start of the page: search by name, domain or meaning, and what there is to find. */

import { get } from "../api.js";
import { announce, h, link, settled } from "../dom.js";
import { band, count, counted } from "../numbers.js";
import { empty, trouble, waiting } from "../parts/states.js";
import { notes } from "../parts/notes.js";
import { address, partnerAddress, rename } from "../router.js";
import { FOUND } from "../words.js";

const WAYS = {
  name: ["Name", "A company's name, or its beginning"],
  domain: ["Domain", "A web or e-mail address, such as example.com"],
  meaning: ["Meaning", "What they do, such as “help with returns from abroad”"],
};
const MOST = 20;

/** The view. */
export async function searchView({ query, signal }) {
  const [ecosystem, listed] = await Promise.all([get("v1/ecosystem", {}, signal), get("v1/partners", { limit: 200 }, signal)]);
  const results = h("section", { "aria-label": "Results", class: "results" });
  const start = intro(ecosystem.data, listed.data);
  const form = searchForm(query, (text, by, given) => find(text, by, { results, start, signal, given }));
  if (query.get("q")) await find(query.get("q"), way(query), { results, start, signal });
  const hero = h("div", { class: "hero" }, h("h1", {}, "Find the partners worth talking to"), lead(ecosystem.data), form);
  return h("div", { class: "search-view" }, hero, results, start);
}

function way(query) {
  return query.get("by") in WAYS ? query.get("by") : "name";
}

function lead({ partners, relations, facets: { categories } }) {
  const told = `${counted(partners, "partner")} of ${counted(categories.length, "kind")}, ${counted(relations, "known relation")}.`;
  return h("p", { class: "lead" }, told, " Every match is told from both sides.");
}

function searchForm(query, search) {
  const input = h("input", {
    id: "q", name: "q", type: "search", autocomplete: "off", value: query.get("q") ?? "", placeholder: WAYS[way(query)][1],
  });
  const radio = ([by, [name]]) =>
    h("label", {}, h("input", { type: "radio", name: "by", value: by, checked: by === way(query) }), h("span", {}, name));
  const ways = h("fieldset", { class: "segments" }, h("legend", { class: "unseen" }, "Search by"), Object.entries(WAYS).map(radio));
  const by = () => new FormData(form).get("by");
  const ask = () => search(input.value.trim(), by());
  const typing = settled(() => { if (by() !== "meaning") ask(); }, 220); // a meaning is worth asking for only when it is complete
  const form = h(
    "form", { class: "search-form", role: "search", on: { submit: (event) => { event.preventDefault(); ask(); } } },
    h("label", { for: "q", class: "unseen" }, "Partner to look for"),
    h("div", { class: "search-row" }, input, h("button", {}, "Search")),
    ways,
  );
  input.addEventListener("input", typing);
  ways.addEventListener("change", () => {
    input.placeholder = WAYS[by()][1];
    if (input.value.trim()) ask();
  });
  return form;
}

let newest = 0;

async function find(text, by, { results, start, signal }) {
  const number = ++newest;
  start.hidden = Boolean(text);
  rename(text ? "/search" : "/", text ? { q: text, by: by === "name" ? null : by } : {});
  if (!text) return results.replaceChildren();
  const timer = window.setTimeout(() => results.replaceChildren(waiting(2)), 250);
  let shown;
  try {
    const { data, warnings } = await get("v1/search", { q: text, by, k: MOST }, signal);
    shown = data.length ? [notes(warnings), found(data)].filter(Boolean) : [nothing(text, by)];
    if (number === newest) announce(data.length ? `${counted(data.length, "partner")} found` : "No partner found");
  } catch (error) {
    shown = [trouble(error)];
  }
  window.clearTimeout(timer);
  if (number === newest && !signal.aborted) results.replaceChildren(...shown);
}

function found(rows) {
  return h("ol", { class: "rows" }, rows.map((row) => {
    const about = [...row.categories, band(row.size_band), row.domain].filter(Boolean).join(" · ");
    return h(
      "li", { class: "row-card" },
      h("div", {}, h("h2", {}, link(partnerAddress(row.partner), {}, row.name)), h("p", { class: "about" }, about)),
      h("p", { class: "how" }, `Found by ${FOUND[row.how] ?? row.how}`),
      link(partnerAddress(row.partner, "matches"), { class: "button plain", "aria-label": `Matches for ${row.name}` }, "Matches"),
    );
  }));
}

function nothing(text, by) {
  const other = by === "meaning" ? "Use other words, or search by name." : "Check the spelling, or search by meaning: say what they do.";
  return empty(`No partner found for “${text}”`, other);
}

function intro(ecosystem, partners) {
  return h(
    "section", { class: "intro" },
    h("h2", {}, "A few to try"),
    h("ul", { class: "tiles" }, worthTrying(partners).map(tile)),
    h("h2", {}, "What is in here"),
    h("ul", { class: "kinds" }, ecosystem.facets.categories.map((one) =>
      h("li", {}, link(address("/map", { category: one.name }), {}, one.name, h("span", {}, count(one.partners)))))),
  );
}

function tile(partner) {
  return h(
    "li", { class: "card tile" },
    h("h3", {}, link(partnerAddress(partner.id, "matches"), {}, partner.name)),
    h("p", { class: "about" }, [partner.categories[0], band(partner.size_band)].filter(Boolean).join(" · ")),
    h("p", {}, partner.description),
  );
}

/** Up to six partners that say much of themselves, each of another kind. */
function worthTrying(partners) {
  const said = (one) => one.goals.length + one.needs.length + one.capabilities.length + (one.audience ? 1 : 0);
  const kinds = new Set();
  return partners
    .filter((one) => one.description)
    .sort((one, other) => said(other) - said(one))
    .filter((one) => !kinds.has(one.categories[0]) && kinds.add(one.categories[0]))
    .slice(0, 6);
}
