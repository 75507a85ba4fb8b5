// What is chosen on the start page, section by section. What somebody types into stays as it is while the rest is written.
import { byId, h } from "./elements.js";
/** @import { StartSight } from "./start.js" */
/** @import { Geometry } from "./talk.js" */
/** @import { Words } from "./words.js" */

/** @typedef {{ name: string, area: string | null, boundary: Geometry | null, osm: string, layers: string[], agreed: boolean }} Wish */
/** @typedef {{ name: string, boundary: Geometry }} Found an area of a file */
/** @typedef {{ reading: boolean, circled: boolean, hectares: string | null, wrong: string | null }} Now */

/**
 * @typedef {object} ChoiceEvents
 * @property {() => void} changed
 * @property {(at: [number, number]) => void} area
 * @property {(key: string, name: string) => void} again opens what is known whole
 * @property {() => void} ground
 * @property {() => void} circle
 * @property {() => void} draw
 * @property {(file: File) => void} file
 * @property {(boundary: Geometry | null) => void} bounded
 * @property {() => void} open
 */

const OVERPASS = "overpass", DEMO = "demo";

/**
 * Make what writes the choices into a wish.
 *
 * @param {StartSight} first
 * @param {Words} words
 * @param {Wish} wish
 * @param {ChoiceEvents} on
 */
