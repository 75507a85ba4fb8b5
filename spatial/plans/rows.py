"""What one row of a plan says of an edit: its columns, phase, kind and tags, and slips in them. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date
from difflib import get_close_matches
from typing import Any

import numpy as np
import pandas as pd
import shapely
from shapely.geometry.base import BaseGeometry

from spatial.core.errors import InputError
from spatial.core.messages import phrase
from spatial.plans.things import ROW
from spatial.settings.drawing_words import drawing_words
from spatial.settings.tags import tag_rules

# Columns that say what is to be done; all others are tags of the canonical vocabulary.
TARGETS = ("target", "object_id", "place_id", "id")
OWN = ("action", "layer", "phase", "note", "feature", *TARGETS)
# Columns of the canonical layers under their tags.
TAGS = {"dwellings": "building:flats", "levels": "building:levels", "height_m": "height", "width_m": "width"}
# What a thing of each layer is where the plan does not say more.
DEFAULTS = {
    "building": {"building": "apartments"},
    "path": {"highway": "footway"},
    "road": {"highway": "residential"},
    "barrier": {"barrier": "fence"},
    "gate": {"barrier": "gate"},
    "entrance": {"entrance": "yes"},
}
# Digits of year, month and day; a number from this on is a year.
DATE = (4, 2, 2)
FIRST_YEAR = 1000
# So alike a column is to one of a plan to be a slip; tags of the world that are no slips.
MISSPELT = 0.8
REAL_TAGS = ("level", *TAGS.values())


def each_row(
    make: Callable[..., dict[str, Any]], given: Iterable[Sequence[Any]]
) -> tuple[list[dict[str, Any]], list[InputError]]:
    """Make the rows that can be made, and what is wrong with the others."""
    rows, faults = [], []
    for arguments in given:
        try:
            rows.append(make(*arguments))
        except InputError as error:
            faults.append(error)
    return rows, faults


def misspelt(columns: Iterable[Any]) -> list[tuple[str, str]]:
    """Columns that are nearly written as one of a plan, or in Danish, and the one that was meant.

    Examples
    --------
    >>> misspelt(["action", "fase", "dwelling", "lanes", "lit"])
    [('fase', 'phase'), ('dwelling', 'dwellings')]
    """
    known, danish = {*OWN, *TAGS, "kind"}, drawing_words().columns
    found = []
    for column in map(str, columns):
        if column in known or column in REAL_TAGS:
            continue
        near = [danish[column]] if column in danish else get_close_matches(column, known, 1, MISSPELT)
        found += [(column, meant) for meant in near]
    return found


def row_label(feature: str) -> Any:
    """A row that has no name of its own by its number."""
    row = ROW.fullmatch(feature)
    return feature if row is None else phrase("plan_file.row", n=int(row[1]))


def plan_row(feature: str, values: Mapping[str, Any], shape: BaseGeometry | None) -> dict[str, Any]:
    """What one feature says of an edit."""
    said = {key: plain_text(value) for key, value in values.items()}
    layer = (said.get("layer") or "").lower()
    target = next((said[key] for key in TARGETS if said.get(key)), None)
    action = (said.get("action") or "").lower()
    given = {key: value for key, value in said.items() if key not in OWN and value is not None}
    return {
        "feature": said.get("feature") or feature,
        "action": action,
        "layer": layer,
        "target": None if action == "add" else target,
        "tags": _tags(feature, layer, given, whole=action == "add"),
        "geometry": shape,
        "phase": plan_phase(values.get("phase"), said.get("feature") or feature),
        "note": said.get("note"),
    }


def plain_text(value: Any) -> str | None:
    """A value of a table as text; None where nothing is said."""
    if value is None or (pd.api.types.is_scalar(value) and pd.isna(value)):
        return None
    if isinstance(value, (float, np.floating)) and float(value).is_integer():
        return str(int(value))
    return str(value).strip() or None


def plan_phase(value: Any, feature: str) -> int | str | None:
    """A number, or a date that sorts by time (2027, 2027-03, 2027-03-01); None where nothing is said.

    Raises
    ------
    InputError
        If it is neither.
    """
    text = plain_text(value)
    if text is None:
        return None
    if text.isdigit() and 0 < int(text) < FIRST_YEAR:
        return int(text)
    # Columns of dates come as moments of midnight.
    day = text.replace("/", "-").removesuffix("T00:00:00").removesuffix(" 00:00:00")
    parts = day.split("-")
    try:
        if len(parts) > len(DATE) or [len(part) for part in parts] != list(DATE[: len(parts)]):
            raise ValueError
        date(*(int(part) for part in [*parts, "1", "1"][: len(DATE)]))
    except ValueError as error:
        raise InputError("plan_file.phase", feature=row_label(feature), phase=text) from error
    return day


def _tags(feature: str, layer: str, given: Mapping[str, str], *, whole: bool) -> dict[str, str]:
    tags = dict(DEFAULTS.get(layer, {})) if whole else {}
    kind = given.get("kind")
    if kind is not None:
        tags |= kind_tags(kind, feature)
    tags |= {TAGS.get(key, key): value for key, value in given.items() if key != "kind"}
    return tags


def kind_tags(kind: str, feature: str) -> dict[str, str]:
    """Tags that make a thing one of this kind: those of its first selector.

    Raises
    ------
    InputError
        If there is no such kind.
    """
    rules = tag_rules()
    if kind not in rules.kinds:
        raise InputError("plan_file.kind", feature=row_label(feature), kind=kind, kinds=list(rules.kinds))
    selector = rules.selectors[kind][0]
    parts = [part.partition("=") for part in selector.split(" & ") if not part.startswith("!")]
    return {key: ("yes" if value == "*" else value) for key, _, value in parts}


def on_earth(shape: BaseGeometry) -> bool:
    """Whether all of a shape has coordinates."""
    return bool(np.isfinite(shapely.get_coordinates(shape)).all())
