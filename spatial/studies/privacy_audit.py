"""Attack a publication of counts before it is shared: what somebody could work out from its files.

Each attack is one that was tried on publications of this kind: guessing the file behind a digest, subtracting
what is told of parts from what is told of all, bounding what is withheld, comparing two publications. With the
counts themselves at hand, one person is added or taken away and all is published again. Nothing that is told of
the result names a count of people.
"""

from __future__ import annotations

import hashlib
import io
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from spatial.analysis import loading
from spatial.core import files
from spatial.core.errors import InputError
from spatial.core.model import Result
from spatial.observations import overlay
from spatial.observations.disclosure import Publication, total_of
from spatial.observations.facts import FACTS, check_facts, observation_facts
from spatial.observations.normalisation import Observations
from spatial.observations.study import (
    SPACE,
    Observed,
    Read,
    hexagons_of,
    observe,
    read_observations_for,
    tested,
)
from spatial.reports.observations import PAGE, REJECTED, TABLE
from spatial.settings.observation_columns import STAYING

MANIFEST = "manifest.json"
DIGEST = re.compile(
    r"(?<![0-9a-fA-F])(?:[0-9a-fA-F]{128}|[0-9a-fA-F]{64}|[0-9a-fA-F]{40}|[0-9a-fA-F]{32})(?![0-9a-fA-F])"
)
ALGORITHMS = ("md5", "sha1", "sha256", "sha384", "sha512", "blake2b", "blake2s", "sha3_256")
# Texts shorter than this stand anywhere by chance; so many units are tried with one person more and one less.
SHORTEST, TRIED = 7, 12
# Half of the last decimal of a rate, and the share by which hours to the hundredth may be off.
DECIMAL = 0.005


@dataclass(frozen=True)
class Attack:
    """One attack: its name in the texts, and the published figures by which it found something."""

    id: str
    found: tuple[str, ...] = ()

    @property
    def held(self) -> bool:
        """Whether nothing was found."""
        return not self.found


@dataclass(frozen=True)
class Published:
    """What lies in a folder of results: its cells, what the manifest says of the counts, and all files as text."""

    folder: Path
    cells: pd.DataFrame
    facts: Mapping[str, Any]
    texts: Mapping[str, str]


def audit(
    folder: Path, *, raw: Sequence[Path] = (), other: Path | None = None, options: Mapping[str, Any] | None = None
) -> list[Attack]:
    """Attack the publication in a folder.

    Parameters
    ----------
    folder
        A finished run with observations laid over it.
    raw
        The counts that were published, to be held against it.
    other
        Another publication, to be subtracted.
    options
        How the counts are read: the mapping file, and what else ``read_observations_for`` takes.

    Raises
    ------
    SpatialError
        If there is no publication, or a file cannot be read.
    """
    seen = _published(folder)
    found = [_digests(seen, raw), _small(seen), _rates(seen), _totals(seen), _bounds(seen), _beside(seen)]
    if raw:
        result = loading.read_run(folder)
        read = read_observations_for(result, raw, **(options or {}))
        found += [_texts(seen, read), _one_person(seen, result, read), _another_day(seen, result, read)]
    return [*found, _difference(seen, _published(other))] if other is not None else found


def _published(folder: Path) -> Published:
    facts = loading.manifest(folder).get("observations")
    if not facts or not (folder / TABLE).is_file():
        raise InputError("audit.nothing", folder=folder)
    cells = pd.read_csv(folder / TABLE, keep_default_na=False)
    numbers = {
        name: pd.to_numeric(cells[name], errors="coerce")
        for name in ("visits", "hours", *FIGURES, *overlay.WEATHER)
        if name in cells
    }
    cells = cells.assign(**numbers, withheld=cells["withheld"].astype(str) == "True")
    files = [path for path in sorted(folder.rglob("*")) if path.is_file()]
    texts = {str(path.relative_to(folder)): path.read_bytes().decode("utf-8", "replace") for path in files}
    return Published(folder, cells, facts, texts)


FIGURES = ("people", "per_visit", "per_hour")


def _named(cells: pd.DataFrame) -> Iterator[str]:
    for _, cell in cells.iterrows():
        yield " ".join(str(cell[name]) for name in ("kind", "unit_id", "by", "part") if str(cell[name]))


