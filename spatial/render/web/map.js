// Brings map, words and panel together; returns the Leaflet map at once, to which others add layers, and
// then writes and draws in short pieces. `map.faellesrum` holds what is ready, `map.faellesrum.ready` waits for it.
faellesrum.start = function (element, data, options) {
  "use strict";
  const calm = window.matchMedia("(prefers-reduced-motion: reduce)").matches;
  const map = L.map(element, {
    zoomSnap: 0.5, minZoom: 12, attributionControl: false, zoomControl: false,
    fadeAnimation: !calm, zoomAnimation: !calm, markerZoomAnimation: !calm, inertia: !calm, ...options,
  });
  // Who clicks before all is there would find half of it.
  const page = document.getElementById("fr-page");
  page.inert = true;
  page.setAttribute("aria-busy", "true");
  const { done, told } = faellesrum.inPieces(faellesrum.build(map, data, { center: map.getCenter(), zoom: map.getZoom() }));
  map.faellesrum = { ready: done.then(() => { page.inert = false; page.removeAttribute("aria-busy"); return told; }) };
  return map;
};

// `given` is the view that the map was made with: whoever adds layers may have moved it meanwhile; then it stays.
faellesrum.build = function* (map, data, given) {
  "use strict";
  const state = faellesrum.state();
  const opened = state.read();
  const decode = faellesrum.decode(data);
  const words = faellesrum.words(data);
  if (words.languages.includes(opened.lang)) { words.lang = opened.lang; }
  const scale = faellesrum.scale(data, words);
  const model = faellesrum.scoring(data);
  yield data.spaces.id.length + data.places.id.length;
  const panel = faellesrum.panel(data, words, scale, model);
  const weights = model && faellesrum.weights(data, words, model, panel.h, reweigh);
  const sheet = document.getElementById("fr-sheet");
  const narrow = window.matchMedia("(max-width: 719px)");
  let chosen = null, find = opened.find, moved = false, settled = false, ground = null, drawing = null, reach = null;

  const handlers = {
    space(i) { open("space", i); drawing.show(i); },
    place(i) { open("place", i); map.setView(drawing.at(data.places, i), Math.max(map.getZoom(), 18)); },
    back() {
      const was = chosen;
      close();
      const item = was && document.querySelector('.fr-item[data-space="' + CSS.escape(data.spaces.id[was[0] === "space" ? was[1] : spaceOf(was[1])] || "") + '"]');
      if (item) { item.focus(); }
    },
    details(kind, i) { map.closePopup(); open(kind, i); expand(true); },
    language(code) { words.lang = code; rewrite(); remember(); },
    by(name) { scale.show(name); redraw(); panel.legend(handlers); remember(); },
    find(text) { find = text; panel.find(text); panel.list(handlers); remember(); },
    overlays: () => (reach.available ? reach.shown : null),
    reached: () => (reach ? reach.legend() : []),
    overlay(name, shown) { reach.toggle(name, shown); panel.legend(handlers); },
  };
  function close() {
    chosen = null;
    drawing.choose(null);
    reach.choose(null);
    map.closePopup();
    panel.overview();
    panel.legend(handlers);
    remember();
  }
  function open(kind, i, still) {
    chosen = [kind, i];
    drawing.choose(kind === "space" ? i : spaceOf(i));
    reach.choose(kind, i);
    panel.details(kind, i, handlers, still);
    panel.legend(handlers);
    remember();
  }
  function spaceOf(place) {
    const found = data.spaces.id.indexOf(data.places.space[place]);
    return found < 0 ? null : found;
  }
  function pop(kind, i, at) {
    open(kind, i);
    const room = map.getSize().x, fold = document.querySelector(".fr-more-legend");
    if (narrow.matches && fold) { fold.open = false; }
    L.popup({
      maxWidth: Math.min(330, room - 120), minWidth: Math.min(300, room - 120),
      autoPanPaddingTopLeft: narrow.matches ? [12, 52] : [16, 16],
      autoPanPaddingBottomRight: narrow.matches ? [52, document.getElementById("fr-legend").offsetHeight + 20] : [16, 16],
    })
      .setLatLng(at).setContent(panel.popup(kind, i, handlers)).openOn(map);
  }
  function expand(wide) {
    document.getElementById("fr-page").classList.toggle("fr-tall", wide);
    sheet.setAttribute("aria-expanded", String(wide));
    sheet.setAttribute("aria-label", words.t(wide ? "map.hide_panel" : "map.show_panel"));
    map.invalidateSize();
  }
  function* write() {
    const n = data.spaces.id.length;
    panel.head(handlers);
    panel.summary(handlers);
    panel.search(handlers);
    panel.list(handlers);
    yield n;
    panel.about();
    panel.legend(handlers);
    yield n;
    if (weights) { weights.write(); }
    yield n;
    map.closePopup();
    if (chosen) { panel.details(chosen[0], chosen[1], handlers, true); }
    sheet.setAttribute("aria-label", words.t("map.show_panel"));
    map.getContainer().setAttribute("aria-label", words.t("map.map_label"));
    controls.forEach((name) => name());
  }
  function rewrite() { Array.from(write()); }
  // Other weights: the model puts its scores into the tables, and all that shows them is drawn again.
  function reweigh(next) {
    data.reweighted = next || (model.lens ? {} : null);
    model.apply(next);
    panel.summary(handlers);
    panel.legend(handlers);
    redraw();
    if (chosen) { panel.details(chosen[0], chosen[1], handlers, true); }
    remember();
  }
  let waiting = 0;
  function redraw() {
    panel.list(handlers);
    cancelAnimationFrame(waiting); // a slider moves faster than a map is drawn
    waiting = requestAnimationFrame(() => drawing.restyle());
  }
  function remember() {
    if (!settled) { return; }
    const center = map.getCenter();
    state.write({
      lang: words.lang === data.lang ? null : words.lang,
      by: scale.by === data.config.scores[0] ? null : scale.by,
      show: chosen && (chosen[0] === "space" ? data.spaces : data.places).id[chosen[1]],
      find, weights: weights && weights.current, lens: model && model.lens && model.lens.id,
      view: moved ? { zoom: map.getZoom(), center: [center.lat, center.lng] } : null,
    });
  }

  const controls = [];
  function named(element, key) {
    const say = () => { element.title = words.t(key); element.setAttribute("aria-label", words.t(key)); };
    controls.push(say);
    say();
  }
  const Whole = L.Control.extend({
    onAdd() {
      const box = L.DomUtil.create("div", "leaflet-bar");
      const button = L.DomUtil.create("a", "fr-whole", box);
      button.href = "#";
      button.role = "button";
      button.textContent = "⤢";
      named(button, "map.whole_estate");
      L.DomEvent.on(button, "click", (event) => { L.DomEvent.stop(event); fit(); moved = false; remember(); });
      return box;
    },
  });
  const bounds = L.latLngBounds(decode.rings(data.base.boundary).flat());
  // The estate beside the legend or above it, whichever shows it larger.
  function fit() {
    const legend = document.getElementById("fr-legend");
    const size = map.getSize(), beside = legend.offsetWidth + 12, above = legend.offsetHeight + 8;
    const options = [[beside, 0], [0, above]].filter(([x, y]) => size.x - x > 200 && size.y - y > 120);
    const zoom = ([x, y]) => map.getBoundsZoom(bounds, false, L.point(x + 40, y + 40));
    const [x, y] = options.sort((a, b) => zoom(b) - zoom(a))[0] || [0, 0];
    map.fitBounds(bounds, { paddingTopLeft: [20, 20], paddingBottomRight: [x + 20, y + 20], animate: false });
  }
  const zoom = L.control.zoom({ position: "topright" }).addTo(map);
  for (const [part, key] of [["._zoomInButton", "map.zoom_in"], ["._zoomOutButton", "map.zoom_out"]]) {
    if (zoom[part.slice(1)]) { named(zoom[part.slice(1)], key); }
  }
  new Whole({ position: "topright" }).addTo(map);
  L.control.scale({ imperial: false, maxWidth: 120, position: "bottomleft" }).addTo(map);
  const credits = L.control.attribution({ prefix: false, position: "bottomleft" }).addTo(map)
    .addAttribution(escape([...new Set(data.manifest.sources.map((source) => source.attribution).filter(Boolean))].join(" · ")));
  function escape(text) { const box = document.createElement("i"); box.textContent = text; return box.innerHTML; }
  if (data.config.tiles) {
    // Somebody has asked for an online base map: it takes the place of our ground.
    L.tileLayer(data.config.tiles.url, { maxNativeZoom: 19, maxZoom: 21 }).addTo(map);
    credits.addAttribution(escape(data.config.tiles.attribution));
  }

  // What an address asks for; at first the panel is written already, and nothing has been moved.
  function restore(wanted, first) {
    if (words.languages.includes(wanted.lang || data.lang)) { words.lang = wanted.lang || data.lang; }
    scale.show(wanted.by || data.config.scores[0]);
    find = wanted.find;
    panel.find(find);
    if (!first) { rewrite(); }
    if (weights && (!first || wanted.lens || wanted.weights)) {
      weights.look(wanted.lens);
      weights.set(wanted.weights);
    }
    drawing.restyle();
    const space = data.spaces.id.indexOf(wanted.show), place = data.places.id.indexOf(wanted.show);
    if (space >= 0) { handlers.space(space); } else if (place >= 0) { handlers.place(place); } else if (chosen) { close(); }
    if (wanted.view) { map.setView(wanted.view.center, wanted.view.zoom, { animate: false }); moved = true; }
  }

  panel.find(find);
  scale.show(opened.by || data.config.scores[0]);
  yield* write();
  yield 1;
  if (map.getCenter().equals(given.center) && map.getZoom() === given.zoom) { fit(); }
  if (opened.view) { map.setView(opened.view.center, opened.view.zoom, { animate: false }); }
  yield 1;
  ground = yield* faellesrum.ground(map, data, decode);
  if (data.config.tiles) { map.getPane("ground").style.display = "none"; }
  drawing = yield* faellesrum.data(map, data, decode, scale, words, {
    space: (i, at) => pop("space", i, at),
    place: (i, at) => pop("place", i, at),
    spaceName: panel.spaceName,
    placeName: panel.placeName,
  });
  yield data.spaces.id.length;
  reach = faellesrum.reach(map, data, decode);
  restore(opened, true);
  settled = true;
  map.on("zoomend dragend keydown", () => { moved = true; });
  map.on("moveend", remember);
  window.addEventListener("hashchange", () => { settled = false; restore(state.read()); settled = true; });
  // Paper has another shape: the estate is fitted into it, then into the window again.
  for (const moment of ["beforeprint", "afterprint"]) {
    window.addEventListener(moment, () => { map.invalidateSize({ animate: false }); fit(); });
  }
  sheet.addEventListener("click", () => expand(!document.getElementById("fr-page").classList.contains("fr-tall")));
  window.matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => {
    ground.restyle();
    drawing.restyle();
    reach.restyle();
    panel.legend(handlers);
  });
  // Escape closes what is open, wherever the focus is.
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && chosen && !map._popup?.isOpen()) { handlers.back(); }
  });
  Object.assign(map.faellesrum, { spaces: drawing.shapes, handlers, words, scale, model, weights, reach, state });
};
