// How far one walks from a place in five and ten minutes, and what is seen from it. The walks are walked
// here, on the graph and from the entries that Python gives; what is seen is Python's.
faellesrum.reach = function (map, data, decode) {
  "use strict";
  const coded = data.reach, shown = { walks: true, view: true };
  const group = L.layerGroup();
  let chosen = null, lines = null, arcs = null, views = null;
  if (!coded) { return { choose() {}, toggle() {}, restyle() {}, shown, legend: () => [], available: false }; }
  map.createPane("reach").style.zIndex = 350;
  map.getPane("reach").style.pointerEvents = "none";
  const renderer = L.canvas({ pane: "reach", padding: 0.3 });
  group.addTo(map);
  const locked = new Set(coded.locked), DM = 10;

  // Edges by node, made when the first walk is asked for.
  function prepare() {
    if (arcs) { return; }
    lines = decode.rings(coded.lines);
    views = decode.features(coded.views);
    arcs = Array.from({ length: coded.nodes }, () => []);
    coded.start.forEach((node, e) => { arcs[node].push(e); arcs[coded.end[e]].push(e); });
  }
  function siteOf([kind, i]) { return coded.site[kind === "space" ? "spaces" : "places"][i]; }

  // Shortest distances in decimetres to all nodes within the limit, from the entries of a site.
  function distances(site, limit) {
    prepare();
    const found = new Float64Array(coded.nodes).fill(Infinity), heap = [];
    const seed = (node, d) => { if (d < found[node] && d <= limit) { found[node] = d; push(heap, [d, node]); } };
    for (let k = coded.first[site]; k < coded.first[site + 1]; k++) {
      const e = coded.way[k];
      seed(coded.start[e], coded.leg[k] + coded.offset[k]);
      seed(coded.end[e], coded.leg[k] + coded.length[e] - coded.offset[k]);
    }
    while (heap.length) {
      const [d, node] = pop(heap);
      if (d > found[node] || locked.has(node)) { continue; } // nobody passes a locked gate
      for (const e of arcs[node]) { seed(coded.start[e] === node ? coded.end[e] : coded.start[e], d + coded.length[e]); }
    }
    return found;
  }
  function push(heap, item) {
    let at = heap.push(item) - 1;
    while (at > 0 && heap[(at - 1) >> 1][0] > heap[at][0]) {
      [heap[at], heap[(at - 1) >> 1]] = [heap[(at - 1) >> 1], heap[at]];
      at = (at - 1) >> 1;
    }
  }
  function pop(heap) {
    const top = heap[0], last = heap.pop();
    if (heap.length) {
      heap[0] = last;
      for (let at = 0; ;) {
        let least = at;
        for (const child of [2 * at + 1, 2 * at + 2]) { if (child < heap.length && heap[child][0] < heap[least][0]) { least = child; } }
        if (least === at) { break; }
        [heap[at], heap[least]] = [heap[least], heap[at]];
        at = least;
      }
    }
    return top;
  }
  // Reached stretches of each edge, as [edge, from, to] in decimetres.
  function stretches(site, limit) {
    const far = distances(site, limit), found = new Map();
    const add = (e, from, to) => {
      const a = Math.max(0, from), b = Math.min(coded.length[e], to);
      if (b > a) { if (!found.has(e)) { found.set(e, []); } found.get(e).push([a, b]); }
    };
    const passes = (node) => far[node] <= limit && !locked.has(node);
    coded.start.forEach((start, e) => {
      const end = coded.end[e];
      if (passes(start)) { add(e, 0, limit - far[start]); }
      if (passes(end)) { add(e, coded.length[e] - (limit - far[end]), coded.length[e]); }
    });
    for (let k = coded.first[site]; k < coded.first[site + 1]; k++) {
      const left = limit - coded.leg[k];
      if (left > 0) { add(coded.way[k], coded.offset[k] - left, coded.offset[k] + left); }
    }
    return Array.from(found, ([e, parts]) => joined(parts).map(([a, b]) => [e, a, b])).flat();
  }
  function joined(parts) {
    const out = [];
    for (const part of parts.sort((one, other) => one[0] - other[0])) {
      const last = out[out.length - 1];
      if (last && part[0] <= last[1]) { last[1] = Math.max(last[1], part[1]); } else { out.push(part.slice()); }
    }
    return out;
  }
  // Part of an edge's line between two distances along it.
  function cut([e, from, to]) {
    const line = lines[e], length = coded.length[e];
    if (from <= 0 && to >= length) { return line; }
    const steps = line.slice(1).map((at, k) => map.distance(line[k], at));
    const whole = steps.reduce((sum, step) => sum + step, 0), a = (from / length) * whole, b = (to / length) * whole, out = [];
    let gone = 0;
    steps.forEach((step, k) => {
      const next = gone + step;
      if (next >= a && gone <= b && step > 0) {
        const between = (d) => {
          const s = Math.min(Math.max((d - gone) / step, 0), 1);
          return L.latLng(line[k].lat + s * (line[k + 1].lat - line[k].lat), line[k].lng + s * (line[k + 1].lng - line[k].lng));
        };
        if (!out.length) { out.push(between(a)); }
        out.push(between(b));
      }
      gone = next;
    });
    return out;
  }

  function restyle() {
    group.clearLayers();
    const site = chosen ? siteOf(chosen) : -1;
    if (site < 0) { return; }
    prepare();
    const colour = faellesrum.colour;
    if (shown.walks) {
      const walks = coded.walks.slice().reverse();
      const all = walks.map((walk) => stretches(site, walk.metres * DM).map(cut));
      walks.forEach((walk, k) => {
        const style = { renderer, pane: "reach", interactive: false, smoothFactor: 0.5, opacity: 1, lineCap: "round" };
        L.polyline(all[k], { ...style, color: colour("walk-halo"), weight: walk.minutes > 5 ? 3.2 : 3.8 }).addTo(group);
        L.polyline(all[k], { ...style, color: colour("walk-" + walk.minutes), weight: walk.minutes > 5 ? 1.5 : 2, dashArray: walk.minutes > 5 ? "4 4" : null, lineCap: "butt" }).addTo(group);
      });
    }
    if (shown.view && views[site].length) {
      L.polygon(views[site], {
        renderer, pane: "reach", interactive: false, fillRule: "nonzero", color: colour("seen"), weight: 1.2, dashArray: "2 3",
        fillColor: colour("seen"), fillOpacity: 0.16,
      }).addTo(group);
    }
  }
  function choose(kind, i) {
    const next = kind === null ? null : [kind, i];
    if (String(next) !== String(chosen)) { chosen = next; restyle(); }
  }
  function toggle(name, on) { shown[name] = on; restyle(); }
  // What is drawn now, for the legend.
  function legend() {
    if (!chosen || siteOf(chosen) < 0) { return []; }
    return [
      ...(shown.walks ? coded.walks.map((walk) => ["walk-" + walk.minutes, "map.reach.walk", { minutes: walk.minutes }]) : []),
      ...(shown.view ? [["seen", "map.reach.view", { metres: coded.seen }]] : []),
    ];
  }
  // For those who check: metres of way within a walk.
  function metres(kind, i, limit) { return stretches(siteOf([kind, i]), limit * DM).reduce((sum, [, a, b]) => sum + b - a, 0) / DM; }
  return { choose, toggle, restyle, shown, legend, metres, available: true };
};
