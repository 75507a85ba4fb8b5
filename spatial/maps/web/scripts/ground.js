// The ground: water, green, ways, buildings and barriers on canvases beneath the data.
import { colour } from "./colours.js";
import { Painter, createBrush, createPane, decodePaths, transformOf } from "./painter.js";
/** @import { Decoder } from "./decode.js" */
/** @import { Brush, Path, Paint } from "./painter.js" */
/** @import { Ground, Payload, Relief } from "./payload.js" */

/** @typedef {(context: CanvasRenderingContext2D) => void} Shade */

/**
 * @typedef {object} GroundPaths What the ground is made of, as paths.
 * @property {Path[]} green
 * @property {Path[]} water
 * @property {Path[]} waterways
 * @property {Path[]} buildings
 * @property {Path[]} own_buildings
 * @property {Path[]} barriers
 * @property {Path[]} boundary
 * @property {Record<string, Path[]>} ways by class
 * @property {number[]} gates
 */

// Widths in metres on the ground, and the least in pixels.
/** @type {Record<string, [number, number]>} */
const WAY_WIDTHS = {
  major: [11, 3], street: [7, 2], pedestrian: [5, 1.5], service: [4, 1], tunnel: [0, 0],
  cycleway: [2.4, 1], path: [1.8, 0.9], steps: [2.4, 1.6],
};
/** @type {Record<string, number>} */
const CASING_PX = { major: 1.6, street: 1.6, pedestrian: 1.2, service: 1.2, cycleway: 2, path: 2, steps: 0 };
const USUAL_CASING_PX = 1.2, STEPS_M = 2.4, WATERWAY_M = 3, DETAIL_ZOOM = 17, EQUATOR_M = 40075016.7;
const WAY_ORDER = ["cycleway", "path", "service", "pedestrian", "street", "major", "steps"];

/**
 * Decode the ground into paths.
 *
 * @param {Decoder} decode
 * @param {Ground} base
 * @param {GroundPaths} [others] paths made before, which lie beside these
 * @returns {Generator<number, GroundPaths, void>}
 */
export function* decodeGround(decode, base, others) {
  /** @type {GroundPaths} */
  const paths = { green: [], water: [], waterways: [], buildings: [], own_buildings: [], barriers: [], boundary: [], ways: {}, gates: [] };
  const before = others || paths;
  for (const name of /** @type {const} */ (["green", "water", "buildings", "own_buildings", "boundary"])) {
    paths[name] = before[name].concat(yield* decodePaths(decode, base[name], true));
  }
  for (const name of /** @type {const} */ (["waterways", "barriers"])) {
    paths[name] = before[name].concat(yield* decodePaths(decode, base[name]));
  }
  for (const name of new Set([...Object.keys(before.ways), ...Object.keys(base.ways)])) {
    paths.ways[name] = (before.ways[name] || []).concat(yield* decodePaths(decode, base.ways[name]));
  }
  paths.gates = before.gates.concat(decode.unitPoints(base.gates));
  return paths;
}

/**
 * Make what draws the shading of the ground, once its picture is there: askew, as its three corners lie.
 *
 * @param {Relief | null} relief
 * @param {Decoder} decode
 * @param {() => void} onReady
 * @returns {Shade | null}
 */
export function createRelief(relief, decode, onReady) {
  if (!relief) { return null; }
  const picture = new Image(), [x, y, x1, y1, x2, y2] = decode.unitPoints(relief.corners), [width, height] = relief.size;
  let ready = false;
  picture.src = relief.picture;
  picture.decode().then(() => { ready = true; onReady(); }, () => {});
  return function (context) {
    if (!ready) { return; }
    context.save();
    context.transform((x1 - x) / width, (y1 - y) / width, (x2 - x) / height, (y2 - y) / height, x, y);
    const [mode, strength] = colour("relief").split(" "); // how it is mixed with the ground, and how much
    context.globalCompositeOperation = /** @type {GlobalCompositeOperation} */ (mode);
    context.globalAlpha = Number(strength);
    context.imageSmoothingQuality = "high";
    context.drawImage(picture, 0, 0);
    context.restore();
  };
}

