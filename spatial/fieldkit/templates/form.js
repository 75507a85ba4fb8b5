"use strict";
// A form of choices that is filled in again and again, on a phone without a network. Every choice is kept at once.
/** @typedef {{ name: string, label: Record<string, string>, options: [string, Record<string, string>][], unlike: string, stays: boolean }} Field */
/** @typedef {{ id: string, name: string, lang: string, words: Record<string, Record<string, string>>, fields: Field[] }} Kit */
/** @typedef {{ lang: string, now: Record<string, string>, done: Record<string, string>[], saved: number }} State */
(() => {
  /** @type {Kit} */
  const kit = JSON.parse(byId("kit").textContent ?? "");
  const KEY = "faellesrum.form." + kit.id;
  const FEW = 5;
  /** @type {State} */
  const state = Object.assign({ lang: kit.lang, now: {}, done: [], saved: 0 }, read());

  /** @param {string} id */
  function byId(id) { return /** @type {HTMLElement} */ (document.getElementById(id)); }
  /** @returns {Partial<State>} */
  function read() {
    try { return JSON.parse(localStorage.getItem(KEY) || "{}"); } catch { return {}; }
  }
  /** @param {string} key */
  function t(key) { return kit.words[state.lang][key]; }
  /** @param {string} text */
  function say(text) { byId("said").textContent = text; }
  /**
   * @template {keyof HTMLElementTagNameMap} T
   * @param {T} tag
   * @param {Record<string, string | boolean | (() => void)>} about
   * @param {(Node | string)[]} inside
   */
  function h(tag, about, ...inside) {
    const made = document.createElement(tag);
    for (const [name, value] of Object.entries(about)) {
      if (typeof value === "function") { made.addEventListener(name.slice(2), value); } else if (typeof value === "boolean") { made.toggleAttribute(name, value); } else { made.setAttribute(name, value); }
    }
    made.append(...inside);
    return made;
  }
  /** @param {Partial<State>} changes @param {string} [focus] */
  function change(changes, focus) {
    Object.assign(state, changes);
    try { localStorage.setItem(KEY, JSON.stringify(state)); } catch { say(t("full")); }
    draw(focus);
  }
  /** @param {Field} field @param {string} value @param {string} focus */
  function choose(field, value, focus) { change({ now: { ...state.now, [field.name]: value } }, focus); }

  /** @param {Field} field */
  function asked(field) {
    const chosen = state.now[field.name] || "";
    const options = field.options.filter(([value]) => !field.unlike || value !== state.now[field.unlike]);
    if (options.length > FEW) {
      const select = h("select", { id: field.name }, h("option", { value: "" }, t("choose")), ...options.map(([value, text]) => h("option", { value, selected: value === chosen }, text[state.lang])));
      select.addEventListener("change", () => choose(field, select.value, field.name));
      return h("div", {}, h("label", { for: field.name }, field.label[state.lang]), select);
    }
    const buttons = options.map(([value, text]) => h("button", { type: "button", id: field.name + "-" + value, "aria-pressed": String(value === chosen), onclick: () => choose(field, value, field.name + "-" + value) }, text[state.lang]));
    return h("fieldset", {}, h("legend", {}, field.label[state.lang]), h("div", { class: "row" }, ...buttons));
  }
  function whole() {
    return kit.fields.every((field) => state.now[field.name] && (!field.unlike || state.now[field.unlike] !== state.now[field.name]));
  }
  function add() {
    const stays = Object.fromEntries(kit.fields.filter((field) => field.stays).map((field) => [field.name, state.now[field.name]]));
    change({ done: [...state.done, state.now], now: stays }, kit.fields[0].name);
    scrollTo(0, 0);
    say(t("kept").replace("{n}", String(state.done.length)));
  }
  function download() {
    const head = kit.fields.map((field) => field.name);
    const text = [head, ...state.done.map((row) => head.map((name) => row[name]))].map((row) => row.join(",")).join("\r\n") + "\r\n";
    const link = h("a", { href: URL.createObjectURL(new Blob([text], { type: "text/csv" })), download: kit.name + ".csv" });
    document.body.append(link);
    link.click();
    link.remove();
    change({ saved: state.done.length }, "save");
    say(t("saved"));
  }

  /** @param {string} [focus] */
  function draw(focus) {
    document.documentElement.lang = state.lang;
    byId("title").textContent = t("title");
    const group = byId("languages");
    group.setAttribute("aria-label", t("languages"));
    group.replaceChildren(...Object.keys(kit.words).map((code) => h("button", { type: "button", id: "lang-" + code, lang: code, "aria-pressed": String(state.lang === code), "aria-label": kit.words[code].language, onclick: () => change({ lang: code }, "lang-" + code) }, code.toUpperCase())));
    const saved = state.saved === state.done.length && state.done.length > 0;
    const clear = h("button", { type: "button", id: "clear", onclick: () => { if (confirm(t("clear_sure"))) { change({ done: [], saved: 0 }, "save"); } } }, t("clear"));
    byId("main").replaceChildren(
      h("section", { class: "card" }, h("p", { class: "quiet" }, t(kit.name)), ...kit.fields.map(asked), h("button", { type: "button", id: "add", class: "main", disabled: !whole(), onclick: add }, t("add"))),
      h("section", { class: "card" }, h("p", {}, t("kept").replace("{n}", String(state.done.length))), h("button", { type: "button", id: "save", class: "main", disabled: !state.done.length, onclick: download }, t("save")), ...(saved ? [clear] : [])),
      h("p", { class: "quiet" }, t("private")));
    if (focus) { document.getElementById(focus)?.focus(); }
  }

  draw();
})();
