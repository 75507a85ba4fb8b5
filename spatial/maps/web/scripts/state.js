// What is shown stands in the address, so that a link or a bookmark shows it again:
// #lang=en&by=openness&show=space:osm:way/1&w=openness:2,mixing:0&i=lit_share:3&at=17/53.56/13.26

/** @typedef {{ aspects: Record<string, number>, indicators: Record<string, number> }} Weights */
/** @typedef {{ zoom: number, center: [number, number] }} View zoom, and latitude and longitude */

/**
 * @typedef {object} State
 * @property {string | null} lang
 * @property {string | null} theme
 * @property {string | null} by score or indicator that the fill shows
 * @property {boolean | null} relative whether the fill shows differences within the estate; null: as it is best
 * @property {string | null} lens
 * @property {string | null} show id of what is chosen
 * @property {Weights | null} weights
 * @property {number | null} swipe share of the window that shows what was there before
 * @property {string[]} off layers that are switched off
 * @property {View | null} view
 * @property {string} find
 */

const KEYS = ["lang", "theme", "by", "scale", "lens", "show", "w", "i", "swipe", "off", "at", "find"];
const LARGEST_WEIGHT = 1000, SCALES = /** @type {Record<string, boolean>} */ ({ own: true, all: false });

/** @param {string | null} text */
function readWeights(text) {
  /** @type {Record<string, number>} */
  const weights = {};
  for (const part of (text || "").split(",")) {
    const at = part.lastIndexOf(":"), weight = Number(part.slice(at + 1));
    if (at > 0 && part.slice(at + 1) !== "" && weight >= 0 && weight < LARGEST_WEIGHT) { weights[part.slice(0, at)] = weight; }
  }
  return weights;
}

/** @param {Record<string, number>} weights */
function writeWeights(weights) {
  return Object.entries(weights).map(([key, weight]) => key + ":" + Math.round(weight * 1000) / 1000).join(",");
}

/** @param {string | null} text */
function readSwipe(text) {
  const percent = Number(text);
  return text !== null && percent >= 0 && percent <= 100 ? percent / 100 : null;
}

/**
 * Read what the address of the page asks for.
 *
 * @returns {State}
 */
export function readState() {
  const values = new URLSearchParams(window.location.hash.slice(1)), get = (/** @type {string} */ key) => values.get(key);
  const at = (get("at") || "").split("/").map(Number);
  return {
    lang: get("lang"), by: get("by"), lens: get("lens"), theme: get("theme"), show: get("show"), find: get("find") || "",
    weights: values.has("w") || values.has("i") ? { aspects: readWeights(get("w")), indicators: readWeights(get("i")) } : null,
    relative: SCALES[get("scale") ?? ""] ?? null,
    swipe: readSwipe(get("swipe")),
    off: (get("off") || "").split(",").filter(Boolean),
    view: at.length === 3 && at.every(Number.isFinite) ? { zoom: at[0], center: [at[1], at[2]] } : null,
  };
}

/**
 * Write a state as the end of an address; what is as it always is takes no room.
 *
 * @param {State} state
 */
export function stateText(state) {
  /** @type {Record<string, string | null>} */
  const values = {
    lang: state.lang, theme: state.theme, by: state.by, lens: state.lens, show: state.show, find: state.find, off: state.off.join(","),
    scale: state.relative === null ? null : state.relative ? "own" : "all",
    swipe: state.swipe === null ? null : String(Math.round(state.swipe * 100)),
    w: state.weights && writeWeights(state.weights.aspects), i: state.weights && writeWeights(state.weights.indicators),
    at: state.view && [state.view.zoom, state.view.center[0].toFixed(5), state.view.center[1].toFixed(5)].join("/"),
  };
  const parts = KEYS.filter((key) => values[key])
    .map((key) => key + "=" + encodeURIComponent(values[key] ?? "").replace(/%(3A|2F|2C)/g, decodeURIComponent));
  return parts.length ? "#" + parts.join("&") : "";
}

/**
 * Put a state into the address of the page.
 *
 * @param {State} state
 */
export function writeState(state) {
  const wanted = stateText(state);
  if (wanted === window.location.hash) { return; }
  // Not every viewer of attachments lets a page have a history; then the page works without.
  try { window.history.replaceState(null, "", wanted || window.location.pathname + window.location.search); } catch { /* shown all the same */ }
}
