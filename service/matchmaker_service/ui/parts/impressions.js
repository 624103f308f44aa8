/** What was really shown: a card counts once half of it was in sight for half a second. */

import { post } from "../api.js";
import { settled } from "../dom.js";

const LONG_ENOUGH = 500;
const told = new Set();
let waiting = [];
let refused = false;

/** Watch cards, each with its recommendation's id in `data-recommendation`, until `signal` aborts. */
export function watch(cards, signal) {
  const timers = new Map();
  const seen = new IntersectionObserver((entries) => {
    for (const { target, isIntersecting } of entries) {
      window.clearTimeout(timers.get(target));
      if (isIntersecting) timers.set(target, window.setTimeout(() => note(target.dataset.recommendation), LONG_ENOUGH));
    }
  }, { threshold: 0.5 });
  cards.filter((card) => card.dataset.recommendation).forEach((card) => seen.observe(card));
  signal.addEventListener("abort", () => {
    seen.disconnect();
    timers.forEach((timer) => window.clearTimeout(timer));
  });
}

function note(id) {
  if (told.has(id) || refused) return;
  told.add(id);
  waiting.push({ recommendation_id: id, shown_at: new Date().toISOString() });
  send();
}

const send = settled(async () => {
  const impressions = waiting.splice(0, 100);
  try {
    await post("v1/impressions", { impressions });
  } catch (error) {
    if (error.status === 403) refused = true; // a key that may only read: the list is as good without
    else impressions.forEach((one) => told.delete(one.recommendation_id));
  }
}, 400);
