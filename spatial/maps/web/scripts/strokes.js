// What was drawn and what lies on the ground, in words.
/** @import { Stroke, Thing } from "./talk.js" */
/** @import { Words } from "./words.js" */

/** @typedef {ReturnType<typeof createStrokeWords>} StrokeWords */

/**
 * Make what names strokes and things.
 *
 * @param {Words} words
 */
export function createStrokeWords(words) {
  const t = words.t;
  /** @param {Thing} thing */
  function thingName({ kind, name, layer, address, length_m, area_m2 }) {
    const size = length_m !== null ? words.number(length_m) + " m" : area_m2 !== null ? words.number(area_m2) + " m²" : null;
    return [words.upper(name ?? (kind ? words.kind(kind) : t("studio.layer." + layer))), address ?? size].filter(Boolean).join(", ");
  }
  /** @param {Stroke} stroke */
  function strokeName({ properties: said, about }) {
    const tool = said.feature.replace(/-\d+$/, ""), known = t("studio.tool." + tool);
    const what = about ? thingName(about) : known !== "studio.tool." + tool ? known : words.upper(t("studio.layer." + said.layer));
    const flats = said["building:flats"];
    const act = said.action === "remove" && said.layer === "building" ? "demolish" : said.action;
    return t("studio.action." + act, { name: [said.name ?? what, flats && t("studio.new_homes", { n: flats })].filter(Boolean).join(", ") });
  }
  return { thingName, strokeName };
}
