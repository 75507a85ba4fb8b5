// Scores as bars and numbers.
import { drawOn, h } from "./elements.js";
/** @import { Table } from "./payload.js" */
/** @import { Scale } from "./scale.js" */
/** @import { Words } from "./words.js" */

/** @typedef {ReturnType<typeof createMarks>} Marks */
/** @typedef {{ low: number | null, best: number | null, high: number | null }} Interval thousandths */

/**
 * Look up a score of an object.
 *
 * @param {Table} table
 * @param {number} i
 * @param {string} name
 * @returns {Interval}
 */
export function scoreOf(table, i, name) {
  const [low, best, high] = table.scores[name].map((column) => column[i]);
  return { low, best, high };
}

/**
 * Make what draws scores beside the map.
 *
 * @param {Words} words
 * @param {Scale} scale
 */
export function createMarks(words, scale) {
  const t = words.t, share = (/** @type {number} */ perMille) => (perMille / 10).toFixed(1) + "%";
  /** @param {Table} table @param {number} i */
  function swatch(table, i) {
    return drawOn(h("canvas", { class: "fr-swatch", width: 28, height: 28, "aria-hidden": "true" }), (context, width, height) => {
      context.fillStyle = scale.fill(table, i);
      context.fillRect(0, 0, width, height);
    });
  }
  /** @param {Interval} interval @param {string | null} [colour] */
  function bar({ low, best, high }, colour) {
    const track = h("span", { class: "fr-bar", "aria-hidden": "true" });
    if (best === null) { track.classList.add("fr-none"); return track; }
    const fill = h("span", { class: "fr-fill" });
    fill.style.width = share(best);
    if (colour) { fill.style.background = colour; }
    track.append(fill);
    if (low !== null && high !== null) {
      const whisker = h("span", { class: "fr-whisker" });
      whisker.style.left = share(low);
      whisker.style.width = share(Math.max(high - low, 0));
      track.append(whisker);
    }
    const dot = h("span", { class: "fr-dot" });
    dot.style.left = share(best);
    track.append(dot);
    return track;
  }
  /** @param {Interval} interval */
  function number({ low, best, high }) {
    if (best === null) { return h("span", { class: "fr-number" }, "–"); }
    const ends = { low: words.score(low ?? best), high: words.score(high ?? best) };
    return h("span", { class: "fr-number", "aria-label": t("map.details.interval", { best: words.score(best), ...ends }) },
      h("b", {}, words.score(best)), " ", h("small", {}, t("format.range", ends)));
  }
  // In the colour of the map only where the map shows scores.
  /** @param {Interval} interval */
  function colouredBar(interval) { return bar(interval, scale.isScore() ? scale.colourOf(interval.best) : null); }
  /** @param {number} perMille */
  function coverageBar(perMille) {
    const fill = h("span", {});
    fill.style.width = share(perMille);
    return h("p", { class: "fr-coverage" }, h("span", { class: "fr-known", "aria-hidden": "true" }, fill),
      words.upper(words.coverage(perMille)) + " (" + words.percent(perMille) + ")");
  }
  // The mark of a state of evidence.
  /** @param {string} state */
  function evidence(state) {
    const about = words.evidence(state);
    return h("span", { class: "fr-mark fr-" + state.split(" ")[0], title: about.text }, h("i", { "aria-hidden": "true" }, about.mark), about.title);
  }
  return { swatch, bar, colouredBar, number, coverageBar, evidence };
}
