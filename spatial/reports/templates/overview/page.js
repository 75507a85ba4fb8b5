// Areas on a map without a ground from elsewhere: their outlines, and from afar a dot each.
"use strict";
(function () {
  const areas = JSON.parse(document.getElementById("areas").textContent);
  const canvas = L.canvas({ padding: 0.3 });
  const map = L.map("map", { renderer: canvas, preferCanvas: true, attributionControl: false });
  const all = L.featureGroup();
  for (const area of areas) {
    const words = document.createElement("p");
    words.textContent = area.says;
    const style = { color: "#22313b", weight: 1, fillColor: area.colour, fillOpacity: 0.9 };
    const outline = L.polygon(area.rings.map((ring) => [ring]), style);
    const dot = L.circleMarker(outline.getBounds().getCenter(), { ...style, radius: 5 });
    L.featureGroup([outline, dot]).bindPopup(words).addTo(all);
    area.outline = outline;
    area.dot = dot;
  }
  const near = () => {
    const close = map.getZoom() >= 14;
    for (const area of areas) area.dot.setRadius(close ? 0 : 5).setStyle({ opacity: close ? 0 : 1, fillOpacity: close ? 0 : 0.9 });
  };
  all.addTo(map);
  if (areas.length) map.fitBounds(all.getBounds(), { padding: [20, 20], maxZoom: 15 });
  else map.setView([56, 10], 6);
  map.on("zoomend", near);
  near();
  document.documentElement.dataset.ready = "true";
})();
