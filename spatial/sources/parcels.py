"""Building an area's boundary from the yearly table of its parcels and a layer of parcel polygons.

The state publishes no polygons of housing areas but, each 1 December, a table with the columns
*Område, Kommune, Landsejerlavskode, Matrikelnummer*. The polygons of the parcels are the
cadastre's. Parcels are renumbered and areas split, so a boundary belongs to a year.
"""

from __future__ import annotations

import csv
import difflib
import io
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import geopandas as gpd
import pandas as pd
import shapely
from pyogrio.errors import DataLayerError, DataSourceError

from spatial.core.errors import (
    CRSError,
    EmptyAreaError,
    IncompleteResult,
    InputError,
    SourceFormatError,
    SourceUnavailable,
)
from spatial.core.files import sha256_of
from spatial.core.messages import Phrase, cause, phrase
from spatial.core.model import NOT_STATED, WALK_LIMIT_M, Estate, Provenance
from spatial.sources import boundaries, vector_files
from spatial.sources.estates import folded

NEEDED_TABLE = phrase("parcels.needed_table")
NEEDED_LAYER = phrase("parcels.needed_layer")
CADASTRE = "matrikel.lodflade"
SHEETS = (".xlsx", ".ods")
ENCODINGS = ("utf-8-sig", "cp1252")
DELIMITERS = (";", "\t", ",")
HEADER_ROWS = 40
SHOWN = 12
# Column names after ``folded``; the first pattern that fits a column of the table wins.
COLUMNS = {
    "area": (r"(almene?)?(bolig)?omrade(r|ts?)?(navn)?",),
    "municipality": (r"kommune(navn)?", r"kommune(kode|nr|nummer)"),
    "code": (r"(lands)?e(jer)?lavs?(kode|nr|nummer)r?", r"(lands)?ejerlav"),
    "number": (r"matr(ikel)?s?(nummer|numre|numrer|nr)",),
    "year": (r"ar(stal)?|(liste)?ar|year|opgorelsesar",),
}
REQUIRED = ("area", "code", "number")
_NUMBER = re.compile(r"\d+[a-zæøå]{0,3}")
_CODE = re.compile(r"\d{1,9}")
_BETWEEN = re.compile(r"[,;\n]+|\s+og\s+|\s*&\s*")


@dataclass(frozen=True)
class Row:
    """A row of the table: one or several parcels of one area; several codes where it names several."""

    area: str
    municipality: str
    codes: tuple[str, ...]
    numbers: tuple[str, ...]
    year: str


def estate(
    table: str | Path,
    parcels: str | Path | None,
    names: Sequence[str],
    *,
    year: int,
    municipality: str | None = None,
    allow_missing: bool = False,
    margin_m: float = 250.0,
    reach_m: float = WALK_LIMIT_M,
) -> Estate:
    """Build an estate from the yearly table and a layer of parcels.

    Parameters
    ----------
    table
        CSV, XLSX or ODS with the columns Område, Kommune, Landsejerlavskode, Matrikelnummer, in any
        usual spelling, below any number of title rows.
    parcels
        Any vector file whose polygons carry ejerlavskode and matrikelnummer; None: the cadastre is asked for them.
    names
        The area's name, and others by which the table may know it.
    year
        The list's year: the boundary is as of 1 December of it.
    municipality
        Needed where the table holds areas of the same name in several municipalities.
    allow_missing
        Build the boundary of the parcels that are there; the estate's ``missing_parcels`` name the rest.

    Raises
    ------
    SourceUnavailable, SourceFormatError, InputError
        If a file is not there, not readable, or lacks what is needed.
    IncompleteResult
        If parcels of the table are not in the layer; the message names them.
    """
    table = Path(table)
    rows = _of_area(_rows(table), table, names, municipality, year)
    wanted = {_key(row.codes, number): (row.codes, number) for row in rows for number in row.numbers}
    layer, parcels, origin = _asked(wanted.values()) if parcels is None else _of_file(Path(parcels), wanted.values())
    found, missing = _matched(layer, wanted.values(), parcels)
    if missing and not (allow_missing and len(found)):
        raise IncompleteResult(
            "parcels.incomplete",
            parcels=parcels,
            n=len(wanted) - len(missing),
            wanted=len(wanted),
            name=names[0],
            missing=_shown(missing),
            year=year,
            or_allow=phrase("parcels.or_allow") if len(found) else "",
        )
    shape = _dissolved(found, parcels)
    made = boundaries.of_shape(shape, layer.crs, parcels, name=names[0], margin_m=margin_m, reach_m=reach_m)
    return replace(
        made,
        municipality=rows[0].municipality or municipality,
        as_of=f"{year}-12-01",
        missing_parcels=tuple(missing),
        provenance=origin,
        further=(_provenance("parcels_table", table, f"{year}-12-01", None),),
    )


