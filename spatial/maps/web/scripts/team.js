// Those at the table: who draws makes an address for each who is to take part.
import { byId, h } from "./elements.js";
/** @import { FirstSight, Talk } from "./talk.js" */
/** @import { Words } from "./words.js" */

/**
 * Make what lets others in, where the table is shared and by who draws.
 *
 * @param {Words} words
 * @param {FirstSight} first
 * @param {Talk} talk
 */
export function createTeam(words, first, talk) {
  const t = words.t;
  let address = "";
  /** @param {string} role */
  async function invite(role) {
    ({ address } = await talk.invite(role));
    write();
    const field = byId("fr-address");
    if (field instanceof HTMLInputElement) { field.focus(); field.select(); }
  }
  function write() {
    if (!first.shared || first.role !== "edit") { return; }
    byId("fr-team").replaceChildren(h("h2", {}, t("studio.team")), h("p", { class: "fr-quiet" }, t("studio.team_text")),
      h("div", { class: "fr-buttons" }, ...["look", "comment", "edit"].map((role) => h("button", { type: "button", class: "fr-more", id: "fr-invite-" + role, on: () => void invite(role) }, t("studio.invite." + role)))),
      ...(address ? [h("div", { class: "fr-naming" }, h("label", { for: "fr-address" }, t("studio.team_address")), h("input", { id: "fr-address", type: "text", readonly: true, value: address }))] : []));
  }
  return { write };
}
