// Canvases of our own on the map.
//
// A shape is decoded once, into paths in millionths of a degree (north in the Mercator measure, so that
// both axes have one scale); a view is drawn by setting scale and origin, which the browser does natively.
/** @import { Decoder } from "./decode.js" */
/** @import { Payload, Rings } from "./payload.js" */

/** @typedef {{ min: L.Point, size: L.Point, ratio: number }} Place upper left corner in pixels of the layer, size, and pixels of the canvas for one of the page */
/** @typedef {{ scale: number, x: number, y: number, ratio: number }} Transform pixel of a canvas = unit * scale + (x, y) */
/** @typedef {{ shape: Path2D, box: [number, number, number, number] }} Path its box: west, north, east and south in units */
/** @typedef {{ color: string, weight: number, dash?: number[] | null, cap?: CanvasLineCap }} LineStyle lengths in pixels */
/** @typedef {ReturnType<typeof createBrush>} Brush */
/** @typedef {(context: CanvasRenderingContext2D, place: Place) => void} Paint */

const MOST_VERTICES = 2000, EDGE_PX = 40, NARROW_PX = 3.5, MOST_RATIO = 2;

/** A layer that paints all that is in view by one function, again after each move. */
export class Painter extends L.Renderer {
  /** @param {Paint} paint @param {L.RendererOptions} options */
  constructor(paint, options) {
    super(options);
    this._paint = paint;
    this._frame = 0;
  }
  _initContainer() {
    this._container = document.createElement("canvas");
    this._context = contextOf(this._container);
  }
  _destroyContainer() { cancelAnimationFrame(this._frame); this._container?.remove(); }
  _updatePaths() {} // Leaflet's own renderers hold vectors; this one does not
  // A move tells it more than once; it is painted once, with the next frame.
  /** @override */
  _update() {
    if (this._map?._animatingZoom && this._bounds) { return; }
    L.Renderer.prototype._update.call(this);
    cancelAnimationFrame(this._frame);
    this._frame = requestAnimationFrame(() => this.paint());
  }
  paint() {
    if (!this._map || !this._bounds?.min || !this._container || !this._context) { return; }
    const { min } = this._bounds, size = this._bounds.getSize(), ratio = Math.min(window.devicePixelRatio || 1, MOST_RATIO);
    L.DomUtil.setPosition(this._container, min);
    fitCanvas(this._container, size, ratio);
    this._paint(this._context, { min, size, ratio });
  }
}

/**
 * Give the context to draw with on a canvas.
 *
 * @param {HTMLCanvasElement} canvas
 */
