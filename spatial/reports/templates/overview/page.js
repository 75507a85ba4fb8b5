// Areas on a map without a ground from elsewhere: their outlines, and from afar a dot each.

/**
 * @typedef {object} Area
 * @property {string} says its name and what was counted, in words
 * @property {string} colour
 * @property {[number, number][][]} rings latitude and longitude
 */

const DOTS_UNDER_ZOOM = 14, DOT_PX = 5, CLOSEST_ZOOM = 15;
/** @type {[number, number]} */
const DENMARK = [56, 10];

/**
 * Draw the areas of a batch.
 *
 * @param {string} element id
 * @param {Area[]} areas
 */
export function drawAreas(element, areas) {
  const map = L.map(element, { renderer: L.canvas({ padding: 0.3 }), preferCanvas: true, attributionControl: false });
  const all = L.featureGroup();
  const dots = areas.map((area) => {
    const words = document.createElement("p");
    words.textContent = area.says;
    const style = { color: "#22313b", weight: 1, fillColor: area.colour, fillOpacity: 0.9 };
    const outline = L.polygon(area.rings.map((ring) => [ring]), style);
    const dot = L.circleMarker(outline.getBounds().getCenter(), { ...style, radius: DOT_PX });
    L.featureGroup([outline, dot]).bindPopup(words).addTo(all);
    return dot;
  });
  function showDots() {
    const near = map.getZoom() >= DOTS_UNDER_ZOOM;
    for (const dot of dots) { dot.setRadius(near ? 0 : DOT_PX).setStyle({ opacity: near ? 0 : 1, fillOpacity: near ? 0 : 0.9 }); }
  }
  all.addTo(map);
  if (areas.length) { map.fitBounds(all.getBounds(), { padding: [20, 20], maxZoom: CLOSEST_ZOOM }); } else { map.setView(DENMARK, 6); }
  map.on("zoomend", showDots);
  showDots();
  document.documentElement.dataset.ready = "true";
}
