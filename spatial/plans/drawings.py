"""Read plans as drawings: entities of a DXF by a mapping, and what a drawing without ids means.

A drawing has layers and lines, and neither a CRS nor words for what is removed and what is new. The
mapping gives these: for each layer the columns that a feature of a plan would have.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import shapely
from pyogrio.errors import DataLayerError, DataSourceError
from pyproj import CRS
from pyproj.exceptions import CRSError as ProjCRSError

from spatial.core.errors import CRSError, InputError, SourceFormatError, SourceUnavailable
from spatial.core.messages import cause, phrase
from spatial.core.model import Edit, Estate, Plan, RawData
from spatial.plans.validation import AREA, LAYERS, POINT
from spatial.settings.tags import tag_rules
from spatial.sources import vector_files

Tags = Mapping[str, str]

# What is drawn without an id is meant where it lies this near.
AT_M = 2.0


def _meant(layer: str) -> Callable[[Tags], bool] | None:
    """Which objects a layer of a plan means, by their tags; None of a layer that means none."""
    gates = set(tag_rules().barrier["gates"])
    meant: Mapping[str, Callable[[Tags], bool]] = {
        "building": lambda tags: "building" in tags,
        "path": _is_way,
        "road": _is_way,
        "barrier": lambda tags: "barrier" in tags and tags["barrier"] not in gates,
        "gate": lambda tags: tags.get("barrier") in gates,
        "place": lambda tags: "building" not in tags and any(key in tags for key in ("leisure", "amenity", "sport")),
        "entrance": lambda tags: "entrance" in tags,
        "ground": lambda tags: any(key in tags for key in ("landuse", "natural", "leisure")),
        "context": lambda tags: any(key in tags for key in ("amenity", "leisure", "club", "office")),
        "object": lambda tags: bool(tags),
    }
    return meant.get(layer)


def _is_way(tags: Tags) -> bool:
    return "highway" in tags


def locate_drawn_edits(raw: RawData, plan: Plan) -> Plan:
    """The plan with an id for each thing that is only drawn, as on a map in a drawing program.

    What is removed without an id is every thing of that layer of which the drawing covers half or more, or
    in which a drawn point lies, or that is nearest to it within two metres. What is changed without an id
    is the one such thing; it stays where it is. Where there is none, the edit stays as it is.
    """
    if all(edit.target or edit.action == "add" or edit.geometry is None for edit in plan.edits):
        return plan
    edits: list[Edit] = []
    for edit in plan.edits:
        found = [] if edit.target or edit.action == "add" or edit.geometry is None else _drawn_at(raw, edit)
        if not found or (edit.action == "change" and len(found) > 1):
            edits.append(edit)
        elif edit.action == "change":
            edits.append(replace(edit, target=found[0], geometry=None))
        else:
            edits += [
                replace(
                    edit, target=name, geometry=None, feature=edit.feature if len(found) == 1 else f"{edit.feature}.{k}"
                )
                for k, name in enumerate(found, start=1)
            ]
    return replace(plan, edits=tuple(edits))


def _drawn_at(raw: RawData, edit: Edit) -> list[str]:
    """Ids of the things of an edit's layer that lie where it is drawn."""
    shape: Any = edit.geometry
    meant = _meant(edit.layer)
    if not shape.is_valid or shape.is_empty or meant is None:
        return []
    point = shapely.get_dimensions(shape) == POINT
    area = shape if shapely.get_dimensions(shape) == AREA else shapely.buffer(shape, AT_M)
    covered: list[tuple[float, str]] = []
    near: list[tuple[float, str]] = []
    for name in LAYERS:
        part = getattr(raw, name)
        close = shapely.dwithin(part.geometry, shape, AT_M)
        for i in (k for k in np.flatnonzero(close) if meant(part.tags[k])):
            away = float(shapely.distance(part.geometry[i], shape))
            (covered if _covers(area, part.geometry[i]) else near).append((away, str(part.ids[i])))
    found = sorted(near + covered)[:1] if point else sorted(covered)
    return [name for _, name in found]


def _covers(area: Any, thing: Any) -> bool:
    """Whether an area covers half of a thing or more."""
    dimension = shapely.get_dimensions(thing)
    if dimension == POINT:
        return bool(shapely.covers(area, thing))
    size = shapely.area if dimension == AREA else shapely.length
    whole = float(size(thing))
    return whole > 0 and float(size(shapely.intersection(area, thing))) >= whole / 2


