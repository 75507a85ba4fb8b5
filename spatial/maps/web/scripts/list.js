// The overview beside the map: its head, the summary, the list of meeting spaces and what is behind them.
import { byId, controlById, h } from "./elements.js";
import { scoreOf } from "./marks.js";
/** @import { Marks } from "./marks.js" */
/** @import { Names } from "./names.js" */
/** @import { Handlers } from "./panel.js" */
/** @import { Payload } from "./payload.js" */
/** @import { Scale } from "./scale.js" */
/** @import { Values, Words } from "./words.js" */

const FIRST_SHOWN = 12, SEARCHED_FROM = 6, MORE_THAN_ANY_SHARE = 2000;

/**
 * Make the overview of a result.
 *
 * @param {Payload} data
 * @param {Words} words
 * @param {Scale} scale
 * @param {Names} names
 * @param {Marks} marks
 */
export function createList(data, words, scale, names, marks) {
  const t = words.t, spaces = data.spaces, config = data.config, [FLOATING, ...ASPECTS] = config.scores;
  const all = spaces.id.map((_, i) => i);
  let wanted = "";

  /** @param {Handlers} handlers */
  function head(handlers) {
    for (const element of /** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll("[data-text]"))) { element.textContent = t(element.dataset.text ?? ""); }
    byId("fr-meta").textContent = [
      data.estate.municipality, data.manifest.data_date && t("map.data_date", { date: words.date(data.manifest.data_date) }),
    ].filter(Boolean).join(" · ");
    byId("fr-languages").replaceChildren(...words.languages.map((code) => h("button", {
      type: "button", lang: code, "aria-pressed": String(code === words.lang), on: () => handlers.language(code),
    }, words.nameOf(code))), h("button", { type: "button", id: "fr-theme", on: () => { handlers.theme.turn(); byId("fr-theme").focus(); } }, t("map.theme_" + handlers.theme.next())));
  }
  function ranked() {
    return all.filter((i) => spaces.rank[i] !== null).sort((a, b) => (spaces.rank[a] ?? 0) - (spaces.rank[b] ?? 0));
  }
  /** @param {number} i */
  function floating(i) { return spaces.scores[FLOATING][1][i]; }
  function withheld() {
    return all.filter((i) => spaces.rank[i] === null).sort((a, b) => (floating(b) ?? -1) - (floating(a) ?? -1));
  }
  // By what the map shows: the highest first, what is not known last.
  function ordered() {
    return all.slice().sort((a, b) => (scale.value(spaces, b) ?? -Infinity) - (scale.value(spaces, a) ?? -Infinity) || a - b);
  }
  // A link and not a button: it breaks over lines as the sentence around it does.
  /** @param {number} i @param {Handlers} handlers */
  function link(i, handlers) {
    return h("a", {
      class: "fr-link", href: "#show=" + encodeURIComponent(spaces.id[i]), on: (event) => { event.preventDefault(); handlers.space(i); },
    }, names.spaceName(i));
  }
  // A sentence with a link in it, without ever building HTML from text.
  /** @param {string} path @param {Values} values @param {HTMLElement} name */
  function sentence(path, values, name) {
    const [before, after] = t(path, { ...values, name: "\u0000" }).split("\u0000");
    return h("p", {}, before, name, after);
  }
  /** @param {Handlers} handlers */
  function summary(handlers) {
    const n = all.length, [best] = ranked(), out = [];
    out.push(h("p", { class: "fr-count" }, n === 0 ? t("map.summary.none") : n === 1 ? t("map.summary.count_one") : t("map.summary.count", { n: words.number(n) })));
    if (best !== undefined) {
      out.push(sentence("map.summary.best", { score: words.score(floating(best) ?? 0) }, link(best, handlers)));
    } else if (n) { out.push(h("p", {}, t("map.summary.best_none"))); }
    if (n > 1) {
      const least = spaces.coverage.reduce((/** @type {number} */ low, c, i) => (c !== null && c < (spaces.coverage[low] ?? MORE_THAN_ANY_SHARE) ? i : low), 0);
      out.push(sentence("map.summary.unknown", { coverage: words.percent(spaces.coverage[least] ?? 0) }, link(least, handlers)));
    }
    byId("fr-summary").replaceChildren(...out);
  }
  /** @param {number} i @param {Handlers} handlers */
  function item(i, handlers) {
    const rank = spaces.rank[i], below = [spaces.name[i] ? names.kindsText(i) : "", spaces.inside[i] ? "" : t("map.list.outside")];
    return h("li", {}, h("button", { type: "button", class: "fr-item", "data-space": spaces.id[i], on: () => handlers.space(i) },
      h("span", { class: "fr-rank" }, scale.by !== FLOATING ? "" : rank === null ? "–" : words.number(rank)),
      marks.swatch(spaces, i),
      h("span", { class: "fr-name" }, names.spaceName(i), h("small", {}, below.filter(Boolean).join(" · "))),
      h("span", { class: "fr-measure" }, measure(i))));
  }
  /** @param {number} i */
  function measure(i) {
    if (!scale.isScore()) {
      const value = scale.value(spaces, i);
      return [h("span", { class: "fr-number" }, value === null ? h("small", {}, words.evidence("unknown").title) : h("b", {}, words.measured(scale.by, value)))];
    }
    const interval = scoreOf(spaces, i, scale.by);
    return [marks.number(interval), marks.colouredBar(interval)];
  }
  /** @param {number[]} items @param {Handlers} handlers */
  function listing(items, handlers) {
    const rows = h("ol", { class: "fr-places" }, ...items.slice(0, FIRST_SHOWN).map((i) => item(i, handlers)));
    if (items.length <= FIRST_SHOWN) { return [rows]; }
    const more = h("button", { type: "button", class: "fr-more", on: () => {
      const shown = rows.children.length;
      rows.append(...items.slice(FIRST_SHOWN).map((i) => item(i, handlers)));
      more.remove();
      rows.children[shown].querySelector("button")?.focus();
    } }, t("map.more", { n: words.number(items.length) }));
    return [rows, more];
  }
  // The field stays while the list below it is written again: who types in it keeps the cursor.
  /** @param {Handlers} handlers */
  function search(handlers) {
    const box = byId("fr-search");
    const input = h("input", { type: "search", id: "fr-find", autocomplete: "off", spellcheck: "false", value: wanted });
    input.addEventListener("input", () => handlers.find(input.value));
    box.replaceChildren(h("label", { for: "fr-find" }, t("map.list.search")), input, h("p", { id: "fr-found", role: "status", class: "fr-quiet" }));
    box.hidden = all.length < SEARCHED_FROM;
  }
  /** @param {string} text */
  function find(text) {
    const input = controlById("fr-find");
    wanted = text;
    if (input && input.value !== text) { input.value = text; }
  }
  /** @param {number} i */
  function matches(i) {
    const locale = t("format.locale"), inside = names.placesIn(i).map(names.placeName);
    const text = [names.spaceName(i), names.kindsText(i), spaces.street[i], ...inside].join(" ").toLocaleLowerCase(locale);
    return wanted.toLocaleLowerCase(locale).split(/\s+/).every((word) => text.includes(word));
  }
  /** @param {Handlers} handlers */
  function list(handlers) {
    const searched = Boolean(wanted.trim()), fits = (/** @type {number} */ i) => !searched || matches(i);
    const overall = scale.by === FLOATING, parts = [];
    const without = overall ? withheld().filter(fits) : [], inOrder = (overall ? ranked() : ordered()).filter(fits);
    if (inOrder.length) { parts.push(h("h2", {}, overall ? t("map.list.title") : t("map.list.by", { name: titleOf(data, words, scale.by) })), ...listing(inOrder, handlers)); }
    if (without.length) {
      parts.push(h("h2", {}, t("map.list.withheld")), h("p", { class: "fr-quiet" }, t("map.list.withheld_text")), ...listing(without, handlers));
    }
    byId("fr-list").replaceChildren(...parts);
    const count = inOrder.length + without.length, status = byId("fr-found");
    if (status) { status.textContent = searched ? t(count === 1 ? "map.list.found_one" : "map.list.found", { n: words.number(count) }) : ""; }
  }
  function about() {
    const m = data.manifest;
    byId("fr-about").replaceChildren(
      h("details", {}, h("summary", {}, t("map.about.title")),
        h("p", {}, t("map.about.text")),
        h("ul", {}, ...ASPECTS.map((name) => h("li", {}, h("b", {}, t("aspect." + name + ".question")), " " + t("aspect." + name + ".sentence")))),
        h("p", {}, t(config.mean === "geometric" ? "map.about.geometric" : "map.about.arithmetic") + " " + t("map.about.coverage", { share: words.percent(config.min_coverage) })),
        h("ul", { class: "fr-states" }, ...config.evidence.map((state) => h("li", {}, marks.evidence(state), " " + words.evidence(state).text)))),
      ...(m.warnings.length ? [h("details", {}, h("summary", {}, t("map.about.warnings")), h("ul", {}, ...m.warnings.map((warning) => h("li", {}, t("warning." + warning.code, warning)))))] : []),
      h("h2", {}, t("map.about.sources")),
      h("ul", { class: "fr-sources" }, ...m.sources.map((source) => h("li", {},
        [source.attribution, source.licence && t("map.about.licence", { licence: source.licence }), source.data_date && words.date(source.data_date)].filter(Boolean).join(". ")))),
      h("p", { class: "fr-quiet" }, m.made_at ? t("map.made_at", { date: words.date(m.made_at) }) : ""));
  }
  return { head, summary, search, find, list, about };
}

/**
 * Name a score or an indicator.
 *
 * @param {Payload} data
 * @param {Words} words
 * @param {string} by
 */
export function titleOf(data, words, by) {
  return data.config.scores.includes(by) ? words.t("aspect." + by + ".title") : words.indicator(by).title;
}
