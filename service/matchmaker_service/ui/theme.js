/** Light or dark: as the system says, or as was chosen here. */

const KEPT = "matchmaker.theme";
const dark = matchMedia("(prefers-color-scheme: dark)");

/** Whether the page is dark now. */
export function isDark() {
  const chosen = document.documentElement.dataset.theme;
  return chosen ? chosen === "dark" : dark.matches;
}

/** Take the kept choice, and let the button change it. Fires `themechange` on the document. */
export function startTheme(button) {
  const kept = localStorage.getItem(KEPT);
  if (kept === "dark" || kept === "light") document.documentElement.dataset.theme = kept;
  const tell = () => {
    button.textContent = isDark() ? "Light" : "Dark";
    button.setAttribute("aria-label", isDark() ? "Use light colours" : "Use dark colours");
    document.dispatchEvent(new Event("themechange"));
  };
  button.addEventListener("click", () => {
    const next = isDark() ? "light" : "dark";
    document.documentElement.dataset.theme = next;
    localStorage.setItem(KEPT, next);
    tell();
  });
  dark.addEventListener("change", tell);
  tell();
}

/** A colour of the style sheet as rgb(…), for what is drawn. */
export function colour(variable) {
  const probe = document.createElement("i");
  probe.style.setProperty("color", `var(${variable})`);
  document.body.append(probe);
  const found = getComputedStyle(probe).color;
  probe.remove();
  return found;
}
