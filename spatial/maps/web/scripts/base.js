// The base map: ground and street names, once, or before and after a plan; or tiles that somebody has asked for.
import { createRelief, decodeGround, drawGround } from "./ground.js";
import { drawStreetNames } from "./streets.js";
/** @import { Decoder } from "./decode.js" */
/** @import { Painter } from "./painter.js" */
/** @import { Payload } from "./payload.js" */
/** @import { Work } from "./pieces.js" */
/** @import { Side } from "./plan.js" */

/**
 * Draw ground and street names of each side; what draws them again goes into `repainted` as soon as it is there.
 *
 * @param {L.Map} map
 * @param {Payload} data
 * @param {Decoder} decode
 * @param {Side[]} sides
 * @param {(() => void)[]} repainted
 * @returns {Work}
 */
export function* drawBase(map, data, decode, sides, repainted) {
  const paneOf = (/** @type {string} */ part, /** @type {Side} */ side) => (data.plan ? part + "-" + side : part);
  /** @type {Painter[]} */
  const grounds = [];
  const shade = createRelief(data.relief, decode, () => { for (const ground of grounds) { ground.paint(); } });
  const same = yield* decodeGround(decode, data.base);
  for (const side of sides) {
    const paths = data.plan ? yield* decodeGround(decode, data.plan.ground[side], same) : same;
    const ground = drawGround(map, data, paths, paneOf("ground", side), shade);
    grounds.push(ground);
    repainted.push(() => ground.paint());
    yield 1;
  }
  for (const side of sides) {
    const { streets } = data.plan ? data.plan.ground[side] : data.base;
    repainted.push(yield* drawStreetNames(map, data, decode, streets, paneOf("names", side)));
  }
  if (!data.config.tiles) { return; }
  for (const name of sides.flatMap((side) => [paneOf("ground", side), paneOf("names", side)])) {
    const pane = map.getPane(name);
    if (pane) { pane.style.display = "none"; }
  }
}
