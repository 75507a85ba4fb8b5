// A plan: what differs between what was there before and what comes after. It is told apart by signs and by
// lines, and only then by colour.
import { colour } from "./colours.js";
import { byId, h } from "./elements.js";
import { Painter, createBrush, createPane, decodePaths, transformOf } from "./painter.js";
import { createSwipe } from "./swipe.js";
/** @import { Decoder } from "./decode.js" */
/** @import { ObjectKind } from "./names.js" */
/** @import { LineStyle, Path } from "./painter.js" */
/** @import { Handlers } from "./panel.js" */
/** @import { Change, Payload, Plan } from "./payload.js" */
/** @import { Scale } from "./scale.js" */
/** @import { Mark } from "./spaces.js" */
/** @import { Words } from "./words.js" */

/** @typedef {ReturnType<typeof createPlan>} PlanLayer */
/** @typedef {"before" | "after"} Side */
/** @typedef {[key: string, text: string, sign: string]} PlanRow of the legend */
/** @typedef {{ how: string, areas: Path[], lines: Path[], at: number[] }} DrawnThing */
/** @typedef {{ x: number, y: number, count: number, better: boolean }} DrawnHome */

const SIGNS = { lost: "✕", new: "+", up: "▲", down: "▼", same: "•" };
/** @type {Side[]} */
const SIDES = ["before", "after"];
const HALF = 0.5, FEW_CHANGES = 6, LARGEST_TRIANGLE_PX = 11, LEAST_TRIANGLE_PX = 3.5;

/**
 * Make the layer of a plan.
 *
 * @param {L.Map} map
 * @param {Payload} data
 * @param {Plan} plan
 * @param {Decoder} decode
 * @param {Words} words
 * @param {Scale} scale
 * @param {{ onSwiped: () => void, onToggle: () => void }} events
 */
