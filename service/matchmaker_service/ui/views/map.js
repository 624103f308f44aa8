/** The ecosystem in two dimensions: who says alike things stands together. */

import { get } from "../api.js";
import { announce, h, link } from "../dom.js";
import { count, counted } from "../numbers.js";
import { chart, LINES } from "../parts/chart.js";
import { mapTable } from "../parts/maptable.js";
import { notes } from "../parts/notes.js";
import { hue, paletteOf } from "../parts/palette.js";
import { empty, trouble } from "../parts/states.js";
import { address, partnerAddress, rename } from "../router.js";
import { RELATIONS } from "../words.js";

const MOST = 2000;
const MARKS = { circle: "●", diamond: "◆", square: "■", "triangle-up": "▲", cross: "✚", star: "★" };

/** The view. */
export async function mapView({ query, signal }) {
  const { data, warnings } = await get("v1/map", { limit: MOST }, signal);
  if (!data.partners.length) return nobody();
  const kinds = kindsOf(data.partners);
  const palette = paletteOf(kinds.map(([name]) => name));
  const state = { category: query.get("category"), partner: query.get("partner") };
  if (!kinds.some(([name]) => name === state.category)) state.category = null;
  const one = data.partners.find((partner) => partner.partner === state.partner);
  const told = `Map of ${counted(data.shown, "partner")}. The same stands in the table below.`;
  const box = h("div", { class: "plot", role: "img", "aria-label": told });
  const table = h("div", {});
  const view = { data, palette, box, table, state, drawn: null };
  const kind = kindPicker(kinds, state, (category) => pickKind(view, category));
  draw(view, one, signal);
  fillTable(view);
  const wide = matchMedia("(min-width: 60rem)").matches;
  const folded = h("details", { class: "more", open: state.category !== null }, h("summary", {}, "The map as a table"), table);
  return h(
    "div", { class: "map-view" },
    h("h1", {}, "Ecosystem map"),
    h("p", { class: "lead" }, "Partners that say alike things of themselves stand together. A click opens one."),
    notes(warnings),
    state.partner ? focused(state.partner, one) : null,
    h("div", { class: "map-tools card" }, kind, relationPicker(data.edges, view)),
    h("figure", { class: "card map" }, zoomers(view), box, h("figcaption", {}, caption(data))),
    h("details", { class: "more", open: wide }, h("summary", {}, "Colours and shapes"), legend(kinds, palette, signal)),
    folded,
  );
}

function nobody() {
  const told = empty("No partner to draw yet", "Add partners first; the map draws what they say of themselves.");
  return h("div", {}, h("h1", {}, "Ecosystem map"), told);
}

function focused(id, one) {
  if (!one) return h("p", { class: "note" }, "This partner is not among those drawn. ", link(partnerAddress(id), {}, "Open its profile"));
  const all = link(address("/map"), { class: "button plain" }, "Show all relations");
  return h("p", { class: "row" }, h("span", {}, "In focus: ", h("b", {}, one.name)), all);
}

function kindsOf(partners) {
  const counts = new Map();
  for (const { category } of partners) if (category) counts.set(category, (counts.get(category) ?? 0) + 1);
  return [...counts].sort(([, one], [, other]) => other - one);
}

async function draw(view, one, signal) {
  view.box.append(h("p", { class: "drawing" }, "Drawing…"));
  try {
    await new Promise((resolve) => { requestAnimationFrame(resolve); }); // the box must stand in the page before it is measured
    const place = document.createElement("div");
    view.box.replaceChildren(place);
    view.drawn = await chart(place, view.data, view.palette, (id) => { location.hash = partnerAddress(id); });
    if (signal.aborted) return view.drawn.close();
    await view.drawn.show({ category: view.state.category, partner: one?.partner ?? null, types: wantedTypes(view) });
    view.box.dataset.ready = "true";
    const redraw = () => view.drawn.show({});
    document.addEventListener("themechange", redraw, { signal });
    signal.addEventListener("abort", () => view.drawn.close());
  } catch (error) {
    view.box.replaceChildren(trouble(error));
  }
}

function wantedTypes(view) {
  return new Set([...view.relations.querySelectorAll("input:checked")].map((input) => input.value));
}

function pickKind(view, category) {
  view.state.category = category || null;
  rename("/map", { category: view.state.category, partner: view.state.partner });
  view.drawn?.show({ category: view.state.category });
  fillTable(view);
  announce(category ? `${category} is highlighted` : "All categories are shown");
}

function fillTable(view) {
  view.table.replaceChildren(mapTable(view.data, view.state.category));
}

function kindPicker(kinds, state, picked) {
  const options = kinds.map(([name, size]) => h("option", { value: name, selected: name === state.category }, `${name} (${count(size)})`));
  const select = h("select", { id: "kind", on: { change: () => picked(select.value) } }, h("option", { value: "" }, "All categories"), options);
  return h("div", { class: "field" }, h("label", { for: "kind" }, "Highlight"), select);
}

function relationPicker(edges, view) {
  const types = Object.keys(LINES).filter((type) => edges.some((edge) => edge.type === type));
  const box = (type) => {
    const input = h("input", { type: "checkbox", value: type, checked: Boolean(view.state.partner) || type !== "integration" });
    input.addEventListener("change", () => view.drawn?.show({ types: wantedTypes(view) }));
    const size = edges.filter((edge) => edge.type === type).length;
    const line = h("i", { class: `line ${type}`, "aria-hidden": "true" });
    return h("label", { class: "check" }, input, line, `${RELATIONS[type]} (${count(size)})`);
  };
  view.relations = h("fieldset", { class: "relation-picker" }, h("legend", {}, "Relations"), types.map(box));
  return view.relations;
}

function zoomers(view) {
  const button = (text, label, act) => {
    const click = () => view.drawn && act(view.drawn);
    return h("button", { type: "button", class: "plain square", "aria-label": label, on: { click } }, text);
  };
  return h(
    "div", { class: "row zoom", role: "group", "aria-label": "Zoom" },
    button("+", "Zoom in", (drawn) => drawn.zoom(0.7)),
    button("−", "Zoom out", (drawn) => drawn.zoom(1 / 0.7)),
    button("Reset", "Reset the view", (drawn) => drawn.reset()),
  );
}

function legend(kinds, palette, signal) {
  return h("ul", { class: "legend" }, kinds.map(([name, size]) => {
    const { place, shape } = palette.get(name);
    const mark = h("i", { "aria-hidden": "true" }, MARKS[shape]);
    const paint = () => mark.style.setProperty("color", hue(place));
    paint();
    document.addEventListener("themechange", paint, { signal });
    return h("li", {}, mark, `${name} (${count(size)})`);
  }));
}

function caption(data) {
  const total = counted(data.total, "partner");
  const shown = data.shown === data.total ? `All ${total}` : `${count(data.shown)} of ${total} (${data.sample})`;
  const trust = data.trustworthiness === null
    ? ""
    : ` Two dimensions cannot show everything: trustworthiness ${data.trustworthiness.toFixed(2)} of 1, which says how far neighbours `
      + "here are neighbours in truth.";
  return `${shown}. Directions mean nothing, nearness does.${trust}`;
}
