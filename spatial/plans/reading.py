"""Read redevelopment plans: map layers with a column ``action``, and a short form in TOML."""

from __future__ import annotations

import glob
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import geopandas as gpd
import pandas as pd
import shapely
from pyogrio.errors import DataLayerError, DataSourceError
from pyproj.exceptions import ProjError
from shapely.geometry.base import BaseGeometry

from spatial.core.errors import CRSError, InputError, SourceFormatError, SourceUnavailable
from spatial.core.files import sha256_of, sha256_of_bytes
from spatial.core.messages import Spoken, cause, phrase
from spatial.core.model import NOT_STATED, Edit, Estate, Plan, Provenance
from spatial.plans import short_form
from spatial.plans.rows import each_row, misspelt, on_earth, plan_row
from spatial.sources import vector_files

NEEDED = phrase("plan_file.needed")
FIRST_PHASE = 1
# Formats that keep one layer in several files of one name; the table of styles that QGIS keeps beside layers.
MANY_FILES = (".shp", ".tab", ".mif")
STYLES = "layer_styles"
# What was said of places beside a plan, as the drawing table exports it: no part of the plan.
COMMENTS = "comments"
# MapInfo writes 0 where a number is left empty.
NO_EMPTY_NUMBER = (".tab", ".mif")
# These are explained by a TOML file beside them.
DRAWINGS = (".dxf", ".dwg")
JSON_ENDINGS = (".geojson", ".json")
# A Shapefile cuts the names of columns; tags that are longer, so that they are known again.
SHAPEFILE_LETTERS = 10
LONG_KEYS = (
    *("opening_hours", "building:flats", "building:levels", "addr:housenumber", "public_transport"),
    *("reservation", "construction", "wheelchair:description", "playground:theme"),
)


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
    plan, faults = read_plan_and_faults(path, estate)
    if faults:
        raise _as_one(faults)
    return plan


def read_plan_and_faults(path: str | Path, estate: Estate) -> tuple[Plan, list[InputError]]:
    """Read a plan as far as it can be read, and what of it cannot; see ``read_plan``.

    Raises
    ------
    SourceUnavailable, SourceFormatError, CRSError
        If nothing of it can be read.
    """
    path = Path(path)
    if not path.exists():
        raise SourceUnavailable("files.missing", path=path, needed=NEEDED)
    short = path.suffix.lower() == ".toml"
    rows, faults, name, drawn = short_form.short_rows(path, estate) if short else (*_rows(path, estate), path.stem, ())
    plan, more = _plan(name, rows, _provenance(path, *drawn))
    return plan, [*faults, *more]


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
    rows, faults = _rows_of_table(table, Path(name), estate, name, "")
    plan, more = _plan(name, rows, None)
    if faults or more:
        raise _as_one([*faults, *more])
    return plan


def _plan(name: str, rows: Sequence[Mapping[str, Any]], provenance: Provenance | None) -> tuple[Plan, list[InputError]]:
    """The plan of these rows, phases numbered in the order of what they are called, and what is wrong with those."""
    faults: list[InputError] = []
    try:
        labels = _phases(rows)
    except InputError as error:
        faults, labels = [error], []
    edits = tuple(
        Edit(
            feature=row["feature"],
            action=row["action"],
            layer=row["layer"],
            target=row["target"],
            tags=row["tags"],
            geometry=row["geometry"],
            phase=FIRST_PHASE + labels.index(row["phase"]) if row["phase"] in labels else FIRST_PHASE,
            note=row["note"],
        )
        for row in rows
    )
    return Plan(name, edits, tuple(map(str, labels)), provenance), faults


def _as_one(faults: Sequence[InputError]) -> InputError:
    """Several faults as one error."""
    if len(faults) == 1:
        return faults[0]
    said: Spoken = faults[0]
    for fault in faults[1:]:
        said = phrase("scenario.beside", one=said, other=fault)
    return InputError("plan_file.several", faults=said)


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
    """What the file calls its phases, in order: all numbers, or all dates; what has none is in the first, 1."""
    said = [row["phase"] for row in rows]
    found = {phase for phase in said if phase is not None}
    if None in said and any(isinstance(phase, int) for phase in found):
        found.add(FIRST_PHASE)
    if len({type(value) for value in found}) > 1:
        raise InputError("plan_file.phases", phases=sorted(map(str, found)))
    return sorted(found)


# --- map layers ----------------------------------------------------------------------------------


def _rows(path: Path, estate: Estate) -> tuple[list[dict[str, Any]], list[InputError]]:
    if path.suffix.lower() in DRAWINGS:
        raise SourceFormatError("plan_file.drawing", path=path)
    try:
        tables = {
            name: vector_files.read_table(path, layer=name, **_as_written(path))
            for name in vector_files.filled_layers(path)
            if name != STYLES
        }
    except (DataSourceError, DataLayerError, ValueError, IndexError, shapely.GEOSException, MemoryError) as error:
        raise SourceFormatError("files.unreadable", path=path, cause=cause(error), needed=NEEDED) from error
    rows: list[dict[str, Any]] = []
    faults: list[InputError] = []
    columns_of = {name: {str(column).lower(): column for column in table.columns} for name, table in tables.items()}
    tables = {name: tables[name] for name, found in columns_of.items() if name != COMMENTS or "action" in found}
    for name, table in tables.items():
        columns = columns_of[name]
        if "action" not in columns or "layer" not in columns:
            raise SourceFormatError(
                "plan_file.columns", path=path, layer=name, columns=list(map(str, table.columns[:8])), needed=NEEDED
            )
        table = table.rename(columns={column: _whole(low) for low, column in columns.items() if column != "geometry"})
        if path.suffix.lower() in NO_EMPTY_NUMBER:
            table = _stated(table)
        good, bad = _rows_of_table(table, path, estate, name, f"{name} " if len(tables) > 1 else "")
        rows, faults = rows + good, faults + bad
    return rows, faults


def _as_written(path: Path) -> dict[str, Any]:
    """Of GeoJSON, GDAL makes moments of words that look like dates: here they stay words."""
    return {"DATE_AS_STRING": "YES"} if path.suffix.lower() in JSON_ENDINGS else {}


def _rows_of_table(
    table: pd.DataFrame, path: Path, estate: Estate, layer: str, prefix: str
) -> tuple[list[dict[str, Any]], list[InputError]]:
    """What each row of a layer says of an edit, and what is wrong with them."""
    shapes = _shapes(table, path, estate)
    plain = table.drop(columns="geometry", errors="ignore")
    faults = [
        InputError("plan_file.column", layer=layer, column=column, meant=meant)
        for column, meant in misspelt(plain.dropna(axis="columns", how="all").columns)
    ]
    values = ({str(k): v for k, v in row.items()} for row in plain.to_dict("records"))
    found = [(f"{prefix}feature {i}", row, shapes[i - 1]) for i, row in enumerate(values, start=1)]
    rows, bad = each_row(plan_row, found)
    return rows, faults + bad


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
    lost = [i for i, shape in enumerate(moved, start=1) if shape is not None and not on_earth(shape)]
    if lost:
        raise CRSError("plan_file.misfit", path=path, feature=lost[0], crs=table.crs.name)
    return [None if shape is None or shape.is_empty else _single(shape) for shape in moved]


def _single(shape: BaseGeometry) -> BaseGeometry:
    """The one part of a multi-geometry that has one, in two dimensions."""
    flat = shapely.force_2d(shape)
    parts = shapely.get_parts(flat)
    return parts[0] if len(parts) == 1 else flat
