// The studio's page: the map of the estate, drawn on and looked at anew after each stroke.
import { drawBase } from "./base.js";
import { addControls, fitEstate, pointOut } from "./controls.js";
import { createCorrections } from "./correct.js";
import { createDecoder } from "./decode.js";
import { createDrawn } from "./drawn.js";
import { byId } from "./elements.js";
import { createGains } from "./gains.js";
import { createHand } from "./hand.js";
import { createPanel } from "./panel.js";
import { runInPieces } from "./pieces.js";
import { createScale } from "./scale.js";
import { drawSpaces } from "./spaces.js";
import { createTalk } from "./talk.js";
import { createTheme } from "./theme.js";
import { createVariants } from "./variants.js";
import { createWords } from "./words.js";
/** @import { Handlers } from "./panel.js" */
/** @import { Payload } from "./payload.js" */
/** @import { ObjectKind } from "./names.js" */
/** @import { Work } from "./pieces.js" */
/** @import { SpaceDrawing } from "./spaces.js" */
/** @import { FirstSight, LensSum, Look, Said, SpaceChange, State, Talk } from "./talk.js" */

const NARROW = "(max-width: 719px)", CLOSE_ZOOM = 18, MOST_ZOOM = 21;

/** Make the page, of what is fetched. */
export function startStudio() {
  const talk = createTalk();
  void talk.first().then(async (first) => {
    const map = L.map("fr-map", { zoomSnap: 0.5, minZoom: 12, maxZoom: MOST_ZOOM, attributionControl: false, zoomControl: false, preferCanvas: true, zoomAnimation: false, fadeAnimation: false });
    const page = createPage(map, first, talk);
    await runInPieces(page.build()).done;
    byId("fr-page").removeAttribute("aria-busy");
    Object.assign(window, { studio: page });
  });
}

/**
 * Make the page around a map.
 *
 * @param {L.Map} map
 * @param {FirstSight} first
 * @param {Talk} talk
 */
