// Light or dark: as the system has it, or as somebody chose on the page.
faellesrum.theme = function (wanted, changed) {
  "use strict";
  const THEMES = ["light", "dark"], root = document.documentElement, system = window.matchMedia("(prefers-color-scheme: dark)");
  let chosen = THEMES.includes(wanted) ? wanted : null, forced = null;
  function show() {
    const theme = forced || chosen;
    if (theme) { root.dataset.theme = theme; } else { delete root.dataset.theme; }
    faellesrum.colour.forget();
  }
  const current = () => chosen || (system.matches ? "dark" : "light");
  const next = () => (current() === "dark" ? "light" : "dark");
  function choose(theme) {
    // What the system has anyway need not be remembered.
    chosen = THEMES.includes(theme) && theme !== (system.matches ? "dark" : "light") ? theme : null;
    show();
    changed();
  }
  system.addEventListener("change", () => { show(); changed(); });
  show();
  return { choose, next, turn: () => choose(next()), force(theme) { forced = theme; show(); }, get chosen() { return chosen; } };
};
