"""Read plans as drawings: entities of a DXF by a mapping.

A drawing has layers and lines, and neither a CRS nor words for what is removed and what is new. The
mapping gives these: for each layer the columns that a feature of a plan would have.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

import geopandas as gpd
import shapely

from spatial.core.errors import InputError, SourceFormatError
from spatial.core.messages import phrase
from spatial.core.model import Estate
from spatial.plans.dxf import DRAWING_NEEDED, read_entities
from spatial.plans.outlines import AREAS, meant_shapes
from spatial.plans.placement import placed
from spatial.settings.drawing_words import drawing_words

# What a mapping may say.
KEYS = ("drawing", "crs", "metres_per_unit", "point", "ignore", "layer")
# A column that may be "text": the number is written in the drawing, inside the shape or on it.
FROM_TEXT = "text"

Rows = list[tuple[str, dict[str, Any], Any]]


def drawing_rows(mapping: Mapping[str, Any], path: Path, estate: Estate) -> tuple[Rows, list[InputError]]:
    """Read a drawing by its mapping.

    Parameters
    ----------
    mapping
        The TOML table: ``drawing`` (a path beside it), ``crs``, ``metres_per_unit`` and ``point`` (see
        ``spatial.plans.placement``), ``layer`` by name, and ``ignore``, a list of names (``*`` for any letters).
    path
        Of the mapping, for messages and to find the drawing.

    Returns
    -------
    rows
        Name of the feature, its columns, and its geometry in the estate's CRS.
    faults
        What is wrong with layers, outlines and numbers, one for each cause.

    Raises
    ------
    SourceUnavailable, SourceFormatError
        If the drawing is not there or cannot be read, or the mapping is none.
    CRSError, InputError
        If it cannot be put on the ground.
    """
    drawing = path.parent / str(mapping["drawing"])
    wanted, ignored = _checked(mapping, path)
    table = read_entities(drawing)
    faults = list(_layer_faults(sorted(set(table["Layer"])), wanted, ignored, path))
    moved = placed(table, mapping, drawing, estate)
    texts = moved[moved["Text"].notna() & (moved.geometry.geom_type == "Point")]
    shapes = moved.drop(texts.index)
    rows: Rows = []
    for name, columns in wanted.items():
        own = shapes[shapes["Layer"] == name]
        # What is written on the layer itself counts before what is written on others.
        written = [texts[texts["Layer"] == name], texts]
        found, wrong = _layer_rows(name, columns, list(own.geometry), written, drawing)
        rows, faults = rows + found, faults + wrong
    return rows, faults


def _checked(mapping: Mapping[str, Any], path: Path) -> tuple[Mapping[str, Mapping[str, Any]], list[str]]:
    wanted, ignored = mapping.get("layer", {}), mapping.get("ignore", [])
    if not isinstance(wanted, dict) or not all(isinstance(columns, dict) for columns in wanted.values()):
        raise SourceFormatError("plan_drawing.no_layers", path=path, needed=DRAWING_NEEDED)
    if not isinstance(ignored, list) or not all(isinstance(name, str) for name in ignored):
        raise SourceFormatError("plan_drawing.ignore", path=path, ignored=ignored)
    for name, columns in wanted.items():
        for key, value in columns.items():
            if isinstance(value, (list, dict)):
                raise SourceFormatError("plan_drawing.column", path=path, layer=name, key=key, value=value)
    return wanted, ignored


def _layer_faults(found: list[str], wanted: Mapping[str, Any], ignored: list[str], path: Path) -> Iterator[InputError]:
    unknown = [name for name in found if name not in wanted and not any(fnmatch(name, one) for one in ignored)]
    if unknown:
        yield InputError("plan_drawing.unknown", path=path, layers=unknown)
    missing = [name for name in wanted if name not in found]
    if missing:
        yield InputError("plan_drawing.absent", path=path, layers=missing, found=found or phrase("plan_drawing.none"))


def _layer_rows(
    name: str, columns: Mapping[str, Any], drawn: Sequence[Any], written: Sequence[gpd.GeoDataFrame], drawing: Path
) -> tuple[Rows, list[InputError]]:
    """The features of one layer, and what is wrong with it: one fault for all that lack the same."""
    layer = str(columns.get("layer", ""))
    shapes, left = meant_shapes(drawn, layer)
    faults = []
    if left and layer in AREAS and columns.get("action") == "add":
        x, y = shapely.get_coordinates(left[0])[0]
        faults.append(InputError("plan_drawing.open", drawing=drawing, layer=name, n=len(left), x=x, y=y))
        shapes = [shape for shape in shapes if shapely.get_dimensions(shape) != 1]
    rows: Rows = []
    without: dict[str, list[str]] = {}
    for k, shape in enumerate(shapes, start=1):
        feature, values = f"{name} {k}", dict(columns)
        for key in [key for key, value in columns.items() if value == FROM_TEXT]:
            number = next(filter(None, (number_in(shape, texts, key) for texts in written)), None)
            if number is None:
                without.setdefault(key, []).append(feature)
            values[key] = number
        rows.append((feature, values, shape))
    faults += [
        InputError("plan_drawing.numbers", layer=name, n=len(features), features=features[:SHOWN], key=key)
        for key, features in without.items()
    ]
    return rows, faults


SHOWN = 5


def number_in(shape: Any, texts: gpd.GeoDataFrame, key: str) -> str | None:
    """The number of a column that is written inside a shape or on it; None where there is none, or more than one."""
    inside = texts[shapely.covers(shape, texts.geometry.to_numpy())]["Text"].astype(str)
    return number_of(list(inside), key)


def number_of(texts: Sequence[str], key: str) -> str | None:
    """The number of a column in some texts: beside a word for what it counts, else the one that stands alone.

    Examples
    --------
    >>> number_of(["Blok A", "60 boliger i 4 etager"], "dwellings"), number_of(["24"], "dwellings")
    ('60', '24')
    >>> number_of(["30 familieboliger og 12 ungdomsboliger"], "dwellings"), number_of(["Blok 7"], "dwellings")
    ('42', None)
    >>> number_of(["boliger: 1.200"], "dwellings"), number_of(["60-65 boliger"], "dwellings")
    ('1200', None)
    """
    counted = drawing_words().counted.get(key, ())
    plain = [_without_groups(text) for text in texts]
    sums = {found for text in plain if (found := _counted_in(text, counted)) is not None}
    if len(sums) == 1 and not any(_open(text) for text in plain):
        return str(sums.pop())
    alone = [text.strip() for text in plain if text.strip().replace(".", "", 1).isdigit()]
    return alone[0] if len(alone) == 1 and not sums else None


def _counted_in(text: str, counted: Sequence[str]) -> int | None:
    """The sum of the numbers before or after what they count; None where nothing is counted."""
    words = "|".join(map(re.escape, counted))
    if not words:
        return None
    before = re.findall(rf"(\d+)\s*(?:[^\d\s]+\s+){{0,2}}\w*(?:{words})(?!\w)", text, re.IGNORECASE)
    after = re.findall(rf"(?:{words})\s*[:=]\s*(\d+)", text, re.IGNORECASE)
    return sum(map(int, before or after)) if before or after else None


def _open(text: str) -> bool:
    """Whether a text leaves the number open (60-65), or asks to reckon (2 x 30)."""
    return re.search(r"\d\s*(?:-|–|/|\btil\b|\bto\b|x|×|\*)\s*\d", text, re.IGNORECASE) is not None


def _without_groups(text: str) -> str:
    """Numbers without a point or space between thousands: 1.200 and 1 200 are 1200."""
    return re.sub(r"\b(\d{1,3})[.\u00a0\u202f](\d{3})\b(?![.,]\d)", r"\1\2", text)
