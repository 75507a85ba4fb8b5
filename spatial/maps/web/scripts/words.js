// Words and numbers in the reader's language.
faellesrum.words = function (data) {
  "use strict";
  let lang = data.lang;

  function lookup(path) {
    return path.reduce((found, key) => (found === undefined ? undefined : found[key]), data.texts[lang]);
  }
  // t("map.list.near", {name: ..., street: ...}); {} is filled by a plain value.
  function fill(text, values) {
    if (values === undefined) { return text; }
    const full = typeof values !== "object" ? text.replace("{}", () => values)
      : text.replace(/\{(\w+)\}/g, (whole, key) => (key in values ? values[key] : whole));
    return full.replace(/(\d)–(\d)/g, "$1\u2060–\u2060$2"); // a range stays on one line
  }
  function t(path, values) { return fill(lookup(path.split(".")) ?? path, values); }

  function number(value, digits) {
    return new Intl.NumberFormat(t("format.locale"), { maximumFractionDigits: digits || 0 }).format(value);
  }
  function percent(perMille) { return t("format.percent", number(Math.round(perMille / 10))); }
  function score(perMille) { return number(Math.round(perMille / 10)); }
  function date(iso) {
    const time = iso ? new Date(iso) : NaN;
    if (!iso || isNaN(time)) { return iso; }
    return new Intl.DateTimeFormat(t("format.locale"), { dateStyle: "long", timeZone: "UTC" }).format(time);
  }
  function join(items) {
    if (items.length < 2) { return items.join(""); }
    return items.slice(0, -1).join(", ") + " " + t("format.and") + " " + items[items.length - 1];
  }
  function lower(text) { return text.charAt(0).toLocaleLowerCase(t("format.locale")) + text.slice(1); }
  function upper(text) { return text.charAt(0).toLocaleUpperCase(t("format.locale")) + text.slice(1); }

  function kind(id) { return (lookup(["kind", id]) || {}).title || id || t("kind.other.title"); }

  const FORMS = {
    percent: (v) => t("format.percent", number(Math.round(v * 100))),
    metres: (v) => number(v < 20 ? Math.round(v) : Math.round(v / 10) * 10) + " m",
    count: (v) => number(Math.round(v)),
    ratio: (v) => number(v, 1),
    number: (v) => number(v, v < 10 ? 1 : 0),
    yesno: (v) => t(v > 0.99 ? "answer.yes" : v > 0.01 ? "answer.partly" : "answer.no"),
  };
  function indicator(id) { return lookup(["indicator", id]) || { title: upper(id.replaceAll("_", " ")), text: "", form: "ratio" }; }
  function withUnit(about, value, text) {
    const unit = Math.abs(value - 1) < 0.05 ? about.unit_one : about.unit;
    return unit ? fill(unit, text) : text;
  }
  function measured(id, value) {
    const about = indicator(id);
    return withUnit(about, value, (FORMS[about.form] || FORMS.ratio)(value));
  }
  function range(id, low, high) {
    const about = indicator(id);
    const form = FORMS[about.form] || FORMS.ratio;
    if (form(low) === form(high)) { return measured(id, high); }
    return t("format.between", { low: form(low), high: measured(id, high) });
  }
  // A value without its unit, for legends.
  function short(id, value) { return (FORMS[indicator(id).form] || FORMS.ratio)(value).replace(/ m$/, ""); }
  // The unit by itself: "{} boliger" without the number.
  function unitOf(id) { return (indicator(id).unit || (indicator(id).form === "metres" ? "m" : "")).replace("{}", "").trim(); }
  const order = new Map(Object.keys(data.texts[lang].indicator).map((id, i) => [id, i]));
  function coverage(perMille) {
    const step = perMille >= 800 ? "most" : perMille >= 500 ? "much" : perMille >= 250 ? "some" : "little";
    return t("map.coverage." + step);
  }

  return {
    t, short, unitOf, number, percent, score, date, join, lower, upper, kind, indicator, measured, place: (id) => order.get(id) ?? order.size, range, coverage,
    rule: (id) => lookup(["rule", id]) || id.replaceAll("_", " "),
    evidence: (state) => lookup(["evidence", state]),
    plural: (id, n) => (n === 1 ? kind(id) : number(n) + " " + ((lookup(["kind", id]) || {}).plural || id)),
    get lang() { return lang; },
    set lang(code) { lang = code; document.documentElement.lang = code; },
    languages: Object.keys(data.texts),
    nameOf: (code) => data.texts[code].map.language,
  };
};
