"use strict";
// Counting at meeting spaces, on a phone without a network. Every tap is kept at once, so nothing is lost with the page
// or the browser.
/** @typedef {{ age: string, posture: string, mode: string, doing: string[] }} Person */
/** @typedef {{ id: string, place: string, kind: string, start: string, stop: string, observer: string, weather: string, sun: string, temperature: string, organised: boolean, people: Person[], groups: Record<string, number>, chance: number }} Visit */
/** @typedef {Visit & { now: Person, last: string }} OpenVisit */
/** @typedef {{ lang: string, observer: string, weather: string, sun: string, temperature: string, place: string, kind: string, visit: OpenVisit | null, done: Visit[], saved: number, kept: number }} State */
/** @typedef {{ id: string, lang: string, places: { id: string, name: Record<string, string> }[], words: Record<string, Record<string, string>>, ages: string[], postures: string[], modes: string[], doings: string[], groups: string[], weather: string[] }} Kit */
/** @typedef {"age" | "posture" | "mode"} Trait */
(() => {
  /** @type {Kit} */
  const kit = JSON.parse(byId("kit").textContent ?? "");
  const KEY = "faellesrum.count." + kit.id;
  const CODE = /^([A-Za-z]\d{0,2}|\d{1,3})$/;
  /** @type {Record<Trait, string[]>} */
  const CHOICES = { age: kit.ages, posture: kit.postures, mode: kit.modes };
  /** @type {State} */
  const EMPTY = { lang: kit.lang, observer: "", weather: "", sun: "", temperature: "", place: "", kind: "staying", visit: null, done: [], saved: 0, kept: 0 };
  /** @type {State} */
  const state = Object.assign({}, EMPTY, read());

  /** @param {string} id */
  function byId(id) { return /** @type {HTMLElement} */ (document.getElementById(id)); }
  /** @returns {Partial<State>} */
  function read() {
    try { return JSON.parse(localStorage.getItem(KEY) || "{}"); } catch { return {}; }
  }
  // What is kept at once survives the page, but may wait in the browser before it is on the phone; a browser that is
  // killed takes that along. So each tap is written to a database as well, which answers when it is on the phone.
  const SHELF = "kept";
  /** @type {IDBDatabase | null} */
  let shelf = null;
  let writing = false, newer = false;
  function keep() {
    state.kept += 1;
    try { localStorage.setItem(KEY, JSON.stringify(state)); } catch { say(t("full")); }
    shelve();
  }
  function shelve() {
    newer = writing;
    if (!shelf || writing) { return; }
    writing = true;
    const written = shelf.transaction(SHELF, "readwrite", { durability: "strict" });
    written.objectStore(SHELF).put(JSON.stringify(state), KEY);
    written.oncomplete = written.onabort = () => { writing = false; if (newer) { shelve(); } };
  }
  // Where there is no database, what was kept at once is all there is.
  /** @param {() => void} then */
  function open(then) {
    try {
      const asked = indexedDB.open("faellesrum.count", 1);
      asked.onupgradeneeded = () => { asked.result.createObjectStore(SHELF); };
      asked.onerror = asked.onblocked = then;
      asked.onsuccess = () => {
        shelf = asked.result;
        const found = shelf.transaction(SHELF).objectStore(SHELF).get(KEY);
        found.onerror = then;
        found.onsuccess = () => {
          const other = /** @type {Partial<State>} */ (JSON.parse(found.result || "{}"));
          if ((other.kept ?? 0) > state.kept) { Object.assign(state, other); }
          then();
        };
      };
    } catch { then(); }
  }
  /** @param {string} key */
  function t(key) { return kit.words[state.lang][key]; }
  /** @param {string} text */
  function say(text) { byId("said").textContent = text; }

  // An element with what it holds; texts are set as texts.
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
    keep();
    draw(focus);
  }
  // Buttons of which one is pressed, or none.
  /** @param {string} name @param {string} legend @param {string[][]} options @param {string} chosen @param {(value: string, id: string) => void} choose */
  function choice(name, legend, options, chosen, choose) {
    const buttons = options.map(([value, text]) => h("button", { type: "button", id: name + "-" + (value || "none"), "aria-pressed": String(chosen === value), onclick: () => choose(chosen === value ? "" : value, name + "-" + (value || "none")) }, text));
    return h("fieldset", {}, h("legend", {}, legend), h("div", { class: "row" }, ...buttons));
  }
  /** @param {string[]} values */
  function named(values, before = "") { return values.map((value) => [value, t(before + value)]); }

  /** @param {string} [focus] */
  function draw(focus) {
    document.documentElement.lang = state.lang;
    byId("title").textContent = t("title");
    const languages = Object.keys(kit.words).map((code) => h("button", { type: "button", id: "lang-" + code, lang: code, "aria-pressed": String(state.lang === code), "aria-label": kit.words[code].language, onclick: () => change({ lang: code }, "lang-" + code) }, code.toUpperCase()));
    const group = byId("languages");
    group.setAttribute("aria-label", t("languages"));
    group.replaceChildren(...languages);
    byId("main").replaceChildren(...(state.visit ? counting(state.visit) : beginning()));
    if (focus) { document.getElementById(focus)?.focus(); }
  }

  function beginning() {
    const observer = h("input", { id: "observer", value: state.observer, maxlength: "3", autocomplete: "off", autocapitalize: "characters", spellcheck: "false", "aria-describedby": "observer-why" });
    observer.addEventListener("input", () => { state.observer = observer.value.trim().toUpperCase(); keep(); start.disabled = !ready(); });
    const temperature = h("input", { id: "temperature", type: "number", inputmode: "decimal", min: "-30", max: "45", value: state.temperature });
    temperature.addEventListener("input", () => { state.temperature = temperature.value; keep(); });
    const place = h("select", { id: "place" }, h("option", { value: "" }, t("choose_place")), ...kit.places.map((one) => h("option", { value: one.id, selected: one.id === state.place }, one.name[state.lang])));
    place.addEventListener("change", () => { state.place = place.value; keep(); start.disabled = !ready(); });
    const start = h("button", { type: "button", id: "start", class: "main", disabled: !ready(), onclick: begin }, t("start"));
    return [
      h("section", { class: "card" },
        h("div", { class: "two" }, h("div", {}, h("label", { for: "observer" }, t("observer")), observer), h("div", {}, h("label", { for: "temperature" }, t("temperature")), temperature)),
        h("p", { class: "quiet", id: "observer-why" }, t("observer_why")),
        choice("weather", t("weather"), named(kit.weather, "weather_"), state.weather, (value, id) => change({ weather: value }, id)),
        h("div", {}, h("label", { for: "place" }, t("where")), place),
        choice("sun", t("sun_here"), [["yes", t("yes")], ["no", t("no")]], state.sun, (value, id) => change({ sun: value }, id)),
        choice("kind", t("kind"), [["staying", t("staying")], ["moving", t("moving")]], state.kind, (value, id) => change({ kind: value || state.kind }, id)),
        start),
      kept(),
      h("p", { class: "quiet" }, t("private")),
    ];
  }
  function ready() { return CODE.test(state.observer) && state.place !== ""; }
  function begin() {
    /** @type {OpenVisit} */
    const visit = { id: state.observer + "-" + Date.now().toString(36), place: state.place, kind: state.kind, start: stamp(new Date()), stop: "", observer: state.observer, weather: state.weather, sun: state.sun, temperature: state.temperature, organised: false, now: { age: "", posture: "", mode: "", doing: [] }, people: [], groups: {}, chance: 0, last: "" };
    change({ visit }, "add");
    scrollTo(0, 0);
  }

  /** @param {OpenVisit} visit */
  function counting(visit) {
    const now = visit.now;
    const staying = visit.kind === "staying";
    /** @param {Trait} name */
    const one = (name) => choice(name, t(name + "_of"), named(CHOICES[name]), now[name], (value, id) => touch(() => { now[name] = value; }, id));
    const doing = h("fieldset", {}, h("legend", {}, t("doing")), h("div", { class: "row" }, ...kit.doings.map((value) => h("button", { type: "button", id: value, "aria-pressed": String(now.doing.includes(value)), onclick: () => touch(() => { now.doing = now.doing.includes(value) ? now.doing.filter((other) => other !== value) : [...now.doing, value]; }, value) }, t(value)))));
    /** @param {string} id @param {string} text @param {number} count @param {() => void} add */
    const tally = (id, text, count, add) => h("button", { type: "button", id, class: "tally", onclick: () => touch(add, id) }, text, h("b", {}, String(count)));
    const groups = h("fieldset", {}, h("legend", {}, t("groups")), h("div", { class: "row" }, ...kit.groups.map((name) => tally(name, t(name), visit.groups[name] || 0, () => { visit.groups[name] = (visit.groups[name] || 0) + 1; visit.last = name; }))));
    const chance = h("fieldset", {}, h("legend", {}, t("meetings")), h("div", { class: "row" }, tally("chance", t("chance"), visit.chance, () => { visit.chance += 1; visit.last = "chance"; })));
    const organised = h("button", { type: "button", id: "organised", "aria-pressed": String(visit.organised), onclick: () => touch(() => { visit.organised = !visit.organised; }, "organised") }, t("organised"));
    const asked = staying ? [one("age"), one("posture"), doing, groups, chance, organised] : [one("mode"), one("age")];
    return [
      h("section", { class: "card" },
        h("h2", {}, placeName(visit.place)),
        h("p", { class: "quiet" }, t(staying ? "how_staying" : "how_moving")),
        ...asked,
        h("button", { type: "button", id: "finish", onclick: finish }, t(visit.people.length ? "finish" : "finish_empty"))),
      h("div", { class: "bar" }, h("div", {}, h("span", { class: "total", id: "total" }, String(visit.people.length)),
        h("button", { type: "button", id: "add", class: "main", onclick: () => touch(() => { visit.people.push({ age: now.age, posture: now.posture, mode: now.mode, doing: now.doing }); visit.last = "person"; }, "add") }, t("add")),
        h("button", { type: "button", id: "undo", disabled: !visit.last && !visit.people.length, onclick: () => touch(undo, "undo") }, t("undo")))),
    ];
  }
  /** @param {() => void} act @param {string} focus */
  function touch(act, focus) {
    act();
    keep();
    draw(focus);
    say(t("so_many").replace("{n}", String(state.visit?.people.length)));
  }
  // Take back the last tap that counted; before it, people one by one.
  function undo() {
    const visit = state.visit;
    if (!visit) { return; }
    const last = visit.last || "person";
    if (last === "chance") { visit.chance = Math.max(0, visit.chance - 1); } else if (last === "person") { visit.people.pop(); } else { visit.groups[last] = Math.max(0, (visit.groups[last] || 0) - 1); }
    visit.last = "";
  }
  function finish() {
    if (!state.visit) { return; }
    const { now: _now, last: _last, ...visit } = state.visit;
    // A glance has no length; people passing are watched for a minute or more.
    if (visit.kind === "moving") { visit.stop = stamp(new Date(Math.max(Date.now(), moment(visit.start).getTime() + 60000))); }
    const at = kit.places.findIndex((one) => one.id === visit.place);
    const next = kit.places[(at + 1) % kit.places.length];
    change({ visit: null, done: [...state.done, visit], place: next ? next.id : "", sun: "" }, "place");
    scrollTo(0, 0);
    say(t("visit_kept"));
  }

  function kept() {
    const people = state.done.reduce((sum, visit) => sum + visit.people.length, 0);
    const text = t("kept").replace("{visits}", String(state.done.length)).replace("{people}", String(people));
    const save = h("button", { type: "button", id: "save", class: "main", disabled: !state.done.length, onclick: download }, t("save"));
    const saved = state.saved === state.done.length && state.done.length > 0;
    const clear = h("button", { type: "button", id: "clear", onclick: () => { if (confirm(t("clear_sure"))) { change({ done: [], saved: 0 }, "place"); } } }, t("clear"));
    return h("section", { class: "card" }, h("h2", {}, t("file")), h("p", {}, text), save, ...(saved ? [clear] : []));
  }
  function download() {
    const text = table(state.done);
    const link = h("a", { href: URL.createObjectURL(new Blob([text], { type: "text/csv" })), download: "counts-" + state.observer + "-" + stamp(new Date()).slice(0, 8) + ".csv" });
    document.body.append(link);
    link.click();
    link.remove();
    change({ saved: state.done.length }, "save");
    say(t("saved"));
  }

  // The single table of the Public Life Data Protocol: a row a visit, numbers only where somebody was noted so.
  /** @param {Visit[]} visits */
  function table(visits) {
    /** @param {Visit} visit @param {Trait} name @param {string[]} values @returns {(number | string)[]} */
    const tally = (visit, name, values) => values.map((value) => visit.people.some((person) => person[name]) ? visit.people.filter((person) => person[name] === value).length : "");
    const head = ["survey_id", "location_id", "kind", "survey_time_start", "survey_time_stop", "survey_representation", "survey_method", "survey_microclimate", "survey_temperature_c", "in_sun", "observer_code", "organised", "row_total", ...kit.ages, ...kit.postures, ...kit.modes, ...kit.doings, ...kit.groups, "chance_encounters"];
    const rows = visits.map((visit) => [visit.id, visit.place, visit.kind, visit.start, visit.stop, "absolute", "digital", visit.weather, visit.temperature, visit.sun, visit.observer, visit.kind === "staying" ? (visit.organised ? "yes" : "no") : "", visit.people.length,
      ...tally(visit, "age", kit.ages), ...tally(visit, "posture", kit.postures), ...tally(visit, "mode", kit.modes),
      ...kit.doings.map((value) => visit.kind === "staying" ? visit.people.filter((person) => person.doing.includes(value)).length : ""),
      ...kit.groups.map((name) => Object.keys(visit.groups).length ? visit.groups[name] || 0 : ""), visit.kind === "staying" ? visit.chance : ""]);
    return [head, ...rows].map((row) => row.map(cell).join(",")).join("\r\n") + "\r\n";
  }
  /** @param {string | number} value */
  function cell(value) { const text = String(value); return /[",\r\n]/.test(text) ? '"' + text.replaceAll('"', '""') + '"' : text; }
  /** @param {string} id */
  function placeName(id) { return kit.places.find((one) => one.id === id)?.name[state.lang] || id; }
  /** @param {number} n */
  function two(n) { return String(n).padStart(2, "0"); }
  /** @param {Date} at */
  function stamp(at) { return at.getFullYear() + two(at.getMonth() + 1) + two(at.getDate()) + ":" + two(at.getHours()) + two(at.getMinutes()); }
  /** @param {string} text */
  function moment(text) { return new Date(Number(text.slice(0, 4)), Number(text.slice(4, 6)) - 1, Number(text.slice(6, 8)), Number(text.slice(9, 11)), Number(text.slice(11, 13))); }

  open(() => draw());
})();
