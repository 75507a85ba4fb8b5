"""Read CSV, workbooks and map layers as tables of text, with the positions in them."""

from __future__ import annotations

import codecs
import csv
import io
import json
import re
import zipfile
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely
from pyogrio.errors import DataLayerError, DataSourceError
from pyproj import CRS
from pyproj.exceptions import CRSError as PyprojCRSError
from pyproj.exceptions import ProjError
from shapely.geometry import LineString, Point, Polygon, shape
from shapely.geometry.base import BaseGeometry

from spatial.core.arrays import Shapes
from spatial.core.crs import WGS84, local_metric
from spatial.core.errors import CRSError, EmptyAreaError, SourceFormatError, SourceUnavailable
from spatial.core.files import is_pipe, sha256_of
from spatial.core.messages import cause, phrase
from spatial.core.model import NOT_STATED, Provenance, Sheet
from spatial.settings.observation_columns import Mapped, rules
from spatial.sources import vector_files

NO_GEOMETRY, BAD_GEOMETRY, NOT_DEGREES = "no_geometry", "bad_geometry", "not_degrees"
MAX_DEGREES = (180.0, 90.0)
SMALLEST_RING = 4
# What ODK writes: "latitude longitude altitude accuracy", and several of them with semicolons between.
ODK_POINT = re.compile(r"^-?\d+(\.\d+)? -?\d+(\.\d+)?( -?\d+(\.\d+)?){0,2}$")
# What a map on the web gives to be copied: latitude, then longitude; in Danish with decimal commas.
PAIR = re.compile(r"^[(\[]?(-?\d+\.\d+)°?\s*[,;]\s*(-?\d+\.\d+)°?[)\]]?$")
PAIR_COMMA = re.compile(r"^[(\[]?(-?\d+,\d+)°?(?:\s*;\s*|,?\s+)(-?\d+,\d+)°?[)\]]?$")
# North and east after a number, in Danish and English.
NORTH_EAST = re.compile(r"(?<=[\d°])\s*[NEØ](?=[\s,;)]|$)")
# Well-known binary as PostGIS writes it in a table: hexadecimal, from the byte order on.
WKB = re.compile(r"^0[01]([0-9a-fA-F]{2}){20,}$")
WKT = re.compile(r"^(SRID=\d+;)?(MULTI)?(POINT|LINESTRING|POLYGON)", re.IGNORECASE)


def positions_of_rows(
    rows: pd.DataFrame, mapped: Mapped, path: str
) -> tuple[Shapes | None, CRS | None, dict[int, str]]:
    """Find the positions in a table of text.

    Returns
    -------
    geometry, crs, faults
        One geometry or None a row, in ``crs``; all None where the table has no positions. Faults
        give by row number why a position cannot be used.

    Raises
    ------
    CRSError
        If there are metric coordinates and nobody says in which CRS.
    """
    columns = _columns(rows, mapped)
    in_numbers = {"longitude", "latitude"} <= set(columns)
    if "text" in columns and (not in_numbers or rows[columns["text"]].map(parsed).notna().any()):
        return _from_text(rows[columns["text"]], _declared(mapped, path) or WGS84)
    if in_numbers:
        return _from_numbers(rows, columns["longitude"], columns["latitude"], WGS84)
    if {"x", "y"} <= set(columns):
        crs = _declared(mapped, path)
        if crs is not None:
            return _from_numbers(rows, columns["x"], columns["y"], crs)
        if not _all_named(rows, mapped):
            raise CRSError("positions.no_crs", path=path, x=columns["x"], y=columns["y"])
    return None, None, {}


def _columns(rows: pd.DataFrame, mapped: Mapped) -> Mapping[str, str]:
    """Columns that hold positions, by what they hold: of several the one whose texts are positions, then the first."""
    found: dict[str, tuple[bool, int, str]] = {}
    for column, (role, name, order) in rules().meanings(map(str, rows.columns), mapped).items():
        if role == "position" and rows[column].str.strip().any():
            words = name == "text" and not rows[column].map(parsed).notna().any()
            found[name] = min(found.get(name, (words, order, column)), (words, order, column))
    return {name: column for name, (_, _, column) in found.items()}