/** @typedef {{ rooms: Path[], pluses: number[] | Float64Array }} Invitations rooms on which nothing is mapped, and a point in each */

/**
 * Draw the ground into a pane of its own.
 *
 * @param {L.Map} map
 * @param {Payload} data
 * @param {GroundPaths} paths
 * @param {string} pane
 * @param {Shade | null} shade
 * @param {() => Invitations} invitations as far as they are shown
 */
export function drawGround(map, data, paths, pane, shade, invitations) {
  const ways = Object.entries(paths.ways).filter(([name]) => name !== "tunnel")
    .sort(([a], [b]) => WAY_ORDER.indexOf(a) - WAY_ORDER.indexOf(b));

  /** @param {number} metres */
  function pixels(metres) {
    const lat = map.getCenter().lat * Math.PI / 180;
    return metres / (EQUATOR_M * Math.cos(lat) / Math.pow(2, map.getZoom() + 8));
  }
  /** @param {string} name */
  function width(name) { const [m, px] = WAY_WIDTHS[name] || WAY_WIDTHS.path; return Math.max(pixels(m), px); }
  /** @param {Brush} brush */
  function drawWays(brush) {
    for (const [name, lines] of ways) {
      brush.line(lines, { color: colour("casing"), weight: width(name) + (CASING_PX[name] ?? USUAL_CASING_PX) });
    }
    for (const [name, lines] of ways) {
      if (name === "steps") {
        brush.line(lines, { color: colour("steps"), weight: Math.max(pixels(STEPS_M), 3), dash: [1.2, 1.8] });
      } else if (name === "path" || name === "cycleway") {
        brush.line(lines, { color: colour("path"), weight: width(name), cap: "round" });
      } else {
        brush.line(lines, { color: colour(name === "major" ? "major" : "road"), weight: width(name), cap: "round" });
      }
    }
  }
  /** @param {Brush} brush @param {Path[]} areas @param {string} fill @param {string} [edge] */
  function drawAreas(brush, areas, fill, edge) {
    brush.fill(areas, colour(fill));
    if (edge) { brush.line(areas, { color: colour(edge), weight: 0.6 }); }
  }
  /** @type {Paint} */
  function paint(context, place) {
    const brush = createBrush(context, transformOf(map, data, place), place.size), near = map.getZoom() >= DETAIL_ZOOM;
    if (shade) { brush.flood(colour("ground")); }
    drawAreas(brush, paths.green, "green");
    drawAreas(brush, paths.water, "water");
    brush.line(paths.waterways, { color: colour("water"), weight: Math.max(pixels(WATERWAY_M), 1) });
    if (shade) { shade(context); }
    const { rooms, pluses } = invitations();
    drawAreas(brush, rooms, "possible");
    brush.line(rooms, { color: colour("possible-edge"), weight: 1, dash: [4, 3] });
    brush.pluses(pluses, { color: colour("possible-plus"), weight: near ? 2 : 1.4, radius: near ? 5 : 3 });
    drawWays(brush);
    drawAreas(brush, paths.buildings, "building", "building-edge");
    drawAreas(brush, paths.own_buildings, "own-building", "own-building-edge");
    brush.line(paths.barriers, { color: colour("barrier"), weight: near ? 1.3 : 0.7 });
    if (near) { brush.dots(paths.gates, { fillColor: colour("ground"), color: colour("barrier"), radius: 2 }); }
    brush.line(paths.boundary, { color: colour("boundary"), weight: 1.8, dash: [9, 4, 2, 4] });
  }

  createPane(map, pane, 200);
  return new Painter(paint, { pane, padding: 0.2 }).addTo(map);
}
