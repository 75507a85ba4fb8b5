// Words and numbers in the reader's language.
/** @import { Payload, Texts } from "./payload.js" */

/** @typedef {ReturnType<typeof createWords>} Words */
/** @typedef {Record<string, string | number | null | undefined>} Values what stands in the place of {name} */
/** @typedef {string | Record<string, string>} Forms a text, or one for each plural: { one: "…", other: "…" } */
/** @typedef {{ title: string, text: string, form?: string, unit?: Forms }} AboutIndicator */
/** @typedef {{ title: string, text: string, mark: string }} AboutEvidence */

/**
 * Make the words of a page; setting `lang` changes the language of all that is written from then on.
 *
 * @param {Payload} data
 */
export function createWords(data) {
  let lang = data.lang;

  /** @param {string[]} path @returns {any} */
  function lookup(path) {
    /** @type {string | Texts | undefined} */
    let part = data.texts[lang];
    for (const key of path) { part = typeof part === "object" ? part[key] : undefined; }
    return part;
  }
  /** @param {string} text @param {Values | string | number} [values] */
  function fill(text, values) {
    if (values === undefined) { return text; }
    const full = typeof values !== "object" ? text.replace("{}", () => String(values))
      : text.replace(/\{(\w+)\}/g, (whole, key) => (key in values ? String(values[key]) : whole));
    return full.replace(/(\d)–(\d)/g, "$1\u2060–\u2060$2"); // a range stays on one line
  }
  /**
   * t("map.list.near", { name, street }); {} is filled by a plain value.
   *
   * @param {string} path @param {Values | string | number} [values] @returns {string}
   */
  function t(path, values) { return fill(lookup(path.split(".")) ?? path, values); }

  /**
   * The text for so many; which plural a count takes, the browser knows of each language.
   *
   * @param {Forms} forms @param {number} count
   */
  function plural(forms, count) {
    return typeof forms === "string" ? forms : forms[new Intl.PluralRules(t("format.locale")).select(count)] ?? forms.other;
  }
  /** @param {string} path @param {number} count @param {Values} [values] @returns {string} */
  function counted(path, count, values) { return fill(plural(lookup(path.split(".")) ?? path, count), { n: number(count), ...values }); }

  /** @param {number} value @param {number} [digits] */
  function number(value, digits) {
    return new Intl.NumberFormat(t("format.locale"), { maximumFractionDigits: digits || 0 }).format(value);
  }
  /** @param {number} perMille */
  function percent(perMille) { return t("format.percent", number(Math.round(perMille / 10))); }
  /** @param {number} perMille */
  function score(perMille) { return number(Math.round(perMille / 10)); }
  /** @param {string} iso */
  function date(iso) {
    const time = new Date(iso);
    return isNaN(time.getTime()) ? iso : new Intl.DateTimeFormat(t("format.locale"), { dateStyle: "long", timeZone: "UTC" }).format(time);
  }
  /** @param {string[]} items */
  function join(items) {
    if (items.length < 2) { return items.join(""); }
    return items.slice(0, -1).join(", ") + " " + t("format.and") + " " + items[items.length - 1];
  }
  /** @param {string} text */
  function lower(text) { return t("format.nouns") === "large" ? text : text.charAt(0).toLocaleLowerCase(t("format.locale")) + text.slice(1); }
  /** @param {string} text */
  function upper(text) { return text.charAt(0).toLocaleUpperCase(t("format.locale")) + text.slice(1); }

  /** @param {string | null} id @returns {string} */
  function kind(id) { return (id && lookup(["kind", id])?.title) || id || t("kind.other.title"); }

  /** @type {Record<string, (value: number) => string>} */
  const FORMS = {
    percent: (v) => t("format.percent", number(Math.round(v * 100))),
    metres: (v) => number(v < 20 ? Math.round(v) : Math.round(v / 10) * 10) + " m",
    count: (v) => number(Math.round(v)),
    ratio: (v) => number(v, 1),
    number: (v) => number(v, v < 10 ? 1 : 0),
    holds: (v) => t(v > 0.99 ? "answer.holds" : "answer.lacks"),
    yesno: (v) => t(v > 0.99 ? "answer.yes" : v > 0.01 ? "answer.partly" : "answer.no"),
  };
  /** @param {string} id @returns {AboutIndicator} */
  function indicator(id) { return lookup(["indicator", id]) || { title: upper(id.replaceAll("_", " ")), text: "", form: "ratio" }; }
  /** @param {string} id */
  function formOf(id) { return FORMS[indicator(id).form ?? ""] || FORMS.ratio; }
  /** @param {string} id @param {number} value */
  function measured(id, value) {
    const about = indicator(id), text = formOf(id)(value);
    const unit = plural(about.unit ?? "", Math.round(value * 10) / 10);
    return unit ? fill(unit, text) : text;
  }
  /** @param {string} id @param {number} low @param {number} high */
  function range(id, low, high) {
    const form = formOf(id);
    return form(low) === form(high) ? measured(id, high) : t("format.between", { low: form(low), high: measured(id, high) });
  }
  // A value without its unit, for legends.
  /** @param {string} id @param {number} value */
  function short(id, value) { return formOf(id)(value).replace(/ m$/, ""); }
  // The unit by itself: "{} boliger" without the number.
  /** @param {string} id */
  function unitOf(id) { return (plural(indicator(id).unit ?? "", 2) || (indicator(id).form === "metres" ? "m" : "")).replace("{}", "").trim(); }
  /** @param {number} perMille */
  function coverage(perMille) {
    const step = perMille >= 800 ? "most" : perMille >= 500 ? "much" : perMille >= 250 ? "some" : "little";
    return t("map.coverage." + step);
  }
  const order = new Map(Object.keys(lookup(["indicator"])).map((id, i) => [id, i]));

  return {
    t, counted, short, unitOf, number, percent, score, date, join, lower, upper, kind, indicator, measured, range, coverage,
    /** @param {string} id @returns {number} */
    place: (id) => order.get(id) ?? order.size,
    /** @param {string} id @returns {string} */
    rule: (id) => lookup(["rule", id]) || id.replaceAll("_", " "),
    /** @param {string} state @returns {AboutEvidence} */
    evidence: (state) => lookup(["evidence", state]),
    /** @param {string} id @param {number} n @returns {string} */
    plural: (id, n) => (n === 1 ? kind(id) : number(n) + " " + plural(lookup(["kind", id])?.plural || id, n)),
    get lang() { return lang; },
    set lang(code) { lang = code; document.documentElement.lang = code; },
    languages: Object.keys(data.texts),
    /** @param {string} code @returns {string} */
    nameOf: (code) => /** @type {any} */ (data.texts[code]).map.language,
  };
}
