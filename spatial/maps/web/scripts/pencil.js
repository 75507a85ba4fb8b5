// The pencil: points, lines and areas on the map, by mouse, by touch and by keyboard.
import { byId } from "./elements.js";
import { colour } from "./colours.js";
/** @import { Geometry } from "./talk.js" */

/** @typedef {"point" | "line" | "area"} Shape */
/** @typedef {{ shape: Shape, done: (geometry: Geometry, at: L.LatLng) => void, changed: (count: number, enough: boolean) => void, cancelled: () => void }} Drawing */
/** @typedef {ReturnType<typeof createPencil>} Pencil */

const LEAST = { point: 1, line: 2, area: 3 }, CLOSE_PX = 14, SAME_PX = 2, DECIMALS = 8;

/**
 * Make the pencil of a map.
 *
 * @param {L.Map} map
 */
export function createPencil(map) {
  /** @type {Drawing | null} */
  let drawing = null;
  /** @type {L.LatLng[]} */
  let points = [];
  map.createPane("pencil").style.zIndex = "650";
  const renderer = L.svg({ pane: "pencil" }); // a canvas would take the pointer from what lies under it
  const trace = L.polyline([], { pane: "pencil", interactive: false, renderer }).addTo(map);
  const corners = L.layerGroup().addTo(map), frame = byId("fr-frame");

  /** @param {L.LatLng | null} [loose] where the pointer is */
  function show(loose) {
    const line = loose && points.length ? [...points, loose] : points;
    trace.setLatLngs(drawing?.shape === "area" && line.length > 2 ? [...line, line[0]] : line);
    trace.setStyle({ color: colour("chosen"), weight: 2.5, dashArray: "6 4" });
    corners.clearLayers();
    for (const at of points) {
      corners.addLayer(L.circleMarker(at, { pane: "pencil", renderer, radius: 5, color: colour("chosen"), weight: 2, fillColor: colour("halo"), fillOpacity: 1, interactive: false }));
    }
  }
  function tell() { drawing?.changed(points.length, points.length >= LEAST[drawing.shape]); }
  /** @param {L.LatLng} a @param {L.LatLng} b @param {number} px */
  function near(a, b, px) { return map.latLngToContainerPoint(a).distanceTo(map.latLngToContainerPoint(b)) <= px; }
  /** @param {L.LatLng} at */
  function add(at) {
    if (!drawing) { return; }
    const enough = points.length >= LEAST[drawing.shape];
    // The first corner again closes an area, the last one again ends a line.
    if (enough && ((drawing.shape === "area" && near(at, points[0], CLOSE_PX)) || near(at, points[points.length - 1], SAME_PX))) { finish(); return; }
    if (points.length && near(at, points[points.length - 1], SAME_PX)) { return; }
    points.push(at);
    show();
    if (drawing.shape === "point") { finish(); } else { tell(); }
  }
  /** @returns {Geometry} */
  function geometry() {
    const pairs = points.map((at) => [round(at.lng), round(at.lat)]);
    if (drawing?.shape === "point") { return { type: "Point", coordinates: pairs[0] }; }
    return drawing?.shape === "line" ? { type: "LineString", coordinates: pairs } : { type: "Polygon", coordinates: [[...pairs, pairs[0]]] };
  }
  function finish() {
    if (drawing && points.length >= LEAST[drawing.shape]) { drawing.done(geometry(), points[points.length - 1]); }
  }
  function back() { points.pop(); show(); tell(); }
  function clear() { points = []; show(); tell(); }
  /** @param {Drawing} next */
  function begin(next) {
    drawing = next;
    points = [];
    map.doubleClickZoom.disable();
    frame.classList.add("fr-drawing");
    show();
    tell();
  }
  function end() {
    drawing = null;
    points = [];
    map.doubleClickZoom.enable();
    frame.classList.remove("fr-drawing", "fr-aiming");
    show();
  }
  map.on("click", (event) => add(event.latlng));
  map.on("mousemove", (event) => { if (drawing && points.length) { show(event.latlng); } });
  map.getContainer().addEventListener("keydown", (event) => {
    if (!drawing || event.target !== map.getContainer()) { return; }
    frame.classList.add("fr-aiming");
    if (event.key === "Enter") { add(map.getCenter()); } else if (event.key === "Backspace") { back(); } else { return; }
    event.preventDefault();
  });
  map.getContainer().addEventListener("pointerdown", () => frame.classList.remove("fr-aiming"));
  return {
    begin, end, back, clear, finish, add,
    get active() { return drawing !== null; },
    cancel() { const was = drawing; end(); was?.cancelled(); },
    here() { frame.classList.add("fr-aiming"); add(map.getCenter()); },
  };
}

/** @param {number} degrees */
function round(degrees) { return Number(degrees.toFixed(DECIMALS)); }
