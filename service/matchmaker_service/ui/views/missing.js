/** An address that leads nowhere. */

import { h, link } from "../dom.js";

/** The view. */
export async function missingView() {
  return h(
    "section", {},
    h("h1", {}, "There is no such page"),
    h("p", {}, "The address may be old or mistyped."),
    h("p", {}, link("#/", { class: "button" }, "Search for a partner")),
  );
}
