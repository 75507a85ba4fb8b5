"""Read vector files of strangers through GDAL, guarded.

A file may claim a billion features in a kilobyte, unfold to a terabyte, count without end, or name
another file or server that GDAL would follow. All of that is refused here, before it is read; the
readers above say of which file, and what was needed. What is refused is a ``ValueError``.
"""

from __future__ import annotations

import logging
import math
import re
import sqlite3
import warnings
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any

import geopandas as gpd
import pandas as pd
import pyarrow
import pyogrio
import shapely
from pyogrio.errors import DataLayerError, DataSourceError, FeatureError, GeometryError
from pyproj import CRS
from pyproj.exceptions import ProjError

from spatial.core.arrays import object_array
from spatial.core.errors import SourceFormatError, SourceUnavailable
from spatial.core.files import is_pipe, sha256_of
from spatial.core.messages import cause, phrase
from spatial.sources import service_answers
from spatial.sources.catalogue import Source
from spatial.sources.field_mapping import number
from spatial.sources.protocol import Area, Box, Delivery

log = logging.getLogger(__name__)

# Formats that hold what they say, and name nothing elsewhere.
DRIVERS = frozenset(
    {
        "CSV", "DXF", "ESRI Shapefile", "ESRIJSON", "FlatGeobuf", "GML", "GPKG", "GPX", "GeoJSON", "GeoJSONSeq",
        "GTFS", "JSONFG", "KML", "LIBKML", "MapInfo File", "ODS", "OpenFileGDB", "SQLite", "TopoJSON", "XLSX",
    }
)  # fmt: skip
# Beginnings of files that send GDAL elsewhere, whatever they are called.
ELSEWHERE = re.compile(rb"<OGRVRT|<VRTDataset|<OGRWFS|<OGRWCS|<WCS_GDAL|<GDAL_WM|gdal_streamed_alg|<GetCapabilities")
HEAD_BYTES = 1 << 16
GEOJSON, FIRST_WORDS = re.compile(rb'\{\s*"type"\s*:\s*"(?:FeatureCollection|Feature)"'), 256
SQLITE, BOM = b"SQLite format 3\0", b"\xef\xbb\xbf \t\r\n"
# Unpacked, a workbook of a million rows has 200 MB, and no layer of a town in an archive has a GB.
BOOKS = (".xlsx", ".xlsm", ".ods")
MAX_BOOK_BYTES, MAX_ARCHIVE_BYTES = 256 << 20, 1 << 30
# A view is counted in so many steps of SQLite's machine, a few seconds, and not further.
STEPS, MAX_TURNS = 1_000_000, 300
# GDAL's way out of this machine, closed: no proxy is there, and no file of the web may be opened.
CLOSED = {"GDAL_HTTP_PROXY": "http://127.0.0.1:9", "CPL_VSIL_CURL_ALLOWED_FILENAME": "none", "GDAL_HTTP_MAX_RETRY": "0"}


def list_layers(path: Path, *, inside: str | None = None) -> list[str]:
    """Names of the layers of a file that may be read, in its order.

    Parameters
    ----------
    path
        The file, or a folder that GDAL reads as one.
    inside
        What of it GDAL opens, where that is not the file itself.

    Raises
    ------
    ValueError
        If it unfolds to more than a layer can be, claims more than it can hold, or leads elsewhere.
    DataSourceError
        If it is no map layer.
    """
    head = check_file(path) if path.is_file() else b""
    with closed():
        names = [str(name) for name in pyogrio.list_layers(inside or path)[:, 0]]
        if not head.lstrip(BOM).startswith(b"{"):  # JSON claims nothing, and takes long to open
            size = _unpacked(path)
            for name in names:
                _check_claim(pyogrio.read_info(inside or path, layer=name), size)
    return names


def why_unreadable(path: Path, error: Exception) -> Any:
    """Why a file is no map layer: what a service said, or the page, that was saved in its place, else the cause."""
    if path.is_file():
        with path.open("rb") as file:
            head = file.read(HEAD_BYTES)
        try:
            service_answers.check_answer(head, path.name)
        except SourceUnavailable as said:
            return phrase("files.saved_refusal", reason=said.found["reason"])
        except SourceFormatError as said:
            return phrase("files.saved_page", title=said.found.get("title", ""))
    return cause(error)


