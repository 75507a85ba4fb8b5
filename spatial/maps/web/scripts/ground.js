// The ground: water, green, ways, buildings and barriers on canvases beneath the data.
//
// A shape is decoded once, into paths in millionths of a degree (north in the Mercator measure, so that
// both axes have one scale); a view is drawn by setting scale and origin, which the browser does natively.
faellesrum.Painter = L.Renderer.extend({
  initialize(paint, options) {
    L.Renderer.prototype.initialize.call(this, options);
    this._paint = paint;
  },
  _initContainer() {
    this._container = document.createElement("canvas");
    this._context = this._container.getContext("2d");
  },
  _destroyContainer() { cancelAnimationFrame(this._frame); this._container.remove(); },
  _updatePaths() {}, // Leaflet's own renderers hold vectors; this one does not
  // A move tells it more than once; it is painted once, with the next frame.
  _update() {
    if (this._map._animatingZoom && this._bounds) { return; }
    L.Renderer.prototype._update.call(this);
    cancelAnimationFrame(this._frame);
    this._frame = requestAnimationFrame(() => this.paint());
  },
  paint() {
    if (!this._map || !this._bounds) { return; }
    const { min } = this._bounds, size = this._bounds.getSize(), ratio = Math.min(window.devicePixelRatio || 1, 2);
    L.DomUtil.setPosition(this._container, min);
    this._container.width = ratio * size.x;
    this._container.height = ratio * size.y;
    this._container.style.width = size.x + "px";
    this._container.style.height = size.y + "px";
    this._paint(this._context, { min, size, ratio });
  },
});

// From units to pixels of a canvas: pixel = unit * scale + (x, y).
faellesrum.transform = function (map, origin, unit, place) {
  "use strict";
  const { min, ratio } = place;
  const scale = 256 * Math.pow(2, map.getZoom()) / 360 * unit;
  const at = map.latLngToLayerPoint(L.latLng(origin[1], origin[0]))._subtract(min);
  return { scale: scale * ratio, x: at.x * ratio, y: at.y * ratio, ratio };
};

// Paths of at most some thousand vertices, each with the box that it lies in; see `decode.units`.
faellesrum.paths = function* (decode, coded, closed) {
  "use strict";
  const MOST = 2000, found = [];
  if (!coded || !coded.n.length) { return found; }
  let path = null, vertices = 0, handled = 0;
  for (const ring of decode.units(coded)) {
    const { xy, hole } = ring;
    // A hole lies in the path of its shell, or it would be filled.
    if (!path || (vertices > MOST && !(closed && hole))) {
      path = { shape: new Path2D(), box: [Infinity, Infinity, -Infinity, -Infinity] };
      found.push(path);
      vertices = 0;
    }
    const { shape, box } = path;
    for (let k = 0; k < xy.length; k += 2) {
      const x = xy[k], y = xy[k + 1];
      if (k) { shape.lineTo(x, y); } else { shape.moveTo(x, y); }
      if (x < box[0]) { box[0] = x; }
      if (y < box[1]) { box[1] = y; }
      if (x > box[2]) { box[2] = x; }
      if (y > box[3]) { box[3] = y; }
    }
    if (closed) { shape.closePath(); }
    vertices += xy.length / 2;
    handled += xy.length / 2;
    if (handled >= MOST) { yield handled; handled = 0; }
  }
  yield handled;
  return found;
};