def _all_named(rows: pd.DataFrame, mapped: Mapped) -> bool:
    """Every row names its location, so it needs no position of its own."""
    meanings = rules().meanings(map(str, rows.columns), mapped).items()
    named = [column for column, (_, name, _) in meanings if name == "location_id"]
    return any(bool((rows[column].str.strip() != "").all()) for column in named)


def _declared(mapped: Mapped, path: str) -> CRS | None:
    if mapped.crs is None:
        return None
    try:
        return CRS.from_user_input(mapped.crs)
    except PyprojCRSError as error:
        raise CRSError("crs.unknown", what=path, found=mapped.crs) from error


def _from_text(texts: pd.Series, crs: CRS) -> tuple[Shapes, CRS, dict[int, str]]:
    geometry, faults = np.full(len(texts), None, dtype=object), {}
    for i, (row, text) in enumerate(texts.items()):
        found = parsed(str(text))
        fault = _fault(found, str(text), crs)
        if fault:
            faults[int(str(row))] = fault
        else:
            geometry[i] = found
    return geometry, crs, faults


def _fault(found: BaseGeometry | None, text: str, crs: CRS) -> str | None:
    if not text.strip():
        return NO_GEOMETRY
    if found is None or found.is_empty or not np.isfinite(found.bounds).all() or not found.is_valid:
        return BAD_GEOMETRY
    return NOT_DEGREES if crs.is_geographic and not _degrees(found.bounds) else None


def _degrees(bounds: tuple[float, ...]) -> bool:
    return (
        max(abs(bounds[0]), abs(bounds[2])) <= MAX_DEGREES[0] and max(abs(bounds[1]), abs(bounds[3])) <= MAX_DEGREES[1]
    )


def parsed(text: str) -> BaseGeometry | None:
    """Read one geometry; None where it is none.

    Examples
    --------
    >>> parsed("POINT (12.5 55.7)").wkt == parsed("55.7 12.5 0 4.2").wkt
    True
    >>> parsed('"geometry": {"type": "Point", "coordinates": [12.5, 55.7]} }').wkt
    'POINT (12.5 55.7)'
    """
    text = text.strip()
    try:
        text = NORTH_EAST.sub("", text)
        if WKT.match(text):
            return shapely.from_wkt(text.rpartition(";")[2])
        if WKB.match(text):
            return shapely.from_wkb(text)
        pair = PAIR.match(text) or PAIR_COMMA.match(text)
        if pair:
            latitude, longitude = (float(part.replace(",", ".")) for part in pair.groups())
            return Point(longitude, latitude)
        if "{" in text:
            return _geojson(text)
        parts = [part.strip() for part in text.split(";") if part.strip()]
        if parts and all(ODK_POINT.match(part) for part in parts):
            return _odk(parts)
    except (shapely.GEOSException, ValueError, KeyError, TypeError, IndexError, AttributeError, RecursionError):
        return None
    return None


def _geojson(text: str) -> BaseGeometry:
    """The geometry of a GeoJSON object, feature, or a piece of one: what follows it is not looked at."""
    found, _ = json.JSONDecoder().raw_decode(text, text.index("{"))
    return shape(found.get("geometry") or found)


def _odk(parts: list[str]) -> BaseGeometry:
    at = [(float(words[1]), float(words[0])) for words in (part.split() for part in parts)]
    if len(at) == 1:
        return Point(at[0])
    closed = at[0] == at[-1] and len(at) >= SMALLEST_RING
    return Polygon(at) if closed else LineString(at)


