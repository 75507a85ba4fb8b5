// What is shown stands in the address, so that a link or a bookmark shows it again:
// #lang=en&by=openness&show=space:osm:way/1&w=openness:2,mixing:0&i=lit_share:3&at=17/53.56/13.26
faellesrum.state = function () {
  "use strict";
  const KEYS = ["lang", "theme", "by", "lens", "show", "w", "i", "swipe", "off", "at", "find"];
  function pairs(text) {
    const found = {};
    for (const part of (text || "").split(",")) {
      const at = part.lastIndexOf(":"), weight = Number(part.slice(at + 1));
      if (at > 0 && part.slice(at + 1) !== "" && weight >= 0 && weight < 1000) { found[part.slice(0, at)] = weight; }
    }
    return found;
  }
  function read() {
    let values;
    try { values = new URLSearchParams(window.location.hash.slice(1)); } catch { values = new URLSearchParams(); }
    const at = (values.get("at") || "").split("/").map(Number);
    return {
      lang: values.get("lang"), by: values.get("by"), lens: values.get("lens"), theme: values.get("theme"), show: values.get("show"), find: values.get("find") || "",
      weights: values.has("w") || values.has("i") ? { aspects: pairs(values.get("w")), indicators: pairs(values.get("i")) } : null,
      swipe: values.has("swipe") && Number(values.get("swipe")) >= 0 && Number(values.get("swipe")) <= 100 ? Number(values.get("swipe")) / 100 : null,
      off: (values.get("off") || "").split(",").filter(Boolean),
      view: at.length === 3 && at.every(Number.isFinite) ? { zoom: at[0], center: [at[1], at[2]] } : null,
    };
  }
  const joined = (weights) => Object.entries(weights).map(([key, weight]) => key + ":" + Math.round(weight * 1000) / 1000).join(",");
  function text(state) {
    const values = {
      lang: state.lang, theme: state.theme, by: state.by,
      swipe: state.swipe === null || state.swipe === undefined ? null : String(Math.round(state.swipe * 100)), off: (state.off || []).join(","), lens: state.lens, show: state.show, find: state.find,
      w: state.weights && joined(state.weights.aspects), i: state.weights && joined(state.weights.indicators),
      at: state.view && [state.view.zoom, state.view.center[0].toFixed(5), state.view.center[1].toFixed(5)].join("/"),
    };
    const parts = KEYS.filter((key) => values[key]).map((key) => key + "=" + encodeURIComponent(values[key]).replace(/%(3A|2F|2C)/g, decodeURIComponent));
    return parts.length ? "#" + parts.join("&") : "";
  }
  function write(state) {
    const wanted = text(state);
    if (wanted === window.location.hash) { return; }
    // Not every viewer of attachments lets a page have a history; then the page works without.
    try { window.history.replaceState(null, "", wanted || window.location.pathname + window.location.search); } catch { /* shown all the same */ }
  }
  return { read, write, text };
};