export function createPlan(map, data, plan, decode, words, scale, { onSwiped, onToggle }) {
  const t = words.t;
  let homes = true;
  const swipe = createSwipe(map, words, onSwiped);
  const changes = Object.fromEntries(SIDES.map((side) => [side, new Map(plan.changes.map((change) => [change[side], change]))]));

  // The change of a meeting space, as far as it is seen on one side.
  /** @param {Side} side @param {number} i */
  function changeOf(side, i) { return changes[side].get(i); }
  // By how many whole points the chosen score differs; 0 where there are not two.
  /** @param {Change} change */
  function difference(change) {
    const by = scale.isScore() ? scale.by : data.config.scores[0];
    const [was, then] = SIDES.map((side) => {
      const table = side === "before" ? plan.before.spaces : data.spaces, i = change[side];
      const score = i === null ? null : table.scores[by][1][i];
      return score === null ? null : Math.round(score / 10);
    });
    return was === null || then === null ? 0 : then - was;
  }
  /** @param {Change} change @returns {keyof typeof SIGNS} */
  function wayOf(change) {
    const by = difference(change);
    return change.state !== "changed" ? change.state : by > 0 ? "up" : by < 0 ? "down" : "same";
  }
  // The mark of a meeting space on one side, or null where the plan leaves it as it is.
  /** @param {Side} side @param {number} i @returns {Mark | null} */
  function mark(side, i) {
    const change = changeOf(side, i);
    if (!change) { return null; }
    const way = wayOf(change), by = difference(change);
    if (change.state !== "changed") { return { sign: SIGNS[way], name: way }; }
    if (side === "before" || !by) { return null; }
    return { sign: SIGNS[way] + " " + (by > 0 ? "+" : "−") + words.number(Math.abs(by)), name: way };
  }
  /** @param {Side} side @param {number} i @returns {L.PathOptions} */
  function edge(side, i) {
    const state = changeOf(side, i)?.state;
    if (state === "lost") { return { color: colour("gone"), weight: 3, dashArray: "5 4" }; }
    if (state === "new") { return { color: colour("new"), weight: 3 }; }
    return {};
  }

  // How far from the left of the window the middle of the plan lies.
  function middle() {
    const rings = plan.things.flatMap((thing) => [...decode.rings(thing.areas), ...decode.rings(thing.lines), decode.points(thing.at)]);
    const bounds = L.latLngBounds(rings.flat());
    return bounds.isValid() ? map.latLngToContainerPoint(bounds.getCenter()).x / map.getSize().x : HALF;
  }
  // What differs on the ground, and the homes that win and lose, on a canvas above the ground of each side.
  /** @type {Painter[]} */
  const painters = [];
  /** @returns {Generator<number, void, void>} */
  function* drawThings() {
    for (const side of SIDES) {
      const own = plan.things.filter((thing) => (thing.how === "gone" ? "before" : "after") === side);
      // A road is wide enough to be seen as road; it gets an outline along its middle as ways do.
      /** @type {DrawnThing[]} */
      const drawn = [];
      for (const thing of own) {
        drawn.push({
          how: thing.how, areas: yield* decodePaths(decode, thing.areas, true),
          lines: yield* decodePaths(decode, thing.lines), at: decode.unitPoints(thing.at),
        });
      }
      const moved = side === "after" ? drawnHomes() : [];
      createPane(map, "things-" + side, 390);
      painters.push(new Painter((context, place) => {
        const brush = createBrush(context, transformOf(map, data, place), place.size);
        for (const thing of drawn) {
          const { style } = thingStyle(thing.how);
          brush.line(thing.areas, style);
          brush.line(thing.lines, { color: colour("casing"), weight: style.weight + 2.4 });
          brush.line(thing.lines, style);
          brush.dots(thing.at, { fillColor: colour("halo"), color: style.color, radius: 4 });
        }
        if (homes) { for (const home of moved) { drawTriangle(context, brush.pixel, home); } }
      }, { pane: "things-" + side, padding: 0.1 }).addTo(map));
      yield own.length;
    }
  }
  /** @returns {DrawnHome[]} */
  function drawnHomes() {
    const at = decode.unitPoints(plan.homes.at);
    return plan.homes.dwellings.map((count, i) => ({ x: at[2 * i], y: at[2 * i + 1], count, better: plan.homes.after[i] > plan.homes.before[i] }));
  }

  // In the panel
  /** @param {string} id @param {number[] | null} bounds */
  function valueText(id, bounds) {
    if (!bounds) { return words.evidence("unknown").title; }
    return bounds.length === 1 ? words.measured(id, bounds[0]) : words.range(id, bounds[0], bounds[1]);
  }
  // What cannot be told apart in the numbers that are shown is no reason that anybody sees.
  /** @param {Change} change */
  function reasons(change) {
    return change.because.map(({ indicator, before, after }) => ({ name: words.indicator(indicator).title, before: valueText(indicator, before), after: valueText(indicator, after) }))
      .filter(({ before, after }) => before !== after).map((reason) => t("map.plan.reason", reason));
  }
  /** @param {Change} change */
  function changeLine(change) {
    const [before, after] = change.scores.map((score) => (score === null ? "" : words.number(score)));
    return t("map.plan." + (change.state === "changed" && before === after ? "same" : change.state) + "_line", { before, after });
  }
  // What the plan does to an object.
  /** @param {Side} side @param {ObjectKind} kind @param {number} i */
  function ofObject(side, kind, i) {
    const change = kind === "space" ? changeOf(side, i) : undefined;
    if (kind === "place") { return null; }
    if (!change) { return side === "before" ? h("p", { class: "fr-note" }, t("map.plan.as_before")) : null; }
    const texts = reasons(change);
    return h("div", { class: "fr-note" }, h("b", {}, changeLine(change)),
      texts.length ? h("ul", { class: "fr-unknowns" }, ...texts.map((text) => h("li", {}, text))) : null);
  }
  /** @param {Change} change @param {Handlers} handlers */
  function changeItem(change, handlers) {
    const side = change.after === null ? "before" : "after", i = change[side] ?? 0, way = wayOf(change);
    return h("li", {}, h("button", { type: "button", class: "fr-change", on: () => handlers.changed(side, i) },
      h("span", { class: "fr-sign fr-sign-" + way, "aria-hidden": "true" }, SIGNS[way]),
      h("span", {}, handlers.nameOf(side, i), h("small", {}, changeLine(change)))));
  }
  function medianText() {
    if (plan.keeps_share === null) { return ""; }
    const key = plan.median_before === plan.median_after ? "map.plan.median_same" : "map.plan.median";
    const points = (/** @type {number | null} */ median) => words.number(median ?? 0);
    return h("p", {}, t(key, { before: points(plan.median_before), after: points(plan.median_after), share: t("format.percent", words.number(Math.floor(plan.keeps_share * 100))) }));
  }
  /** @param {Handlers} handlers */
  function write(handlers) {
    const box = byId("fr-plan"), n = plan.spaces, d = plan.dwellings, num = words.number;
    const see = (/** @type {number} */ to, /** @type {string} */ key) => h("button", { type: "button", "data-share": to, on: () => swipe.set(to) }, t(key));
    const input = h("input", { type: "checkbox", checked: homes });
    input.addEventListener("change", () => { showHomes(input.checked); onToggle(); });
    const list = plan.changes.map((change) => changeItem(change, handlers));
    box.replaceChildren(
      h("h2", {}, plan.plan ? t("map.plan.title", { name: plan.plan }) : t("map.plan.title_plain")),
      h("div", { class: "fr-see", role: "group", "aria-label": t("map.plan.handle") }, see(1, "map.plan.before"), see(0.5, "map.plan.both"), see(0, "map.plan.after")),
      h("p", {}, t("map.plan.spaces", { lost: num(n.lost), new: num(n.new), changed: num(n.changed), kept: num(n.kept) })),
      h("p", {}, t("map.plan.dwellings", { lens: t("lens_as." + (plan.worst_off_as ?? "adult")), losing: num(d.losing), winning: num(d.winning), demolished: num(d.demolished), new: num(d.new) })),
      medianText(),
      h("p", { class: "fr-overlays" }, h("label", {}, input, t("map.plan.show_homes"))),
      list.length ? h("ul", { class: "fr-changes" }, ...list.slice(0, FEW_CHANGES)) : "",
      list.length > FEW_CHANGES ? h("details", {}, h("summary", {}, t("map.more", { n: num(list.length) })), h("ul", { class: "fr-changes" }, ...list.slice(FEW_CHANGES))) : "",
      h("p", { class: "fr-quiet fr-printed" }, t("map.plan.printed")));
    box.hidden = false;
    swipe.write();
  }
  // Rows of the legend: what differs, as far as it is there.
  /** @returns {PlanRow[]} */
  function legend() {
    const states = new Set(plan.changes.map((change) => change.state)), drawn = new Set(plan.things.map((thing) => thingStyle(thing.how).name));
    /** @type {PlanRow[]} */
    const rows = [
      ["sign-lost", t("map.plan.lost"), SIGNS.lost], ["sign-new", t("map.plan.new"), SIGNS.new], ["sign-changed", t("map.plan.changed"), SIGNS.up + SIGNS.down],
    ];
    return [
      ...rows.filter(([key]) => [...states].some((state) => key === "sign-" + state)),
      ...["gone", "new", "altered"].filter((name) => drawn.has(name)).map((name) => /** @type {PlanRow} */ ([name, t("map.plan.thing_" + name), ""])),
      ...(homes && plan.homes.dwellings.length ? [/** @type {PlanRow} */ (["homes", t("map.plan.homes"), ""])] : []),
    ];
  }
  function restyle() { for (const painter of painters) { painter.paint(); } }
  /** @param {boolean} on */
  function showHomes(on) { homes = on; restyle(); }
  return {
    drawThings, middle, mark, edge, write, ofObject, legend, restyle, showHomes, set: swipe.set, reveal: swipe.reveal,
    get share() { return swipe.share; },
    get homes() { return homes; },
  };
}

