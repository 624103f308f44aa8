/** Where the tracks of an orbit stand on a day, seen from its partner: plain numbers, nothing is drawn here. */

const DAY = 86_400_000;
const FINE = 6; // points that a curve has between two dates

/** A day such as 2025-10-13 as a number. */
export function dayNumber(text) {
  return Date.parse(text) / DAY;
}

/** The day of a number, as 2025-10-13. */
export function dayText(number) {
  return new Date(Math.round(number) * DAY).toISOString().slice(0, 10);
}

/** The other tracks of an orbit, each with `places`: {t, x, y, apart, spread}, from its partner, in the order of time. */
export function seenFrom([own, ...others]) {
  const along = straight([...own.line, ...own.ahead]);
  return others.map((track) => {
    const past = track.line.map((point) => place(point, along, null));
    const ahead = track.ahead.slice(1).map((cone, step) => place(cone, along, sum(cone, own.ahead[step + 1])));
    const now = past.at(-1);
    if (track.ahead.length && now) now.spread = sum(track.ahead[0], own.ahead[0]);
    return { ...track, places: [...past, ...ahead], now: now?.t, told: track.ahead.length > 0 };
  });
}

/** The place of a track on a day; null before it was first seen. After its last place it stays there. */
export function placeOn({ places }, t) {
  if (!places.length || t < places[0].t) return null;
  const next = places.findIndex((one) => one.t > t);
  if (next < 0) return places.at(-1);
  const [from, to] = [places[next - 1], places[next]];
  const share = (t - from.t) / (to.t - from.t);
  const mixed = (one, other) => one + share * (other - one);
  const spread = from.spread && to.spread ? from.spread.map((value, axis) => mixed(value, to.spread[axis])) : null;
  return { t, x: mixed(from.x, to.x), y: mixed(from.y, to.y), apart: mixed(from.apart, to.apart), spread };
}

/** Places between two days, near enough to one another for a curve. */
export function curve(track, from, to) {
  const dates = track.places.map((one) => one.t);
  const times = dates.flatMap((t, step) => (step ? parts(dates[step - 1], t) : [t])).filter((t) => t > from && t < to);
  return [from, ...times, to].map((t) => placeOn(track, t)).filter(Boolean);
}

/** Where a place is drawn, [right, down] of the middle: as far from it as the two are in truth, in the direction of the plane. */
export function drawnAt({ x, y, apart }, most = Infinity) {
  const angle = Math.atan2(y, x);
  const far = Math.min(apart, most);
  return [far * Math.cos(angle), -far * Math.sin(angle)];
}

/** The ellipse of a spread [xx, xy, yy] as drawn: half axes, and the angle of the longer one in degrees, clockwise. */
export function ellipse([xx, xy, yy]) {
  const middle = (xx + yy) / 2;
  const off = Math.hypot((xx - yy) / 2, xy);
  const angle = -Math.atan2(2 * xy, xx - yy) / 2;
  return { major: Math.sqrt(middle + off), minor: Math.sqrt(Math.max(middle - off, 0)), angle: (angle * 180) / Math.PI };
}

/** Coordinates as a drawing takes them. */
export function numbers(point) {
  return point.map((one) => one.toFixed(1)).join(" ");
}

function parts(from, to) {
  return Array.from({ length: FINE }, (_, part) => from + ((part + 1) * (to - from)) / FINE);
}

/** A partner's line, which goes on as it goes: day to [x, y]. */
function straight(points) {
  const [first, last] = [points[0], points.at(-1)];
  const [from, to] = [dayNumber(first.date), dayNumber(last.date)];
  const pace = (axis) => (to > from ? (last[axis] - first[axis]) / (to - from) : 0);
  const [right, up] = [pace("x"), pace("y")];
  return (t) => [first.x + right * (t - from), first.y + up * (t - from)];
}

function place({ date, x, y, apart }, along, spread) {
  const t = dayNumber(date);
  const [ownX, ownY] = along(t);
  return { t, x: x - ownX, y: y - ownY, apart, spread };
}

/** Neither knows of the other's doubt, so that both add up: squares of half axes, [xx, xy, yy]. */
function sum(one, other) {
  const [a, b] = [square(one), square(other)];
  return a.map((value, axis) => value + b[axis]);
}

function square({ major, minor, angle }) {
  const turn = (angle * Math.PI) / 180;
  const [c, s] = [Math.cos(turn), Math.sin(turn)];
  return [major ** 2 * c * c + minor ** 2 * s * s, (major ** 2 - minor ** 2) * c * s, major ** 2 * s * s + minor ** 2 * c * c];
}
