// What the strokes do: who gains and who loses, one example in words, stairwells and meeting spaces, in the panel.
import { byId, h } from "./elements.js";
/** @import { Child } from "./elements.js" */
/** @import { Door, Glance, LensSum, PhaseSum, Rest, SpaceChange, Sum } from "./talk.js" */
/** @import { Words } from "./words.js" */

/** @typedef {ReturnType<typeof createGains>} Gains */
const LISTED = 30, HALF_HOME = 0.5;

/**
 * Make what writes the outcome of a look.
 *
 * @param {Words} words
 * @param {{ space: (id: string) => void, door: (door: Door) => void, nameOf: (change: SpaceChange) => string }} on
 */
export function createGains(words, on) {
  const t = words.t;
  /** @param {number | null} score */
  const points = (score) => (score === null ? "–" : words.number(Math.round(score)));
  // What a whole estate has moves by less than a point.
  /** @param {number | null} score */
  const exact = (score) => (score === null ? "–" : words.number(score, 1));
  /** @param {number} n */
  const homes = (n) => words.number(Math.round(n));

  /** @param {Record<string, number>} dwellings */
  function counts(dwellings) {
    const rows = /** @type {[string, string][]} */ ([["winning", "winning"], ["losing", "losing"], ["demolished", "demolished"], ["new", "new_homes"]])
      .filter(([state]) => dwellings[state] >= HALF_HOME)
      .map(([state, key]) => h("li", { class: "fr-gain fr-gain-" + state }, t("studio." + key, { n: homes(dwellings[state]) })));
    return rows.length ? h("ul", { class: "fr-gains" }, ...rows) : h("p", {}, t("studio.same"));
  }
  /** @param {LensSum[] | null} lenses */
  function throughLenses(lenses) {
    if (!lenses) { return h("p", { class: "fr-quiet" }, t("studio.lens_wait")); }
    if (!lenses.length) { return null; }
    return h("ul", { class: "fr-lenses" }, ...lenses.map((lens) => h("li", {}, t("studio.lens", {
      title: t("lens." + lens.id + ".title"), winning: homes(lens.dwellings.winning), losing: homes(lens.dwellings.losing),
    }))));
  }
  /** What each phase means against today. @param {PhaseSum[]} phases */
  function byPhase(phases) {
    if (!phases.length) { return null; }
    const losing = (/** @type {Sum} */ row, /** @type {string} */ id) => homes(row.lenses.find((each) => each.id === id)?.dwellings.losing ?? 0);
    const columns = /** @type {[string, (row: PhaseSum) => string][]} */ ([
      ...["winning", "losing", "demolished", "new"].map((key) => [key, (/** @type {PhaseSum} */ row) => homes(row.dwellings[key])]),
      ["median", (row) => row.median.map(exact).join(" → ")], ["child", (row) => losing(row, "child")], ["wheelchair", (row) => losing(row, "wheelchair")],
    ]);
    return h("div", { class: "fr-compared", id: "fr-phases", tabindex: 0, role: "region", "aria-label": t("studio.phases") }, h("h3", {}, t("studio.phases")),
      h("p", { class: "fr-quiet" }, t("studio.phases_text")), h("table", {},
        h("thead", {}, h("tr", {}, h("th", { scope: "col" }, t("studio.column_phase")), ...phases.map((row, k) => h("th", { scope: "col" }, k < phases.length - 1 ? row.name : t("studio.phases_last", { name: row.name }))))),
        h("tbody", {}, ...columns.map(([key, value]) => h("tr", {}, h("th", { scope: "row" }, t("studio.column_" + key)), ...phases.map((row) => h("td", {}, value(row))))))));
  }
  /** @param {Door} door */
  function doorWords(door) {
    const address = door.address ?? t("studio.door_somewhere"), key = door.state === "demolished" ? "door_gone" : door.state === "new" ? "door_new" : "door";
    return t("studio." + key, { address, before: points(door.before), after: points(door.after) });
  }
  /** @param {SpaceChange} change */
  function spaceWords(change) {
    const [before, after] = change.scores.map(points), [was, then] = change.tiers;
    const moved = change.state === "changed" && was && then && was !== then
      ? t("studio.tier_moved", { before: words.lower(t("map.tier." + was)), after: words.lower(t("map.tier." + then)) }) : "";
    return t("studio.space_" + change.state, { name: on.nameOf(change), before, after }) + moved;
  }
  /** @param {string} title @param {HTMLElement[]} items */
  function folded(title, items) {
    if (!items.length) { return null; }
    return h("details", {}, h("summary", {}, title + " (" + words.number(items.length) + ")"), h("ul", { class: "fr-rows" }, ...items.slice(0, LISTED)));
  }
  /** @param {(Glance & Pick<Rest, "example">) | null} look @param {LensSum[] | null} lenses @param {string} status @param {boolean} drawn @param {PhaseSum[]} [phases] */
  function write(look, lenses, status, drawn, phases = []) {
    /** @type {Child[]} */
    const parts = [h("h2", {}, t("studio.homes")), h("p", { id: "fr-status", class: "fr-quiet", role: "status" }, status)];
    if (look && drawn) {
      const example = look.example[words.lang];
      parts.push(counts(look.sum.dwellings),
        h("p", {}, t("studio.median", { before: exact(look.sum.median[0]), after: exact(look.sum.median[1]) })),
        h("p", {}, t("studio.tenth", { before: exact(look.sum.tenth[0]), after: exact(look.sum.tenth[1]) })),
        throughLenses(lenses), byPhase(phases),
        example ? h("p", { class: "fr-note", id: "fr-example" }, h("b", {}, t("studio.for_example") + ": "), example) : null,
        folded(t("studio.spaces"), look.spaces.map((change) => h("li", {}, change.after
          ? h("button", { type: "button", class: "fr-link", on: () => on.space(change.after ?? "") }, spaceWords(change)) : spaceWords(change)))),
        folded(t("studio.doors"), look.doors.map((door) => h("li", {}, h("button", { type: "button", class: "fr-link", on: () => on.door(door) }, doorWords(door))))));
    } else if (!drawn) {
      parts.push(h("p", {}, t("studio.drawn_none")));
    }
    const open = [...byId("fr-gains").querySelectorAll("details")].map((each) => each.open);
    byId("fr-gains").replaceChildren(...parts.filter((part) => part !== null && part !== undefined));
    byId("fr-gains").querySelectorAll("details").forEach((each, k) => { each.open = open[k] ?? false; });
  }
  /** The outcome in a line. @param {Glance} look */
  function short(look) {
    const { winning, losing } = look.sum.dwellings, parts = [];
    if (winning >= HALF_HOME) { parts.push("▲ " + t("studio.winning", { n: homes(winning) })); }
    if (losing >= HALF_HOME) { parts.push("▼ " + t("studio.losing", { n: homes(losing) })); }
    return parts.join("  ") || t("studio.same");
  }
  return { write, doorWords, short };
}