def _key(codes: tuple[str, ...], number: str) -> str:
    return f"{'/'.join(codes)} {number}"


def _shown(parcels: Sequence[str]) -> Phrase | list[str]:
    more, shown = len(parcels) - SHOWN, list(parcels[:SHOWN])
    return phrase("parcels.and_more", parcels=shown, n=more) if more > 0 else shown


# --- the table --------------------------------------------------------------------------


def _rows(path: Path) -> list[Row]:
    """All rows of the table, with what merged cells leave out filled in from above."""
    if not path.is_file():
        raise SourceUnavailable("files.missing", path=path, needed=NEEDED_TABLE)
    for cells in _sheets(path):
        header = _header(cells)
        if header is not None:
            at, columns = header
            return list(_read(cells[at + 1 :], columns, path))
    raise SourceFormatError("parcels.no_header", path=path, needed=NEEDED_TABLE)


def _sheets(path: Path) -> Iterator[list[list[str]]]:
    """Cells of each sheet; of a text file, under each delimiter that may be meant."""
    if path.suffix.lower() in SHEETS:
        try:
            for sheet in vector_files.list_layers(path):
                found = vector_files.read_table(
                    path, layer=sheet, read_geometry=False, HEADERS="DISABLE", FIELD_TYPES="STRING"
                )
                yield [["" if pd.isna(cell) else str(cell) for cell in row] for row in found.to_numpy().tolist()]
        except (DataSourceError, DataLayerError, ValueError) as error:
            raise SourceFormatError("parcels.not_table", path=path, cause=cause(error), needed=NEEDED_TABLE) from error
        return
    text = _text(path)
    for delimiter in DELIMITERS:
        try:
            yield [list(row) for row in csv.reader(io.StringIO(text), delimiter=delimiter)]
        except csv.Error as error:
            raise SourceFormatError("parcels.not_table", path=path, cause=cause(error), needed=NEEDED_TABLE) from error


def _text(path: Path) -> str:
    content = path.read_bytes()
    for encoding in ENCODINGS:
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\0" not in text:
            return text
    raise SourceFormatError("parcels.not_text", path=path, needed=NEEDED_TABLE)


def _header(cells: Sequence[Sequence[str]]) -> tuple[int, dict[str, int]] | None:
    """The first row that names the columns needed, and where each stands."""
    for at, row in enumerate(cells[:HEADER_ROWS]):
        columns = _columns([folded(cell) for cell in row])
        if all(name in columns for name in REQUIRED):
            return at, columns
    return None


def _columns(names: Sequence[str]) -> dict[str, int]:
    """Where each known column stands among names as ``folded`` gives them."""
    found: dict[str, int] = {}
    for column, patterns in COLUMNS.items():
        hits = [i for pattern in patterns for i, name in enumerate(names) if re.fullmatch(pattern, name)]
        if hits:
            found[column] = hits[0]
    return found


def _read(cells: Iterable[Sequence[str]], columns: dict[str, int], path: Path) -> Iterator[Row]:
    above = {"area": "", "municipality": "", "code": "", "year": ""}
    for row in cells:
        here = {name: row[at].strip() if at < len(row) else "" for name, at in columns.items()}
        if here["area"] and here["area"] != above["area"]:
            above = dict.fromkeys(above, "")  # nothing of one area is carried into the next
        above |= {name: here[name] for name in above if here.get(name)}
        if here["number"]:
            yield Row(
                above["area"],
                above["municipality"],
                tuple(dict.fromkeys(_parts(above["code"], _CODE, "Landsejerlavskode", above["area"], path))),
                tuple(dict.fromkeys(_parts(here["number"], _NUMBER, "Matrikelnummer", above["area"], path))),
                above["year"],
            )


