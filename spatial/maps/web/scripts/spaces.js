// Meeting spaces, their rank badges and the symbols of the places in them.
import { colour } from "./colours.js";
import { drawGlyph } from "./glyphs.js";
import { Painter, createBrush, createPane, decodePaths, transformOf } from "./painter.js";
/** @import { Decoder } from "./decode.js" */
/** @import { Payload, Table } from "./payload.js" */
/** @import { Scale } from "./scale.js" */
/** @import { Words } from "./words.js" */

const SEAT = "seat", SEAT_PX = 3.5, DOT_PX = 6.5;
/** @type {Record<string, number>} */
const EDGES_PX = { best: 3, between: 1.2, weakest: 1.2 };
/** @type {Record<string, string>} */
const EDGE_DASHES = { possible: "5 4", weakest: "1.5 2.5" };
const SMALL_PX = 13, THIN_PX = 6, LONG_PX = 40, ROOM_PX = 26, GAP_PX = 17, BADGE_PX = 18, WIDE_PX = 40, TARGET_PX = 24;
const SYMBOLS_FROM_ZOOM = 16.5, CLOSEST_ZOOM = 17.5, SHAPES_AT_A_TIME = 50, LAST_RANK = 1e9;

/** @typedef {{ sign: string, name: string }} Mark what a plan does to a meeting space */
/** @typedef {{ shape: L.Polygon, dot: L.CircleMarker, bounds: L.LatLngBounds }} SpaceShape the dot stands for it where it is small */

/**
 * @typedef {object} SpaceEvents What the drawing asks of the page, and tells it.
 * @property {(i: number, at: L.LatLng) => void} space a meeting space was clicked
 * @property {(i: number, at: L.LatLng) => void} place a place was clicked
 * @property {(i: number) => string} spaceName
 * @property {(i: number) => string} placeName
 * @property {(i: number) => Mark | null} [mark]
 * @property {(i: number) => L.PathOptions} [edge]
 */

/**
 * @typedef {object} SpaceDrawing
 * @property {SpaceShape[]} shapes
 * @property {() => void} restyle
 * @property {(i: number | null) => void} choose
 * @property {(on: boolean) => void} numberAll numbers all that are ranked, or the first
 * @property {(i: number) => void} show moves the map to it
 * @property {(table: Table, i: number) => L.LatLng} at
 * @property {() => void} remove takes all of it off the map
 */

/**
 * Draw the meeting spaces of a result.
 *
 * @param {L.Map} map
 * @param {Payload} data
 * @param {Decoder} decode
 * @param {Scale} scale
 * @param {Words} words
 * @param {SpaceEvents} events
 * @param {string} side names panes of their own, where two such drawings lie beside one another; "": where all layers lie
 * @returns {Generator<number, SpaceDrawing, void>}
 */