def _from_numbers(rows: pd.DataFrame, x: str, y: str, crs: CRS) -> tuple[Shapes, CRS, dict[int, str]]:
    # A decimal comma is what a Danish spreadsheet writes.
    texts = [rows[column].str.strip() for column in (x, y)]
    xs, ys = (pd.to_numeric(text.str.replace(",", "."), errors="coerce").to_numpy(np.float64) for text in texts)
    missing = (texts[0] == "") | (texts[1] == "")
    bad = ~(np.isfinite(xs) & np.isfinite(ys))
    far = crs.is_geographic & ((np.abs(xs) > MAX_DEGREES[0]) | (np.abs(ys) > MAX_DEGREES[1]))
    geometry = np.full(len(rows), None, dtype=object)
    usable = ~(bad | far)
    geometry[usable] = shapely.points(xs[usable], ys[usable])
    faults = {}
    for i in np.flatnonzero(~usable).tolist():
        faults[int(rows.index[i])] = NO_GEOMETRY if missing.iloc[i] else BAD_GEOMETRY if bad[i] else NOT_DEGREES
    return geometry, crs, faults


def projected(geometry: Shapes, crs: CRS, into: CRS) -> tuple[Shapes, npt.NDArray[np.bool_]]:
    """Project geometries; those that have no finite position there become None, and are marked."""
    moved = np.asarray(gpd.GeoSeries(geometry, crs=crs).to_crs(into).to_numpy(), dtype=object)
    there = ~shapely.is_missing(moved)
    lost = there & ~np.isfinite(shapely.bounds(moved)).all(axis=1)
    moved[lost] = None
    return moved, lost


NEEDED = phrase("observations.needed")
TABLES, BOOKS, MAPS = (".csv", ".tsv", ".txt"), (".xlsx", ".xlsm"), (".geojson", ".json", ".gpkg", ".shp", ".fgb")
# Spreadsheets in Danish write semicolons between cells, because the comma is taken.
DELIMITERS = (",", ";", "\t", "|")
ENCODINGS = ("utf-8-sig", "cp1252")
# The longer marks first: that of UTF-32 begins with that of UTF-16.
WIDE = {
    codecs.BOM_UTF32_LE: "utf-32",
    codecs.BOM_UTF32_BE: "utf-32",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}
# The first line by which a spreadsheet is told what stands between cells.
SEPARATOR = re.compile(r'^"?sep=(.)"?[ \t,;]*\r?\n', re.IGNORECASE)
MAX_BYTES = 500_000_000
MAX_ROWS, MAX_CELLS = 1_000_000, 20_000_000
# Headings below the first rows are looked for down to this one, to say where they are.
LATEST_HEADING = 200
RAGGED, BAD_POSITION = "ragged", "bad_geometry"
# What a workbook shows of a sheet; that a table is of a hidden one.
VISIBLE, HIDDEN = "visible", "hidden"


def read_tables(path: Path, *, mapped: Mapped, crs: CRS | None = None) -> tuple[list[Sheet], CRS, Provenance]:
    """Read all tables of a file or folder.

    Parameters
    ----------
    path
        A file, or a folder whose tables belong together.
    mapped
        What the user says about the file.
    crs
        Metric CRS of the estate. Default: chosen by where the observations are.

    Returns
    -------
    sheets, crs, provenance
        Tables of text, their positions in ``crs``.

    Raises
    ------
    SourceUnavailable, SourceFormatError
        If a file is not there, or is not what its name says.
    CRSError
        If coordinates come without a CRS, or none can be chosen.
    EmptyAreaError
        If there is no table with rows.
    """
    files = _files(path)
    found = [table for file in files for table in _tables(file, mapped)]
    located = [(name, file, rows, *_positions(rows, shapes, mapped, file)) for name, file, rows, shapes in found]
    if not any(len(rows) for _, _, rows, *_ in located):
        raise EmptyAreaError("observations.no_rows", path=path, needed=NEEDED)
    into = crs or _local([(shapes, own) for *_, shapes, own, _ in located], path)
    sheets = [
        Sheet(name, str(file), rows, *_into(rows, shapes, own, into, faults))
        for name, file, rows, shapes, own, faults in located
    ]
    # A digest of counts is none of theirs: who guesses the counts would see that the guess is right.
    return sheets, into, Provenance("observations", path.name, NOT_STATED, NOT_STATED)


