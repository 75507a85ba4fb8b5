// Words beside the map: summary, list, details, popup and legend. Texts from data are only ever
// set as text, never as HTML.
faellesrum.panel = function (data, words, scale, model) {
  "use strict";
  const t = words.t, spaces = data.spaces, places = data.places, config = data.config;
  const ASPECTS = config.scores.slice(1);
  const FIRST = 12;
  const byId = (id) => document.getElementById(id);

  function h(tag, attributes, ...children) {
    const element = document.createElement(tag);
    for (const [key, value] of Object.entries(attributes || {})) {
      if (key === "on") { element.addEventListener("click", value); }
      else if (key === "class") { element.className = value; }
      else if (value !== false && value !== null && value !== undefined) { element.setAttribute(key, value === true ? "" : value); }
    }
    element.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== ""));
    return element;
  }

  // Names
  function kindsText(i) {
    const kinds = (spaces.kinds[i] || "").split(";").filter(Boolean);
    const count = spaces.count[i] || kinds.length;
    if (kinds.length === 1 && count > 1) { return words.plural(kinds[0], count); }
    return words.join(kinds.map((kind, n) => (n ? words.lower(words.kind(kind)) : words.kind(kind)))) || words.kind("other");
  }
  function spaceName(i) {
    if (spaces.name[i]) { return spaces.name[i]; }
    const kinds = (spaces.kinds[i] || "").split(";").filter(Boolean);
    let short = kindsText(i);
    if (kinds.length > 3) {
      short = words.kind(kinds[0]) + ", " + words.lower(words.kind(kinds[1])) + " …";
    }
    return spaces.street[i] ? t("map.list.near", { name: short, street: spaces.street[i] }) : short;
  }
  function placeName(i) {
    const kind = words.kind(places.kind[i]);
    return places.name[i] ? places.name[i] + " (" + words.lower(kind) + ")" : kind;
  }

  // Marks
  function swatch(table, i) {
    const box = h("canvas", { class: "fr-swatch", width: 28, height: 28, "aria-hidden": "true" });
    paint(box, (context, side) => { context.fillStyle = scale.fill(table, i); context.fillRect(0, 0, side, side); });
    return box;
  }
  function paint(canvas, draw) { draw(canvas.getContext("2d"), canvas.width, canvas.height); }
  function bar(low, best, high, colour) {
    const at = (v) => (v / 10).toFixed(1) + "%";
    const track = h("span", { class: "fr-bar", "aria-hidden": "true" });
    if (best === null) { track.classList.add("fr-none"); return track; }
    const fill = h("span", { class: "fr-fill" });
    fill.style.width = at(best);
    if (colour) { fill.style.background = colour; }
    track.append(fill);
    if (low !== null && high !== null) {
      const whisker = h("span", { class: "fr-whisker" });
      whisker.style.left = at(low);
      whisker.style.width = at(Math.max(high - low, 0));
      track.append(whisker);
    }
    const dot = h("span", { class: "fr-dot" });
    dot.style.left = at(best);
    track.append(dot);
    return track;
  }
  function scoreOf(table, i, name) { return table.scores[name].map((column) => column[i]); }
  function scoreWords(low, best, high) {
    if (best === null) { return t("map.details.no_score"); }
    return t("map.details.interval", { best: words.score(best), low: words.score(low ?? best), high: words.score(high ?? best) });
  }
  function scoreNumber(low, best, high) {
    if (best === null) { return h("span", { class: "fr-number" }, "–"); }
    return h("span", { class: "fr-number", "aria-label": scoreWords(low, best, high) },
      h("b", {}, words.score(best)), " ",
      h("small", {}, t("format.range", { low: words.score(low ?? best), high: words.score(high ?? best) })));
  }
  // In the colour of the map only where the map shows scores.
  function overallColour(best) { return scale.isScore() ? scale.colourOf(best) : null; }
  function coverageBar(perMille) {
    const fill = h("span", {});
    fill.style.width = (perMille / 10).toFixed(1) + "%";
    return h("p", { class: "fr-coverage" }, h("span", { class: "fr-known", "aria-hidden": "true" }, fill),
      words.upper(words.coverage(perMille)) + " (" + words.percent(perMille) + ")");
  }

  // Evidence rows of one object
  function rowsOf(table, i) {
    const e = table.evidence, found = [];
    if (!table.wide) { table.wide = new Map(e.wide.map((row, k) => [row, k])); }
    for (let row = e.start[i]; row < e.start[i + 1]; row++) {
      const k = table.wide.get(row);
      found.push({
        id: config.indicators[e.indicator[row]], aspect: config.aspect_of[e.indicator[row]],
        value: e.value[row], state: config.evidence[Number(e.state[row])],
        source: config.sources[e.source[row]], rule: config.rules[e.rule[row]],
        low: k === undefined ? null : e.low[k], high: k === undefined ? null : e.high[k],
      });
    }
    return found.sort((a, b) => words.place(a.id) - words.place(b.id));
  }
  function mark(state) {
    const about = words.evidence(state);
    return h("span", { class: "fr-mark fr-" + state.split(" ")[0], title: about.text }, h("i", { "aria-hidden": "true" }, about.mark), about.title);
  }
  function valueText(row) {
    const spread = row.low !== null && row.high !== null;
    if (row.state === "unknown" || row.value === null) {
      return spread ? t("map.details.unknown_within", { range: words.range(row.id, row.low, row.high) }) : words.evidence("unknown").title;
    }
    const text = words.measured(row.id, row.value);
    return spread ? text + " (" + words.range(row.id, row.low, row.high) + ")" : text;
  }
  function indicatorRow(row) {
    const about = words.indicator(row.id);
    const origin = [
      row.source ? t("map.details.source", { source: row.source }) : "",
      row.rule ? t(row.state === "assumed by rule" ? "map.details.rule" : "map.details.how", { rule: words.rule(row.rule) }) : "",
    ].filter(Boolean).join(". ");
    return h("div", { class: "fr-row" },
      h("dt", {}, about.title),
      h("dd", {}, h("span", { class: "fr-value" }, valueText(row)), mark(row.state)),
      h("dd", { class: "fr-why" }, about.text + (origin ? " " + origin + "." : "")));
  }
  function unknownTitles(rows) {
    return rows.filter((row) => row.state === "unknown" && row.aspect).map((row) => words.lower(words.indicator(row.id).title));
  }

  // Panel
  function head(handlers) {
    document.querySelectorAll("[data-text]").forEach((element) => { element.textContent = t(element.dataset.text); });
    byId("fr-meta").textContent = [
      data.estate.municipality, data.manifest.data_date && t("map.data_date", { date: words.date(data.manifest.data_date) }),
    ].filter(Boolean).join(" · ");
    byId("fr-languages").replaceChildren(...words.languages.map((code) => h("button", {
      type: "button", lang: code, "aria-pressed": String(code === words.lang), on: () => handlers.language(code),
    }, words.nameOf(code))), h("button", { type: "button", id: "fr-theme", on: () => { handlers.theme.turn(); byId("fr-theme").focus(); } }, t("map.theme_" + handlers.theme.next())));
  }
  function ranked() {
    return spaces.id.map((_, i) => i).filter((i) => spaces.rank[i] !== null).sort((a, b) => spaces.rank[a] - spaces.rank[b]);
  }
  function withheld() {
    return spaces.id.map((_, i) => i).filter((i) => spaces.rank[i] === null)
      .sort((a, b) => (spaces.scores.floating[1][b] ?? -1) - (spaces.scores.floating[1][a] ?? -1));
  }
  // By what the map shows: the highest first, what is not known last.
  function ordered() {
    return spaces.id.map((_, i) => i).sort((a, b) => (scale.value(spaces, b) ?? -Infinity) - (scale.value(spaces, a) ?? -Infinity) || a - b);
  }
  function titleOf(by) { return config.scores.includes(by) ? t("aspect." + by + ".title") : words.indicator(by).title; }
  // A link and not a button: it breaks over lines as the sentence around it does.
  function link(i, handlers) {
    return h("a", { class: "fr-link", href: "#show=" + encodeURIComponent(spaces.id[i]), on: (event) => { event.preventDefault(); handlers.space(i); } }, spaceName(i));
  }
  // A sentence with a button in it, without ever building HTML from text.
  function sentence(path, values, name) {
    const [before, after] = t(path, { ...values, name: "\u0000" }).split("\u0000");
    return h("p", {}, before, name, after);
  }
  function summary(handlers) {
    const n = spaces.id.length, inOrder = ranked(), out = [];
    out.push(h("p", { class: "fr-count" }, n === 0 ? t("map.summary.none") : n === 1 ? t("map.summary.count_one") : t("map.summary.count", { n: words.number(n) })));
    if (n && inOrder.length) {
      const best = inOrder[0];
      out.push(sentence("map.summary.best", { score: words.score(spaces.scores.floating[1][best]) }, link(best, handlers)));
    } else if (n) { out.push(h("p", {}, t("map.summary.best_none"))); }
    if (n > 1) {
      const least = spaces.coverage.reduce((low, c, i) => (c !== null && c < (spaces.coverage[low] ?? 2000) ? i : low), 0);
      out.push(sentence("map.summary.unknown", { coverage: words.percent(spaces.coverage[least] ?? 0) }, link(least, handlers)));
    }
    byId("fr-summary").replaceChildren(...out);
  }
  function item(i, handlers) {
    const overall = scale.by === config.scores[0];
    const sub = spaces.name[i] ? kindsText(i) : "";
    return h("li", {}, h("button", { type: "button", class: "fr-item", "data-space": spaces.id[i], on: () => handlers.space(i) },
      h("span", { class: "fr-rank" }, overall ? (spaces.rank[i] === null ? "–" : words.number(spaces.rank[i])) : ""),
      swatch(spaces, i),
      h("span", { class: "fr-name" }, spaceName(i),
        h("small", {}, [sub, spaces.inside[i] ? "" : t("map.list.outside")].filter(Boolean).join(" · "))),
      h("span", { class: "fr-measure" }, measure(i))));
  }
  function measure(i) {
    if (!scale.isScore()) {
      const found = scale.value(spaces, i);
      return h("span", { class: "fr-number" }, found === null ? h("small", {}, words.evidence("unknown").title) : h("b", {}, words.measured(scale.by, found)));
    }
    const [low, best, high] = scoreOf(spaces, i, scale.by);
    return [scoreNumber(low, best, high), bar(low, best, high, scale.colourOf(best))];
  }
  function listing(items, handlers) {
    const list = h("ol", { class: "fr-places" }, items.slice(0, FIRST).map((i) => item(i, handlers)));
    if (items.length <= FIRST) { return [list]; }
    const more = h("button", { type: "button", class: "fr-more", on: () => {
      const shown = list.children.length;
      list.append(...items.slice(FIRST).map((i) => item(i, handlers)));
      more.remove();
      list.children[shown].querySelector("button").focus();
    } }, t("map.more", { n: words.number(items.length) }));
    return [list, more];
  }
  // The field stays while the list below it is written again: who types in it keeps the cursor.
  let wanted = "";
  function search(handlers) {
    const box = byId("fr-search");
    const input = h("input", { type: "search", id: "fr-find", autocomplete: "off", spellcheck: "false", value: wanted });
    input.addEventListener("input", () => handlers.find(input.value));
    box.replaceChildren(h("label", { for: "fr-find" }, t("map.list.search")), input, h("p", { id: "fr-found", role: "status", class: "fr-quiet" }));
    box.hidden = spaces.id.length < 6;
  }
  function find(text) {
    wanted = text;
    if (byId("fr-find") && byId("fr-find").value !== text) { byId("fr-find").value = text; }
  }
  function matches(i) {
    const inside = insideOf(i).map(placeName);
    const text = [spaceName(i), kindsText(i), spaces.street[i], ...inside].join(" ").toLocaleLowerCase(words.t("format.locale"));
    return wanted.toLocaleLowerCase(words.t("format.locale")).split(/\s+/).every((word) => text.includes(word));
  }
  function insideOf(i) {
    if (!spaces.members) {
      const homes = new Map(spaces.id.map((id, k) => [id, k]));
      spaces.members = spaces.id.map(() => []);
      places.space.forEach((space, p) => { const home = homes.get(space); if (home !== undefined) { spaces.members[home].push(p); } });
    }
    return spaces.members[i];
  }
  function list(handlers) {
    const parts = [], fits = wanted.trim() ? (i) => matches(i) : () => true;
    const overall = scale.by === config.scores[0];
    const without = overall ? withheld().filter(fits) : [], inOrder = (overall ? ranked() : ordered()).filter(fits);
    if (inOrder.length) { parts.push(h("h2", {}, overall ? t("map.list.title") : t("map.list.by", { name: titleOf(scale.by) })), ...listing(inOrder, handlers)); }
    if (without.length) {
      parts.push(h("h2", {}, t("map.list.withheld")), h("p", { class: "fr-quiet" }, t("map.list.withheld_text")), ...listing(without, handlers));
    }
    byId("fr-list").replaceChildren(...parts);
    const found = inOrder.length + without.length;
    if (byId("fr-found")) { byId("fr-found").textContent = wanted.trim() ? t(found === 1 ? "map.list.found_one" : "map.list.found", { n: words.number(found) }) : ""; }
  }
  function about() {
    const m = data.manifest;
    byId("fr-about").replaceChildren(
      h("details", {}, h("summary", {}, t("map.about.title")),
        h("p", {}, t("map.about.text")),
        h("ul", {}, ASPECTS.map((name) => h("li", {}, h("b", {}, t("aspect." + name + ".question")), " " + t("aspect." + name + ".sentence")))),
        h("p", {}, t(config.mean === "geometric" ? "map.about.geometric" : "map.about.arithmetic") + " " + t("map.about.coverage", { share: words.percent(config.min_coverage) })),
        h("ul", { class: "fr-states" }, config.evidence.map((state) => h("li", {}, mark(state), " " + words.evidence(state).text)))),
      ...(m.warnings.length ? [h("details", {}, h("summary", {}, t("map.about.warnings")), h("ul", {}, m.warnings.map((warning) => h("li", {}, t("warning." + warning.code, warning)))))] : []),
      h("h2", {}, t("map.about.sources")),
      h("ul", { class: "fr-sources" }, m.sources.map((source) => h("li", {},
        [source.attribution, source.licence && t("map.about.licence", { licence: source.licence }), source.data_date && words.date(source.data_date)].filter(Boolean).join(". ")))),
      h("p", { class: "fr-quiet" }, m.made_at ? t("map.made_at", { date: words.date(m.made_at) }) : ""));
  }

  // Details
  function rankText(table, i, n) {
    if (table.rank[i] === null) { return [t("map.details.no_rank")]; }
    const out = [t("map.details.rank", { rank: words.number(table.rank[i]), n: words.number(n) }) + "."];
    if (data.reweighted) { out.push(t(data.ownWeights ? "map.details.rank_reweighted" : "map.details.rank_lens")); }
    else if (table.rank_low[i] !== null && table.rank_high[i] !== null) {
      out.push(table.rank_low[i] === table.rank_high[i] ? t("map.details.rank_same")
        : t("map.details.rank_range", { low: words.number(table.rank_low[i]), high: words.number(table.rank_high[i]) }));
    }
    return out;
  }
  function osm(id) {
    const found = /^(?:space:)?osm:(node|way|relation)\/(\d+)$/.exec(id);
    if (!found) { return null; }
    return h("p", {}, h("a", { href: "https://www.openstreetmap.org/" + found[1] + "/" + found[2], rel: "noopener noreferrer", target: "_blank" }, t("map.details.osm")));
  }
  function details(kind, i, handlers, still) {
    const scrolled = byId("fr-scroll").scrollTop;
    const table = kind === "space" ? spaces : places;
    const rows = rowsOf(table, i);
    const [low, best, high] = scoreOf(table, i, "floating");
    const unknown = rows.filter((row) => row.state === "unknown" && row.aspect);
    const total = table.rank.filter((rank) => rank !== null).length;
    const subtitle = [
      kind === "space" ? (spaces.name[i] || (spaces.kinds[i] || "").split(";").length > 3 ? kindsText(i) : "") : "",
      table.area[i] && t("map.details.area", { area: words.number(table.area[i] < 20 ? table.area[i] : Math.round(table.area[i] / 10) * 10) }),
      table.inside[i] ? "" : t("map.list.outside"),
    ].filter(Boolean).join(" · ");
    const parent = kind === "place" ? spaces.id.indexOf(places.space[i]) : -1;
    const title = h("h2", { tabindex: "-1" }, kind === "space" ? spaceName(i) : placeName(i));
    const parts = [
      h("button", { type: "button", class: "fr-back", on: handlers.back }, h("span", { "aria-hidden": "true" }, "← "), t("map.back")),
      title,
      h("p", { class: "fr-quiet" }, subtitle),
      parent >= 0 ? h("p", {}, t("map.details.space") + ": ", h("button", { type: "button", class: "fr-link", on: () => handlers.space(parent) }, spaceName(parent))) : null,
      h("div", { class: "fr-overall" },
        h("div", { class: "fr-line" }, h("b", {}, t("map.details.floating")), scoreNumber(low, best, high)),
        bar(low, best, high, overallColour(best)),
        h("p", {}, rankText(table, i, total).join(" ")),
        table.coverage[i] === null ? null : coverageBar(table.coverage[i])),
      handlers.ofPlan(kind, i),
      handlers.ofCounts(kind, i),
      overlays(handlers),
      ...ASPECTS.map((name) => aspect(table, i, name, rows)),
      h("h3", {}, t("map.details.unknown_title")),
      unknown.length ? h("ul", { class: "fr-unknowns" }, unknown.map((row) => h("li", {}, h("b", {}, words.indicator(row.id).title + ". "), words.indicator(row.id).text, " ", swing(kind, i, row.id))))
        : h("p", {}, t("map.details.unknown_none")),
      unknown.length ? h("p", { class: "fr-quiet" }, t("map.details.unknown_text")) : null,
    ];
    if (kind === "space") {
      const inside = insideOf(i);
      if (inside.length) {
        parts.push(h("h3", {}, t("map.details.places")), h("ul", { class: "fr-inside" }, inside.map((p) => h("li", {},
          h("button", { type: "button", on: () => handlers.place(p) }, faellesrum.glyph(places.kind[p]), placeName(p))))));
      }
    }
    parts.push(osm(table.id[i]));
    byId("fr-details").replaceChildren(...parts.filter(Boolean));
    byId("fr-overview").hidden = true;
    byId("fr-details").hidden = false;
    byId("fr-scroll").scrollTop = still ? scrolled : 0;
    if (!still) { title.focus({ preventScroll: true }); }
  }
  function overlays(handlers) {
    const shown = handlers.overlays();
    if (!shown) { return null; }
    const box = (name, key) => {
      const input = h("input", { type: "checkbox", checked: shown[name] });
      input.addEventListener("change", () => handlers.overlay(name, input.checked));
      return h("label", {}, input, t(key));
    };
    return h("fieldset", { class: "fr-overlays" }, h("legend", {}, t("map.reach.overlays")),
      box("walks", "map.reach.show_walks"), box("view", "map.reach.show_view"));
  }
  function swing(kind, i, id) {
    const found = model && model.swing(kind === "space" ? "spaces" : "places", i, id, data.reweighted);
    if (!found || words.score(found[0]) === words.score(found[1])) { return ""; }
    return h("span", { class: "fr-swing" }, t("map.details.swing", { low: words.score(found[0]), high: words.score(found[1]) }));
  }
  function aspect(table, i, name, rows) {
    const [low, best, high] = scoreOf(table, i, name);
    const own = rows.filter((row) => row.aspect === name);
    return h("section", { class: "fr-aspect" },
      h("div", { class: "fr-line" }, h("h3", {}, t("aspect." + name + ".question")), scoreNumber(low, best, high)),
      bar(low, best, high),
      h("p", { class: "fr-quiet" }, t("aspect." + name + ".sentence")),
      own.length ? h("details", {}, h("summary", {}, t("map.details.measures")), h("dl", {}, own.map(indicatorRow))) : null);
  }
  function shownDetails() { return !byId("fr-details").hidden; }
  function overview() {
    byId("fr-overview").hidden = false;
    byId("fr-details").hidden = true;
  }

  // Popup: the summary
  function popup(kind, i, handlers) {
    const table = kind === "space" ? spaces : places;
    const rows = rowsOf(table, i);
    const [low, best, high] = scoreOf(table, i, "floating");
    const count = (state) => words.number(rows.filter((row) => row.state === state).length);
    const unknown = unknownTitles(rows);
    const SHOWN = 3;
    const listed = unknown.length > SHOWN + 1
      ? t("map.details.unknown_more", { list: unknown.slice(0, SHOWN).join(", "), n: words.number(unknown.length - SHOWN) })
      : words.join(unknown);
    return h("div", { class: "fr-popup", lang: words.lang },
      h("h2", {}, kind === "space" ? spaceName(i) : placeName(i)),
      h("p", { class: "fr-quiet" }, rankText(table, i, table.rank.filter((rank) => rank !== null).length)[0]),
      h("table", {}, h("tbody", {},
        h("tr", { class: "fr-first" }, h("th", { scope: "row" }, t("aspect.floating.title")), h("td", {}, bar(low, best, high, overallColour(best))), h("td", {}, scoreNumber(low, best, high))),
        ASPECTS.map((name) => {
          const [a, b, c] = scoreOf(table, i, name);
          return h("tr", {}, h("th", { scope: "row" }, t("aspect." + name + ".question")), h("td", {}, bar(a, b, c)), h("td", {}, scoreNumber(a, b, c)));
        }))),
      rows.length ? h("p", { class: "fr-quiet" }, t("map.details.evidence_counts", {
        observed: count("observed"), derived: count("derived"), assumed: count("assumed by rule"), unknown: count("unknown"),
      })) : null,
      unknown.length ? h("p", {}, t("map.details.unknown_line", { list: listed })) : null,
      h("button", { type: "button", class: "fr-link", on: () => handlers.details(kind, i) }, t("map.details.open_details")));
  }

  // Legend: asks the same scale as the fills.
  function byChoice(handlers) {
    const option = (name) => h("option", { value: name, selected: name === scale.by }, titleOf(name));
    const select = h("select", { id: "fr-by", "aria-label": t("map.legend.by") },
      option(config.scores[0]),
      h("optgroup", { label: t("map.legend.by_aspect") }, ASPECTS.map(option)),
      h("optgroup", { label: t("map.legend.by_indicator") },
        config.indicators.slice().sort((a, b) => words.place(a) - words.place(b)).map(option)));
    select.addEventListener("change", () => handlers.by(select.value));
    return select;
  }
  function legendText() {
    if (scale.by === config.scores[0]) { return t("map.legend.text"); }
    if (scale.isScore()) { return t("aspect." + scale.by + ".sentence"); }
    const unit = words.unitOf(scale.by);
    return words.indicator(scale.by).text + " " + (unit ? t("map.legend.measured_unit", { unit }) : t("map.legend.measured"));
  }
  function legend(handlers) {
    const steps = scale.steps();
    const ramp = h("div", { class: "fr-ramp" }, steps.map((step) => {
      const box = h("span", { class: "fr-class", "data-from": step.from, "data-to": step.to });
      box.style.background = step.colour;
      return h("span", { class: "fr-step" }, box, h("small", {}, step.texts[0], step.texts.length > 1 ? h("wbr") : "", step.texts[1] || ""));
    }));
    ramp.style.gridTemplateColumns = "repeat(" + steps.length + ", 1fr)";
    const hatched = h("canvas", { class: "fr-key", width: 44, height: 28 });
    const under = scale.isScore() ? steps.map((step) => step.colour) : [faellesrum.colour("unscored")];
    paint(hatched, (context, width, height) => {
      const part = width / under.length;
      under.forEach((colour, k) => { context.fillStyle = scale.hatch(colour); context.fillRect(k * part, 0, part + 1, height); });
    });
    const kinds = [...new Set(places.kind)].sort();
    const row = (key, text, note) => h("li", {}, key, h("span", {}, text, note ? h("small", {}, " " + note) : null));
    const keyed = (name) => h("span", { class: "fr-key fr-key-" + name });
    const badge = h("span", { class: "fr-key fr-badge" }, "1");
    const reached = handlers.reached(), planned = handlers.planned();
    const body = h("ul", {},
      row(badge, t("map.legend.rank")),
      row(keyed("boundary"), t("map.legend.boundary")),
      data.context.at.length ? row(keyed("context"), t("map.legend.context"), t("map.legend.context_text")) : null,
      data.base.barriers.n.length ? row(keyed("barrier"), t("map.legend.barrier")) : null,
      data.base.ways.steps ? row(keyed("steps"), t("map.legend.steps")) : null);
    const symbols = h("details", { class: "fr-kinds", open: true }, h("summary", {}, t("map.legend.place")),
      h("ul", {}, kinds.map((kind) => h("li", {}, faellesrum.glyph(kind), h("span", {}, words.kind(kind))))));
    const box = byId("fr-legend");
    const small = window.matchMedia("(max-width: 719px)").matches;
    // With a plan there is more to say than a small window holds beside the map.
    const low = planned.length > 0 && byId("fr-frame").clientHeight < 1000;
    box.classList.toggle("fr-with-plan", planned.length > 0);
    const counted = handlers.counted();
    const counts = counted.length ? h("ul", { class: "fr-counted" }, counted.map(([key, text]) => row(key, text))) : "";
    const plans = planned.length ? h("ul", { class: "fr-planned" }, planned.map(([key, text, sign]) =>
      row(sign ? h("span", { class: "fr-key fr-sign fr-" + key, "aria-hidden": "true" }, sign) : keyed(key), text))) : "";
    const fold = h("details", { class: "fr-more-legend", open: !small && !low }, h("summary", {}, t("map.legend.show")), small ? plans : "", body, kinds.length ? symbols : null);
    box.setAttribute("aria-label", t("map.legend.show"));
    box.classList.toggle("fr-overall-shown", scale.by === config.scores[0]);
    const focused = document.activeElement && document.activeElement.id === "fr-by";
    const anyHatched = spaces.id.some((_, i) => scale.hatched(spaces, i));
    box.replaceChildren(byChoice(handlers), ramp, h("p", { class: "fr-quiet" }, legendText()),
      anyHatched ? h("ul", {}, row(hatched, scale.isScore() ? t("map.legend.withheld") : words.upper(words.evidence("unknown").title))) : "",
      reached.length ? h("ul", { class: "fr-reached" }, reached.map(([key, path, values]) => row(keyed(key), t(path, values)))) : "",
      counts, small ? "" : plans, fold);
    if (focused) { byId("fr-by").focus(); }
    if (kinds.length > 8 || planned.length) { symbols.open = false; }
  }

  return { h, head, summary, search, find, list, about, details, overview, popup, legend, spaceName, placeName, shownDetails };
};
