// What is sent to the board: the map of an estate with a switch for each measure of a variant. What the measures do
// together is in the page, or the page says to run it.
import { createDrawn } from "./drawn.js";
import { byId, h } from "./elements.js";
import { createGains } from "./gains.js";
import { runInPieces } from "./pieces.js";
import { pickRows } from "./rows.js";
import { createSight } from "./sight.js";
import { createStrokeWords } from "./strokes.js";
import { createWords } from "./words.js";
/** @import { Payload, Table } from "./payload.js" */
/** @import { Work } from "./pieces.js" */
/** @import { Door, Look, SpaceChange, Stroke, Sum } from "./talk.js" */

/** @typedef {Pick<Table, "rank" | "tier" | "rank_low" | "rank_high" | "top"> & { rows: number[], floating: number[] }} Picked rows that are there, and what follows from all of them */
/** @typedef {{ places: Picked, spaces: Picked, sum: Sum, changes: SpaceChange[], doors: number[] }} Combination */

/**
 * @typedef {object} Board
 * @property {string} name of the variant
 * @property {Stroke[]} strokes
 * @property {number[][]} measures rows of the strokes of each
 * @property {number[][]} groups measures that touch
 * @property {Record<string, Combination>} looks by the measures that are on
 * @property {Door[]} doors
 */

const MOST_ZOOM = 20, NAMED = 3, OFF = "off=";

/** Make the page, of what stands in it. */
export function startBoard() {
  const data = /** @type {Payload & { board: Board }} */ (JSON.parse(byId("faellesrum-data").textContent ?? ""));
  const map = L.map("fr-map", { zoomSnap: 0.5, minZoom: 12, maxZoom: MOST_ZOOM, attributionControl: false, zoomControl: false, preferCanvas: true, zoomAnimation: false, fadeAnimation: false });
  const page = createBoard(map, data, data.board);
  void runInPieces(page.build()).done.then(() => {
    byId("fr-page").removeAttribute("aria-busy");
    Object.assign(window, { board: page });
  });
}

/**
 * Make the page around a map.
 *
 * @param {L.Map} map
 * @param {Payload} data
 * @param {Board} board
 */
