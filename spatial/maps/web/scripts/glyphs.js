// Symbols of places, drawn from the glyphs that the page holds.

const SVG = "http://www.w3.org/2000/svg";

/**
 * Draw the symbol of a kind of place, with a halo.
 *
 * @param {string | null} kind
 */
export function drawGlyph(kind) {
  const name = document.getElementById("glyph-" + kind) ? kind : "other";
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", "0 0 16 16");
  svg.setAttribute("class", "fr-glyph");
  svg.setAttribute("aria-hidden", "true");
  for (const layer of ["fr-halo", "fr-ink"]) {
    const use = document.createElementNS(SVG, "use");
    use.setAttribute("href", "#glyph-" + name);
    use.setAttribute("class", layer);
    svg.append(use);
  }
  return svg;
}
