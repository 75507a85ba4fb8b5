// Positions out of the few bytes in which they travel.
/** @import { Features, Payload, Rings } from "./payload.js" */

/** @typedef {ReturnType<typeof createDecoder>} Decoder */
/** @typedef {{ xy: Float64Array, hole: boolean }} Ring vertices in units from the origin; whether it is a hole of an area */

/**
 * Make what decodes the geometry of a page, as Leaflet's positions or in units from the origin.
 *
 * @param {Payload} data
 */
export function createDecoder(data) {
  const unit = 1 / data.config.units_per_degree;
  const [lon0, lat0] = data.origin;
  // Steps between vertices, running on from ring to ring, back into rings of positions.
  /** @param {Rings} coded */
  function rings(coded) {
    let x = lon0, y = lat0, k = 0;
    return coded.n.map((count) => {
      /** @type {L.LatLng[]} */
      const ring = new Array(count);
      for (let i = 0; i < count; i++) {
        x += coded.d[k++];
        y += coded.d[k++];
        ring[i] = new L.LatLng(y * unit, x * unit);
      }
      return ring;
    });
  }
  /** @param {number[]} flat */
  function points(flat) {
    const positions = [];
    for (let k = 0; k < flat.length; k += 2) {
      positions.push(new L.LatLng((lat0 + flat[k + 1]) * unit, (lon0 + flat[k]) * unit));
    }
    return positions;
  }
  /** @param {Features} coded */
  function features(coded) {
    const all = rings(coded);
    let start = 0;
    return coded.rings.map((count) => all.slice(start, (start += count)));
  }
  // As `rings`, one by one, but in units from the origin, x east and y south in the Mercator measure; and
  // whether a ring of an area is a hole: shells run counter-clockwise, holes clockwise.
  const degree = Math.PI / 180, mercator = (/** @type {number} */ lat) => Math.log(Math.tan(Math.PI / 4 + lat * degree / 2)) / degree / unit;
  const top = mercator(lat0 * unit), south = (/** @type {number} */ y) => top - mercator((lat0 + y) * unit);
  /** @param {Rings} coded @returns {Generator<Ring, void, void>} */
  function* units(coded) {
    let x = 0, y = 0, k = 0;
    for (const count of coded.n) {
      const xy = new Float64Array(2 * count);
      for (let i = 0; i < 2 * count; i += 2) {
        x += coded.d[k++];
        y += coded.d[k++];
        xy[i] = x;
        xy[i + 1] = south(y);
      }
      yield { xy, hole: twiceArea(xy) > 0 };
    }
  }
  /** @param {number[]} flat */
  function unitPoints(flat) { return flat.map((value, k) => (k % 2 ? south(value) : value)); }
  return { rings, points, features, units, unitPoints };
}

/** @param {Float64Array} xy */
function twiceArea(xy) {
  let twice = 0;
  for (let i = 0, last = xy.length - 2; i < xy.length; last = i, i += 2) { twice += xy[last] * xy[i + 1] - xy[i] * xy[last + 1]; }
  return twice;
}
