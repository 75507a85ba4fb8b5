// Sliders for what counts: five aspects and, one level down, their indicators; and other ways of getting about.
import { byId, controlById, h } from "./elements.js";
/** @import { Payload } from "./payload.js" */
/** @import { Scoring, SomeWeights } from "./scoring.js" */
/** @import { Weights } from "./state.js" */
/** @import { Words } from "./words.js" */

const WIDE = 0.4, STEPS = 20, EMPHASIS = 3, SAME = 1e-6, DEFAULT = "default", OWN = "own";
/** @type {Record<WeightKind, number>} weights of aspects are often shares of 1 */
const STEP = { aspects: 0.05, indicators: 0.25 };

/** @typedef {ReturnType<typeof createWeights>} WeightSliders */
/** @typedef {keyof Weights} WeightKind */

/**
 * Make the sliders; `onChange` is told of new weights, null for those of the rubric.
 *
 * @param {Payload} data
 * @param {Words} words
 * @param {Scoring} model
 * @param {(weights: Weights | null) => void} onChange
 */
export function createWeights(data, words, model, onChange) {
  const t = words.t, ASPECTS = data.config.scores.slice(1), rubric = data.rubric;
  /** @type {Weights | null} */
  let weights = null;

  /** @param {Weights} full */
  function isBase(full) {
    const base = model.base();
    return ASPECTS.every((name) => full.aspects[name] === base.aspects[name]) &&
      model.names.every((id) => full.indicators[id] === base.indicators[id]);
  }
  /** @param {SomeWeights} next */
  function set(next) {
    const full = model.complete(next);
    if (!model.sound(full)) { status(t("map.weights.nothing")); return false; }
    weights = isBase(full) ? null : changesOnly(full);
    status("");
    onChange(weights);
    show();
    return true;
  }
  // Only what differs from the rubric, so that addresses stay short.
  /** @param {Weights} full @returns {Weights} */
  function changesOnly(full) {
    /** @param {Record<string, number>} values @param {Record<string, number>} base */
    const pick = (values, base) => Object.fromEntries(Object.entries(values).filter(([key, weight]) => key in base && weight !== base[key]));
    const base = model.base();
    return { aspects: pick(full.aspects, base.aspects), indicators: pick(full.indicators, base.indicators) };
  }
  /** @param {WeightKind} kind @param {string} name @param {number} weight */
  function move(kind, name, weight) {
    const full = model.complete(weights);
    if (!set({ ...full, [kind]: { ...full[kind], [name]: weight } })) { show(); }
  }
  /** @param {WeightKind} kind @param {string} name @param {string} title @param {number} base */
  function slider(kind, name, title, base) {
    const id = "fr-w-" + kind + "-" + name;
    const step = Math.max(...Object.values(model.base().aspects)) > STEP.aspects * STEPS / 2 ? STEP.indicators : STEP[kind];
    const input = h("input", { type: "range", id, min: 0, max: Math.max(step * STEPS, base * EMPHASIS), step, "data-kind": kind, "data-name": name });
    input.addEventListener("input", () => move(kind, name, Number(input.value)));
    return h("div", { class: "fr-slider" }, h("label", { for: id }, title), h("output", { for: id, id: id + "-share" }), input);
  }
  /** @param {string} name */
  function section(name) {
    const own = model.names.filter((id) => rubric.indicators[id].aspect === name).sort((a, b) => words.place(a) - words.place(b));
    return h("div", { class: "fr-weigh" },
      slider("aspects", name, t("aspect." + name + ".title"), rubric.aspects[name]),
      own.length > 1 ? h("details", {}, h("summary", {}, t("map.weights.inside", { aspect: t("aspect." + name + ".title") })),
        ...own.map((id) => slider("indicators", id, words.indicator(id).title, rubric.indicators[id].weight))) : null);
  }
  // Other ways of getting about: measured and judged again for each by Python.
  function writeLenses() {
    const box = byId("fr-lens"), chosen = model.lens ? model.lens.id : "";
    box.hidden = !data.lenses.length;
    if (!data.lenses.length) { return; }
    const select = h("select", { id: "fr-lens-choice" }, h("option", { value: "", selected: !chosen }, t("map.lens.none")),
      ...data.lenses.map(({ id }) => h("option", { value: id, selected: id === chosen }, t("lens." + id + ".title"))));
    select.addEventListener("change", () => { look(select.value); byId("fr-lens-choice").focus(); });
    box.replaceChildren(h("div", { class: "fr-choice" }, h("label", { for: "fr-lens-choice" }, t("map.lens.label")), select),
      h("p", { class: "fr-quiet", role: "status" }, lensText()));
  }
  function lensText() {
    if (!model.lens) { return ""; }
    const [least, , most] = model.lens.served, [low, best, high] = model.lens.served.map((share) => words.number(Math.round(share * 100)));
    return t("lens." + model.lens.id + ".text") + " " + (most - least >= WIDE ? t("map.lens.served_unknown") : t("map.lens.served", { share: best, low, high }));
  }
  /** @param {string | null} id */
  function look(id) {
    model.look(id);
    onChange(weights);
    write();
  }
  /** @param {string} name @returns {Weights} */
  function emphasising(name) {
    return { aspects: { ...model.base().aspects, [name]: model.base().aspects[name] * EMPHASIS }, indicators: {} };
  }
  function presets() {
    const select = h("select", { id: "fr-preset" }, h("option", { value: OWN, hidden: true }, t("map.weights.preset_own")),
      h("option", { value: DEFAULT }, t("map.weights.preset_default")),
      ...ASPECTS.map((name) => h("option", { value: name }, t("map.weights.preset_first", { aspect: t("aspect." + name + ".title") }))));
    select.addEventListener("change", () => set(ASPECTS.includes(select.value) ? emphasising(select.value) : null));
    return h("div", { class: "fr-choice" }, h("label", { for: "fr-preset" }, t("map.weights.preset")), select);
  }
  function currentPreset() {
    if (!weights) { return DEFAULT; }
    const full = model.complete(weights);
    const fits = (/** @type {string} */ name) => ASPECTS.every((each) => Math.abs(full.aspects[each] - emphasising(name).aspects[each]) < SAME);
    return (!Object.keys(weights.indicators).length && ASPECTS.find(fits)) || OWN;
  }
  /** @param {string} text */
  function status(text) { const line = byId("fr-weights-status"); if (line) { line.textContent = text; } }
  function write() {
    writeLenses();
    const box = byId("fr-weights"), open = box.querySelector("details")?.open ?? false;
    box.replaceChildren(h("details", { open }, h("summary", {}, t("map.weights.title")),
      h("p", { class: "fr-quiet" }, t("map.weights.text")),
      presets(), ...ASPECTS.map(section),
      h("p", { id: "fr-weights-status", role: "status", class: "fr-quiet" }),
      h("button", { type: "button", class: "fr-more", id: "fr-weights-reset", on: () => set(null) }, t("map.weights.reset"))));
    show();
  }
  function show() {
    const full = model.complete(weights), { across, within } = model.shares(weights);
    for (const input of byId("fr-weights").querySelectorAll("input")) {
      const { kind, name = "" } = input.dataset, ofAspect = kind === "aspects";
      input.value = String((ofAspect ? full.aspects : full.indicators)[name]);
      const share = ofAspect ? across[ASPECTS.indexOf(name)] : within[model.names.indexOf(name)];
      const text = words.percent(share * 1000);
      byId(input.id + "-share").textContent = text;
      input.setAttribute("aria-valuetext", text);
    }
    controlById("fr-preset").value = currentPreset();
    controlById("fr-weights-reset").disabled = !weights;
    const note = byId("fr-weights-note");
    note.hidden = !weights;
    note.replaceChildren(...(weights ? [t("map.weights.note") + " ", h("button", { type: "button", class: "fr-link", on: () => set(null) }, t("map.weights.reset"))] : []));
  }
  return { write, set, look, get current() { return weights; } };
}
