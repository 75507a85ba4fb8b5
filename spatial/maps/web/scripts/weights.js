// Sliders for what counts: five aspects and, one level down, their indicators.
faellesrum.weights = function (data, words, model, h, changed) {
  "use strict";
  const t = words.t, ASPECTS = data.config.scores.slice(1), rubric = data.rubric;
  const MOST = 4, STEP = 0.25, EMPHASIS = 3;
  const byId = (id) => document.getElementById(id);
  let weights = null;

  const most = (base) => Math.max(MOST, base * 2);
  function same(full) {
    const base = model.base();
    return ASPECTS.every((name) => full.aspects[name] === base.aspects[name]) &&
      model.names.every((id) => full.indicators[id] === base.indicators[id]);
  }
  function set(next) {
    const full = model.complete(next);
    if (!model.sound(full)) { status(t("map.weights.nothing")); return false; }
    weights = same(full) ? null : changesOnly(full);
    status("");
    changed(weights);
    show();
    return true;
  }
  // Only what differs from the rubric, so that addresses stay short.
  function changesOnly(full) {
    const pick = (values, base) => Object.fromEntries(Object.entries(values).filter(([key, weight]) => key in base && weight !== base[key]));
    const base = model.base();
    return { aspects: pick(full.aspects, base.aspects), indicators: pick(full.indicators, base.indicators) };
  }
  function move(kind, name, weight) {
    const full = model.complete(weights);
    if (!set({ ...full, [kind]: { ...full[kind], [name]: weight } })) { show(); }
  }
  function slider(kind, name, title, base) {
    const id = "fr-w-" + kind + "-" + name;
    const input = h("input", { type: "range", id, min: 0, max: most(base), step: STEP, "data-kind": kind, "data-name": name });
    input.addEventListener("input", () => move(kind, name, Number(input.value)));
    return h("div", { class: "fr-slider" }, h("label", { for: id }, title), h("output", { for: id, id: id + "-share" }), input);
  }
  function section(name) {
    const own = model.names.filter((id) => rubric.indicators[id].aspect === name).sort((a, b) => words.place(a) - words.place(b));
    return h("div", { class: "fr-weigh" },
      slider("aspects", name, t("aspect." + name + ".title"), rubric.aspects[name]),
      own.length > 1 ? h("details", {}, h("summary", {}, t("map.weights.inside", { aspect: t("aspect." + name + ".title") })),
        own.map((id) => slider("indicators", id, words.indicator(id).title, rubric.indicators[id].weight))) : null);
  }
  // Other ways of getting about: measured and judged again for each by Python.
  function lenses() {
    const box = byId("fr-lens");
    box.hidden = !data.lenses.length;
    if (!data.lenses.length) { return; }
    const chosen = model.lens ? model.lens.id : "";
    const select = h("select", { id: "fr-lens-choice" }, h("option", { value: "", selected: !chosen }, t("map.lens.none")),
      data.lenses.map(({ id }) => h("option", { value: id, selected: id === chosen }, t("lens." + id + ".title"))));
    select.addEventListener("change", () => { look(select.value); byId("fr-lens-choice").focus(); });
    box.replaceChildren(h("div", { class: "fr-choice" }, h("label", { for: "fr-lens-choice" }, t("map.lens.label")), select),
      h("p", { class: "fr-quiet", role: "status" }, model.lens ? lensText() : ""));
  }
  function lensText() {
    const [low, best, high] = model.lens.served.map((share) => words.number(Math.round(share * 100)));
    return t("lens." + model.lens.id + ".text") + " " + t("map.lens.served", { share: best, low, high });
  }
  function look(id) {
    model.look(id);
    weights = null;
    changed(null);
    write();
  }
  function presets() {
    const only = (name) => ({ aspects: Object.fromEntries(ASPECTS.map((aspect) => [aspect, aspect === name ? EMPHASIS : 1])), indicators: {} });
    const list = [["default", t("map.weights.preset_default"), null],
      ...ASPECTS.map((name) => [name, t("map.weights.preset_first", { aspect: t("aspect." + name + ".title") }), only(name)])];
    const select = h("select", { id: "fr-preset" }, h("option", { value: "own", hidden: true }, t("map.weights.preset_own")),
      list.map(([key, title]) => h("option", { value: key }, title)));
    select.addEventListener("change", () => set((list.find(([key]) => key === select.value) || [])[2] || null));
    return h("div", { class: "fr-choice" }, h("label", { for: "fr-preset" }, t("map.weights.preset")), select);
  }
  function presetOf() {
    if (!weights) { return "default"; }
    const full = model.complete(weights);
    const found = ASPECTS.filter((name) => full.aspects[name] === EMPHASIS);
    const rest = ASPECTS.every((name) => full.aspects[name] === (name === found[0] ? EMPHASIS : 1));
    return found.length === 1 && rest && !Object.keys(weights.indicators).length ? found[0] : "own";
  }
  function status(text) { const line = byId("fr-weights-status"); if (line) { line.textContent = text; } }
  function write() {
    lenses();
    const box = byId("fr-weights"), open = box.querySelector("details") && box.querySelector("details").open;
    box.replaceChildren(h("details", { open: Boolean(open) }, h("summary", {}, t("map.weights.title")),
      h("p", { class: "fr-quiet" }, t("map.weights.text")),
      presets(), ASPECTS.map(section),
      h("p", { id: "fr-weights-status", role: "status", class: "fr-quiet" }),
      h("button", { type: "button", class: "fr-more", id: "fr-weights-reset", on: () => set(null) }, t("map.weights.reset"))));
    show();
  }
  function show() {
    const full = model.complete(weights), { across, within } = model.shares(weights);
    for (const input of byId("fr-weights").querySelectorAll("input")) {
      const { kind, name } = input.dataset;
      input.value = full[kind][name];
      const share = kind === "aspects" ? across[ASPECTS.indexOf(name)] : within[model.names.indexOf(name)];
      const text = words.percent(share * 1000);
      byId(input.id + "-share").textContent = text;
      input.setAttribute("aria-valuetext", text);
    }
    byId("fr-preset").value = presetOf();
    byId("fr-weights-reset").disabled = !weights;
    const note = byId("fr-weights-note");
    note.hidden = !weights;
    note.replaceChildren(...(weights ? [t("map.weights.note") + " ", h("button", { type: "button", class: "fr-link", on: () => set(null) }, t("map.weights.reset"))] : []));
  }
  return { write, set, look, get current() { return weights; } };
};
