/** The time of an orbit: a slider from the first snapshot to the horizon, and a button that lets it run. */

import { h } from "../dom.js";
import { day } from "../numbers.js";
import { dayNumber, dayText, placeOn } from "./sky.js";

const [PAST, AHEAD] = [60, 40]; // moments of the slider before and after the last snapshot
const [WHOLE, STEP] = [9000, 900]; // ms: of a whole run, and between two dates where motion is to be reduced

/** Controls of a picture (orbit.js). dates: of the snapshots. Stops for good once `signal` says so. */
export function orbitPlayer(picture, dates, signal) {
  const calm = matchMedia("(prefers-reduced-motion: reduce)");
  const moments = momentsOf(picture);
  const stops = [...dates.map(dayNumber), ...[1, 2, 3, 4].map((part) => picture.last + (part * (picture.until - picture.last)) / 4)];
  const told = h("output", { class: "orbit-day", for: "orbit-time" });
  const slider = h("input", { type: "range", id: "orbit-time", min: "0", max: String(moments.length - 1), step: "1" });
  const button = h("button", { type: "button", class: "plain" });
  let [t, running] = [picture.last, null];
  const show = (when) => {
    t = when;
    picture.show(t);
    slider.value = String(nearest(moments, t));
    slider.setAttribute("aria-valuetext", `${day(dayText(t))}, ${stageOf(picture, t)}`);
    told.replaceChildren(h("b", {}, day(dayText(t))), ` · ${stageOf(picture, t)} · ${metOn(picture, t)}`);
  };
  const stop = () => {
    cancelAnimationFrame(running?.frame);
    window.clearTimeout(running?.timer);
    running = null;
    button.textContent = "Play";
    button.setAttribute("aria-label", "Play the motion");
  };
  const run = () => {
    if (t >= picture.until) show(picture.first);
    running = {};
    button.textContent = "Pause";
    button.setAttribute("aria-label", "Pause the motion");
    if (calm.matches) running.timer = window.setTimeout(hop, STEP);
    else running.frame = requestAnimationFrame((from) => glide(from, t));
  };
  const hop = () => {
    show(stops.find((one) => one > t + 0.5) ?? picture.until);
    if (t >= picture.until) stop();
    else running.timer = window.setTimeout(hop, STEP);
  };
  const glide = (from, began) => {
    const pace = (picture.until - picture.first) / WHOLE;
    const step = (now) => {
      show(Math.min(began + Math.max(now - from, 0) * pace, picture.until));
      if (t >= picture.until) stop();
      else running.frame = requestAnimationFrame(step);
    };
    step(from);
  };
  button.addEventListener("click", () => (running ? stop() : run()));
  slider.addEventListener("input", () => { stop(); show(moments[Number(slider.value)]); });
  signal.addEventListener("abort", stop);
  stop();
  show(picture.last);
  return h(
    "div", { class: "orbit-player" }, button,
    h("div", { class: "orbit-slide" },
      h("label", { class: "unseen", for: "orbit-time" }, "Day shown"), slider, ticks(picture, dates)),
    h("p", {}, told),
  );
}

function momentsOf({ first, last, until }) {
  const spaced = (from, to, count) => Array.from({ length: count }, (_, part) => from + ((part + 1) * (to - from)) / count);
  return [...(last > first ? [first, ...spaced(first, last, PAST)] : [last]), ...spaced(last, until, AHEAD)];
}

function nearest(moments, t) {
  return moments.reduce((best, one, place) => (Math.abs(one - t) < Math.abs(moments[best] - t) ? place : best), 0);
}

function stageOf({ last }, t) {
  if (Math.abs(t - last) < 0.5) return "the last snapshot";
  return t < last ? "as it was seen" : "ahead, if all go on so";
}

function metOn({ tracks, radius }, t) {
  const there = tracks.map((track) => placeOn(track, t)).filter(Boolean);
  return `${there.filter((one) => one.apart <= radius).length} of ${there.length} within the ring`;
}

/** First day, last snapshot and horizon below the slider, where their moments are. */
function ticks({ first, last, until }, dates) {
  const name = (t, text) => h("span", {}, h("b", {}, text), ` ${day(dayText(t))}`);
  const ends = [...(dates.length > 1 ? [name(first, "First seen")] : []), name(last, "Last snapshot"), name(until, "Horizon")];
  return h("div", { class: ends.length > 2 ? "orbit-ticks three" : "orbit-ticks", "aria-hidden": "true" }, ends);
}
