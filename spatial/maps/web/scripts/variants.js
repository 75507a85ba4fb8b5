// The variants in the panel: which one is drawn on, what was drawn in it, its copies, and all of them side by side.
import { byId, h } from "./elements.js";
import { createStrokeWords } from "./strokes.js";
/** @import { Compared, State, Stroke, Variant } from "./talk.js" */
/** @import { Words } from "./words.js" */

/** @typedef {ReturnType<typeof createVariants>} VariantPanel */
const FORMATS = [["gpkg", "GeoPackage"], ["geojson", "GeoJSON"]], PAGES = ["map.html", "report.html", "report.pdf", "sitemap.pdf", "places.xlsx", "fieldkit.zip"], BOARD = "board.html", FORGET = "forget";

/**
 * @typedef {object} VariantEvents
 * @property {(name: string) => void} choose
 * @property {(act: string, more?: object) => void} act does something to the variant that is chosen
 * @property {() => void} compare
 */

/**
 * Make what writes the variants.
 *
 * @param {Words} words
 * @param {boolean} may whether who sits here may draw
 * @param {VariantEvents} on
 */
export function createVariants(words, may, on) {
  const t = words.t, { thingName, strokeName } = createStrokeWords(words);
  /** @type {string | null} */
  let naming = null;
  /** @type {Compared[] | null} */
  let compared = null;
  let comparing = false;

  /** @param {Stroke} stroke */
  function phaseOf(stroke) {
    const input = h("input", { type: "text", maxlength: 10, autocomplete: "off", value: stroke.properties.phase ?? "", "aria-label": t("studio.phase_of", { name: strokeName(stroke) }) });
    input.addEventListener("change", () => on.act("phase", { feature: stroke.properties.feature, phase: input.value }));
    return h("label", { class: "fr-phase" }, t("studio.phase"), input);
  }
  /** @param {Variant} variant */
  function drawn(variant) {
    const rows = variant.strokes.map((stroke) => h("li", {}, h("span", {}, strokeName(stroke)),
      may ? phaseOf(stroke) : stroke.properties.phase ? h("span", { class: "fr-phase" }, t("studio.phase") + " " + stroke.properties.phase) : null,
      may ? h("button", { type: "button", class: "fr-more", "aria-label": t("studio.take_back") + ": " + strokeName(stroke), on: () => on.act("drop", { feature: stroke.properties.feature }) }, t("studio.take_back")) : null));
    byId("fr-drawn").replaceChildren(...(rows.length ? [h("h2", {}, t("studio.drawn")), h("ul", { class: "fr-strokes" }, ...rows)] : []));
  }
  /** @param {string} act @param {string} key */
  function button(act, key) {
    return h("button", { type: "button", class: "fr-more", on: () => { naming = act; writeLast(); byId("fr-name").focus(); } }, t("studio." + key));
  }
  function nameForm() {
    if (!naming) { return null; }
    if (naming === FORGET) { return sure(); }
    const input = h("input", { id: "fr-name", type: "text", maxlength: 60, required: true, autocomplete: "off" });
    const form = h("form", { class: "fr-naming" }, h("label", { for: "fr-name" }, t("studio.name_it")), input,
      h("button", { class: "fr-more", type: "submit" }, t("studio.ok")), h("button", { class: "fr-more", type: "button", on: () => { naming = null; writeLast(); } }, t("studio.cancel")));
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      const act = naming ?? "";
      naming = null;
      on.act(act, { name: input.value });
    });
    return form;
  }
  function sure() {
    const question = t("studio.forget_sure", { name: last?.chosen });
    return h("div", { class: "fr-naming", role: "group", "aria-label": question }, h("p", {}, question),
      h("button", { class: "fr-more", type: "button", id: "fr-name", on: () => { naming = null; on.act(FORGET); } }, t("studio.forget")),
      h("button", { class: "fr-more", type: "button", on: () => { naming = null; writeLast(); } }, t("studio.cancel")));
  }
  function sideBySide() {
    if (!compared) { return null; }
    const homes = (/** @type {number} */ n) => words.number(Math.round(n));
    const lens = (/** @type {Compared} */ row, /** @type {string} */ id) => homes(row.lenses.find((each) => each.id === id)?.dwellings.losing ?? 0);
    const columns = /** @type {[string, (row: Compared) => string][]} */ ([
      ["winning", (row) => homes(row.dwellings.winning)], ["losing", (row) => homes(row.dwellings.losing)],
      ["demolished", (row) => homes(row.dwellings.demolished)], ["new", (row) => homes(row.dwellings.new)],
      ["median", (row) => row.median.map((each) => (each === null ? "–" : words.number(each, 1))).join(" → ")],
      ["points", (row) => words.number(Math.round(row.points))],
      ["child", (row) => lens(row, "child")], ["wheelchair", (row) => lens(row, "wheelchair")],
    ]);
    return h("div", { class: "fr-compared", tabindex: 0, role: "region", "aria-label": t("studio.compare") }, h("table", {},
      h("thead", {}, h("tr", {}, h("th", { scope: "col" }, t("studio.column_variant")), ...compared.map((row) => h("th", { scope: "col" }, row.name)))),
      h("tbody", {}, ...columns.map(([key, value]) => h("tr", {}, h("th", { scope: "row" }, t("studio.column_" + key)), ...(compared ?? []).map((row) => h("td", {}, value(row))))))));
  }
  /** @param {Variant} variant */
  function save(variant) {
    const query = "?" + new URLSearchParams({ variant: variant.name, lang: words.lang });
    const link = (/** @type {string} */ path, /** @type {string} */ text) => h("li", {}, h("a", { href: path + query, download: "" }, text));
    const some = variant.strokes.length > 0, plan = some ? FORMATS.map(([ending, format]) => link("/api/plan." + ending, t("studio.save_plan", { format }))) : [];
    byId("fr-save").replaceChildren(h("h2", {}, t("studio.save")), h("ul", { class: "fr-rows" }, ...plan,
      ...[...(some ? [BOARD] : []), ...PAGES].map((page) => link("/api/out/" + page, t("studio." + (some ? "out." : "out_today.") + page.replace(".", "_")))), may ? link("/api/out/log.csv", t("studio.team_log")) : null));
  }
  /** @type {{ state: State, chosen: string } | null} */
  let last = null;
  /** @param {State} state @param {string} chosen */
  function write(state, chosen) {
    last = { state, chosen };
    writeLast();
  }
  function writeLast() {
    if (!last?.state.variants.length) { return; }
    const { state, chosen } = last, variant = state.variants.find((each) => each.name === chosen) ?? state.variants[0];
    const select = h("select", { id: "fr-variant" }, ...state.variants.map((each) => h("option", { value: each.name, selected: each.name === variant.name }, each.name)));
    select.addEventListener("change", () => on.choose(select.value));
    byId("fr-variants").replaceChildren(...[
      h("h2", {}, h("label", { for: "fr-variant" }, t("studio.variant"))), select,
      may ? h("div", { class: "fr-buttons" }, button("copy", "copy"), button("begin", "new_variant"), button("rename", "rename"), button(FORGET, "forget")) : null,
      nameForm(),
      state.variants.length > 1 ? h("button", { type: "button", class: "fr-more", id: "fr-compare", disabled: comparing, on: on.compare }, t(comparing ? "studio.comparing" : "studio.compare")) : null,
      sideBySide(),
    ].filter((part) => part !== null));
    drawn(variant);
    save(variant);
  }
  return {
    write, thingName,
    /** @param {Compared[] | null} found @param {boolean} busy */
    compared(found, busy) { compared = found; comparing = busy; writeLast(); },
  };
}
