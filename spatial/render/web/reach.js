// How far one walks from a place in five and ten minutes, and what is seen from it.
faellesrum.reach = function (map, data, decode) {
  "use strict";
  const shown = { walks: true, view: true };
  const group = L.layerGroup().addTo(map);
  let chosen = null;
  function choose(kind, i) { chosen = kind === null ? null : [kind, i]; restyle(); }
  function toggle(name, on) { shown[name] = on; restyle(); }
  function restyle() { group.clearLayers(); }
  return { choose, toggle, restyle, shown, drawn: () => ({ walks: false, view: false }) };
};