DRAWING_NEEDED = phrase("plan_drawing.needed")
# $INSUNITS of DXF, as far as anybody draws streets in them: metres to a unit.
UNITS_M = {0: 1.0, 1: 0.0254, 2: 0.3048, 4: 0.001, 5: 0.01, 6: 1.0, 14: 0.1}
UNIT_VARIABLE = "$INSUNITS"
# What these layers of a plan are drawn as is an area: a closed line is its outline.
AREAS = ("building", "ground", "construction", "place", "context")
# Lines that end this near to where they begin are closed.
CLOSED_M = 0.01
# What a mapping may say.
KEYS = ("drawing", "crs", "metres_per_unit", "ignore", "layer")
# A column that may be "text": the number is written in the drawing, inside the shape or on it.
FROM_TEXT = "text"


def drawing_rows(mapping: Mapping[str, Any], path: Path, estate: Estate) -> list[tuple[str, dict[str, Any], Any]]:
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
        raise SourceFormatError("plan_drawing.no_layers", path=path, needed=DRAWING_NEEDED)
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
        layer = str(columns.get("layer", ""))
        outlines = [_shape(shape, layer) for shape in shapes.geometry]
        if layer in AREAS:
            outlines = _joined(outlines, name, drawing, must_close=columns.get("action") == "add")
        for k, drawn in enumerate(outlines, start=1):
            feature = f"{name} {k}"
            found.append((feature, _columns(feature, dict(columns), drawn, texts), drawn))
    return found


def _entities(drawing: Path) -> gpd.GeoDataFrame:
    if not drawing.is_file():
        raise SourceUnavailable("plan_drawing.missing", drawing=drawing, needed=DRAWING_NEEDED)
    try:
        vector_files.list_layers(drawing)
        table = vector_files.read_table(drawing, layer="entities")
    except (DataSourceError, DataLayerError, ValueError, shapely.GEOSException, MemoryError) as error:
        raise SourceFormatError(
            "plan_drawing.unreadable", drawing=drawing, cause=cause(error), needed=DRAWING_NEEDED
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
        raise CRSError("plan_drawing.no_crs", drawing=drawing, needed=DRAWING_NEEDED)
    try:
        crs = CRS.from_user_input(mapping["crs"])
    except ProjCRSError as error:
        raise CRSError(
            "plan_drawing.crs", drawing=drawing, crs=mapping["crs"], cause=cause(error), needed=DRAWING_NEEDED
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


def _joined(shapes: list[Any], name: str, drawing: Path, *, must_close: bool) -> list[Any]:
    """Loose lines that meet as the areas that they enclose; all else as it is.

    Raises
    ------
    InputError
        If lines that must enclose an area are left over: where the first of them ends.
    """
    lines = [shape for shape in shapes if shape.geom_type in ("LineString", "MultiLineString")]
    loose = [part for line in lines for part in shapely.get_parts(line)]
    if not loose:
        return shapes
    areas, cuts, dangles, invalid = shapely.polygonize_full(_met(loose))
    enclosed = list(shapely.get_parts(areas))
    left = [part for group in (cuts, dangles, invalid) for part in shapely.get_parts(group)]
    if must_close and (left or not enclosed):
        x, y = shapely.get_coordinates((left or loose)[0])[0]
        raise InputError("plan_drawing.open", drawing=drawing, layer=name, n=len(left or loose), x=x, y=y)
    if not enclosed or left:
        return shapes
    return [shape for shape in shapes if shape not in lines] + enclosed


def _met(lines: list[Any]) -> list[Any]:
    """Lines whose ends that lie within ``CLOSED_M`` of each other are the same point."""
    ends = np.array([shapely.get_coordinates(line)[k] for line in lines for k in (0, -1)])
    first = [int(np.flatnonzero(np.hypot(*(ends - end).T) <= CLOSED_M)[0]) for end in ends]
    return [
        shapely.LineString([ends[first[2 * i]], *shapely.get_coordinates(line)[1:-1], ends[first[2 * i + 1]]])
        for i, line in enumerate(lines)
    ]


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
