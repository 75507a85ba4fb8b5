// What meeting spaces and places are called, and which places lie in which meeting space.
/** @import { Payload } from "./payload.js" */
/** @import { Words } from "./words.js" */

/** @typedef {ReturnType<typeof createNames>} Names */
/** @typedef {"space" | "place"} ObjectKind */

const KINDS_IN_A_NAME = 3;

/**
 * Make the names of the objects of a result.
 *
 * @param {Payload} data
 * @param {Words} words
 */
export function createNames(data, words) {
  const { spaces, places } = data, t = words.t;
  /** @type {number[][]} */
  const members = spaces.id.map(() => []);
  /** @type {Map<string | null, number>} */
  const homes = new Map(spaces.id.map((id, i) => [id, i]));
  places.space.forEach((space, p) => { members[homes.get(space) ?? -1]?.push(p); });

  /** @param {number} i */
  function kindsOf(i) { return (spaces.kinds[i] || "").split(";").filter(Boolean); }
  // The kinds of places in a meeting space.
  /** @param {number} i */
  function kindsText(i) {
    const kinds = kindsOf(i), count = spaces.count[i] || kinds.length;
    if (kinds.length === 1 && count > 1) { return words.plural(kinds[0], count); }
    return words.join(kinds.map((kind, n) => (n ? words.lower(words.kind(kind)) : words.kind(kind)))) || words.kind("other");
  }
  /** @param {number} i @returns {string} */
  function spaceName(i) {
    const name = spaces.name[i], street = spaces.street[i], kinds = kindsOf(i);
    if (name) { return name; }
    const short = kinds.length > KINDS_IN_A_NAME ? words.kind(kinds[0]) + ", " + words.lower(words.kind(kinds[1])) + " …" : kindsText(i);
    return street ? t("map.list.near", { name: short, street }) : short;
  }
  /** @param {number} i */
  function placeName(i) {
    const kind = words.kind(places.kind[i]);
    return places.name[i] ? places.name[i] + " (" + words.lower(kind) + ")" : kind;
  }
  // The kinds, where the name does not say them already.
  /** @param {number} i */
  function kindsBesideName(i) { return spaces.name[i] || kindsOf(i).length > KINDS_IN_A_NAME ? kindsText(i) : ""; }
  return {
    kindsText, kindsBesideName, spaceName, placeName,
    /** @param {ObjectKind} kind @param {number} i */
    nameOf: (kind, i) => (kind === "space" ? spaceName(i) : placeName(i)),
    /** Places in a meeting space.
     * @param {number} i */
    placesIn: (i) => members[i],
    /** Meeting space of a place; null without.
     * @param {number} place */
    spaceOf: (place) => homes.get(places.space[place]) ?? null,
  };
}
