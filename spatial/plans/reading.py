"""Read redevelopment plans: map layers with a column ``action``, and a short form in TOML."""

from __future__ import annotations

import glob
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from pyogrio.errors import DataLayerError, DataSourceError
from pyproj.exceptions import ProjError
from shapely.geometry.base import BaseGeometry

from spatial.core.crs import WGS84
from spatial.core.errors import CRSError, InputError, SourceFormatError, SourceUnavailable
from spatial.core.files import sha256_of, sha256_of_bytes
from spatial.core.messages import cause, phrase
from spatial.core.model import NOT_STATED, Edit, Estate, Plan, Provenance
from spatial.plans import drawings
from spatial.settings.loading import parse_toml
from spatial.settings.tags import tag_rules
from spatial.sources import vector_files

NEEDED = phrase("plan_file.needed")
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
# What the short form adds by the name of its layer; all else is a kind of place.
NAMED = (*DEFAULTS, "ground", "context", "construction")
# Verbs of the short form that change one thing, and the tags they set.
VERBS = {
    "open": {"access": "yes", "foot": "yes", "locked": ""},
    "close": {"access": "private", "foot": "no"},
    "light": {"lit": "yes"},
}
FIRST_PHASE = 1
# Formats that keep one layer in several files of one name; the table of styles that QGIS keeps beside layers.
MANY_FILES = (".shp", ".tab", ".mif")
STYLES = "layer_styles"
# MapInfo writes 0 where a number is left empty.
NO_EMPTY_NUMBER = (".tab", ".mif")
JSON_ENDINGS = (".geojson", ".json")
# A Shapefile cuts the names of columns; tags that are longer, so that they are known again.
SHAPEFILE_LETTERS = 10
LONG_KEYS = (
    *("opening_hours", "building:flats", "building:levels", "addr:housenumber", "public_transport"),
    *("reservation", "construction", "wheelchair:description", "playground:theme"),
)
# Digits of year, month and day; a number from this on is a year.
DATE = (4, 2, 2)
FIRST_YEAR = 1000


def read_plan(path: str | Path, estate: Estate) -> Plan:
    """Read a plan.

    Parameters
    ----------
    path
        GeoPackage, GeoJSON, Shapefile or MapInfo TAB with one or more layers, each feature with
        ``action``, ``layer``, the ``target`` it removes or changes, tags or columns of the canonical
        layers, and where wanted ``phase`` (a number or a date) and ``note``; or the short form:
        TOML with ``[[edit]]`` entries such as ``remove = "osm:way/123"`` or
        ``add = "bench"`` with ``at = [lon, lat]``; or TOML that says what the layers of a DXF drawing
        mean (``spatial.plans.drawings``). A folder holds the Shapefiles of one plan.
    estate
        Gives the CRS of the edits.

    Returns
    -------
    Plan
        In the order of the file. Phases are numbered in the order of what the file calls them.

    Raises
    ------
    SourceUnavailable, SourceFormatError
        If the file is not there or no plan.
    CRSError
        If its CRS is missing or cannot be used.
    InputError
        If an edit lacks what it needs.
    """
    path = Path(path)
    if not path.exists():
        raise SourceUnavailable("files.missing", path=path, needed=NEEDED)
    short = path.suffix.lower() == ".toml"
    rows, name, drawn = _short(path, estate) if short else (_rows(path, estate), path.stem, ())
    return _plan(name, rows, _provenance(path, *drawn))


def plan_of_table(table: gpd.GeoDataFrame, name: str, estate: Estate) -> Plan:
    """Make a plan of a table, as it is made of a map layer with the same rows.

    Parameters
    ----------
    table
        One row an edit; the columns are those of `read_plan`.
    name
        What the plan is called.

    Raises
    ------
    CRSError, InputError
        As `read_plan`.
    """
    return _plan(name, _rows_of_table(table, Path(name), estate, ""), None)


def _plan(name: str, rows: Sequence[Mapping[str, Any]], provenance: Provenance | None) -> Plan:
    """The plan of these rows, its phases numbered in the order of what they are called."""
    if not rows:
        return Plan(name, (), (), provenance)
    labels = _phases(rows)
    edits = tuple(
        Edit(
            feature=row["feature"],
            action=row["action"],
            layer=row["layer"],
            target=row["target"],
            tags=row["tags"],
            geometry=row["geometry"],
            phase=FIRST_PHASE if row["phase"] is None else FIRST_PHASE + labels.index(row["phase"]),
            note=row["note"],
        )
        for row in rows
    )
    return Plan(name, edits, tuple(map(str, labels)), provenance)


