/** The head of everything that is shown of one partner. */

import { h, link } from "../dom.js";
import { band } from "../numbers.js";
import { address, partnerAddress } from "../router.js";

const TITLES = { matches: "Matches for ", gaps: "Gaps of ", course: "Collision course of " };

/** Name, kind, size and the ways on. at: profile, matches, gaps or course. */
export function partnerHead(stated, at) {
  const tab = (name, text, href) => link(href, { "aria-current": at === name ? "page" : null }, text);
  const about = [...stated.categories, ...stated.partner_types, band(stated.size_band)].filter(Boolean);
  const title = `${TITLES[at] ?? ""}${stated.name}`;
  return h(
    "header", { class: "partner-head" },
    h("h1", {}, title),
    h("p", { class: "about" }, [...new Set(about)].join(" · "), stated.domain ? [" · ", site(stated.domain)] : null),
    h(
      "nav", { class: "tabs", "aria-label": stated.name },
      tab("profile", "Profile", partnerAddress(stated.id)),
      tab("matches", "Matches", partnerAddress(stated.id, "matches")),
      tab("gaps", "Gaps", partnerAddress(stated.id, "gaps")),
      tab("course", "Course", partnerAddress(stated.id, "course")),
      tab("compare", "Compare", address("/compare", { a: stated.id })),
      tab("map", "Map", address("/map", { partner: stated.id })),
    ),
  );
}

function site(domain) {
  if (!/^[a-z0-9.-]+$/i.test(domain)) return domain;
  return link(`https://${domain}/`, { rel: "noopener noreferrer", target: "_blank", class: "site" }, domain);
}
