/** Elements made of data. Text only ever becomes text: nothing here reads markup. */

/**
 * An element. given: `class`, `on` {event: listener}, `style` {property: value}, any property or attribute; what is null or false
 * is left out. children: nodes, text, or lists of them.
 */
export function h(tag, given = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(given)) {
    if (value === null || value === undefined || value === false) continue;
    if (name === "on") Object.entries(value).forEach(([event, act]) => made.addEventListener(event, act));
    else if (name === "style") Object.entries(value).forEach(([property, set]) => made.style.setProperty(property, set));
    else if (name === "value" || name === "checked" || name === "selected") made[name] = value;
    else made.setAttribute(name, value === true ? "" : value);
  }
  made.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false));
  return made;
}

/** An element of a drawing. given: attributes; what is null or false is left out. */
export function s(tag, given = {}, ...children) {
  const made = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(given)) if (value !== null && value !== false) made.setAttribute(name, value);
  made.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false));
  return made;
}

/** A link inside the page. */
export function link(href, given, ...children) {
  return h("a", { href, ...given }, ...children);
}

/** Say something to those who hear the page. */
export function announce(text) {
  const live = document.getElementById("live");
  live.textContent = "";
  window.setTimeout(() => { live.textContent = text; }, 60);
}

/** `act`, run once nothing was asked for `wait` ms. */
export function settled(act, wait) {
  let timer = 0;
  return (...given) => {
    window.clearTimeout(timer);
    timer = window.setTimeout(() => act(...given), wait);
  };
}
