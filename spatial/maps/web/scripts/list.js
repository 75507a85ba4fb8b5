// The overview beside the map: its head, the summary, the list of meeting spaces and what is behind them.
import { byId, controlById, h } from "./elements.js";
import { scoreOf } from "./marks.js";
import { createStairs } from "./stairs.js";
/** @import { Marks } from "./marks.js" */
/** @import { Names } from "./names.js" */
/** @import { Handlers } from "./panel.js" */
/** @import { Payload } from "./payload.js" */
/** @import { Scale } from "./scale.js" */
/** @import { Words } from "./words.js" */

const LEAST_ASKED = 3, ADDRESSES_SHOWN = 12, FIRST_SHOWN = 12, SEARCHED_FROM = 6, BEST_NAMED = 3;
const TIERS = ["best", "between", "weakest"], ASIDE = ["closed", "seat", "possible"], MEETING = "meeting space";
const MARK = "\u0000"; // where links stand in a sentence
const NOTABLE = 50; // thousandths from the middle of the ranked, from which an answer is a reason

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
  const all = spaces.id.map((_, i) => i), stairs = createStairs(data, words);
  let wanted = "", whole = false;

  /** @param {Handlers} handlers */
  function head(handlers) {
    for (const element of /** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll("[data-text]"))) { element.textContent = t(element.dataset.text ?? ""); }
    const { name, state, headline } = data.estate;
    document.title = [name, state[words.lang]].filter(Boolean).join(", ");
    byId("fr-state").textContent = headline[words.lang];
    byId("fr-meta").textContent = [
      data.estate.municipality, data.headline[words.lang].dates,
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
  /** @param {string} status */
  function without(status) {
    return all.filter((i) => spaces.rank[i] === null && spaces.status[i] === status).sort((a, b) => (floating(b) ?? -1) - (floating(a) ?? -1));
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
  // A sentence with links where the mark stands, without ever building HTML from text.
  /** @param {string} text @param {HTMLElement[]} links */
  function sentence(text, links) {
    const [before, after] = text.split(MARK);
    return h("p", {}, before, ...links.flatMap((name, k) => (k ? ["; ", name] : [name])), after);
  }
  /** @param {string} tier */
  function inTier(tier) { return ranked().filter((i) => spaces.tier[i] === tier); }
  // Only among the ranked, and only where they are told apart from the next; see spatial/texts/headline.py.
  /** @param {Handlers} handlers */
  function bestSentence(handlers) {
    const order = ranked().filter(meets), first = order.length === 1 ? order : inTier(TIERS[0]).filter(meets), named = first.slice(0, BEST_NAMED).map((i) => link(i, handlers));
    if (!order.length) { return null; }
    if (!first.length) { return h("p", {}, t("headline.best_all")); }
    const more = first.length - BEST_NAMED;
    if (more > 0) { return sentence(words.counted("headline.best_more", more, { names: MARK }), named); }
    if (first.length > 1) { return sentence(t("headline.best_of", { names: MARK }), named); }
    const [low, score, high] = spaces.scores[FLOATING].map((column) => words.score(column[first[0]] ?? 0));
    return sentence(t(order.length > 1 ? "headline.best" : "headline.only", { names: MARK, score, low, high }), named);
  }
  /** @param {number} i */
  function meets(i) { return spaces.status[i] === MEETING; }
  /** @param {Handlers} handlers */
  function summary(handlers) {
    const meeting = all.filter(meets), n = meeting.length, n_ranked = meeting.filter((i) => spaces.rank[i] !== null).length, said = data.headline[words.lang];
    const order = n_ranked === 0 ? "ranked_none" : n_ranked === n ? "ranked_all" : "ranked";
    byId("fr-summary").replaceChildren(
      h("p", { class: "fr-count" }, n === 0 ? said.counted : said.counted.replace("{ranked}", words.counted("headline." + order, n, { n: words.number(n_ranked) }))),
      said.unknown ? h("p", {}, said.unknown) : "", bestSentence(handlers) ?? "");
  }
  // Which answers lift a space above the others or hold it down: the furthest from the middle of the ranked.
  /** @param {number} i */
  function reasons(i) {
    if (spaces.rank[i] === null) { return []; }
    const apart = ASPECTS.map((name) => ({ name, by: (spaces.scores[name][1][i] ?? 0) - middle(name) })).sort((a, b) => b.by - a.by);
    const up = apart[0], down = apart[apart.length - 1];
    return [
      up.by >= NOTABLE ? t("map.list.lifts", { name: words.lower(t("aspect." + up.name + ".title")) }) : "",
      down.by <= -NOTABLE ? t("map.list.holds", { name: words.lower(t("aspect." + down.name + ".title")) }) : "",
    ];
  }
  /** @type {{ scores: unknown, of: Record<string, number> }} */
  let kept = { scores: null, of: {} };
  /** @param {string} name */
  function middle(name) {
    if (kept.scores !== spaces.scores) { kept = { scores: spaces.scores, of: {} }; }
    return kept.of[name] ??= median(ranked().map((i) => spaces.scores[name][1][i] ?? 0));
  }
  /** @param {number} i @param {Handlers} handlers */
  function item(i, handlers) {
    const rank = spaces.rank[i], below = [names.aboutOf("space", i), ...reasons(i), spaces.inside[i] ? "" : t("map.list.outside")];
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
    if (scale.aside(spaces, i)) { return null; }
    const interval = scoreOf(spaces, i, scale.by);
    return [marks.number(interval), marks.colouredBar(interval)];
  }
  /** @param {number[]} items @param {Handlers} handlers */
  function listing(items, handlers) {
    const first = whole ? items.length : FIRST_SHOWN;
    const rows = h("ol", { class: "fr-places" }, ...items.slice(0, first).map((i) => item(i, handlers)));
    if (items.length <= first) { return [rows]; }
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
    box.replaceChildren(h("label", { for: "fr-find" }, t("map.list.search")), input, h("p", { class: "fr-quiet" }, stairs.hint()), h("p", { id: "fr-found", role: "status", class: "fr-quiet" }));
    box.hidden = all.length < SEARCHED_FROM && !data.addresses.length;
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
    const text = [names.spaceName(i), names.aboutOf("space", i), ...inside].join(" ").toLocaleLowerCase(locale);
    return wanted.toLocaleLowerCase(locale).split(/\s+/).every((word) => text.includes(word));
  }
  // Addresses that fit what is searched, the first by street and number.
  /** @param {Handlers} handlers */
  function addresses(handlers) {
    const asked = wanted.toLocaleLowerCase(t("format.locale")).split(/\s+/).filter(Boolean), out = [];
    if (!asked.some((word) => word.length >= LEAST_ASKED)) { return []; }
    for (const { street, number, at } of data.addresses) {
      const rest = asked.filter((word) => !street.toLocaleLowerCase(t("format.locale")).includes(word));
      if (rest.length > 1 || rest.length === asked.length) { continue; }
      for (let k = 0; k < number.length && out.length < ADDRESSES_SHOWN; k++) {
        if (rest.length && !number[k].toLocaleLowerCase(t("format.locale")).startsWith(rest[0])) { continue; }
        const name = street + " " + number[k];
        out.push(h("li", {}, h("button", { type: "button", class: "fr-link", on: () => { handlers.address(at.slice(2 * k, 2 * k + 2), name); ownStairs(handlers)?.focus(); } }, name)));
      }
    }
    return out;
  }
  // The address that is searched by its whole name.
  function ownAddress() {
    const asked = wanted.trim().toLocaleLowerCase(t("format.locale"));
    for (const { street, number, door } of asked ? data.addresses : []) {
      const k = number.findIndex((one) => (street + " " + one).toLocaleLowerCase(t("format.locale")) === asked);
      if (k >= 0) { return { name: street + " " + number[k], door: door[k] ?? -1 }; }
    }
    return null;
  }
  /** @param {Handlers} handlers */
  function ownStairs(handlers) {
    stairs.write(ownAddress(), handlers);
    return byId("fr-stairs").querySelector("h2");
  }
  /** @param {Handlers} handlers */
  function list(handlers) {
    ownStairs(handlers);
    const found = addresses(handlers);
    const searched = Boolean(wanted.trim()), fits = (/** @type {number} */ i) => !searched || matches(i);
    /** @type {Node[]} */
    const parts = [];
    let count = 0;
    const part = (/** @type {string} */ title, /** @type {number[]} */ items, /** @type {string} */ text = "") => {
      const fitting = items.filter(fits);
      count += fitting.length;
      if (fitting.length) { parts.push(h("h2", {}, title), ...(text ? [h("p", { class: "fr-quiet" }, text)] : []), ...listing(fitting, handlers)); }
    };
    if (scale.by !== FLOATING) {
      part(t("map.list.by", { name: titleOf(data, words, scale.by) }), ordered());
    } else {
      if (spaces.tier.some(Boolean)) { for (const tier of TIERS) { part(t("map.tier." + tier), inTier(tier)); } } else { part(t("map.list.title"), ranked()); }
      part(t("map.list.withheld"), without(MEETING), t("map.list.withheld_text"));
      for (const status of ASIDE) {
        const items = without(status).filter(fits);
        count += items.length;
        if (items.length) {
          parts.push(h("details", { class: "fr-aside", open: searched || whole }, h("summary", {}, t("map.status." + status + ".title") + " (" + words.number(items.length) + ")"),
            h("p", { class: "fr-quiet" }, t("map.status." + status + ".text")), ...listing(items, handlers)));
        }
      }
    }
    if (found.length) { parts.push(h("h2", {}, t("map.list.addresses")), h("ul", { class: "fr-addresses" }, ...found)); count += found.length; }
    byId("fr-list").replaceChildren(...parts);
    const status = byId("fr-found");
    if (status) { status.textContent = searched ? words.counted("map.list.found", count) : ""; }
  }
  // For paper: the overview with all that is listed.
  /** @param {boolean} on @param {Handlers} handlers */
  function showWhole(on, handlers) {
    whole = on;
    list(handlers);
    about();
  }
  function about() {
    const m = data.manifest, beware = data.headline[words.lang].reservations;
    byId("fr-about").replaceChildren(
      h("details", {}, h("summary", {}, t("map.about.title")),
        h("p", {}, t("map.about.text")),
        h("ul", {}, ...ASPECTS.map((name) => h("li", {}, h("b", {}, t("aspect." + name + ".question")), " " + t("aspect." + name + ".sentence")))),
        h("p", {}, t(config.mean === "geometric" ? "map.about.geometric" : "map.about.arithmetic") + " " + t("map.about.coverage", { share: words.percent(config.min_coverage) })),
        h("ul", { class: "fr-states" }, ...config.evidence.map((state) => h("li", {}, marks.evidence(state), " " + words.evidence(state).text)))),
      ...(beware.length ? [h("details", { open: whole }, h("summary", {}, t("map.about.warnings")), h("ul", {}, ...beware.map((text) => h("li", {}, text))))] : []),
      h("h2", {}, t("map.about.sources")),
      h("ul", { class: "fr-sources" }, ...m.sources.map((source) => h("li", {},
        [source.attribution, source.licence && t("map.about.licence", { licence: source.licence }), source.data_date && words.date(source.data_date)].filter(Boolean).join(". ")))),
      h("p", { class: "fr-quiet" }, m.made_at ? t("map.made_at", { date: words.date(m.made_at) }) : ""));
  }
  return { head, summary, search, find, list, about, whole: showWhole };
}

/** @param {number[]} values */
function median(values) {
  const sorted = values.slice().sort((a, b) => a - b), k = sorted.length >> 1;
  return sorted.length % 2 ? sorted[k] : ((sorted[k - 1] ?? 0) + (sorted[k] ?? 0)) / 2;
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
