// What meeting spaces and places are called, as Python names them, and which places lie in which meeting space.
/** @import { Payload, Table } from "./payload.js" */
/** @import { Words } from "./words.js" */

/** @typedef {ReturnType<typeof createNames>} Names */
/** @typedef {"space" | "place"} ObjectKind */

/**
 * Make the names of the objects of a result.
 *
 * @param {Payload} data
 * @param {Words} words
 */
export function createNames(data, words) {
  const { spaces, places } = data;
  /** @type {number[][]} */
  const members = spaces.id.map(() => []);
  /** @type {Map<string | null, number>} */
  const homes = new Map(spaces.id.map((id, i) => [id, i]));
  places.space.forEach((space, p) => { members[homes.get(space) ?? -1]?.push(p); });

  /** @param {Table} table @param {number} i */
  function nameIn(table, i) { return table.name[words.lang][i]; }
  /** @param {number} i */
  function spaceName(i) { return nameIn(spaces, i); }
  /** @param {number} i */
  function placeName(i) { return nameIn(places, i); }
  return {
    spaceName, placeName,
    /** @param {ObjectKind} kind @param {number} i */
    nameOf: (kind, i) => nameIn(kind === "space" ? spaces : places, i),
    /** The kinds of what is there, where the name does not say them.
     * @param {ObjectKind} kind @param {number} i */
    aboutOf: (kind, i) => (kind === "space" ? spaces : places).about[words.lang][i] ?? "",
    /** Places in a meeting space.
     * @param {number} i */
    placesIn: (i) => members[i],
    /** Meeting space of a place; null without.
     * @param {number} place */
    spaceOf: (place) => homes.get(places.space[place]) ?? null,
  };
}
