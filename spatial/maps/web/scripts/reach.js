// How far one walks from a place in five and ten minutes, and what is seen from it. The walks are walked
// here; what is seen is Python's.
import { colour } from "./colours.js";
import { createPane } from "./painter.js";
import { createWalks } from "./walks.js";
/** @import { Decoder } from "./decode.js" */
/** @import { ObjectKind } from "./names.js" */
/** @import { Reach } from "./payload.js" */
/** @import { Stretch, Walks } from "./walks.js" */

const DM_PER_M = 10, SHORT_WALK_MIN = 5;

/** @typedef {ReturnType<typeof createReach>} ReachLayer */
/** @typedef {{ walks: boolean, view: boolean }} Overlays which of the two are shown */
/** @typedef {[key: string, path: string, values: Record<string, number>]} ReachRow of the legend: its key, and its words */
/** @typedef {{ walks: Walks, lines: L.LatLng[][], views: L.LatLng[][][] }} Prepared */

/**
 * Make the layer of walks and views of what is chosen.
 *
 * @param {L.Map} map
 * @param {Reach} coded
 * @param {Decoder} decode
 */
export function createReach(map, coded, decode) {
  /** @type {Overlays} */
  const shown = { walks: true, view: true };
  const group = L.layerGroup();
  /** @type {{ kind: ObjectKind, i: number } | null} */
  let chosen = null;
  /** @type {Prepared | null} */
  let prepared = null;
  createPane(map, "reach", 350);
  const renderer = L.canvas({ pane: "reach", padding: 0.3 });
  group.addTo(map);

  // Made when the first walk is asked for.
  function prepare() {
    return prepared ??= { walks: createWalks(coded), lines: decode.rings(coded.lines), views: decode.features(coded.views) };
  }
  /** @param {ObjectKind} kind @param {number} i */
  function siteOf(kind, i) { return coded.site[kind === "space" ? "spaces" : "places"][i]; }
  // Part of an edge's line between two distances along it.
  /** @param {Stretch} stretch */
  function cut([e, from, to]) {
    const line = prepare().lines[e], length = coded.length[e];
    if (from <= 0 && to >= length) { return line; }
    const steps = line.slice(1).map((at, k) => map.distance(line[k], at));
    const whole = steps.reduce((sum, step) => sum + step, 0), a = (from / length) * whole, b = (to / length) * whole;
    /** @type {L.LatLng[]} */
    const out = [];
    let gone = 0;
    steps.forEach((step, k) => {
      const next = gone + step;
      if (next >= a && gone <= b && step > 0) {
        const between = (/** @type {number} */ d) => {
          const s = Math.min(Math.max((d - gone) / step, 0), 1);
          return L.latLng(line[k].lat + s * (line[k + 1].lat - line[k].lat), line[k].lng + s * (line[k + 1].lng - line[k].lng));
        };
        if (!out.length) { out.push(between(a)); }
        out.push(between(b));
      }
      gone = next;
    });
    return out;
  }

  function restyle() {
    group.clearLayers();
    const site = chosen ? siteOf(chosen.kind, chosen.i) : -1;
    if (site < 0) { return; }
    const { walks, views } = prepare();
    if (shown.walks) {
      const outward = coded.walks.slice().reverse();
      const lines = outward.map((walk) => walks.stretches(site, walk.metres * DM_PER_M).map(cut));
      outward.forEach((walk, k) => {
        const long = walk.minutes > SHORT_WALK_MIN;
        /** @type {L.PolylineOptions} */
        const style = { renderer, pane: "reach", interactive: false, smoothFactor: 0.5, opacity: 1, lineCap: "round" };
        L.polyline(lines[k], { ...style, color: colour("walk-halo"), weight: long ? 3.2 : 3.8 }).addTo(group);
        L.polyline(lines[k], { ...style, color: colour("walk-" + walk.minutes), weight: long ? 1.5 : 2, dashArray: long ? "4 4" : undefined, lineCap: "butt" }).addTo(group);
      });
    }
    if (shown.view && views[site].length) {
      L.polygon(views[site], {
        renderer, pane: "reach", interactive: false, fillRule: "nonzero", color: colour("seen"), weight: 1.2, dashArray: "2 3",
        fillColor: colour("seen"), fillOpacity: 0.16,
      }).addTo(group);
    }
  }
  /** @param {ObjectKind | null} kind @param {number} [i] */
  function choose(kind, i = -1) {
    if (kind === (chosen?.kind ?? null) && (!chosen || chosen.i === i)) { return; }
    chosen = kind && { kind, i };
    restyle();
  }
  /** @param {keyof Overlays} name @param {boolean} on */
  function toggle(name, on) { shown[name] = on; restyle(); }
  // What is drawn now, for the legend.
  /** @returns {ReachRow[]} */
  function legend() {
    if (!chosen || siteOf(chosen.kind, chosen.i) < 0) { return []; }
    /** @type {ReachRow[]} */
    const rows = shown.walks ? coded.walks.map((walk) => ["walk-" + walk.minutes, "map.reach.walk", { minutes: walk.minutes }]) : [];
    return shown.view ? [...rows, ["seen", "map.reach.view", { metres: coded.seen }]] : rows;
  }
  // For those who check: metres of way within a walk.
  /** @param {ObjectKind} kind @param {number} i @param {number} limit_m */
  function metres(kind, i, limit_m) {
    return prepare().walks.stretches(siteOf(kind, i), limit_m * DM_PER_M).reduce((sum, [, a, b]) => sum + b - a, 0) / DM_PER_M;
  }
  return { choose, toggle, restyle, shown, legend, metres };
}
