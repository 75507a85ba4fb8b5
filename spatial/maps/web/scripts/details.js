// One meeting space or place: all that is known of it beside the map, and the summary in its popup.
import { byId, h } from "./elements.js";
import { drawGlyph } from "./glyphs.js";
import { scoreOf } from "./marks.js";
/** @import { Child } from "./elements.js" */
/** @import { Marks } from "./marks.js" */
/** @import { Names, ObjectKind } from "./names.js" */
/** @import { Handlers } from "./panel.js" */
/** @import { Payload, Table } from "./payload.js" */
/** @import { Overlays } from "./reach.js" */
/** @import { Scoring } from "./scoring.js" */
/** @import { Words } from "./words.js" */

const OSM_ID = /^(?:space:)?osm:(node|way|relation)\/(\d+)$/, OSM = "https://www.openstreetmap.org/";
const ASIDE = ["closed", "seat", "possible"], CONDITION = "gate", UNKNOWNS_LISTED = 3, EXACT_UNDER_M2 = 20;

/**
 * @typedef {object} EvidenceRow What is known of an object by one indicator.
 * @property {string} id of the indicator
 * @property {string | null} aspect
 * @property {number | null} value
 * @property {string} state
 * @property {string | undefined} source
 * @property {string | undefined} rule
 * @property {number | null} low
 * @property {number | null} high
 */

/**
 * Make what tells of a single object.
 *
 * @param {Payload} data
 * @param {Words} words
 * @param {Names} names
 * @param {Marks} marks
 * @param {Scoring | null} model
 */
