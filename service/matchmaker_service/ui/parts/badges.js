/** Marks of a match: short words with their meaning. */

import { h } from "../dom.js";
import { FITS, MOTIONS, RELATIONS } from "../words.js";

const ONE_WAY = "The weaker side is below 50, and 25 or more behind the other.";
const CHANCE = "Of being seen as partners, by past partnerships. No probability of success.";
const COURSE = "Each side states a goal that leads into the other. Stated, not observed.";

/** A mark; kind: fit, warn, good, plain. */
export function badge(kind, text, tells) {
  return h("li", { class: `badge ${kind}`, title: tells }, text);
}

/** All marks of a match. names: of both sides. */
export function badges(match, names) {
  const fit = FITS[match.fit_type] ?? { name: match.fit_type, tells: "" };
  const gets = match.weaker_side === match.partner ? names[1] : names[0];
  return h(
    "ul", { class: "badges", "aria-label": "Marks" },
    badge(match.fit_type === "competitor" ? "warn" : "fit", fit.name, fit.tells),
    match.one_way_street ? badge("warn", `One-way street: little for ${gets}`, ONE_WAY) : null,
    match.stated_course ? badge("good", "On a stated course", COURSE) : null,
    match.motions.map((motion) => badge("plain", MOTIONS[motion.name]?.name ?? motion.name, motion.evidence)),
    match.relations.map((fact) => badge("plain", relationTold(fact), "A relation that is known already.")),
    badge("bare", `${match.confidence} confidence`, "How much both profiles say, not how good the match is."),
    match.history?.chance ? badge("bare", `${(100 * match.history.chance).toFixed(1)} % chance`, CHANCE) : null,
  );
}

/** A known relation in words. */
function relationTold(fact) {
  const name = RELATIONS[fact.type] ?? fact.type;
  return fact.status ? `${name} (${fact.status})` : name;
}
