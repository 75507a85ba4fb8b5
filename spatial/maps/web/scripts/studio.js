// The studio's page: the map of the estate, drawn on and looked at anew after each stroke.
import { createComments } from "./comments.js";
import { createCorrections } from "./correct.js";
import { createDrawn } from "./drawn.js";
import { byId } from "./elements.js";
import { createGains } from "./gains.js";
import { createHand } from "./hand.js";
import { runInPieces } from "./pieces.js";
import { createSight } from "./sight.js";
import { createTalk, Refused } from "./talk.js";
import { createTeam } from "./team.js";
import { createVariants } from "./variants.js";
import { createWords } from "./words.js";
/** @import { Work } from "./pieces.js" */
/** @import { FirstSight, Glance, LensSum, Look, PhaseSum, Rest, Said, State, Talk } from "./talk.js" */

const MOST_ZOOM = 21;

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
  const words = createWords(first), t = words.t;
  const sight = createSight(map, first, words, {
    rewrite: write, repaint: drawStrokes, planned: () => (current()?.strokes.length ? [["new", t("studio.drawn"), ""]] : []),
    taken(at) { if (hand.busy) { hand.touch(at); } return hand.busy; },
  });
  /** @type {State} */
  let state = { variants: [], corrections: { name: "", strokes: [], done: 0, undone: 0 }, comments: [] };
  /** @type {Glance | null} */
  let glance = null;
  /** @type {Look | null} */
  let look = null;
  /** @type {LensSum[] | null} */
  let lenses = null;
  /** @type {PhaseSum[]} */
  let phases = [];
  let variant = decodeURIComponent(location.hash.slice(1)), begun = false, status = () => "";
  const layer = createDrawn(map);
  const gains = createGains(words, { nameOf: sight.nameOf, space: sight.show, door: (door) => sight.go(door.at) });
  const may = first.role === "edit", team = createTeam(words, first, talk);
  const variants = createVariants(words, may, { choose, act: (kind, more) => void act(kind, more), compare: () => void compare() });
  const corrections = createCorrections(words, first.studio.kinds, may, { act: (kind, more) => void act(kind, more, ""), missing: () => hand.missing(), name: variants.thingName });
  const comments = createComments(words, first, {
    begin: () => hand.comment(), spaceName: sight.spaceName, show(comment) { sight.go([comment.lon, comment.lat]); byId("fr-page").classList.remove("fr-tall"); },
    settle: (comment, settled) => void put(() => talk.settle(comment.number, settled)),
  });
  const hand = createHand(map, first, words, talk, { act, variant: () => variant, mark: (thing) => layer.choose(thing ? [{ geometry: thing.geometry, about: null }] : []), name: variants.thingName, corrections, comments, comment: (remark) => put(() => talk.comment(remark)) });

  function current() { return state.variants.find((each) => each.name === variant) ?? null; }

  function drawStrokes() {
    const now = current();
    if (now) { layer.show(now); }
    layer.showDoors(glance && glance.variant === variant && now?.strokes.length ? glance.doors : [], gains.doorWords);
  }

  // What is written
  function write() {
    sight.write();
    hand.write();
    variants.write(state, variant);
    corrections.write(state.corrections);
    team.write();
    writeComments();
    writeGains();
  }
  function writeComments() {
    comments.write(state.comments);
    layer.showComments(state.comments, comments.about);
  }
  function writeGains() {
    gains.write(glance && glance.variant === variant ? { example: {}, ...glance, ...look } : null, lenses, status(), (current()?.strokes.length ?? 0) > 0, phases);
  }

  // What is told
  /** @param {Glance} told */
  function glanced(told) {
    if (told.variant !== variant) { return; }
    glance = told;
    look = lenses = null;
    phases = [];
    status = () => t("studio.took", { seconds: words.number(told.seconds, 1) });
    hand.tell(current()?.strokes.length ? gains.short(told) : "");
    writeGains();
    drawStrokes();
  }
  /** @param {Rest & { variant: string, number: number }} told */
  function looked(told) {
    if (!glance || told.variant !== variant || told.number !== glance.number) { return; }
    look = { ...glance, ...told };
    sight.take(told.tables);
    writeGains();
    byId("fr-page").dataset.looked = String(told.number);
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
    writeComments();
    hand.undoable(current());
    drawStrokes();
    if (!current()?.strokes.length) { writeGains(); }
  }
  /** @param {string} name */
  function choose(name) {
    variant = name;
    location.replace("#" + encodeURIComponent(name));
    glance = look = null;
    phases = [];
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
      status = () => "";
      writeGains();
      hand.refused(saidOf(error));
      return null;
    }
  }
  /** Whether it was taken. @param {() => Promise<State>} send */
  async function put(send) {
    try { stated(await send()); return true; } catch (error) { hand.refused(saidOf(error)); return false; }
  }
  async function compare() {
    variants.compared(null, true);
    variants.compared((await talk.compare()).variants, false);
  }

  /** @returns {Work} */
  function* build() {
    write();
    yield 1;
    yield* sight.build();
    document.addEventListener("keydown", (event) => { if (event.key === "Escape" && !hand.escape() && sight.chosen) { sight.close(); } });
    talk.listen({
      state: stated, glance: glanced, look: looked,
      lenses(told) { if (look && told.variant === variant && told.number === look.number) { lenses = told.lenses; writeGains(); byId("fr-page").dataset.lenses = String(told.number); } },
      phases(told) { if (look && told.variant === variant && told.number === look.number) { phases = told.phases; writeGains(); byId("fr-page").dataset.phases = String(told.number); } },
      table() { location.reload(); },
      failed(told) { if (told.variant === variant || !told.variant) { failed(told.said); } },
      connected(there) { byId("fr-page").classList.toggle("fr-offline", !there); if (!there) { status = () => t("studio.offline"); writeGains(); } },
    });
  }
  return { build, map, get look() { return look; }, get lenses() { return lenses; }, get state() { return state; }, get variant() { return variant; } };
}

/** @param {unknown} error @returns {Said} */
function saidOf(error) { return error instanceof Refused ? error.said : { da: String(error), en: String(error), de: String(error) }; }
