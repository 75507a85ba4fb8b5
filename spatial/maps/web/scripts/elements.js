// Elements of the page. Texts from data are only ever set as text, never as HTML.

/** @typedef {Node | string | null | undefined} Child */

/**
 * Make an element; `on` is called on a click, and what is false, null or undefined is left out.
 *
 * @template {keyof HTMLElementTagNameMap} Tag
 * @param {Tag} tag
 * @param {{ on?: (event: MouseEvent) => void, class?: string, [attribute: string]: unknown }} [attributes]
 * @param {...(Child | Child[])} children
 * @returns {HTMLElementTagNameMap[Tag]}
 */
export function h(tag, { on, ...attributes } = {}, ...children) {
  const element = document.createElement(tag);
  if (on) { element.addEventListener("click", /** @type {EventListener} */ (on)); }
  for (const [key, value] of Object.entries(attributes)) {
    if (value !== false && value !== null && value !== undefined) { element.setAttribute(key, value === true ? "" : String(value)); }
  }
  for (const child of children.flat()) {
    if (child !== null && child !== undefined && child !== "") { element.append(child); }
  }
  return element;
}

/**
 * Find an element that the page has from the start, or that its writer has just made.
 *
 * @param {string} id
 */
export function byId(id) { return /** @type {HTMLElement} */ (document.getElementById(id)); }

/**
 * Find a control by its id.
 *
 * @param {string} id
 */
export function controlById(id) { return /** @type {HTMLInputElement} */ (document.getElementById(id)); }

/**
 * Draw on a canvas.
 *
 * @param {HTMLCanvasElement} canvas
 * @param {(context: CanvasRenderingContext2D, width: number, height: number) => void} draw
 */
export function drawOn(canvas, draw) {
  const context = canvas.getContext("2d");
  if (context) { draw(context, canvas.width, canvas.height); }
  return canvas;
}
