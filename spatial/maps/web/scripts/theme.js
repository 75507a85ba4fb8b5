// Light or dark: as the system has it, or as somebody chose on the page.
import { forgetColours } from "./colours.js";

const THEMES = ["light", "dark"];

/** @typedef {ReturnType<typeof createTheme>} Theme */

/**
 * Show a theme, and let it be changed.
 *
 * @param {string | null} wanted
 * @param {() => void} onChange
 */
export function createTheme(wanted, onChange) {
  const root = document.documentElement, system = window.matchMedia("(prefers-color-scheme: dark)");
  let chosen = wanted !== null && THEMES.includes(wanted) ? wanted : null;
  /** @type {string | null} */
  let forced = null;
  function show() {
    const theme = forced || chosen;
    if (theme) { root.dataset.theme = theme; } else { delete root.dataset.theme; }
    forgetColours();
  }
  const ofSystem = () => (system.matches ? "dark" : "light");
  const next = () => ((chosen || ofSystem()) === "dark" ? "light" : "dark");
  /** @param {string | null} theme */
  function choose(theme) {
    // What the system has anyway need not be remembered.
    chosen = theme !== null && THEMES.includes(theme) && theme !== ofSystem() ? theme : null;
    show();
    onChange();
  }
  system.addEventListener("change", () => { show(); onChange(); });
  show();
  return {
    choose, next, turn: () => choose(next()),
    /** @param {string | null} theme */
    force(theme) { forced = theme; show(); },
    get chosen() { return chosen; },
  };
}
