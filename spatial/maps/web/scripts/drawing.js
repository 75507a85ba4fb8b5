// Drawing: positions, colours, the meeting spaces and the symbols.
faellesrum.decode = function (data) {
  "use strict";
  const unit = 1 / data.config.units_per_degree;
  const [lon0, lat0] = data.origin;
  // Steps between vertices, running on from ring to ring, back into rings of positions.
  function rings(coded) {
    let x = lon0, y = lat0, k = 0;
    return coded.n.map((count) => {
      const ring = new Array(count);
      for (let i = 0; i < count; i++) {
        x += coded.d[k++];
        y += coded.d[k++];
        ring[i] = new L.LatLng(y * unit, x * unit);
      }
      return ring;
    });
  }
  function points(flat) {
    const found = [];
    for (let k = 0; k < flat.length; k += 2) {
      found.push(new L.LatLng((lat0 + flat[k + 1]) * unit, (lon0 + flat[k]) * unit));
    }
    return found;
  }
  function features(coded) {
    const all = rings(coded);
    let start = 0;
    return coded.rings.map((count) => all.slice(start, (start += count)));
  }
  // As `rings`, one by one, but in units from the origin, x east and y south in the Mercator measure; and
  // whether a ring of an area is a hole: shells run counter-clockwise, holes clockwise.
  const degree = Math.PI / 180, mercator = (lat) => Math.log(Math.tan(Math.PI / 4 + lat * degree / 2)) / degree / unit;
  const top = mercator(lat0 * unit), south = (y) => top - mercator((lat0 + y) * unit);
  function* units(coded) {
    let x = 0, y = 0, k = 0;
    for (const count of coded.n) {
      const xy = new Float64Array(2 * count);
      for (let i = 0; i < 2 * count; i += 2) {
        x += coded.d[k++];
        y += coded.d[k++];
        xy[i] = x;
        xy[i + 1] = south(y);
      }
      yield { xy, hole: area(xy) > 0 };
    }
  }
  function area(xy) {
    let twice = 0;
    for (let i = 0, last = xy.length - 2; i < xy.length; last = i, i += 2) { twice += xy[last] * xy[i + 1] - xy[i] * xy[last + 1]; }
    return twice;
  }
  function unitPoints(flat) { return flat.map((value, k) => (k % 2 ? south(value) : value)); }
  return { rings, points, features, units, unitPoints };
};

// A colour of the map as the style has it; kept, since asking for one makes the browser work out all styles.
faellesrum.colour = (function () {
  "use strict";
  let known = new Map();
  function colour(name) {
    if (!known.has(name)) { known.set(name, getComputedStyle(document.documentElement).getPropertyValue("--map-" + name).trim()); }
    return known.get(name);
  }
  colour.forget = () => { known = new Map(); };
  return colour;
})();

