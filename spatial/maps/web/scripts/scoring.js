// Scores under any weights: aspects, floating potential, coverage and ranks, as spatial/scoring has them.
// Python judged the values; what is weighed here are those judged values, so both say the same.
/** @import { Bounds, Judged, Lens, Payload, Table } from "./payload.js" */
/** @import { Weights } from "./state.js" */

/** @typedef {NonNullable<ReturnType<typeof createScoring>>} Scoring */
/** @typedef {"spaces" | "places"} TableName */
/** @typedef {{ aspects?: Record<string, number>, indicators?: Record<string, number> } | null} SomeWeights null: those of the rubric */
/** @typedef {Pick<Table, "scores" | "rank" | "tier" | "coverage" | "rank_low" | "rank_high">} Scores the columns that weights change */

/**
 * @typedef {object} JudgedValues N objects by I indicators, row by row.
 * @property {string[]} names
 * @property {Float32Array} low
 * @property {Float32Array} best
 * @property {Float32Array} high
 * @property {(cell: number) => boolean} known
 */

const SAME_SUM = 1e-12; // sums of the same weights in another order differ in the last digit
const ROUNDING = 1e-6; // of judged values, which travel in single precision
const CONDITION = "gate";

/**
 * Make the model of scores of a page; null without judged values.
 *
 * @param {Payload} data
 */
export function createScoring(data) {
  if (!data.judged) { return null; }
  const [FLOATING, ...ASPECTS] = data.config.scores, rubric = data.rubric;
  const conditions = Object.keys(rubric.indicators).filter((id) => rubric.indicators[id].aspect === CONDITION);
  const plain = { spaces: decodeJudged(data.judged.spaces), places: decodeJudged(data.judged.places) };
  let tables = plain;
  /** @type {Lens | null} */
  let lens = null;
  /** @type {SomeWeights} */
  let applied = null;
  // What Python has scored, to come back to.
  const given = { spaces: scoresOf(data.spaces), places: scoresOf(data.places) };

  // Through a lens: its columns in the place of those without it. null: without a lens.
  /** @param {string | null} id */
  function look(id) {
    lens = data.lenses.find((each) => each.id === id) || null;
    tables = lens ? { spaces: through(plain.spaces, lens.tables.spaces), places: through(plain.places, lens.tables.places) } : plain;
  }
  // Weights of the rubric, or of the lens.
  /** @returns {Weights} */
  function base() {
    const own = Object.fromEntries(Object.entries(rubric.indicators).map(([id, rule]) => [id, rule.weight]));
    return { aspects: rubric.aspects, indicators: { ...own, ...lens?.weights } };
  }
  // Weights in full: those given, and for the rest those of the rubric.
  /** @param {SomeWeights} weights @returns {Weights} */
  function complete(weights) {
    const { aspects, indicators } = base();
    const full = { aspects: { ...aspects, ...weights?.aspects }, indicators: { ...indicators, ...weights?.indicators } };
    for (const id of conditions) { full.indicators[id] = indicators[id]; } // nobody weighs a condition
    return full;
  }
  // Shares: of each indicator in its aspect, and of each aspect; an aspect without a weighed indicator has none.
  /** @param {string[]} names @param {SomeWeights} weights */
  function sharesOf(names, weights) {
    const full = complete(weights), within = names.map((id) => full.indicators[id]);
    const totals = zeros();
    const aspect = names.map((id) => ASPECTS.indexOf(rubric.indicators[id].aspect));
    aspect.forEach((a, k) => { if (a >= 0) { totals[a] += within[k]; } });
    const across = ASPECTS.map((name, a) => (totals[a] > 0 ? full.aspects[name] : 0));
    const sum = across.reduce((total, weight) => total + weight, 0);
    return {
      aspect, within: within.map((weight, k) => (totals[aspect[k]] > 0 ? weight / totals[aspect[k]] : 0)),
      gates: names.flatMap((id, k) => (aspect[k] < 0 && rubric.indicators[id].weight > 0 ? [k] : [])),
      across: across.map((weight) => (sum > 0 ? weight / sum : 0)), sum,
    };
  }
  /** @returns {number[]} */
  function zeros() { return new Array(ASPECTS.length).fill(0); }
  /** @param {SomeWeights} weights */
  function shares(weights) { return sharesOf(plain.spaces.names, weights); }
  // Whether anything is weighed at all.
  /** @param {SomeWeights} weights */
  function sound(weights) { return shares(weights).sum > 0; }

  /** @param {number[]} aspects @param {number[]} across */
  function combine(aspects, across) {
    if (rubric.mean === "arithmetic") { return aspects.reduce((sum, value, a) => sum + value * across[a], 0); }
    let logs = 0;
    for (let a = 0; a < across.length; a++) { if (across[a] > 0) { logs += across[a] * Math.log(aspects[a]); } }
    return Math.exp(logs);
  }
  // Shares from 0 to 1, by name of the score: low, best, high.
  /** @param {TableName} name @param {SomeWeights} weights */
  function score(name, weights) {
    const table = tables[name], { names } = table, { aspect, within, across, gates } = sharesOf(names, weights);
    const count = rowCount(table), open = new Array(count).fill(true);
    const columns = () => [0, 1, 2].map(() => new Float64Array(count));
    const scores = Object.fromEntries(data.config.scores.map((key) => [key, columns()]));
    const coverage = new Float64Array(count);
    for (let i = 0; i < count; i++) {
      [table.low, table.best, table.high].forEach((part, end) => {
        const sums = zeros();
        for (let k = 0; k < names.length; k++) { if (aspect[k] >= 0) { sums[aspect[k]] += part[i * names.length + k] * within[k]; } }
        ASPECTS.forEach((key, a) => { scores[key][end][i] = clip(sums[a]); });
        const gate = gates.reduce((product, k) => product * part[i * names.length + k], 1);
        scores[FLOATING][end][i] = clip(gate * combine(sums, across));
        if (part === table.best) { open[i] = gate > data.config.closed_at + ROUNDING; }
      });
      for (let k = 0; k < names.length; k++) {
        if (aspect[k] >= 0 && table.known(i * names.length + k)) { coverage[i] += across[aspect[k]] * within[k]; }
      }
    }
    const enough = open.map((each, i) => each && coverage[i] >= rubric.min_coverage - SAME_SUM);
    return { scores, coverage, rank: ranks(scores[FLOATING][1], enough) };
  }
  // Puts scores under these weights into the tables that are drawn; null: what Python has scored.
  /** @param {SomeWeights} weights */
  function apply(weights) {
    applied = weights;
    for (const name of /** @type {TableName[]} */ (["spaces", "places"])) {
      Object.assign(data[name], !weights && !lens ? given[name] : scoresUnder(name, weights));
    }
  }
  /** @param {TableName} name @param {SomeWeights} weights @returns {Scores} */
  function scoresUnder(name, weights) {
    const { scores, coverage, rank } = score(name, weights), unknown = rank.map(() => null);
    const inPerMille = Object.entries(scores).map(([key, parts]) => [key, /** @type {Bounds} */ (parts.map((part) => Array.from(part, perMille)))]);
    return { scores: Object.fromEntries(inPerMille), rank, tier: unknown, coverage: Array.from(coverage, perMille), rank_low: unknown, rank_high: unknown };
  }
  // What one unknown could make of the floating potential of an object, all else at its best estimate.
  /** @param {TableName} name @param {number} i @param {string} id */
  function swing(name, i, id) {
    const table = tables[name], { names } = table, { aspect, within, across, gates } = sharesOf(names, applied), wanted = names.indexOf(id);
    if (wanted < 0) { return null; }
    return [table.low, table.high].map((part) => {
      const sums = zeros(), value = (/** @type {number} */ k) => (k === wanted ? part : table.best)[i * names.length + k];
      for (let k = 0; k < names.length; k++) { if (aspect[k] >= 0) { sums[aspect[k]] += value(k) * within[k]; } }
      return perMille(clip(gates.reduce((product, k) => product * value(k), combine(sums, across))));
    });
  }

  return {
    look, base, swing, apply, sound, complete, shares, score, names: plain.spaces.names,
    get lens() { return lens; },
    /** Weights that are applied; null: those of the rubric, or of the lens. */
    get applied() { return applied; },
  };
}

