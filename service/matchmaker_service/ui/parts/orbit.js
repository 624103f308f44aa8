/** The drawn orbit: the partner in the middle, who moves around it, what lies ahead with its doubt, and where they meet. */

import { h, s } from "../dom.js";
import { meetings } from "./orbitmeetings.js";
import { nameAll, ringNameOf, short } from "./orbitnames.js";
import { curve, dayNumber, drawnAt, ellipse, numbers, placeOn, seenFrom } from "./sky.js";

const LOOKS = { converging: "toward", diverging: "away" };
const [WIDE, ASIDE] = [900, 258]; // from this width on there is room beside the circle for what the stars mean
const [SLICES, MOST_RINGS] = [28, 6];
/** The shape of a mark that moves. */
export const DART = "M 9 0 L -6 6 L -3 0 L -6 -6 Z";

/** How a track is drawn: toward, away or other; who stands within the ring already is about to meet nobody. */
function lookOf({ verdict, places }, { last, radius }) {
  const now = placeOn({ places }, last);
  return verdict === "converging" && now?.apart <= radius ? "other" : LOOKS[verdict] ?? "other";
}

/**
 * A picture of an orbit as the service tells it: `element`, `tracks`, `first`, `last` and `until` as numbers of days, and
 * `show(t)`, which draws a day. ranks: partner to its place in the list of collisions; label: what it is for those who hear the page.
 */
export function orbitPicture(orbit, ranks, label, signal) {
  const days = { first: Math.min(...orbit.dates.map(dayNumber)), last: dayNumber(orbit.last), until: dayNumber(orbit.until) };
  const about = { last: days.last, radius: orbit.radius };
  const tracks = seenFrom(orbit.tracks).map((track) => ({ ...track, rank: ranks.get(track.partner) ?? null, look: lookOf(track, about) }));
  const box = h("div", { class: "orbit-box" });
  let scene = null;
  let now = days.last;
  const show = (t) => { now = t; scene?.show(t); };
  const fit = () => {
    if (!box.clientWidth || box.clientWidth === scene?.size.wide) return;
    scene = drawn(orbit, tracks, days, sizeOf(box.clientWidth), label);
    box.replaceChildren(scene.element);
    scene.show(now);
  };
  const watcher = new ResizeObserver(fit);
  watcher.observe(box);
  signal.addEventListener("abort", () => watcher.disconnect());
  return { element: box, tracks, ...days, radius: orbit.radius, show };
}

function sizeOf(wide) {
  const roomy = wide >= WIDE;
  const round = Math.min(roomy ? (wide - 2 * ASIDE) / 2 : wide / 2 - 6, 300);
  return { wide, high: 2 * round + 24, round, roomy, aside: ASIDE, middle: [wide / 2, round + 12] };
}

function drawn(orbit, tracks, days, size, label) {
  const reach = reachOf(orbit, tracks, days, size);
  const scale = size.round / reach;
  const at = (place, most = reach) => drawnAt(place, most).map((part, axis) => size.middle[axis] + part * scale);
  const view = { orbit, tracks, days, size, reach, scale, at };
  const moving = tracks.map((track) => movingTrack(view, track));
  const met = meetings(view);
  const told = tracks.filter((track) => track.told);
  const lines = told.flatMap((track) => curve(track, track.places[0].t, days.until)).map((place) => at(place, Infinity));
  const clip = s("clipPath", { id: "orbit-sky" }, s("circle", { cx: size.middle[0], cy: size.middle[1], r: size.round }));
  const ringName = ringNameOf(view, lines);
  const { circles, names } = rings(view, ringName);
  const order = (pick) => moving.toSorted((one, other) => one.weight - other.weight).map(pick);
  const element = s(
    "svg", { class: "orbit", width: size.wide, height: size.high, role: "img", "aria-label": label },
    s("defs", {}, clip),
    circles,
    s("g", { "clip-path": "url(#orbit-sky)" }, s("g", { class: "cones" }, order((one) => one.cone)), order((one) => one.paths)),
    names,
    s("g", { class: "stars" }, met.map((one) => one.callout)),
    order((one) => one.mark),
    s("g", { class: "stars" }, met.toReversed().map((one) => one.element)),
    own(view),
    s("g", { class: "names" }, moving.map((one) => one.name)),
  );
  return {
    element, size,
    show: (t) => {
      element.classList.toggle("past", t < days.last);
      moving.forEach((one) => one.show(t));
      nameAll(view, moving, met, { lines, ringName });
    },
  };
}

/** How far the picture reaches: all that is ahead, and of the past as much as does not make it small. */
function reachOf({ radius }, tracks, { last, until }, { roomy }) {
  const soon = tracks.flatMap((track) => [placeOn(track, last), placeOn(track, until)]).filter(Boolean);
  const farthest = (places) => Math.max(...places.map((one) => one.apart), radius);
  const past = 1.05 * farthest(tracks.flatMap((track) => track.places));
  return Math.max(Math.min(past, (roomy ? 1.6 : 1.2) * farthest(soon)), 1.7 * radius) || 1;
}

