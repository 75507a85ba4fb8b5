"""How files of observations are read: the choices of ``defaults/observations.toml`` and of a user's mapping file."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal, TypeAlias, cast
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from spatial.core.errors import ConfigError
from spatial.core.messages import spelling_hint
from spatial.settings.loading import load_toml

STAYING, MOVING = "staying", "moving"
DEFAULT_ZONE = "Europe/Copenhagen"
Role = Literal["column", "position", "category", "dropped"]
# The role of a column, its name here, and its place among that name's spellings: the lowest wins.
Meaning: TypeAlias = tuple[Role, str, int]
# Added to the place of a form's own times: they come after every question.
FORM_TIME = 1000
CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
LETTERS = str.maketrans({"æ": "ae", "ø": "oe", "å": "aa", "ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss"})
SETTINGS = ("kind", "crs", "time_zone", "time_format", "columns", "dates", "decimal", "rows")
DAY_FIRST, MONTH_FIRST, YEAR_FIRST = "day-first", "month-first", "year-first"
COMMA, POINT = "comma", "point"
VISITS, PERSONS = "visits", "persons"
# What can be said of a file that it leaves open.
CHOICES = {
    "kind": (STAYING, MOVING),
    "dates": (DAY_FIRST, MONTH_FIRST, YEAR_FIRST),
    "decimal": (COMMA, POINT),
    "rows": (VISITS, PERSONS),
}


@dataclass(frozen=True)
class Mapped:
    """What a user says about a file whose columns carry other names.

    ``columns`` gives the file's column by the name used here; ``kind`` says that all rows are
    staying or moving; ``time_format`` is one of Python's; ``crs`` is that of the columns x and y;
    ``time_zone`` turns times given in UTC into wall-clock time. ``dates`` says what comes first in a
    date that can be read in several ways, ``decimal`` which sign stands before a fraction, and ``rows``
    whether a row is a visit or a person. ``latest`` is the day after which no visit can have been; None: any.
    """

    columns: Mapping[str, str] = field(default_factory=dict)
    kind: str | None = None
    crs: str | None = None
    time_zone: str = DEFAULT_ZONE
    time_format: str | None = None
    dates: str | None = None
    decimal: str | None = None
    rows: str | None = None
    latest: date | None = None


@dataclass(frozen=True)
class ObservationRules:
    """Which columns mean what, which are dropped and why, and what may be published."""

    columns: Mapping[str, tuple[str, ...]]
    position: Mapping[str, tuple[str, ...]]
    categories: Mapping[str, tuple[str, ...]]
    dropped: Mapping[str, tuple[str, ...]]
    sums: Mapping[str, tuple[str, ...]]
    shows: Mapping[str, tuple[str, ...]]
    publish: Mapping[str, float]
    test: Mapping[str, int]
    beside: Mapping[str, Mapping[str, str]]
    form: Mapping[str, Sequence[str]]
    person: Sequence[str]
    weather: Mapping[str, Sequence[str]]
    sunshine: Mapping[str, Sequence[str]]
    kinds: Mapping[str, Sequence[str]]
    nobody: Sequence[str]
    coded: Mapping[str, Sequence[str]]
    known: Mapping[str, tuple[Role, str, int]]

    def meanings(self, columns: Iterable[str], mapped: Mapped | None = None) -> dict[str, Meaning]:
        """Say what the columns of one table mean, each beside the others; those without a meaning are left out.

        Examples
        --------
        >>> rules().meanings(["E", "N"])["N"], rules().meanings(["kind", "N"])["N"]
        (('position', 'y', 0), ('column', 'total', 7))
        """
        alone = {column: self.meaning(column, mapped) for column in columns}
        found = {column: meaning for column, meaning in alone.items() if meaning is not None}
        names = {meaning[1] for meaning in found.values()}
        a_form = any(normalised(column) in self.form["marks"] for column in alone)
        for column, (role, name, order) in found.items():
            other = self.beside.get(normalised(column))
            if order >= 0 and other and other["of"] in names:
                found[column] = (cast(Role, other["role"]), other["name"], 0)
            elif order >= 0 and a_form and normalised(column) in self.form["times"]:
                found[column] = (role, name, order + FORM_TIME)
        return found

    def meaning(self, column: str, mapped: Mapped | None = None) -> Meaning | None:
        """Say what a column means: its role, its name here, and its place among that name's spellings.

        Examples
        --------
        >>> rules().meaning("grp/Age_65+"), rules().meaning("Notes"), rules().meaning("favourite colour")
        (('category', 'age_65_plus', 0), ('dropped', 'free_text', 0), None)
        """
        for name, theirs in (mapped.columns if mapped else {}).items():
            if theirs == column:
                return self._role(name), name, -1
        for text in (column, re.split(r"[/.:]", column)[-1], column.rsplit("-", 1)[-1]):
            for name in (normalised(text), normalised(CAMEL.sub("_", text))):
                if name in self.known:
                    return self.known[name]
        return None

    def _role(self, name: str) -> Role:
        if name in self.position:
            return "position"
        return "category" if name in self.categories else "column"


def normalised(name: str) -> str:
    """Return a column's name in lower case, without accents, with every run of other signs as one underscore.

    Examples
    --------
    >>> normalised(" Gender Unknown"), normalised("Age_65+"), normalised("Männer"), normalised("Café à 2")
    ('gender_unknown', 'age_65', 'maenner', 'cafe_a_2')
    """
    plain = unicodedata.normalize("NFKD", name.lower().translate(LETTERS))
    text = re.sub(r"[^a-z0-9]+", "_", "".join(sign for sign in plain if not unicodedata.combining(sign)))
    return text.rstrip("_") if text.startswith("_") and len(text) > 1 and name.startswith("_") else text.strip("_")


@cache
def rules() -> ObservationRules:
    """Return the bundled choices."""
    table = load_toml(None, "observations.toml")
    columns = dict(table["columns"])
    position = columns.pop("position")
    parts: dict[Role, Mapping[str, list[str]]] = {
        "dropped": table["dropped"],
        "category": table["categories"],
        "position": position,
        "column": columns,
    }
    known: dict[str, tuple[Role, str, int]] = {}
    for role, names in parts.items():
        for name, spellings in names.items():
            for i, spelling in enumerate(spellings):
                known[spelling] = (role, name, i)
    frozen = {role: {name: tuple(spellings) for name, spellings in names.items()} for role, names in parts.items()}
    return ObservationRules(
        columns=frozen["column"],
        position=frozen["position"],
        categories=frozen["category"],
        dropped=frozen["dropped"],
        sums={name: tuple(members) for name, members in table["sums"].items()},
        shows={name: tuple(members) for name, members in table["shows"].items()},
        publish=table["publish"],
        test=table["test"],
        beside=table["beside"],
        form=table["form"],
        person=table["person"]["marks"],
        weather=table["weather"],
        sunshine=table["sunshine"],
        kinds=table["kinds"],
        nobody=table["nobody"]["words"],
        coded=table["coded"],
        known=known,
    )


def mapped(path: Path | None, said: Mapping[str, str | None] = MappingProxyType({})) -> Mapped:
    """Read a user's mapping file.

    Parameters
    ----------
    path
        The file; None for none.
    said
        What is said beside it of ``CHOICES``; it wins.

    Raises
    ------
    ConfigError
        If it is not TOML, or holds something else than the known settings.
    """
    given = {name: value for name, value in said.items() if value is not None}
    if path is None:
        return replace(Mapped(), **given)  # type: ignore[arg-type]
    table = load_toml(path, "")
    where = str(path)
    unknown = sorted(set(table) - set(SETTINGS))
    if unknown:
        near = spelling_hint(unknown[0], SETTINGS)
        raise ConfigError("observation_rules.setting", where=where, name=unknown[0], known=SETTINGS, hint=near)
    texts = {name: _text(table, name, where) for name in ("crs", "time_format", *CHOICES)}
    for name, choices in CHOICES.items():
        if texts[name] is not None and texts[name] not in choices:
            raise ConfigError("observation_rules.choice", where=where, name=name, found=texts[name], known=choices)
    columns, zone = _columns(table.get("columns", {}), where), _text(table, "time_zone", where) or DEFAULT_ZONE
    found = replace(Mapped(columns=columns, time_zone=zone), **(texts | given))  # type: ignore[arg-type]
    try:
        ZoneInfo(found.time_zone)
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise ConfigError("observation_rules.zone", where=where, found=found.time_zone, known=DEFAULT_ZONE) from error
    return found


def _text(table: Mapping[str, Any], key: str, where: str) -> str | None:
    value = table.get(key)
    if value is not None and not isinstance(value, str):
        raise ConfigError("observation_rules.text", where=where, name=key, found=value)
    return value


def _columns(table: Any, where: str) -> Mapping[str, str]:
    if not isinstance(table, dict):
        raise ConfigError("observation_rules.columns", where=where, found=table)
    known = {*rules().columns, *rules().position, *rules().categories}
    for name, theirs in table.items():
        if name not in known:
            near = spelling_hint(name, known)
            raise ConfigError("observation_rules.column", where=where, name=name, known=sorted(known), hint=near)
        if not isinstance(theirs, str):
            raise ConfigError("observation_rules.column_name", where=where, name=name, found=theirs)
    return table