def _digests(seen: Published, raw: Sequence[Path]) -> Attack:
    """Guess the counts and compare: a digest without a secret key says when the guess is right."""
    told = {MANIFEST: json.dumps(seen.facts), PAGE: seen.texts.get(PAGE, ""), REJECTED: seen.texts.get(REJECTED, "")}
    found = [name for name, text in told.items() if DIGEST.search(text)]
    files = [file for path in raw for file in (sorted(path.rglob("*")) if path.is_dir() else [path]) if file.is_file()]
    known = {hashlib.new(name, file.read_bytes()).hexdigest() for name in ALGORITHMS for file in files}
    found += [name for name, text in seen.texts.items() if any(digest in text.lower() for digest in known)]
    return Attack("digest", tuple(dict.fromkeys(found)))


def _small(seen: Published) -> Attack:
    """Read what is told: a number below the limit, one that is not rounded, or one beside a cell that is withheld."""
    k, people = int(seen.facts["k"]), seen.cells["people"]
    bad = (people < k) | (people % k > 0) | (seen.cells["withheld"] & seen.cells[list(FIGURES)].notna().any(axis=1))
    return Attack("small", tuple(_named(seen.cells[bad])))


def _rates(seen: Published) -> Attack:
    """Multiply each rate by its visits or hours: the people must come out as rounded as they are told."""
    cells = seen.cells[seen.cells["people"].notna()]
    visits = (cells["per_visit"] * cells["visits"] - cells["people"]).abs() > DECIMAL * cells["visits"] + 1e-6
    slack = DECIMAL * (cells["hours"] + cells["per_hour"])
    hours = (cells["per_hour"] * cells["hours"] - cells["people"]).abs() > slack + 1e-6
    return Attack("rates", tuple(_named(cells[visits | hours])))


def _totals(seen: Published) -> Attack:
    """Subtract what is told of each place from what is told of all, and of its parts from it: nothing must be left."""
    units = seen.cells[seen.cells["unit_id"] != overlay.ALL]
    told = units.groupby(["kind", "by", "part"])["people"].sum(min_count=1)
    whole = seen.cells[seen.cells["unit_id"] == overlay.ALL].set_index(["kind", "by", "part"])
    rest = whole["people"].fillna(0) - told.reindex(whole.index).fillna(0)
    of_parts = [
        part for _, unit in units.groupby(["kind", "unit_id"]) for part in _counting_more(unit, int(seen.facts["k"]))
    ]
    return Attack("totals", tuple([*_named(whole[rest != 0].reset_index()), *of_parts]))


def _counting_more(unit: pd.DataFrame, k: int) -> list[str]:
    """Cells of a place that count people of parts that are withheld: its total, and other divisions of time."""
    by = {name: unit[unit["by"] == name] for name in (overlay.ALL, *overlay.PERIODS)}
    first = told_by(unit)
    if first is None:
        return list(_named(unit[unit["people"].notna()]))
    wrong = by[overlay.ALL]["people"].dropna() != total_of(by[first]["people"], k)
    found = list(_named(by[overlay.ALL].loc[wrong.index[wrong]]))
    if by[first]["withheld"].any():
        found += [
            name for other in overlay.PERIODS if other != first for name in _named(by[other].dropna(subset="people"))
        ]
    return found


def told_by(unit: pd.DataFrame) -> str | None:
    """The division of time that a place is told by: the first of which a part is told."""
    return next((by for by in overlay.PERIODS if unit.loc[unit["by"] == by, "people"].notna().any()), None)


def _bounds(seen: Published) -> Attack:
    """Bound each withheld cell by all that is told of its place: it must stay as open as the limit leaves it."""
    found: list[str] = []
    k = int(seen.facts["k"])
    units = seen.cells[seen.cells["unit_id"] != overlay.ALL]
    for _, unit in units.groupby(["kind", "unit_id"], sort=True):
        if unit["withheld"].any() and not unit["withheld"].all():
            found += _named(unit[_narrow(unit, k)])
    return Attack("bounds", tuple(found))


def _narrow(unit: pd.DataFrame, k: int) -> Any:
    """Which withheld cells of a place lie within less than the limit leaves open, by linear programming."""
    from scipy.optimize import linprog

    people = unit["people"].to_numpy(np.float64)
    exact = np.where(people % k > 0, 0.0, k / 2)  # a number that is not rounded is exact
    limits = [
        (0, None) if np.isnan(n) else (max(0.0, n - slack), n + slack) for n, slack in zip(people, exact, strict=True)
    ]
    whole = (unit["by"] == overlay.ALL).to_numpy(np.float64)
    sums = np.array(
        [(unit["by"] == by).to_numpy(np.float64) - whole for by in overlay.PERIODS if (unit["by"] == by).any()]
    )
    narrow = np.zeros(len(unit), dtype=bool)
    for i in np.flatnonzero(unit["withheld"].to_numpy()) if len(sums) else ():
        one = np.eye(len(unit))[i]
        ends = [linprog(sign * one, A_eq=sums, b_eq=np.zeros(len(sums)), bounds=limits) for sign in (1, -1)]
        narrow[i] = all(end.status == 0 for end in ends) and -ends[1].fun - ends[0].fun < k - 1
    return narrow


