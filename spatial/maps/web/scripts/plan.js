// A plan: what was there before on the left of a handle, what comes after on its right. What differs is told
// apart by signs and by lines, and only then by colour.
faellesrum.plan = function (map, data, decode, words, scale, h, told) {
  "use strict";
  const plan = data.plan, t = words.t;
  if (!plan) { return null; }
  const PANES = ["ground", "names", "spaces", "outlines", "things", "marks"], STEP = 0.02, LEAP = 0.1;
  const SIGNS = { lost: "✕", new: "+", up: "▲", down: "▼", same: "•" };
  let share = 0.5, homes = true;
  const changeOf = { before: new Map(), after: new Map() };
  plan.changes.forEach((change) => {
    for (const when of ["before", "after"]) { if (change[when] !== null) { changeOf[when].set(change[when], change); } }
  });

  // What is shown of a meeting space, before and after: in whole points of the chosen score.
  function points(change) {
    const by = scale.isScore() ? scale.by : data.config.scores[0];
    return ["before", "after"].map((when) => {
      const table = when === "before" ? plan.before.spaces : data.spaces;
      const found = change[when] === null ? null : table.scores[by][1][change[when]];
      return found === null ? null : Math.round(found / 10);
    });
  }
  function difference(change) {
    const [was, then] = points(change);
    return was === null || then === null ? 0 : then - was;
  }
  function wayOf(change) {
    const by = Math.sign(difference(change));
    return change.state !== "changed" ? change.state : by > 0 ? "up" : by < 0 ? "down" : "same";
  }
  function signed(number) { return (number > 0 ? "+" : "−") + words.number(Math.abs(number)); }
  // The mark of a meeting space on one side, or null where the plan leaves it as it is.
  function mark(when, i) {
    const change = changeOf[when].get(i);
    if (!change) { return null; }
    if (change.state === "lost" || change.state === "new") {
      return { sign: SIGNS[change.state], name: change.state };
    }
    const by = difference(change);
    if (when === "before" || !by) { return null; }
    return { sign: SIGNS[by > 0 ? "up" : "down"] + " " + signed(by), name: by > 0 ? "up" : "down" };
  }
  function edge(when, i) {
    const change = changeOf[when].get(i);
    if (change && change.state === "lost") { return { color: faellesrum.colour("gone"), weight: 3, dashArray: "5 4" }; }
    if (change && change.state === "new") { return { color: faellesrum.colour("new"), weight: 3 }; }
    return { dashArray: null };
  }

  // The handle
  const frame = document.getElementById("fr-frame");
  const handle = h("div", { id: "fr-swipe", role: "slider", tabindex: 0, "aria-orientation": "horizontal", "aria-valuemin": 0, "aria-valuemax": 100 },
    h("span", { class: "fr-side fr-side-before", "aria-hidden": "true" }), h("span", { class: "fr-grip", "aria-hidden": "true" }, "⇔"),
    h("span", { class: "fr-side fr-side-after", "aria-hidden": "true" }));
  frame.append(handle);
  function set(next) {
    move(next);
    told.swiped();
  }
  function move(next) {
    share = Math.min(1, Math.max(0, next));
    clip();
    say();
  }
  function say() {
    const percent = Math.round(share * 100);
    handle.style.left = percent + "%";
    handle.classList.toggle("fr-at-start", share < 0.12);
    handle.classList.toggle("fr-at-end", share > 0.88);
    handle.setAttribute("aria-valuenow", percent);
    handle.setAttribute("aria-label", t("map.plan.handle"));
    handle.setAttribute("aria-valuetext", t(percent === 100 ? "map.plan.all_before" : percent === 0 ? "map.plan.all_after" : "map.plan.both_sides", { share: percent }));
    handle.querySelector(".fr-side-before").textContent = t("map.plan.before");
    handle.querySelector(".fr-side-after").textContent = t("map.plan.after");
    for (const button of document.querySelectorAll("#fr-plan [data-share]")) {
      button.setAttribute("aria-pressed", String(Number(button.dataset.share) === share));
    }
  }
  handle.addEventListener("keydown", (event) => {
    const to = { ArrowLeft: share - STEP, ArrowDown: share - STEP, ArrowRight: share + STEP, ArrowUp: share + STEP,
      PageDown: share - LEAP, PageUp: share + LEAP, Home: 0, End: 1 }[event.key];
    if (to !== undefined) { event.preventDefault(); event.stopPropagation(); set(to); }
  });
  handle.addEventListener("pointerdown", (event) => {
    event.preventDefault();
    handle.focus();
    handle.setPointerCapture(event.pointerId);
    // The address is written when the handle is let go: browsers refuse to have it written all the time.
    const drag = (moved) => { const box = frame.getBoundingClientRect(); move((moved.clientX - box.left) / box.width); };
    const end = () => {
      for (const name of ["pointerup", "pointercancel"]) { handle.removeEventListener(name, end); }
      handle.removeEventListener("pointermove", drag);
      set(share);
    };
    handle.addEventListener("pointermove", drag);
    for (const name of ["pointerup", "pointercancel"]) { handle.addEventListener(name, end); }
  });
  function clip() {
    const size = map.getSize(), a = map.containerPointToLayerPoint([0, 0]), b = map.containerPointToLayerPoint(size);
    const x = a.x + size.x * share;
    const box = (left, right) => "polygon(" + [[left, a.y], [right, a.y], [right, b.y], [left, b.y]].map((at) => at[0] + "px " + at[1] + "px").join(",") + ")";
    for (const name of PANES) {
      for (const [when, path] of [["before", box(a.x, x)], ["after", box(x, b.x)]]) {
        const pane = map.getPane(name + "-" + when);
        if (pane) { pane.style.clipPath = path; }
      }
    }
    // Walks are those after the plan.
    if (map.getPane("reach")) { map.getPane("reach").style.clipPath = box(x, b.x); }
  }
  // Moves the handle beside what is looked at, where it hides it.
  function reveal(when, at) {
    const x = map.latLngToContainerPoint(at).x, width = map.getSize().x, BESIDE = 90;
    const free = when === "after" ? x - BESIDE : x + BESIDE;
    if (when === "after" ? share * width > free : share * width < free) { set(free / width); }
  }
  map.on("move zoom viewreset resize zoomend moveend", clip);

  // What differs on the ground, and the homes that win and lose, on a canvas above the ground of each side.
  const unit = 1 / data.config.units_per_degree, painters = [];
  const SIDE = { gone: "before" };
  function styleOf(how) {
    if (how === "gone") { return { name: "gone", color: faellesrum.colour("gone"), weight: 2.2, dash: [5, 4] }; }
    if (how === "new") { return { name: "new", color: faellesrum.colour("new"), weight: 2.6 }; }
    return { name: "altered", color: faellesrum.colour("altered"), weight: 2.2, dash: [1.5, 3] };
  }
  function* things() {
    for (const when of ["before", "after"]) {
      const own = plan.things.filter((thing) => (SIDE[thing.how] || "after") === when);
      // A road is wide enough to be seen as road; it gets an outline along its middle as ways do.
      const drawn = [];
      for (const thing of own) {
        drawn.push({
          how: thing.how, areas: yield* faellesrum.paths(decode, thing.areas, true),
          lines: yield* faellesrum.paths(decode, thing.lines), at: decode.unitPoints(thing.at),
        });
      }
      const places = homesOf();
      const pane = map.createPane("things-" + when);
      pane.style.zIndex = 390;
      pane.style.pointerEvents = "none";
      painters.push(new faellesrum.Painter((context, place) => {
        const draw = faellesrum.brush(context, faellesrum.transform(map, data.origin.map((v) => v * unit), unit, place), place.size);
        for (const thing of drawn) {
          const style = styleOf(thing.how);
          draw.line(thing.areas, style);
          draw.line(thing.lines, { ...style, color: faellesrum.colour("casing"), weight: style.weight + 2.4, dash: null });
          draw.line(thing.lines, style);
          draw.dots(thing.at, { fillColor: faellesrum.colour("halo"), color: style.color, radius: 4 });
        }
        if (homes && when === "after") { places.forEach((place_) => triangle(context, draw.pixel, place_)); }
      }, { pane: "things-" + when, padding: 0.1 }).addTo(map));
      yield own.length;
    }
  }
  function homesOf() {
    const at = decode.unitPoints(plan.homes.at);
    return plan.homes.dwellings.map((count, i) => ({
      x: at[2 * i], y: at[2 * i + 1], count, up: plan.homes.after[i] > plan.homes.before[i],
    }));
  }
  // Up for better, down for worse; as large as the homes are many.
  function triangle(context, pixel, { x, y, count, up }) {
    const side = Math.min(11, 3.5 + Math.sqrt(count)) * pixel, way = up ? -1 : 1;
    context.beginPath();
    context.moveTo(x, y + way * side);
    context.lineTo(x - side, y - way * side * 0.75);
    context.lineTo(x + side, y - way * side * 0.75);
    context.closePath();
    context.setLineDash([]);
    context.globalAlpha = 0.75;
    context.fillStyle = faellesrum.colour(up ? "better" : "worse");
    context.fill();
    context.globalAlpha = 1;
    context.lineWidth = 1 * pixel;
    context.strokeStyle = faellesrum.colour("halo");
    context.stroke();
  }

  // In the panel
  function value(id, found) {
    if (!found) { return words.evidence("unknown").title; }
    return found.length === 1 ? words.measured(id, found[0]) : words.range(id, found[0], found[1]);
  }
  // What cannot be told apart in the numbers that are shown is no reason that anybody sees.
  function reasons(change) {
    return change.because.map(({ indicator, before, after }) => [words.indicator(indicator).title, value(indicator, before), value(indicator, after)])
      .filter(([, before, after]) => before !== after).map(([name, before, after]) => t("map.plan.reason", { name, before, after }));
  }
  function line(change) {
    const [was, then] = change.scores.map((score) => (score === null ? "" : words.number(score)));
    return t("map.plan." + (change.state === "changed" && was === then ? "same" : change.state) + "_line", { before: was, after: then });
  }
  function ofOne(when, i) {
    const change = changeOf[when].get(i);
    if (!change) { return when === "before" ? h("p", { class: "fr-note" }, t("map.plan.as_before")) : null; }
    return h("div", { class: "fr-note" }, h("b", {}, line(change)),
      reasons(change).length ? h("ul", { class: "fr-unknowns" }, reasons(change).map((text) => h("li", {}, text))) : null);
  }
  function write(handlers) {
    const box = document.getElementById("fr-plan"), n = plan.spaces, d = plan.dwellings, num = words.number;
    const see = (to, key) => h("button", { type: "button", "data-share": to, on: () => set(to) }, t(key));
    const input = h("input", { type: "checkbox", checked: homes });
    input.addEventListener("change", () => { homes = input.checked; repaint(); told.toggled(); });
    const item = (change) => {
      const when = change.after === null ? "before" : "after", way = wayOf(change);
      return h("li", {}, h("button", { type: "button", class: "fr-change", on: () => handlers.changed(when, change[when]) },
        h("span", { class: "fr-sign fr-sign-" + way, "aria-hidden": "true" }, SIGNS[way]),
        h("span", {}, handlers.nameOf(when, change[when]), h("small", {}, line(change)))));
    };
    const list = plan.changes.map(item), FEW = 6;
    box.replaceChildren(
      h("h2", {}, plan.plan ? t("map.plan.title", { name: plan.plan }) : t("map.plan.title_plain")),
      h("div", { class: "fr-see", role: "group", "aria-label": t("map.plan.handle") }, see(1, "map.plan.before"), see(0.5, "map.plan.both"), see(0, "map.plan.after")),
      h("p", {}, t("map.plan.spaces", { lost: num(n.lost), new: num(n.new), changed: num(n.changed), kept: num(n.kept) })),
      h("p", {}, t("map.plan.dwellings", { losing: num(d.losing), winning: num(d.winning), demolished: num(d.demolished), new: num(d.new) })),
      plan.keeps_share === null ? "" : h("p", {}, t("map.plan.median", { before: num(plan.median_before), after: num(plan.median_after), share: t("format.percent", words.number(Math.floor(plan.keeps_share * 100))) })),
      h("p", { class: "fr-overlays" }, h("label", {}, input, t("map.plan.show_homes"))),
      list.length ? h("ul", { class: "fr-changes" }, list.slice(0, FEW)) : "",
      list.length > FEW ? h("details", {}, h("summary", {}, t("map.more", { n: num(list.length) })), h("ul", { class: "fr-changes" }, list.slice(FEW))) : "",
      h("p", { class: "fr-quiet fr-printed" }, t("map.plan.printed")));
    box.hidden = false;
    say();
  }
  // Rows of the legend: what differs, as far as it is there.
  function legend() {
    const states = new Set(plan.changes.map((change) => change.state)), hows = new Set(plan.things.map((thing) => styleOf(thing.how).name));
    const sign = (name, text) => ["sign-" + name, text, SIGNS[name]];
    return [
      ...(states.has("lost") ? [sign("lost", t("map.plan.lost"))] : []),
      ...(states.has("new") ? [sign("new", t("map.plan.new"))] : []),
      ...(states.has("changed") ? [["sign-changed", t("map.plan.changed"), "▲▼"]] : []),
      ...["gone", "new", "altered"].filter((name) => hows.has(name)).map((name) => [name, t("map.plan.thing_" + name), ""]),
      ...(homes && plan.homes.dwellings.length ? [["homes", t("map.plan.homes"), ""]] : []),
    ];
  }
  function repaint() { painters.forEach((painter) => painter.paint()); }
  return { things, clip, set, reveal, mark, edge, write, ofOne, legend, restyle: repaint, get share() { return share; },
    get homes() { return homes; }, showHomes(on) { homes = on; repaint(); } };
};
