"""Corrections at the table: strokes about the map itself, which every variant begins from. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import shapely

from spatial.analysis.inputs import Inputs
from spatial.plans.correction_files import Corrections, correction_of, row_of
from spatial.plans.corrections import Correction
from spatial.studio.history import Strokes
from spatial.studio.strokes import DECIMALS, Stroke, rounded

# The history that holds them; no variant can be called so.
CORRECTIONS = ""


def stroke_of_correction(feature: str, says: str, said: dict[str, Any], at: tuple[float, float] | None) -> Stroke:
    """A correction as a stroke, read as a row of a file is; ``said`` holds ``object, value, by, on, note``.

    Raises
    ------
    InputError
        If it is none: which part, what was found and what was needed.
    """
    spot = None if at is None else rounded(shapely.Point(at))
    degrees = [] if spot is None else shapely.get_coordinates(spot)[0].tolist()
    lon, lat = (f"{number:.{DECIMALS}f}" for number in degrees) if degrees else ("", "")
    cells = {name: str(said.get(name) or "").strip() for name in ("object", "value", "by", "on", "note")}
    one = correction_of({**cells, "correction": says, "longitude": lon, "latitude": lat, "id": feature}, feature)
    row = row_of(one)
    tags = {name: row[name] for name in ("value", "by", "on") if row[name]}
    return Stroke(feature, one.says, "place", one.target, tags, spot if one.at else None, one.note)


def correction_of_stroke(stroke: Stroke) -> Correction:
    """The correction that a stroke is."""
    at = None if stroke.geometry is None else tuple(shapely.get_coordinates(stroke.geometry)[0].tolist())
    tags = stroke.tags
    return Correction(
        stroke.feature, stroke.action, stroke.target, tags.get("value"), at, tags["by"], tags["on"], stroke.note
    )


def corrections_of(strokes: Strokes) -> tuple[Correction, ...]:
    """The corrections that strokes are."""
    return tuple(correction_of_stroke(stroke) for stroke in strokes)


def with_corrections(inputs: Inputs, own: Iterable[Correction]) -> Inputs:
    """The inputs with more corrections after those they have."""
    given = inputs.corrections or Corrections(())
    return replace(inputs, corrections=replace(given, each=(*given.each, *own)))
