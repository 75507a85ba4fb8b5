"""What came back from the field checks: answers to named questions, with a date."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import pandas as pd

from spatial.core.errors import SchemaError
from spatial.core.messages import phrase
from spatial.core.model import Provenance
from spatial.settings.loading import load_toml
from spatial.sources import text_tables

MARK = "#"
# The question whether something is there, on ground that is no object: it is asked with a point on it, in degrees.
HERE, NOTHING, PRIVATE = "here", "nothing", "private"
GROUND = re.compile(r"(room:[-\d]+)@(-?\d{1,3}\.\d{1,9}),(-?\d{1,2}\.\d{1,9})")
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
class Find:
    """What was found on open ground of this id, about ``at`` (longitude, latitude): a kind, `NOTHING` or `PRIVATE`."""

    row: int
    object_id: str
    at: tuple[float, float]
    value: str
    checked_on: str


@dataclass(frozen=True)
class Answers:
    """Answers that can be used, rows that cannot with the reason, where they came from, and finds on open ground."""

    used: tuple[Answer, ...]
    rejected: tuple[tuple[int, str], ...]
    provenance: Provenance
    finds: tuple[Find, ...] = ()


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
    finds: list[Find] = []
    for _, rows in chosen:
        named = rows.rename(columns={column: _last(column) for column in rows.columns})
        for row, cells in zip(named.index, named.to_dict("records"), strict=True):
            found = _answer(int(str(row)), {str(key): str(value).strip() for key, value in cells.items()})
            if isinstance(found, Answer):
                used.append(found)
            elif isinstance(found, Find):
                finds.append(found)
            else:
                rejected.append(found)
    return Answers(tuple(used), tuple(rejected), provenance, tuple(finds))


def _last(column: str) -> str:
    """Name of a question without the group before it."""
    return str(column).rpartition("/")[2]


@lru_cache(maxsize=1)
def choices() -> dict[str, dict[str, Any]]:
    """By fact, the values that may be answered and, of an object, the key of the tag that they become."""
    told = load_toml(None, "fieldkit.toml")
    return {**told["answers"], HERE: {"values": [*told[HERE]["kinds"], *told[HERE]["others"]]}}


def check_id(room_id: str, at: tuple[float, float]) -> str:
    """How the question is named whether something is there, about this point of open ground.

    Examples
    --------
    >>> check_id("room:5-7", (12.5, 55.6666667))
    'room:5-7@12.500000,55.666667#here'
    """
    return f"{room_id}@{at[0]:.6f},{at[1]:.6f}{MARK}{HERE}"


def _answer(row: int, cells: dict[str, str]) -> Answer | Find | tuple[int, str]:
    object_id, mark, fact = cells["check"].rpartition(MARK)
    ground = GROUND.fullmatch(object_id)
    if not mark or fact not in choices() or (fact == HERE) != (ground is not None):
        return row, "unknown_check"
    value = cells.get(f"answer_{fact}", "") or cells.get("answer", "")
    if value not in choices()[fact]["values"]:
        return row, "unknown_answer"
    day = pd.to_datetime(cells["checked_on"][:10], format="%Y-%m-%d", errors="coerce")
    if pd.isna(day):
        return row, "bad_time"
    seen_on = day.strftime("%Y-%m-%d")
    if ground is not None:
        return Find(row, ground[1], (float(ground[2]), float(ground[3])), value, seen_on)
    return Answer(row, object_id, choices()[fact]["key"], value, seen_on)
