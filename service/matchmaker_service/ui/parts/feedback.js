/** Accepted or declined: what a person makes of a match, told to the service. */

import { post } from "../api.js";
import { announce, h } from "../dom.js";

const KEPT = "matchmaker.feedback";
const CHOICES = { accepted: "Accept", declined: "Decline" };

/** Two buttons for a match; ours: id of the partner that asks. */
export function feedback(ours, match) {
  const told = h("span", { class: "small told" });
  const buttons = Object.entries(CHOICES).map(([outcome, text]) =>
    h("button", {
      type: "button", class: `choice ${outcome}`, "data-outcome": outcome, "aria-pressed": "false",
      "aria-label": `${text} ${match.name}`, on: { click: () => send(outcome) },
    }, text));
  const mark = (outcome) => {
    buttons.forEach((button) => button.setAttribute("aria-pressed", String(button.dataset.outcome === outcome)));
    told.textContent = `You ${outcome} this.`;
  };
  async function send(outcome) {
    buttons.forEach((button) => button.setAttribute("aria-disabled", "true"));
    try {
      await post("v1/feedback", { recommendation_id: match.recommendation_id, outcome });
      keep(`${ours}>${match.partner}`, outcome);
      mark(outcome);
      announce(`${match.name}: ${outcome}, recorded.`);
    } catch (error) {
      told.textContent = `Not recorded: ${error.message}`;
      announce(told.textContent);
    }
    buttons.forEach((button) => button.removeAttribute("aria-disabled"));
  }
  const before = kept()[`${ours}>${match.partner}`];
  if (before) mark(before);
  return h("div", { class: "row feedback", role: "group", "aria-label": `What you make of ${match.name}` }, buttons, told);
}

function kept() {
  return JSON.parse(sessionStorage.getItem(KEPT) ?? "{}");
}

function keep(pair, outcome) {
  sessionStorage.setItem(KEPT, JSON.stringify({ ...kept(), [pair]: outcome }));
}