export function contextOf(canvas) { return /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d")); }

/**
 * Give a canvas a size on the page, and so many pixels for each of the page; it is empty afterwards.
 *
 * @param {HTMLCanvasElement} canvas
 * @param {L.Point} size
 * @param {number} ratio
 */
export function fitCanvas(canvas, size, ratio) {
  canvas.width = ratio * size.x;
  canvas.height = ratio * size.y;
  canvas.style.width = size.x + "px";
  canvas.style.height = size.y + "px";
}

/**
 * Make a pane of the map that no pointer meets.
 *
 * @param {L.Map} map
 * @param {string} name
 * @param {number} height above the panes of lower numbers
 */
export function createPane(map, name, height) {
  const pane = map.createPane(name);
  pane.style.zIndex = String(height);
  pane.style.pointerEvents = "none";
  return pane;
}

/**
 * Work out how units from the origin lie on a canvas in this view.
 *
 * @param {L.Map} map
 * @param {Payload} data
 * @param {Pick<Place, "min" | "ratio">} place
 * @returns {Transform}
 */
export function transformOf(map, data, place) {
  const { min, ratio } = place, unit = 1 / data.config.units_per_degree, [lon, lat] = data.origin;
  const scale = 256 * Math.pow(2, map.getZoom()) / 360 * unit;
  const at = map.latLngToLayerPoint(L.latLng(lat * unit, lon * unit)).subtract(min);
  return { scale: scale * ratio, x: at.x * ratio, y: at.y * ratio, ratio };
}

/**
 * Decode rings into paths of at most some thousand vertices, each with the box that it lies in.
 *
 * @param {Decoder} decode
 * @param {Rings | undefined} coded
 * @param {boolean} [closed] whether they are areas
 * @returns {Generator<number, Path[], void>}
 */
export function* decodePaths(decode, coded, closed) {
  /** @type {Path[]} */
  const paths = [];
  if (!coded || !coded.n.length) { return paths; }
  /** @type {Path | null} */
  let path = null;
  let vertices = 0, handled = 0;
  for (const { xy, hole } of decode.units(coded)) {
    // A hole lies in the path of its shell, or it would be filled.
    if (!path || (vertices > MOST_VERTICES && !(closed && hole))) {
      path = { shape: new Path2D(), box: [Infinity, Infinity, -Infinity, -Infinity] };
      paths.push(path);
      vertices = 0;
    }
    addRing(path, xy);
    if (closed) { path.shape.closePath(); }
    vertices += xy.length / 2;
    handled += xy.length / 2;
    if (handled >= MOST_VERTICES) { yield handled; handled = 0; }
  }
  yield handled;
  return paths;
}

/** @param {Path} path @param {Float64Array} xy */
function addRing({ shape, box }, xy) {
  for (let k = 0; k < xy.length; k += 2) {
    const x = xy[k], y = xy[k + 1];
    if (k) { shape.lineTo(x, y); } else { shape.moveTo(x, y); }
    if (x < box[0]) { box[0] = x; }
    if (y < box[1]) { box[1] = y; }
    if (x > box[2]) { box[2] = x; }
    if (y > box[3]) { box[3] = y; }
  }
}

/**
 * Make what draws paths that may be in view, with one style at a time.
 *
 * @param {CanvasRenderingContext2D} context
 * @param {Transform} view
 * @param {L.Point} size
 */
export function createBrush(context, view, size) {
  const { scale, x, y, ratio } = view;
  /** @param {Path["box"]} box */
  const inView = ([x0, y0, x1, y1]) => x1 * scale + x > -EDGE_PX && y1 * scale + y > -EDGE_PX
    && x0 * scale + x < size.x * ratio + EDGE_PX && y0 * scale + y < size.y * ratio + EDGE_PX;
  context.setTransform(scale, 0, 0, scale, x, y);
  const pixel = ratio / scale;
  return {
    pixel,
    /** @param {string} colour */
    flood(colour) {
      context.setTransform(1, 0, 0, 1, 0, 0);
      context.fillStyle = colour;
      context.fillRect(0, 0, context.canvas.width, context.canvas.height);
      context.setTransform(scale, 0, 0, scale, x, y);
    },
    /** @param {Path[]} paths @param {string} colour */
    fill(paths, colour) {
      context.fillStyle = colour;
      for (const { shape, box } of paths) { if (inView(box)) { context.fill(shape, "nonzero"); } }
    },
    /** @param {Path[]} paths @param {LineStyle} style */
    line(paths, { color, weight, dash, cap }) {
      context.strokeStyle = color;
      context.lineWidth = weight * pixel;
      // Round ends cost ten times what they show on a line this thin.
      context.lineCap = weight < NARROW_PX ? "butt" : cap || "butt";
      context.lineJoin = weight < NARROW_PX ? "bevel" : "round";
      context.setLineDash((dash || []).map((part) => part * pixel));
      for (const { shape, box } of paths) { if (inView(box)) { context.stroke(shape); } }
    },
    /** @param {ArrayLike<number>} xy @param {LineStyle & { radius: number }} style */
    pluses(xy, { color, weight, radius }) {
      const arm = radius * pixel;
      context.strokeStyle = color;
      context.lineWidth = weight * pixel;
      context.setLineDash([]);
      context.beginPath();
      for (let k = 0; k < xy.length; k += 2) {
        context.moveTo(xy[k] - arm, xy[k + 1]);
        context.lineTo(xy[k] + arm, xy[k + 1]);
        context.moveTo(xy[k], xy[k + 1] - arm);
        context.lineTo(xy[k], xy[k + 1] + arm);
      }
      context.stroke();
    },
    /** @param {number[]} xy @param {{ fillColor: string, color: string, radius: number }} style */
    dots(xy, { fillColor, color, radius }) {
      context.fillStyle = fillColor;
      context.strokeStyle = color;
      context.lineWidth = pixel;
      context.setLineDash([]);
      for (let k = 0; k < xy.length; k += 2) {
        context.beginPath();
        context.arc(xy[k], xy[k + 1], radius * pixel, 0, 2 * Math.PI);
        context.fill();
        context.stroke();
      }
    },
  };
}
