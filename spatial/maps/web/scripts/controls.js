// What lies on the map: zoom, the whole estate, scale and credits; and the view that shows the whole estate.
import { byId } from "./elements.js";
/** @import { Payload } from "./payload.js" */
/** @import { Words } from "./words.js" */

const ROOM_PX = { width: 200, height: 120 }, MARGIN_PX = 20, HEAD_PX = 56;

/**
 * Put the controls on the map; the function that comes back writes their names in the language of the moment.
 *
 * @param {L.Map} map
 * @param {Payload} data
 * @param {Words} words
 * @param {() => void} onWhole the whole estate is asked for
 */
export function addControls(map, data, words, onWhole) {
  const zoom = L.control.zoom({ position: "topright" }).addTo(map), whole = new WholeEstate(onWhole).addTo(map);
  L.control.scale({ imperial: false, maxWidth: 120, position: "bottomleft" }).addTo(map);
  const credits = L.control.attribution({ prefix: false, position: "bottomleft" }).addTo(map)
    .addAttribution(escapeText([...new Set(data.manifest.sources.map((source) => source.attribution).filter(Boolean))].join(" · ")));
  if (data.config.tiles) {
    // Somebody has asked for an online base map: it takes the place of our ground.
    L.tileLayer(data.config.tiles.url, { maxNativeZoom: 19, maxZoom: 21 }).addTo(map);
    credits.addAttribution(escapeText(data.config.tiles.attribution));
  }
  let state = "";
  function write() {
    credits.removeAttribution(state);
    state = escapeText(data.estate.state[words.lang]);
    if (state) { credits.addAttribution(state); }
    for (const [button, key] of /** @type {[HTMLElement | undefined, string][]} */ ([
      [zoom._zoomInButton, "map.zoom_in"], [zoom._zoomOutButton, "map.zoom_out"], [whole.button, "map.whole_estate"],
    ])) {
      button?.setAttribute("title", words.t(key));
      button?.setAttribute("aria-label", words.t(key));
    }
  }
  write();
  return write;
}

class WholeEstate extends L.Control {
  /** @param {() => void} onClick */
  constructor(onClick) {
    super({ position: "topright" });
    this._onClick = onClick;
    /** @type {HTMLAnchorElement | undefined} */
    this.button = undefined;
  }
  /** @override */
  onAdd() {
    const box = L.DomUtil.create("div", "leaflet-bar"), button = L.DomUtil.create("a", "fr-whole", box);
    button.href = "#";
    button.role = "button";
    button.textContent = "⤢";
    L.DomEvent.on(button, "click", (event) => { L.DomEvent.stop(event); this._onClick(); });
    this.button = button;
    return box;
  }
}

/** @param {string} text */
function escapeText(text) {
  const box = document.createElement("i");
  box.textContent = text;
  return box.innerHTML;
}

/**
 * Show the estate beside the legend or above it, whichever shows it larger.
 *
 * @param {L.Map} map
 * @param {L.LatLngBounds} bounds
 * @param {boolean} narrow
 */
export function fitEstate(map, bounds, narrow) {
  const legend = byId("fr-legend"), size = map.getSize(), beside = legend.offsetWidth + 12, above = legend.offsetHeight + 8;
  const options = /** @type {[number, number][]} */ ([[beside, 0], [0, above]]).filter(([x, y]) => size.x - x > ROOM_PX.width && size.y - y > ROOM_PX.height);
  /** @param {[number, number]} taken */
  const zoom = ([x, y]) => map.getBoundsZoom(bounds, false, L.point(x + 2 * MARGIN_PX, y + 2 * MARGIN_PX));
  const [x, y] = options.sort((a, b) => zoom(b) - zoom(a))[0] || [0, 0];
  map.fitBounds(bounds, {
    paddingTopLeft: [MARGIN_PX, narrow ? HEAD_PX : MARGIN_PX], paddingBottomRight: [x + MARGIN_PX, y + MARGIN_PX], animate: false,
  });
}

/**
 * Show where something is, by its name.
 *
 * @param {L.Map} map
 * @param {L.LatLng} where
 * @param {string} name
 * @param {number} zoom at least as near
 */
export function pointOut(map, where, name, zoom) {
  const label = document.createElement("b");
  label.textContent = name;
  map.setView(where, Math.max(map.getZoom(), zoom));
  L.popup({ autoPan: false }).setLatLng(where).setContent(label).openOn(map);
}
