// An estate on its way to the drawing table: stage by stage, and how it is given up.
import { byId, h } from "./elements.js";
import { read, Refused, send } from "./talk.js";
/** @import { Said } from "./talk.js" */
/** @import { Words } from "./words.js" */

/** @typedef {{ running: boolean, stages: string[], failed: Said | null, ready: boolean }} Progress */

const AGAIN_MS = 400;

/**
 * Make what opens an estate.
 *
 * @param {Words} words
 * @param {(wrong: Said | string) => void} onWrong
 */
export function createOpening(words, onWrong) {
  const t = words.t;
  /** @type {Progress | null} */
  let progress = null;
  let name = "", cancelled = false;

  function write() {
    const box = byId("fr-progress"), running = progress?.running ?? false, stages = progress?.stages ?? [];
    box.hidden = !running && !cancelled;
    byId("fr-choose").toggleAttribute("inert", running);
    const rows = stages.map((stage, i) => h("li", { class: i < stages.length - 1 ? "fr-passed" : "fr-stage", "aria-current": i === stages.length - 1 ? "step" : null }, t("stage." + stage)));
    const focused = document.activeElement?.id === "fr-cancel";
    box.replaceChildren(...(running ? [h("h2", {}, t("start.opening", { name })), h("button", { type: "button", class: "fr-more", id: "fr-cancel", on: () => void cancel() }, t("start.cancel")), h("ol", { class: "fr-stages" }, ...rows)]
      : cancelled ? [h("p", { role: "status" }, t("start.cancelled"))] : []));
    if (focused) { document.getElementById("fr-cancel")?.focus({ preventScroll: true }); }
    if (running) { box.scrollIntoView({ block: "nearest" }); }
  }
  async function cancel() {
    progress = null;
    cancelled = true;
    write();
    await send("/api/cancel", {});
    byId("fr-start-open").focus();
  }
  /** @param {object} wish @param {string} called */
  async function open(wish, called) {
    name = called;
    cancelled = false;
    try { await send("/api/open", wish); } catch (error) { onWrong(error instanceof Refused ? error.said : String(error)); return; }
    progress = { running: true, stages: [], failed: null, ready: false };
    write();
    byId("fr-cancel").focus();
    await watch();
  }
  /** Follow what is on its way, until it is there, failed, or given up. */
  async function watch() {
    for (;;) {
      const answer = await fetch("/api/progress");
      if (answer.status === 404) { location.reload(); return; } // the drawing table is there already
      const told = /** @type {Progress} */ (await read(answer));
      if (told.ready) { location.reload(); return; }
      if (cancelled) { return; }
      const news = told.stages.length !== progress?.stages.length || told.running !== progress.running;
      progress = told;
      if (news) { write(); }
      if (told.failed) { onWrong(told.failed); }
      if (!told.running) { return; }
      await new Promise((done) => { setTimeout(done, AGAIN_MS); });
    }
  }
  return { write, open, watch };
}