// Draws paths that may be in view, with one style.
faellesrum.brush = function (context, view, size) {
  "use strict";
  const { scale, x, y, ratio } = view, EDGE = 40, NARROW_PX = 3.5;
  const inView = ([x0, y0, x1, y1]) => x1 * scale + x > -EDGE && y1 * scale + y > -EDGE
    && x0 * scale + x < size.x * ratio + EDGE && y0 * scale + y < size.y * ratio + EDGE;
  context.setTransform(scale, 0, 0, scale, x, y);
  const pixel = ratio / scale;
  return {
    pixel,
    flood(colour) {
      context.setTransform(1, 0, 0, 1, 0, 0);
      context.fillStyle = colour;
      context.fillRect(0, 0, context.canvas.width, context.canvas.height);
      context.setTransform(scale, 0, 0, scale, x, y);
    },
    fill(paths, colour) {
      context.fillStyle = colour;
      for (const { shape, box } of paths) { if (inView(box)) { context.fill(shape, "nonzero"); } }
    },
    line(paths, { color, weight, dash, cap }) {
      context.strokeStyle = color;
      context.lineWidth = weight * pixel;
      // Round ends cost ten times what they show on a line this thin.
      context.lineCap = weight < NARROW_PX ? "butt" : cap || "butt";
      context.lineJoin = weight < NARROW_PX ? "bevel" : "round";
      context.setLineDash((dash || []).map((part) => part * pixel));
      for (const { shape, box } of paths) { if (inView(box)) { context.stroke(shape); } }
    },
    dots(xy, { fillColor, color, radius }) {
      context.fillStyle = fillColor;
      context.strokeStyle = color;
      context.lineWidth = pixel;
      context.setLineDash([]);
      for (let k = 0; k < xy.length; k += 2) {
        context.beginPath();
        context.arc(xy[k], xy[k + 1], radius * pixel, 0, 2 * Math.PI);
        context.fill();
        context.stroke();
      }
    },
  };
};

// What the ground is made of, as paths. `others` are coats made before, which lie beside these.
faellesrum.coats = function* (decode, base, others) {
  "use strict";
  const found = { ways: {} }, before = others || { ways: {} };
  for (const name of ["green", "water", "buildings", "own_buildings", "boundary"]) {
    found[name] = (before[name] || []).concat(yield* faellesrum.paths(decode, base[name], true));
  }
  for (const name of ["waterways", "barriers"]) {
    found[name] = (before[name] || []).concat(yield* faellesrum.paths(decode, base[name]));
  }
  for (const name of new Set([...Object.keys(before.ways), ...Object.keys(base.ways)])) {
    found.ways[name] = (before.ways[name] || []).concat(yield* faellesrum.paths(decode, base.ways[name]));
  }
  found.gates = (before.gates || []).concat(decode.unitPoints(base.gates));
  return found;
};

// The shading of the ground, once its picture is there: drawn askew, as its three corners lie.
faellesrum.relief = function (relief, decode, ready) {
  "use strict";
  if (!relief) { return null; }
  const picture = new Image(), [x, y, x1, y1, x2, y2] = decode.unitPoints(relief.corners), [width, height] = relief.size;
  let there = false;
  picture.src = relief.picture;
  picture.decode().then(() => { there = true; ready(); }, () => {});
  return function (context) {
    if (!there) { return; }
    context.save();
    context.transform((x1 - x) / width, (y1 - y) / width, (x2 - x) / height, (y2 - y) / height, x, y);
    const [mode, strength] = faellesrum.colour("relief").split(" "); // how it is mixed with the ground, and how much
    context.globalCompositeOperation = mode;
    context.globalAlpha = Number(strength);
    context.imageSmoothingQuality = "high";
    context.drawImage(picture, 0, 0);
    context.restore();
  };
};

