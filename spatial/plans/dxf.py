"""Read the entities of a drawing (DXF), by its version: UTF-8 from 2007 on, the code page before."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import pyogrio
import shapely
from pyogrio.errors import DataLayerError, DataSourceError

from spatial.core.errors import SourceFormatError, SourceUnavailable
from spatial.core.messages import Spoken, cause, phrase
from spatial.sources import vector_files

DRAWING_NEEDED = phrase("plan_drawing.needed")
# $INSUNITS of DXF, as far as anybody draws streets in them: metres to a unit.
UNITS_M = {0: 1.0, 1: 0.0254, 2: 0.3048, 4: 0.001, 5: 0.01, 6: 1.0, 14: 0.1}
UNIT, VERSION, CODE_PAGE = "$INSUNITS", "$ACADVER", "$DWGCODEPAGE"
# From AutoCAD 2007 on a drawing is UTF-8, whatever it says of a code page.
FIRST_UTF8 = "AC1021"
DEFAULT_CODE_PAGE = "CP1252"
ENCODING = "DXF_ENCODING"
BINARY = b"AutoCAD Binary DXF"
# A dimension and its handle; the records of the table of layers, and the flag of a frozen one.
DIMENSION = re.compile(r"^[ ]*0\r?\nDIMENSION\r?\n[ ]*5\r?\n(\w+)", re.MULTILINE)
LAYER, FROZEN = re.compile(r"^[ ]*0\r?\nLAYER\r?\n", re.MULTILINE), 1
# How a message of the reader begins: a file and a line of its own code.
OWN_CODE = re.compile(r"^\S+\.(?:cpp|h), \d+: ")
# A letter that the code page has not.
ESCAPED = re.compile(r"\\U\+([0-9A-Fa-f]{4})")


def read_entities(drawing: Path) -> gpd.GeoDataFrame:
    """Read what is drawn in model space: ``Layer``, ``Text`` and geometry, in units of the drawing.

    Raises
    ------
    SourceUnavailable, SourceFormatError
        If the drawing is not there or cannot be read.
    """
    if not drawing.is_file():
        raise SourceUnavailable("plan_drawing.missing", drawing=drawing, needed=DRAWING_NEEDED)
    if drawing.read_bytes()[: len(BINARY)] == BINARY:
        raise SourceFormatError("plan_drawing.binary", drawing=drawing)
    try:
        with _decoded_as(encoding_of(drawing)):
            vector_files.list_layers(drawing)
            table = vector_files.read_table(drawing, layer="entities")
    except (DataSourceError, DataLayerError, ValueError, shapely.GEOSException, MemoryError) as error:
        raise SourceFormatError(
            "plan_drawing.unreadable", drawing=drawing, cause=_said(error), needed=DRAWING_NEEDED
        ) from error
    if "PaperSpace" in table:
        # What lies on the sheets of the drawing is not on the ground.
        table = table[table["PaperSpace"].isna() | (table["PaperSpace"] == 0)]
    table = table[~_annotating(table, drawing)]
    table = table.assign(
        Layer=table["Layer"].map(_unescaped), Text=table["Text"].map(_unescaped) if "Text" in table else None
    )
    return table[table.geometry.notna() & ~table.geometry.is_empty].reset_index(drop=True)


def _annotating(table: gpd.GeoDataFrame, drawing: Path) -> npt.NDArray[np.bool_]:
    """Which entities only measure or point at something: dimensions, and the lines and arrow heads of leaders."""
    handle, kind = (table.get(name, pd.Series("", table.index)).astype(str) for name in ("EntityHandle", "SubClasses"))
    measuring = handle.isin(set(DIMENSION.findall(drawing.read_text(encoding="latin-1"))))
    pointing = kind.str.contains("Leader") & (table["Text"].isna() if "Text" in table else True)
    return (measuring | pointing).to_numpy(dtype=bool)


def _said(error: Exception) -> Spoken | str:
    """What the reader says, without the place in its own code."""
    said = str(cause(error))
    return OWN_CODE.sub("", said) if OWN_CODE.match(said) else cause(error)


def hidden_layers(drawing: Path) -> frozenset[str]:
    """Names of the layers that are frozen or turned off: what is on them is not shown in the drawing."""
    head = drawing.read_bytes().decode(encoding_of(drawing), errors="replace").split("ENTITIES", 1)[0]
    found = set()
    for record in LAYER.split(head)[1:]:
        lines = record.splitlines()
        codes = dict(reversed([(code.strip(), value.strip()) for code, value in zip(lines[::2], lines[1::2])]))  # noqa: B905 (the last may be cut)
        if codes.get("62", "").startswith("-") or _flagged(codes.get("70", "")):
            found.add(str(_unescaped(codes.get("2", ""))))
    return frozenset(found)


def _flagged(flags: str) -> bool:
    return flags.isdigit() and bool(int(flags) & FROZEN)


def _unescaped(text: Any) -> Any:
    return ESCAPED.sub(lambda found: chr(int(found[1], 16)), text) if isinstance(text, str) else text


@contextmanager
def _decoded_as(encoding: str) -> Iterator[None]:
    """GDAL reads drawings in this encoding meanwhile."""
    before = pyogrio.get_gdal_config_option(ENCODING)
    pyogrio.set_gdal_config_options({ENCODING: encoding})
    try:
        yield
    finally:
        pyogrio.set_gdal_config_options({ENCODING: before})


def encoding_of(drawing: Path) -> str:
    """The encoding of a drawing's texts."""
    head = header(drawing)
    if head.get(VERSION, "") >= FIRST_UTF8:
        return "UTF-8"
    page = re.fullmatch(r"(?:ANSI|DOS|CP)_?(\d+)", head.get(CODE_PAGE, "").upper())
    return f"CP{page[1]}" if page else DEFAULT_CODE_PAGE


def unit_of(drawing: Path) -> int:
    """Unit of a drawing as its head says it; 0 where it does not."""
    said = header(drawing).get(UNIT, "0")
    return int(said) if said.isdigit() else 0


def header(drawing: Path) -> dict[str, str]:
    """The variables at the head of a drawing, the first value of each."""
    lines = iter(drawing.read_text(encoding="latin-1").splitlines())
    found: dict[str, str] = {}
    for line in lines:
        name = line.strip()
        if name == "ENTITIES":
            break
        if name in (UNIT, VERSION, CODE_PAGE):
            next(lines, "")
            found.setdefault(name, next(lines, "").strip())
    return found