function createBoard(map, data, board) {
  const words = createWords(data), t = words.t, { strokeName } = createStrokeWords(words), all = board.measures.map((_, k) => k);
  let on = new Set(all);
  const sight = createSight(map, { ...data, ...tablesOf(board.looks[""]) }, words, {
    rewrite: write, repaint: drawStrokes, planned: () => (on.size ? [["new", t("studio.drawn"), ""]] : []), taken: () => false,
  });
  const layer = createDrawn(map);
  const gains = createGains(words, { nameOf: sight.nameOf, space: sight.show, door: (door) => sight.go(door.at) });

  function key() { return all.filter((k) => on.has(k)).join(" "); }
  /** @returns {Combination | undefined} */
  function known() { return board.looks[key()]; }
  /** @param {Combination} found @returns {Look["tables"]} */
  function tablesOf(found) {
    const [spaces, places] = /** @type {("spaces" | "places")[]} */ (["spaces", "places"]).map((name) => {
      const { rows, rank, tier, rank_low, rank_high, top } = found[name];
      return { ...pickRows(data[name], rows), rank, tier, rank_low, rank_high, top };
    });
    return { config: data.config, context: data.context, possible: data.possible, spaces, places };
  }
  /** @param {Combination} found @returns {Look} */
  function lookOf(found) {
    const doors = found.doors.map((k) => board.doors[k]);
    return { variant: board.name, number: 0, seconds: 0, tables: tablesOf(found), sum: found.sum, spaces: found.changes, doors, example: {} };
  }

  // What is written
  /** @param {number} k */
  function plainName(k) {
    const names = board.measures[k].map((row) => strokeName(board.strokes[row]));
    return names.length > NAMED ? t("studio.board.and_more", { names: names.slice(0, NAMED - 1).join(", "), n: words.number(names.length - NAMED + 1) }) : words.join(names);
  }
  // Those that are called alike are told apart by a number.
  /** @param {number} k */
  function nameOf(k) {
    const name = plainName(k), alike = all.filter((other) => plainName(other) === name);
    return alike.length > 1 ? name + " " + words.number(alike.indexOf(k) + 1) : name;
  }
  /** @param {number} k */
  function switchOf(k) {
    const input = h("input", { type: "checkbox", role: "switch", id: "fr-switch-" + k, checked: on.has(k) });
    input.addEventListener("focus", () => layer.choose(board.measures[k].map((row) => board.strokes[row])));
    input.addEventListener("blur", () => layer.choose([]));
    input.addEventListener("change", () => { if (input.checked) { on.add(k); } else { on.delete(k); } turned(); });
    const others = (board.groups.find((group) => group.includes(k)) ?? []).filter((other) => other !== k).map(nameOf);
    const about = others.length && others.length < all.length - 1 ? h("small", { id: "fr-touch-" + k }, t("studio.board.touches", { names: words.join(others) })) : null;
    if (about) { input.setAttribute("aria-describedby", about.id); }
    return h("li", {}, h("label", { class: "fr-switch" }, input, h("span", {}, nameOf(k))), about);
  }
  /** @param {string} text @param {number[]} wanted */
  function allButton(text, wanted) { return h("button", { type: "button", class: "fr-more", on: () => { on = new Set(wanted); writeSwitches(); turned(); } }, t(text)); }
  function writeSwitches() {
    const focused = document.activeElement?.id ?? "";
    byId("fr-switches").replaceChildren(h("h2", {}, t("studio.board.title", { name: board.name })), h("p", { class: "fr-quiet" }, t("studio.board.text")),
      h("ul", { class: "fr-rows" }, ...all.map(switchOf)), h("div", { class: "fr-buttons" }, allButton("studio.board.all_on", all), allButton("studio.board.all_off", [])));
    if (focused) { document.getElementById(focused)?.focus({ preventScroll: true }); }
  }
  function writeGains() {
    const found = known(), count = t("studio.board.on", { n: words.number(on.size), of: words.number(all.length) });
    gains.write(found ? lookOf(found) : null, [], found ? count : count + ". " + t("studio.board.run_it"), on.size > 0);
    byId("fr-page").classList.toggle("fr-unknown", !found);
  }
  function write() {
    sight.write();
    writeSwitches();
    writeGains();
  }
  function drawStrokes() {
    const rows = new Set([...on].flatMap((k) => board.measures[k])), found = known();
    layer.show({ name: board.name, strokes: board.strokes.filter((_, row) => rows.has(row)), done: 0, undone: 0 });
    layer.showDoors(found ? found.doors.map((k) => board.doors[k]) : [], gains.doorWords);
  }
  // Of what is not known nothing is shown: the places are those of today, as the page then says.
  function turned() {
    sight.take(tablesOf(known() ?? board.looks[""]));
    writeGains();
    drawStrokes();
    remember();
  }

  // The address says what is off, so that it can be sent as it is.
  function remember() {
    const off = all.filter((k) => !on.has(k));
    history.replaceState(null, "", off.length ? "#" + OFF + off.join(".") : "#");
  }
  function recall() {
    const [start, off] = [location.hash.slice(1, 1 + OFF.length), location.hash.slice(1 + OFF.length).split(".").map(Number)];
    on = new Set(start === OFF ? all.filter((k) => !off.includes(k)) : all);
  }
  /** @returns {Work} */
  function* build() {
    recall();
    write();
    yield 1;
    yield* sight.build();
    turned();
    window.addEventListener("hashchange", () => { recall(); writeSwitches(); turned(); });
    document.addEventListener("keydown", (event) => { if (event.key === "Escape" && sight.chosen) { sight.close(); } });
  }
  return {
    build, map,
    get key() { return key(); },
    get shown() { return known() ?? null; },
    /** Of the meeting spaces that are there. */
    get ids() { return known()?.spaces.rows.map((row) => data.spaces.id[row]) ?? []; },
  };
}
