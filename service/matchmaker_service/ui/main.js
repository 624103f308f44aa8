/** The page: its views and their addresses. */

import { start } from "./router.js";
import { startTheme } from "./theme.js";
import { compareView } from "./views/compare.js";
import { courseView } from "./views/course.js";
import { gapsView } from "./views/gaps.js";
import { mapView } from "./views/map.js";
import { matchesView } from "./views/matches.js";
import { missingView } from "./views/missing.js";
import { partnerView } from "./views/partner.js";
import { searchView } from "./views/search.js";

startTheme(document.getElementById("theme"));
start([
  [/^\/(?:search)?$/, "search", searchView],
  [/^\/partner\/([^/]+)$/, null, partnerView],
  [/^\/partner\/([^/]+)\/matches$/, null, matchesView],
  [/^\/partner\/([^/]+)\/gaps$/, null, gapsView],
  [/^\/partner\/([^/]+)\/course$/, null, courseView],
  [/^\/compare$/, "compare", compareView],
  [/^\/map$/, "map", mapView],
  [/.*/, null, missingView],
]);
