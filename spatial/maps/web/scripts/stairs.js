// My stairwell: what is within five minutes of an address, today and in each phase of a plan, and how sure that is.
// The scores are those of the run: other weights do not change them here.
import { byId, h } from "./elements.js";
/** @import { Handlers } from "./panel.js" */
/** @import { Moment, Payload } from "./payload.js" */
/** @import { Words } from "./words.js" */

/** @typedef {{ id: string, name: string, minutes: number, low: number, score: number, high: number, ranked: boolean, tier: string | null }} Near */

/**
 * Make what tells a resident what is near.
 *
 * @param {Payload} data
 * @param {Words} words
 */
export function createStairs(data, words) {
  const t = words.t, stairs = data.stairs, moments = stairs?.moments ?? [], good = stairs?.good ?? 0;

  /** @param {Moment} moment @param {number} k */
  function nameOf(moment, k) {
    const table = moment.when === "today" && data.plan ? data.plan.before.spaces : data.spaces;
    return moment.names ? moment.names[words.lang][k] : table.name[words.lang][table.id.indexOf(moment.id[k])] ?? "";
  }
  // What is near a door, the nearest first; null where the house is not there.
  /** @param {Moment} moment @param {number} door @returns {Near[] | null} */
  function near(moment, door) {
    if (moment.there[door] !== "1") { return null; }
    /** @type {Near[]} */
    const found = [];
    for (let e = moment.first[door]; e < moment.first[door + 1]; e++) {
      const k = moment.space[e], [low, score, high] = moment.score.map((column) => column[k] ?? 0);
      found.push({ id: moment.id[k], name: nameOf(moment, k), minutes: Number(moment.minutes[e]), low, score, high, ranked: moment.rank[k] !== null, tier: moment.tier[k] });
    }
    return found.sort((a, b) => a.minutes - b.minutes || b.score - a.score);
  }
  /** @param {Near} one */
  function isGood(one) { return one.score >= good; }
  /** @param {Near} one */
  function sureness(one) {
    if (!one.ranked) { return "unknown"; }
    return one.low >= good ? "sure" : one.score >= good ? "likely" : one.high >= good ? "maybe" : "below";
  }
  /** @param {string} key @param {number} n */
  function counted(key, n) { return words.counted("map.stairs." + key, n, { good: words.score(good) }); }
  /** @param {Moment} moment */
  function titleOf(moment) {
    if (moment.when !== "phase") { return t("map.stairs." + moment.when); }
    return /^\d{4}/.test(moment.name) ? moment.name : t("map.stairs.phase", { name: moment.name });
  }
  /** @param {Near} one */
  function walk(one) { return words.counted("map.stairs.walk", one.minutes, { minutes: words.number(one.minutes) }); }
  /** @param {Near[]} all */
  function nearest(all) {
    const first = all.find(isGood);
    return first ? t("map.stairs.nearest_there", { name: first.name, walk: walk(first) }) : t("map.stairs.no_good");
  }
  /** @param {Near[]} all */
  function sureSentence(all) {
    const of = (/** @type {string} */ key) => all.filter((one) => sureness(one) === key).length;
    return ["sure", "maybe", "unknown"].filter((key) => key === "sure" ? all.some(isGood) : of(key)).map((key) => key === "sure" && !of(key) ? t("map.stairs.how_sure_none") : counted("how_" + key, of(key))).join(" ");
  }
  /** @param {Near} one @param {Handlers} handlers */
  function item(one, handlers) {
    const i = data.spaces.id.indexOf(one.id);
    const name = i < 0 ? one.name : h("a", { class: "fr-link", href: "#show=" + encodeURIComponent(one.id), on: (event) => { event.preventDefault(); handlers.space(i); } }, one.name);
    const score = one.ranked ? t("map.details.interval", { best: words.score(one.score), low: words.score(one.low), high: words.score(one.high) }) : "";
    return h("li", {}, name, h("small", {}, [walk(one), score, t("map.stairs." + sureness(one), { good: words.score(good) }), one.tier && words.lower(t("map.tier." + one.tier))].filter(Boolean).join(" · ")));
  }
  /** @param {Near[]} all @param {Handlers} handlers */
  function listing(all, handlers) { return h("ol", { class: "fr-near" }, ...all.map((one) => item(one, handlers))); }
  // One moment: sentences and the list.
  /** @param {Near[]} all @param {Handlers} handlers */
  function alone(all, handlers) {
    return [
      h("p", {}, counted("count", all.length) + " " + counted("good", all.filter(isGood).length)),
      h("p", {}, t("map.stairs.nearest", { what: nearest(all) })), h("p", {}, sureSentence(all)), listing(all, handlers),
    ];
  }
  // Through a plan: a table, and each moment behind a fold.
  /** @param {number} door @param {Handlers} handlers */
  function through(door, handlers) {
    const states = moments.map((moment) => ({ title: titleOf(moment), all: near(moment, door) }));
    const row = (/** @type {typeof states[0]} */ { title, all }) => h("tr", {}, h("th", { scope: "row" }, title), ...(all
      ? [h("td", {}, words.number(all.filter(isGood).length)), h("td", {}, nearest(all))] : [h("td", { colspan: "2" }, t("map.stairs.gone"))]));
    return [
      h("table", { class: "fr-years" }, h("caption", {}, t("map.stairs.caption", { good: words.score(good) })),
        h("thead", {}, h("tr", {}, ...["when", "good_head", "nearest_head"].map((key) => h("th", { scope: "col" }, t("map.stairs." + key))))),
        h("tbody", {}, ...states.map(row))),
      ...states.filter(({ all }) => all).map(({ title, all }) => h("details", {}, h("summary", {}, t("map.stairs.all_of", { when: title, n: words.number(all?.length ?? 0) })),
        h("p", {}, sureSentence(all ?? [])), listing(all ?? [], handlers))),
    ];
  }
  /**
   * Write what is near an address; nothing without one.
   *
   * @param {{ name: string, door: number } | null} address @param {Handlers} handlers
   */
  function write(address, handlers) {
    const box = byId("fr-stairs");
    box.hidden = !address || !stairs;
    if (!address || !stairs) { box.replaceChildren(); return; }
    const known = address.door >= 0, all = known && moments.length === 1 ? near(moments[0], address.door) : null;
    box.replaceChildren(
      h("h2", { tabindex: "-1" }, t("map.stairs.title", { address: address.name })),
      ...(!known ? [h("p", {}, t("map.stairs.elsewhere"))] : all ? alone(all, handlers) : through(address.door, handlers)),
      h("p", { class: "fr-quiet" }, known ? t("map.stairs.note") : ""));
  }
  return { write, hint: () => (stairs ? t("map.stairs.hint") : "") };
}