def _provenance(path: Path, *more: Path) -> Provenance:
    """Where a plan came from; the digest is of all files that it consists of."""
    files = [*_files(path), *more]
    digests = [sha256_of(file) for file in files]
    named = b"".join(
        file.name.encode() + b"\0" + bytes.fromhex(digest) for file, digest in zip(files, digests, strict=True)
    )
    sha256 = digests[0] if len(files) == 1 else sha256_of_bytes(named)
    return Provenance(source_id="plan", path=str(path), licence=NOT_STATED, attribution=NOT_STATED, sha256=sha256)


def _files(path: Path) -> list[Path]:
    """Files of which a plan consists: some formats have several of one name."""
    if path.is_dir():
        return sorted(file for file in path.iterdir() if file.is_file()) or [path / "nothing"]
    if path.suffix.lower() in MANY_FILES:
        return sorted(file for file in path.parent.glob(f"{glob.escape(path.stem)}.*") if file.is_file())
    return [path]


def _phases(rows: Sequence[Mapping[str, Any]]) -> list[Any]:
    """What the file calls its phases, in order: all numbers, or all dates."""
    found = {row["phase"] for row in rows if row["phase"] is not None}
    if len({type(value) for value in found}) > 1:
        raise InputError("plan_file.phases", phases=sorted(map(str, found)))
    return sorted(found)


# --- map layers ----------------------------------------------------------------------------------


def _rows(path: Path, estate: Estate) -> list[dict[str, Any]]:
    try:
        tables = {
            name: vector_files.read_table(path, layer=name, **_as_written(path))
            for name in vector_files.filled_layers(path)
            if name != STYLES
        }
    except (DataSourceError, DataLayerError, ValueError, IndexError, shapely.GEOSException, MemoryError) as error:
        raise SourceFormatError("files.unreadable", path=path, cause=cause(error), needed=NEEDED) from error
    rows = []
    for name, table in tables.items():
        columns = {str(column).lower(): column for column in table.columns}
        if "action" not in columns or "layer" not in columns:
            raise SourceFormatError(
                "plan_file.columns", path=path, layer=name, columns=list(map(str, table.columns[:8])), needed=NEEDED
            )
        table = table.rename(columns={column: _whole(low) for low, column in columns.items() if column != "geometry"})
        if path.suffix.lower() in NO_EMPTY_NUMBER:
            table = _stated(table)
        rows += _rows_of_table(table, path, estate, f"{name} " if len(tables) > 1 else "")
    return rows


def _as_written(path: Path) -> dict[str, Any]:
    """Of GeoJSON, GDAL makes moments of words that look like dates: here they stay words."""
    return {"DATE_AS_STRING": "YES"} if path.suffix.lower() in JSON_ENDINGS else {}


def _rows_of_table(table: pd.DataFrame, path: Path, estate: Estate, prefix: str) -> list[dict[str, Any]]:
    shapes = _shapes(table, path, estate)
    return [
        _row(f"{prefix}feature {i + 1}", {str(k): v for k, v in row.items()}, shapes[i])
        for i, row in enumerate(table.drop(columns="geometry", errors="ignore").to_dict("records"))
    ]


def _stated(table: pd.DataFrame) -> pd.DataFrame:
    """Take zero for nothing said where a format has no empty number, but in the homes of a new building."""
    new = (table["action"].astype(str).str.lower() == "add") & (table["layer"].astype(str).str.lower() == "building")
    for name in table.select_dtypes("number").columns:
        said = (table[name] != 0) | (new & (name == "dwellings"))
        table = table.assign(**{str(name): table[name].where(said)})
    return table


def _whole(column: str) -> str:
    """Name of a column that a Shapefile has cut after ten letters, where it can only be one."""
    if len(column) != SHAPEFILE_LETTERS:
        return column
    cut = [key for key in LONG_KEYS if key.startswith(column)]
    return cut[0] if len(cut) == 1 else column


def _shapes(table: Any, path: Path, estate: Estate) -> list[BaseGeometry | None]:
    if not isinstance(table, gpd.GeoDataFrame) or table.geometry.isna().all():
        return [None] * len(table)
    if table.crs is None:
        raise CRSError("files.undeclared", path=path)
    try:
        moved = table.to_crs(estate.crs).geometry
    except ProjError as error:
        raise CRSError(
            "plan_file.crs", path=path, crs=table.crs.name, to=estate.crs.to_string(), cause=cause(error)
        ) from error
    lost = [i for i, shape in enumerate(moved, start=1) if shape is not None and not _on_earth(shape)]
    if lost:
        raise CRSError("plan_file.misfit", path=path, feature=lost[0], crs=table.crs.name)
    return [None if shape is None or shape.is_empty else _single(shape) for shape in moved]


def _single(shape: BaseGeometry) -> BaseGeometry:
    """The one part of a multi-geometry that has one, in two dimensions."""
    flat = shapely.force_2d(shape)
    parts = shapely.get_parts(flat)
    return parts[0] if len(parts) == 1 else flat


