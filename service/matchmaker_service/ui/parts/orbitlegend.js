/** What the marks of an orbit mean, in plain words. */

import { h, s } from "../dom.js";
import { DART } from "./orbit.js";
import { STAR } from "./orbitmeetings.js";

/** The legend. */
export function orbitLegend() {
  const star = s("polygon", { points: STAR, transform: "translate(22 10) scale(0.85)" });
  const dart = (look) => group(`mark ${look}`, s("path", { d: DART, transform: "translate(34 10)" }));
  const line = (look, name) => group(`track ${look}`, s("path", { class: name, d: "M 2 10 L 42 10" }));
  const half = (look) => group(`track ${look}`, s("path", { class: "trail", d: "M 2 10 L 28 10" }));
  return h(
    "ul", { class: "orbit-legend", "aria-label": "What the marks mean" },
    key("comes closer", half("toward"), dart("toward")),
    key("moves apart", half("away"), dart("away")),
    key("has met already, keeps its distance, or cannot be told", group("mark other", s("circle", { cx: 22, cy: 10, r: 4.5 }))),
    key("was seen there", line("toward", "trail"), group("track toward", s("circle", { class: "seen", cx: 22, cy: 10, r: 3 }))),
    key("ahead, if it goes on so", line("toward", "ahead")),
    key("four cases in five lie in here", group("cone toward", group("slices", s("ellipse", { cx: 22, cy: 10, rx: 20, ry: 8 })))),
    key("within the ring two have met", s("circle", { class: "ring met", cx: 22, cy: 10, r: 8 })),
    key("where they are about to meet, by number in the list", group("star", star)),
  );
}

function key(text, ...shapes) {
  return h("li", {}, s("svg", { class: "orbit key", width: 44, height: 20, "aria-hidden": "true" }, shapes), text);
}

function group(name, ...shapes) {
  return s("g", { class: name }, shapes);
}