def _parts(cell: str, form: re.Pattern[str], column: str, area: str, path: Path) -> Iterator[str]:
    parts = [re.sub(r"\s+", "", part).casefold() for part in _BETWEEN.split(cell)]
    for part in filter(None, parts):
        if not form.fullmatch(part):
            raise InputError(
                "parcels.bad_number", path=path, found=part, column=column, area=area or phrase("parcels.nameless")
            )
        yield part.lstrip("0") or part
    if not any(parts):
        raise InputError("parcels.no_number", path=path, column=column, area=area or phrase("parcels.nameless"))


def _of_area(rows: Sequence[Row], path: Path, names: Sequence[str], municipality: str | None, year: int) -> list[Row]:
    """The rows of one area in one year."""
    wanted = {folded(name) for name in names}
    hits = [row for row in rows if folded(row.area) in wanted]
    if not hits:
        known = {folded(row.area): row.area for row in rows if row.area}
        near = [known[key] for name in wanted for key in difflib.get_close_matches(name, known)]
        hint = phrase("parcels.nearest", names=[repr(name) for name in dict.fromkeys(near)]) if near else ""
        raise InputError("parcels.no_area", path=path, name=names[0], n=len(known), hint=hint)
    hits = _of_year(hits, path, names[0], year)
    places = {folded(row.municipality).removesuffix("kommune"): row.municipality for row in hits}
    if len(places) > 1:
        here = folded(municipality or "")
        hits = [row for row in hits if folded(row.municipality).removesuffix("kommune") == here]
        if not hits:
            raise InputError(
                "parcels.several", path=path, name=names[0], places=[repr(place) for place in places.values()]
            )
    return hits


def _of_year(rows: Sequence[Row], path: Path, name: str, year: int) -> list[Row]:
    years = sorted({row.year for row in rows if row.year})
    hits = [row for row in rows if not row.year or re.search(rf"\b{year}\b", row.year)]
    if not hits:
        raise InputError("parcels.no_year", path=path, name=name, years=years, year=year)
    return hits


# --- the parcels ------------------------------------------------------------------------

Wanted = Iterable[tuple[tuple[str, ...], str]]


def _of_file(path: Path, wanted: Wanted) -> tuple[gpd.GeoDataFrame, Path, Provenance]:
    """Parcels of a file, the file, and what is said of it."""
    layer = _layer(path, {code for codes, _ in wanted for code in codes})
    return layer, path, _provenance("parcels", path, None, layer)


def _asked(wanted: Wanted) -> tuple[gpd.GeoDataFrame, Path, Provenance]:
    """Parcels that the cadastre delivers, how it is called in a message, and what is said of it."""
    from spatial.sources import catalogue
    from spatial.sources.protocols import cadastre

    source = catalogue.load()[CADASTRE]
    pairs = list(wanted)
    told = cadastre.fetch_parcels(source, {code for codes, _ in pairs for code in codes}, {one for _, one in pairs})
    origin = Provenance(
        "parcels", told.origin, source.licence, source.attribution, data_date=told.data_date,
        retrieved_at=told.retrieved_at, sha256=told.sha256,
    )  # fmt: skip
    name = Path(CADASTRE)
    return _checked(told.table, "ejerlavskode", cadastre.NUMBER, name), name, origin


def _layer(path: Path, codes: set[str]) -> gpd.GeoDataFrame:
    """Parcels of these ejerlav, with the columns ``code`` and ``number`` as text."""
    if not path.exists():
        raise SourceUnavailable("files.missing", path=path, needed=NEEDED_LAYER)
    try:
        found = _having_both(path, codes)
    except (DataSourceError, DataLayerError, ValueError, shapely.GEOSException) as error:
        raise SourceFormatError("files.unreadable", path=path, cause=cause(error), needed=NEEDED_LAYER) from error
    if found is None:
        raise SourceFormatError("parcels.no_columns", path=path, needed=NEEDED_LAYER)
    return _checked(*found, path)