faellesrum.ground = function (map, data, found, pane, shade) {
  "use strict";
  const unit = 1 / data.config.units_per_degree;
  // Widths in metres on the ground, and the least in pixels.
  const WIDTHS = {
    major: [11, 3], street: [7, 2], pedestrian: [5, 1.5], service: [4, 1], tunnel: [0, 0],
    cycleway: [2.4, 1], path: [1.8, 0.9], steps: [2.4, 1.6],
  };
  const CASING = { major: 1.6, street: 1.6, pedestrian: 1.2, service: 1.2, cycleway: 2, path: 2, steps: 0 };
  const ORDER = ["cycleway", "path", "service", "pedestrian", "street", "major", "steps"];
  const DETAIL_ZOOM = 17;
  const drawnWays = Object.entries(found.ways).filter(([name]) => name !== "tunnel")
    .sort(([a], [b]) => ORDER.indexOf(a) - ORDER.indexOf(b));

  const colour = faellesrum.colour;
  function pixels(metres) {
    const lat = map.getCenter().lat * Math.PI / 180;
    return metres / (40075016.7 * Math.cos(lat) / Math.pow(2, map.getZoom() + 8));
  }
  function width(name) { const [m, px] = WIDTHS[name] || WIDTHS.path; return Math.max(pixels(m), px); }
  function ways(draw) {
    for (const [name, paths] of drawnWays) {
      draw.line(paths, { color: colour("casing"), weight: width(name) + (CASING[name] ?? 1.2) });
    }
    for (const [name, paths] of drawnWays) {
      if (name === "steps") {
        draw.line(paths, { color: colour("steps"), weight: Math.max(pixels(2.4), 3), dash: [1.2, 1.8] });
      } else if (name === "path" || name === "cycleway") {
        draw.line(paths, { color: colour("path"), weight: width(name), cap: "round" });
      } else {
        draw.line(paths, { color: colour(name === "major" ? "major" : "road"), weight: width(name), cap: "round" });
      }
    }
  }
  function area(draw, paths, fill, edge) {
    draw.fill(paths, colour(fill));
    if (edge) { draw.line(paths, { color: colour(edge), weight: 0.6 }); }
  }
  function paint(context, place) {
    const draw = faellesrum.brush(context, faellesrum.transform(map, data.origin.map((v) => v * unit), unit, place), place.size);
    const near = map.getZoom() >= DETAIL_ZOOM;
    if (shade) { draw.flood(colour("ground")); }
    area(draw, found.green, "green");
    area(draw, found.water, "water");
    draw.line(found.waterways, { color: colour("water"), weight: Math.max(pixels(3), 1) });
    if (shade) { shade(context); }
    ways(draw);
    area(draw, found.buildings, "building", "building-edge");
    area(draw, found.own_buildings, "own-building", "own-building-edge");
    draw.line(found.barriers, { color: colour("barrier"), weight: near ? 1.3 : 0.7 });
    if (near) { draw.dots(found.gates, { fillColor: colour("ground"), color: colour("barrier"), radius: 2 }); }
    draw.line(found.boundary, { color: colour("boundary"), weight: 1.8, dash: [9, 4, 2, 4] });
  }

  map.createPane(pane).style.zIndex = 200;
  map.getPane(pane).style.pointerEvents = "none";
  return new faellesrum.Painter(paint, { pane, padding: 0.2 }).addTo(map);
};

// Street names along the straightest stretch of each street in view, never over one another.
faellesrum.streetNames = function* (map, data, decode, named, pane) {
  "use strict";
  const unit = 1 / data.config.units_per_degree, streets = [];
  let handled = 0;
  for (const street of named) {
    const lines = Array.from(decode.units(street.line), ({ xy }) => xy);
    streets.push({ name: street.name, lines });
    handled += lines.reduce((sum, xy) => sum + xy.length / 2, 0);
    if (handled > 1000) { yield handled; handled = 0; }
  }
  const FONT = 11, FROM_ZOOM = 15.5, REPEAT = 420, INSET = 20;
  const Names = L.Layer.extend({
    onAdd(m) {
      this._canvas = L.DomUtil.create("canvas", "leaflet-zoom-hide", m.getPane(pane));
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
      const taken = [], min = map.containerPointToLayerPoint([0, 0]);
      const view = faellesrum.transform(map, data.origin.map((v) => v * unit), unit, { min, ratio: 1 });
      for (const street of streets) { this.letter(context, street, size, view, taken); }
    },
    letter(context, street, size, { scale, x, y }, taken) {
      const needed = context.measureText(street.name).width + 10;
      const found = [];
      for (const xy of street.lines) {
        const points = [];
        for (let k = 0; k < xy.length; k += 2) { points.push(L.point(xy[k] * scale + x, xy[k + 1] * scale + y)); }
        if (!points.some((at) => at.x > -size.x && at.y > -size.y && at.x < 2 * size.x && at.y < 2 * size.y)) { continue; }
        for (const stretch of straight(points)) {
          const [a, b] = stretch;
          const length = a.distanceTo(b);
          const at = a.add(b).divideBy(2);
          if (length < needed || at.x < INSET || at.y < INSET || at.x > size.x - INSET || at.y > size.y - INSET) { continue; }
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
  map.createPane(pane).style.zIndex = 360; // above the ground, walks and views
  map.getPane(pane).style.pointerEvents = "none";
  const names = new Names().addTo(map);
  yield 1;
  return () => names.draw();
};