function createPage(map, first, talk) {
  const decode = createDecoder(first), words = createWords(first), t = words.t;
  const bounds = L.latLngBounds(decode.rings(first.base.boundary).flat()), narrow = window.matchMedia(NARROW);
  map.fitBounds(bounds);
  /** @type {Payload} */
  let data = first;
  let scale = createScale(data, words), panel = createPanel(data, words, scale, null);
  // A colour means the same before a stroke and after it.
  scale.wishRelative(false);
  const theme = createTheme(null, repaint);
  /** @type {SpaceDrawing | null} */
  let drawing = null;
  /** @type {{ kind: ObjectKind, i: number } | null} */
  let chosen = null;
  /** @type {State} */
  let state = { variants: [], corrections: { name: "", strokes: [], done: 0, undone: 0 } };
  /** @type {Look | null} */
  let look = null;
  /** @type {LensSum[] | null} */
  let lenses = null;
  let variant = decodeURIComponent(location.hash.slice(1)), find = "", invited = true, begun = false, status = () => "", paintGround = () => {};
  /** @type {(() => void)[]} */
  const repainted = [];
  const layer = createDrawn(map);
  const writeControls = addControls(map, first, words, fit);
  const gains = createGains(words, {
    nameOf, space(id) { const i = data.spaces.id.indexOf(id); if (i >= 0) { show("space", i); } },
    door(door) { map.setView([door.at[1], door.at[0]], Math.max(map.getZoom(), CLOSE_ZOOM)); },
  });
  const variants = createVariants(words, { choose, act: (kind, more) => void act(kind, more), compare: () => void compare() });
  const corrections = createCorrections(words, first.studio.kinds, { act: (kind, more) => void act(kind, more, ""), missing: () => hand.missing(), name: variants.thingName });
  const hand = createHand(map, first, words, talk, { act, variant: () => variant, mark: (thing) => layer.choose(thing), name: variants.thingName, corrections });

  /** @type {Handlers} */
  const handlers = {
    space: (i) => show("space", i), place: (i) => show("place", i), back: close,
    details(kind, i) { map.closePopup(); open(kind, i); tall(true); },
    language(code) { words.lang = code; write(); },
    theme: { next: () => theme.next(), turn() { theme.turn(); panel.head(handlers); } },
    by(name) { scale.show(name); panel.list(handlers); panel.legend(handlers); drawing?.restyle(); },
    relative(on) { scale.wishRelative(on); panel.list(handlers); panel.legend(handlers); drawing?.restyle(); },
    find(text) { find = text; panel.find(text); panel.list(handlers); },
    address: (at, name) => pointOut(map, decode.points(at)[0], name, CLOSE_ZOOM),
    overlays: () => null, overlay() {}, possible: () => invited,
    showPossible(on) { invited = on; paintGround(); panel.legend(handlers); },
    reached: () => [], counted: () => [], ofPlan: () => null, ofCounts: () => null,
    planned: () => (current()?.strokes.length ? [["new", t("studio.drawn"), ""]] : []),
    changed() {}, nameOf: (_side, i) => panel.spaceName(i),
  };
  function current() { return state.variants.find((each) => each.name === variant) ?? null; }
  /** @param {SpaceChange} change */
  function nameOf(change) {
    const table = change.after === null ? first.spaces : data.spaces, id = change.after ?? change.before ?? "";
    return table.name[words.lang][table.id.indexOf(id)] ?? id;
  }

  // What is chosen
  /** @param {ObjectKind} kind @param {number} i */
  function open(kind, i) {
    chosen = { kind, i };
    drawing?.choose(kind === "space" ? i : panel.spaceOf(i));
    panel.details(kind, i, handlers, false);
  }
  /** @param {ObjectKind} kind @param {number} i */
  function show(kind, i) {
    if (!drawing) { return; }
    open(kind, i);
    if (kind === "space") { drawing.show(i); } else { map.setView(drawing.at(data.places, i), Math.max(map.getZoom(), CLOSE_ZOOM)); }
  }
  function close() {
    chosen = null;
    drawing?.choose(null);
    map.closePopup();
    panel.overview();
  }
  // Who draws means the spot, not what lies there.
  /** @param {ObjectKind} kind @param {number} i @param {L.LatLng} at */
  function pressed(kind, i, at) { if (hand.busy) { hand.touch(at); } else { open(kind, i); } }

  // What is drawn
  function fit() { fitEstate(map, bounds, narrow.matches); }
  function repaint() {
    for (const paint of repainted) { paint(); }
    drawing?.restyle();
    drawStrokes();
  }
  function drawStrokes() {
    const now = current();
    if (now) { layer.show(now); }
    layer.showDoors(look && look.variant === variant && now?.strokes.length ? look.doors : [], gains.doorWords);
  }
  /** @returns {Work} */
  function* drawTables() {
    drawing?.remove();
    drawing = yield* drawSpaces(map, data, decode, scale, words, {
      space: (i, at) => pressed("space", i, at), place: (i, at) => pressed("place", i, at), spaceName: (i) => panel.spaceName(i), placeName: (i) => panel.placeName(i),
    }, "");
    drawing.restyle();
  }
  /** @param {boolean} wide */
  function tall(wide) {
    byId("fr-page").classList.toggle("fr-tall", wide);
    byId("fr-sheet").setAttribute("aria-expanded", String(wide));
    byId("fr-sheet").setAttribute("aria-label", t(wide ? "map.hide_panel" : "map.show_panel"));
    map.invalidateSize();
  }

  // What is written
  function write() {
    panel.head(handlers);
    panel.search(handlers);
    panel.about();
    byId("fr-sheet").setAttribute("aria-label", t("map.show_panel"));
    map.getContainer().setAttribute("aria-label", t("map.map_label"));
    writeControls();
    hand.write();
    variants.write(state, variant);
    corrections.write(state.corrections);
    writeTables();
    writeGains();
  }
  function writeTables() {
    panel.summary(handlers);
    panel.find(find);
    panel.list(handlers);
    panel.legend(handlers);
  }
  function writeGains() {
    gains.write(look && look.variant === variant ? look : null, lenses, status(), (current()?.strokes.length ?? 0) > 0);
  }

  // What is told
  /** @param {Look} told */
  function looked(told) {
    if (told.variant !== variant) { return; }
    const same = chosen && (chosen.kind === "space" ? data.spaces : data.places).id[chosen.i];
    look = told;
    lenses = null;
    data = { ...first, ...told.tables };
    const { by, wish } = scale;
    scale = createScale(data, words);
    scale.wishRelative(wish);
    scale.show(by);
    panel = createPanel(data, words, scale, null);
    status = () => t("studio.took", { seconds: words.number(told.seconds, 1) });
    hand.tell(current()?.strokes.length ? gains.short(told) : "");
    Array.from(drawTables());
    writeTables();
    writeGains();
    drawStrokes();
    byId("fr-page").dataset.looked = String(told.number);
    if (chosen) {
      const again = (chosen.kind === "space" ? data.spaces : data.places).id.indexOf(same ?? "");
      if (again >= 0) { open(chosen.kind, again); } else { close(); }
    }
  }
  /** @param {Said} said */
  function failed(said) {
    status = () => t("studio.failed", { cause: said[words.lang] });
    writeGains();
  }
  /** @param {State} told */
  function stated(told) {
    state = told;
    if (!begun || !current()) { begun = true; choose(current()?.name ?? told.variants[0].name); }
    variants.write(state, variant);
    corrections.write(state.corrections);
    hand.undoable(current());
    drawStrokes();
    if (!current()?.strokes.length) { writeGains(); }
  }
  /** @param {string} name */
  function choose(name) {
    variant = name;
    location.replace("#" + encodeURIComponent(name));
    look = null;
    status = () => t("studio.looking");
    variants.write(state, variant);
    hand.undoable(current());
    writeGains();
    drawStrokes();
    void talk.look(name);
  }
  /** @param {string} kind @param {object} [more] @param {string} [about] the variant; empty of corrections */
  async function act(kind, more, about = variant) {
    status = () => t(about && kind !== "correct" ? "studio.looking" : "studio.reading_anew");
    writeGains();
    try {
      const done = await talk.act(kind, about, more);
      variants.compared(null, false);
      state = done;
      if (done.variant && done.variant !== variant) { choose(done.variant); } else { stated(state); }
      return done;
    } catch (error) {
      const said = error instanceof Error && "said" in error ? /** @type {Said} */ (error.said) : { da: String(error), en: String(error) };
      status = () => "";
      writeGains();
      hand.refused(said);
      return null;
    }
  }
  async function compare() {
    variants.compared(null, true);
    variants.compared((await talk.compare()).variants, false);
  }

  /** @returns {Work} */
  function* build() {
    write();
    yield 1;
    fit();
    paintGround = yield* drawBase(map, first, decode, ["after"], repainted, () => invited);
    yield* drawTables();
    repaint();
    byId("fr-sheet").addEventListener("click", () => tall(!byId("fr-page").classList.contains("fr-tall")));
    document.addEventListener("keydown", (event) => { if (event.key === "Escape" && !hand.escape() && chosen) { close(); } });
    talk.listen({
      state: stated, look: looked,
      lenses(told) { if (look && told.variant === variant && told.number === look.number) { lenses = told.lenses; writeGains(); byId("fr-page").dataset.lenses = String(told.number); } },
      table() { location.reload(); },
      failed(told) { if (told.variant === variant || !told.variant) { failed(told.said); } },
      connected(there) { byId("fr-page").classList.toggle("fr-offline", !there); if (!there) { status = () => t("studio.offline"); writeGains(); } },
    });
  }
  return { build, map, get look() { return look; }, get lenses() { return lenses; }, get state() { return state; }, get variant() { return variant; } };
}
