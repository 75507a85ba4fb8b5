"""Opening vector files that strangers made: what GDAL is not asked to do.

A file may claim a billion features in a kilobyte, unfold to a terabyte, count without end, or name
another file or server that GDAL would follow. All of that is refused here, before it is read; the
readers above say of which file, and what was needed. What is refused is a ``ValueError``.
"""

from __future__ import annotations

import logging
import re
import sqlite3
import warnings
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any

import pyogrio

from spatial.phrases import phrase

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
SQLITE, BOM = b"SQLite format 3\0", b"\xef\xbb\xbf \t\r\n"
# Unpacked, a workbook of a million rows has 200 MB, and no layer of a town in an archive has a GB.
BOOKS = (".xlsx", ".xlsm", ".ods")
MAX_BOOK_BYTES, MAX_ARCHIVE_BYTES = 256 << 20, 1 << 30
# A view is counted in so many steps of SQLite's machine, a few seconds, and not further.
STEPS, MAX_TURNS = 1_000_000, 300
# GDAL's way out of this machine, closed: no proxy is there, and no file of the web may be opened.
CLOSED = {"GDAL_HTTP_PROXY": "http://127.0.0.1:9", "CPL_VSIL_CURL_ALLOWED_FILENAME": "none", "GDAL_HTTP_MAX_RETRY": "0"}


def layers(path: Path, *, inside: str | None = None) -> list[str]:
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
    head = check(path) if path.is_file() else b""
    with closed():
        names = [str(name) for name in pyogrio.list_layers(inside or path)[:, 0]]
        if not head.lstrip(BOM).startswith(b"{"):  # JSON claims nothing, and takes long to open
            size = _unpacked(path)
            for name in names:
                _check_claim(pyogrio.read_info(inside or path, layer=name), size)
    return names


def read(path: str | Path, **options: Any) -> Any:
    """Read a layer whose file ``layers`` has looked at, as pyogrio does; nothing is requested from anywhere."""
    with closed(), warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always", RuntimeWarning)
        table = pyogrio.read_dataframe(path, **options)
    for one in said:
        log.info("%s: %s", path, one.message)
    return table


def info(path: str | Path, **options: Any) -> Mapping[str, Any]:
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


def check(path: Path) -> bytes:
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
