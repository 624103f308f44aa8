/** The integrations that one partner lacks: which to build next. */

import { get, partnerPath } from "../api.js";
import { announce, h } from "../dom.js";
import { count, counted } from "../numbers.js";
import { gapCard } from "../parts/gapcard.js";
import { notes, terms } from "../parts/notes.js";
import { partnerHead } from "../parts/partnerhead.js";
import { empty } from "../parts/states.js";
import { GAP_TERMS } from "../words.js";

const MOST = 20;

/** The view. */
export async function gapsView({ parts: [id], signal }) {
  const [partner, answer] = await Promise.all([
    get(partnerPath(id), {}, signal), get(partnerPath(id, "gaps"), { k: MOST }, signal),
  ]);
  const { data } = answer;
  const ours = { id: data.partner, name: data.name };
  announce(`${counted(data.missing.length, "missing integration")} of ${ours.name}`);
  return h(
    "div", { class: "gaps-view" },
    partnerHead(partner.data, "gaps"),
    summary(data),
    notes(answer.warnings),
    terms("What the words and numbers mean", GAP_TERMS),
    data.missing.length
      ? h("section", { "aria-label": "Missing integrations" }, h("ol", { class: "cards" }, data.missing.map((one) => gapCard(one, ours))))
      : empty("Nothing is missing", `${ours.name} has an integration with every partner that is known here.`),
  );
}

function summary({ missing, considered }) {
  const clear = missing.filter((one) => one.clear_market === "yes").length;
  return h(
    "p", {}, h("b", {}, counted(missing.length, "missing integration")), ` of ${count(considered)}, best to build first. `,
    clear ? `${counted(clear, "of them has", "of them have")} a clear market.` : "None of them has a clear market by what is known.",
  );
}