def is_one_layer(path: Path) -> bool:
    """Whether a file says in its first words that it is GeoJSON: one layer, which need not be listed before it is read.

    Raises
    ------
    ValueError
        As ``check_file``.
    """
    head = check_file(path)[:FIRST_WORDS].lstrip(BOM) if path.is_file() else b""
    return bool(GEOJSON.match(head))


def filled_layers(path: Path, *, inside: str | None = None) -> list[str]:
    """Names of those layers of a file that hold anything, as ``list_layers``; all where none does."""
    names = list_layers(path, inside=inside)
    if len(names) < 2:
        return names
    filled = [name for name in names if read_info(inside or path, layer=name, force_feature_count=True)["features"]]
    return filled or names


def read_table(path: str | Path, **options: Any) -> Any:
    """Read a layer whose file ``list_layers`` has looked at, as pyogrio does; nothing is requested from anywhere."""
    with closed(), warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always", RuntimeWarning)
        table = pyogrio.read_dataframe(path, **options)
    for one in said:
        log.info("%s: %s", path, one.message)
    return table


def read_info(path: str | Path, **options: Any) -> Mapping[str, Any]:
    """What a layer is, as pyogrio says it; nothing is requested from anywhere."""
    with closed():
        found: Mapping[str, Any] = pyogrio.read_info(path, **options)
    return found


@contextmanager
def closed() -> Iterator[None]:
    """Let GDAL, as pyogrio has it, reach no server inside this block."""
    before = {name: pyogrio.get_gdal_config_option(name) for name in CLOSED}
    pyogrio.set_gdal_config_options(CLOSED)
    try:
        yield
    finally:
        pyogrio.set_gdal_config_options(before)


def check_file(path: Path) -> bytes:
    """Look at a file before anything opens it; return its beginning.

    Raises
    ------
    ValueError
        If it unfolds to more than a layer can be, leads elsewhere, or counts without end.
    """
    with path.open("rb") as file:
        head = file.read(HEAD_BYTES)
    if path.suffix.lower() != ".vrt" and ELSEWHERE.search(head):
        raise ValueError(phrase("vector_file.elsewhere"))
    if head.startswith(SQLITE):
        _check_views(path)
    if head.startswith(b"PK"):
        check_archive(path)
    return head


def check_archive(path: Path) -> None:
    """Refuse an archive or a workbook that unfolds to more than fits.

    Raises
    ------
    ValueError
        If it does.
    """
    limit = MAX_BOOK_BYTES if path.suffix.lower() in BOOKS else MAX_ARCHIVE_BYTES
    size = _unpacked(path)
    if size > limit:
        raise ValueError(phrase("vector_file.unpacked", size_mb=size / 1e6, most_mb=limit / 1e6))


def _unpacked(path: Path) -> int:
    """Bytes of a file, of an archive unpacked, or of the files of a folder."""
    if path.is_dir():
        return sum(file.stat().st_size for file in path.rglob("*") if file.is_file())
    with suppress(zipfile.BadZipFile, NotImplementedError), zipfile.ZipFile(path) as archive:
        return sum(one.file_size for one in archive.infolist())
    return path.stat().st_size


def _check_claim(about: Mapping[str, Any], size: int) -> None:
    if about["driver"] not in DRIVERS:
        raise ValueError(phrase("vector_file.format", driver=about["driver"]))
    if about["features"] > size:
        raise ValueError(phrase("vector_file.claims", n=int(about["features"]), size=size))


