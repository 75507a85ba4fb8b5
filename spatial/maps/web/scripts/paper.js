// For paper, one picture in the place of the canvases that lie over one another: printed one by one, each
// would be white where it is empty and hide those below.
faellesrum.paper = function (map) {
  "use strict";
  const RATIO = 2, BEFORE = /-before-pane/;
  let picture = null;
  function lay() {
    const size = map.getSize(), container = map.getContainer();
    map.eachLayer((layer) => { if (layer instanceof L.Canvas && layer._bounds) { layer._redraw(); } }); // now: paper does not wait for a frame
    picture = L.DomUtil.create("canvas", "fr-paper", map.getPane("paper") || map.createPane("paper"));
    map.getPane("paper").style.zIndex = 450;
    picture.width = size.x * RATIO;
    picture.height = size.y * RATIO;
    picture.style.width = size.x + "px";
    picture.style.height = size.y + "px";
    L.DomUtil.setPosition(picture, map.containerPointToLayerPoint([0, 0]));
    const context = picture.getContext("2d");
    context.scale(RATIO, RATIO);
    context.fillStyle = faellesrum.colour("ground");
    context.fillRect(0, 0, size.x, size.y);
    const panes = Object.values(map.getPanes()).filter((pane) => pane.parentElement === map.getPane("mapPane") && !BEFORE.test(pane.className));
    panes.sort((a, b) => Number(getComputedStyle(a).zIndex) - Number(getComputedStyle(b).zIndex));
    for (const canvas of panes.flatMap((pane) => Array.from(pane.querySelectorAll("canvas:not(.fr-paper)")))) {
      if (!canvas.width || getComputedStyle(canvas.parentElement).display === "none") { continue; }
      const at = map.layerPointToContainerPoint(L.DomUtil.getPosition(canvas));
      context.drawImage(canvas, at.x, at.y, parseFloat(canvas.style.width) || canvas.width, parseFloat(canvas.style.height) || canvas.height);
    }
    container.classList.add("fr-printing");
  }
  function lift() {
    map.getContainer().classList.remove("fr-printing");
    if (picture) { picture.remove(); picture = null; }
  }
  return { lay, lift };
};