/** @param {number} value */
function clip(value) { return Math.min(Math.max(value, 0), 1); }

/** @param {number} share */
function perMille(share) { return share * 1000; }

/** @param {Table} table @returns {Scores} */
function scoresOf(table) {
  return { scores: table.scores, rank: table.rank, tier: table.tier, coverage: table.coverage, rank_low: table.rank_low, rank_high: table.rank_high };
}

/** @param {JudgedValues} table */
function rowCount(table) { return table.names.length ? table.best.length / table.names.length : 0; }

/** @param {string} base64 */
function bytesOf(base64) {
  const letters = atob(base64), bytes = new Uint8Array(letters.length);
  for (let k = 0; k < bytes.length; k++) { bytes[k] = letters.charCodeAt(k); }
  return bytes;
}

/** @param {Judged} coded @returns {JudgedValues} */
function decodeJudged(coded) {
  const floats = (/** @type {string} */ base64) => new Float32Array(bytesOf(base64).buffer);
  const best = floats(coded.best), low = best.slice(), high = best.slice(), lows = floats(coded.low), highs = floats(coded.high);
  new Uint32Array(bytesOf(coded.open).buffer).forEach((cell, k) => { low[cell] = lows[k]; high[cell] = highs[k]; });
  const bits = bytesOf(coded.known);
  return { names: coded.indicators, low, best, high, known: (cell) => ((bits[cell >> 3] >> (cell & 7)) & 1) === 1 };
}

/** @param {JudgedValues} base @param {Judged} coded columns that differ @returns {JudgedValues} */
function through(base, coded) {
  const own = decodeJudged(coded), columns = own.names.map((id) => base.names.indexOf(id)), width = base.names.length;
  /** @param {"low" | "best" | "high"} part */
  const put = (part) => {
    const out = base[part].slice();
    columns.forEach((column, k) => {
      for (let i = 0; i < rowCount(base); i++) { out[i * width + column] = own[part][i * own.names.length + k]; }
    });
    return out;
  };
  const place = new Map(columns.map((column, k) => [column, k]));
  return {
    names: base.names, low: put("low"), best: put("best"), high: put("high"),
    known(cell) {
      const k = place.get(cell % width);
      return k === undefined ? base.known(cell) : own.known(Math.floor(cell / width) * own.names.length + k);
    },
  };
}

/** @param {Float64Array} best @param {boolean[]} enough whether each has a rank */
function ranks(best, enough) {
  const sorted = Array.from(best).filter((_, i) => enough[i]).sort((a, b) => b - a);
  /** @type {Map<number, number>} */
  const first = new Map();
  sorted.forEach((value, k) => { if (!first.has(value)) { first.set(value, k + 1); } });
  return Array.from(best, (value, i) => (enough[i] ? first.get(value) ?? null : null));
}