def _check_views(path: Path) -> None:
    """Refuse a database one of whose views has no end."""
    turns = iter(range(MAX_TURNS))
    with closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)) as database:
        database.set_progress_handler(lambda: next(turns, None) is None, STEPS)
        try:
            views = [name for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'view'")]
        except sqlite3.Error:
            return  # what is wrong with the file is GDAL's to say
        for view in views:
            try:
                database.execute(f'SELECT count(*) FROM "{view.replace(chr(34), chr(34) * 2)}"').fetchone()
            except sqlite3.OperationalError as error:
                if "interrupted" in str(error):
                    raise ValueError(phrase("vector_file.view", view=view)) from error
            except sqlite3.Error:
                continue  # functions that SQLite does not have by itself


NEEDED = phrase("map_file.needed")
PARQUET = (".parquet", ".geoparquet")
CSV = (".csv", ".txt", ".tsv")
# Files that belong to one layer: a Shapefile's and a MapInfo table's.
SIDECARS = {
    ".shp": (".shx", ".dbf", ".prj", ".cpg"),
    ".tab": (".dat", ".map", ".id", ".ind"),
    ".mif": (".mid",),
}
X_NAMES = (
    "x",
    "easting",
    "øst",
    "ost",
    "oest",
    "utm_x",
    "x_koordinat",
    "xkoordinat",
    "lon",
    "lng",
    "longitude",
    "stop_lon",
)
Y_NAMES = ("y", "northing", "nord", "utm_y", "y_koordinat", "ykoordinat", "lat", "latitude", "stop_lat")
# A timetable in GTFS is an archive of tables; this one has places.
STOPS = "stops.txt"
SHAPE_NAMES = ("wkt", "geom", "geometri", "the_geom", "wkb_geometry", "geometry")
# What municipal systems export in when it is not UTF-8. Every byte has a meaning in it.
OTHER_ENCODING = "iso-8859-1"
STAMP_BYTES = 2048
READ_WHOLE_BYTES = 64 << 20
READ_ERRORS = (DataSourceError, DataLayerError, FeatureError, GeometryError, ValueError, IndexError, OSError)
REREAD = "text not in UTF-8: read as Latin-1"
UNMANGLED = "text in UTF-8 declared as Latin-1: read as UTF-8"


def read_map_file(path: str | Path, source: Source, area: Area) -> Delivery:
    """Read a layer from a file, near the area where the file can tell what is near.

    Parameters
    ----------
    path
        The file; in one of several layers, that of the source is read.
    source
        What the file holds, as the catalogue has it.

    Raises
    ------
    SourceUnavailable, SourceFormatError
        If the file is not there, is empty, is not a map layer, or holds several of which none is
        the source's.
    """
    path = Path(path)
    _check(path)
    notes: dict[str, int] = {}
    try:
        if path.suffix.lower() in PARQUET:
            table, bounds = _parquet(path)
        else:
            table, bounds = _by_gdal(path, source, area, notes)
    except UnicodeDecodeError as error:  # a ValueError, but with a cause of its own
        raise SourceFormatError("map_file.encoding", path=path, cause=cause(error)) from error
    except (*READ_ERRORS, pyarrow.ArrowException, shapely.GEOSException, ProjError) as error:
        raise SourceFormatError(
            "files.unreadable", path=path, cause=why_unreadable(path, error), needed=NEEDED
        ) from error
    return Delivery(
        table,
        str(path),
        map_file_digest(path),
        data_date=_stamp(path),
        bounds=bounds,
        notes=notes,
        cut_off=service_answers.cut_in_file(path),
    )


def _stamp(path: Path) -> str | None:
    """The day on which a server made this file, where it wrote it into it, as GeoServer does."""
    if path.suffix.lower() not in (".geojson", ".json"):
        return None
    with path.open("rb") as stream:
        head = stream.read(STAMP_BYTES)
        stream.seek(max(path.stat().st_size - STAMP_BYTES, 0))
        tail = stream.read()
    found = re.search(rb'"timeStamp"\s*:\s*"(\d{4}-\d\d-\d\d)T', head + tail)
    return None if found is None else found[1].decode()


def _check(path: Path) -> None:
    if not path.exists():
        raise SourceUnavailable("files.missing", path=path, needed=NEEDED)
    if is_pipe(path):
        raise SourceFormatError("files.pipe", path=path, needed=NEEDED)
    if path.is_file() and not path.stat().st_size:
        raise SourceFormatError("files.empty", path=path, needed=NEEDED)


def map_file_digest(path: Path) -> str:
    """Digest of a file together with those that belong to it, or of a folder that is one source."""
    others = [path.with_suffix(suffix) for suffix in SIDECARS.get(path.suffix.lower(), ())]
    others += [path.with_suffix(suffix.upper()) for suffix in SIDECARS.get(path.suffix.lower(), ())]
    return sha256_of(*(file for file in sorted({path, *others}) if file.exists()))


def _parquet(path: Path) -> tuple[gpd.GeoDataFrame, Box | None]:
    table = gpd.read_parquet(path)
    return table, _box(table.total_bounds)


def _by_gdal(path: Path, source: Source, area: Area, notes: dict[str, int]) -> tuple[gpd.GeoDataFrame, Box | None]:
    options: dict[str, Any] = {"layer": _layer(path, source)}
    try:
        table, bounds = _layer_table(path, area, options)
    except UnicodeDecodeError:
        table, bounds = _layer_table(path, area, options | {"encoding": OTHER_ENCODING})
        notes[REREAD] = len(table)
    if not isinstance(table, gpd.GeoDataFrame):
        raise ValueError(phrase("map_file.no_geometry"))
    return _unmangled(table, notes), bounds


def _opened(path: Path) -> str:
    """What GDAL opens: the file, or the table of stops in a timetable's archive."""
    if path.suffix.lower() == ".zip" and zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as archive:
            if STOPS in archive.namelist():
                return f"CSV:/vsizip/{path}/{STOPS}"
    return str(path)


def _layer_table(path: Path, area: Area, options: Mapping[str, Any]) -> tuple[Any, Box | None]:
    """Read a small file whole, so that all that is wrong in it is seen; of a large one what is near."""
    if path.suffix.lower() in CSV or _opened(path) != str(path):
        table = _placed(read_table(_opened(path), **options))
        return table, _box(table.total_bounds) if isinstance(table, gpd.GeoDataFrame) else None
    info = read_info(path, force_total_bounds=True, **options)
    bounds = _box(info["total_bounds"])
    near = _near(info["crs"], bounds, area) if path.is_dir() or path.stat().st_size > READ_WHOLE_BYTES else None
    return read_table(path, bbox=near, **options), bounds


def _placed(table: pd.DataFrame) -> pd.DataFrame:
    """Give a table of text its points, from two columns of coordinates or one of WKT."""
    by_name = {str(name).strip().lower(): name for name in table.columns}
    x, y, shape = (next((by_name[n] for n in names if n in by_name), None) for names in (X_NAMES, Y_NAMES, SHAPE_NAMES))
    if isinstance(table, gpd.GeoDataFrame) or ((x is None or y is None) and shape is None):
        return table
    if x is None or y is None:
        return gpd.GeoDataFrame(table.drop(columns=shape), geometry=shapely.from_wkt(table[shape].to_numpy()))
    pairs = [(number(a), number(b)) for a, b in zip(table[x], table[y], strict=True)]
    points = [None if a is None or b is None else shapely.Point(a, b) for a, b in pairs]
    return gpd.GeoDataFrame(table.drop(columns=[x, y]), geometry=object_array(points))


def _layer(path: Path, source: Source) -> str:
    names = filled_layers(path, inside=_opened(path))
    wanted = {text.lower() for text in (source.id, source.id.rpartition(".")[2], *_tails(source.layer))}
    if len(names) == 1:
        return names[0]
    found = [name for name in names if name.lower() in wanted]
    if len(found) != 1:
        raise ValueError(phrase("map_file.layers", layers=names, wanted=source.layer or source.id))
    return found[0]


def _tails(name: str | None) -> tuple[str, ...]:
    return () if name is None else (name, name.rpartition(":")[2], name.rpartition(".")[2])


def _box(bounds: Any) -> Box | None:
    found = None if bounds is None else tuple(float(value) for value in bounds)
    if found is None or len(found) != 4 or not all(map(math.isfinite, found)):
        return None
    return found[0], found[1], found[2], found[3]


def _near(crs: str | None, bounds: Box | None, area: Area) -> Box | None:
    """The box to read where the file's own box and the area's meet as declared; None to read all.

    A file that lies elsewhere as declared may lie here in another reading, so all of it is read.
    """
    if crs is None or bounds is None:
        return None
    try:
        near = area.bounds_in(CRS.from_user_input(crs))
    except ProjError:
        return None
    if not all(map(math.isfinite, near)):
        return None
    meets = near[0] <= bounds[2] and near[2] >= bounds[0] and near[1] <= bounds[3] and near[3] >= bounds[1]
    return near if meets else None


def _unmangled(table: gpd.GeoDataFrame, notes: dict[str, int]) -> gpd.GeoDataFrame:
    """Put right UTF-8 that was declared as Latin-1: ``BÃ¦nk`` is ``Bænk``."""
    for name in table.columns.drop(table.geometry.name):
        values = table[name].to_numpy()
        if values.dtype != object and not pd.api.types.is_string_dtype(table[name]):
            continue
        right = [_right(value) for value in values]
        changed = sum(a is not b for a, b in zip(values, right, strict=True))
        if changed:
            table[name] = object_array(right)
            notes[UNMANGLED] = notes.get(UNMANGLED, 0) + changed
    return table


def _right(value: Any) -> Any:
    if not isinstance(value, str) or "Ã" not in value:
        return value
    try:
        return value.encode("latin-1").decode("utf-8")
    except UnicodeError:
        return value
