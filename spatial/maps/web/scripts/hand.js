// What the hand does: tools to draw with, pointing at what is there and what can be done to it, undo and redo; and the
// bar on the map that says what to do next, and what is wrong.
import { byId, h } from "./elements.js";
import { drawGlyph } from "./glyphs.js";
import { createPencil } from "./pencil.js";
/** @import { Comments } from "./comments.js" */
/** @import { Correction, Corrections } from "./correct.js" */
/** @import { Child } from "./elements.js" */
/** @import { Done, FirstSight, Geometry, Said, Talk, Thing, Tool, Variant } from "./talk.js" */
/** @import { Words } from "./words.js" */

/**
 * @typedef {object} HandEvents
 * @property {(kind: string, more?: object) => Promise<Done | null>} act
 * @property {() => string} variant
 * @property {(thing: Thing | null) => void} mark
 * @property {(thing: Thing) => string} name
 * @property {Pick<Corrections, "ofPlace" | "ofMissing">} corrections
 * @property {Pick<Comments, "form">} comments
 * @property {(said: { by: string, text: string, at: number[] }) => Promise<boolean>} comment whether it was taken
 */

const REACH_PX = 10, MOST_M = 15, PICK = "pick", MOVE = "move", MISSING = "missing", COMMENT = "comment";

/**
 * Make the hand.
 *
 * @param {L.Map} map
 * @param {FirstSight} first
 * @param {Words} words
 * @param {Talk} talk
 * @param {HandEvents} on
 */
