// Rooms on which nothing is mapped: an invitation beneath the meeting spaces, which can be switched off.
import { colour } from "./colours.js";
import { Painter, createBrush, createPane, decodePaths, transformOf } from "./painter.js";
/** @import { Decoder } from "./decode.js" */
/** @import { Payload } from "./payload.js" */

/** @typedef {{ paint: () => void, show: (on: boolean) => void }} PossibleLayer */

const DASH_PX = [5, 4], EDGE_PX = 1.2;

/**
 * Draw the rooms of a result.
 *
 * @param {L.Map} map
 * @param {Payload} data
 * @param {Decoder} decode
 * @param {string} pane
 * @returns {Generator<number, PossibleLayer, void>}
 */
export function* drawPossible(map, data, decode, pane) {
  const rooms = yield* decodePaths(decode, data.possible, true);
  const box = createPane(map, pane, 380);
  const painter = new Painter((context, place) => {
    const brush = createBrush(context, transformOf(map, data, place), place.size);
    brush.fill(rooms, colour("possible"));
    brush.line(rooms, { color: colour("possible-edge"), weight: EDGE_PX, dash: DASH_PX });
  }, { pane, padding: 0.1 }).addTo(map);
  return { paint: () => painter.paint(), show(on) { box.style.display = on ? "" : "none"; } };
}