def _having_both(path: Path, codes: set[str]) -> tuple[Any, str, str] | None:
    """The first layer with both columns, as far as it has these codes, and the names of the two."""
    for layer in vector_files.list_layers(path):
        info = vector_files.read_info(path, layer=layer)
        names = [str(name) for name in info["fields"]]
        columns = _columns([folded(name) for name in names])
        if "code" in columns and "number" in columns:
            code = names[columns["code"]]
            where = _where(code, codes, text=info["dtypes"][columns["code"]] == "object")
            return vector_files.read_table(path, layer=layer, where=where), code, names[columns["number"]]
    return None


def _where(column: str, codes: set[str], *, text: bool) -> str:
    """Attribute filter for these codes; as text they may have leading zeros."""
    if not text:
        return f'"{column}" IN ({", ".join(sorted(codes))})'
    widths = range(0, 8)
    spelled = sorted({code.zfill(width) for code in codes for width in widths})
    return f'"{column}" IN ({", ".join(repr(code) for code in spelled)})'


def _checked(found: Any, code: str, number: str, path: Path) -> gpd.GeoDataFrame:
    if not isinstance(found, gpd.GeoDataFrame):
        raise EmptyAreaError("parcels.no_geometry", path=path, needed=NEEDED_LAYER)
    if found.crs is None:
        raise CRSError("files.undeclared", path=path)
    shapes = found.geometry.to_numpy()
    usable = found[~(shapely.is_missing(shapes) | shapely.is_empty(shapes))]
    kinds = sorted(set(usable.geom_type) - {"Polygon", "MultiPolygon"})
    if kinds:
        raise InputError("parcels.not_polygons", path=path, kinds=kinds, needed=NEEDED_LAYER)
    return usable.assign(
        code=[str(value).split(".")[0].lstrip("0") for value in usable[code]],
        number=[re.sub(r"\s+", "", str(value)).casefold().lstrip("0") for value in usable[number]],
    )


def _matched(layer: gpd.GeoDataFrame, wanted: Wanted, path: Path) -> tuple[gpd.GeoDataFrame, list[str]]:
    """The parcels wanted, and those that are not there, each as ``code number``."""
    there = set(zip(layer["code"], layer["number"], strict=True))
    chosen: set[tuple[str, str]] = set()
    missing: list[str] = []
    for codes, number in wanted:
        hits = [(code, number) for code in codes if (code, number) in there]
        if len(hits) > 1:
            raise InputError("parcels.ambiguous", path=path, number=number, codes=[code for code, _ in hits])
        chosen.update(hits)
        if not hits:
            missing.append(_key(codes, number))
    keep = [pair in chosen for pair in zip(layer["code"], layer["number"], strict=True)]
    return layer[keep], missing


def _dissolved(parcels: gpd.GeoDataFrame, path: Path) -> Any:
    """One valid polygon of all parcels."""
    shapes = shapely.make_valid(parcels.geometry.to_numpy())
    whole = shapely.union_all([part for part in shapely.get_parts(shapes) if part.area > 0])
    areas = [part for part in shapely.get_parts(whole) if part.geom_type == "Polygon"]
    if not areas:
        raise EmptyAreaError("parcels.no_extent", path=path, needed=NEEDED_LAYER)
    return areas[0] if len(areas) == 1 else shapely.MultiPolygon(areas)


def _provenance(source_id: str, path: Path, date: str | None, layer: gpd.GeoDataFrame | None) -> Provenance:
    row = {} if layer is None or not len(layer) else layer.iloc[0].to_dict()

    def said(key: str) -> str:
        return row[key] if isinstance(row.get(key), str) and row[key] else NOT_STATED

    return Provenance(
        source_id=source_id,
        path=str(path),
        licence=said("licence"),
        attribution=said("attribution"),
        data_date=date,
        sha256=sha256_of(path),
    )