export function createHand(map, first, words, talk, on) {
  const t = words.t, pencil = createPencil(map), { tools, verbs } = first.studio, may = first.role === "edit";
  /** @type {string | null} what is in the hand: a tool, or PICK or MOVE */
  let held = null;
  /** @type {Thing[]} */
  let things = [];
  /** @type {Thing[]} places around */
  let others = [];
  /** @type {Thing | null} */
  let thing = null;
  /** @type {HTMLFormElement | null} what is asked of a drawing that waits for answers */
  let asked = null;
  /** @type {{ text: string, alert: boolean } | null} */
  let message = null;
  /** @type {Said | null} */
  let refusal = null;
  let points = 0, enough = false, outcome = "";

  /** @param {string} id @param {string} text @param {() => void} onPress @param {Record<string, unknown>} [more] */
  function button(id, text, onPress, more) { return h("button", { type: "button", id: "fr-hand-" + id, class: "fr-more", on: onPress, ...more }, text); }

  // In the panel
  function write() {
    if (!may) { byId("fr-draw").replaceChildren(h("p", { class: "fr-role" }, t("studio.only_" + first.role))); bar(); return; }
    const rows = tools.map((tool) => h("button", {
      type: "button", class: "fr-tool", "data-tool": tool.id, "aria-pressed": String(held === tool.id), on: () => (held === tool.id ? drop() : draw(tool)),
    }, document.getElementById("glyph-" + tool.id) ? drawGlyph(tool.id) : null, h("span", {}, t("studio.tool." + tool.id))));
    byId("fr-draw").replaceChildren(
      h("h2", {}, t("studio.draw")), h("p", { class: "fr-quiet" }, t("studio.draw_text")), h("div", { class: "fr-tools" }, ...rows),
      h("div", { class: "fr-buttons" }, button("pick", t("studio.point_at"), () => (held === PICK ? drop() : pick()), { "aria-pressed": String(held === PICK), title: t("studio.point_at_text") })),
      h("div", { class: "fr-buttons" }, button("undo", "↶ " + t("studio.undo"), () => void on.act("undo"), { "aria-keyshortcuts": "Control+Z" }), button("redo", "↷ " + t("studio.redo"), () => void on.act("redo"), { "aria-keyshortcuts": "Control+Y" })));
    undoable(null);
    bar();
  }
  /** @type {Variant | null} */
  let shown = null;
  /** @param {Variant | null} variant */
  function undoable(variant) {
    shown = variant ?? shown;
    for (const [id, left] of /** @type {[string, number][]} */ ([["undo", shown?.done ?? 0], ["redo", shown?.undone ?? 0]])) {
      const control = document.getElementById("fr-hand-" + id);
      if (control instanceof HTMLButtonElement) { control.disabled = left === 0; }
    }
  }
  function press() {
    for (const each of document.querySelectorAll(".fr-tool")) { each.setAttribute("aria-pressed", String(each instanceof HTMLElement && each.dataset.tool === held)); }
    document.getElementById("fr-hand-pick")?.setAttribute("aria-pressed", String(held === PICK));
  }

  // What is in the hand
  function drop() {
    held = null;
    asked = null;
    things = [];
    thing = null;
    message = null;
    refusal = null;
    on.mark(null);
    pencil.end();
    press();
    bar();
  }
  /** @param {string} what @param {"point" | "line" | "area"} shape @param {(geometry: Geometry, at: L.LatLng) => void} onDone */
  function hold(what, shape, onDone) {
    held = what;
    asked = null;
    message = null;
    refusal = null;
    things = [];
    points = 0;
    pencil.begin({ shape, done: onDone, changed(count, all) { if (count > points) { refusal = null; } points = count; enough = all; bar(); }, cancelled: drop });
    press();
    bar();
    map.getContainer().focus({ preventScroll: true });
  }
  /** @param {Tool} tool */
  function draw(tool) {
    thing = null;
    on.mark(null);
    hold(tool.id, tool.shape, (geometry) => {
      if (tool.fields.length) { asked = questions(tool, {}, (values) => void sent(tool, geometry, values)); bar(); } else { void sent(tool, geometry, {}); }
    });
  }
  /** @param {Tool} tool @param {Geometry} geometry @param {Record<string, string>} values */
  async function sent(tool, geometry, values) {
    message = null;
    refusal = null;
    const after = await on.act("draw", { tool: tool.id, geometry, values });
    if (!after) { if (tool.shape === "point") { pencil.clear(); } bar(); return; } // what was drawn stays until it is mended
    asked = null;
    pencil.clear();
    minded(after);
  }
  /** @param {Done | null} after */
  function minded(after) {
    const said = (after?.remarks ?? []).map((key) => t("studio.remark." + key)).join(" ");
    message = said ? { text: said, alert: false } : null;
    bar();
  }
  function pick() {
    thing = null;
    on.mark(null);
    hold(PICK, "point", (_geometry, at) => void pointed(at));
  }
  /** @param {L.LatLng} at */
  async function pointed(at) {
    const away = map.containerPointToLatLng(map.latLngToContainerPoint(at).add([REACH_PX, 0])), within = Math.min(MOST_M, Math.max(2, at.distanceTo(away)));
    ({ things, others } = await talk.at(on.variant(), at, within));
    pencil.clear();
    message = things.length ? null : { text: t("studio.nothing_here"), alert: false };
    meant(things.length === 1 ? things[0] : null);
  }
  /** @param {Thing | null} next */
  function meant(next) {
    thing = next;
    on.mark(next);
    bar();
    const focus = byId("fr-bar").querySelector("button.fr-act");
    if (focus instanceof HTMLElement) { focus.focus(); }
  }
  /** @param {string} kind @param {object} more */
  async function done(kind, more) {
    const after = await on.act(kind, more);
    if (after) { asked = null; thing = null; things = []; on.mark(null); minded(after); }
  }

  // What is put right
  /** @param {Thing} picked */
  function correct(picked) {
    asked = on.corrections.ofPlace(picked, others, (correction) => void put(correction, null));
    bar();
  }
  function missing() {
    thing = null;
    on.mark(null);
    hold(MISSING, "point", (geometry) => { asked = on.corrections.ofMissing((correction) => void put(correction, geometry.coordinates)); bar(); });
  }
  /** @param {Correction} correction @param {number[] | null} at */
  async function put({ says, values }, at) {
    refusal = null;
    if (!await on.act("correct", { says, values, at })) { return; }
    drop();
    message = { text: t("studio.reading_anew"), alert: false };
    bar();
  }

  // What is said of a place
  function comment() {
    thing = null;
    on.mark(null);
    hold(COMMENT, "point", (geometry) => {
      asked = on.comments.form((remark) => void on.comment({ ...remark, at: geometry.coordinates }).then((taken) => { if (taken) { drop(); } }));
      bar();
    });
  }

  // On the map
  function hint() {
    if (held === COMMENT) { return t("studio.hint_comment"); }
    if (held === MISSING) { return t("studio.hint_missing"); }
    if (held === PICK) { return t(things.length > 1 && !thing ? "studio.which" : "studio.hint_pick"); }
    if (held === MOVE) { return t("studio.hint_move"); }
    const tool = tools.find((each) => each.id === held);
    return tool ? t("studio.drawing", { name: words.lower(t("studio.tool." + tool.id)) }) + ". " + t("studio.hint_" + tool.shape) : "";
  }
  /** @returns {Child[]} */
  function choices() {
    const picked = thing;
    if (picked) {
      const fitting = verbs.filter((verb) => verb.layers.includes(picked.layer));
      return [h("b", {}, on.name(picked)),
        h("button", { type: "button", class: "fr-more fr-act", "data-act": "remove", on: () => void done("remove", { id: picked.id }) }, t(picked.layer === "building" ? "studio.demolish" : "studio.remove")),
        h("button", { type: "button", class: "fr-more fr-act", "data-act": "move", on: () => moving(picked) }, t("studio.move")),
        askable(picked) ? h("button", { type: "button", class: "fr-more fr-act", "data-act": "answer", on: () => ask(picked) }, t("studio.mend")) : null,
        picked.kind && !picked.id.startsWith("plan:") ? h("button", { type: "button", class: "fr-more fr-act", "data-act": "correct", on: () => correct(picked) }, t("studio.correct")) : null,
        ...fitting.map((verb) => h("button", { type: "button", class: "fr-more fr-act", "data-act": verb.id, on: () => void done("verb", { id: picked.id, verb: verb.id }) }, t("studio.verb." + verb.id)))];
    }
    return things.map((each) => {
      const choice = h("button", { type: "button", class: "fr-more fr-act", on: () => meant(each) }, on.name(each));
      for (const event of ["mouseenter", "focus"]) { choice.addEventListener(event, () => on.mark(each)); }
      return choice;
    });
  }
  /** @param {Thing} picked */
  function askable(picked) { return tools.find((tool) => tool.fields.length && picked.id.startsWith("plan:" + tool.id + "-")) ?? null; }
  /** @param {Thing} picked */
  function ask(picked) {
    const tool = askable(picked);
    if (!tool) { return; }
    asked = questions(tool, picked.answers, (values) => void done("answer", { id: picked.id, values }));
    bar();
  }
  /** @param {Thing} picked */
  function moving(picked) {
    hold(MOVE, "point", (geometry) => {
      void done("move", { id: picked.id, to: geometry.coordinates }).then(() => { if (!thing) { pick(); } else { pencil.clear(); bar(); } });
    });
    thing = picked;
  }
  /** @param {Tool} tool @param {Record<string, string>} known @param {(values: Record<string, string>) => void} onAnswer */
  function questions(tool, known, onAnswer) {
    const inputs = tool.fields.map((field) => /** @type {[string, HTMLInputElement]} */ ([field, h("input", {
      id: "fr-field-" + field, autocomplete: "off", value: known[field] ?? "", ...(field === "name" ? { type: "text", maxlength: 100 } : { type: "number", min: 0, max: 9999, step: 1, required: field === "dwellings" }),
    })]));
    const form = h("form", { class: "fr-naming" }, ...inputs.flatMap(([field, input]) => [h("label", { for: input.id }, t("studio.field." + field)), input]),
      h("button", { class: "fr-more", type: "submit", id: "fr-hand-ok" }, t("studio.ok")));
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      onAnswer(Object.fromEntries(inputs.map(([field, input]) => [field, input.value])));
    });
    return form;
  }
  function bar() {
    const box = byId("fr-bar"), tool = tools.find((each) => each.id === held);
    box.hidden = held === null && !message && !refusal;
    const said = refusal ? { text: refusal[words.lang], alert: true } : message;
    const words_ = said ? h("p", { class: said.alert ? "fr-fault" : "fr-mind", role: said.alert ? "alert" : "status" }, said.text) : null;
    box.replaceChildren(...[
      words_, outcome && held && !asked ? h("p", { class: "fr-outcome", role: "status" }, outcome) : null,
      held && !asked ? h("p", {}, hint(), " ", h("span", { class: "fr-keys" }, t("studio.hint_keys"))) : null, asked,
      h("div", { class: "fr-buttons" }, ...(asked ? [] : choices()),
        held && !asked && !thing ? button("here", t("studio.put"), () => pencil.here()) : null,
        tool && tool.shape !== "point" && !asked ? button("back", t("studio.back_one"), () => pencil.back(), { disabled: points === 0 }) : null,
        tool && tool.shape !== "point" && !asked ? button("finish", t("studio.finish"), () => pencil.finish(), { disabled: !enough }) : null,
        asked && refusal ? button("mend", t("studio.back_one"), () => { asked = null; pencil.back(); }) : null,
        button("cancel", t(held ? "studio.cancel" : "studio.ok"), drop)),
    ].filter((part) => part !== null));
    if (asked && !asked.contains(document.activeElement)) { const control = asked.querySelector("textarea, input, select"); if (control instanceof HTMLElement) { control.focus(); } }
  }
  document.addEventListener("keydown", (event) => {
    if (!may || !(event.ctrlKey || event.metaKey) || event.target instanceof HTMLInputElement || event.target instanceof HTMLTextAreaElement) { return; }
    const key = event.key.toLowerCase(), back = key === "z" && !event.shiftKey, again = key === "y" || (key === "z" && event.shiftKey);
    if (back || again) { event.preventDefault(); void on.act(back ? "undo" : "redo"); }
  });
  return {
    write, undoable, missing, comment,
    /** @param {Said | null} said */
    refused(said) { refusal = said; bar(); },
    /** Drop what is in the hand; whether anything was. */
    escape() { const was = held !== null || message !== null; drop(); return was; },
    /** What the last stroke did, in a few words. @param {string} text */
    tell(text) { outcome = text; if (held !== null) { bar(); } },
    get busy() { return held !== null; },
    /** A thing on the map was pressed while something is in the hand. @param {L.LatLng} at */
    touch(at) { pencil.add(at); },
  };
}
