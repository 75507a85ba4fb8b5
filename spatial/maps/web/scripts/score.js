// Scores under any weights: aspects, floating potential, coverage and ranks, as spatial/scoring/scores.py has them.
// Python judged the values; what is weighed here are those judged values, so both say the same.
faellesrum.scoring = function (data) {
  "use strict";
  if (!data.judged) { return null; }
  const ASPECTS = data.config.scores.slice(1), rubric = data.rubric;
  const plain = { spaces: decode(data.judged.spaces), places: decode(data.judged.places) };
  let tables = plain, lens = null;
  // What Python has scored, to come back to.
  const given = new Map(["spaces", "places"].map((name) => [name, kept(data[name])]));

  function bytes(text) {
    const letters = atob(text), found = new Uint8Array(letters.length);
    for (let k = 0; k < found.length; k++) { found[k] = letters.charCodeAt(k); }
    return found.buffer;
  }
  function decode(coded) {
    const best = new Float32Array(bytes(coded.best)), low = best.slice(), high = best.slice();
    const lows = new Float32Array(bytes(coded.low)), highs = new Float32Array(bytes(coded.high));
    new Uint32Array(bytes(coded.open)).forEach((cell, k) => { low[cell] = lows[k]; high[cell] = highs[k]; });
    const bits = new Uint8Array(bytes(coded.known));
    return { names: coded.indicators, low, best, high, known: (cell) => (bits[cell >> 3] >> (cell & 7)) & 1 };
  }
  function kept(table) {
    return { scores: table.scores, rank: table.rank, coverage: table.coverage, rank_low: table.rank_low, rank_high: table.rank_high };
  }

  // Through a lens: its columns in the place of those without it. null: without a lens.
  function look(id) {
    lens = data.lenses.find((one) => one.id === id) || null;
    tables = lens ? { spaces: seen("spaces"), places: seen("places") } : plain;
  }
  function seen(name) {
    const base = plain[name], own = decode(lens.tables[name]), columns = own.names.map((id) => base.names.indexOf(id));
    const count = base.names.length ? base.best.length / base.names.length : 0;
    const put = (part) => {
      const out = base[part].slice();
      columns.forEach((column, k) => {
        for (let i = 0; i < count; i++) { out[i * base.names.length + column] = own[part][i * own.names.length + k]; }
      });
      return out;
    };
    const place = new Map(columns.map((column, k) => [column, k]));
    const known = (cell) => {
      const k = place.get(cell % base.names.length);
      return k === undefined ? base.known(cell) : own.known(Math.floor(cell / base.names.length) * own.names.length + k);
    };
    return { names: base.names, low: put("low"), best: put("best"), high: put("high"), known };
  }
  // Weights of the rubric, or of the lens.
  function base() {
    const own = Object.fromEntries(Object.entries(rubric.indicators).map(([id, rule]) => [id, rule.weight]));
    return { aspects: rubric.aspects, indicators: { ...own, ...(lens && lens.weights) } };
  }

  // Weights in full: those given, and for the rest those of the rubric.
  function complete(weights) {
    const { aspects, indicators } = base();
    return { aspects: { ...aspects, ...(weights && weights.aspects) }, indicators: { ...indicators, ...(weights && weights.indicators) } };
  }
  // Shares: of each indicator in its aspect, and of each aspect; an aspect without a weighed indicator has none.
  function shares(names, weights) {
    const full = complete(weights), within = names.map((id) => full.indicators[id]);
    const totals = new Array(ASPECTS.length).fill(0);
    const aspect = names.map((id) => ASPECTS.indexOf(rubric.indicators[id].aspect));
    aspect.forEach((a, k) => { totals[a] += within[k]; });
    const across = ASPECTS.map((name, a) => (totals[a] > 0 ? full.aspects[name] : 0));
    const sum = across.reduce((one, other) => one + other, 0);
    return {
      aspect, within: within.map((weight, k) => (totals[aspect[k]] > 0 ? weight / totals[aspect[k]] : 0)),
      across: across.map((weight) => (sum > 0 ? weight / sum : 0)), sum,
    };
  }
  // Whether anything is weighed at all.
  function sound(weights) { return shares(tables.spaces.names, weights).sum > 0; }

  function combine(aspects, across) {
    if (rubric.mean === "arithmetic") { return aspects.reduce((sum, value, a) => sum + value * across[a], 0); }
    let logs = 0;
    for (let a = 0; a < across.length; a++) { if (across[a] > 0) { logs += across[a] * Math.log(aspects[a]); } }
    return Math.exp(logs);
  }
  const clip = (value) => Math.min(Math.max(value, 0), 1);
  function scored(table, weights) {
    const { names } = table, { aspect, within, across } = shares(names, weights);
    const count = names.length ? table.best.length / names.length : 0;
    const columns = () => [[], [], []].map(() => new Float64Array(count));
    const scores = Object.fromEntries(data.config.scores.map((name) => [name, columns()]));
    const coverage = new Float64Array(count);
    for (let i = 0; i < count; i++) {
      [table.low, table.best, table.high].forEach((part, end) => {
        const sums = new Array(ASPECTS.length).fill(0);
        for (let k = 0; k < names.length; k++) { sums[aspect[k]] += part[i * names.length + k] * within[k]; }
        ASPECTS.forEach((name, a) => { scores[name][end][i] = clip(sums[a]); });
        scores[data.config.scores[0]][end][i] = clip(combine(sums, across));
      });
      for (let k = 0; k < names.length; k++) {
        if (table.known(i * names.length + k)) { coverage[i] += across[aspect[k]] * within[k]; }
      }
    }
    return { scores, coverage, rank: ranks(scores[data.config.scores[0]][1], coverage) };
  }
  function ranks(best, coverage) {
    // Sums of the same weights in another order differ in the last digit.
    const enough = Array.from(coverage, (share) => share >= rubric.min_coverage - 1e-12);
    const sorted = Array.from(best).filter((_, i) => enough[i]).sort((a, b) => b - a);
    const first = new Map();
    sorted.forEach((value, k) => { if (!first.has(value)) { first.set(value, k + 1); } });
    return Array.from(best, (value, i) => (enough[i] ? first.get(value) : null));
  }

  // Puts scores under these weights into the tables that are drawn; null: what Python has scored.
  function apply(weights) {
    for (const [name, was] of given) {
      const table = data[name];
      if (!weights && !lens) { Object.assign(table, was); continue; }
      const found = scored(tables[name], weights);
      const rounded = Object.entries(found.scores).map(([key, parts]) => [key, parts.map((part) => Array.from(part, perMille))]);
      Object.assign(table, {
        scores: Object.fromEntries(rounded), rank: found.rank, coverage: Array.from(found.coverage, perMille),
        rank_low: table.rank.map(() => null), rank_high: table.rank.map(() => null),
      });
    }
  }
  function perMille(share) { return share * 1000; }

  // What one unknown could make of the floating potential of an object, all else at its best estimate.
  function swing(name, i, id, weights) {
    const table = tables[name], { names } = table, { aspect, within, across } = shares(names, weights), wanted = names.indexOf(id);
    if (wanted < 0) { return null; }
    return [table.low, table.high].map((part) => {
      const sums = new Array(ASPECTS.length).fill(0);
      for (let k = 0; k < names.length; k++) {
        const cell = i * names.length + k;
        sums[aspect[k]] += (k === wanted ? part[cell] : table.best[cell]) * within[k];
      }
      return perMille(clip(combine(sums, across)));
    });
  }

  return {
    look, base, get lens() { return lens; }, swing, apply, sound, complete, shares: (weights) => shares(tables.spaces.names, weights),
    score: (name, weights) => scored(tables[name], weights), names: plain.spaces.names,
  };
};
