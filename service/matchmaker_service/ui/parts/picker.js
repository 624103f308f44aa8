/** A field in which a partner is named, with suggestions from the service. */

import { get } from "../api.js";
import { h, settled } from "../dom.js";

/** The field. chosen: {id, name} or null. Its `pick()` gives the id of what is written there, or null when nobody is so called. */
export function picker(name, label, chosen) {
  const known = new Map(chosen ? [[chosen.name, chosen.id]] : []);
  const list = h("datalist", { id: `${name}-list` });
  const input = h("input", {
    id: name, name, type: "search", list: `${name}-list`, autocomplete: "off", required: true,
    placeholder: "A partner's name", value: chosen?.name ?? "",
  });
  const find = async () => {
    const query = input.value.trim();
    if (!query) return [];
    const { data } = await get("v1/search", { q: query, by: "name", k: 8 });
    data.forEach((row) => known.set(row.name, row.partner));
    return data;
  };
  input.addEventListener("input", settled(async () => {
    if (known.has(input.value)) return;
    const found = await find().catch(() => []);
    list.replaceChildren(...found.map((row) => h("option", { value: row.name }, row.categories.join(", "))));
  }, 200));
  const pick = async () => known.get(input.value) ?? (await find())[0]?.partner ?? null;
  return { element: h("div", { class: "field" }, h("label", { for: name }, label), input, list), input, pick };
}
