// A colour of the map as the style has it; kept, since asking for one makes the browser work out all styles.

/** @type {Map<string, string>} */
const colours = new Map();

/**
 * Look up a colour of the map in the theme of the moment.
 *
 * @param {string} name
 */
export function colour(name) {
  const kept = colours.get(name);
  if (kept !== undefined) { return kept; }
  const value = getComputedStyle(document.documentElement).getPropertyValue("--map-" + name).trim();
  colours.set(name, value);
  return value;
}

/** Forget the colours of a theme that is no longer shown. */
export function forgetColours() { colours.clear(); }