function rings({ orbit, size, reach, scale }, ringName) {
  const [x, y] = size.middle;
  const ring = (far, name) => s("circle", { class: name, cx: x, cy: y, r: far * scale });
  const step = Math.max(Math.ceil(reach / orbit.radius / MOST_RINGS), 1);
  const far = Array.from({ length: MOST_RINGS }, (_, place) => (1 + (place + 1) * step) * orbit.radius).filter((one) => one < 0.96 * reach);
  const named = (down, text) => s("text", { class: "ring-name", x, y: down, "text-anchor": "middle" }, text);
  const names = far.map((one) => named(y + one * scale - 5, `${Math.round(one / orbit.radius)} × as far`));
  if (ringName) names.push(named(ringName.bottom - 4, "have met"));
  const circles = [ring(reach, "sky"), far.map((one) => ring(one, "ring")), ring(orbit.radius, "ring met")];
  return { circles: s("g", {}, circles), names: s("g", {}, names) };
}

function own({ orbit, size }) {
  const [x, y] = size.middle;
  const name = short(orbit.name, 20);
  return s(
    "g", { class: "own" }, s("circle", { cx: x, cy: y, r: 9 }),
    s("text", { x, y: y + 27, "text-anchor": "middle" }, name),
  );
}

/** One track with everything that moves on it. */
function movingTrack(view, track) {
  const { days } = view;
  const { look } = track;
  const sure = look === "toward" ? `sure-${Math.round(3 * (track.chance ?? 0))}` : "";
  const trail = s("path", { class: "trail" });
  const ahead = track.told ? s("path", { class: "ahead", d: path(view, curve(track, days.last, days.until)) }) : null;
  const dots = track.places.filter((one) => one.t <= days.last && seenOn(track, one.t)).map((one) => dot(view, one));
  const paths = s("g", { class: `track ${look} ${sure}` }, trail, ahead, dots.map(([, element]) => element));
  const doubt = s("ellipse", { class: "doubt" });
  const cone = s("g", { class: `cone ${look} ${sure}` }, track.told ? [coneOf(view, track), doubt] : null);
  const shape = look === "other" ? s("circle", { r: 4.5 }) : s("path", { d: DART });
  const mark = s("g", { class: `mark ${look} ${sure}` }, s("title", {}, track.name), shape);
  const name = s("text", { class: look });
  const show = (t) => {
    const place = placeOn(track, t);
    one.at = place && view.at(place);
    one.beyond = Boolean(place) && place.apart > view.reach;
    mark.classList.toggle("hidden", !place);
    mark.classList.toggle("beyond", one.beyond);
    if (!place) return trail.setAttribute("d", "");
    mark.setAttribute("transform", `translate(${numbers(one.at)}) rotate(${heading(view, track, t)})`);
    trail.setAttribute("d", path(view, curve(track, track.places[0].t, Math.min(t, days.last))));
    dots.forEach(([when, element]) => element.classList.toggle("hidden", when > t));
    spread(view, doubt, t > days.last ? place : null);
  };
  const weight = { toward: 2, away: 1, other: 0 }[look] + (track.chance ?? 0);
  const one = { track, paths, cone, mark, name, show, weight, at: null, beyond: false };
  return one;
}

function seenOn(track, t) {
  return track.seen.some((one) => Math.abs(dayNumber(one.date) - t) < 1);
}

function dot(view, place) {
  const [x, y] = view.at(place, Infinity);
  return [place.t, s("circle", { class: "seen", cx: x.toFixed(1), cy: y.toFixed(1), r: 2.4 })];
}

/** Ellipses of 80 % from now to the horizon, laid over one another. */
function coneOf(view, track) {
  const { last, until } = view.days;
  const slices = Array.from({ length: SLICES }, (_, slice) => placeOn(track, last + (slice * (until - last)) / (SLICES - 1)));
  return s("g", { class: "slices" }, slices.map((place) => spread(view, s("ellipse", {}), place)));
}

function spread(view, element, place) {
  element.classList.toggle("hidden", !place?.spread);
  if (!place?.spread) return element;
  const { major, minor, angle } = ellipse(place.spread);
  element.setAttribute("rx", (major * view.scale).toFixed(1));
  element.setAttribute("ry", (minor * view.scale).toFixed(1));
  element.setAttribute("transform", `translate(${numbers(view.at(place, Infinity))}) rotate(${angle.toFixed(1)})`);
  return element;
}

/** Degrees in which a mark moves on a day. */
function heading(view, track, t) {
  const step = 10;
  const end = track.told ? view.days.until : view.days.last;
  const from = Math.max(Math.min(t, end - step), track.places[0].t);
  const [one, other] = [from, from + step].map((when) => view.at(placeOn(track, when), Infinity));
  return ((Math.atan2(other[1] - one[1], other[0] - one[0]) * 180) / Math.PI).toFixed(1);
}

function path(view, places) {
  return places.map((place, step) => `${step ? "L" : "M"} ${numbers(view.at(place, Infinity))}`).join(" ");
}