export function createChoices(first, words, wish, on) {
  const t = words.t;
  let find = "", file = wish.osm === OVERPASS ? first.extracts[0] ?? "" : wish.osm, lang = "";
  /** @type {Found[]} */
  let found = [];
  /** @type {Now} */
  let now = { reading: false, circled: false, hectares: null, wrong: null };

  /** @param {string} id @param {string} text @param {() => void} press @param {Record<string, unknown>} [more] */
  function button(id, text, press, more) { return h("button", { type: "button", class: "fr-more", id: "fr-start-" + id, on: press, ...more }, text); }
  /** @param {string} id @param {string} key @param {HTMLElement} control */
  function field(id, key, control) {
    control.id = "fr-start-" + id;
    return h("div", { class: "fr-naming" }, h("label", { for: control.id }, t("start." + key)), control);
  }
  /** @param {HTMLInputElement} input @param {(value: string) => void} onInput */
  function listening(input, onInput) { input.addEventListener("input", () => onInput(input.value)); return input; }
  /** @param {HTMLInputElement} input @param {() => void} onChange */
  function ticked(input, onChange) { input.addEventListener("change", onChange); return input; }

  // Which estate
  function which() {
    const search = listening(h("input", { type: "search", value: find, maxlength: 100 }), (text) => { find = text; list(); });
    const name = listening(h("input", { type: "text", value: wish.name, maxlength: 100 }), (text) => { wish.name = text; wish.area = null; list(); last(); });
    byId("fr-which").replaceChildren(h("h2", {}, t("start.which")), field("search", "search", search), h("div", { id: "fr-found" }), h("h3", {}, t("start.another")),
      h("p", { class: "fr-quiet" }, t("start.another_text")), field("name", "name", name));
    list();
  }
  function list() {
    const fits = (/** @type {string[]} */ texts) => texts.some((text) => text.toLocaleLowerCase().includes(find.trim().toLocaleLowerCase()));
    const before = first.before.filter((one) => fits([one.name])).map((one) => button("again-" + one.key, one.name, () => on.again(one.key, one.name), { title: one.osm }));
    const demo = fits([t("start.demo")]) ? [button(DEMO, t("start.demo"), () => on.again(DEMO, t("start.demo")))] : [];
    const areas = first.areas.filter((one) => fits(one.names)).map((one) => button("area-" + one.id, one.name + " (" + one.municipality + ")", () => choose(one.id), { "aria-pressed": String(wish.area === one.id) }));
    const group = (/** @type {string} */ key, /** @type {HTMLElement[]} */ rows) => (rows.length ? [h("h3", {}, t("start." + key)), h("div", { class: "fr-buttons fr-" + key }, ...rows)] : []);
    const rows = [...group("before", before), ...group("areas", areas), ...group("to_try", demo)];
    byId("fr-found").replaceChildren(...(rows.length ? rows : [h("p", { class: "fr-quiet", role: "status" }, t("start.none_found"))]));
  }
  /** @param {string} id */
  function choose(id) {
    const area = first.areas.find((one) => one.id === id);
    if (!area) { return; }
    Object.assign(wish, { area: id, name: area.name, boundary: null });
    /** @type {HTMLInputElement} */ (byId("fr-start-name")).value = area.name;
    list();
    byId("fr-start-area-" + id).focus();
    on.area(area.at);
    on.changed();
  }

  // Which map
  function extract() {
    const live = wish.osm === OVERPASS, path = listening(h("input", { type: "text", value: file, list: "fr-extracts", maxlength: 500, spellcheck: "false" }), (text) => { file = text; wish.osm = text; pick(false); });
    const radio = (/** @type {string} */ id, /** @type {string} */ key, /** @type {boolean} */ checked) => h("label", { class: "fr-choice" }, ticked(h("input", { type: "radio", name: "fr-osm", id: "fr-start-" + id, checked }), () => pick(id === OVERPASS)), t("start." + key));
    path.setAttribute("aria-label", t("start.file"));
    path.id = "fr-start-file";
    byId("fr-extract").replaceChildren(h("h2", {}, t("start.map")), radio("local", "file", !live), path, h("datalist", { id: "fr-extracts" }, ...first.extracts.map((each) => h("option", { value: each }))),
      h("p", { class: "fr-quiet" }, t("start.file_text")), radio(OVERPASS, OVERPASS, live));
  }
  /** @param {boolean} live */
  function pick(live) {
    wish.osm = live ? OVERPASS : file;
    /** @type {HTMLInputElement} */ (byId(live ? "fr-start-overpass" : "fr-start-local")).checked = true;
    on.changed();
  }

  // Where the boundary runs
  function boundary() {
    const chosen = ticked(h("input", { type: "file", accept: ".geojson,.json,.gpkg,.kml,.gml,.fgb,.zip" }), () => { if (chosen.files?.[0]) { on.file(chosen.files[0]); } });
    byId("fr-boundary").replaceChildren(h("h2", {}, t("start.boundary")), h("p", { class: "fr-quiet" }, t("start.boundary_text")), h("div", { class: "fr-buttons", id: "fr-bounding" }),
      field("drop", "drop", chosen), h("div", { id: "fr-areas" }), h("p", { id: "fr-bounded", role: "status" }));
  }
  function bounding() {
    const focused = document.activeElement?.id ?? "";
    byId("fr-bounding").replaceChildren(button("ground", t(now.reading ? "start.ground_wait" : "start.ground"), on.ground, { disabled: now.reading || !wish.osm }), button("circle", t("start.take_circle"), on.circle, { disabled: !now.circled }), button("draw", t("start.draw"), on.draw));
    if (focused.startsWith("fr-start-")) { document.getElementById(focused)?.focus(); }
    byId("fr-bounded").textContent = now.hectares === null ? t("start.no_boundary") : t("start.boundary_is", { area: now.hectares });
    const select = h("select", {}, ...found.map((one, i) => h("option", { value: i }, one.name)));
    select.addEventListener("change", () => take(found[Number(select.value)]));
    byId("fr-areas").replaceChildren(...(found.length > 1 ? [field("which", "choose_area", select)] : []));
  }
  /** @param {Found} one */
  function take(one) {
    if (!wish.area) { wish.name = one.name; /** @type {HTMLInputElement} */ (byId("fr-start-name")).value = one.name; }
    on.bounded(one.boundary);
  }

  // Municipal layers, and the last word
  function layers() {
    const rows = first.layers.map((one) => h("label", { class: "fr-choice" }, ticked(h("input", { type: "checkbox", checked: wish.layers.includes(one.id) }), () => {
      wish.layers = wish.layers.includes(one.id) ? wish.layers.filter((id) => id !== one.id) : [...wish.layers, one.id];
      on.changed();
    }), one.title[words.lang] ?? one.id, h("span", { class: "fr-quiet" }, " " + one.id + ", " + one.licence)));
    const agree = ticked(h("input", { type: "checkbox", id: "fr-start-agree", checked: wish.agreed }), () => { wish.agreed = agree.checked; on.changed(); });
    byId("fr-layers").replaceChildren(h("details", {}, h("summary", {}, t("start.layers")), h("p", { class: "fr-quiet" }, t("start.layers_text")), ...rows), h("label", { class: "fr-choice", id: "fr-agree" }, agree, t("start.agree")));
  }
  function last() {
    const others = wish.osm === OVERPASS || wish.layers.length > 0;
    byId("fr-agree").hidden = !others;
    const lacking = /** @type {[string, boolean][]} */ ([["name", !wish.name.trim()], ["osm", !wish.osm.trim()], ["boundary", !wish.boundary], ["agreement", others && !wish.agreed]]).filter(([, lacks]) => lacks).map(([key]) => t("start.lacks_" + key));
    byId("fr-open").replaceChildren(...[
      now.wrong ? h("p", { class: "fr-fault", role: "alert" }, t("start.failed", { cause: now.wrong })) : null,
      lacking.length ? h("p", { class: "fr-quiet" }, t("start.lacking", { what: words.join(lacking) })) : null,
      h("button", { type: "submit", class: "fr-more", id: "fr-start-open", disabled: lacking.length > 0 }, t("start.open")),
    ].filter((part) => part !== null));
  }

  byId("fr-choose").addEventListener("submit", (event) => { event.preventDefault(); on.open(); });
  document.addEventListener("dragover", (event) => event.preventDefault());
  document.addEventListener("drop", (event) => { event.preventDefault(); const dropped = event.dataTransfer?.files[0]; if (dropped) { on.file(dropped); } });
  return {
    /** @param {Now} next */
    write(next) {
      now = next;
      if (lang !== words.lang) { lang = words.lang; which(); extract(); boundary(); layers(); }
      bounding();
      last();
    },
    /** @param {Found[]} areas */
    found(areas) { found = areas; take(areas[0]); },
  };
}
