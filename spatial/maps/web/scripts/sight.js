// The estate on the map and in the panel as one look has it: drawn and written anew with each look.
import { drawBase } from "./base.js";
import { addControls, fitEstate, pointOut } from "./controls.js";
import { createDecoder } from "./decode.js";
import { byId } from "./elements.js";
import { createPanel } from "./panel.js";
import { createScale } from "./scale.js";
import { drawSpaces } from "./spaces.js";
import { createTheme } from "./theme.js";
/** @import { ObjectKind } from "./names.js" */
/** @import { Handlers } from "./panel.js" */
/** @import { Payload } from "./payload.js" */
/** @import { Work } from "./pieces.js" */
/** @import { PlanRow } from "./plan.js" */
/** @import { SpaceDrawing } from "./spaces.js" */
/** @import { Look, SpaceChange } from "./talk.js" */
/** @import { Words } from "./words.js" */

/** @typedef {ReturnType<typeof createSight>} Sight */
const NARROW = "(max-width: 719px)", CLOSE_ZOOM = 18;

/**
 * @typedef {object} SightEvents
 * @property {() => void} rewrite another language was chosen
 * @property {() => void} repaint other colours were
 * @property {() => PlanRow[]} planned rows of the legend
 * @property {(at: L.LatLng) => boolean} taken whether who draws meant the spot, not what lies there
 */

/**
 * Make the sight of an estate.
 *
 * @param {L.Map} map
 * @param {Payload} first the estate as it is
 * @param {Words} words
 * @param {SightEvents} on
 */
export function createSight(map, first, words, on) {
  const decode = createDecoder(first), t = words.t;
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
  let find = "", invited = true, paintGround = () => {};
  /** @type {(() => void)[]} */
  const repainted = [];
  const writeControls = addControls(map, first, words, fit);

  /** @type {Handlers} */
  const handlers = {
    space: (i) => show("space", i), place: (i) => show("place", i), back: close,
    details(kind, i) { map.closePopup(); open(kind, i); tall(true); },
    language(code) { words.lang = code; on.rewrite(); },
    theme: { next: () => theme.next(), turn() { theme.turn(); panel.head(handlers); } },
    by(name) { scale.show(name); panel.list(handlers); panel.legend(handlers); drawing?.restyle(); },
    relative(wish) { scale.wishRelative(wish); panel.list(handlers); panel.legend(handlers); drawing?.restyle(); },
    find(text) { find = text; panel.find(text); panel.list(handlers); },
    address(at, name) { handlers.find(name); pointOut(map, decode.points(at)[0], name, CLOSE_ZOOM); },
    overlays: () => null, overlay() {}, possible: () => invited,
    showPossible(wish) { invited = wish; paintGround(); panel.legend(handlers); },
    reached: () => [], counted: () => [], ofPlan: () => null, ofCounts: () => null,
    planned: on.planned, changed() {}, nameOf: (_side, i) => panel.spaceName(i),
  };

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
  /** @param {ObjectKind} kind @param {number} i @param {L.LatLng} at */
  function pressed(kind, i, at) { if (!on.taken(at)) { open(kind, i); } }

  // What is drawn
  function fit() { fitEstate(map, bounds, narrow.matches); }
  function repaint() {
    for (const paint of repainted) { paint(); }
    drawing?.restyle();
    on.repaint();
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
    writeTables();
  }
  function writeTables() {
    panel.summary(handlers);
    panel.find(find);
    panel.list(handlers);
    panel.legend(handlers);
  }
  // Another look: what was chosen stays so, where it is still there.
  /** @param {Look["tables"]} tables */
  function take(tables) {
    const same = chosen && (chosen.kind === "space" ? data.spaces : data.places).id[chosen.i];
    data = { ...first, ...tables };
    const { by, wish } = scale;
    scale = createScale(data, words);
    scale.wishRelative(wish);
    scale.show(by);
    panel = createPanel(data, words, scale, null);
    Array.from(drawTables());
    writeTables();
    if (chosen) {
      const again = (chosen.kind === "space" ? data.spaces : data.places).id.indexOf(same ?? "");
      if (again >= 0) { open(chosen.kind, again); } else { close(); }
    }
  }
  /** @returns {Work} */
  function* build() {
    fit();
    paintGround = yield* drawBase(map, first, decode, ["after"], repainted, () => invited);
    yield* drawTables();
    repaint();
    byId("fr-sheet").addEventListener("click", () => tall(!byId("fr-page").classList.contains("fr-tall")));
  }
  return {
    build, write, take, close,
    /** @param {string} id */
    show(id) { const i = data.spaces.id.indexOf(id); if (i >= 0) { show("space", i); } },
    /** @param {[number, number]} at longitude and latitude */
    go(at) { map.setView([at[1], at[0]], Math.max(map.getZoom(), CLOSE_ZOOM)); },
    /** A meeting space as it is today. @param {string} id */
    spaceName(id) { return first.spaces.name[words.lang][first.spaces.id.indexOf(id)] ?? null; },
    /** @param {SpaceChange} change */
    nameOf(change) {
      const table = change.after === null ? first.spaces : data.spaces, id = change.after ?? change.before ?? "";
      return table.name[words.lang][table.id.indexOf(id)] ?? words.upper(t("studio.layer.place")); // until its name is told
    },
    get chosen() { return chosen !== null; },
  };
}
