// Counts of people staying, as they were published: rings on meeting spaces, or hexagons.
import { colour } from "./colours.js";
import { byId, h } from "./elements.js";
import { Painter, createPane, transformOf } from "./painter.js";
/** @import { Decoder, Ring } from "./decode.js" */
/** @import { ObjectKind } from "./names.js" */
/** @import { Observed, Payload } from "./payload.js" */
/** @import { Words } from "./words.js" */

const CLASS_COLOURS = ["seen-1", "seen-2", "seen-3", "seen-4"], LARGEST_PX = 32, LEAST_PX = 13, DECIMALS_UNDER = 10;

/** @typedef {ReturnType<typeof createObserved>} ObservedLayer */
/** @typedef {[key: HTMLElement, text: string]} CountRow of the legend */

/**
 * Make the layer of counts.
 *
 * @param {L.Map} map
 * @param {Payload} data
 * @param {Observed} seen
 * @param {Decoder} decode
 * @param {Words} words
 * @param {() => void} onToggle
 */
export function createObserved(map, data, seen, decode, words, onToggle) {
  const t = words.t;
  const hexagons = seen.by === "hexagon";
  const most = Math.max(0, ...seen.rate.filter((rate) => rate !== null));
  // Classes of equal width up to a round number.
  const step = most > 0 ? roundUp(most / CLASS_COLOURS.length) : 1;
  let on = true;
  /** @type {Painter | null} */
  let painter = null;
  /** @param {number} rate */
  function colourOf(rate) { return colour(CLASS_COLOURS[Math.min(CLASS_COLOURS.length - 1, Math.floor(rate / step))]); }
  /** @param {number | null} rate */
  function radius(rate) { return rate === null ? LEAST_PX : Math.max(LEAST_PX, LARGEST_PX * Math.sqrt(rate / most)); }
  /** @param {number} rate */
  function number(rate) { return words.number(rate, rate < DECIMALS_UNDER ? 1 : 0); }

  /** @returns {Generator<number, void, void>} */
  function* draw() {
    const at = decode.unitPoints(seen.at);
    /** @type {Ring[][]} */
    const shapes = [];
    if (hexagons) {
      let first = 0;
      const rings = Array.from(decode.units(seen.shape));
      for (const count of seen.shape.rings) { shapes.push(rings.slice(first, first += count)); }
    }
    // The largest first, so that smaller ones lie above.
    const order = seen.rate.map((_, i) => i).sort((a, b) => (seen.rate[b] ?? -1) - (seen.rate[a] ?? -1));
    createPane(map, "observed", hexagons ? 395 : 415);
    painter = new Painter((context, place) => {
      if (!on) { return; }
      const view = transformOf(map, data, place), pixel = view.ratio / view.scale;
      context.setTransform(view.scale, 0, 0, view.scale, view.x, view.y);
      for (const i of order) {
        if (hexagons) { drawHexagon(context, pixel, shapes[i], seen.rate[i]); } else { drawRing(context, pixel, at[2 * i], at[2 * i + 1], seen.rate[i]); }
      }
    }, { pane: "observed", padding: 0.1 }).addTo(map);
    yield seen.rate.length;
  }
  /** @param {CanvasRenderingContext2D} context @param {number} pixel @param {number} x @param {number} y @param {number | null} rate */
  function drawRing(context, pixel, x, y, rate) {
    context.beginPath();
    context.arc(x, y, radius(rate) * pixel, 0, 2 * Math.PI);
    context.setLineDash([]);
    context.lineWidth = 5 * pixel;
    context.strokeStyle = colour("halo");
    context.stroke();
    context.setLineDash(rate === null ? [2 * pixel, 2 * pixel] : []);
    context.lineWidth = 2.5 * pixel;
    context.strokeStyle = colour("counted");
    context.stroke();
  }
  /** @param {CanvasRenderingContext2D} context @param {number} pixel @param {Ring[]} rings @param {number | null} rate */
  function drawHexagon(context, pixel, rings, rate) {
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
    context.strokeStyle = colour("counted");
    context.stroke();
  }

  /** @param {number} k */
  function sentence(k) {
    const visits = words.number(seen.visits[k] ?? 0), rate = seen.rate[k];
    if (rate === null) { return t("map.observed.hidden", { visits, k: words.number(seen.k) }); }
    return t("map.observed.one", { people: words.number(seen.people[k] ?? 0), visits, rate: number(rate) });
  }
  // How many people were counted at an object.
  /** @param {ObjectKind} kind @param {number} i */
  function ofObject(kind, i) {
    const k = kind === "space" && !hexagons ? seen.space.indexOf(i) : -1;
    return k < 0 ? null : h("div", { class: "fr-note" }, h("b", {}, t("map.observed.title")), h("p", {}, sentence(k)));
  }
  function write() {
    const box = byId("fr-observed"), hidden = seen.rate.filter((rate) => rate === null).length;
    const input = h("input", { type: "checkbox", checked: on });
    input.addEventListener("change", () => { show(input.checked); onToggle(); });
    box.replaceChildren(h("h2", {}, t("map.observed.title")),
      h("p", { class: "fr-overlays" }, h("label", {}, input, t("map.observed.show"))),
      h("p", { class: "fr-quiet" }, t(hexagons ? "map.observed.hexagons" : "map.observed.spaces", { n: words.number(seen.rate.length), hidden: words.number(hidden), k: words.number(seen.k) })));
    box.hidden = false;
  }
  // Of the legend: samples of what is drawn, with their numbers.
  /** @returns {CountRow[]} */
  function legend() {
    if (!on || !seen.rate.length) { return []; }
    /** @type {CountRow[]} */
    const rows = [];
    const title = t("map.observed.legend");
    if (hexagons && most > 0) {
      const classes = CLASS_COLOURS.filter((_, k) => k * step < most);
      const samples = classes.map((name) => { const box = h("i", {}); box.style.background = colour(name); return box; });
      rows.push([h("span", { class: "fr-hexes" }, ...samples), title + " " + t("format.range", { low: "0", high: number(classes.length * step) })]);
    } else if (most > 0) {
      const sample = h("i", { class: "fr-ring" });
      sample.style.width = sample.style.height = Math.round(radius(most / 4)) * 2 + "px";
      rows.push([sample, title + " " + t("map.observed.sample", { rate: number(most / 4) })]);
    }
    if (seen.rate.includes(null)) { rows.push([h("i", { class: hexagons ? "fr-hex-hidden" : "fr-ring fr-ring-hidden" }), t("map.observed.withheld", { k: words.number(seen.k) })]); }
    return rows;
  }
  function restyle() { painter?.paint(); }
  /** @param {boolean} wanted */
  function show(wanted) { on = wanted; restyle(); }
  return { draw, write, ofObject, legend, show, restyle, get shown() { return on; } };
}

/** @param {number} least */
function roundUp(least) {
  const power = Math.pow(10, Math.floor(Math.log10(least)));
  return ([1, 2, 2.5, 5].find((factor) => factor * power >= least - 1e-12) ?? 10) * power;
}