def _beside(seen: Published) -> Attack:
    """Compute what is told beside the counts from them: what comes out otherwise was computed from more."""
    unknown = sorted({*seen.facts} - {*FACTS, "sources"})
    check = seen.facts.get("check", {})
    unknown += [f"check {name}" for name in sorted({*check} - {*FACTS["check"]})]
    unknown += [] if "effort" in seen.cells else ["glances_by_the_hour"]
    if seen.facts.get("by") != SPACE:
        return Attack("beside", tuple(unknown))
    result = loading.read_run(seen.folder)
    again = tested(result, seen.cells, int(seen.facts["k"]), pd.Series(dtype=np.float64))
    computed = check_facts(again)
    unlike = [f"check {name}" for name in computed if name != "auc" and not _alike(computed[name], check.get(name))]
    return Attack("beside", (*unknown, *unlike))


def _alike(one: Any, other: Any) -> bool:
    """Whether two figures are the same to the second decimal, in which the table is told."""
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(_alike(one[name], other[name]) for name in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(_alike, one, other))
    if isinstance(one, float) and isinstance(other, int | float):
        return abs(one - other) <= 0.011
    return bool(one == other)


def _texts(seen: Published, read: Read) -> Attack:
    """Look for what stands in the cells of the counts that are no part of a publication."""
    found = []
    whole = "\n".join(text for name, text in seen.texts.items() if name in (MANIFEST, PAGE, TABLE, REJECTED))
    for table in read.observations.layout.tables:
        told = {table.names.get(name) for name in ("location_id", "kind")}
        for column in (name for name in table.sheet.rows if name not in told):
            cells = {text.strip() for text in table.sheet.rows[column].astype(str)}
            if any(len(cell) >= SHORTEST and cell in whole for cell in cells):
                found.append(f"{table.sheet.name}: {column}")
    return Attack("texts", tuple(found))


def _one_person(seen: Published, result: Result, read: Read) -> Attack:
    """Publish again with one person more, and one less, where it is withheld: no figure may differ."""
    facts = seen.facts
    options = {"by": facts["by"], "k": int(facts["k"]), "k_reason": facts.get("k_reason") or "audit"}
    first = observe(result, read, **options)
    before, found = _figures(first), []
    if not _same_cells(first.publication, seen.cells):
        return Attack("person", ("other_counts",))
    visits = first.joined.visits if facts["by"] == SPACE else hexagons_of(result, read).visits
    for cell, more in ((cell, more) for cell in _withheld_parts(first.publication.cells) for more in (1, -1)):
        unit, by, part = cell
        own = visits["unit_id"] == unit
        changed = _changed(read, visits[own if by == overlay.ALL else own & (visits[by] == part)], more)
        if changed is None:
            continue
        after = observe(result, replace(read, observations=changed), **options)
        if cell in _withheld_parts(after.publication.cells, None):
            found += [name for name, value in _figures(after).items() if value != before.get(name)]
    return Attack("person", tuple(dict.fromkeys(found)))


def _another_day(seen: Published, result: Result, read: Read) -> Attack:
    """Move one person who is in a published part of the day from a withheld part of the week or year to another.

    A person counted on a withheld weekend is one of those in a published afternoon. Nothing that is told may differ
    from what it would be, had the same person come that afternoon on a weekday.
    """
    facts = seen.facts
    options = {"by": facts["by"], "k": int(facts["k"]), "k_reason": facts.get("k_reason") or "audit"}
    first = observe(result, read, **options)
    before, found = _figures(first), []
    visits = first.joined.visits if facts["by"] == SPACE else hexagons_of(result, read).visits
    for unit, told, by, part in _hidden_elsewhere(first.publication.cells):
        moved = _moved(read, visits[visits["unit_id"] == unit], told, by, part)
        after = _figures(observe(result, replace(read, observations=moved), **options)) if moved is not None else before
        found += [name for name, value in after.items() if value != before.get(name)]
    return Attack("elsewhen", tuple(dict.fromkeys(found)))