export function* drawSpaces(map, data, decode, scale, words, events, side) {
  const spaces = data.spaces, places = data.places;
  /** @type {SpaceShape[]} */
  const shapes = [];
  /** @type {{ pane?: string, renderer?: L.Canvas }} */
  const inShapes = {};
  /** @type {{ pane?: string }} */
  const inMarks = {};
  if (side) {
    for (const [name, height, into] of /** @type {[string, number, { pane?: string }][]} */ ([["spaces-", 402, inShapes], ["marks-", 602, inMarks]])) {
      into.pane = name + side;
      map.createPane(into.pane).style.zIndex = String(height);
    }
    inShapes.renderer = L.canvas({ pane: inShapes.pane });
  }
  for (const rings of decode.features(spaces.shape)) {
    shapes.push(shapeOf(rings, shapes.length));
    if (shapes.length % SHAPES_AT_A_TIME === 0) { yield SHAPES_AT_A_TIME; }
  }
  const outlines = yield* decodePaths(decode, places.shape, true);
  /** @param {L.LatLng[][]} rings @param {number} i @returns {SpaceShape} */
  function shapeOf(rings, i) {
    const shape = L.polygon(rings, { ...inShapes, fillRule: "nonzero", bubblingMouseEvents: false });
    const dot = L.circleMarker(at(spaces, i), { ...inShapes, radius: spaces.status[i] === SEAT ? SEAT_PX : DOT_PX, bubblingMouseEvents: false });
    for (const layer of [shape, dot]) {
      layer.bindTooltip(() => textElement(events.spaceName(i)), { sticky: true, className: "fr-tip" });
      // After the tooltip's own handler, which opens it on a click.
      layer.on("click", (event) => { layer.closeTooltip(); events.space(i, event.latlng); });
    }
    return { shape, dot, bounds: shape.getBounds() };
  }
  // What lies in a meeting space, as outlines above its fill.
  const outlined = side ? "outlines-" + side : "outlines";
  createPane(map, outlined, 410);
  const painter = new Painter((context, place) => {
    if (map.getZoom() < SYMBOLS_FROM_ZOOM) { return; }
    createBrush(context, transformOf(map, data, place), place.size).line(outlines, { color: colour("place-edge"), weight: 0.8 });
  }, { pane: outlined, padding: 0.1 }).addTo(map);
  const group = L.layerGroup().addTo(map);
  const symbols = L.layerGroup().addTo(map);
  const badges = L.layerGroup().addTo(map);
  /** @type {number | null} */
  let selected = null;
  let numbered = false; // all that are ranked, as on paper

  /** @param {Table} table @param {number} i */
  function at(table, i) { return decode.points(table.at.slice(2 * i, 2 * i + 2))[0]; }
  /** @param {number} i @returns {L.PathOptions} */
  function style(i) {
    const aside = scale.aside(spaces, i);
    return {
      fillColor: /** @type {string} */ (scale.fill(spaces, i)), // a canvas takes a pattern, too
      fillOpacity: 1,
      color: colour(aside ? aside + "-edge" : "space-edge"), opacity: 1, dashArray: EDGE_DASHES[aside ?? spaces.tier[i] ?? ""],
      weight: EDGES_PX[spaces.tier[i] ?? ""] ?? EDGES_PX.between, ...events.edge?.(i),
      ...(selected === i && { color: colour("chosen"), weight: 3.5 }),
    };
  }
  /** @param {L.LatLngBounds} bounds */
  function size(bounds) {
    return map.project(bounds.getNorthEast()).distanceTo(map.project(bounds.getSouthWest()));
  }
  // Too small or too thin to show its colour: then a dot stands for it, as always for a seat.
  /** @param {number} i */
  function small(i) {
    const { bounds } = shapes[i], a = map.project(bounds.getNorthWest()), b = map.project(bounds.getSouthEast());
    return spaces.status[i] === SEAT || size(bounds) < SMALL_PX || (Math.min(b.x - a.x, b.y - a.y) < THIN_PX && size(bounds) < LONG_PX);
  }
  // What has no rank first, so that the ranked lie above.
  /** @type {number[]} */
  let order = [];
  function draw() {
    order = spaces.id.map((_, i) => i).sort((a, b) => (spaces.rank[b] ?? LAST_RANK) - (spaces.rank[a] ?? LAST_RANK));
    group.clearLayers();
    for (const i of order) {
      const { shape, dot } = shapes[i];
      (small(i) ? dot : shape).setStyle(style(i)).addTo(group);
    }
    // Layers that others have added stay above.
    for (const i of order.slice().reverse()) {
      for (const layer of [shapes[i].shape, shapes[i].dot]) { if (group.hasLayer(layer)) { layer.bringToBack(); } }
    }
    letter();
  }
  // Badges first, by rank, then symbols; what would touch another is left out at this zoom.
  function letter() {
    badges.clearLayers();
    symbols.clearLayers();
    const view = map.getBounds().pad(0.1);
    /** @type {L.Point[]} */
    const taken = [];
    const free = (/** @type {L.Point} */ spot, /** @type {number} */ gap) => taken.every((p) => Math.abs(p.x - spot.x) > gap || Math.abs(p.y - spot.y) > gap);
    const marks = new Map(order.map((i) => [i, events.mark?.(i) ?? null]));
    const ranked = (/** @type {number} */ i) => (spaces.rank[i] ?? LAST_RANK) <= (numbered ? LAST_RANK - 1 : data.config.top_k);
    const badged = order.slice().reverse().filter((i) => marks.get(i) || ranked(i));
    // What a plan does goes before ranks.
    badged.sort((a, b) => Number(Boolean(marks.get(b))) - Number(Boolean(marks.get(a))));
    for (const i of badged) {
      const bounds = shapes[i].bounds, mark = marks.get(i);
      const asDot = small(i);
      const top = asDot ? at(spaces, i) : L.latLng(bounds.getNorth(), bounds.getCenter().lng);
      const spot = map.latLngToLayerPoint(top).subtract([0, asDot ? 16 : 8]), wide = mark && mark.sign.length > 1 ? WIDE_PX : BADGE_PX;
      if (!view.contains(top) || (!numbered && !free(spot, GAP_PX + (wide - BADGE_PX) / 2))) { continue; }
      taken.push(spot);
      badges.addLayer(L.marker(top, {
        ...inMarks, keyboard: false, interactive: false, zIndexOffset: 1000,
        icon: L.divIcon({
          className: "fr-badge" + (mark ? " fr-sign fr-sign-" + mark.name : ""), iconSize: [wide, BADGE_PX], iconAnchor: [wide / 2, asDot ? 25 : 17],
          html: textElement(mark ? mark.sign : words.number(spaces.rank[i] ?? 0)),
        }),
      }));
    }
    if (map.getZoom() < SYMBOLS_FROM_ZOOM) { return; }
    for (const i of places.id.map((_, p) => p).sort(byImportance)) {
      const where = at(places, i), spot = map.latLngToLayerPoint(where);
      if (!view.contains(where) || !roomy(i) || !free(spot, TARGET_PX)) { continue; }
      taken.push(spot);
      symbols.addLayer(symbolOf(i, where));
    }
  }
  /** @param {number} i @param {L.LatLng} where */
  function symbolOf(i, where) {
    const glyph = /** @type {HTMLElement} */ (/** @type {Element} */ (drawGlyph(places.kind[i])));
    const marker = L.marker(where, { ...inMarks, icon: L.divIcon({ className: "fr-symbol", iconSize: [TARGET_PX, TARGET_PX], html: glyph }) });
    marker.on("add", () => marker.getElement()?.setAttribute("aria-label", events.placeName(i)));
    marker.bindTooltip(() => textElement(events.placeName(i)), { className: "fr-tip", direction: "top", offset: [0, -8] });
    marker.on("click", () => { marker.closeTooltip(); events.place(i, where); });
    marker.on("keypress", (event) => { if (event.originalEvent.key === "Enter") { events.place(i, where); } });
    return marker;
  }
  // A symbol may not hide the colour of its meeting space.
  /** @type {Map<string | null, number>} */
  const homes = new Map(spaces.id.map((id, i) => [id, i]));
  /** @param {number} place */
  function roomy(place) {
    const home = homes.get(places.space[place]);
    return home === undefined || size(shapes[home].bounds) >= ROOM_PX;
  }
  /** @param {number} a @param {number} b */
  function byImportance(a, b) {
    const plain = (/** @type {number} */ i) => (places.kind[i] === "bench" || places.kind[i] === "table" ? 1 : 0);
    return plain(a) - plain(b) || (places.rank[a] ?? LAST_RANK) - (places.rank[b] ?? LAST_RANK) || a - b;
  }

  const around = decode.points(data.context.at).map((where, i) => L.circleMarker(where, { ...inShapes, radius: 3.5, bubblingMouseEvents: true })
    .bindTooltip(() => textElement([data.context.name[i], words.kind(data.context.kind[i])].filter(Boolean).join(" · ")), { className: "fr-tip" }).addTo(map));
  function restyle() {
    for (const dot of around) { dot.setStyle({ color: colour("halo"), weight: 1, fillColor: colour("context"), fillOpacity: 1 }); }
    draw();
  }
  /** @param {number | null} i */
  function choose(i) {
    const before = selected;
    selected = i;
    for (const j of [before, i]) {
      if (j !== null) { for (const layer of [shapes[j].shape, shapes[j].dot]) { layer.setStyle(style(j)); } }
    }
    if (i !== null) { for (const layer of [shapes[i].shape, shapes[i].dot]) { if (map.hasLayer(layer)) { layer.bringToFront(); } } }
  }
  /** @param {boolean} on */
  function numberAll(on) {
    numbered = on;
    letter();
  }
  function remove() {
    map.off("zoomend", draw);
    map.off("moveend", letter);
    for (const layer of [group, symbols, badges, painter, ...around]) { layer.remove(); }
    map.getPane(outlined)?.remove();
  }
  map.on("zoomend", draw);
  map.on("moveend", letter);
  return { restyle, shapes, choose, numberAll, at, remove, show(i) { map.fitBounds(shapes[i].bounds.pad(1.2), { maxZoom: CLOSEST_ZOOM }); } };
}

/** @param {string} text */
function textElement(text) {
  const span = document.createElement("span");
  span.textContent = text;
  return span;
}
