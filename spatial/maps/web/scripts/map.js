// Brings map, words and panel together; returns the Leaflet map at once, to which others add layers, and
// then writes and draws in short pieces. `map.faellesrum` holds what is ready, `map.faellesrum.ready` waits for it.
import { drawBase } from "./base.js";
import { addControls, fitEstate, pointOut } from "./controls.js";
import { createDecoder } from "./decode.js";
import { byId } from "./elements.js";
import { createObserved } from "./observed.js";
import { createPanel } from "./panel.js";
import { createPaper } from "./paper.js";
import { runInPieces } from "./pieces.js";
import { createPlan } from "./plan.js";
import { createReach } from "./reach.js";
import { createScale } from "./scale.js";
import { createScoring } from "./scoring.js";
import { drawSpaces } from "./spaces.js";
import { readState, writeState } from "./state.js";
import { createTheme } from "./theme.js";
import { createWeights } from "./weights.js";
import { createWords } from "./words.js";
/** @import { ObjectKind } from "./names.js" */
/** @import { Handlers, Panel } from "./panel.js" */
/** @import { Payload } from "./payload.js" */
/** @import { Progress, Work } from "./pieces.js" */
/** @import { PlanLayer, Side } from "./plan.js" */
/** @import { ObservedLayer } from "./observed.js" */
/** @import { ReachLayer } from "./reach.js" */
/** @import { Scale } from "./scale.js" */
/** @import { Scoring } from "./scoring.js" */
/** @import { SpaceDrawing, SpaceShape } from "./spaces.js" */
/** @import { State, Weights } from "./state.js" */
/** @import { Theme } from "./theme.js" */
/** @import { WeightSliders } from "./weights.js" */
/** @import { Words } from "./words.js" */

/** @typedef {{ data: Payload, panel: Panel, model: Scoring | null, drawing: SpaceDrawing | null, handlers: Handlers }} SideOfPlan */
/** @typedef {{ side: Side, kind: ObjectKind, i: number }} Chosen */
/** @typedef {{ center: L.LatLng, zoom: number }} GivenView */

/**
 * @typedef {object} Parts What is there once all is drawn.
 * @property {SpaceShape[]} spaces
 * @property {Partial<Record<Side, SideOfPlan>>} sides
 * @property {Handlers} handlers
 * @property {Words} words
 * @property {Scale} scale
 * @property {Scoring | null} model
 * @property {WeightSliders | null} weights
 * @property {ReachLayer | null} reach
 * @property {PlanLayer | null} plan
 * @property {ObservedLayer | null} observed
 * @property {Theme} theme
 */

/** @typedef {{ ready: Promise<Progress> } & Partial<Parts>} Page */

const NARROW = "(max-width: 719px)", WAS = "before:"; // in an address, what was there before a plan
const CLOSE_ZOOM = 18, POPUP_PX = 330, LEAST_POPUP_PX = 300, POPUP_MARGIN_PX = 120;

/**
 * Make the map of a page, and write and draw all of it in short pieces.
 *
 * @param {string} element id
 * @param {Payload} data
 * @param {L.MapOptions} options
 */
export function start(element, data, options) {
  const calm = window.matchMedia("(prefers-reduced-motion: reduce)").matches;
  const map = L.map(element, {
    zoomSnap: 0.5, minZoom: 12, attributionControl: false, zoomControl: false,
    fadeAnimation: !calm, zoomAnimation: !calm, markerZoomAnimation: !calm, inertia: !calm, ...options,
  });
  // Who clicks before all is there would find half of it.
  const page = byId("fr-page");
  page.inert = true;
  page.setAttribute("aria-busy", "true");
  const { done, progress } = runInPieces(build(map, data, { center: map.getCenter(), zoom: map.getZoom() }));
  // If something fails, what is there by then can still be used.
  const release = () => { page.inert = false; page.removeAttribute("aria-busy"); return progress; };
  map.faellesrum = { ready: done.then(release, release) };
  return map;
}

/**
 * Write and draw the page.
 *
 * @param {L.Map} map
 * @param {Payload} data
 * @param {GivenView} given view that the map was made with: whoever adds layers may have moved it meanwhile; then it stays
 * @returns {Work}
 */
