"""What came back from the field checks: answers to named questions, with a date."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from spatial.core.errors import SchemaError
from spatial.core.messages import phrase
from spatial.core.model import Provenance
from spatial.settings.loading import load_toml
from spatial.sources import text_tables

MARK = "#"
NEEDED = phrase("field_answers.needed")


@dataclass(frozen=True)
class Answer:
    """One settled fact: a tag of an object, found on a day (ISO 8601)."""

    row: int
    object_id: str
    key: str
    value: str
    checked_on: str


@dataclass(frozen=True)
class Answers:
    """Answers that can be used, rows that cannot with the reason, and where they came from."""

    used: tuple[Answer, ...]
    rejected: tuple[tuple[int, str], ...]
    provenance: Provenance


def read_field_answers(path: Path) -> Answers:
    """Read answers from an export of the form, or from the layer ``answers`` of the field package.

    Raises
    ------
    SpatialError
        If the file cannot be read.
    SchemaError
        If it has no column of checks or of dates.
    """
    tables, provenance = text_tables.text_tables(path)
    chosen = [(name, rows) for name, rows in tables if {"check", "checked_on"} <= set(map(_last, rows.columns))]
    if not chosen:
        raise SchemaError("field_answers.none", path=path, needed=NEEDED)
    used: list[Answer] = []
    rejected: list[tuple[int, str]] = []
    for _, rows in chosen:
        named = rows.rename(columns={column: _last(column) for column in rows.columns})
        for row, cells in zip(named.index, named.to_dict("records"), strict=True):
            found = _answer(int(str(row)), {str(key): str(value).strip() for key, value in cells.items()})
            if isinstance(found, Answer):
                used.append(found)
            else:
                rejected.append(found)
    return Answers(tuple(used), tuple(rejected), provenance)


def _last(column: str) -> str:
    """Name of a question without the group before it."""
    return str(column).rpartition("/")[2]


def _answer(row: int, cells: dict[str, str]) -> Answer | tuple[int, str]:
    object_id, mark, fact = cells["check"].rpartition(MARK)
    choices = load_toml(None, "fieldkit.toml")["answers"]
    if not mark or fact not in choices:
        return row, "unknown_check"
    value = cells.get(f"answer_{fact}", "") or cells.get("answer", "")
    if value not in choices[fact]["values"]:
        return row, "unknown_answer"
    day = pd.to_datetime(cells["checked_on"][:10], format="%Y-%m-%d", errors="coerce")
    if pd.isna(day):
        return row, "bad_time"
    return Answer(row, object_id, choices[fact]["key"], value, day.strftime("%Y-%m-%d"))
