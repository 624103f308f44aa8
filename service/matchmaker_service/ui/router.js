/** Hash routes: which view is shown, where the focus goes, and where a page was scrolled to. */

import { announce } from "./dom.js";
import { failed, waiting } from "./parts/states.js";

const positions = new Map();
let current = { stop: new AbortController(), entry: null };
let first = true;

/** The path and the query of an address such as #/partner/x?k=20. */
export function place(hash = location.hash) {
  const [path, query = ""] = hash.replace(/^#/, "").split("?");
  return { path: path || "/", query: new URLSearchParams(query) };
}

/** An address of the page; what is empty is left out of the query. */
export function address(path, query = {}) {
  const pairs = Object.entries(query).filter(([, value]) => value !== null && value !== undefined && value !== "");
  const text = new URLSearchParams(pairs).toString();
  return `#${path}${text ? `?${text}` : ""}`;
}

/** The address of a partner, or of a page of it. */
export function partnerAddress(id, page = "") {
  return address(`/partner/${encodeURIComponent(id)}${page && `/${page}`}`);
}

/** Change the address without leaving the view. */
export function rename(path, query) {
  history.replaceState(history.state, "", address(path, query));
}

/** Show the view of the address, now and whenever it changes. routes: [pattern, name of the menu's entry, view]. */
export function start(routes) {
  history.scrollRestoration = "manual";
  addEventListener("hashchange", () => { if (location.hash !== "#main") show(routes); });
  document.getElementById("skip").addEventListener("click", (event) => {
    event.preventDefault();
    document.getElementById("main").focus();
  });
  show(routes);
}

/** Show the address once more. */
export function again() {
  dispatchEvent(new HashChangeEvent("hashchange"));
}

async function show(routes) {
  current.stop.abort();
  if (current.entry) positions.set(current.entry, scrollY);
  const entry = history.state?.entry ?? crypto.randomUUID?.() ?? String(Math.random());
  history.replaceState({ entry }, "");
  const stop = new AbortController();
  current = { stop, entry };
  const main = document.getElementById("main");
  const { path, query } = place();
  const [found, menu, view] = matching(routes, path);
  mark(menu);
  const timer = window.setTimeout(() => { main.replaceChildren(waiting()); }, first ? 0 : 120);
  main.setAttribute("aria-busy", "true");
  let shown;
  try {
    shown = await view({ parts: found.slice(1).map(decoded), query, path, signal: stop.signal });
  } catch (error) {
    shown = stop.signal.aborted ? null : failed(error);
  }
  window.clearTimeout(timer);
  if (stop.signal.aborted) return;
  main.replaceChildren(shown);
  main.removeAttribute("aria-busy");
  settle(main, entry);
}

function matching(routes, path) {
  for (const [pattern, menu, view] of routes) {
    const found = pattern.exec(path);
    if (found) return [found, menu, view];
  }
  throw new Error("The last route takes every path.");
}

function settle(main, entry) {
  const heading = main.querySelector("h1");
  document.title = heading ? `${heading.textContent} · Matchmaker` : "Matchmaker";
  if (!first) {
    heading?.setAttribute("tabindex", "-1");
    heading?.focus({ preventScroll: true });
    announce(heading?.textContent ?? "");
  }
  first = false;
  scrollTo(0, positions.get(entry) ?? 0);
}

function mark(menu) {
  for (const entry of document.querySelectorAll("[data-menu]")) {
    if (entry.dataset.menu === menu) entry.setAttribute("aria-current", "page");
    else entry.removeAttribute("aria-current");
  }
}

function decoded(part) {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}
