// Street names along the straightest stretch of each street in view, never over one another.
import { colour } from "./colours.js";
import { contextOf, createPane, fitCanvas, transformOf } from "./painter.js";
/** @import { Decoder } from "./decode.js" */
/** @import { Transform } from "./painter.js" */
/** @import { Payload, Street } from "./payload.js" */

/** @typedef {{ name: string, lines: Float64Array[] }} NamedLines */
/** @typedef {{ length: number, at: L.Point, angle: number }} Spot where a name could stand */

const FONT_PX = 11, NAMES_FROM_ZOOM = 15.5, REPEAT_PX = 420, INSET_PX = 20, BENT_PX = 3, DOT_PX = 8, APART_PX = 14, VERTICES_AT_A_TIME = 1000;

/**
 * Draw the names of streets into a pane of their own; the function that comes back draws them again.
 *
 * @param {L.Map} map
 * @param {Payload} data
 * @param {Decoder} decode
 * @param {Street[]} named
 * @param {string} pane
 * @returns {Generator<number, () => void, void>}
 */
export function* drawStreetNames(map, data, decode, named, pane) {
  /** @type {NamedLines[]} */
  const streets = [];
  let handled = 0;
  for (const street of named) {
    const lines = Array.from(decode.units(street.line), ({ xy }) => xy);
    streets.push({ name: street.name, lines });
    handled += lines.reduce((sum, xy) => sum + xy.length / 2, 0);
    if (handled > VERTICES_AT_A_TIME) { yield handled; handled = 0; }
  }
  createPane(map, pane, 360); // above the ground, walks and views
  const names = new StreetNames(data, streets, pane).addTo(map);
  yield 1;
  return () => names.draw();
}

class StreetNames extends L.Layer {
  /** @param {Payload} data @param {NamedLines[]} streets @param {string} pane */
  constructor(data, streets, pane) {
    super();
    this._data = data;
    this._streets = streets;
    this._canvas = L.DomUtil.create("canvas", "leaflet-zoom-hide");
    this.options.pane = pane;
  }
  /** @override @param {L.Map} map */
  onAdd(map) {
    this.getPane()?.append(this._canvas);
    map.on("moveend resize zoomend", this.draw, this);
    this.draw();
    return this;
  }
  /** @override @param {L.Map} map */
  onRemove(map) {
    this._canvas.remove();
    map.off("moveend resize zoomend", this.draw, this);
    return this;
  }
  draw() {
    const map = this._map;
    if (!map) { return; }
    const size = map.getSize(), ratio = window.devicePixelRatio || 1, canvas = this._canvas;
    L.DomUtil.setPosition(canvas, map.containerPointToLayerPoint([0, 0]));
    fitCanvas(canvas, size, ratio);
    if (map.getZoom() < NAMES_FROM_ZOOM) { return; }
    const context = contextOf(canvas);
    context.scale(ratio, ratio);
    Object.assign(context, {
      font: FONT_PX + "px system-ui, sans-serif", textAlign: "center", textBaseline: "middle",
      lineJoin: "round", lineWidth: 3, strokeStyle: colour("halo"), fillStyle: colour("name"),
    });
    const min = map.containerPointToLayerPoint([0, 0]), view = transformOf(map, this._data, { min, ratio: 1 });
    /** @type {L.Point[]} */
    const taken = [];
    for (const street of this._streets) { letterStreet(context, street, size, view, taken); }
  }
}

/** @param {CanvasRenderingContext2D} context @param {NamedLines} street @param {L.Point} size @param {Transform} view @param {L.Point[]} taken */
function letterStreet(context, street, size, view, taken) {
  const needed = context.measureText(street.name).width + 10;
  /** @type {L.Point[]} */
  const own = [];
  for (const { at, angle } of spotsOf(street, size, view, needed)) {
    if (own.some((p) => p.distanceTo(at) < REPEAT_PX)) { continue; }
    const half = needed / 2, dots = [];
    for (let s = -half; s <= half; s += DOT_PX) { dots.push(L.point(at.x + s * Math.cos(angle), at.y + s * Math.sin(angle))); }
    if (dots.some((d) => taken.some((o) => Math.abs(o.x - d.x) < APART_PX && Math.abs(o.y - d.y) < APART_PX))) { continue; }
    taken.push(...dots);
    own.push(at);
    context.save();
    context.translate(at.x, at.y);
    context.rotate(Math.abs(angle) > Math.PI / 2 ? angle + Math.PI : angle); // upright
    context.strokeText(street.name, 0, 0);
    context.fillText(street.name, 0, 0);
    context.restore();
  }
}

/** @param {NamedLines} street @param {L.Point} size @param {Transform} view @param {number} needed @returns {Spot[]} the longest first */
function spotsOf(street, size, { scale, x, y }, needed) {
  const spots = [];
  for (const xy of street.lines) {
    const points = [];
    for (let k = 0; k < xy.length; k += 2) { points.push(L.point(xy[k] * scale + x, xy[k + 1] * scale + y)); }
    if (!points.some((at) => at.x > -size.x && at.y > -size.y && at.x < 2 * size.x && at.y < 2 * size.y)) { continue; }
    for (const [a, b] of straightStretches(points)) {
      const length = a.distanceTo(b), at = a.add(b).divideBy(2);
      if (length < needed || at.x < INSET_PX || at.y < INSET_PX || at.x > size.x - INSET_PX || at.y > size.y - INSET_PX) { continue; }
      spots.push({ length, at, angle: Math.atan2(b.y - a.y, b.x - a.x) });
    }
  }
  return spots.sort((a, b) => b.length - a.length);
}

// Stretches of a line that stay within a few pixels of the straight line between their ends.
/** @param {L.Point[]} points */
function straightStretches(points) {
  const stretches = [];
  let start = 0;
  for (let end = 2; end <= points.length; end++) {
    const bent = end === points.length ||
      points.slice(start + 1, end).some((p) => L.LineUtil.pointToSegmentDistance(p, points[start], points[end]) > BENT_PX);
    if (bent) {
      stretches.push([points[start], points[end - 1]]);
      start = end - 1;
    }
  }
  return stretches;
}
