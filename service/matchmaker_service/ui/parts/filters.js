/** The form that narrows a list of matches. */

import { h } from "../dom.js";
import { band, count } from "../numbers.js";
import { FITS, MOTIONS } from "../words.js";

/** What is asked for when nothing was chosen. */
const DEFAULTS = {
  fit_type: "", motion: "", category: "", region: "", size_band: "", popularity_weight: "0.5", diversity: "0.3",
  include_existing: "", k: "10",
};

/** The choice that an address holds. */
export function chosen(query) {
  return Object.fromEntries(Object.entries(DEFAULTS).map(([name, usual]) => [name, query.get(name) ?? usual]));
}

/** What of a choice differs from the usual one. */
export function unusual(choice) {
  return Object.fromEntries(Object.entries(choice).filter(([name, value]) => value !== DEFAULTS[name]));
}

/** The form. ecosystem: what there is to choose from; changed: called with the new choice. */
export function filters(choice, ecosystem, changed) {
  const { categories, regions } = ecosystem.facets;
  const told = (list) => list.map((one) => [one.name, `${one.name} (${count(one.partners)})`]);
  const named = (words) => Object.entries(words).map(([name, word]) => [name, word.name]);
  const existing = h("input", {
    type: "checkbox", name: "include_existing", value: "true", checked: choice.include_existing === "true",
  });
  const form = h(
    "form", { class: "filters", "aria-label": "Filters" },
    choose("fit_type", "Fit", "Any fit", named(FITS), choice),
    choose("motion", "Kind of partnership", "Any kind", named(MOTIONS), choice),
    choose("category", "Category", "Any category", told(categories), choice),
    choose("region", "Region", "Any region", told(regions), choice),
    choose("size_band", "Size", "Any size", ecosystem.size_bands.map((name) => [name, band(name)]), choice),
    slide("popularity_weight", "Popularity", ["small but mighty", "famous"], choice),
    slide("diversity", "Variety", ["best values first", "more kinds"], choice),
    h("label", { class: "check" }, existing, "Also those it works with"),
    choose("k", "Length of the list", null, ["10", "20", "50"].map((k) => [k, `${k} partners`]), choice),
    h("button", { type: "reset", class: "plain" }, "Reset all"),
  );
  const tell = () => changed({ ...DEFAULTS, include_existing: "", ...Object.fromEntries(new FormData(form)) });
  form.addEventListener("change", tell);
  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("reset", (event) => {
    event.preventDefault();
    reset(form);
    tell();
  });
  return form;
}

/** Put the form back to what is usual. */
export function reset(form) {
  for (const [name, value] of Object.entries(DEFAULTS)) {
    const field = form.elements[name];
    if (field.type === "checkbox") field.checked = false;
    else field.value = value;
    field.dispatchEvent(new Event("input"));
  }
}

function choose(name, label, any, options, choice) {
  const all = any ? [["", any], ...options] : options;
  const rows = all.map(([value, text]) => h("option", { value, selected: value === choice[name] }, text));
  return h("div", { class: "field" }, h("label", { for: `f-${name}` }, label), h("select", { id: `f-${name}`, name }, rows));
}

function slide(name, label, [low, high], choice) {
  const id = `f-${name}`;
  const input = h("input", { type: "range", id, name, min: "0", max: "1", step: "0.1", "aria-describedby": `${id}-ends` });
  input.value = choice[name];
  const tell = () => input.setAttribute("aria-valuetext", `${Math.round(input.value * 100)} of 100, from ${low} to ${high}`);
  input.addEventListener("input", tell);
  tell();
  const ends = h("p", { class: "ends", id: `${id}-ends` }, h("span", {}, low), h("span", {}, high));
  return h("div", { class: "field" }, h("label", { for: id }, label), input, ends);
}