// What the fill shows: a score or an indicator. Its classes, and how they are filled; the legend asks the
// same functions, so that it says what is drawn.
faellesrum.scale = function (data, words) {
  "use strict";
  const config = data.config, ramp = config.ramp, SIZE = 8;
  let by = config.scores[0], range = null;
  const values = new Map();

  const isScore = () => config.scores.includes(by);
  function column(table) {
    const found = new Array(table.id.length).fill(null), wanted = config.indicators.indexOf(by), e = table.evidence;
    for (let i = 0; i < found.length; i++) {
      for (let row = e.start[i]; row < e.start[i + 1]; row++) {
        if (e.indicator[row] === wanted && config.evidence[Number(e.state[row])] !== "unknown") { found[i] = e.value[row]; }
      }
    }
    return found;
  }
  // Scores in thousandths, indicators in their unit; null where there is none.
  function value(table, i) {
    if (isScore()) { return table.scores[by][1][i]; }
    if (!values.has(table)) { values.set(table, column(table)); }
    return values.get(table)[i];
  }
  function limits() {
    if (isScore()) { return [0, 1000]; }
    const form = words.indicator(by).form;
    if (form === "percent" || form === "yesno") { return [0, 1]; }
    const known = data.spaces.id.map((_, i) => value(data.spaces, i)).filter((found) => found !== null);
    return known.length ? [Math.min(...known), Math.max(...known)] : [0, 1];
  }
  function show(name) {
    by = config.scores.includes(name) || config.indicators.includes(name) ? name : config.scores[0];
    values.clear();
    range = limits();
  }
  show(by);
  // Classes of equal width between the least and the largest that the map can show.
  function steps() {
    const [low, high] = range;
    if (low === high) { return [{ colour: ramp[ramp.length - 1].colour, from: low, to: high, texts: [words.short(by, low)] }]; }
    const width = (high - low) / ramp.length;
    const at = (k) => (isScore() ? String(Math.round((low + k * width) / 10)) : words.short(by, low + k * width));
    return ramp.map((step, k) => ({
      colour: step.colour, from: isScore() ? step.from : low + k * width, to: isScore() ? step.to : low + (k + 1) * width,
      texts: words.t("format.range", { low: at(k) + "\u0000", high: at(k + 1) }).replace(/\u0000\u2060?(.)\u2060?/, "$1\u0000").split("\u0000"),
    }));
  }
  function classOf(found) {
    if (found === null || found === undefined) { return -1; }
    const [low, high] = range;
    if (low === high) { return ramp.length - 1; }
    const at = isScore() ? Math.round(found) : found; // scores count as whole thousandths, as everywhere
    return Math.max(0, Math.min(ramp.length - 1, Math.floor(((at - low) / (high - low)) * ramp.length + 1e-9)));
  }
  function colourOf(found) {
    const index = classOf(found);
    return index < 0 ? faellesrum.colour("unscored") : ramp[index].colour;
  }
  const patterns = {};
  // Diagonal lines over the class colour: withheld from the ranking, or not known.
  function hatch(colour) {
    if (!patterns[colour]) {
      const tile = document.createElement("canvas");
      tile.width = tile.height = SIZE;
      const context = tile.getContext("2d");
      context.fillStyle = colour;
      context.fillRect(0, 0, SIZE, SIZE);
      for (const [stroke, thick] of [["#ffffff", 2.4], ["#2b2b2b", 1.1]]) {
        context.strokeStyle = stroke;
        context.lineWidth = thick;
        context.beginPath();
        for (const shift of [-SIZE, 0, SIZE]) {
          context.moveTo(shift - 2, SIZE + 2);
          context.lineTo(shift + SIZE + 2, -2);
        }
        context.stroke();
      }
      patterns[colour] = context.createPattern(tile, "repeat");
    }
    return patterns[colour];
  }
  function hatched(table, i) { return isScore() ? table.rank[i] === null : value(table, i) === null; }
  function fill(table, i) {
    const colour = colourOf(value(table, i));
    return hatched(table, i) ? hatch(colour) : colour;
  }
  return { show, steps, value, classOf, colourOf, hatch, hatched, fill, ramp, isScore, get by() { return by; } };
};

faellesrum.glyph = function (kind) {
  "use strict";
  const SVG = "http://www.w3.org/2000/svg";
  const known = document.getElementById("glyph-" + kind) ? kind : "other";
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", "0 0 16 16");
  svg.setAttribute("class", "fr-glyph");
  svg.setAttribute("aria-hidden", "true");
  for (const layer of ["fr-halo", "fr-ink"]) {
    const use = document.createElementNS(SVG, "use");
    use.setAttribute("href", "#glyph-" + known);
    use.setAttribute("class", layer);
    svg.append(use);
  }
  return svg;
};

