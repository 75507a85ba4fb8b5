// The studio's start page: which estate, which map, where its boundary runs; then how far it is on its way.
import { colour } from "./colours.js";
import { byId, h } from "./elements.js";
import { createOpening } from "./opening.js";
import { createPencil } from "./pencil.js";
import { createChoices } from "./choices.js";
import { read, Refused, send } from "./talk.js";
import { createTheme } from "./theme.js";
import { createWords } from "./words.js";
/** @import { Wish } from "./choices.js" */
/** @import { Payload } from "./payload.js" */
/** @import { Geometry, Said } from "./talk.js" */

/** @typedef {{ id: string, name: string, names: string[], municipality: string, code: string, at: [number, number], tolerance_m: number }} Area */
/** @typedef {{ id: string, title: Record<string, string>, licence: string, municipality: string | null }} Layer */
/** @typedef {{ key: string, opened: string, name: string, osm: string }} Before */

/**
 * @typedef {object} StartSight
 * @property {string} lang
 * @property {Payload["texts"]} texts
 * @property {Area[]} areas
 * @property {Before[]} before
 * @property {string[]} extracts
 * @property {Layer[]} layers
 * @property {{ area: string | null, osm: string | null }} wish
 */
/** @typedef {Record<"green" | "water" | "building" | "highway", [number, number][][]> & { circle: Geometry }} Sketch */

const DENMARK = /** @type {[number, number]} */ ([56, 10.6]), FAR_ZOOM = 7, NEAR_ZOOM = 15, MOST_ZOOM = 20;
const INK = /** @type {[keyof Sketch, L.PathOptions & { ink: string }][]} */ ([
  ["green", { ink: "green", stroke: false, fillOpacity: 1 }], ["water", { ink: "water", stroke: false, fillOpacity: 1 }],
  ["building", { ink: "building-edge", weight: 0.5, fillOpacity: 1 }], ["highway", { ink: "path", weight: 2, fill: false }],
]);

/** Make the page, of what is fetched. */
export function startPage() {
  void fetch("/start.json").then(read).then(showPage);
}

/** @param {StartSight} first */
function showPage(first) {
  const map = L.map("fr-map", { zoomSnap: 0.5, minZoom: 5, maxZoom: MOST_ZOOM, attributionControl: false, zoomControl: false, preferCanvas: true, zoomAnimation: false, fadeAnimation: false });
  map.setView(DENMARK, FAR_ZOOM);
  Object.assign(window, { start: createPage(map, first) });
  byId("fr-page").removeAttribute("aria-busy");
}

/**
 * Make the page around a map.
 *
 * @param {L.Map} map
 * @param {StartSight} first
 */
