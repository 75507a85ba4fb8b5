// What folium's templates expect beside Leaflet, in as little as they use of it.

/**
 * Stand in for jQuery, for a pin of Leaflet's from this page, and for the plugin behind folium.Icon.
 *
 * @param {Record<string, string>} icons data URIs of Leaflet's pin, by file name
 */
export function standInForPlugins(icons) {
  const globals = /** @type {any} */ (window), leaflet = /** @type {any} */ (L);
  globals.$ ??= selectLikeJQuery;
  leaflet.Icon.Default.imagePath = "";
  leaflet.Icon.Default.mergeOptions({
    iconUrl: icons["marker-icon.png"], iconRetinaUrl: icons["marker-icon-2x.png"], shadowUrl: icons["marker-shadow.png"],
  });
  // Fonts of the awesome-markers plugin are elsewhere: the pin instead.
  leaflet.AwesomeMarkers ??= { icon: () => new L.Icon.Default() };
}

/**
 * folium.Popup writes $(`<html>`)[0]; folium.Map writes $(document).ready(f).
 *
 * @param {string | Document | (() => void)} what
 */
function selectLikeJQuery(what) {
  if (typeof what === "function") { what(); return [what]; }
  if (typeof what !== "string") { return Object.assign([what], { ready: (/** @type {() => void} */ f) => f() }); }
  const template = document.createElement("template");
  template.innerHTML = what.trim();
  return Array.from(template.content.children);
}