def _hidden_elsewhere(cells: pd.DataFrame) -> list[tuple[str, str, str, str]]:
    """Places that are told by one division of time, with the withheld parts of the others: place, told by, by, part."""
    staying = cells[(cells["kind"] == STAYING) & (cells["unit_id"] != overlay.ALL)]
    found = []
    for unit, own in staying.groupby("unit_id", sort=True):
        told = told_by(own)
        if told is not None:
            hidden = own[own["withheld"] & ~own["by"].isin((overlay.ALL, told))]
            found += [(str(unit), told, str(row["by"]), str(row["part"])) for _, row in hidden.iterrows()]
    return found[:TRIED]


def _moved(read: Read, visits: pd.DataFrame, told: str, by: str, part: str) -> Observations | None:
    """The observations with one person of a part of time at another, in the same part of what is told; None without."""
    free = visits[(visits["kind"] == STAYING) & (visits["organised"] != 1)]
    here, there = free[(free[by] == part) & (free["total"] > 0)], free[free[by] != part]
    for name, row in here.iterrows():
        alike = there.index[there[told] == row[told]]
        if len(alike):
            surveys = read.observations.surveys.copy()
            surveys.loc[name, "total"] -= 1
            surveys.loc[alike[0], "total"] += 1
            return replace(read.observations, surveys=surveys)
    return None


def _withheld_parts(cells: pd.DataFrame, most: int | None = TRIED) -> list[tuple[str, str, str]]:
    """Where people staying are withheld, so many of each: places, and parts of the division a place is told by."""
    staying = cells[(cells["kind"] == STAYING) & (cells["unit_id"] != overlay.ALL)]
    places: list[tuple[str, str, str]] = []
    parts: list[tuple[str, str, str]] = []
    for unit, own in staying.groupby("unit_id", sort=True):
        by = told_by(own)
        hidden = own[(own["by"] == (by or overlay.ALL)) & own["withheld"]]
        (places if by is None else parts).extend(
            (str(unit), str(row["by"]), str(row["part"])) for _, row in hidden.iterrows()
        )
    return [*places[:most], *parts[:most]]


def _changed(read: Read, visits: pd.DataFrame, more: int) -> Observations | None:
    """The observations with one person more, or less, in one of these visits; None if there is no such visit."""
    staying = (visits["kind"] == STAYING) & (visits["organised"] != 1) & (visits["total"] + more >= 0)
    if not staying.any():
        return None
    surveys = read.observations.surveys.copy()
    surveys.loc[visits.index[staying][0], "total"] += more
    return replace(read.observations, surveys=surveys)


def _figures(observed: Observed) -> dict[str, str]:
    """All that is published, as text by its name."""
    told = {name: json.dumps(value, sort_keys=True) for name, value in observation_facts(observed).items()}
    return told | {TABLE: _as_text(observed.publication.cells), "residuals": _as_text(observed.check.residuals)}


def _as_text(table: pd.DataFrame | pd.Series) -> str:
    text = io.StringIO()
    files.write_csv(pd.DataFrame(table), text)
    return text.getvalue()


def _same_cells(publication: Publication, cells: pd.DataFrame) -> bool:
    keys = ["kind", "unit_id", "by", "part"]
    one, other = (table.set_index(keys)["people"].fillna(-1).sort_index() for table in (publication.cells, cells))
    return bool(one.index.equals(other.index) and np.array_equal(one.to_numpy(), other.to_numpy()))


def _difference(seen: Published, other: Published) -> Attack:
    """Subtract another publication: nothing may differ where no count does, and no cell may cross the limit."""
    keys = ["kind", "unit_id", "by", "part"]
    both = seen.cells.merge(other.cells, on=keys, suffixes=("", "_other"))
    same = both[(both["visits"] == both["visits_other"])]
    crossed = same[same["withheld"] != same["withheld_other"]]
    found = list(_named(crossed))
    if seen.cells[[*keys, "people", "visits"]].equals(other.cells[[*keys, "people", "visits"]]):
        found += [name for name in FACTS if name != "sources" and seen.facts.get(name) != other.facts.get(name)]
        mine, theirs = (({*one.facts} - {*FACTS, "sources"}) for one in (seen, other))
        found += [name for name in sorted(mine | theirs) if seen.facts.get(name) != other.facts.get(name)]
        check, there = seen.facts.get("check", {}), other.facts.get("check", {})
        found += [f"check {name}" for name in sorted({*check, *there}) if check.get(name) != there.get(name)]
    return Attack("difference", tuple(dict.fromkeys(found)))
