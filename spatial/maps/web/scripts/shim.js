// What folium's templates expect beside Leaflet, in as little as they use of it.
function faellesrumShim(icons) {
  "use strict";
  // folium.Popup writes $(`<html>`)[0]; folium.Map writes $(document).ready(f).
  if (typeof window.$ === "undefined") {
    window.$ = function (what) {
      if (typeof what === "function") { what(); return [what]; }
      if (typeof what !== "string") { return Object.assign([what], { ready: function (f) { f(); } }); }
      const template = document.createElement("template");
      template.innerHTML = what.trim();
      return Array.from(template.content.children);
    };
  }
  // Markers without an icon of their own: Leaflet's pin, from this page.
  L.Icon.Default.imagePath = "";
  L.Icon.Default.mergeOptions({
    iconUrl: icons["marker-icon.png"],
    iconRetinaUrl: icons["marker-icon-2x.png"],
    shadowUrl: icons["marker-shadow.png"],
  });
  // folium.Icon asks for the awesome-markers plugin, whose fonts are elsewhere: the pin instead.
  L.AwesomeMarkers = L.AwesomeMarkers || { icon: function () { return new L.Icon.Default(); } };
}
