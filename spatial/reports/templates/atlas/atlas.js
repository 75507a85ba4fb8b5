// The overview of an atlas: areas as dots, and a list of them that is searched.

const DOT_PX = 5, CLOSEST_ZOOM = 16, NAMED = 40;
const SHOWN = { color: "#22313b", weight: 1, fillColor: "#2c7fb8", opacity: 1, fillOpacity: 0.9 };
const HIDDEN = { opacity: 0, fillOpacity: 0 };

/**
 * A name without what may be written in several ways: case, accents, and aa, ae and oe for å, æ and ø.
 *
 * @param {string} text
 */
export function folded(text) {
  const plain = text.toLowerCase().normalize("NFD").replace(/\p{M}/gu, "");
  return plain.replace(/æ/g, "a").replace(/ø/g, "o").replace(/aa|ae/g, "a").replace(/oe/g, "o");
}

/**
 * Show those names that none before them covers.
 *
 * @param {HTMLElement[]} labels
 */
function placeNames(labels) {
  /** @type {DOMRect[]} */
  const taken = [];
  for (const label of labels) {
    const box = label.getBoundingClientRect();
    const free = taken.every((one) =>
      box.left > one.right || box.right < one.left || box.top > one.bottom || box.bottom < one.top);
    label.style.visibility = free ? "" : "hidden";
    if (free) { taken.push(box); }
  }
}

/**
 * The name of an area as text, which a name is and no HTML.
 *
 * @param {HTMLElement} row
 */
function named(row) {
  const name = document.createElement("span");
  name.textContent = row.firstChild?.textContent || "";
  return name;
}

/**
 * Draw the areas, and show those that are searched for.
 *
 * @param {([number, number] | null)[]} points latitude and longitude of each row of the list
 * @param {string} words says how many were found, with {n}
 */
export function openAtlas(points, words) {
  const rows = /** @type {HTMLLIElement[]} */ ([...document.querySelectorAll("#areas li")]);
  const names = rows.map((row) => folded(row.dataset.sought || ""));
  const map = L.map("map", { renderer: L.canvas({ padding: 0.3 }), preferCanvas: true, attributionControl: false });
  const all = L.featureGroup();
  const dots = points.map((at, i) => {
    if (!at) { return null; }
    const popup = /** @type {HTMLElement} */ (rows[i].cloneNode(true));
    const entry = document.createElement("p");
    entry.append(...popup.childNodes);
    return L.circleMarker(at, { ...SHOWN, radius: DOT_PX }).bindPopup(entry).addTo(all);
  });
  all.addTo(map);
  map.fitBounds(all.getBounds(), { padding: [20, 20], maxZoom: CLOSEST_ZOOM });
  const few = dots.length <= NAMED;
  dots.forEach((dot, i) => dot && dot.bindTooltip(named(rows[i]), { permanent: few, direction: few ? "auto" : "top" }));
  const label = () => {
    /** @type {HTMLElement[]} */
    const wanted = [];
    dots.forEach((dot, i) => {
      const element = few && dot ? dot.getTooltip()?.getElement() : null;
      if (!element) { return; }
      element.style.visibility = "hidden";
      if (!rows[i].hidden) { wanted.push(element); }
    });
    placeNames(wanted);
  };
  map.on("zoomend", label);
  label();
  const field = /** @type {HTMLInputElement} */ (document.getElementById("sought"));
  const told = /** @type {HTMLElement} */ (document.getElementById("found"));
  field.addEventListener("input", () => {
    const parts = folded(field.value).split(/\s+/).filter(Boolean);
    let n = 0;
    rows.forEach((row, i) => {
      const fits = parts.every((part) => names[i].includes(part));
      row.hidden = !fits;
      n += fits ? 1 : 0;
      const dot = dots[i];
      if (dot) { dot.setStyle(fits ? SHOWN : HIDDEN).setRadius(fits ? DOT_PX : 0); }
    });
    label();
    told.textContent = parts.length ? words.replace("{n}", String(n)) : "";
  });
  document.documentElement.dataset.ready = "true";
}