def text_tables(path: Path) -> tuple[list[tuple[str, pd.DataFrame]], Provenance]:
    """Read the tables of a file or folder as text, positions left aside.

    Raises
    ------
    SourceUnavailable, SourceFormatError
        If a file is not there, or is not what its name says.
    """
    files = _files(path)
    return [(name, rows) for file in files for name, _, rows, _ in _tables(file)], _provenance(path, files)


def _files(path: Path) -> list[Path]:
    if not path.exists():
        raise SourceUnavailable("files.missing", path=path, needed=NEEDED)
    if is_pipe(path):
        raise SourceFormatError("files.pipe", path=path, needed=NEEDED)
    known = (*TABLES, *BOOKS, *MAPS)
    files = sorted(f for f in path.iterdir() if f.suffix.lower() in known) if path.is_dir() else [path]
    if not files or files[0].suffix.lower() not in known:
        raise SourceFormatError("observations.kind", path=path, needed=NEEDED)
    size = sum(f.stat().st_size for f in files)
    if size > MAX_BYTES:
        raise SourceFormatError("observations.too_large", path=path, found_mb=size / 1e6, most_mb=MAX_BYTES / 1e6)
    return files


def _tables(file: Path, mapped: Mapped | None = None) -> list[tuple[str, Path, pd.DataFrame, gpd.GeoSeries | None]]:
    """Tables of one file: name, file, rows of text, geometry where it has some.

    With ``mapped`` they are counts: their heading is looked for, and columns that nobody reads may share a name.
    """
    suffix = file.suffix.lower()
    try:
        if suffix in TABLES:
            return [(file.stem, file, _csv(file, mapped), None)]
        if suffix in BOOKS:
            return [(name, file, rows, None) for name, rows in _book(file, mapped)]
        return [(name, file, rows, shapes) for name, rows, shapes in _layers(file)]
    except (OSError, ValueError, KeyError, csv.Error, zipfile.BadZipFile, DataSourceError, DataLayerError) as error:
        raise SourceFormatError("observations.unreadable", path=file, cause=cause(error), needed=NEEDED) from error


def _csv(file: Path, mapped: Mapped | None) -> pd.DataFrame:
    """Rows of a CSV by the number a spreadsheet shows; a row with too many or few cells is marked."""
    text = _decoded(file.read_bytes())
    told = SEPARATOR.match(text)
    if told:  # a spreadsheet does not show this line, and does not count it
        text = text[told.end() :]
        return _frame(_split(text, told[1]), mapped)
    top = "\n".join(text.splitlines()[:LATEST_HEADING])
    return _frame(_split(text, max(DELIMITERS, key=lambda sign: _widest(top, sign, mapped))), mapped)


def _split(text: str, delimiter: str) -> list[list[str]]:
    return list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter))


def _widest(top: str, delimiter: str, mapped: Mapped | None) -> tuple[int, int]:
    """How well a sign parts the first lines: known columns in one row, and cells in the first."""
    cells = _split(top, delimiter)
    return max((_known(row, mapped) for row in cells), default=0), top.split("\n", 1)[0].count(delimiter)


def _known(cells: Sequence[str], mapped: Mapped | None) -> int:
    return 0 if mapped is None else sum(rules().meaning(cell.strip(), mapped) is not None for cell in cells)


def _decoded(data: bytes) -> str:
    for mark, encoding in WIDE.items():
        if data.startswith(mark):
            return data.decode(encoding)
    if b"\0" in data:
        raise ValueError(phrase("observations.zero_bytes"))
    for encoding in ENCODINGS:
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise ValueError(phrase("observations.encoding"))


