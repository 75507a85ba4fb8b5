// Some rows of a table of the page, as a table: columns, shapes and evidence of these alone, in this order.
/** @import { Evidence, Features, Table } from "./payload.js" */

/**
 * Take rows out of a table.
 *
 * @param {Table} table
 * @param {number[]} rows
 * @returns {Table}
 */
export function pickRows(table, rows) {
  /** @template T @param {T[]} column @returns {T[]} */
  const of = (column) => (column.length ? rows.map((i) => column[i]) : []);
  /** @template T @param {Record<string, T[]>} columns */
  const ofEach = (columns) => Object.fromEntries(Object.entries(columns).map(([key, column]) => [key, of(column)]));
  return {
    id: of(table.id), space: of(table.space), kind: of(table.kind), status: of(table.status), tier: of(table.tier),
    name: ofEach(table.name), about: ofEach(table.about), inside: of(table.inside), area: of(table.area), coverage: of(table.coverage),
    rank: of(table.rank), rank_low: of(table.rank_low), rank_high: of(table.rank_high), top: of(table.top),
    scores: Object.fromEntries(Object.entries(table.scores).map(([key, [low, best, high]]) => [key, [of(low), of(best), of(high)]])),
    at: rows.flatMap((i) => [table.at[2 * i], table.at[2 * i + 1]]),
    shape: pickShapes(table.shape, rows), evidence: pickEvidence(table.evidence, rows),
  };
}

// Steps run on from ring to ring: a ring that follows another begins elsewhere.
/** @param {Features} shape @param {number[]} rows @returns {Features} */
function pickShapes(shape, rows) {
  const firstRing = runningSum(shape.rings), firstVertex = runningSum(shape.n);
  const x = runningSum(shape.d.filter((_, k) => k % 2 === 0)), y = runningSum(shape.d.filter((_, k) => k % 2 === 1));
  /** @type {Features} */
  const found = { n: [], d: [], rings: rows.map((i) => shape.rings[i]) };
  let east = 0, north = 0;
  for (const i of rows) {
    for (let ring = firstRing[i]; ring < firstRing[i + 1]; ring++) {
      found.n.push(shape.n[ring]);
      for (let v = firstVertex[ring]; v < firstVertex[ring + 1]; v++) {
        found.d.push(x[v + 1] - east, y[v + 1] - north);
        [east, north] = [x[v + 1], y[v + 1]];
      }
    }
  }
  return found;
}

/** @param {Evidence} evidence @param {number[]} rows @returns {Evidence} */
function pickEvidence(evidence, rows) {
  const own = rows.flatMap((i) => Array.from({ length: evidence.start[i + 1] - evidence.start[i] }, (_, k) => evidence.start[i] + k));
  const place = new Map(evidence.wide.map((row, k) => [row, k])), wide = own.flatMap((row, k) => (place.has(row) ? [k] : []));
  const bounds = wide.map((k) => place.get(own[k]) ?? 0);
  return {
    start: runningSum(rows.map((i) => evidence.start[i + 1] - evidence.start[i])),
    indicator: own.map((row) => evidence.indicator[row]), value: own.map((row) => evidence.value[row]),
    state: own.map((row) => evidence.state[row]).join(""), source: own.map((row) => evidence.source[row]), rule: own.map((row) => evidence.rule[row]),
    wide, low: bounds.map((k) => evidence.low[k]), high: bounds.map((k) => evidence.high[k]),
  };
}

// 0, and what the numbers make up to each.
/** @param {number[]} numbers */
function runningSum(numbers) {
  const sums = [0];
  for (const one of numbers) { sums.push(sums[sums.length - 1] + one); }
  return sums;
}
