"""Plans drawn as DXF: a TOML file says what each layer of the drawing means.

A drawing has layers and lines, and neither a CRS nor words for what is removed and what is new. The
mapping gives these: for each layer the columns that a feature of a plan would have.
"""

from __future__ import annotations

from collections.abc import Mapping
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import shapely
from pyogrio.errors import DataLayerError, DataSourceError
from pyproj import CRS
from pyproj.exceptions import CRSError as ProjCRSError

from spatial.errors import CRSError, InputError, SourceFormatError, SourceUnavailable
from spatial.model import Estate
from spatial.phrases import cause, phrase
from spatial.sources import vector_file

NEEDED = phrase("plan_drawing.needed")
# $INSUNITS of DXF, as far as anybody draws streets in them: metres to a unit.
UNITS_M = {0: 1.0, 1: 0.0254, 2: 0.3048, 4: 0.001, 5: 0.01, 6: 1.0, 14: 0.1}
UNIT_VARIABLE = "$INSUNITS"
# What these layers of a plan are drawn as is an area: a closed line is its outline.
AREAS = ("building", "ground", "construction", "place", "context")
# Lines that end this near to where they begin are closed.
CLOSED_M = 0.01
# A column that may be "text": the number is written in the drawing, inside the shape or on it.
FROM_TEXT = "text"


def rows(mapping: Mapping[str, Any], path: Path, estate: Estate) -> list[tuple[str, dict[str, Any], Any]]:
    """Read a drawing by its mapping.

    Parameters
    ----------
    mapping
        The TOML table: ``drawing`` (a path beside it), ``crs``, ``metres_per_unit`` where the drawing does
        not say its unit, ``layer`` by name, and ``ignore``, a list of names (``*`` for any letters).
    path
        Of the mapping, for messages and to find the drawing.

    Returns
    -------
    list
        Name of the feature, its columns, and its geometry in the estate's CRS.

    Raises
    ------
    SourceUnavailable, SourceFormatError
        If the drawing is not there or cannot be read.
    CRSError
        If its CRS is missing or unknown.
    InputError
        If a layer of the drawing is in neither the mapping nor ``ignore``, or a mapped one is not there.
    """
    drawing = path.parent / str(mapping["drawing"])
    wanted, ignored = mapping.get("layer", {}), mapping.get("ignore", [])
    if not isinstance(wanted, dict) or not all(isinstance(columns, dict) for columns in wanted.values()):
        raise SourceFormatError("plan_drawing.no_layers", path=path, needed=NEEDED)
    if not isinstance(ignored, list) or not all(isinstance(name, str) for name in ignored):
        raise SourceFormatError("plan_drawing.ignore", path=path, ignored=ignored)
    for name, columns in wanted.items():
        for key, value in columns.items():
            if isinstance(value, (list, dict)):
                raise SourceFormatError("plan_drawing.column", path=path, layer=name, key=key, value=value)
    table = _entities(drawing)
    _check_layers(sorted(set(table["Layer"])), wanted, ignored, path)
    table = table[table["Layer"].isin(list(wanted))]
    moved = _placed(table, mapping, drawing, estate)
    found = []
    for name, columns in wanted.items():
        own = moved[moved["Layer"] == name]
        # A hatched area carries the name of its pattern as text.
        texts = own[own["Text"].notna() & (own.geometry.geom_type == "Point")]
        shapes = own.drop(texts.index)
        for k, shape in enumerate(shapes.geometry, start=1):
            drawn = _shape(shape, str(columns.get("layer", "")))
            feature = f"{name} {k}"
            found.append((feature, _columns(feature, dict(columns), drawn, texts), drawn))
    return found


