// What the fill shows: a score or an indicator. Its classes, and how they are filled; the legend asks the
// same functions, so that it says what is drawn.
import { colour } from "./colours.js";
/** @import { Payload, Table } from "./payload.js" */
/** @import { Words } from "./words.js" */

const HATCH_PX = 8, MEETING = "meeting space";

/** @typedef {ReturnType<typeof createScale>} Scale */
/** @typedef {{ colour: string, from: number, to: number, texts: string[] }} Step class of values, and its two ends in words */

/**
 * Make the scale of a map; `show` chooses what it is of.
 *
 * @param {Payload} data
 * @param {Words} words
 */
export function createScale(data, words) {
  const config = data.config, ramp = config.ramp;
  let by = config.scores[0];
  let [low, high] = [0, 1000];
  /** @type {Map<Table, (number | null)[]>} */
  const columns = new Map();
  /** @type {Record<string, CanvasPattern | null>} */
  const patterns = {};

  const isScore = () => config.scores.includes(by);
  /** @param {Table} table */
  function column(table) {
    /** @type {(number | null)[]} */
    const values = new Array(table.id.length).fill(null);
    const wanted = config.indicators.indexOf(by), e = table.evidence;
    for (let i = 0; i < values.length; i++) {
      for (let row = e.start[i]; row < e.start[i + 1]; row++) {
        if (e.indicator[row] === wanted && config.evidence[Number(e.state[row])] !== "unknown") { values[i] = e.value[row]; }
      }
    }
    columns.set(table, values);
    return values;
  }
  // Scores in thousandths, indicators in their unit; null where there is none.
  /** @param {Table} table @param {number} i */
  function value(table, i) {
    return isScore() ? table.scores[by][1][i] : (columns.get(table) ?? column(table))[i];
  }
  function limits() {
    if (isScore()) { return [0, 1000]; }
    const form = words.indicator(by).form;
    if (form === "percent" || form === "yesno" || form === "holds") { return [0, 1]; }
    const values = data.spaces.id.map((_, i) => value(data.spaces, i)).filter((each) => each !== null);
    return values.length ? [Math.min(...values), Math.max(...values)] : [0, 1];
  }
  /** @param {string} name */
  function show(name) {
    by = config.scores.includes(name) || config.indicators.includes(name) ? name : config.scores[0];
    columns.clear();
    [low, high] = limits();
  }
  // Classes of equal width between the least and the largest that the map can show.
  /** @returns {Step[]} */
  function steps() {
    if (low === high) { return [{ colour: ramp[ramp.length - 1].colour, from: low, to: high, texts: [words.short(by, low)] }]; }
    const width = (high - low) / ramp.length;
    const at = (/** @type {number} */ k) => (isScore() ? String(Math.round((low + k * width) / 10)) : words.short(by, low + k * width));
    return ramp.map((step, k) => ({
      colour: step.colour, from: isScore() ? step.from : low + k * width, to: isScore() ? step.to : low + (k + 1) * width,
      texts: words.t("format.range", { low: at(k) + "\u0000", high: at(k + 1) }).replace(/\u0000\u2060?(.)\u2060?/, "$1\u0000").split("\u0000"),
    }));
  }
  /** @param {number | null} shown */
  function classOf(shown) {
    if (shown === null) { return -1; }
    if (low === high) { return ramp.length - 1; }
    const at = isScore() ? Math.round(shown) : shown; // scores count as whole thousandths, as everywhere
    return Math.max(0, Math.min(ramp.length - 1, Math.floor(((at - low) / (high - low)) * ramp.length + 1e-9)));
  }
  /** @param {number | null} shown */
  function colourOf(shown) {
    const index = classOf(shown);
    return index < 0 ? colour("unscored") : ramp[index].colour;
  }
  // Diagonal lines over the class colour: withheld from the ranking, or not known.
  /** @param {string} under @returns {CanvasPattern | string} */
  function hatch(under) { return (patterns[under] ??= drawHatch(under)) ?? under; }
  // What is no meeting space for everybody, where scores are shown: "closed", "seat" or "possible"; else null.
  /** @param {Table} table @param {number} i */
  function aside(table, i) {
    const status = table.status[i] ?? MEETING;
    return isScore() && status !== MEETING ? status : null;
  }
  /** @param {Table} table @param {number} i */
  function hatched(table, i) { return isScore() ? table.rank[i] === null && !aside(table, i) : value(table, i) === null; }
  /** @param {Table} table @param {number} i */
  function fill(table, i) {
    const status = aside(table, i);
    if (status) { return colour(status); }
    const under = colourOf(value(table, i));
    return hatched(table, i) ? hatch(under) : under;
  }
  return { show, steps, value, classOf, colourOf, hatch, hatched, aside, fill, ramp, isScore, get by() { return by; } };
}

/** @param {string} under */
function drawHatch(under) {
  const tile = document.createElement("canvas"), context = tile.getContext("2d");
  if (!context) { return null; }
  tile.width = tile.height = HATCH_PX;
  context.fillStyle = under;
  context.fillRect(0, 0, HATCH_PX, HATCH_PX);
  for (const [stroke, thick] of /** @type {[string, number][]} */ ([["#ffffff", 2.4], ["#2b2b2b", 1.1]])) {
    context.strokeStyle = stroke;
    context.lineWidth = thick;
    context.beginPath();
    for (const shift of [-HATCH_PX, 0, HATCH_PX]) {
      context.moveTo(shift - 2, HATCH_PX + 2);
      context.lineTo(shift + HATCH_PX + 2, -2);
    }
    context.stroke();
  }
  return context.createPattern(tile, "repeat");
}
