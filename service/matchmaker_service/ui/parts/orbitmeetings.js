/** Where two are about to meet: numbered stars, and beside the circle whom, when, how surely and in what. */

import { s } from "../dom.js";
import { chanceTold, month } from "../numbers.js";
import { short } from "./orbitnames.js";
import { dayNumber, numbers, placeOn } from "./sky.js";

const LINE = 17; // pixels that a line of text takes
const [MOST, LETTERS] = [6, 30];
/** The shape of a meeting. */
export const STAR = Array.from({ length: 10 }, (_, point) => {
  const [far, turn] = [point % 2 ? 6 : 12, (point * Math.PI) / 5 - Math.PI / 2];
  return `${(far * Math.cos(turn)).toFixed(2)},${(far * Math.sin(turn)).toFixed(2)}`;
}).join(" ");

/** Stars where two meet, the likeliest first, each with the words that stand beside the circle where there is room. */
export function meetings(view) {
  const { orbit, tracks, size } = view;
  const found = tracks.flatMap((track) => {
    const meeting = track.look === "toward" && orbit.meetings.find((one) => one.partner === track.partner);
    const place = meeting && placeOn(track, dayNumber(meeting.date));
    return place ? [{ track, meeting, at: view.at(place) }] : [];
  });
  const told = size.roomy ? found.slice(0, MOST) : [];
  const beside = new Map([...column(told, size, -1), ...column(told, size, 1)]);
  return found.map((one) => {
    const words = beside.get(one);
    return { ...one, callout: words ? callout(one, words) : null, element: star(one, size) };
  });
}

function star({ track, meeting, at }, { roomy }) {
  const place = `translate(${numbers(at)})${roomy ? "" : " scale(0.8)"}`;
  return s(
    "g", { class: `star sure-${Math.round(3 * track.chance)}`, transform: place },
    s("title", {}, `${track.name}, ${month(meeting.date)}`), s("polygon", { points: STAR }),
    track.rank ? s("text", { y: 4, "text-anchor": "middle" }, String(track.rank)) : null,
  );
}

/** The stars of one side with the heights of their words, none over another. */
function column(told, size, side) {
  const across = told.toSorted((one, other) => one.at[0] - other.at[0]);
  const left = told.filter((one) => one.at[0] < size.middle[0]).length;
  const cut = Math.min(Math.max(left, told.length - MOST / 2), MOST / 2);
  const own = (side < 0 ? across.slice(0, cut) : across.slice(cut)).toSorted((one, other) => one.at[1] - other.at[1]);
  const high = 4.6 * LINE;
  const start = size.middle[1] - (own.length * high) / 2;
  const x = side < 0 ? size.aside - 32 : size.wide - size.aside + 32;
  return own.map((one, place) => [one, { side, x, y: start + place * high + LINE }]);
}

function callout({ track, meeting, at }, { side, x, y }) {
  const anchor = side < 0 ? "end" : "start";
  const line = (text, name, step) => s("text", { class: name, x, y: y + step * LINE, "text-anchor": anchor }, text);
  const where = meeting.place ? wrapped(`in “${meeting.place}”`, LETTERS, 2) : [];
  const join = [x - side * 8, y + 0.6 * LINE];
  return s(
    "g", { class: "callout" },
    s("title", {}, [track.name, meeting.place].filter(Boolean).join(": ")),
    s("polyline", { points: [join, [join[0] - side * 26, join[1]], at].map(numbers).join(" ") }),
    line(`${track.rank ? `${track.rank}  ` : ""}${short(track.name, LETTERS)}`, "who", 0),
    line(`about ${month(meeting.date)}, ${chanceTold(track.chance)} chance`, "when", 1),
    where.map((text, step) => line(text, "where", step + 2)),
  );
}

/** Lines of at most so many letters, the last one cut. */
function wrapped(text, most, lines) {
  const made = [""];
  for (const word of text.split(/\s+/)) {
    if (made.at(-1) && `${made.at(-1)} ${word}`.length > most) made.push("");
    made[made.length - 1] = `${made.at(-1)} ${word}`.trim();
  }
  const kept = made.slice(0, lines);
  if (made.length > lines) kept[lines - 1] = `${kept[lines - 1].slice(0, most - 2)}…”`;
  return kept.map((line) => short(line, most + 4));
}
