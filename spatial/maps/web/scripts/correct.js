// Corrections of the map: what somebody who knows the place says of it, who and when; listed, and asked for in forms.
import { byId, h } from "./elements.js";
/** @import { Stroke, Thing, Variant } from "./talk.js" */
/** @import { Words } from "./words.js" */

/** @typedef {ReturnType<typeof createCorrections>} Corrections */
/** @typedef {{ says: string, values: Record<string, string> }} Correction */

/**
 * @typedef {object} CorrectionEvents
 * @property {(act: string, more?: object) => void} act does something to the corrections
 * @property {() => void} missing somebody wants to say that a place is missing
 * @property {(thing: Thing) => string} name
 */

const OF_A_PLACE = ["no_meeting_place", "private", "same_as", "called"], BY = "faellesrum-by", OTHERS = 12;

/**
 * Make what writes corrections.
 *
 * @param {Words} words
 * @param {string[]} kinds of places
 * @param {boolean} may whether who sits here may put something right
 * @param {CorrectionEvents} on
 */
export function createCorrections(words, kinds, may, on) {
  const t = words.t;

  /** @param {Stroke} stroke @param {Stroke[]} all */
  function lineOf({ properties: said, about }, all) {
    const made = all.find((each) => "correction:" + each.properties.feature === said.target);
    const name = about ? on.name(about) : made ? words.upper(words.kind(made.properties.value)) : said.target ?? "", value = said.action === "missing" ? words.kind(said.value) : said.value;
    return t("studio.correction." + said.action, { name, value });
  }
  /** @param {Variant} corrections */
  function write(corrections) {
    const rows = corrections.strokes.map((stroke) => {
      const { by, on: day, feature } = stroke.properties, line = lineOf(stroke, corrections.strokes);
      return h("li", {}, h("span", {}, line, h("span", { class: "fr-quiet" }, " " + t("studio.said_by", { by, day: words.date(day) }))),
        may ? h("button", { type: "button", class: "fr-more", "aria-label": t("studio.take_back") + ": " + line, on: () => on.act("drop", { feature }) }, t("studio.take_back")) : null);
    });
    byId("fr-corrections").hidden = !may && !rows.length;
    const button = (/** @type {string} */ id, /** @type {string} */ key, /** @type {() => void} */ press, /** @type {boolean} */ dead) => h("button", { type: "button", class: "fr-more", id: "fr-correct-" + id, disabled: dead, on: press }, t("studio." + key));
    byId("fr-corrections").replaceChildren(h("h2", {}, t("studio.corrections")), ...(may ? [h("p", { class: "fr-quiet" }, t("studio.corrections_text"))] : []),
      h("ul", { class: "fr-strokes" }, ...rows),
      ...(may ? [h("div", { class: "fr-buttons" }, button("missing", "missing_here", on.missing, false),
        ...(corrections.done + corrections.undone ? [button("undo", "undo_correction", () => on.act("undo"), !corrections.done), button("redo", "redo_correction", () => on.act("redo"), !corrections.undone)] : []))] : []),
      ...(rows.length ? [h("p", {}, h("a", { href: "/api/corrections.csv", download: "" }, t("studio.save_corrections")))] : []));
  }

  // What is asked
  /** @param {string} id @param {string} label @param {HTMLElement} control */
  function row(id, label, control) {
    control.id = "fr-correct-" + id;
    return h("div", { class: "fr-asked" }, h("label", { for: control.id }, label), control);
  }
  function whoField() {
    return h("input", { type: "text", required: true, maxlength: 100, autocomplete: "name", value: remembered() });
  }
  /** @param {HTMLElement[]} rows @param {HTMLInputElement} who @param {() => Correction} correction @param {(correction: Correction) => void} onSend */
  function form(rows, who, correction, onSend) {
    const made = h("form", { class: "fr-naming" }, ...rows, row("by", t("studio.by"), who), h("button", { class: "fr-more", type: "submit", id: "fr-correct-ok" }, t("studio.ok")));
    made.addEventListener("submit", (event) => {
      event.preventDefault();
      remember(who.value);
      const { says, values } = correction();
      onSend({ says, values: { ...values, by: who.value } });
    });
    return made;
  }
  /** What is wrong with a thing. @param {Thing} thing @param {Thing[]} others places near it @param {(correction: Correction) => void} onSend */
  function ofPlace(thing, others, onSend) {
    const near = others.filter((each) => each.id !== thing.id).slice(0, OTHERS), possible = OF_A_PLACE.filter((says) => says !== "same_as" || near.length);
    const says = h("select", {}, ...possible.map((each) => h("option", { value: each }, t("studio.says." + each))));
    const same = h("select", {}, ...near.map((each) => h("option", { value: each.id }, on.name(each))));
    const called = h("input", { type: "text", maxlength: 100, autocomplete: "off", value: thing.name ?? "" });
    const rows = [row("says", on.name(thing), says), row("same", t("studio.which_same"), same), row("called", t("studio.field.name"), called)];
    const fit = () => { rows[1].hidden = says.value !== "same_as"; rows[2].hidden = says.value !== "called"; called.required = says.value === "called"; };
    says.addEventListener("change", fit);
    fit();
    const value = () => (says.value === "same_as" ? same.value : says.value === "called" ? called.value : "");
    return form(rows, whoField(), () => ({ says: says.value, values: { object: thing.id, value: value() } }), onSend);
  }
  /** What is missing. @param {(correction: Correction) => void} onSend */
  function ofMissing(onSend) {
    const known = kinds.map((id) => /** @type {[string, string]} */ ([id, words.upper(words.kind(id))])).sort((a, b) => a[1].localeCompare(b[1], words.lang));
    const kind = h("select", {}, ...known.map(([id, name]) => h("option", { value: id, selected: id === "bench" }, name)));
    return form([row("kind", t("studio.what_missing"), kind)], whoField(), () => ({ says: "missing", values: { value: kind.value } }), onSend);
  }
  return { write, ofPlace, ofMissing };
}

/** Who spoke last, on this machine. */
export function remembered() {
  try { return localStorage.getItem(BY) ?? ""; } catch { return ""; }
}
/** @param {string} who */
export function remember(who) {
  try { localStorage.setItem(BY, who); } catch { /* asked for again next time */ }
}