// Meeting spaces, their rank badges and the symbols of the places in them. `side` names panes of their own,
// where two such drawings lie beside one another; without it they lie where all layers do.
faellesrum.data = function* (map, data, decode, scale, words, events, side) {
  "use strict";
  const spaces = data.spaces, places = data.places;
  const SMALL_PX = 13, SYMBOLS_FROM_ZOOM = 16.5, GAP_PX = 17, ROOM_PX = 26, STEP = 50, BADGE_PX = 18, WIDE_PX = 40, TARGET_PX = 24, THIN_PX = 6, LONG_PX = 40;
  const shapes = [], inShapes = {}, inMarks = {};
  if (side) {
    for (const [name, above, into] of [["spaces-", 402, inShapes], ["marks-", 602, inMarks]]) {
      into.pane = name + side;
      map.createPane(into.pane).style.zIndex = above;
    }
    inShapes.renderer = L.canvas({ pane: inShapes.pane });
  }
  for (const rings of decode.features(spaces.shape)) {
    shapes.push(shapeOf(rings, shapes.length));
    if (shapes.length % STEP === 0) { yield STEP; }
  }
  const outlines = yield* faellesrum.paths(decode, places.shape, true);
  function shapeOf(rings, i) {
    const shape = L.polygon(rings, { ...inShapes, fillRule: "nonzero", bubblingMouseEvents: false });
    const dot = L.circleMarker(decodeAt(spaces, i), { ...inShapes, radius: 6.5, bubblingMouseEvents: false });
    for (const layer of [shape, dot]) {
      layer.bindTooltip(() => label(events.spaceName(i)), { sticky: true, className: "fr-tip" });
      // After the tooltip's own handler, which opens it on a click.
      layer.on("click", (event) => { layer.closeTooltip(); events.space(i, event.latlng); });
    }
    return { shape, dot, bounds: shape.getBounds() };
  }
  // What lies in a meeting space, as outlines above its fill.
  const outlined = side ? "outlines-" + side : "outlines";
  map.createPane(outlined).style.zIndex = 410;
  map.getPane(outlined).style.pointerEvents = "none";
  const unit = 1 / data.config.units_per_degree;
  new faellesrum.Painter((context, place) => {
    if (map.getZoom() < SYMBOLS_FROM_ZOOM) { return; }
    faellesrum.brush(context, faellesrum.transform(map, data.origin.map((v) => v * unit), unit, place), place.size)
      .line(outlines, { color: faellesrum.colour("place-edge"), weight: 0.8 });
  }, { pane: outlined, padding: 0.1 }).addTo(map);
  const group = L.layerGroup().addTo(map);
  const symbols = L.layerGroup().addTo(map);
  const badges = L.layerGroup().addTo(map);
  let selected = null;

  function decodeAt(table, i) { return decode.points(table.at.slice(2 * i, 2 * i + 2))[0]; }
  function label(text) { const span = document.createElement("span"); span.textContent = text; return span; }

  function style(i) {
    const chosen = selected === i;
    return {
      fillColor: scale.fill(spaces, i), fillOpacity: 1,
      color: faellesrum.colour("space-edge"), weight: 1.2, opacity: 1, ...(events.edge && events.edge(i)),
      ...(chosen && { color: faellesrum.colour("chosen"), weight: 3.5 }),
    };
  }
  function size(bounds) {
    return map.project(bounds.getNorthEast()).distanceTo(map.project(bounds.getSouthWest()));
  }
  // Too small or too thin to show its colour: then a dot stands for it.
  function small(bounds) {
    const a = map.project(bounds.getNorthWest()), b = map.project(bounds.getSouthEast());
    return size(bounds) < SMALL_PX || (Math.min(b.x - a.x, b.y - a.y) < THIN_PX && size(bounds) < LONG_PX);
  }
  // The least known first, so that the ranked lie above.
  let order = [];
  function draw() {
    order = spaces.id.map((_, i) => i).sort((a, b) => (spaces.rank[b] ?? 1e9) - (spaces.rank[a] ?? 1e9));
    group.clearLayers();
    for (const i of order) {
      const { shape, dot, bounds } = shapes[i];
      const layer = small(bounds) ? dot : shape;
      layer.setStyle(style(i)).addTo(group);
    }
    // Layers that others have added stay above.
    for (const i of order.slice().reverse()) {
      for (const layer of [shapes[i].shape, shapes[i].dot]) { if (group.hasLayer(layer)) { layer.bringToBack(); } }
    }
    letter();
  }
  // Badges first, by rank, then symbols; what would touch another is left out at this zoom.
  function letter() {
    badges.clearLayers();
    symbols.clearLayers();
    const view = map.getBounds().pad(0.1), taken = [];
    const free = (at, gap) => taken.every((p) => Math.abs(p.x - at.x) > gap || Math.abs(p.y - at.y) > gap);
    const marks = new Map(order.map((i) => [i, events.mark ? events.mark(i) : null]));
    const badged = order.slice().reverse().filter((i) => marks.get(i) || (spaces.rank[i] !== null && spaces.rank[i] <= data.config.top_k));
    // What a plan does goes before ranks.
    badged.sort((a, b) => Number(Boolean(marks.get(b))) - Number(Boolean(marks.get(a))));
    badged.forEach((i) => {
      const bounds = shapes[i].bounds, mark = marks.get(i);
      const asDot = small(bounds);
      const top = asDot ? decodeAt(spaces, i) : L.latLng(bounds.getNorth(), bounds.getCenter().lng);
      const at = map.latLngToLayerPoint(top).subtract([0, asDot ? 16 : 8]), wide = mark && mark.sign.length > 1 ? WIDE_PX : BADGE_PX;
      if (!view.contains(top) || !free(at, GAP_PX + (wide - BADGE_PX) / 2)) { return; }
      taken.push(at);
      badges.addLayer(L.marker(top, {
        ...inMarks, keyboard: false, interactive: false, zIndexOffset: 1000,
        icon: L.divIcon({
          className: "fr-badge" + (mark ? " fr-sign fr-sign-" + mark.name : ""), iconSize: [wide, BADGE_PX], iconAnchor: [wide / 2, asDot ? 25 : 17],
          html: label(mark ? mark.sign : words.number(spaces.rank[i])),
        }),
      }));
    });
    if (map.getZoom() < SYMBOLS_FROM_ZOOM) { return; }
    places.id.map((_, i) => i).sort(byImportance).forEach((i) => {
      const where = decodeAt(places, i), at = map.latLngToLayerPoint(where);
      if (!view.contains(where) || !roomy(i) || !free(at, TARGET_PX)) { return; }
      taken.push(at);
      const marker = L.marker(where, {
        ...inMarks, icon: L.divIcon({ className: "fr-symbol", iconSize: [TARGET_PX, TARGET_PX], html: faellesrum.glyph(places.kind[i]) }),
      });
      marker.on("add", () => marker.getElement().setAttribute("aria-label", events.placeName(i)));
      marker.bindTooltip(() => label(events.placeName(i)), { className: "fr-tip", direction: "top", offset: [0, -8] });
      marker.on("click", () => { marker.closeTooltip(); events.place(i, where); });
      marker.on("keypress", (event) => { if (event.originalEvent.key === "Enter") { events.place(i, where); } });
      symbols.addLayer(marker);
    });
  }
  // A symbol may not hide the colour of its meeting space.
  const homes = new Map(spaces.id.map((id, i) => [id, i]));
  function roomy(place) {
    const home = homes.get(places.space[place]);
    return home === undefined || size(shapes[home].bounds) >= ROOM_PX;
  }
  function byImportance(a, b) {
    const plain = (i) => (places.kind[i] === "bench" || places.kind[i] === "table" ? 1 : 0);
    return plain(a) - plain(b) || (places.rank[a] ?? 1e9) - (places.rank[b] ?? 1e9) || a - b;
  }

  const context = decode.points(data.context.at).map((at, i) => L.circleMarker(at, {
    ...inShapes, radius: 3.5, bubblingMouseEvents: true,
  }).bindTooltip(() => label([data.context.name[i], words.kind(data.context.kind[i])].filter(Boolean).join(" · ")), { className: "fr-tip" }).addTo(map));
  function context_style() {
    context.forEach((dot) => dot.setStyle({
      color: faellesrum.colour("halo"), weight: 1, fillColor: faellesrum.colour("context"), fillOpacity: 1,
    }));
  }

  function restyle() { context_style(); draw(); }
  map.on("zoomend", draw);
  map.on("moveend", letter);
  return {
    restyle, shapes,
    choose(i) {
      const before = selected;
      selected = i;
      for (const j of [before, i]) {
        if (j !== null && j !== undefined) { shapes[j].shape.setStyle(style(j)); shapes[j].dot.setStyle(style(j)); }
      }
      if (i !== null) { for (const layer of [shapes[i].shape, shapes[i].dot]) { if (map.hasLayer(layer)) { layer.bringToFront(); } } }
    },
    show(i) { map.fitBounds(shapes[i].bounds.pad(1.2), { maxZoom: 17.5 }); },
    at: (table, i) => decodeAt(table, i),
  };
};
