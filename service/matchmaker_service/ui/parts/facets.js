/** The three facets of a partner, each with where it comes from. */

import { h } from "../dom.js";
import { SOURCES } from "../words.js";

const NAMES = {
  audience: ["Audience", "Who it serves"],
  goals: ["Goals", "What it wants, and what it lacks"],
  capabilities: ["Capabilities", "What it offers"],
};

/** Three cards; facets: name -> {texts, source}. */
export function facetCards(facets) {
  return h("div", { class: "facets" }, Object.entries(NAMES).map(([name, [title, about]]) => facet(title, about, facets[name])));
}

function facet(title, about, { texts, source }) {
  const word = SOURCES[texts.length ? source : "none"] ?? { name: source, tells: "" };
  return h(
    "section", { class: `card facet ${texts.length ? source : "none"}` },
    h("header", {}, h("h2", {}, title), h("span", { class: "source" }, word.name)),
    h("p", { class: "small" }, about),
    source === "stated" && texts.length ? null : h("p", { class: "small told" }, word.tells),
    texts.length ? h("ul", { class: "texts" }, texts.map((text) => h("li", {}, text))) : null,
  );
}
