// What the studio's page asks the server, and what it is told.
/** @import { Payload } from "./payload.js" */

/**
 * @typedef {object} Tool
 * @property {string} id
 * @property {string} layer
 * @property {"point" | "line" | "area"} shape
 * @property {string[]} fields asked for
 */
/** @typedef {{ id: string, layers: string[] }} Verb */
/** @typedef {"look" | "comment" | "edit"} Role what who sits here may do */
/** @typedef {Payload & { role: Role, shared: boolean, studio: { tools: Tool[], verbs: Verb[], kinds: string[] } }} FirstSight */
/** @typedef {{ number: number, at: string, role: Role, by: string, text: string, lon: number, lat: number, space: string | null, settled: boolean }} Comment at: the moment */
/** @typedef {{ type: string, coordinates: any }} Geometry GeoJSON, longitude and latitude */
/** @typedef {{ properties: Record<string, string>, geometry: Geometry | null, about: Thing | null }} Stroke about: the thing it names, as it lies there */
/** @typedef {{ name: string, strokes: Stroke[], done: number, undone: number }} Variant */
/** @typedef {{ variants: Variant[], corrections: Variant, comments: Comment[] }} State */
/** @typedef {{ id: string, layer: string, kind: string | null, name: string | null, address: string | null, length_m: number | null, area_m2: number | null, answers: Record<string, string>, geometry: Geometry }} Thing */
/** @typedef {Record<string, string>} Said by language */
/** @typedef {{ id: string, dwellings: Record<string, number>, median: (number | null)[] }} LensSum */

/**
 * @typedef {object} Sum What the strokes do to the homes.
 * @property {number} points
 * @property {Record<string, number>} dwellings by what becomes of them
 * @property {(number | null)[]} median before and after
 * @property {(number | null)[]} tenth before and after
 * @property {LensSum[]} lenses
 */
/** @typedef {{ state: "lost" | "new" | "changed", before: string | null, after: string | null, scores: (number | null)[], tiers: (string | null)[] }} SpaceChange */
/** @typedef {{ at: [number, number], address: string | null, dwellings: number, before: number | null, after: number | null, state: string }} Door */

/**
 * @typedef {object} Glance What is told first of a look.
 * @property {string} variant
 * @property {number} number
 * @property {number} seconds
 * @property {Sum} sum
 * @property {SpaceChange[]} spaces
 * @property {Door[]} doors
 */

/**
 * @typedef {object} Rest What follows: the map, tiers, and one example in words.
 * @property {Pick<Payload, "config" | "context" | "spaces" | "places" | "possible"> & Partial<Pick<Payload, "stairs">>} tables
 * @property {SpaceChange[]} spaces
 * @property {Record<string, string | null>} example
 */
/** @typedef {Glance & Rest} Look */
/** @typedef {Sum & { name: string, drawn: number }} Compared */
/** @typedef {Sum & { name: string }} PhaseSum What a phase means, the first first. */
/** @typedef {State & { variant?: string, feature?: string | null, remarks?: string[] }} Done */

/**
 * @typedef {object} Listener
 * @property {(state: State) => void} state
 * @property {(glance: Glance) => void} glance
 * @property {(rest: Rest & { variant: string, number: number }) => void} look
 * @property {(told: { variant: string, number: number, lenses: LensSum[] }) => void} lenses
 * @property {(told: { variant: string, number: number, phases: PhaseSum[] }) => void} phases
 * @property {(told: { variant: string, number: number, said: Said }) => void} failed
 * @property {() => void} table everything is another by now
 * @property {(there: boolean) => void} connected
 */

/** What the server refuses, in words. */
export class Refused extends Error {
  /** @param {Said} said */
  constructor(said) {
    super(said.en);
    this.said = said;
  }
}

/** @param {Response} answer @returns {Promise<never>} */
async function refused(answer) {
  const text = await answer.text();
  throw new Refused(answer.headers.get("content-type")?.startsWith("application/json") ? JSON.parse(text).said : { da: text, en: text });
}

/**
 * What was answered; what is refused is thrown.
 *
 * @param {Response} answer
 * @returns {Promise<any>}
 */
export function read(answer) { return answer.ok ? answer.json() : refused(answer); }

/**
 * Ask for something to be done.
 *
 * @param {string} path
 * @param {object} body
 * @returns {Promise<any>}
 */
export function send(path, body) {
  return fetch(path, { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) }).then(read);
}

/** Make what talks to the server. */
export function createTalk() {
  return {
    /** @returns {Promise<FirstSight>} */
    first: async () => ({ ...await read(await fetch("/data.json")), ...await read(await fetch("/api/role")) }),
    /** @param {string} act @param {string} variant @param {object} [more] @returns {Promise<Done>} */
    act: (act, variant, more) => send("/api/do", { act, variant, ...more }),
    /** @param {{ by: string, text: string, at: number[] }} said @returns {Promise<State>} */
    comment: (said) => send("/api/comment", said),
    /** @param {number} number @param {boolean} settled @returns {Promise<State>} */
    settle: (number, settled) => send("/api/settle", { number, settled }),
    /** @param {string} role @returns {Promise<{ address: string }>} */
    invite: (role) => send("/api/invite", { role }),
    /** @param {string} variant */
    look: (variant) => send("/api/look", { variant }),
    /** @returns {Promise<{ variants: Compared[] }>} */
    compare: () => send("/api/compare", {}),
    /** @param {string} variant @param {L.LatLng} at @param {number} within @returns {Promise<{ things: Thing[], others: Thing[] }>} */
    at: async (variant, at, within) => read(await fetch("/api/at?" + new URLSearchParams({ variant, lon: String(at.lng), lat: String(at.lat), within: String(within) }))),
    /** @param {Listener} on */
    listen(on) {
      const source = new EventSource("/api/events");
      for (const kind of /** @type {("state" | "glance" | "look" | "lenses" | "phases" | "failed" | "table")[]} */ (["state", "glance", "look", "lenses", "phases", "failed", "table"])) {
        source.addEventListener(kind, (event) => on[kind](JSON.parse(event.data)));
      }
      source.addEventListener("open", () => on.connected(true));
      source.addEventListener("error", () => on.connected(false));
    },
  };
}
/** @typedef {ReturnType<typeof createTalk>} Talk */
