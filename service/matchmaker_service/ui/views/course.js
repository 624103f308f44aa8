/** Whom a partner is about to meet: its orbit as a picture, and the collisions with their evidence. */

import { get, partnerPath } from "../api.js";
import { announce, h } from "../dom.js";
import { count, counted, day, percent, phrase, sentence } from "../numbers.js";
import { collisionCard, statedCard } from "../parts/coursecard.js";
import { notes, terms } from "../parts/notes.js";
import { orbitPicture } from "../parts/orbit.js";
import { orbitLegend } from "../parts/orbitlegend.js";
import { orbitPlayer } from "../parts/orbitplayer.js";
import { orbitTable } from "../parts/orbittable.js";
import { partnerHead } from "../parts/partnerhead.js";
import { empty, trouble } from "../parts/states.js";
import { rename } from "../router.js";
import { MOVES, ORBIT_TERMS } from "../words.js";

const [OTHERS, FIRST] = [12, 3];
const BUILD = "matchmaker build partners.csv --snapshots snapshots.csv -o out/mine";

/** The view. */
export async function courseView({ parts: [id], path, query, signal }) {
  const ask = (facet) => get(partnerPath(id, "orbit"), { k: OTHERS, facet }, signal);
  const [partner, collisions] = await Promise.all([get(partnerPath(id), {}, signal), get(partnerPath(id, "collisions"), {}, signal)]);
  const orbit = await ask(query.get("facet") ?? busiest(collisions.data.collisions));
  const { data } = collisions;
  const ours = { id: data.partner, name: data.name };
  announce(`${counted(data.collisions.length, "partner")} on a course with ${ours.name}`);
  const seen = data.last !== null;
  return h(
    "div", { class: "course-view" },
    partnerHead(partner.data, "course"),
    summary(data, ours),
    seen ? notes(notesApart(collisions, orbit)) : null,
    seen ? pictured(orbit.data, ranksOf(data), ask, path, signal) : unseen(collisions.warnings),
    list(data, ours, seen),
    seen ? terms("What the words and numbers mean", ORBIT_TERMS) : null,
  );
}

/** The facet in which most are about to be met, which makes the fullest picture; null where there is none. */
function busiest(collisions) {
  const counts = Map.groupBy(collisions.filter((one) => one.facet), (one) => one.facet);
  const most = [...counts].toSorted(([, some], [, others]) => others.length - some.length)[0];
  return most ? most[0] : null;
}

/** Warnings of both answers; why nobody is met stands at the top, and those of the picture at the picture where there is one. */
function notesApart(collisions, orbit) {
  const told = collisions.data.collisions.length ? collisions.warnings : [];
  return [...new Set([...told, ...(orbit.data.tracks.length ? [] : orbit.warnings)])];
}

function summary(data, ours) {
  if (data.last === null) {
    const some = counted(data.collisions.length, "course");
    return h("p", { class: "lead" }, `${some} of ${ours.name} by what both sides state; nobody was seen to move.`);
  }
  const names = data.collisions.slice(0, FIRST).map((one) => one.name);
  const first = data.collisions.length > FIRST ? ", first of all" : "";
  const lead = !names.length ? data.notes.join(" ") : `By all that was seen up to ${day(data.last)}, ${ours.name} is on course to meet ${phrase(names)}${first}.`;
  return h(
    "div", { class: "stack" }, h("p", { class: "lead" }, lead),
    data.wording ? h("p", { class: "note wording" }, [data.wording, data.proof].filter(Boolean).map(ended).join(" ")) : null,
  );
}

/** With one full stop. */
function ended(text) {
  return sentence(text.replace(/\.$/, ""));
}

function ranksOf({ collisions }) {
  return new Map(collisions.map((one) => [one.partner, one.rank]));
}

/** The picture of a facet and the choice of another one, which changes what is inside. */
function pictured(orbit, ranks, ask, path, signal) {
  const inside = h("div", { class: "stack orbit-inside" });
  let shown = new AbortController();
  const fill = (one) => {
    shown.abort();
    shown = new AbortController();
    inside.replaceChildren(one.tracks.length > 1 ? figure(one, ranks, shown.signal) : empty("No orbit to draw", one.notes.join(" ")));
  };
  let wanted = orbit.facet;
  const pick = async (facet) => {
    wanted = facet;
    inside.setAttribute("aria-busy", "true");
    try {
      const { data } = await ask(facet);
      if (wanted !== facet) return;
      rename(path, { facet });
      fill(data);
      announce(`Shown is: ${(MOVES[facet] ?? facet).toLowerCase()}`);
    } catch (error) {
      if (!signal.aborted && wanted === facet) inside.replaceChildren(trouble(error));
    }
    inside.removeAttribute("aria-busy");
  };
  signal.addEventListener("abort", () => shown.abort());
  fill(orbit);
  return h("section", { class: "card orbit-card", "aria-label": "Orbit" }, orbit.facets.length ? facetPicker(orbit, pick) : null, inside);
}

function facetPicker({ facets, facet }, pick) {
  const option = (one) => h(
    "label", {}, h("input", { type: "radio", name: "facet", value: one, checked: one === facet, on: { change: () => pick(one) } }),
    h("span", {}, MOVES[one] ?? one),
  );
  return h("fieldset", { class: "orbit-facets" }, h("legend", {}, "They move in"), h("div", { class: "segments" }, facets.map(option)));
}

function figure(orbit, ranks, signal) {
  const toward = orbit.tracks.filter((track) => track.verdict === "converging").length;
  const closer = counted(toward, "partner comes", "partners come");
  const span = `from ${day(orbit.dates[0])} to ${day(orbit.until)}`;
  const label = `Orbit of ${orbit.name} ${span}: ${closer} closer. The same stands in the table below.`;
  const picture = orbitPicture(orbit, ranks, label, signal);
  return h(
    "figure", { class: "orbit-figure" },
    picture.element,
    orbitPlayer(picture, orbit.dates, signal),
    orbitLegend(),
    h("figcaption", { class: "small" }, caption(orbit)),
    h("details", { class: "more" }, h("summary", {}, "The orbit as a table"), orbitTable(orbit)),
  );
}

function caption(orbit) {
  const others = orbit.tracks.length - 1;
  return `${orbit.name} stands in the middle, and ${count(others)} others move beside it: those it is likeliest to meet, and the nearest ones. `
    + "How far a mark is from the middle is how far apart the two are; its direction is what a plane can keep of many dimensions "
    + `(${percent(orbit.shown)} of what sets them apart). ${orbit.notes.join(" ")}`;
}

function unseen(warnings) {
  return h(
    "section", { class: "card unseen-motion" },
    h("h2", {}, "Stated, not observed"),
    warnings.map((text) => h("p", {}, text)),
    h("p", {}, "To see who really moves, add the partners as they were, one row for each partner and date, with the columns of the "
      + "partners table and the date in as_of, and build again:"),
    h("pre", { class: "scroll", tabindex: "0" }, h("code", {}, BUILD)),
    h("p", { class: "small" }, "From four dates on there is a course with its chance; of two or three no more than a direction is told."),
  );
}

function list({ collisions }, ours, seen) {
  if (!collisions.length) return seen ? null : empty("No course is stated", `Nobody's goals lead into ${ours.name} while its own lead into theirs.`);
  const card = seen ? collisionCard : statedCard;
  return h(
    "section", { class: "stack", "aria-labelledby": "courses" },
    h("h2", { id: "courses" }, seen ? "Who is about to be met" : "Stated courses"),
    h("ol", { class: "cards" }, collisions.map((one) => card(one, ours))),
  );
}