def _row(feature: str, values: Mapping[str, Any], shape: BaseGeometry | None) -> dict[str, Any]:
    said = {key: _text(value) for key, value in values.items()}
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
        "phase": _phase(values.get("phase"), said.get("feature") or feature),
        "note": said.get("note"),
    }


def _text(value: Any) -> str | None:
    if value is None or (pd.api.types.is_scalar(value) and pd.isna(value)):
        return None
    if isinstance(value, (float, np.floating)) and float(value).is_integer():
        return str(int(value))
    return str(value).strip() or None


def _phase(value: Any, feature: str) -> int | str | None:
    """A number, or a date that sorts by time (2027, 2027-03, 2027-03-01); None where nothing is said.

    Raises
    ------
    InputError
        If it is neither.
    """
    text = _text(value)
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
        raise InputError("plan_file.phase", feature=feature, phase=text) from error
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
        raise InputError("plan_file.kind", feature=feature, kind=kind, kinds=list(rules.kinds))
    selector = rules.selectors[kind][0]
    parts = [part.partition("=") for part in selector.split(" & ") if not part.startswith("!")]
    return {key: ("yes" if value == "*" else value) for key, _, value in parts}


# --- the short form ------------------------------------------------------------------------------


def _short(path: Path, estate: Estate) -> tuple[list[dict[str, Any]], str, tuple[Path, ...]]:
    try:
        table = parse_toml(path.read_text(encoding="utf-8"))
    except (ValueError, OSError) as error:
        raise SourceFormatError("plan_file.toml", path=path, cause=cause(error), needed=NEEDED) from error
    edits = table.get("edit", [])
    if not isinstance(edits, list) or not all(isinstance(entry, dict) for entry in edits):
        raise SourceFormatError("plan_file.no_edits", path=path, needed=NEEDED)
    drawn: list[dict[str, Any]] = []
    files: tuple[Path, ...] = ()
    if "drawing" in table:
        drawn = [
            _row(feature, columns, shape) for feature, columns, shape in drawings.drawing_rows(table, path, estate)
        ]
        files = (path.parent / str(table["drawing"]),)
    rows = [_short_row(f"edit {i + 1}", dict(entry), estate) for i, entry in enumerate(edits)]
    return drawn + rows, str(table.get("name", path.stem)), files


def _short_row(feature: str, entry: dict[str, Any], estate: Estate) -> dict[str, Any]:
    known = ("remove", "change", "add", *VERBS)
    verbs = [verb for verb in known if verb in entry]
    if len(verbs) != 1:
        raise InputError("plan_file.verbs", feature=feature, verbs=verbs or phrase("plan_file.nothing"), known=known)
    verb, shape = verbs[0], _position(feature, entry, estate)
    said = entry.get("tags", {})
    if not isinstance(said, Mapping):
        raise InputError("plan_file.tags", feature=feature, tags=said)
    what, tags = str(entry[verb]), {str(key): str(value) for key, value in said.items()}
    row = {
        "feature": feature,
        "action": verb if verb in ("remove", "add") else "change",
        "layer": "object",
        "target": what,
        "tags": VERBS.get(verb, {}) | tags,
        "geometry": shape,
        "phase": _phase(entry.get("phase"), feature),
        "note": _text(entry.get("note")),
    }
    if verb != "add":
        return row
    layer = what if what in NAMED else str(entry.get("layer", "place"))
    kind = {} if layer != "place" or what in NAMED else kind_tags(what, feature)
    said = {TAGS[key]: str(entry[key]) for key in TAGS if key in entry}
    return row | {"layer": layer, "target": None, "tags": DEFAULTS.get(layer, {}) | kind | said | tags}


def _position(feature: str, entry: Mapping[str, Any], estate: Estate) -> BaseGeometry | None:
    """``at = [lon, lat]`` or ``line`` or ``area``, lists of such pairs, in the estate's CRS."""
    given = [key for key in ("at", "line", "area") if key in entry]
    if not given:
        return None
    points = np.atleast_2d(np.asarray(entry[given[0]], dtype=object))
    try:
        numbers = points.astype(float)
        shape = {"at": shapely.Point, "line": shapely.LineString, "area": shapely.Polygon}[given[0]](
            numbers[0] if given[0] == "at" else numbers
        )
    except (ValueError, TypeError, IndexError, shapely.GEOSException) as error:
        raise InputError("plan_file.position", feature=feature, key=given[0], value=str(entry[given[0]])) from error
    moved: BaseGeometry = gpd.GeoSeries([shape], crs=WGS84).to_crs(estate.crs).iloc[0]
    if not _on_earth(moved):
        raise InputError("plan_file.nowhere", feature=feature, key=given[0], value=str(entry[given[0]]))
    return moved


def _on_earth(shape: BaseGeometry) -> bool:
    return bool(np.isfinite(shapely.get_coordinates(shape)).all())