/** @param {string} how @returns {{ name: string, style: LineStyle }} */
function thingStyle(how) {
  if (how === "gone") { return { name: how, style: { color: colour("gone"), weight: 2.2, dash: [5, 4] } }; }
  if (how === "new") { return { name: how, style: { color: colour("new"), weight: 2.6 } }; }
  return { name: "altered", style: { color: colour("altered"), weight: 2.2, dash: [1.5, 3] } };
}

// Up for better, down for worse; as large as the homes are many.
/** @param {CanvasRenderingContext2D} context @param {number} pixel @param {DrawnHome} home */
function drawTriangle(context, pixel, { x, y, count, better }) {
  const side = Math.min(LARGEST_TRIANGLE_PX, LEAST_TRIANGLE_PX + Math.sqrt(count)) * pixel, way = better ? -1 : 1;
  context.beginPath();
  context.moveTo(x, y + way * side);
  context.lineTo(x - side, y - way * side * 0.75);
  context.lineTo(x + side, y - way * side * 0.75);
  context.closePath();
  context.setLineDash([]);
  context.globalAlpha = 0.75;
  context.fillStyle = colour(better ? "better" : "worse");
  context.fill();
  context.globalAlpha = 1;
  context.lineWidth = 1 * pixel;
  context.strokeStyle = colour("halo");
  context.stroke();
}
