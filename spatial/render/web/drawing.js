// Drawing: the ground, the meeting spaces and the symbols.
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
  return { rings, points, features };
};

faellesrum.colour = function (name) {
  "use strict";
  return getComputedStyle(document.documentElement).getPropertyValue("--map-" + name).trim();
};

// The ground: each class is one shape of many rings on a canvas of its own beneath the data.
faellesrum.ground = function (map, data, decode) {
  "use strict";
  const base = data.base;
  map.createPane("ground").style.zIndex = 200;
  map.getPane("ground").style.pointerEvents = "none";
  const renderer = L.canvas({ pane: "ground", padding: 0.2 });
  const common = { renderer, pane: "ground", interactive: false, smoothFactor: 0.5 };
  // Widths in metres on the ground, and the least in pixels.
  const WIDTHS = {
    major: [11, 3], street: [7, 2], pedestrian: [5, 1.5], service: [4, 1], tunnel: [0, 0],
    cycleway: [2.4, 1], path: [1.8, 0.9], steps: [2.4, 1.6],
  };
  const CASING = { major: 1.6, street: 1.6, pedestrian: 1.2, service: 1.2, cycleway: 2, path: 2, steps: 0 };
  const ORDER = ["cycleway", "path", "service", "pedestrian", "street", "major", "steps"];
  const styled = [];

  function area(coded, fill, edge) {
    if (!coded || !coded.n.length) { return; }
    const shape = L.polygon(decode.rings(coded), { ...common, fillRule: "nonzero", fillOpacity: 1 });
    styled.push([shape.addTo(map), () => ({
      fillColor: faellesrum.colour(fill), stroke: Boolean(edge), weight: 0.6, opacity: 1,
      color: edge ? faellesrum.colour(edge) : undefined,
    })]);
  }
  function line(rings, style) {
    if (!rings.length) { return; }
    styled.push([L.polyline(rings, { ...common, opacity: 1 }).addTo(map), style]);
  }
  function pixels(metres) {
    const lat = map.getCenter().lat * Math.PI / 180;
    return metres / (40075016.7 * Math.cos(lat) / Math.pow(2, map.getZoom() + 8));
  }
  function width(name) { const [m, px] = WIDTHS[name] || WIDTHS.path; return Math.max(pixels(m), px); }

  area(base.green, "green");
  area(base.water, "water");
  line(decode.rings(base.waterways), () => ({ color: faellesrum.colour("water"), weight: Math.max(pixels(3), 1) }));
  const names = Object.keys(base.ways).filter((name) => name !== "tunnel")
    .sort((a, b) => ORDER.indexOf(a) - ORDER.indexOf(b));
  const ways = names.map((name) => [name, decode.rings(base.ways[name])]);
  for (const [name, rings] of ways) {
    line(rings, () => ({ color: faellesrum.colour("casing"), weight: width(name) + (CASING[name] ?? 1.2), lineCap: "butt" }));
  }
  for (const [name, rings] of ways) {
    if (name === "steps") {
      line(rings, () => ({ color: faellesrum.colour("steps"), weight: Math.max(pixels(2.4), 3), dashArray: "1.2 1.8", lineCap: "butt" }));
    } else if (name === "path" || name === "cycleway") {
      line(rings, () => ({ color: faellesrum.colour("path"), weight: width(name), lineCap: "round" }));
    } else {
      line(rings, () => ({ color: faellesrum.colour(name === "major" ? "major" : "road"), weight: width(name), lineCap: "round" }));
    }
  }
  area(base.buildings, "building", "building-edge");
  area(base.own_buildings, "own-building", "own-building-edge");
  line(decode.rings(base.barriers), () => ({ color: faellesrum.colour("barrier"), weight: map.getZoom() >= 17 ? 1.3 : 0.7 }));
  const gates = decode.points(base.gates).map((at) =>
    L.circleMarker(at, { ...common, stroke: true, fillOpacity: 1, radius: 2 }).addTo(map));
  gates.forEach((gate) => styled.push([gate, () => ({
    fillColor: faellesrum.colour("ground"), color: faellesrum.colour("barrier"), weight: 1,
    opacity: map.getZoom() >= 17 ? 1 : 0, fillOpacity: map.getZoom() >= 17 ? 1 : 0,
  })]));
  const boundary = decode.rings(base.boundary);
  line(boundary.map((ring) => ring.concat([ring[0]])),
    () => ({ color: faellesrum.colour("boundary"), weight: 1.8, dashArray: "9 4 2 4", lineCap: "butt" }));

  function restyle() { styled.forEach(([layer, style]) => layer.setStyle(style())); }
  map.on("zoomend", restyle);
  faellesrum.streetNames(map, data, decode);
  return { restyle, bounds: L.latLngBounds(boundary.flat()) };
};