function createPage(map, first) {
  const words = createWords(/** @type {Payload} */ (/** @type {unknown} */ (first))), t = words.t, pencil = createPencil(map);
  createTheme(null, () => drawGround());
  const zoom = L.control.zoom({ position: "topright" }).addTo(map);
  L.control.attribution({ prefix: false, position: "bottomleft" }).addTo(map).addAttribution("© OpenStreetMap contributors");
  map.createPane("sketch").style.zIndex = "350";
  const ground = L.layerGroup().addTo(map), outline = L.layerGroup().addTo(map);
  /** @type {Sketch | null} */
  let sketch = null;
  /** @type {Wish} */
  const wish = { name: "", area: first.wish.area, boundary: null, osm: first.wish.osm ?? first.extracts[0] ?? "", layers: [], agreed: false };
  /** @type {Said | string | null} */
  let wrong = null;
  let reading = false, drawing = false, enough = false;

  const choices = createChoices(first, words, wish, {
    changed, area: goTo, again: (key, name) => void opening.open({ again: key }, name),
    ground: () => void readGround(), circle() { if (sketch) { bounded(sketch.circle); } }, draw, file: (file) => void readFile(file),
    bounded, open: () => void opening.open(wish, wish.name),
  });
  const opening = createOpening(words, (said) => { wrong = said; write(); });

  // The map
  function drawGround() {
    ground.clearLayers();
    outline.clearLayers();
    for (const [name, { ink, ...style }] of sketch ? INK : []) {
      const lines = /** @type {[number, number][][]} */ (sketch?.[name] ?? []), options = { ...style, pane: "sketch", color: colour(ink), fillColor: colour(name === "building" ? "building" : ink), interactive: false };
      ground.addLayer(name === "highway" ? L.polyline(lines, options) : L.polygon(lines.map((line) => [line]), options));
    }
    const shape = wish.boundary ?? sketch?.circle;
    if (shape) {
      outline.addLayer(L.geoJSON(/** @type {any} */ (shape), { style: () => ({ color: colour("boundary"), weight: 3, dashArray: wish.boundary ? undefined : "4 6", fillOpacity: wish.boundary ? 0.08 : 0 }), interactive: false }));
    }
  }
  /** @param {[number, number]} at longitude and latitude */
  function goTo(at) { sketch = null; map.setView([at[1], at[0]], NEAR_ZOOM); drawGround(); }
  /** @param {Geometry | null} boundary */
  function bounded(boundary) {
    wish.boundary = boundary;
    drawGround();
    if (boundary) { map.fitBounds(L.geoJSON(/** @type {any} */ (boundary)).getBounds(), { padding: [30, 30] }); }
    changed();
  }
  function draw() {
    drawing = true;
    pencil.begin({ shape: "area", done(geometry) { stop(); bounded(geometry); }, changed(_count, all) { enough = all; bar(); }, cancelled: stop });
    bar();
    map.getContainer().focus({ preventScroll: true });
  }
  function stop() { drawing = false; pencil.end(); bar(); }
  function bar() {
    const box = byId("fr-bar"), button = (/** @type {string} */ id, /** @type {string} */ key, /** @type {() => void} */ on, /** @type {boolean} */ dead) => h("button", { type: "button", class: "fr-more", id: "fr-draw-" + id, disabled: dead, on }, t("start." + key));
    box.hidden = !drawing;
    box.replaceChildren(h("p", {}, t("start.drawing")), h("div", { class: "fr-buttons" }, button("done", "done", () => pencil.finish(), !enough), button("cancel", "cancel", stop, false)));
  }

  // What is asked
  /** @param {() => Promise<void>} work */
  async function tried(work) {
    wrong = null;
    try { await work(); } catch (error) { wrong = error instanceof Refused ? error.said : String(error); }
    write();
  }
  async function readGround() {
    const { lat, lng } = map.getCenter();
    reading = true;
    write();
    await tried(async () => { sketch = await send("/api/ground", { osm: wish.osm, agreed: wish.agreed, lon: lng, lat }); });
    reading = false;
    if (sketch) { map.fitBounds(L.geoJSON(/** @type {any} */ (sketch.circle)).getBounds()); }
    drawGround();
    write();
  }
  /** @param {File} file */
  async function readFile(file) {
    await tried(async () => {
      const answer = await fetch("/api/boundary?" + new URLSearchParams({ name: file.name }), { method: "POST", body: file });
      const { areas } = /** @type {{ areas: { name: string, boundary: Geometry }[] }} */ (await read(answer));
      choices.found(areas);
    });
  }

  // What is written
  function changed() { wrong = null; write(); }
  function write() {
    byId("fr-over").textContent = t("studio.title");
    document.querySelector("h1")?.replaceChildren(t("start.title"));
    document.title = t("start.title") + " – " + t("studio.title");
    byId("fr-intro").textContent = t("start.intro");
    byId("fr-panel").setAttribute("aria-label", t("start.title"));
    map.getContainer().setAttribute("aria-label", t("map.map_label"));
    for (const [control, key] of /** @type {[HTMLElement | undefined, string][]} */ ([[zoom._zoomInButton, "map.zoom_in"], [zoom._zoomOutButton, "map.zoom_out"]])) {
      control?.setAttribute("title", t(key));
      control?.setAttribute("aria-label", t(key));
    }
    byId("fr-languages").replaceChildren(...words.languages.map((code) => h("button", { type: "button", lang: code, "aria-pressed": String(words.lang === code), on() { words.lang = code; write(); } }, words.nameOf(code))));
    choices.write({ reading, circled: sketch !== null, hectares: hectares(), wrong: typeof wrong === "string" ? wrong : wrong?.[words.lang] ?? null });
    opening.write();
    bar();
    if (wrong) { byId("fr-open").querySelector(".fr-fault")?.scrollIntoView({ block: "nearest" }); }
  }
  /** The area of the boundary, by and large. */
  function hectares() {
    if (!wish.boundary) { return null; }
    const { type, coordinates } = wish.boundary, polygons = /** @type {[number, number][][][]} */ (type === "Polygon" ? [coordinates] : coordinates);
    return words.number(polygons.reduce((sum, rings) => sum + rings.reduce((left, ring, i) => left + (i ? -1 : 1) * areaOf(ring), 0), 0) / 1e4, 1);
  }
  const known = first.areas.find((area) => area.id === wish.area);
  if (known) { wish.name = known.name; goTo(known.at); }
  write();
  void opening.watch();
  document.addEventListener("keydown", (event) => { if (event.key === "Escape" && drawing) { stop(); } });
  return { map, wish };
}

/** Square metres within a ring of longitudes and latitudes, on a plane at its own latitude. @param {[number, number][]} ring */
function areaOf(ring) {
  const metre = 111_320, narrow = Math.cos((ring[0][1] * Math.PI) / 180);
  return Math.abs(ring.reduce((sum, [x, y], i) => { const [u, v] = ring[(i + 1) % ring.length]; return sum + (x * v - u * y); }, 0)) / 2 * metre * metre * narrow;
}
