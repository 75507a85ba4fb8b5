// Walks on the graph, from the entries that Python gives; lengths in decimetres.
/** @import { Reach } from "./payload.js" */

/** @typedef {ReturnType<typeof createWalks>} Walks */
/** @typedef {[edge: number, from: number, to: number]} Stretch part of an edge, along it */
/** @typedef {[distance: number, node: number]} Queued */

/**
 * Make what walks over the graph of a page.
 *
 * @param {Reach} coded
 */
export function createWalks(coded) {
  const locked = new Set(coded.locked), [starts, ends] = nodesOf(coded.ends);
  /** @type {number[][]} */
  const arcs = Array.from({ length: coded.nodes }, () => []); // edges by node
  starts.forEach((node, e) => { arcs[node].push(e); arcs[ends[e]].push(e); });

  // Shortest distances to all nodes within the limit, from the entries of a site.
  /** @param {number} site @param {number} limit */
  function distances(site, limit) {
    const far = new Float64Array(coded.nodes).fill(Infinity);
    /** @type {Queued[]} */
    const heap = [];
    const reach = (/** @type {number} */ node, /** @type {number} */ d) => {
      if (d < far[node] && d <= limit) { far[node] = d; push(heap, [d, node]); }
    };
    for (let k = coded.first[site]; k < coded.first[site + 1]; k++) {
      const e = coded.way[k];
      reach(starts[e], coded.leg[k] + coded.offset[k]);
      reach(ends[e], coded.leg[k] + coded.length[e] - coded.offset[k]);
    }
    while (heap.length) {
      const [d, node] = pop(heap);
      if (d > far[node] || locked.has(node)) { continue; } // nobody passes a locked gate
      for (const e of arcs[node]) { reach(starts[e] === node ? ends[e] : starts[e], d + coded.length[e]); }
    }
    return far;
  }
  /**
   * Find the stretches that are reached from a site.
   *
   * @param {number} site @param {number} limit @returns {Stretch[]}
   */
  function stretches(site, limit) {
    const far = distances(site, limit);
    /** @type {Map<number, [number, number][]>} */
    const reached = new Map();
    const add = (/** @type {number} */ e, /** @type {number} */ from, /** @type {number} */ to) => {
      const a = Math.max(0, from), b = Math.min(coded.length[e], to);
      if (b > a) { reached.set(e, [...(reached.get(e) || []), [a, b]]); }
    };
    const passes = (/** @type {number} */ node) => far[node] <= limit && !locked.has(node);
    starts.forEach((start, e) => {
      const end = ends[e];
      if (passes(start)) { add(e, 0, limit - far[start]); }
      if (passes(end)) { add(e, coded.length[e] - (limit - far[end]), coded.length[e]); }
    });
    for (let k = coded.first[site]; k < coded.first[site + 1]; k++) {
      const left = limit - coded.leg[k];
      if (left > 0) { add(coded.way[k], coded.offset[k] - left, coded.offset[k] + left); }
    }
    return Array.from(reached, ([e, parts]) => merged(parts).map(([a, b]) => /** @type {Stretch} */ ([e, a, b]))).flat();
  }
  return { stretches };
}

/** @param {number[]} steps */
function nodesOf(steps) {
  let node = 0;
  const all = steps.map((step) => (node += step));
  return [0, 1].map((side) => all.filter((_, k) => k % 2 === side));
}

/** @param {[number, number][]} parts */
function merged(parts) {
  /** @type {[number, number][]} */
  const out = [];
  for (const [a, b] of parts.sort((one, other) => one[0] - other[0])) {
    const last = out[out.length - 1];
    if (last && a <= last[1]) { last[1] = Math.max(last[1], b); } else { out.push([a, b]); }
  }
  return out;
}

/** @param {Queued[]} heap @param {Queued} item */
function push(heap, item) {
  let at = heap.push(item) - 1;
  while (at > 0 && heap[(at - 1) >> 1][0] > heap[at][0]) {
    [heap[at], heap[(at - 1) >> 1]] = [heap[(at - 1) >> 1], heap[at]];
    at = (at - 1) >> 1;
  }
}

/** @param {Queued[]} heap */
function pop(heap) {
  const top = heap[0], last = /** @type {Queued} */ (heap.pop());
  if (heap.length) {
    heap[0] = last;
    for (let at = 0; ;) {
      let least = at;
      for (const child of [2 * at + 1, 2 * at + 2]) { if (child < heap.length && heap[child][0] < heap[least][0]) { least = child; } }
      if (least === at) { break; }
      [heap[at], heap[least]] = [heap[least], heap[at]];
      at = least;
    }
  }
  return top;
}
