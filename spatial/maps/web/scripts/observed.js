// Counts of people staying, as they were published: rings on meeting spaces, or hexagons.
faellesrum.observed = function (map, data, decode, words, h, told) {
  "use strict";
  const seen = data.observed, t = words.t;
  if (!seen) { return null; }
  const COLOURS = ["seen-1", "seen-2", "seen-3", "seen-4"], LARGEST_PX = 32, LEAST_PX = 13, unit = 1 / data.config.units_per_degree;
  const hexagons = seen.by === "hexagon";
  const most = Math.max(0, ...seen.rate.filter((rate) => rate !== null));
  let on = true, painter = null;
  // Classes of equal width up to a round number.
  const step = most > 0 ? niceStep(most / COLOURS.length) : 1;
  function niceStep(least) {
    const power = Math.pow(10, Math.floor(Math.log10(least)));
    return [1, 2, 2.5, 5, 10].map((factor) => factor * power).find((wide) => wide >= least - 1e-12);
  }
  function colourOf(rate) { return faellesrum.colour(COLOURS[Math.min(COLOURS.length - 1, Math.floor(rate / step))]); }
  function radius(rate) { return rate === null ? LEAST_PX : Math.max(LEAST_PX, LARGEST_PX * Math.sqrt(rate / most)); }
  function number(rate) { return words.number(rate, rate < 10 ? 1 : 0); }

  function* draw() {
    const at = decode.unitPoints(seen.at), shapes = [];
    if (hexagons) {
      let first = 0;
      const rings = Array.from(decode.units(seen.shape));
      for (const count of seen.shape.rings) { shapes.push(rings.slice(first, first += count)); }
    }
    map.createPane("observed").style.zIndex = hexagons ? 395 : 415;
    map.getPane("observed").style.pointerEvents = "none";
    painter = new faellesrum.Painter((context, place) => {
      if (!on) { return; }
      const view = faellesrum.transform(map, data.origin.map((v) => v * unit), unit, place), pixel = view.ratio / view.scale;
      context.setTransform(view.scale, 0, 0, view.scale, view.x, view.y);
      // The largest first, so that smaller ones lie above.
      const order = seen.rate.map((_, i) => i).sort((a, b) => (seen.rate[b] ?? -1) - (seen.rate[a] ?? -1));
      for (const i of order) { if (hexagons) { hexagon(context, pixel, shapes[i], seen.rate[i]); } else { ring(context, pixel, at[2 * i], at[2 * i + 1], seen.rate[i]); } }
    }, { pane: "observed", padding: 0.1 }).addTo(map);
    yield seen.rate.length;
  }
  function ring(context, pixel, x, y, rate) {
    const size = radius(rate) * pixel, known = rate !== null;
    context.beginPath();
    context.arc(x, y, size, 0, 2 * Math.PI);
    context.setLineDash([]);
    context.lineWidth = 5 * pixel;
    context.strokeStyle = faellesrum.colour("halo");
    context.stroke();
    context.setLineDash(known ? [] : [2 * pixel, 2 * pixel]);
    context.lineWidth = 2.5 * pixel;
    context.strokeStyle = faellesrum.colour("counted");
    context.stroke();
  }
  function hexagon(context, pixel, rings, rate) {
    context.beginPath();
    for (const { xy } of rings) {
      for (let k = 0; k < xy.length; k += 2) { if (k) { context.lineTo(xy[k], xy[k + 1]); } else { context.moveTo(xy[k], xy[k + 1]); } }
      context.closePath();
    }
    if (rate !== null) {
      context.globalAlpha = 0.7;
      context.fillStyle = colourOf(rate);
      context.fill();
      context.globalAlpha = 1;
    }
    context.setLineDash(rate === null ? [3 * pixel, 3 * pixel] : []);
    context.lineWidth = 1.2 * pixel;
    context.strokeStyle = faellesrum.colour("counted");
    context.stroke();
  }

  function sentence(k) {
    if (k < 0) { return null; }
    const times = words.number(seen.visits[k]);
    if (seen.rate[k] === null) { return t("map.observed.hidden", { visits: times, k: words.number(seen.k) }); }
    return t(seen.timed ? "map.observed.one_timed" : "map.observed.one", { people: words.number(seen.people[k]), visits: times, rate: number(seen.rate[k]) });
  }
  function ofOne(kind, i) {
    const text = kind === "space" && !hexagons ? sentence(seen.space.indexOf(i)) : null;
    return text ? h("div", { class: "fr-note" }, h("b", {}, t("map.observed.title")), h("p", {}, text)) : null;
  }
  function write() {
    const box = document.getElementById("fr-observed"), hidden = seen.rate.filter((rate) => rate === null).length;
    const input = h("input", { type: "checkbox", checked: on });
    input.addEventListener("change", () => { show(input.checked); told(); });
    box.replaceChildren(h("h2", {}, t("map.observed.title")),
      h("p", { class: "fr-overlays" }, h("label", {}, input, t("map.observed.show"))),
      h("p", { class: "fr-quiet" }, t(hexagons ? "map.observed.hexagons" : "map.observed.spaces", { n: words.number(seen.rate.length), hidden: words.number(hidden), k: words.number(seen.k) })));
    box.hidden = false;
  }
  // Of the legend: samples of what is drawn, with their numbers.
  function legend() {
    if (!on || !seen.rate.length) { return []; }
    const rows = [], title = t(seen.timed ? "map.observed.legend_timed" : "map.observed.legend");
    if (hexagons && most > 0) {
      const classes = COLOURS.filter((_, k) => k * step < most);
      rows.push([h("span", { class: "fr-hexes" }, classes.map((name) => { const box = h("i", {}); box.style.background = faellesrum.colour(name); return box; })),
        title + " " + t("format.range", { low: "0", high: number(classes.length * step) })]);
    } else if (most > 0) {
      const sample = h("i", { class: "fr-ring" });
      sample.style.width = sample.style.height = Math.round(radius(most / 4)) * 2 + "px";
      rows.push([sample, title + " " + t("map.observed.sample", { rate: number(most / 4) })]);
    }
    if (seen.rate.includes(null)) { rows.push([h("i", { class: hexagons ? "fr-hex-hidden" : "fr-ring fr-ring-hidden" }), t("map.observed.withheld", { k: words.number(seen.k) })]); }
    return rows;
  }
  function show(wanted) { on = wanted; if (painter) { painter.paint(); } }
  return { draw, write, ofOne, legend, show, restyle() { if (painter) { painter.paint(); } }, get shown() { return on; } };
};
