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
  // If something fails, what is there by then can still be used.
  const release = () => { page.inert = false; page.removeAttribute("aria-busy"); return told; };
  map.faellesrum = { ready: done.then(release, release) };
  return map;
};

// `given` is the view that the map was made with: whoever adds layers may have moved it meanwhile; then it stays.
faellesrum.build = function* (map, data, given) {
  "use strict";
  const WAS = "before:"; // in an address, what was there before a plan
  const state = faellesrum.state();
  const opened = state.read();
  const decode = faellesrum.decode(data);
  const words = faellesrum.words(data);
  if (words.languages.includes(opened.lang)) { words.lang = opened.lang; }
  const theme = faellesrum.theme(opened.theme, repaint);
  const scale = faellesrum.scale(data, words);
  const model = faellesrum.scoring(data);
  yield data.spaces.id.length + data.places.id.length;
  const panel = faellesrum.panel(data, words, scale, model);
  const weights = model && faellesrum.weights(data, words, model, panel.h, reweigh);
  // With a plan there are two sides of everything that is drawn; the list and the weights are those after it.
  const sides = { after: { data, panel, model, drawing: null } };
  if (data.plan) {
    const was = { ...data, ...data.plan.before }, judge = faellesrum.scoring(was);
    sides.before = { data: was, panel: faellesrum.panel(was, words, scale, judge), model: judge, drawing: null };
    yield was.spaces.id.length + was.places.id.length;
  }
  const plan = faellesrum.plan(map, data, decode, words, scale, panel.h, { swiped: remember, toggled() { legend(); remember(); } });
  const observed = faellesrum.observed(map, data, decode, words, panel.h, () => { legend(); remember(); });
  const sheet = document.getElementById("fr-sheet");
  const narrow = window.matchMedia("(max-width: 719px)");
  let chosen = null, find = opened.find, moved = false, settled = false, reach = null;
  const grounds = [], letters = [];

  const handlers = {
    space(i) { show("after", "space", i); },
    place(i) { show("after", "place", i); },
    back() {
      const was = chosen;
      close();
      const space = was && was.side === "after" ? data.spaces.id[was.kind === "space" ? was.i : spaceOf(sides.after, was.i)] : null;
      const item = space && document.querySelector('.fr-item[data-space="' + CSS.escape(space) + '"]');
      if (item) { item.focus(); }
    },
    details(kind, i) { map.closePopup(); choose("after", kind, i); expand(true); },
    language(code) { words.lang = code; rewrite(); remember(); },
    theme: { next: () => theme.next(), turn() { theme.turn(); panel.head(handlers); remember(); } },
    by(name) { scale.show(name); redraw(); legend(); remember(); },
    find(text) { find = text; panel.find(text); panel.list(handlers); remember(); },
    overlays: () => (reach.available && (!chosen || chosen.side === "after") ? reach.shown : null),
    reached: () => (reach ? reach.legend() : []),
    overlay(name, shown) { reach.toggle(name, shown); legend(); },
    planned: () => (plan ? plan.legend() : []),
    ofPlan: (kind, i) => (plan && kind === "space" ? plan.ofOne("after", i) : null),
    counted: () => (observed ? observed.legend() : []),
    ofCounts: (kind, i) => (observed ? observed.ofOne(kind, i) : null),
    changed: (when, i) => show(when, "space", i),
    nameOf: (when, i) => sides[when].panel.spaceName(i),
  };
  // What is written of something as it was before the plan asks these.
  const handlersBefore = {
    ...handlers,
    space(i) { show("before", "space", i); },
    place(i) { show("before", "place", i); },
    details(kind, i) { map.closePopup(); choose("before", kind, i); expand(true); },
    ofPlan: (kind, i) => (plan && kind === "space" ? plan.ofOne("before", i) : null),
    ofCounts: () => null,
  };
  function show(which, kind, i) {
    const { drawing, data: own } = sides[which], at = drawing.at(kind === "space" ? own.spaces : own.places, i);
    choose(which, kind, i);
    if (kind === "space") { drawing.show(i); } else { map.setView(at, Math.max(map.getZoom(), 18)); }
    if (plan) { plan.reveal(which, at); }
  }
  function legend() { panel.legend(handlers); }
  function close() {
    chosen = null;
    for (const side of Object.values(sides)) { side.drawing.choose(null); }
    reach.choose(null);
    map.closePopup();
    panel.overview();
    legend();
    remember();
  }
  function choose(which, kind, i) {
    chosen = { side: which, kind, i };
    for (const [name, side] of Object.entries(sides)) { side.drawing.choose(name !== which ? null : kind === "space" ? i : spaceOf(side, i)); }
    if (which === "after") { reach.choose(kind, i); } else { reach.choose(null); }
    tell(false);
    legend();
    remember();
  }
  // Writes what is chosen; `still` where it is written already, in other words.
  function tell(still) {
    const { side, kind, i } = chosen;
    sides[side].panel.details(kind, i, side === "after" ? handlers : handlersBefore, still);
  }
  function spaceOf(side, place) {
    const found = side.data.spaces.id.indexOf(side.data.places.space[place]);
    return found < 0 ? null : found;
  }
  function pop(which, kind, i, at) {
    choose(which, kind, i);
    const room = map.getSize().x, fold = document.querySelector(".fr-more-legend");
    if (narrow.matches && fold) { fold.open = false; }
    L.popup({
      maxWidth: Math.min(330, room - 120), minWidth: Math.min(300, room - 120),
      autoPanPaddingTopLeft: narrow.matches ? [12, 52] : [16, 16],
      autoPanPaddingBottomRight: narrow.matches ? [52, document.getElementById("fr-legend").offsetHeight + 20] : [16, 16],
    })
      .setLatLng(at).setContent(sides[which].panel.popup(kind, i, which === "after" ? handlers : handlersBefore)).openOn(map);
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
    if (plan) { plan.write(handlers); }
    if (observed) { observed.write(); }
    panel.search(handlers);
    panel.list(handlers);
    yield n;
    panel.about();
    legend();
    yield n;
    if (weights) { weights.write(); }
    yield n;
    map.closePopup();
    if (chosen) { tell(true); }
    sheet.setAttribute("aria-label", words.t("map.show_panel"));
    map.getContainer().setAttribute("aria-label", words.t("map.map_label"));
    controls.forEach((name) => name());
  }
  function rewrite() { Array.from(write()); }
  // Other weights: the models put their scores into the tables, and all that shows them is drawn again.
  function reweigh(next) {
    for (const side of Object.values(sides)) {
      side.data.reweighted = next || (model.lens ? {} : null);
      side.data.ownWeights = Boolean(next);
      if (side.model !== model) { side.model.look(model.lens && model.lens.id); }
      side.model.apply(next);
    }
    panel.summary(handlers);
    if (plan) { plan.write(handlers); }
    legend();
    redraw();
    if (chosen) { tell(true); }
    remember();
  }
  let waiting = 0;
  function redraw() {
    panel.list(handlers);
    cancelAnimationFrame(waiting); // a slider moves faster than a map is drawn
    waiting = requestAnimationFrame(() => { for (const side of Object.values(sides)) { side.drawing.restyle(); } });
  }
  // Everything, in the colours of the moment.
  function repaint() {
    grounds.forEach((ground) => ground.paint());
    letters.forEach((draw) => draw());
    for (const side of Object.values(sides)) { if (side.drawing) { side.drawing.restyle(); } }
    if (reach) { reach.restyle(); }
    if (plan) { plan.restyle(); }
    if (observed) { observed.restyle(); }
    legend();
  }
  function remember() {
    if (!settled) { return; }
    const center = map.getCenter();
    state.write({
      lang: words.lang === data.lang ? null : words.lang, theme: theme.chosen,
      by: scale.by === data.config.scores[0] ? null : scale.by,
      show: chosen && (chosen.side === "before" ? WAS : "") + (chosen.kind === "space" ? sides[chosen.side].data.spaces : sides[chosen.side].data.places).id[chosen.i],
      find, weights: weights && weights.current, lens: model && model.lens && model.lens.id,
      swipe: plan && plan.share !== 0.5 ? plan.share : null, off: [...(plan && !plan.homes ? ["homes"] : []), ...(observed && !observed.shown ? ["counts"] : [])],
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
    map.fitBounds(bounds, { paddingTopLeft: [20, narrow.matches ? 56 : 20], paddingBottomRight: [x + 20, y + 20], animate: false });
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
    if (!first) { theme.choose(wanted.theme); }
    if (plan) { plan.showHomes(!wanted.off.includes("homes")); plan.set(wanted.swipe ?? 0.5); plan.write(handlers); }
    if (observed) { observed.show(!wanted.off.includes("counts")); observed.write(); }
    if (first) { legend(); } else { rewrite(); }
    if (weights && (!first || wanted.lens || wanted.weights)) {
      weights.look(wanted.lens);
      weights.set(wanted.weights);
    }
    for (const side of Object.values(sides)) { side.drawing.restyle(); }
    const was = sides.before && (wanted.show || "").startsWith(WAS), side = was ? sides.before : sides.after;
    const id = was ? wanted.show.slice(WAS.length) : wanted.show;
    const space = side.data.spaces.id.indexOf(id), place = side.data.places.id.indexOf(id), ask = was ? handlersBefore : handlers;
    if (space >= 0) { ask.space(space); } else if (place >= 0) { ask.place(place); } else if (chosen) { close(); }
    if (wanted.view) { map.setView(wanted.view.center, wanted.view.zoom, { animate: false }); moved = true; }
  }

  panel.find(find);
  scale.show(opened.by || data.config.scores[0]);
  yield* write();
  yield 1;
  if (map.getCenter().equals(given.center) && map.getZoom() === given.zoom) { fit(); }
  if (opened.view) { map.setView(opened.view.center, opened.view.zoom, { animate: false }); }
  yield 1;
  const shade = faellesrum.relief(data.relief, decode, () => grounds.forEach((ground) => ground.paint()));
  const same = yield* faellesrum.coats(decode, data.base);
  for (const when of Object.keys(sides)) {
    const coats = plan ? yield* faellesrum.coats(decode, data.plan.ground[when], same) : same;
    grounds.push(faellesrum.ground(map, data, coats, plan ? "ground-" + when : "ground", shade));
    yield 1;
  }
  for (const when of Object.keys(sides)) {
    const named = plan ? data.plan.ground[when].streets : data.base.streets;
    letters.push(yield* faellesrum.streetNames(map, data, decode, named, plan ? "names-" + when : "names"));
  }
  if (data.config.tiles) {
    for (const name of ["ground", "names"].flatMap((part) => [part, part + "-before", part + "-after"])) {
      if (map.getPane(name)) { map.getPane(name).style.display = "none"; }
    }
  }
  for (const [when, side] of Object.entries(sides)) {
    side.drawing = yield* faellesrum.data(map, side.data, decode, scale, words, {
      space: (i, at) => pop(when, "space", i, at),
      place: (i, at) => pop(when, "place", i, at),
      spaceName: side.panel.spaceName,
      placeName: side.panel.placeName,
      ...(plan && { mark: (i) => plan.mark(when, i), edge: (i) => plan.edge(when, i) }),
    }, plan ? when : "");
    yield side.data.spaces.id.length;
  }
  if (plan) { yield* plan.things(); }
  if (observed) { yield* observed.draw(); }
  reach = faellesrum.reach(map, data, decode);
  restore(opened, true);
  settled = true;
  map.on("zoomend dragend keydown", () => { moved = true; });
  map.on("moveend", remember);
  window.addEventListener("hashchange", () => { settled = false; restore(state.read()); settled = true; });
  // Paper is light and has another shape: the estate is fitted into it, then into the window again. Of a
  // plan, paper shows what comes after it.
  const onScreen = {}, paper = faellesrum.paper(map);
  function print(on) {
    paper.lift();
    theme.force(on ? "light" : null);
    if (plan && on) { onScreen.share = plan.share; }
    if (plan) { plan.set(on ? 0 : onScreen.share); }
    map.invalidateSize({ animate: false });
    fit();
    repaint();
    if (on) { paper.lay(); }
  }
  window.addEventListener("beforeprint", () => print(true));
  window.addEventListener("afterprint", () => print(false));
  sheet.addEventListener("click", () => expand(!document.getElementById("fr-page").classList.contains("fr-tall")));
  // Escape closes what is open, wherever the focus is.
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && chosen && !map._popup?.isOpen()) { handlers.back(); }
  });
  Object.assign(map.faellesrum, { spaces: sides.after.drawing.shapes, sides, handlers, words, scale, model, weights, reach, state, plan, observed, theme });
};
