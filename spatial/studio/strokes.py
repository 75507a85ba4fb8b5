"""What is drawn on the table, one edit a stroke: as the page sends it, as it is kept, and as a row of a plan. Pure.

A stroke holds longitudes and latitudes as they are written into a file, so that the plan that is looked at is the
very plan that the file gives to ``faellesrum run --plan``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import geopandas as gpd
import shapely
from shapely.geometry import mapping, shape
from shapely.geometry.base import BaseGeometry

from spatial.core.crs import WGS84
from spatial.core.errors import InputError
from spatial.core.model import Estate, Plan
from spatial.plans.corrections import MISSING, SAYS, SOURCE_ID
from spatial.plans.phases import first_day
from spatial.plans.reading import plan_of_table
from spatial.plans.rows import OWN
from spatial.plans.validation import ACTIONS, DIMENSIONS

# A millimetre, by and large: finer than any pencil, and the same number in every file.
DECIMALS = 8
MOST_VERTICES, MOST_LETTERS, MOST_TAGS = 2000, 500, 40
TAG_KEY = re.compile(r"[a-z][a-z0-9_:]{0,59}")
# A phase is a number of at most so many digits, or a date.
MOST_DIGITS = 2
PHASE = re.compile(r"[1-9][0-9]?|(19|2[0-9])[0-9]{2}(-[0-9]{2}){0,2}", re.ASCII)
# Columns that a file has for itself.
RESERVED = frozenset({*OWN, "geometry", "geom", "fid", "ogc_fid"})
# What has no target: it is not there yet.
NEW = ("add", MISSING)
TYPES = ("Point", "LineString", "Polygon")


@dataclass(frozen=True)
class Stroke:
    """One edit: what is done to which thing; or one correction, whose ``action`` is what it says.

    ``feature`` is its name in the plan; ``action``, ``layer``, ``target``, ``tags`` and ``note`` are those of
    ``spatial.core.model.Edit``, ``geometry`` is in longitude and latitude, None where nothing is drawn. ``phase`` is
    the number of the phase or its date as a plan says it, None for the first.
    """

    feature: str
    action: str
    layer: str
    target: str | None = None
    tags: Mapping[str, str] = field(default_factory=dict)
    geometry: BaseGeometry | None = None
    note: str | None = None
    phase: str | None = None

    @property
    def identity(self) -> str:
        """Id of what it is about: its target, or the id that a new thing gets."""
        return self.target or f"{SOURCE_ID if self.action == MISSING else 'plan'}:{self.feature}"


def stroke_of(data: Any) -> Stroke:
    """Read a stroke that was sent or kept: a GeoJSON feature.

    Raises
    ------
    InputError
        If it is none: which part, what was found and what was needed.
    """
    if not isinstance(data, Mapping) or not isinstance(data.get("properties"), Mapping):
        raise InputError("studio.stroke", found=type(data).__name__)
    said = data["properties"]
    action, layer = _one_of(said, "action", (*ACTIONS, *SAYS)), _one_of(said, "layer", tuple(DIMENSIONS))
    target = None if action in NEW else _text(said, "target")
    if action not in NEW and target is None:
        raise InputError("studio.part", part="target", found="-", needed="id")
    feature = _text(said, "feature")
    if feature is None:
        raise InputError("studio.part", part="feature", found="-", needed="text")
    drawn = None if data.get("geometry") is None else drawn_shape(data["geometry"])
    phase = checked_phase(_text(said, "phase") or "")
    return Stroke(feature, action, layer, target, _tags(said), drawn, _text(said, "note"), phase)


def as_feature(stroke: Stroke) -> dict[str, Any]:
    """A stroke as a GeoJSON feature, as it is kept, sent, and written into a plan."""
    own = {"feature": stroke.feature, "action": stroke.action, "layer": stroke.layer, "target": stroke.target}
    said = {**own, "phase": stroke.phase, "note": stroke.note, **dict(sorted(stroke.tags.items()))}
    drawn = None if stroke.geometry is None else mapping(stroke.geometry)
    return {
        "type": "Feature",
        "properties": {key: value for key, value in said.items() if value is not None},
        "geometry": drawn,
    }


def table_of(strokes: Sequence[Stroke]) -> gpd.GeoDataFrame:
    """The strokes as a map layer: the columns of a plan, longitude and latitude."""
    rows = [as_feature(stroke)["properties"] for stroke in strokes]
    columns = list(
        dict.fromkeys(["feature", "action", "layer", "target", "phase", "note", *(key for row in rows for key in row)])
    )
    data = {name: [row.get(name) for row in rows] for name in columns}
    shapes = gpd.GeoSeries([stroke.geometry for stroke in strokes], crs=WGS84)
    return gpd.GeoDataFrame(data, geometry=shapes, crs=WGS84)


def plan_of(strokes: Sequence[Stroke], name: str, estate: Estate) -> Plan:
    """The plan that the strokes are, by the code that reads plans from files."""
    return plan_of_table(table_of(strokes), name, estate)


def checked_phase(said: str) -> str | None:
    """The number of a phase or the date on which it begins, None where none is said.

    Raises
    ------
    InputError
        If it is neither a number from 1 to 99 nor a year, month or day.

    Examples
    --------
    >>> checked_phase("2"), checked_phase(" 2027-03 "), checked_phase("")
    ('2', '2027-03', None)
    """
    text = said.strip()
    if text and not (PHASE.fullmatch(text) and (len(text) <= MOST_DIGITS or first_day(text))):
        raise InputError("studio.phase", found=text[:40])
    return text or None


def rounded(geometry: BaseGeometry) -> BaseGeometry:
    """A geometry with coordinates as they are written."""
    flat = shapely.force_2d(geometry)
    return shapely.transform(flat, lambda xy: xy.round(DECIMALS))


def drawn_shape(data: Any, types: Sequence[str] = TYPES, most: int = MOST_VERTICES) -> BaseGeometry:
    """Read a geometry of GeoJSON in longitude and latitude, of one of these types.

    Raises
    ------
    InputError
        If it is none, or has more corners than anybody draws.
    """
    kinds = ", ".join(types)
    if not isinstance(data, Mapping) or data.get("type") not in types:
        raise InputError("studio.part", part="geometry", found=str(data)[:40], needed=kinds)
    try:
        drawn: BaseGeometry = shape(dict(data))
        whole = bool(abs(shapely.get_coordinates(drawn)).max(initial=0.0) <= 180)
    except (ValueError, TypeError, AttributeError, IndexError, KeyError, shapely.GEOSException) as error:
        raise InputError("studio.part", part="geometry", found=str(data)[:40], needed=kinds) from error
    count = int(shapely.get_num_coordinates(drawn))
    if not whole or drawn.is_empty or count > most:
        raise InputError("studio.part", part="geometry", found=f"{count}", needed=f"1–{most}")
    return rounded(drawn)


def _one_of(said: Mapping[str, Any], part: str, known: Sequence[str]) -> str:
    found = said.get(part)
    if found not in known:
        raise InputError("studio.part", part=part, found=found, needed=", ".join(known))
    return str(found)


def _text(said: Mapping[str, Any], part: str) -> str | None:
    found = said.get(part)
    if found is None:
        return None
    if not isinstance(found, str) or len(found) > MOST_LETTERS or not found.isprintable():
        raise InputError("studio.part", part=part, found=str(found)[:40], needed=f"text ≤ {MOST_LETTERS}")
    return found.strip() or None


def _tags(said: Mapping[str, Any]) -> dict[str, str]:
    """Tags among the properties: known signs, texts that say something, and no column of the file itself."""
    own = {"feature", "action", "layer", "target", "phase", "note"}
    keys = [key for key in said if key not in own]
    wrong = [key for key in keys if not isinstance(key, str) or not TAG_KEY.fullmatch(key) or key in RESERVED]
    if wrong or len(keys) > MOST_TAGS:
        raise InputError("studio.part", part="tags", found=str(wrong or len(keys))[:40], needed="key=value")
    given = {key: _text(said, key) for key in keys}
    return {key: value for key, value in sorted(given.items()) if value is not None}
