// Words beside the map: list, details, popup and legend of one result.
import { createDetails } from "./details.js";
import { createLegend } from "./legend.js";
import { createList } from "./list.js";
import { createMarks } from "./marks.js";
import { createNames } from "./names.js";
/** @import { ObjectKind } from "./names.js" */
/** @import { Payload } from "./payload.js" */
/** @import { PlanRow, Side } from "./plan.js" */
/** @import { CountRow } from "./observed.js" */
/** @import { Overlays, ReachRow } from "./reach.js" */
/** @import { Scale } from "./scale.js" */
/** @import { Scoring } from "./scoring.js" */
/** @import { Theme } from "./theme.js" */
/** @import { Words } from "./words.js" */

/** @typedef {ReturnType<typeof createPanel>} Panel */

/**
 * @typedef {object} Handlers What the panel asks of the page around it, and tells it.
 * @property {(i: number) => void} space shows a meeting space on the map and beside it
 * @property {(i: number) => void} place
 * @property {() => void} back to the overview
 * @property {(kind: ObjectKind, i: number) => void} details
 * @property {(code: string) => void} language
 * @property {Pick<Theme, "next" | "turn">} theme
 * @property {(name: string) => void} by what the fill shows
 * @property {(on: boolean) => void} relative shows differences within the estate, or the scale that all maps have
 * @property {(text: string) => void} find
 * @property {(at: number[], name: string) => void} address shows an address on the map
 * @property {() => Overlays | null} overlays
 * @property {(name: keyof Overlays, shown: boolean) => void} overlay
 * @property {() => boolean} possible whether rooms on which nothing is mapped are shown
 * @property {(shown: boolean) => void} showPossible
 * @property {() => ReachRow[]} reached rows of the legend
 * @property {() => PlanRow[]} planned
 * @property {() => CountRow[]} counted
 * @property {(kind: ObjectKind, i: number) => HTMLElement | null} ofPlan what a plan does to an object
 * @property {(kind: ObjectKind, i: number) => HTMLElement | null} ofCounts how many people were counted there
 * @property {(side: Side, i: number) => void} changed shows a meeting space before or after a plan
 * @property {(side: Side, i: number) => string} nameOf
 */

/**
 * Make what writes beside the map.
 *
 * @param {Payload} data
 * @param {Words} words
 * @param {Scale} scale
 * @param {Scoring | null} model
 */
export function createPanel(data, words, scale, model) {
  const names = createNames(data, words), marks = createMarks(words, scale);
  return {
    ...createList(data, words, scale, names, marks), ...createDetails(data, words, names, marks, model),
    legend: createLegend(data, words, scale), spaceName: names.spaceName, placeName: names.placeName, spaceOf: names.spaceOf,
  };
}
