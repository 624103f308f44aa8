/** What the picture of an orbit shows, as a table. */

import { h, link } from "../dom.js";
import { chanceTold, day } from "../numbers.js";
import { partnerAddress } from "../router.js";
import { VERDICTS } from "../words.js";

const HEADS = ["Partner", "Course", "Apart when first seen", "Apart at the last snapshot", "Apart at the horizon", "Chance within the ring", "Meets"];

/** A table of all tracks but the partner's own. orbit: as the service tells it. */
export function orbitTable(orbit) {
  const row = (track) => {
    const [first, now, then] = [track.line[0], track.line.at(-1), track.ahead.at(-1)];
    const meeting = orbit.meetings.find((one) => one.partner === track.partner);
    return h(
      "tr", {},
      h("th", { scope: "row" }, link(partnerAddress(track.partner), {}, track.name)),
      h("td", {}, VERDICTS[track.verdict]?.name ?? track.verdict),
      h("td", {}, first ? `${far(first.apart)} on ${day(first.date)}` : "not seen"),
      h("td", {}, now ? far(now.apart) : "not seen"),
      h("td", {}, then ? `${far(then.apart)} (${far(then.low)} to ${far(then.high)})` : "not told"),
      h("td", {}, track.chance === null ? "not told" : chanceTold(track.chance)),
      h("td", {}, meeting ? [`about ${day(meeting.date)}`, meeting.place ? ` in “${meeting.place}”` : null] : "no meeting told"),
    );
  };
  return h(
    "div", { class: "scroll", tabindex: "0", role: "region", "aria-label": "The orbit as a table" },
    h(
      "table", { class: "map-table orbit-table" },
      h("caption", { class: "small" }, `The ring lies at ${far(orbit.radius)}. In brackets: four cases in five.`),
      h("thead", {}, h("tr", {}, HEADS.map((head) => h("th", { scope: "col" }, head)))),
      h("tbody", {}, orbit.tracks.slice(1).map(row)),
    ),
  );
}

function far(distance) {
  return distance.toFixed(2);
}
