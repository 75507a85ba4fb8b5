// The base map: ground and street names, once, or before and after a plan; or tiles that somebody has asked for.
import { createRelief, decodeGround, drawGround } from "./ground.js";
import { decodePaths } from "./painter.js";
import { drawStreetNames } from "./streets.js";
/** @import { Decoder } from "./decode.js" */
/** @import { Painter } from "./painter.js" */
/** @import { Payload } from "./payload.js" */
/** @import { Side } from "./plan.js" */
/** @import { Invitations } from "./ground.js" */

/** @type {Invitations} */
const NOTHING = { rooms: [], pluses: [] };

/**
 * Draw ground and street names of each side; what draws them again goes into `repainted` as soon as it is there,
 * and what draws the ground comes back.
 *
 * @param {L.Map} map
 * @param {Payload} data
 * @param {Decoder} decode
 * @param {Side[]} sides
 * @param {(() => void)[]} repainted
 * @param {() => boolean} invited whether rooms on which nothing is mapped are shown
 * @returns {Generator<number, () => void, void>}
 */
export function* drawBase(map, data, decode, sides, repainted, invited) {
  const paneOf = (/** @type {string} */ part, /** @type {Side} */ side) => (data.plan ? part + "-" + side : part);
  /** @type {Painter[]} */
  const grounds = [];
  const paintGround = () => { for (const ground of grounds) { ground.paint(); } };
  const shade = createRelief(data.relief, decode, paintGround);
  const same = yield* decodeGround(decode, data.base);
  for (const side of sides) {
    const paths = data.plan ? yield* decodeGround(decode, data.plan.ground[side], same) : same;
    const { possible } = side === "before" && data.plan ? data.plan.before : data, pluses = decode.unitPoints(possible.at);
    const rooms = yield* decodePaths(decode, possible, true);
    grounds.push(drawGround(map, data, paths, paneOf("ground", side), shade, () => (invited() ? { rooms, pluses } : NOTHING)));
    yield 1;
  }
  repainted.push(paintGround);
  for (const side of sides) {
    const { streets } = data.plan ? data.plan.ground[side] : data.base;
    repainted.push(yield* drawStreetNames(map, data, decode, streets, paneOf("names", side)));
  }
  if (!data.config.tiles) { return paintGround; }
  for (const name of sides.flatMap((side) => [paneOf("ground", side), paneOf("names", side)])) {
    const pane = map.getPane(name);
    if (pane) { pane.style.display = "none"; }
  }
  return paintGround;
}
