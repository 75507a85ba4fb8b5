// Brings map, words and panel together; returns the Leaflet map, to which others add layers.
faellesrum.start = function (element, data, options) {
  "use strict";
  const calm = window.matchMedia("(prefers-reduced-motion: reduce)").matches;
  const map = L.map(element, {
    zoomSnap: 0.5, minZoom: 12, attributionControl: false, zoomControl: false,
    fadeAnimation: !calm, zoomAnimation: !calm, markerZoomAnimation: !calm, inertia: !calm, ...options,
  });
  const decode = faellesrum.decode(data);
  const words = faellesrum.words(data);
  const scale = faellesrum.scale(data);
  const panel = faellesrum.panel(data, words, scale);
  const sheet = document.getElementById("fr-sheet");
  let chosen = null;

  const handlers = {
    space(i) { open("space", i); drawing.show(i); },
    place(i) { open("place", i); map.setView(drawing.at(data.places, i), Math.max(map.getZoom(), 18)); },
    back() { chosen = null; drawing.choose(null); map.closePopup(); panel.overview(); },
    details(kind, i) { open(kind, i); expand(true); },
    language(code) { words.lang = code; write(); },
  };
  function open(kind, i) {
    chosen = [kind, i];
    drawing.choose(kind === "space" ? i : spaceOf(i));
    panel.details(kind, i, handlers);
  }
  function spaceOf(place) {
    const found = data.spaces.id.indexOf(data.places.space[place]);
    return found < 0 ? null : found;
  }
  function pop(kind, i, at) {
    open(kind, i);
    const room = map.getSize().x, fold = document.querySelector(".fr-more-legend");
    const narrow = window.matchMedia("(max-width: 719px)").matches;
    if (narrow && fold) { fold.open = false; }
    L.popup({
      maxWidth: Math.min(330, room - 120), minWidth: Math.min(300, room - 120),
      autoPanPaddingTopLeft: narrow ? [12, 52] : [16, 16],
      autoPanPaddingBottomRight: narrow ? [52, document.getElementById("fr-legend").offsetHeight + 20] : [16, 16],
    })
      .setLatLng(at).setContent(panel.popup(kind, i, handlers)).openOn(map);
  }
  function expand(wide) {
    document.getElementById("fr-page").classList.toggle("fr-tall", wide);
    sheet.setAttribute("aria-expanded", String(wide));
    sheet.setAttribute("aria-label", words.t(wide ? "map.hide_panel" : "map.show_panel"));
    map.invalidateSize();
  }
  function write() {
    panel.head(handlers);
    panel.summary(handlers);
    panel.list(handlers);
    panel.about();
    panel.legend();
    map.closePopup();
    if (chosen) { panel.details(chosen[0], chosen[1], handlers); }
    sheet.setAttribute("aria-label", words.t("map.show_panel"));
    map.getContainer().setAttribute("aria-label", words.t("map.map_label"));
  }

  const ground = faellesrum.ground(map, data, decode);
  const drawing = faellesrum.data(map, data, decode, scale, words, {
    space: (i, at) => pop("space", i, at),
    place: (i, at) => pop("place", i, at),
    spaceName: panel.spaceName,
    placeName: panel.placeName,
  });
  const Whole = L.Control.extend({
    onAdd() {
      const box = L.DomUtil.create("div", "leaflet-bar");
      const button = L.DomUtil.create("a", "fr-whole", box);
      button.href = "#";
      button.role = "button";
      button.textContent = "⤢";
      button.title = words.t("map.whole_estate");
      button.setAttribute("aria-label", words.t("map.whole_estate"));
      L.DomEvent.on(button, "click", (event) => { L.DomEvent.stop(event); fit(); });
      return box;
    },
  });
    // The estate beside the legend or above it, whichever shows it larger.
  function fit() {
    const legend = document.getElementById("fr-legend");
    const size = map.getSize(), beside = legend.offsetWidth + 12, above = legend.offsetHeight + 8;
    const options = [[beside, 0], [0, above]].filter(([x, y]) => size.x - x > 200 && size.y - y > 120);
    const zoom = ([x, y]) => map.getBoundsZoom(ground.bounds, false, L.point(x + 40, y + 40));
    const [x, y] = options.sort((a, b) => zoom(b) - zoom(a))[0] || [0, 0];
    map.fitBounds(ground.bounds, { paddingTopLeft: [20, 20], paddingBottomRight: [x + 20, y + 20], animate: false });
  }
  L.control.zoom({ position: "topright" }).addTo(map);
  new Whole({ position: "topright" }).addTo(map);
  L.control.scale({ imperial: false, maxWidth: 120, position: "bottomleft" }).addTo(map);
  L.control.attribution({ prefix: false, position: "bottomleft" }).addTo(map)
    .addAttribution(escape([...new Set(data.manifest.sources.map((source) => source.attribution).filter(Boolean))].join(" · ")));
  function escape(text) { const box = document.createElement("i"); box.textContent = text; return box.innerHTML; }

  write();
  fit();
  ground.restyle();
  drawing.restyle();
  // Paper has another shape: the estate is fitted into it, then into the window again.
  for (const moment of ["beforeprint", "afterprint"]) {
    window.addEventListener(moment, () => { map.invalidateSize({ animate: false }); fit(); });
  }
  sheet.addEventListener("click", () => expand(!document.getElementById("fr-page").classList.contains("fr-tall")));
  window.matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => { ground.restyle(); drawing.restyle(); });
  map.faellesrum = { spaces: drawing.shapes, handlers, words, scale };
  return map;
};
