"""Datafordeler's entity files: a register as a folder of downloads, one file an entity, as JSON or CSV, zipped or not.

They are read piece by piece: a municipality's units are more than a gigabyte of JSON.
"""

from __future__ import annotations

import csv
import io
import json
import re
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from hashlib import sha256
from pathlib import Path
from typing import Any, TextIO

import geopandas as gpd
import shapely
from pyproj import CRS

from spatial.core.errors import SourceFormatError, SourceUnavailable
from spatial.core.files import sha256_of
from spatial.sources.catalogue import Source
from spatial.sources.protocol import Area, Delivery
from spatial.sources.protocols.dwellings import POINT, numbers_with_dwellings

PIECE = 1 << 20
BETWEEN = re.compile(r"[\s,\[\]]*")  # matches anywhere, if only nothing


def read_dwellings(folder: Path, source: Source, area: Area) -> Delivery:
    """Count the dwellings behind each house number of an area, from the files of BBR and DAR in a folder.

    Raises
    ------
    SourceUnavailable
        If the file of an entity is missing.
    SourceFormatError
        If one cannot be read to its end.
    """
    crs = CRS.from_user_input(source.crs)
    box = shapely.box(*area.bounds_in(crs))
    used: list[Path] = []

    def rows(entity: str) -> Iterator[dict[str, Any]]:
        path = find_file(folder, entity)
        used.append(path)
        return read_rows(path)

    def among(entity: str, _fields: Any, name: str, ids: Iterable[str]) -> Iterator[dict[str, Any]]:
        wanted = set(ids)
        return (row for row in rows(entity) if row.get(name) in wanted)

    points = [(row["id_lokalId"], row[POINT]) for row in rows("DAR_Adressepunkt") if row.get(POINT)]
    inside = shapely.intersects(shapely.from_wkt([wkt for _, wkt in points]), box)
    near = dict(point for point, is_near in zip(points, inside.tolist(), strict=True) if is_near)
    table, shapes = numbers_with_dwellings(near, among)
    digest = sha256("".join(sha256_of(path) for path in used).encode()).hexdigest()
    return Delivery(gpd.GeoDataFrame(table, geometry=shapes, crs=crs), str(folder), digest, whole_area=True)


def find_file(folder: Path, entity: str) -> Path:
    """The file of an entity such as ``DAR_Husnummer``, whatever stands around its name; the last by name of several."""
    register, _, name = entity.partition("_")
    called = re.compile(rf"(?<![a-z]){name}(?![a-z])", re.IGNORECASE)
    endings = (".zip", ".json", ".csv")
    found = [path for path in sorted(folder.glob("*")) if path.suffix.lower() in endings and called.search(path.stem)]
    if not found:
        raise SourceUnavailable("entity_files.missing", folder=folder, register=register, entity=name)
    return found[-1]


def read_rows(path: Path) -> Iterator[dict[str, Any]]:
    """All rows of a file, in their order.

    Raises
    ------
    SourceFormatError
        If it is no such file, or ends in the middle.
    """
    try:
        with ExitStack() as stack:
            name, text = _opened(path, stack)
            yield from csv.DictReader(text) if name.lower().endswith(".csv") else _objects(text)
    except (OSError, ValueError, EOFError, zipfile.BadZipFile, zlib.error, csv.Error) as error:
        raise SourceFormatError("entity_files.broken", path=path) from error


def _opened(path: Path, stack: ExitStack) -> tuple[str, TextIO]:
    """The name of the file, or of the one in the archive, and its text."""
    if path.suffix.lower() != ".zip":
        return path.name, stack.enter_context(path.open(encoding="utf-8-sig", newline=""))
    archive = stack.enter_context(zipfile.ZipFile(path))
    (member,) = [one for one in archive.namelist() if one.lower().endswith((".json", ".csv"))]
    packed = stack.enter_context(archive.open(member))
    return member, io.TextIOWrapper(packed, encoding="utf-8-sig", newline="")


def _objects(text: TextIO) -> Iterator[dict[str, Any]]:
    """Each object of a list, or of lines, without holding them all."""
    decoder, held, ended, signs = json.JSONDecoder(), "", False, ""
    while not ended:
        piece = text.read(PIECE)
        ended, held = not piece, held + piece
        signs = (signs + piece.strip())[:1] + (signs + piece.strip())[-1:]  # the first and the last
        at = 0
        while True:
            at = BETWEEN.match(held, at).end()  # type: ignore[union-attr]
            try:
                found, at = decoder.raw_decode(held, at)
            except json.JSONDecodeError:
                break
            yield found
        held = held[at:]
    if held or (signs[:1] == "[" and signs[-1:] != "]"):
        raise ValueError("ends in the middle")
