// What the fill shows: a score or an indicator. Its classes, and how they are filled; the legend asks the
// same functions, so that it says what is drawn.
import { colour } from "./colours.js";
/** @import { Payload, Table } from "./payload.js" */
/** @import { Words } from "./words.js" */

const HATCH_PX = 8, MEETING = "meeting space", WHOLE = 1000, POINT = 10; // scores are thousandths

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
  let [low, high] = [0, WHOLE], colours = ramp.map((step) => step.colour);
  /** @type {boolean | null} whether the fill shows differences within the estate; null: as it is best */
  let wish = null;
  /** @type {Map<string, boolean>} by score, whether most share a class */
  const crowded = new Map();
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
  // All that is filled by its value, of both sides of a plan.
  function filled() {
    const tables = data.plan ? [data.spaces, data.plan.before.spaces] : [data.spaces];
    return tables.flatMap((table) => table.id.map((_, i) => (aside(table, i) ? null : value(table, i))).filter((each) => each !== null));
  }
  function limits() {
    const values = filled();
    if (isScore()) { return isRelative() && values.length ? ownLimits(Math.min(...values), Math.max(...values)) : [0, WHOLE]; }
    const form = words.indicator(by).form;
    if (form === "percent" || form === "yesno" || form === "holds") { return [0, 1]; }
    return values.length ? [Math.min(...values), Math.max(...values)] : [0, 1];
  }
  // Ends at whole points, so that classes of equal width have them too.
  /** @param {number} least @param {number} most */
  function ownLimits(least, most) {
    const from = Math.floor(least / POINT) * POINT, width = Math.max(POINT, Math.ceil((most + 1 - from) / ramp.length / POINT) * POINT);
    const start = Math.max(0, Math.min(from, WHOLE - width * ramp.length));
    return [start, start + width * ramp.length];
  }
  // Where most share a class of the common scale, the fill shows how they differ within the estate, unless somebody
  // wishes otherwise; other weights do not turn it round.
  function isRelative() {
    if (!isScore()) { return false; }
    if (!crowded.has(by)) { crowded.set(by, isCrowded()); }
    return wish ?? crowded.get(by) ?? false;
  }
  function isCrowded() {
    const counts = new Array(ramp.length).fill(0), values = filled();
    for (const each of values) { counts[Math.min(ramp.length - 1, Math.floor((Math.round(each) / WHOLE) * ramp.length + 1e-9))]++; }
    return values.length > 1 && Math.min(...values) < Math.max(...values) && Math.max(...counts) > values.length / 2;
  }
  /** @param {string} name */
  function show(name) {
    by = config.scores.includes(name) || config.indicators.includes(name) ? name : config.scores[0];
    columns.clear();
    refresh();
  }
  // After other weights: the ends of a scale of the estate's own follow the scores.
  function refresh() {
    [low, high] = limits();
    colours = isRelative() ? config.relative : ramp.map((step) => step.colour);
  }
  /** @param {boolean | null} on null: as it is best */
  function wishRelative(on) {
    wish = on;
    refresh();
  }
  // Classes of equal width between the least and the largest that the map can show; only those in which something lies.
  /** @returns {Step[]} */
  function steps() {
    if (low === high) { return [{ colour: colours[colours.length - 1], from: low, to: high, texts: [words.short(by, low)] }]; }
    const width = (high - low) / ramp.length, taken = new Set(filled().map(classOf));
    const at = (/** @type {number} */ k) => (isScore() ? String(Math.round((low + k * width) / POINT)) : words.short(by, low + k * width));
    return colours.map((each, k) => ({
      colour: each, from: isScore() ? (low + k * width) / POINT : low + k * width, to: isScore() ? (low + (k + 1) * width) / POINT : low + (k + 1) * width,
      texts: words.t("format.range", { low: at(k) + "\u0000", high: at(k + 1) }).replace(/\u0000\u2060?(.)\u2060?/, "$1\u0000").split("\u0000"),
    })).filter((_, k) => !taken.size || taken.has(k));
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
    return index < 0 ? colour("unscored") : colours[index];
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
  return { show, refresh, wishRelative, isRelative, steps, value, classOf, colourOf, hatch, hatched, aside, fill, isScore, get by() { return by; }, get wish() { return wish; } };
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