function* build(map, data, given) {
  const opened = readState();
  const decode = createDecoder(data);
  const words = createWords(data);
  if (opened.lang !== null && words.languages.includes(opened.lang)) { words.lang = opened.lang; }
  const theme = createTheme(opened.theme, repaint);
  const scale = createScale(data, words);
  scale.wishRelative(opened.relative);
  scale.show(opened.by || scale.by);
  yield data.spaces.id.length + data.places.id.length;
  const after = sideOf("after", data);
  const { panel, model, handlers } = after, weights = model && createWeights(data, words, model, reweigh);
  // With a plan there are two sides of everything that is drawn; the list and the weights are those after it.
  /** @type {Partial<Record<Side, SideOfPlan>>} */
  const sides = { after };
  if (data.plan) {
    sides.before = sideOf("before", { ...data, ...data.plan.before });
    yield data.plan.before.spaces.id.length;
  }
  const bothSides = Object.values(sides);
  const plan = data.plan ? createPlan(map, data, data.plan, decode, words, scale, { onSwiped: remember, onToggle() { legend(); remember(); } }) : null;
  const observed = data.observed && createObserved(map, data, data.observed, decode, words, () => { legend(); remember(); });
  const sheet = byId("fr-sheet"), narrow = window.matchMedia(NARROW), bounds = L.latLngBounds(decode.rings(data.base.boundary).flat());
  // Where nothing lies inside, what lies around is shown as well.
  const ranked = decode.points(data.spaces.at).filter((_, i) => data.spaces.rank[i] !== null);
  if (!data.spaces.inside.some((inside, i) => inside && data.spaces.rank[i] !== null)) { for (const at of ranked) { bounds.extend(at); } }
  /** @type {Chosen | null} */
  let chosen = null;
  /** @type {ReachLayer | null} */
  let reach = null;
  let invited = true, paintGround = () => {};
  /** @type {number | null} */
  let started = null;
  let find = opened.find, moved = false, settled = false, waiting = 0, shareOnScreen = 0.5;
  const paper = createPaper(map);
  /** @type {(() => void)[]} */
  const repainted = []; // what draws ground and names again
  const writeControls = addControls(map, data, words, () => { fit(); moved = false; remember(); });

  /** @param {Side} side @param {Payload} own @returns {SideOfPlan} */
  function sideOf(side, own) {
    const judge = createScoring(own);
    return { data: own, panel: createPanel(own, words, scale, judge), model: judge, drawing: null, handlers: handlersOf(side) };
  }
  /** @param {Side} side @returns {Handlers} */
  function handlersOf(side) {
    return {
      space(i) { show(side, "space", i); },
      place(i) { show(side, "place", i); },
      back,
      details(kind, i) { map.closePopup(); choose(side, kind, i); expand(true); },
      language(code) { words.lang = code; rewrite(); remember(); },
      theme: { next: () => theme.next(), turn() { theme.turn(); panel.head(handlers); remember(); } },
      by(name) { scale.show(name); redraw(); legend(); remember(); },
      relative(on) { scale.wishRelative(on); redraw(); legend(); remember(); },
      find(text) { find = text; panel.find(text); panel.list(handlers); remember(); },
      address(at, name) { handlers.find(name); pointOut(map, decode.points(at)[0], name, CLOSE_ZOOM); },
      overlays: () => (reach && chosen?.side !== "before" ? reach.shown : null),
      overlay(name, shown) { reach?.toggle(name, shown); legend(); },
      possible: () => invited,
      showPossible(on) { invite(on); remember(); },
      reached: () => reach?.legend() ?? [],
      planned: () => plan?.legend() ?? [],
      counted: () => observed?.legend() ?? [],
      ofPlan: (kind, i) => plan?.ofObject(side, kind, i) ?? null,
      ofCounts: (kind, i) => (side === "after" && observed ? observed.ofObject(kind, i) : null),
      changed: (when, i) => show(when, "space", i),
      nameOf: (when, i) => theSide(when).panel.spaceName(i),
    };
  }
  /** @param {Side} side */
  function theSide(side) { return sides[side] ?? after; }

  // What is chosen
  function back() {
    const was = chosen;
    close();
    if (was?.side !== "after") { return; }
    const space = was.kind === "space" ? was.i : panel.spaceOf(was.i);
    if (space === null) { return; }
    const item = document.querySelector('.fr-item[data-space="' + CSS.escape(data.spaces.id[space]) + '"]');
    if (item instanceof HTMLElement) { item.focus(); }
  }
  /** @param {Side} side @param {ObjectKind} kind @param {number} i */
  function show(side, kind, i) {
    const { drawing, data: own } = theSide(side);
    if (!drawing) { return; }
    const at = drawing.at(kind === "space" ? own.spaces : own.places, i);
    choose(side, kind, i);
    if (kind === "space") { drawing.show(i); } else { map.setView(at, Math.max(map.getZoom(), CLOSE_ZOOM)); }
    plan?.reveal(side, at);
  }
  function close() {
    chosen = null;
    for (const side of bothSides) { side.drawing?.choose(null); }
    reach?.choose(null);
    map.closePopup();
    panel.overview();
    legend();
    remember();
  }
  /** @param {Side} side @param {ObjectKind} kind @param {number} i */
  function choose(side, kind, i) {
    chosen = { side, kind, i };
    for (const each of bothSides) { each.drawing?.choose(each !== theSide(side) ? null : kind === "space" ? i : each.panel.spaceOf(i)); }
    reach?.choose(side === "after" ? kind : null, i);
    describe(false);
    legend();
    remember();
  }
  // Writes what is chosen; `still` where it is written already, in other words.
  /** @param {boolean} still */
  function describe(still) {
    if (!chosen) { return; }
    const side = theSide(chosen.side);
    side.panel.details(chosen.kind, chosen.i, side.handlers, still);
  }
  /** @param {Side} side @param {ObjectKind} kind @param {number} i @param {L.LatLng} at */
  function pop(side, kind, i, at) {
    choose(side, kind, i);
    const room = map.getSize().x - POPUP_MARGIN_PX, fold = document.querySelector(".fr-more-legend"), own = theSide(side);
    if (narrow.matches && fold instanceof HTMLDetailsElement) { fold.open = false; }
    L.popup({
      maxWidth: Math.min(POPUP_PX, room), minWidth: Math.min(LEAST_POPUP_PX, room),
      autoPanPaddingTopLeft: narrow.matches ? [12, 52] : [16, 16],
      autoPanPaddingBottomRight: narrow.matches ? [52, byId("fr-legend").offsetHeight + 20] : [16, 16],
    }).setLatLng(at).setContent(own.panel.popup(kind, i, own.handlers)).openOn(map);
  }

  /** @param {boolean} on */
  function invite(on) {
    invited = on;
    paintGround();
    legend();
  }

  // What is written and drawn again
  function legend() { panel.legend(handlers); }
  /** @param {boolean} wide */
  function expand(wide) {
    byId("fr-page").classList.toggle("fr-tall", wide);
    sheet.setAttribute("aria-expanded", String(wide));
    sheet.setAttribute("aria-label", words.t(wide ? "map.hide_panel" : "map.show_panel"));
    map.invalidateSize();
  }
  /** @returns {Work} */
  function* write() {
    const n = data.spaces.id.length;
    panel.head(handlers);
    panel.summary(handlers);
    plan?.write(handlers);
    observed?.write();
    panel.search(handlers);
    panel.list(handlers);
    yield n;
    panel.about();
    legend();
    yield n;
    weights?.write();
    yield n;
    map.closePopup();
    describe(true);
    sheet.setAttribute("aria-label", words.t("map.show_panel"));
    map.getContainer().setAttribute("aria-label", words.t("map.map_label"));
    writeControls();
  }
  function rewrite() { Array.from(write()); }
  // Other weights: the models put their scores into the tables, and all that shows them is drawn again.
  /** @param {Weights | null} next */
  function reweigh(next) {
    for (const side of bothSides) {
      if (side.model !== model) { side.model?.look(model?.lens?.id ?? null); }
      side.model?.apply(next);
    }
    scale.refresh();
    panel.summary(handlers);
    plan?.write(handlers);
    legend();
    redraw();
    describe(true);
    remember();
  }
  function redraw() {
    panel.list(handlers);
    cancelAnimationFrame(waiting); // a slider moves faster than a map is drawn
    waiting = requestAnimationFrame(restyleSpaces);
  }
  function restyleSpaces() { for (const side of bothSides) { side.drawing?.restyle(); } }
  // Everything, in the colours of the moment.
  function repaint() {
    for (const paint of repainted) { paint(); }
    restyleSpaces();
    reach?.restyle();
    plan?.restyle();
    observed?.restyle();
    legend();
  }
  // Where the handle is until somebody moves it: on the plan.
  function onThePlan() {
    started = plan ? Math.min(0.85, Math.max(0.15, Math.round(plan.middle() * 100) / 100)) : null;
    return started ?? 0.5;
  }
  function fit() { fitEstate(map, bounds, narrow.matches); }
  // Paper is light and has another shape: the estate is fitted into it, then into the window again. Of a
  // plan, paper shows what comes after it.
  /** @param {boolean} on */
  function print(on) {
    paper.lift();
    byId("fr-page").classList.toggle("fr-on-paper", on); // so that all is measured as it will lie on the sheet
    theme.force(on ? "light" : null);
    if (plan && on) { shareOnScreen = plan.share; }
    panel.whole(on, handlers);
    for (const side of bothSides) { side.drawing?.numberAll(on); }
    plan?.set(on ? 0 : shareOnScreen);
    map.invalidateSize({ animate: false });
    legend();
    fit();
    repaint();
    if (on) { paper.lay(); }
  }

  // The address
  function chosenId() {
    if (!chosen) { return null; }
    const { side, kind, i } = chosen, own = theSide(side).data;
    return (side === "before" ? WAS : "") + (kind === "space" ? own.spaces : own.places).id[i];
  }
  function remember() {
    if (!settled) { return; }
    const center = map.getCenter();
    writeState({
      lang: words.lang === data.lang ? null : words.lang, theme: theme.chosen,
      by: scale.by === data.config.scores[0] ? null : scale.by,
      relative: scale.wish, show: chosenId(), find, weights: weights && weights.current, lens: model?.lens?.id ?? null,
      swipe: plan && plan.share !== started ? plan.share : null, off: [...(plan && !plan.homes ? ["homes"] : []), ...(observed && !observed.shown ? ["counts"] : []), ...(invited ? [] : ["possible"])],
      view: moved ? { zoom: map.getZoom(), center: [center.lat, center.lng] } : null,
    });
  }
  // What an address asks for; at first the panel is written already, and nothing has been moved.
  /** @param {State} wanted @param {boolean} first */
  function restore(wanted, first) {
    const lang = wanted.lang || data.lang;
    if (words.languages.includes(lang)) { words.lang = lang; }
    scale.wishRelative(wanted.relative);
    scale.show(wanted.by || data.config.scores[0]);
    find = wanted.find;
    panel.find(find);
    if (!first) { theme.choose(wanted.theme); }
    if (plan) { plan.showHomes(!wanted.off.includes("homes")); plan.set(wanted.swipe ?? onThePlan()); plan.write(handlers); }
    if (observed) { observed.show(!wanted.off.includes("counts")); observed.write(); }
    invite(!wanted.off.includes("possible"));
    if (!first) { rewrite(); }
    if (weights && (!first || wanted.lens || wanted.weights)) {
      weights.look(wanted.lens);
      weights.set(wanted.weights);
    }
    restyleSpaces();
    const id = wanted.show ?? "", side = sides.before && id.startsWith(WAS) ? sides.before : after, own = side === after ? id : id.slice(WAS.length);
    const space = side.data.spaces.id.indexOf(own), place = side.data.places.id.indexOf(own);
    if (space >= 0) { side.handlers.space(space); } else if (place >= 0) { side.handlers.place(place); } else if (chosen) { close(); }
    if (wanted.view) { map.setView(wanted.view.center, wanted.view.zoom, { animate: false }); moved = true; }
  }

  panel.find(find);
  yield* write();
  yield 1;
  if (map.getCenter().equals(given.center) && map.getZoom() === given.zoom) { fit(); }
  if (opened.view) { map.setView(opened.view.center, opened.view.zoom, { animate: false }); }
  yield 1;
  paintGround = yield* drawBase(map, data, decode, /** @type {Side[]} */ (Object.keys(sides)), repainted, () => invited);
  for (const [when, side] of /** @type {[Side, SideOfPlan][]} */ (Object.entries(sides))) {
    side.drawing = yield* drawSpaces(map, side.data, decode, scale, words, {
      space: (i, at) => pop(when, "space", i, at),
      place: (i, at) => pop(when, "place", i, at),
      spaceName: side.panel.spaceName,
      placeName: side.panel.placeName,
      ...(plan && { mark: (i) => plan.mark(when, i), edge: (i) => plan.edge(when, i) }),
    }, plan ? when : "");
    yield side.data.spaces.id.length;
  }
  if (plan) { yield* plan.drawThings(); }
  if (observed) { yield* observed.draw(); }
  reach = data.reach && createReach(map, data.reach, decode);
  restore(opened, true);
  settled = true;
  map.on("zoomend dragend keydown", () => { moved = true; });
  map.on("moveend", remember);
  window.addEventListener("hashchange", () => { settled = false; restore(readState(), false); settled = true; });
  window.addEventListener("beforeprint", () => print(true));
  window.addEventListener("afterprint", () => print(false));
  sheet.addEventListener("click", () => expand(!byId("fr-page").classList.contains("fr-tall")));
  // Escape closes what is open, wherever the focus is.
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && chosen && !map._popup?.isOpen()) { back(); }
  });
  Object.assign(map.faellesrum, { spaces: after.drawing?.shapes, sides, handlers, words, scale, model, weights, reach, plan, observed, theme });
}
