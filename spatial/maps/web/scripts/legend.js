// The legend: asks the same scale as the fills.
import { colour } from "./colours.js";
import { byId, drawOn, h } from "./elements.js";
import { drawGlyph } from "./glyphs.js";
import { titleOf } from "./list.js";
/** @import { Child } from "./elements.js" */
/** @import { Handlers } from "./panel.js" */
/** @import { Payload } from "./payload.js" */
/** @import { Scale, Step } from "./scale.js" */
/** @import { Words } from "./words.js" */

const NARROW_WINDOW = "(max-width: 719px)", LOW_WINDOW_PX = 1000, MANY_KINDS = 8;

/**
 * Make what writes the legend of a result.
 *
 * @param {Payload} data
 * @param {Words} words
 * @param {Scale} scale
 */
export function createLegend(data, words, scale) {
  const t = words.t, { spaces, places, config } = data, [FLOATING, ...ASPECTS] = config.scores;
  const kinds = [...new Set(places.kind)].sort();

  /** @param {Child} key @param {string} text @param {string} [note] */
  function row(key, text, note) { return h("li", {}, key, h("span", {}, text, note ? h("small", {}, " " + note) : null)); }
  /** @param {string} name */
  function keyed(name) { return h("span", { class: "fr-key fr-key-" + name }); }
  /** @param {Handlers} handlers */
  function byChoice(handlers) {
    const option = (/** @type {string} */ name) => h("option", { value: name, selected: name === scale.by }, titleOf(data, words, name));
    const select = h("select", { id: "fr-by", "aria-label": t("map.legend.by") },
      option(FLOATING),
      h("optgroup", { label: t("map.legend.by_aspect") }, ...ASPECTS.map(option)),
      h("optgroup", { label: t("map.legend.by_indicator") },
        ...config.indicators.slice().sort((a, b) => words.place(a) - words.place(b)).map(option)));
    select.addEventListener("change", () => handlers.by(select.value));
    return select;
  }
  function scaleText() {
    if (scale.isRelative()) { return t("map.legend.relative_text"); }
    if (scale.by === FLOATING) { return t("map.legend.text"); }
    if (scale.isScore()) { return t("aspect." + scale.by + ".sentence") + " " + t("map.legend.of_points"); }
    const unit = words.unitOf(scale.by);
    return words.indicator(scale.by).text + " " + (unit ? t("map.legend.measured_unit", { unit }) : t("map.legend.measured"));
  }
  // What the numbers under the colours are, where nothing else says it.
  function caption() {
    const title = titleOf(data, words, scale.by), unit = words.unitOf(scale.by);
    if (scale.isScore()) { return t("map.legend.folded", { title }); }
    return unit ? title + " (" + unit + ")" : title;
  }
  /** @param {Step[]} steps */
  function ramp(steps) {
    const classes = steps.map((step) => {
      const box = h("span", { class: "fr-class", "data-from": step.from, "data-to": step.to });
      box.style.background = step.colour;
      return h("span", { class: "fr-step" }, box, h("small", {}, step.texts[0], step.texts.length > 1 ? h("wbr") : "", step.texts[1] || ""));
    });
    const all = h("div", { class: "fr-ramp" }, ...classes);
    all.style.gridTemplateColumns = "repeat(" + steps.length + ", 1fr)";
    return all;
  }
  /** @param {Handlers} handlers */
  function relativeChoice(handlers) {
    if (!scale.isScore()) { return ""; }
    const input = h("input", { type: "checkbox", id: "fr-relative", checked: scale.isRelative() });
    input.addEventListener("change", () => handlers.relative(input.checked));
    return h("label", { class: "fr-relative", for: "fr-relative" }, input, " ", t("map.legend.relative"));
  }
  /** @param {Step[]} steps */
  function hatchedRow(steps) {
    const under = scale.isScore() ? steps.map((step) => step.colour) : [colour("unscored")];
    const key = drawOn(h("canvas", { class: "fr-key", width: 44, height: 28 }), (context, width, height) => {
      const part = width / under.length;
      under.forEach((each, k) => { context.fillStyle = scale.hatch(each); context.fillRect(k * part, 0, part + 1, height); });
    });
    return row(key, scale.isScore() ? t("map.legend.withheld") : words.upper(words.evidence("unknown").title));
  }
  // Tiers belong to the weights of the rubric: with others there are none.
  function tierRows() {
    return scale.by === FLOATING && spaces.tier.some(Boolean)
      ? h("ul", { class: "fr-tiers" }, ...["best", "between", "weakest"].filter((tier) => spaces.tier.includes(tier)).map((tier) => row(keyed("tier-" + tier), t("map.tier." + tier)))) : "";
  }
  /** @param {Handlers} handlers */
  function asideRows(handlers) {
    const rooms = data.possible.rings.length > 0 && !config.tiles;
    const rows = ["closed", "seat", "possible"].filter((status) => spaces.id.some((_, i) => scale.aside(spaces, i) === status) || (status === "possible" && rooms));
    return rows.length ? h("ul", { class: "fr-statuses" }, ...rows.map((status) => (status === "possible" && rooms ? possibleRow(handlers) : row(keyed(status), t("map.legend.status_" + status))))) : "";
  }
  /** @param {Handlers} handlers */
  function possibleRow(handlers) {
    const input = h("input", { type: "checkbox", id: "fr-possible", checked: handlers.possible() });
    input.addEventListener("change", () => handlers.showPossible(input.checked));
    return h("li", {}, keyed("possible"), h("label", {}, t("map.legend.status_possible"), " ", input));
  }
  function groundRows() {
    return h("ul", {},
      row(h("span", { class: "fr-key fr-badge" }, "1"), t("map.legend.rank")),
      row(keyed("boundary"), t("map.legend.boundary")),
      data.context.at.length ? row(keyed("context"), t("map.legend.context"), t("map.legend.context_text")) : null,
      data.base.barriers.n.length ? row(keyed("barrier"), t("map.legend.barrier")) : null,
      data.base.ways.steps ? row(keyed("steps"), t("map.legend.steps")) : null);
  }
  /** @param {boolean} open */
  function symbols(open) {
    return h("details", { class: "fr-kinds", open }, h("summary", {}, t("map.legend.place")),
      h("ul", {}, ...kinds.map((kind) => h("li", {}, drawGlyph(kind), h("span", {}, words.kind(kind))))));
  }
  /** @param {Handlers} handlers */
  return function legend(handlers) {
    const steps = scale.steps(), box = byId("fr-legend"), reached = handlers.reached(), planned = handlers.planned(), counted = handlers.counted();
    const paper = byId("fr-page").classList.contains("fr-on-paper"), small = !paper && window.matchMedia(NARROW_WINDOW).matches;
    // With a plan there is more to say than a small window holds beside the map.
    const low = !paper && planned.length > 0 && byId("fr-frame").clientHeight < LOW_WINDOW_PX;
    const folded = small || low;
    const plans = planned.length ? h("ul", { class: "fr-planned" }, ...planned.map(([key, text, sign]) =>
      row(sign ? h("span", { class: "fr-key fr-sign fr-" + key, "aria-hidden": "true" }, sign) : keyed(key), text))) : "";
    const fold = h("details", { class: "fr-more-legend", open: !folded }, h("summary", {}, t("map.legend.show")), small ? plans : "", folded ? tierRows() : "", folded ? asideRows(handlers) : "", groundRows(),
      kinds.length ? symbols(kinds.length <= MANY_KINDS && !planned.length) : null);
    // On a phone only the colours are seen until somebody unfolds the rest.
    if (small) { fold.children[0].after(byChoice(handlers), h("p", { class: "fr-quiet" }, scaleText()), relativeChoice(handlers) || h("span", {})); }
    box.classList.toggle("fr-with-plan", planned.length > 0);
    box.setAttribute("aria-label", t("map.legend.show"));
    box.classList.toggle("fr-overall-shown", scale.by === FLOATING);
    const focused = document.activeElement?.id;
    box.replaceChildren(...(small ? [h("p", { class: "fr-caption" }, caption()), ramp(steps)] : [byChoice(handlers), ramp(steps), h("p", { class: "fr-quiet" }, scaleText()), relativeChoice(handlers)]),
      folded ? "" : tierRows(), spaces.id.some((_, i) => scale.hatched(spaces, i)) ? h("ul", {}, hatchedRow(steps)) : "", folded ? "" : asideRows(handlers),
      reached.length ? h("ul", { class: "fr-reached" }, ...reached.map(([key, path, values]) => row(keyed(key), t(path, values)))) : "",
      counted.length ? h("ul", { class: "fr-counted" }, ...counted.map(([key, text]) => row(key, text))) : "",
      small ? "" : plans, fold);
    if (focused && box.querySelector("#" + CSS.escape(focused))) { byId(focused).focus(); }
  };
}