export function createDetails(data, words, names, marks, model) {
  const t = words.t, { spaces, places, config } = data, [FLOATING, ...ASPECTS] = config.scores;
  const wide = new Map([spaces, places].map((table) => [table, new Map(table.evidence.wide.map((row, k) => [row, k]))]));

  /** @param {ObjectKind} kind */
  function tableOf(kind) { return kind === "space" ? spaces : places; }
  /** @param {Table} table @param {number} i */
  function rowsOf(table, i) {
    const e = table.evidence;
    /** @type {EvidenceRow[]} */
    const rows = [];
    for (let row = e.start[i]; row < e.start[i + 1]; row++) {
      const k = wide.get(table)?.get(row);
      rows.push({
        id: config.indicators[e.indicator[row]], aspect: config.aspect_of[e.indicator[row]],
        value: e.value[row], state: config.evidence[Number(e.state[row])],
        source: config.sources[e.source[row]], rule: config.rules[e.rule[row]],
        low: k === undefined ? null : e.low[k], high: k === undefined ? null : e.high[k],
      });
    }
    return rows.sort((a, b) => words.place(a.id) - words.place(b.id));
  }
  /** @param {EvidenceRow} row */
  function valueText({ id, value, state, low, high }) {
    const range = low !== null && high !== null ? words.range(id, low, high) : null;
    if (state === "unknown" || value === null) {
      return range === null ? words.evidence("unknown").title : t("map.details.unknown_within", { range });
    }
    return range === null ? words.measured(id, value) : words.measured(id, value) + " (" + range + ")";
  }
  /** @param {EvidenceRow} row */
  function indicatorRow(row) {
    const about = words.indicator(row.id);
    const origin = [
      row.source ? t("map.details.source", { source: row.source }) : "",
      row.rule ? t(row.state === "assumed by rule" ? "map.details.rule" : "map.details.how", { rule: words.rule(row.rule) }) : "",
    ].filter(Boolean).join(". ");
    return h("div", { class: "fr-row" },
      h("dt", {}, about.title),
      h("dd", {}, h("span", { class: "fr-value" }, valueText(row)), marks.evidence(row.state)),
      h("dd", { class: "fr-why" }, about.text + (origin ? " " + origin + "." : "")));
  }
  /** @param {EvidenceRow[]} rows */
  function unknownOf(rows) { return rows.filter((row) => row.state === "unknown" && row.aspect); }
  // The rank of an object, and how sure it is.
  /** @param {Table} table @param {number} i */
  function rankText(table, i) {
    const status = table.status[i] ?? "", tier = table.tier[i], rank = table.rank[i], low = table.rank_low[i], high = table.rank_high[i], n = table.rank.filter((each) => each !== null).length;
    if (ASIDE.includes(status)) { return [t("map.status." + status + ".text")]; }
    if (rank === null) { return [t("map.details.no_rank")]; }
    const first = (tier ? t("map.tier." + tier) + " · " : "") + t("map.details.rank", { rank: words.number(rank), n: words.number(n) }) + ".";
    if (model?.applied) { return [first, t("map.details.rank_reweighted")]; }
    if (model?.lens) { return [first, t("map.details.rank_lens")]; }
    if (low === null || high === null) { return [first]; }
    return [first, low === high ? t("map.details.rank_same") : t("map.details.rank_range", { low: words.number(low), high: words.number(high) })];
  }
  /** @param {string} id */
  function osmLink(id) {
    const parts = OSM_ID.exec(id);
    return parts && h("p", {}, h("a", { href: OSM + parts[1] + "/" + parts[2], rel: "noopener noreferrer", target: "_blank" }, t("map.details.osm")));
  }
  /** @param {ObjectKind} kind @param {number} i */
  function subtitle(kind, i) {
    const table = tableOf(kind), area = table.area[i];
    return [
      names.aboutOf(kind, i),
      area && t("map.details.area", { area: words.number(area < EXACT_UNDER_M2 ? area : Math.round(area / 10) * 10) }),
      table.inside[i] ? "" : t("map.list.outside"),
    ].filter(Boolean).join(" · ");
  }
  /** @param {number} i @param {Handlers} handlers */
  function spaceLine(i, handlers) {
    const space = names.spaceOf(i);
    return space === null ? null
      : h("p", {}, t("map.details.space") + ": ", h("button", { type: "button", class: "fr-link", on: () => handlers.space(space) }, names.spaceName(space)));
  }
  /** @param {ObjectKind} kind @param {number} i @param {EvidenceRow[]} unknown */
  function unknownPart(kind, i, unknown) {
    if (!unknown.length) { return [h("p", {}, t("map.details.unknown_none"))]; }
    return [
      h("ul", { class: "fr-unknowns" }, ...unknown.map((row) => h("li", {}, h("b", {}, words.indicator(row.id).title + ". "), words.indicator(row.id).text, " ", swing(kind, i, row.id)))),
      h("p", { class: "fr-quiet" }, t("map.details.unknown_text")),
    ];
  }
  /** @param {number} i @param {Handlers} handlers */
  function placesPart(i, handlers) {
    const inside = names.placesIn(i);
    if (!inside.length) { return []; }
    return [h("h3", {}, t("map.details.places")), h("ul", { class: "fr-inside" }, ...inside.map((p) => h("li", {},
      h("button", { type: "button", on: () => handlers.place(p) }, drawGlyph(places.kind[p]), names.placeName(p)))))];
  }
  /**
   * Write all about an object beside the map.
   *
   * @param {ObjectKind} kind @param {number} i @param {Handlers} handlers
   * @param {boolean} still whether it is written already, in other words
   */
  function details(kind, i, handlers, still) {
    const scrolled = byId("fr-scroll").scrollTop, table = tableOf(kind), rows = rowsOf(table, i);
    const interval = scoreOf(table, i, FLOATING), coverage = table.coverage[i];
    const title = h("h2", { tabindex: "-1" }, names.nameOf(kind, i));
    /** @type {Child[]} */
    const parts = [
      h("button", { type: "button", class: "fr-back", on: handlers.back }, h("span", { "aria-hidden": "true" }, "← "), t("map.back")),
      title,
      h("p", { class: "fr-quiet" }, subtitle(kind, i)),
      kind === "place" ? spaceLine(i, handlers) : null,
      h("div", { class: "fr-overall" },
        h("p", {}, rankText(table, i).join(" ")),
        h("div", { class: "fr-line" }, h("b", {}, t("map.details.floating")), marks.number(interval)),
        marks.colouredBar(interval),
        coverage === null ? null : marks.coverageBar(coverage)),
      handlers.ofPlan(kind, i),
      handlers.ofCounts(kind, i),
      overlays(handlers),
      conditions(rows.filter((row) => row.aspect === CONDITION)),
      ...ASPECTS.map((name) => aspect(table, i, name, rows)),
      h("h3", {}, t("map.details.unknown_title")),
      ...unknownPart(kind, i, unknownOf(rows)),
      ...(kind === "space" ? placesPart(i, handlers) : []),
      osmLink(table.id[i]),
    ];
    byId("fr-details").replaceChildren(...parts.filter((part) => part !== null && part !== undefined));
    byId("fr-overview").hidden = true;
    byId("fr-page").classList.add("fr-chosen");
    byId("fr-details").hidden = false;
    byId("fr-scroll").scrollTop = still ? scrolled : 0;
    if (!still) { title.focus({ preventScroll: true }); }
  }
  /** @param {Handlers} handlers */
  function overlays(handlers) {
    const shown = handlers.overlays();
    if (!shown) { return null; }
    const box = (/** @type {keyof Overlays} */ name, /** @type {string} */ key) => {
      const input = h("input", { type: "checkbox", checked: shown[name] });
      input.addEventListener("change", () => handlers.overlay(name, input.checked));
      return h("label", {}, input, t(key));
    };
    return h("fieldset", { class: "fr-overlays" }, h("legend", {}, t("map.reach.overlays")),
      box("walks", "map.reach.show_walks"), box("view", "map.reach.show_view"));
  }
  /** @param {ObjectKind} kind @param {number} i @param {string} id */
  function swing(kind, i, id) {
    const [low, high] = (model?.swing(kind === "space" ? "spaces" : "places", i, id) ?? []).map(words.score);
    return low === high ? "" : h("span", { class: "fr-swing" }, t("map.details.swing", { low, high }));
  }
  /** @param {Table} table @param {number} i @param {string} name @param {EvidenceRow[]} rows */
  function aspect(table, i, name, rows) {
    const interval = scoreOf(table, i, name), own = rows.filter((row) => row.aspect === name);
    return h("section", { class: "fr-aspect" },
      h("div", { class: "fr-line" }, h("h3", {}, t("aspect." + name + ".question")), marks.number(interval)),
      marks.bar(interval),
      h("p", { class: "fr-quiet" }, t("aspect." + name + ".sentence")),
      own.length ? h("details", {}, h("summary", {}, t("map.details.measures")), h("dl", {}, ...own.map(indicatorRow))) : null);
  }
  // What must hold before the five questions are asked.
  /** @param {EvidenceRow[]} own */
  function conditions(own) {
    return own.length ? h("section", { class: "fr-aspect" }, h("h3", {}, t("map.details.conditions")),
      h("p", { class: "fr-quiet" }, t("map.details.conditions_text")), h("dl", {}, ...own.map(indicatorRow))) : null;
  }
  function overview() {
    byId("fr-overview").hidden = false;
    byId("fr-page").classList.remove("fr-chosen");
    byId("fr-details").hidden = true;
  }
  /** @param {EvidenceRow[]} unknown */
  function unknownLine(unknown) {
    const titles = unknown.map((row) => words.lower(words.indicator(row.id).title));
    const list = titles.length > UNKNOWNS_LISTED + 1
      ? t("map.details.unknown_more", { list: titles.slice(0, UNKNOWNS_LISTED).join(", "), n: words.number(titles.length - UNKNOWNS_LISTED) })
      : words.join(titles);
    return titles.length ? h("p", {}, t("map.details.unknown_line", { list })) : null;
  }
  /**
   * Make the summary of an object, for its popup.
   *
   * @param {ObjectKind} kind @param {number} i @param {Handlers} handlers
   */
  function popup(kind, i, handlers) {
    const table = tableOf(kind), rows = rowsOf(table, i), floating = scoreOf(table, i, FLOATING);
    const count = (/** @type {string[]} */ ...states) => words.number(rows.filter((row) => states.includes(row.state)).length);
    return h("div", { class: "fr-popup", lang: words.lang },
      h("h2", {}, names.nameOf(kind, i)),
      h("p", { class: "fr-quiet" }, rankText(table, i)[0]),
      h("table", {}, h("tbody", {},
        h("tr", { class: "fr-first" }, h("th", { scope: "row" }, t("aspect.floating.title")), h("td", {}, marks.colouredBar(floating)), h("td", {}, marks.number(floating))),
        ...ASPECTS.map((name) => {
          const interval = scoreOf(table, i, name);
          return h("tr", {}, h("th", { scope: "row" }, t("aspect." + name + ".question")), h("td", {}, marks.bar(interval)), h("td", {}, marks.number(interval)));
        }))),
      rows.length ? h("p", { class: "fr-quiet" }, t("map.details.evidence_counts", {
        observed: count("observed"), derived: count("derived"), assumed: count("estimated", "assumed by rule"), unknown: count("unknown"),
      })) : null,
      unknownLine(unknownOf(rows)),
      h("button", { type: "button", class: "fr-link", on: () => handlers.details(kind, i) }, t("map.details.open_details")));
  }
  return { details, overview, popup };
}
