/** The drawn map. The chart library comes out of the service's own installation, when a map is first wanted. */

import { h } from "../dom.js";
import { band } from "../numbers.js";
import { colour } from "../theme.js";
import { hue } from "./palette.js";

/** How relations are drawn: variable of the colour, and dash. */
export const LINES = {
  partnership: ["--ours", "solid"],
  integration: ["--soft", "solid"],
  competitor: ["--bad", "dot"],
  acquisition: ["--theirs", "dash"],
};
const BARE = { visible: false, zeroline: false, showgrid: false };
const SETTINGS = { displayModeBar: false, scrollZoom: true, responsive: true, doubleClick: "reset", showTips: false };
const EDGE = 1.08;
const NAMED = 10;
const [LETTER, LINE] = [7, 18]; // pixels that a letter and a line of text take, about
let library = null;

/** A chart in `box`. data: an ecosystem map; palette: of its categories; opened: called with the id of a partner that is clicked. */
export async function chart(box, data, palette, opened) {
  const plotly = await loaded();
  const at = new Map(data.partners.map((one) => [one.partner, one]));
  const draw = (state) => plotly.react(box, [...traces(data, at, palette, state), names(data, state, box)], layout(state, at), SETTINGS);
  let state = { category: null, partner: null, types: new Set() };
  await draw(state);
  box.on("plotly_click", ({ points }) => points[0]?.customdata && opened(points[0].customdata));
  return {
    show: (changed) => { state = { ...state, ...changed }; return draw(state); },
    zoom: (factor) => plotly.relayout(box, ranges(box.layout, factor)),
    reset: () => plotly.relayout(box, whole()),
    close: () => plotly.purge(box),
  };
}

function loaded() {
  library ??= withoutStyles(() => new Promise((resolve, reject) => {
    document.head.append(h("script", { src: "ui/plotly.min.js", on: { load: () => resolve(window.Plotly), error: reject } }));
  })).catch(() => {
    library = null;
    throw new Error("The chart cannot be loaded: the service lacks the package plotly. The table below says the same.");
  });
  return library;
}

/** Run `load` while style elements are kept out of the head: the library brings some for street maps, which the page's policy refuses. */
async function withoutStyles(load) {
  const { head } = document;
  head.appendChild = (node) => (node.nodeName === "STYLE" ? node : Node.prototype.appendChild.call(head, node));
  try {
    return await load();
  } finally {
    delete head.appendChild;
  }
}

function traces(data, at, palette, state) {
  const groups = Map.groupBy(data.partners, (one) => one.category);
  const points = [...groups].map(([category, partners]) => dots(partners, palette.get(category), dimmed(state, category)));
  return [...lines(data.edges, at, state), ...points, ...focus(at.get(state.partner))];
}

function dimmed(state, category) {
  return state.category !== null && state.category !== category;
}

function dots(partners, look, faint) {
  return {
    type: "scatter", mode: "markers", showlegend: false,
    x: partners.map((one) => one.x), y: partners.map((one) => one.y),
    customdata: partners.map((one) => one.partner),
    text: partners.map((one) => [one.name, one.category, band(one.size_band)].filter(Boolean).map(plain).join("<br>")),
    hovertemplate: "%{text}<extra></extra>",
    marker: {
      size: partners.map((one) => 7 + 19 * (one.size ?? 0.1) ** 2), symbol: look?.shape ?? "circle",
      color: look ? hue(look.place) : colour("--soft"), opacity: faint ? 0.12 : 0.82,
      line: { width: 1, color: colour("--card") },
    },
  };
}

function lines(edges, at, { types, partner, category }) {
  const either = ({ a, b }, holds) => holds(at.get(a)) || holds(at.get(b));
  const wanted = (edge) =>
    (!partner || either(edge, (one) => one.partner === partner)) && (!category || either(edge, (one) => one.category === category));
  return [...types].map((type) => {
    const [variable, dash] = LINES[type];
    const drawn = edges.filter((one) => one.type === type && at.has(one.a) && at.has(one.b) && wanted(one));
    const along = (axis) => drawn.flatMap((one) => [at.get(one.a)[axis], at.get(one.b)[axis], null]);
    return {
      type: "scatter", mode: "lines", hoverinfo: "skip", showlegend: false, x: along("x"), y: along("y"),
      opacity: partner ? 0.75 : 0.28, line: { color: colour(variable), width: partner ? 1.6 : 1, dash },
    };
  });
}

/** The names of the largest partners, each where it covers no other one. */
function names({ partners }, { category, partner }, box) {
  const wide = (one) => (one.name.length * LETTER * 2 * EDGE) / (box.clientWidth || 1000);
  const high = (LINE * 2 * EDGE) / (box.clientHeight || 600);
  const covers = (one, other) => Math.abs(one.x - other.x) < (wide(one) + wide(other)) / 2 && Math.abs(one.y - other.y) < high;
  const whole = (one) => Math.abs(one.x) + wide(one) / 2 < EDGE;
  const asked = partners.filter((one) => one.partner !== partner && (!category || one.category === category) && whole(one));
  const named = [];
  for (const one of asked.toSorted((a, b) => (b.size ?? 0) - (a.size ?? 0))) {
    if (named.length < NAMED && !named.some((other) => covers(one, other))) named.push(one);
  }
  return {
    type: "scatter", mode: "text", hoverinfo: "skip", showlegend: false, textposition: "top center",
    x: named.map((one) => one.x), y: named.map((one) => one.y + high / 2), text: named.map((one) => plain(one.name)),
    textfont: { color: colour("--ink"), size: 12 },
  };
}

function focus(one) {
  if (!one) return [];
  return [{
    type: "scatter", mode: "markers", hoverinfo: "skip", showlegend: false, x: [one.x], y: [one.y],
    marker: { size: 34, symbol: "circle-open", color: colour("--ink"), line: { width: 2.5, color: colour("--ink") } },
  }];
}

function layout({ partner }, at) {
  const one = at.get(partner);
  const ink = { color: colour("--ink"), family: "system-ui, sans-serif", size: 14 };
  const label = one && {
    x: one.x, y: one.y, text: plain(one.name), showarrow: false, yshift: 30, bgcolor: colour("--card"), borderpad: 4,
    font: { ...ink, weight: 700 },
  };
  return {
    uirevision: "same", dragmode: "pan", hovermode: "closest", margin: { l: 8, r: 8, t: 8, b: 8 },
    paper_bgcolor: "rgba(0,0,0,0)", plot_bgcolor: "rgba(0,0,0,0)", font: ink,
    hoverlabel: { bgcolor: colour("--card"), bordercolor: colour("--line"), font: ink },
    xaxis: { ...BARE, range: [-EDGE, EDGE] }, yaxis: { ...BARE, range: [-EDGE, EDGE] },
    annotations: label ? [label] : [],
  };
}

function ranges(now, factor) {
  const around = ([low, high]) => {
    const middle = (low + high) / 2;
    return [middle - (middle - low) * factor, middle + (high - middle) * factor];
  };
  return { "xaxis.range": around(now.xaxis.range), "yaxis.range": around(now.yaxis.range) };
}

function whole() {
  return { "xaxis.range": [-EDGE, EDGE], "yaxis.range": [-EDGE, EDGE] };
}

/** Text that the chart library does not read as markup. */
function plain(text) {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}
