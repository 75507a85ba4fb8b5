"""Read the short form of a plan: TOML with ``[[edit]]``, and TOML that says what the layers of a drawing mean."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from spatial.core.crs import WGS84
from spatial.core.errors import InputError, SourceFormatError
from spatial.core.messages import cause, phrase, spelling_hint
from spatial.core.model import Estate
from spatial.plans import drawings
from spatial.plans.rows import (
    DEFAULTS,
    TAGS,
    each_row,
    kind_tags,
    misspelt,
    on_earth,
    plain_text,
    plan_phase,
    plan_row,
    row_label,
)
from spatial.settings.loading import parse_toml

NEEDED = phrase("plan_file.needed")
# Verbs that change one thing, and the tags they set.
VERBS = {
    "open": {"access": "yes", "foot": "yes", "locked": ""},
    "close": {"access": "private", "foot": "no"},
    "light": {"lit": "yes"},
}
WHAT = ("remove", "change", "add", *VERBS)
# What is added by the name of its layer; all else is a kind of place.
NAMED = (*DEFAULTS, "ground", "context", "construction")
PLACED = ("at", "line", "area")
KEYS = (*WHAT, *PLACED, "phase", "note", "tags", "layer", *TAGS)
HEAD = ("name", "edit", *drawings.KEYS)

Read = tuple[list[dict[str, Any]], list[InputError], str, tuple[Path, ...]]


def short_rows(path: Path, estate: Estate) -> Read:
    """Read a TOML file: the rows of its edits and of its drawing, what is wrong, its name, and the drawing's file.

    Raises
    ------
    SourceFormatError
        If it is no TOML, or its edits are no list.
    """
    try:
        table = parse_toml(path.read_text(encoding="utf-8"))
    except (ValueError, OSError) as error:
        raise SourceFormatError("plan_file.toml", path=path, cause=cause(error), needed=NEEDED) from error
    edits = table.get("edit", [])
    if not isinstance(edits, list) or not all(isinstance(entry, dict) for entry in edits):
        raise SourceFormatError("plan_file.no_edits", path=path, needed=NEEDED)
    faults = [
        InputError("plan_file.head", path=path, key=key, hint=spelling_hint(key, HEAD), known=list(HEAD))
        for key in table
        if key not in HEAD
    ]
    rows: list[dict[str, Any]] = []
    drawn: tuple[Path, ...] = ()
    if "drawing" in table:
        rows, more = _drawn_rows(table, path, estate)
        faults += more
        drawn = (path.parent / str(table["drawing"]),)
    for number, entry in enumerate(edits, start=1):
        feature = f"edit {number}"
        faults += _unknown_keys(feature, entry)
        good, bad = each_row(_short_row, [(feature, entry, estate)])
        rows, faults = rows + good, faults + bad
    return rows, faults, str(table.get("name", path.stem)), drawn


def _drawn_rows(table: Mapping[str, Any], path: Path, estate: Estate) -> tuple[list[dict[str, Any]], list[InputError]]:
    """The rows of a drawing, and columns of its mapping that are slips."""
    slips = [
        InputError("plan_file.column", layer=name, column=column, meant=meant)
        for name, columns in table.get("layer", {}).items()
        if isinstance(columns, dict)
        for column, meant in misspelt(columns)
    ]
    drawn, wrong = drawings.drawing_rows(table, path, estate)
    rows, faults = each_row(plan_row, drawn)
    return rows, [*slips, *wrong, *faults]


def _unknown_keys(feature: str, entry: Mapping[str, Any]) -> Iterator[InputError]:
    for key in entry:
        if key not in KEYS:
            hint = (
                phrase("plan_file.meant", meant=misspelt([key])[0][1]) if misspelt([key]) else spelling_hint(key, KEYS)
            )
            yield InputError("plan_file.key", feature=row_label(feature), key=key, hint=hint, known=list(KEYS))


def _short_row(feature: str, entry: Mapping[str, Any], estate: Estate) -> dict[str, Any]:
    verbs = [verb for verb in WHAT if verb in entry]
    if len(verbs) != 1:
        found = verbs or phrase("plan_file.nothing")
        raise InputError("plan_file.verbs", feature=row_label(feature), verbs=found, known=WHAT)
    verb, shape = verbs[0], _position(feature, entry, estate)
    said = entry.get("tags", {})
    if not isinstance(said, Mapping):
        raise InputError("plan_file.tags", feature=row_label(feature), tags=said)
    what, tags = str(entry[verb]), {str(key): str(value) for key, value in said.items()}
    counted = {TAGS[key]: str(entry[key]) for key in TAGS if key in entry}
    row = {
        "feature": feature,
        "action": verb if verb in ("remove", "add") else "change",
        "layer": "object",
        "target": what,
        "tags": VERBS.get(verb, {}) | counted | tags,
        "geometry": shape,
        "phase": plan_phase(entry.get("phase"), feature),
        "note": plain_text(entry.get("note")),
    }
    if verb != "add":
        # What is only drawn is named by its layer.
        return row | ({"layer": what, "target": None} if what in NAMED and shape is not None else {})
    layer = what if what in NAMED else str(entry.get("layer", "place"))
    kind = {} if layer != "place" or what in NAMED else kind_tags(what, feature)
    return row | {"layer": layer, "target": None, "tags": DEFAULTS.get(layer, {}) | kind | counted | tags}


def _position(feature: str, entry: Mapping[str, Any], estate: Estate) -> BaseGeometry | None:
    """``at = [lon, lat]`` or ``line`` or ``area``, lists of such pairs, in the estate's CRS."""
    given = [key for key in PLACED if key in entry]
    if not given:
        return None
    points = np.atleast_2d(np.asarray(entry[given[0]], dtype=object))
    try:
        numbers = points.astype(float)
        shape = {"at": shapely.Point, "line": shapely.LineString, "area": shapely.Polygon}[given[0]](
            numbers[0] if given[0] == "at" else numbers
        )
    except (ValueError, TypeError, IndexError, shapely.GEOSException) as error:
        raise InputError(
            "plan_file.position", feature=row_label(feature), key=given[0], value=str(entry[given[0]])
        ) from error
    moved: BaseGeometry = gpd.GeoSeries([shape], crs=WGS84).to_crs(estate.crs).iloc[0]
    if not on_earth(moved):
        raise InputError("plan_file.nowhere", feature=row_label(feature), key=given[0], value=str(entry[given[0]]))
    return moved
