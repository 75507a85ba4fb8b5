// What was drawn, on the map: new things as solid lines, what goes as dashed ones with a cross, moved and changed
// things dotted; and the stairwells whose homes gain or lose.
import { colour } from "./colours.js";
/** @import { Comment, Door, Geometry, Stroke, Variant } from "./talk.js" */

/** @typedef {ReturnType<typeof createDrawn>} DrawnLayer */
const COLOURS = /** @type {Record<string, string>} */ ({ add: "new", remove: "gone", change: "altered" });
const DASHES = /** @type {Record<string, string | undefined>} */ ({ add: undefined, remove: "7 5", change: "2 4" });
const MOST_DOORS = 600;

/**
 * Make the layers of what was drawn.
 *
 * @param {L.Map} map
 */
export function createDrawn(map) {
  map.createPane("drawn").style.zIndex = "440";
  map.createPane("doors").style.zIndex = "595"; // under the ranks
  const renderer = L.svg({ pane: "drawn" });
  const strokes = L.layerGroup().addTo(map), doors = L.layerGroup().addTo(map), chosen = L.layerGroup().addTo(map), pins = L.layerGroup().addTo(map);

  /** @param {Geometry} geometry @param {L.PathOptions} style */
  function layerOf(geometry, style) {
    return L.geoJSON(/** @type {any} */ (geometry), {
      style: () => ({ ...style, pane: "drawn", renderer }),
      pointToLayer: (_feature, at) => L.circleMarker(at, { ...style, pane: "drawn", renderer, radius: 7 }),
      interactive: false,
    });
  }
  /** @param {Geometry} geometry */
  function middle(geometry) {
    const bounds = layerOf(geometry, {}).getBounds();
    return bounds.getCenter();
  }
  /** @param {Variant} variant */
  function show(variant) {
    strokes.clearLayers();
    for (const { properties: said, geometry, about } of variant.strokes) {
      const shape = geometry ?? about?.geometry;
      if (!shape) { continue; }
      const ink = colour(COLOURS[said.action]), gone = said.action === "remove";
      strokes.addLayer(layerOf(shape, { color: ink, weight: 3, dashArray: DASHES[said.action], fillColor: gone ? colour("ground") : ink, fillOpacity: gone ? 0.85 : 0.18 }));
      if (gone) { strokes.addLayer(L.marker(middle(shape), { pane: "doors", interactive: false, keyboard: false, icon: sign("✕", "lost") })); }
    }
  }
  /** @param {string} text @param {string} name */
  function sign(text, name) {
    const span = document.createElement("span");
    span.textContent = text;
    return L.divIcon({ className: "fr-badge fr-sign fr-sign-" + name, iconSize: [18, 18], iconAnchor: [9, 9], html: span });
  }
  /** @param {Door[]} found @param {(door: Door) => string} words */
  function showDoors(found, words) {
    doors.clearLayers();
    for (const door of found.slice(0, MOST_DOORS)) {
      if (door.state === "demolished" || door.state === "new") { continue; }
      const better = door.state === "winning", span = document.createElement("span");
      span.textContent = better ? "▲" : "▼";
      doors.addLayer(L.marker(L.latLng(door.at[1], door.at[0]), {
        pane: "doors", keyboard: false, bubblingMouseEvents: true, icon: L.divIcon({ className: "fr-door fr-door-" + (better ? "up" : "down"), iconSize: [12, 12], html: span }),
      }).bindTooltip(() => { const tip = document.createElement("span"); tip.textContent = words(door); return tip; }, { className: "fr-tip" }));
    }
  }
  /** @param {Comment[]} comments @param {(comment: Comment) => string} about */
  function showComments(comments, about) {
    pins.clearLayers();
    for (const comment of comments) {
      const span = document.createElement("span");
      span.textContent = String(comment.number);
      pins.addLayer(L.marker(L.latLng(comment.lat, comment.lon), {
        pane: "doors", keyboard: false, bubblingMouseEvents: true, icon: L.divIcon({ className: "fr-pin" + (comment.settled ? " fr-settled" : ""), iconSize: [24, 24], iconAnchor: [2, 24], html: span }),
      }).bindTooltip(() => { const tip = document.createElement("span"); tip.textContent = comment.text + " – " + about(comment); return tip; }, { className: "fr-tip fr-pin-tip" }));
    }
  }
  /** @param {Pick<Stroke, "geometry" | "about">[]} things */
  function choose(things) {
    chosen.clearLayers();
    for (const { geometry, about } of things) {
      const shape = geometry ?? about?.geometry;
      if (shape) { chosen.addLayer(layerOf(shape, { color: colour("chosen"), weight: 4, fillOpacity: 0.1 })); }
    }
  }
  return {
    show, showDoors, showComments, choose,
  };
}