def _frame(cells: list[list[str]], mapped: Mapped | None) -> pd.DataFrame:
    """A table of text under its heading; empty rows are left out, and keep their number."""
    if not cells:
        return pd.DataFrame()
    heading = _heading(cells, mapped)
    head = _names(cells[heading], mapped)
    width = len(head)
    below = enumerate(cells[heading + 1 :], start=heading + 2)
    numbered = [(i, _without_empty_end(row, width)) for i, row in below if any(cell.strip() for cell in row)]
    rows = [(row + [""] * width)[:width] for _, row in numbered]
    table = pd.DataFrame(rows, index=[i for i, _ in numbered], columns=head, dtype=object)
    table = table.loc[:, [bool(name) for name in head]]
    table.attrs[RAGGED] = [i for i, row in numbered if len(row) != width]
    return table


def _heading(cells: list[list[str]], mapped: Mapped | None) -> int:
    """Which row is the heading: of the first rows the one with the most known columns, else the first with words."""
    top = cells[: rules().test["heading_rows"]]
    filled = [i for i, row in enumerate(top) if any(cell.strip() for cell in row)] or [0]
    if mapped is None:
        return 0
    heading = max(filled, key=lambda i: (_known(top[i], mapped), -i))
    if not _known(top[heading], mapped):
        late = range(len(top), min(len(cells), LATEST_HEADING))
        if (row := next((i for i in late if _known(cells[i], mapped) > 1), None)) is not None:
            raise ValueError(phrase("observations.late_heading", row=row + 1, first=len(top)))
    return heading


def _names(head: Sequence[str], mapped: Mapped | None) -> list[str]:
    """The names of columns; of those that nobody reads a second one of a name gets a number."""
    names = [name.strip() for name in head]
    twice = {name for name, count in Counter(filter(None, names)).items() if count > 1}
    read = [name for name in names if name in twice and _is_read(name, mapped)]
    if read:
        raise ValueError(phrase("observations.twice", name=read[0]))
    return [f"{name} ({i})" if name in names[:i] and name else name for i, name in enumerate(names)]


def _is_read(name: str, mapped: Mapped | None) -> bool:
    meaning = rules().meaning(name, mapped)
    return mapped is None or (meaning is not None and meaning[0] != "dropped")


def _without_empty_end(row: list[str], width: int) -> list[str]:
    """A row without the empty cells that stand beyond its heading."""
    return row[:width] if not any(cell.strip() for cell in row[width:]) else row


def _book(file: Path, mapped: Mapped | None) -> list[tuple[str, pd.DataFrame]]:
    import openpyxl

    vector_files.check_archive(file)
    try:
        book = openpyxl.load_workbook(file, read_only=True, data_only=True)
        try:
            sheets = [(sheet.title, _cells(sheet), sheet.sheet_state != VISIBLE) for sheet in book.worksheets]
        finally:
            book.close()
    except Exception as error:  # of a damaged workbook openpyxl, zlib and the reader of XML say so in a dozen ways
        raise ValueError(phrase("observations.workbook", cause=cause(error))) from error
    tables = [(name, _frame(cells, mapped), is_hidden) for name, cells, is_hidden in sheets if cells]
    for _, table, is_hidden in tables:
        table.attrs[HIDDEN] = is_hidden
    return [(name, table) for name, table, _ in tables]


def _cells(sheet: Any) -> list[list[str]]:
    """Cells of a sheet as text, without the empty ones that a workbook may have to its right and in its end."""
    rows: list[list[str]] = []
    filled, width = 0, 0
    for number, row in enumerate(sheet.iter_rows(values_only=True), start=1):
        said = [i for i, value in enumerate(row) if value is not None]
        cells = [_text(value) for value in row[: said[-1] + 1]] if said else []
        while cells and not cells[-1]:
            cells.pop()
        if cells:
            rows += [[]] * (number - 1 - len(rows))
            rows.append(cells)
            filled, width = filled + 1, max(width, len(cells))
            if filled * width > MAX_CELLS or number > MAX_ROWS:
                raise ValueError(phrase("observations.sheet", rows=MAX_ROWS, cells=MAX_CELLS))
    return [(row + [""] * width)[:width] if row else row for row in rows]


