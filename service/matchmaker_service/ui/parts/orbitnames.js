/** Names in the picture of an orbit, each where it covers nothing that matters. */

const LETTER = 7.9; // pixels that a letter takes, about
const NARROW = 560;

/** Names beside the marks that move most, each where it covers no other one; outward, where there is most room. */
export function nameAll({ size, orbit }, moving, met, { lines, ringName }) {
  const most = size.wide > NARROW ? 10 : 5;
  const [x, y] = size.middle;
  const half = (Math.min(orbit.name.length, 20) * LETTER) / 2 + 6;
  const marks = moving.filter((one) => one.at && one.track.look !== "other");
  const taken = [...met, ...marks].map((one) => around(one.at, 9));
  taken.push({ left: x - half, right: x + half, top: y - 12, bottom: y + 32 });
  if (ringName) taken.push(ringName);
  const asked = moving.toSorted((one, other) => other.weight - one.weight);
  let named = 0;
  for (const one of asked) {
    const box = named < most && one.at && !one.beyond ? freeBox(one, size, taken, lines) : null;
    one.name.classList.toggle("hidden", !box);
    if (!box) continue;
    named += 1;
    taken.push(box);
    one.name.textContent = box.text;
    one.name.setAttribute("x", box.left.toFixed(1));
    one.name.setAttribute("y", (box.bottom - 4).toFixed(1));
  }
}

/** Room for a name near its mark, best where no line runs through; null where there is none. */
function freeBox({ track, at: [x, y] }, size, taken, lines) {
  const [middle] = size.middle;
  const text = short(track.name, size.wide > NARROW ? 26 : 16);
  const wide = text.length * LETTER;
  const right = x + 12;
  const left = x - 12 - wide;
  const sides = x < middle ? [left, right] : [right, left];
  const spots = [...[0, -16, 16].flatMap((lift) => sides.map((start) => [start, lift])), [x - wide / 2, -20], [x - wide / 2, 20]];
  const boxes = spots.map(([start, lift]) => ({ text, left: start, right: start + wide, top: y - 9 + lift, bottom: y + 9 + lift }));
  const [start, end] = [Math.max(middle - size.round - 4, 2), Math.min(middle + size.round + 4, size.wide - 2)];
  const inside = (box) => start < box.left && box.right < end && box.top > 0 && box.bottom < size.high;
  const free = boxes.filter((box) => inside(box) && !taken.some((one) => meet(box, one)));
  return free.find((box) => crossed(box, lines) === 0) ?? free[0] ?? null;
}

function meet(one, other) {
  return one.left <= other.right && other.left <= one.right && one.top <= other.bottom && other.top <= one.bottom;
}

function around([x, y], far) {
  return { left: x - far, right: x + far, top: y - far, bottom: y + far };
}

/** How many points of lines lie in a box. */
function crossed({ left, right, top, bottom }, lines) {
  return lines.filter(([across, down]) => across > left && across < right && down > top && down < bottom).length;
}

/** Where the ring is named, in or below it, above or over it: where the fewest lines cross; null where there is no room. */
export function ringNameOf({ orbit, size, scale }, lines) {
  if (!size.roomy) return null;
  const [x, y] = size.middle;
  const far = orbit.radius * scale;
  const box = (top) => ({ left: x - 34, right: x + 34, top, bottom: top + 16 });
  const boxes = [y + far - 20, y + far + 4, y - far + 4, y - far - 20].map(box);
  return boxes.toSorted((one, other) => crossed(one, lines) - crossed(other, lines))[0];
}

/** A text of at most so many letters. */
export function short(text, most) {
  return text.length > most ? `${text.slice(0, most - 1).trimEnd()}…` : text;
}