// Street names along the straightest stretch of each street in view, never over one another.
faellesrum.streetNames = function (map, data, decode) {
  "use strict";
  const streets = data.base.streets.map((street) => ({ name: street.name, lines: decode.rings(street.line) }));
  if (!streets.length) { return; }
  const FONT = 11, FROM_ZOOM = 15.5, REPEAT = 420;
  const Names = L.Layer.extend({
    onAdd(m) {
      this._canvas = L.DomUtil.create("canvas", "leaflet-zoom-hide", m.getPane("ground"));
      this._canvas.style.zIndex = 150; // above the canvas of the ground
      m.on("moveend resize zoomend", this.draw, this);
      this.draw();
    },
    onRemove(m) { this._canvas.remove(); m.off("moveend resize zoomend", this.draw, this); },
    draw() {
      const size = map.getSize(), ratio = window.devicePixelRatio || 1, canvas = this._canvas;
      L.DomUtil.setPosition(canvas, map.containerPointToLayerPoint([0, 0]));
      canvas.width = size.x * ratio;
      canvas.height = size.y * ratio;
      canvas.style.width = size.x + "px";
      canvas.style.height = size.y + "px";
      if (map.getZoom() < FROM_ZOOM) { return; }
      const context = canvas.getContext("2d");
      context.scale(ratio, ratio);
      context.font = FONT + "px system-ui, sans-serif";
      context.textAlign = "center";
      context.textBaseline = "middle";
      context.lineJoin = "round";
      context.lineWidth = 3;
      context.strokeStyle = faellesrum.colour("halo");
      context.fillStyle = faellesrum.colour("name");
      const taken = [];
      for (const street of streets) { this.letter(context, street, size, taken); }
    },
    letter(context, street, size, taken) {
      const needed = context.measureText(street.name).width + 10;
      const found = [];
      for (const line of street.lines) {
        const points = line.map((at) => map.latLngToContainerPoint(at));
        for (const stretch of straight(points)) {
          const [a, b] = stretch;
          const length = a.distanceTo(b);
          const at = a.add(b).divideBy(2);
          if (length < needed || at.x < 20 || at.y < 20 || at.x > size.x - 20 || at.y > size.y - 20) { continue; }
          found.push({ length, at, angle: Math.atan2(b.y - a.y, b.x - a.x) });
        }
      }
      found.sort((one, other) => other.length - one.length);
      const own = [];
      for (const { at, angle } of found) {
        if (own.some((p) => p.distanceTo(at) < REPEAT)) { continue; }
        const half = needed / 2, dots = [];
        for (let s = -half; s <= half; s += 8) {
          dots.push(L.point(at.x + s * Math.cos(angle), at.y + s * Math.sin(angle)));
        }
        if (dots.some((d) => taken.some((o) => Math.abs(o.x - d.x) < 14 && Math.abs(o.y - d.y) < 14))) { continue; }
        taken.push(...dots);
        own.push(at);
        const upright = Math.abs(angle) > Math.PI / 2 ? angle + Math.PI : angle;
        context.save();
        context.translate(at.x, at.y);
        context.rotate(upright);
        context.strokeText(street.name, 0, 0);
        context.fillText(street.name, 0, 0);
        context.restore();
      }
    },
  });
  // Stretches of a line that stay within a few pixels of the straight line between their ends.
  function straight(points) {
    const found = [];
    let start = 0;
    for (let end = 2; end <= points.length; end++) {
      const bent = end === points.length ||
        points.slice(start + 1, end).some((p) => L.LineUtil.pointToSegmentDistance(p, points[start], points[end]) > 3);
      if (bent) {
        found.push([points[start], points[end - 1]]);
        start = end - 1;
      }
    }
    return found;
  }
  new Names().addTo(map);
};

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
    if (low === high) { return [{ colour: ramp[ramp.length - 1].colour, from: low, to: high, text: words.short(by, low) }]; }
    const width = (high - low) / ramp.length;
    const at = (k) => (isScore() ? String(Math.round((low + k * width) / 10)) : words.short(by, low + k * width));
    return ramp.map((step, k) => ({
      colour: step.colour, from: isScore() ? step.from : low + k * width, to: isScore() ? step.to : low + (k + 1) * width,
      text: words.t("format.range", { low: at(k), high: at(k + 1) }),
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

// Meeting spaces, their rank badges and the symbols of the places in them.
faellesrum.data = function (map, data, decode, scale, words, events) {
  "use strict";
  const spaces = data.spaces, places = data.places;
  const SMALL_PX = 13, SYMBOLS_FROM_ZOOM = 16.5, GAP_PX = 17, ROOM_PX = 26;
  const shapes = decode.features(spaces.shape).map((rings, i) => {
    const shape = L.polygon(rings, { fillRule: "nonzero", bubblingMouseEvents: false });
    const dot = L.circleMarker(decodeAt(spaces, i), { radius: 6.5, bubblingMouseEvents: false });
    for (const layer of [shape, dot]) {
      layer.bindTooltip(() => label(events.spaceName(i)), { sticky: true, className: "fr-tip" });
      // After the tooltip's own handler, which opens it on a click.
      layer.on("click", (event) => { layer.closeTooltip(); events.space(i, event.latlng); });
    }
    return { shape, dot, bounds: shape.getBounds() };
  });
  const outlines = decode.features(places.shape).map((rings) => L.polygon(rings, {
    fill: false, interactive: false, fillRule: "nonzero",
  }));
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
      color: faellesrum.colour(chosen ? "chosen" : "space-edge"), weight: chosen ? 3.5 : 1.2, opacity: 1,
    };
  }
  function size(bounds) {
    return map.project(bounds.getNorthEast()).distanceTo(map.project(bounds.getSouthWest()));
  }
  // The least known first, so that the ranked lie above.
  const order = spaces.id.map((_, i) => i).sort((a, b) => (spaces.rank[b] ?? 1e9) - (spaces.rank[a] ?? 1e9));
  function draw() {
    group.clearLayers();
    const fine = map.getZoom() >= SYMBOLS_FROM_ZOOM;
    for (const i of order) {
      const { shape, dot, bounds } = shapes[i];
      const layer = size(bounds) < SMALL_PX ? dot : shape;
      layer.setStyle(style(i)).addTo(group);
    }
    if (fine) {
      outlines.forEach((outline) => outline.setStyle({ color: faellesrum.colour("place-edge"), weight: 0.8, opacity: 0.8 }).addTo(group));
    }
    letter();
  }
  // Badges first, by rank, then symbols; what would touch another is left out at this zoom.
  function letter() {
    badges.clearLayers();
    symbols.clearLayers();
    const view = map.getBounds().pad(0.1), taken = [];
    const free = (at, gap) => taken.every((p) => Math.abs(p.x - at.x) > gap || Math.abs(p.y - at.y) > gap);
    order.slice().reverse().filter((i) => spaces.rank[i] !== null && spaces.rank[i] <= data.config.top_k).forEach((i) => {
      const bounds = shapes[i].bounds;
      const small = size(bounds) < SMALL_PX;
      const top = small ? decodeAt(spaces, i) : L.latLng(bounds.getNorth(), bounds.getCenter().lng);
      const at = map.latLngToLayerPoint(top).subtract([0, small ? 16 : 8]);
      if (!view.contains(top) || !free(at, GAP_PX)) { return; }
      taken.push(at);
      badges.addLayer(L.marker(top, {
        keyboard: false, interactive: false, zIndexOffset: 1000,
        icon: L.divIcon({ className: "fr-badge", iconSize: [18, 18], iconAnchor: [9, small ? 25 : 17], html: label(words.number(spaces.rank[i])) }),
      }));
    });
    if (map.getZoom() < SYMBOLS_FROM_ZOOM) { return; }
    places.id.map((_, i) => i).sort(byImportance).forEach((i) => {
      const where = decodeAt(places, i), at = map.latLngToLayerPoint(where);
      if (!view.contains(where) || !roomy(i) || !free(at, GAP_PX)) { return; }
      taken.push(at);
      const marker = L.marker(where, {
        icon: L.divIcon({ className: "fr-symbol", iconSize: [22, 22], html: faellesrum.glyph(places.kind[i]) }),
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
    radius: 3.5, bubblingMouseEvents: true,
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