def _text(value: Any) -> str:
    """A cell as text: whole numbers without a point, times as ISO 8601."""
    if value is None or (isinstance(value, float) and np.isnan(value)):
        return ""
    if isinstance(value, datetime):
        return value.isoformat(sep=" ")
    if isinstance(value, timedelta):
        return str(datetime.min + value)[len("0001-01-01 ") :]
    if isinstance(value, date | time):
        return value.isoformat()
    if isinstance(value, bool):
        return str(int(value))
    if isinstance(value, float | np.floating) and float(value).is_integer():
        return str(int(value))
    return str(value)


def _layers(file: Path) -> list[tuple[str, pd.DataFrame, gpd.GeoSeries | None]]:
    """Layers that GDAL finds, with their geometry; rows are numbered from 1."""
    found = []
    for name in vector_files.list_layers(file):
        if name == "layer_styles":
            continue
        table = vector_files.read_table(file, layer=name, datetime_as_string=True, on_invalid="ignore")
        shapes = table.geometry if isinstance(table, gpd.GeoDataFrame) else None
        plain = pd.DataFrame(table.drop(columns="geometry", errors="ignore"))
        rows = plain.map(lambda value: "" if pd.isna(value) else _text(value)).astype(object)
        rows.index = pd.RangeIndex(1, len(rows) + 1)
        found.append((name, rows, None if shapes is None else shapes.set_axis(rows.index)))
    return found


def _positions(
    rows: pd.DataFrame, shapes: gpd.GeoSeries | None, mapped: Mapped, file: Path
) -> tuple[Any, CRS | None, dict[int, str]]:
    ragged = dict.fromkeys(rows.attrs.get(RAGGED, []), RAGGED)
    if shapes is None:
        geometry, crs, faults = positions_of_rows(rows, mapped, str(file)) if len(rows) else (None, None, {})
        return geometry, crs, faults | ragged
    found = np.asarray(shapes.to_numpy(), dtype=object)
    gone = shapely.is_missing(found) | shapely.is_empty(found)
    if gone.all():
        return positions_of_rows(rows, mapped, str(file)) if len(rows) else (None, None, {})
    if shapes.crs is None:
        raise CRSError("observations.no_crs", path=file)
    found[gone] = None
    faults = {int(rows.index[i]): NO_GEOMETRY for i in np.flatnonzero(gone).tolist()}
    if shapes.crs.is_geographic:
        bounds = np.abs(shapely.bounds(found))
        far = ~gone & ~((bounds[:, [0, 2]] <= 180).all(axis=1) & (bounds[:, [1, 3]] <= 90).all(axis=1))
        found[far] = None
        faults |= {int(rows.index[i]): NOT_DEGREES for i in np.flatnonzero(far).tolist()}
    return found, shapes.crs, faults


def _local(located: list[tuple[Any, CRS | None]], path: Path) -> CRS:
    """The metric CRS of the place where most of the observations are."""
    for shapes, own in located:
        if shapes is not None and own is not None and not shapely.is_missing(shapes).all():
            try:
                middle = gpd.GeoSeries(shapes[~shapely.is_missing(shapes)], crs=own).to_crs(WGS84)
            except ProjError as error:
                raise CRSError("observations.crs_nowhere", path=path, crs=own.name) from error
            x, y = np.median(shapely.get_coordinates(middle.to_numpy()), axis=0)
            return local_metric(float(x), float(y))
    raise CRSError("observations.no_positions", path=path)


def _into(
    rows: pd.DataFrame, shapes: Any, own: CRS | None, into: CRS, faults: dict[int, str]
) -> tuple[Any, dict[int, str]]:
    if shapes is None or own is None:
        return None, faults
    moved, lost = projected(shapes, own, into)
    return moved, faults | {int(rows.index[i]): BAD_POSITION for i in np.flatnonzero(lost).tolist()}


def _provenance(path: Path, files: list[Path]) -> Provenance:
    return Provenance("observations", str(path), NOT_STATED, NOT_STATED, sha256=sha256_of(*files))
