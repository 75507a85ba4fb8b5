// For paper, one picture in the place of the canvases that lie over one another: printed one by one, each
// would be white where it is empty and hide those below.
import { colour } from "./colours.js";
import { contextOf, fitCanvas } from "./painter.js";

const PAPER_RATIO = 2, BEFORE_PLAN = /-before-pane/;

/** @typedef {ReturnType<typeof createPaper>} Paper */

/**
 * Make what lays the picture over the map and lifts it again.
 *
 * @param {L.Map} map
 */
export function createPaper(map) {
  /** @type {HTMLCanvasElement | null} */
  let picture = null;
  function lay() {
    const size = map.getSize(), pane = map.getPane("paper") || map.createPane("paper");
    map.eachLayer((layer) => { if (layer instanceof L.Canvas && layer._bounds) { layer._redraw(); } }); // now: paper does not wait for a frame
    picture = L.DomUtil.create("canvas", "fr-paper", pane);
    pane.style.zIndex = "450";
    fitCanvas(picture, size, PAPER_RATIO);
    L.DomUtil.setPosition(picture, map.containerPointToLayerPoint([0, 0]));
    const context = contextOf(picture);
    context.scale(PAPER_RATIO, PAPER_RATIO);
    context.fillStyle = colour("ground");
    context.fillRect(0, 0, size.x, size.y);
    for (const canvas of canvases(map)) {
      const at = map.layerPointToContainerPoint(L.DomUtil.getPosition(canvas));
      context.drawImage(canvas, at.x, at.y, parseFloat(canvas.style.width) || canvas.width, parseFloat(canvas.style.height) || canvas.height);
    }
    map.getContainer().classList.add("fr-printing");
  }
  function lift() {
    map.getContainer().classList.remove("fr-printing");
    picture?.remove();
    picture = null;
  }
  return { lay, lift };
}

// What is drawn on the map, the lowest first.
/** @param {L.Map} map */
function canvases(map) {
  const panes = Object.values(map.getPanes()).filter((pane) => pane.parentElement === map.getPane("mapPane") && !BEFORE_PLAN.test(pane.className));
  panes.sort((a, b) => Number(getComputedStyle(a).zIndex) - Number(getComputedStyle(b).zIndex));
  return panes.flatMap((pane) => Array.from(pane.querySelectorAll("canvas")))
    .filter((canvas) => canvas.className !== "fr-paper" && canvas.width && canvas.parentElement && getComputedStyle(canvas.parentElement).display !== "none");
}
