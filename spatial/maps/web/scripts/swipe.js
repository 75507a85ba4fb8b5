// The handle between what was there before a plan, on its left, and what comes after, on its right.
import { byId, h } from "./elements.js";
/** @import { Side } from "./plan.js" */
/** @import { Words } from "./words.js" */

const SWIPED_PANES = ["ground", "names", "spaces", "outlines", "things", "marks"], SWIPE_STEP = 0.02, SWIPE_LEAP = 0.1;
const NEAR_START = 0.12, NEAR_END = 0.88, BESIDE_PX = 90;

/** @typedef {ReturnType<typeof createSwipe>} Swipe */

/**
 * Lay the handle over the map; `onSwiped` is called when it is let go.
 *
 * @param {L.Map} map
 * @param {Words} words
 * @param {() => void} onSwiped
 */
export function createSwipe(map, words, onSwiped) {
  const t = words.t, frame = byId("fr-frame");
  let share = 0.5;
  const before = h("span", { class: "fr-side fr-side-before", "aria-hidden": "true" }), after = h("span", { class: "fr-side fr-side-after", "aria-hidden": "true" });
  const handle = h("div", { id: "fr-swipe", role: "slider", tabindex: 0, "aria-orientation": "horizontal", "aria-valuemin": 0, "aria-valuemax": 100 },
    before, h("span", { class: "fr-grip", "aria-hidden": "true" }, "⇔"), after);
  frame.append(handle);
  /** @param {number} next */
  function set(next) {
    move(next);
    onSwiped();
  }
  /** @param {number} next */
  function move(next) {
    share = Math.min(1, Math.max(0, next));
    clipPanes();
    write();
  }
  function write() {
    const percent = Math.round(share * 100);
    handle.style.left = percent + "%";
    handle.classList.toggle("fr-at-start", share < NEAR_START);
    handle.classList.toggle("fr-at-end", share > NEAR_END);
    handle.setAttribute("aria-valuenow", String(percent));
    handle.setAttribute("aria-label", t("map.plan.handle"));
    handle.setAttribute("aria-valuetext", t(percent === 100 ? "map.plan.all_before" : percent === 0 ? "map.plan.all_after" : "map.plan.both_sides", { share: percent }));
    before.textContent = t("map.plan.before");
    after.textContent = t("map.plan.after");
    for (const button of /** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll("#fr-plan [data-share]"))) {
      const at = Number(button.dataset.share), between = share > 0 && share < 1;
      button.setAttribute("aria-pressed", String(at > 0 && at < 1 ? between : at === share));
    }
  }
  handle.addEventListener("keydown", (event) => {
    /** @type {Record<string, number>} */
    const to = { ArrowLeft: share - SWIPE_STEP, ArrowDown: share - SWIPE_STEP, ArrowRight: share + SWIPE_STEP, ArrowUp: share + SWIPE_STEP,
      PageDown: share - SWIPE_LEAP, PageUp: share + SWIPE_LEAP, Home: 0, End: 1 };
    if (event.key in to) { event.preventDefault(); event.stopPropagation(); set(to[event.key]); }
  });
  handle.addEventListener("pointerdown", (event) => {
    event.preventDefault();
    handle.focus();
    handle.setPointerCapture(event.pointerId);
    // The address is written when the handle is let go: browsers refuse to have it written all the time.
    const drag = (/** @type {PointerEvent} */ moved) => { const box = frame.getBoundingClientRect(); move((moved.clientX - box.left) / box.width); };
    const end = () => {
      for (const name of ["pointerup", "pointercancel"]) { handle.removeEventListener(name, end); }
      handle.removeEventListener("pointermove", drag);
      set(share);
    };
    handle.addEventListener("pointermove", drag);
    for (const name of ["pointerup", "pointercancel"]) { handle.addEventListener(name, end); }
  });
  function clipPanes() {
    const size = map.getSize(), a = map.containerPointToLayerPoint([0, 0]), b = map.containerPointToLayerPoint(size);
    const x = a.x + size.x * share;
    /** @param {number} left @param {number} right */
    const box = (left, right) => "polygon(" + [[left, a.y], [right, a.y], [right, b.y], [left, b.y]].map((at) => at[0] + "px " + at[1] + "px").join(",") + ")";
    const clip = (/** @type {string} */ name, /** @type {string} */ path) => { const pane = map.getPane(name); if (pane) { pane.style.clipPath = path; } };
    for (const name of SWIPED_PANES) {
      clip(name + "-before", box(a.x, x));
      clip(name + "-after", box(x, b.x));
    }
    clip("reach", box(x, b.x)); // walks are those after the plan
  }
  // Moves the handle beside what is looked at, where it hides it.
  /** @param {Side} side @param {L.LatLng} at */
  function reveal(side, at) {
    const x = map.latLngToContainerPoint(at).x, width = map.getSize().x;
    const free = side === "after" ? x - BESIDE_PX : x + BESIDE_PX;
    if (side === "after" ? share * width > free : share * width < free) { set(free / width); }
  }
  map.on("move zoom viewreset resize zoomend moveend", clipPanes);
  return { set, reveal, write, get share() { return share; } };
}