def _entities(drawing: Path) -> gpd.GeoDataFrame:
    if not drawing.is_file():
        raise SourceUnavailable("plan_drawing.missing", drawing=drawing, needed=NEEDED)
    try:
        vector_file.layers(drawing)
        table = vector_file.read(drawing, layer="entities")
    except (DataSourceError, DataLayerError, ValueError, shapely.GEOSException, MemoryError) as error:
        raise SourceFormatError(
            "plan_drawing.unreadable", drawing=drawing, cause=cause(error), needed=NEEDED
        ) from error
    if "PaperSpace" in table:
        # What lies on the sheets of the drawing is not on the ground.
        table = table[table["PaperSpace"].isna() | (table["PaperSpace"] == 0)]
    if "Text" not in table:
        table = table.assign(Text=None)
    return table[table.geometry.notna() & ~table.geometry.is_empty].reset_index(drop=True)


def _check_layers(found: list[str], wanted: Mapping[str, Any], ignored: list[str], path: Path) -> None:
    unknown = [name for name in found if name not in wanted and not any(fnmatch(name, one) for one in ignored)]
    if unknown:
        raise InputError("plan_drawing.unknown", path=path, layers=unknown)
    missing = [name for name in wanted if name not in found]
    if missing:
        raise InputError("plan_drawing.absent", path=path, layers=missing, found=found or phrase("plan_drawing.none"))


def _placed(table: gpd.GeoDataFrame, mapping: Mapping[str, Any], drawing: Path, estate: Estate) -> gpd.GeoDataFrame:
    """The drawing in the estate's CRS."""
    if "crs" not in mapping:
        raise CRSError("plan_drawing.no_crs", drawing=drawing, needed=NEEDED)
    try:
        crs = CRS.from_user_input(mapping["crs"])
    except ProjCRSError as error:
        raise CRSError(
            "plan_drawing.crs", drawing=drawing, crs=mapping["crs"], cause=cause(error), needed=NEEDED
        ) from error
    unit_m = mapping.get("metres_per_unit", UNITS_M.get(_unit(drawing)))
    if not isinstance(unit_m, (int, float)) or not unit_m > 0:
        raise InputError("plan_drawing.unit", drawing=drawing, unit=unit_m)
    flat = shapely.force_2d(table.geometry.to_numpy())
    scaled = shapely.transform(flat, lambda xy: np.asarray(xy) * float(unit_m))
    moved: gpd.GeoDataFrame = table.set_geometry(gpd.GeoSeries(scaled, index=table.index, crs=crs)).to_crs(estate.crs)
    return moved


def _unit(drawing: Path) -> int:
    """Unit of a drawing as its head says it; 0 where it does not."""
    lines = iter(drawing.read_text(encoding="utf-8", errors="replace").splitlines())
    for line in lines:
        if line.strip() == UNIT_VARIABLE:
            next(lines, "")
            said = next(lines, "0").strip()
            return int(said) if said.isdigit() else 0
        if line.strip() == "ENTITIES":
            return 0
    return 0


def _shape(shape: Any, layer: str) -> Any:
    """An outline as the area that it closes, where the layer is one of areas; else as it is drawn."""
    parts = shapely.get_parts(shape)
    single = parts[0] if len(parts) == 1 else shape
    if layer in AREAS and single.geom_type == "LineString" and len(single.coords) > 3:
        ends = shapely.get_coordinates(single)[[0, -1]]
        if np.hypot(*(ends[1] - ends[0])) <= CLOSED_M:
            return shapely.Polygon([*single.coords[:-1], single.coords[0]])
    return single


def _columns(feature: str, columns: dict[str, Any], shape: Any, texts: gpd.GeoDataFrame) -> dict[str, Any]:
    """Columns of a feature, with the numbers that are written in the drawing."""
    for key, value in columns.items():
        if value != FROM_TEXT:
            continue
        inside = texts[shapely.covers(shape, texts.geometry.to_numpy())]["Text"].astype(str).str.strip()
        numbers = [text for text in inside if text.replace(".", "", 1).isdigit()]
        if len(numbers) != 1:
            raise InputError("plan_drawing.numbers", feature=feature, n=len(numbers), key=key)
        columns[key] = numbers[0]
    return columns
