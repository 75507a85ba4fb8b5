"""Corrections as a table: a row each, read strictly and written so that it is read as it was."""

from __future__ import annotations

import io
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd

from spatial.core.errors import InputError, SchemaError
from spatial.core.files import FORMULA, write_csv
from spatial.core.messages import phrase
from spatial.core.model import Provenance
from spatial.plans.corrections import CALLED, MISSING, SAME, SAYS, Correction, as_one
from spatial.settings.tags import tag_rules
from spatial.sources import text_tables

COLUMNS = ("correction", "object", "value", "longitude", "latitude", "by", "on", "note", "id")
NEEDED_COLUMNS = ("correction", "object", "by", "on")
MOST_LETTERS = 200
DEGREES = re.compile(r"-?\d{1,3}(\.\d{1,12})?", re.ASCII)
FARTHEST = {"longitude": 180.0, "latitude": 90.0}


@dataclass(frozen=True)
class Corrections:
    """Corrections, and where they came from."""

    each: tuple[Correction, ...]
    provenance: Provenance | None = None


def read_corrections(path: Path) -> Corrections:
    """Read corrections from a table: CSV, a workbook, or a map layer.

    Raises
    ------
    SpatialError
        If the file cannot be read.
    SchemaError
        If it has no columns of corrections.
    InputError
        With every row that is none: what was found and what was needed.
    """
    tables, provenance = text_tables.text_tables(path)
    chosen = [rows for _, rows in tables if set(NEEDED_COLUMNS) <= set(rows.columns)]
    if not chosen:
        raise SchemaError("corrections.none", path=path, needed=", ".join(COLUMNS))
    found, faults = [], []
    for rows in chosen:
        for row, cells in zip(rows.index, rows.to_dict("records"), strict=True):
            try:
                found.append(correction_of({str(key): str(cell).strip() for key, cell in cells.items()}, str(row)))
            except InputError as error:
                faults.append(error)
    faults += _twice(found)
    if faults:
        raise as_one(faults)
    return Corrections(tuple(found), provenance)


def write_corrections(corrections: Sequence[Correction]) -> bytes:
    """Corrections as CSV."""
    content = io.BytesIO()
    write_csv(pd.DataFrame([row_of(one) for one in corrections], columns=list(COLUMNS)), content, index=False)
    return content.getvalue()


def row_of(one: Correction) -> dict[str, str]:
    """A correction as a row of texts."""
    lon, lat = ("", "") if one.at is None else (str(degrees) for degrees in one.at)
    said = (one.says, one.target, one.value, lon, lat, one.by, one.on, one.note, one.feature)
    return {name: cell or "" for name, cell in zip(COLUMNS, said, strict=True)}


def correction_of(cells: Mapping[str, str], row: str) -> Correction:
    """Read one row.

    Parameters
    ----------
    row
        What to call a correction without an ``id`` of its own.

    Raises
    ------
    InputError
        If it is none: which cell, what was found and what was needed.
    """
    cells = {name: cells.get(name) or "" for name in COLUMNS}
    feature = cells["id"] or f"row-{row}"
    for name, cell in cells.items():
        if len(cell) > MOST_LETTERS or not cell.isprintable() or (cell.startswith(FORMULA) and name not in FARTHEST):
            raise _fault(feature, name, cell[:40], phrase("corrections.text", most=MOST_LETTERS))
    says = cells["correction"]
    if says not in SAYS:
        raise _fault(feature, "correction", says, ", ".join(SAYS))
    missing = says == MISSING
    needed = ["by", *(["value"] if says in (SAME, CALLED) else []), *([] if missing else ["object"])]
    for name in needed:
        if not cells[name]:
            raise _fault(feature, name, "", phrase("corrections.something"))
    kinds = tag_rules().kinds
    if missing and cells["value"] not in kinds:
        raise _fault(feature, "value", cells["value"], ", ".join(kinds))
    at = (_degrees(feature, cells, "longitude"), _degrees(feature, cells, "latitude")) if missing else None
    value = cells["value"] if says in (SAME, CALLED, MISSING) else ""
    target = None if missing else cells["object"]
    day = _day(feature, cells["on"])
    return Correction(feature, says, target, value or None, at, cells["by"], day, cells["note"] or None)


def _degrees(feature: str, cells: Mapping[str, str], name: str) -> float:
    cell = cells[name]
    if not DEGREES.fullmatch(cell) or abs(float(cell)) > FARTHEST[name]:
        raise _fault(feature, name, cell, f"{-FARTHEST[name]:g}–{FARTHEST[name]:g}°")
    return float(cell)


def _day(feature: str, cell: str) -> str:
    try:
        return date.fromisoformat(cell[:10]).isoformat()
    except ValueError as error:
        raise _fault(feature, "on", cell, "2026-05-04") from error


def _twice(found: Sequence[Correction]) -> list[InputError]:
    """Corrections that bear another one's id."""
    names = [one.feature for one in found]
    twice = sorted({name for name in names if names.count(name) > 1})
    return [_fault(name, "id", name, phrase("corrections.own_id")) for name in twice]


def _fault(feature: str, part: str, found: Any, needed: Any) -> InputError:
    return InputError("corrections.cell", feature=feature, part=part, found=found, needed=needed)
