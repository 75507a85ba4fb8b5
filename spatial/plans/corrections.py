"""What somebody who knows the estate corrects on the map, with who and when: it goes before every source. Pure.

A correction says of a thing that it is no meeting place, is private, is the same as another, or is called something; or
that a place is missing somewhere. It becomes tags by the way of answers to field checks, each claimed by who said it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol

import numpy as np
import shapely
from pyproj import Transformer

from spatial.core.crs import WGS84
from spatial.core.errors import InputError
from spatial.core.messages import Spoken, phrase
from spatial.core.model import Edit, Estate, Plan, RawData
from spatial.layers.conflation import Conflated
from spatial.layers.field_answers import apply_field_answers
from spatial.plans.application import carry_out
from spatial.plans.rows import kind_tags
from spatial.settings.tags import tag_rules

SOURCE_ID = "correction"
NO_PLACE, PRIVATE, SAME, MISSING, CALLED = "no_meeting_place", "private", "same_as", "missing", "called"
SAYS = (NO_PLACE, PRIVATE, SAME, MISSING, CALLED)
Tags = Mapping[str, str]


@dataclass(frozen=True)
class Correction:
    """One thing put right.

    ``feature`` is its name in the file, ``says`` one of `SAYS`, ``target`` the id of what it is about (of what is
    missing None, or the id that it gets), ``value`` the name, the other thing, or the kind of what is missing; ``at``
    longitude and latitude of that; ``by`` who said so, and ``on`` the day (ISO 8601).
    """

    feature: str
    says: str
    target: str | None = None
    value: str | None = None
    at: tuple[float, float] | None = None
    by: str = ""
    on: str = ""
    note: str | None = None

    @property
    def identity(self) -> str:
        """Id of what it is about: its target, or the id that the missing place gets."""
        return self.target or f"{SOURCE_ID}:{self.feature}"

    @property
    def word(self) -> str:
        """Whose word it is, as claims name it."""
        return ", ".join(filter(None, (self.on, self.by)))


class Find(Protocol):
    """What was seen on a day (ISO 8601) on open ground, about a point in degrees: a kind of place, or ``PRIVATE``."""

    @property
    def row(self) -> int:
        """Row in the file."""

    @property
    def object_id(self) -> str:
        """The ground."""

    @property
    def at(self) -> tuple[float, float]:
        """A point of it."""

    @property
    def value(self) -> str:
        """What was found."""

    @property
    def checked_on(self) -> str:
        """Day of the visit."""


@dataclass(frozen=True)
class _Word:
    """A tag of an object on somebody's word, in the order of the file: what answers to field checks are, too."""

    row: int
    object_id: str
    key: str
    value: str
    checked_on: str


def apply_corrections(
    one: Conflated, corrections: Sequence[Correction], estate: Estate, source: str = SOURCE_ID
) -> Conflated:
    """Put things right on the word of a source: of several corrections of one tag that of the latest day counts.

    Raises
    ------
    InputError
        With all that cannot be carried out, by correction; then nothing is.
    """
    grown = replace(one, raw=_with_missing(one.raw, corrections, estate))
    tags = _tags_by_id(grown.raw, {name for each in corrections for name in (each.identity, str(each.value))})
    faults = [fault for each in corrections for fault in _faults(each, tags, estate)]
    if faults:
        raise as_one(faults)
    words = [word for row, each in enumerate(corrections) for word in _words(row, each, tags)]
    settled, _ = apply_field_answers(grown, words, source)
    same = {each.value: each.identity for each in corrections if each.says == SAME and each.value}
    known = {name: (*settled.same_as.get(name, ()), other) for name, other in same.items()}
    return replace(settled, same_as={**settled.same_as, **known})


def apply_finds(
    one: Conflated, finds: Sequence[Find], estate: Estate, source: str
) -> tuple[Conflated, tuple[Find, ...], tuple[int, ...]]:
    """What was found on open ground: a thing of a kind is missing there, ground that is private is no possible space.

    Returns
    -------
    settled, counted, outside
        The sources with it; of each ground the find that counts, which is the latest; and the rows of those that lie
        outside the estate and its margin.
    """
    said = {
        find: Correction(find.object_id, MISSING, f"{source}:{find.object_id}", find.value, find.at, on=find.checked_on)
        for find in sorted(finds, key=lambda one: (one.checked_on, one.row))
    }
    outside = tuple(sorted(find.row for find, word in said.items() if not _within(word, estate)))
    latest = {find.object_id: find for find in said if find.row not in outside}
    things = [said[find] for find in latest.values() if find.value in tag_rules().kinds]
    closed = tuple(_place(find.at, estate) for find in latest.values() if find.value == PRIVATE)
    settled = apply_corrections(one, things, estate, source) if things else one
    return replace(settled, closed_at=(*one.closed_at, *closed)), tuple(latest.values()), outside


def as_one(faults: Sequence[InputError]) -> InputError:
    """All faults as one error, a line each."""
    said: Spoken = faults[0]
    for fault in faults[1:]:
        said = phrase("corrections.beside", one=said, other=fault)
    return InputError("corrections.faults", n=len(faults), faults=said)


def entry(corrections: Sequence[Correction], source: Mapping[str, Any]) -> dict[str, Any]:
    """What the manifest says of the corrections of a run."""
    return {
        **source,
        "used": len(corrections),
        "said": {says: sum(each.says == says for each in corrections) for says in SAYS},
        "by": sorted({each.by for each in corrections}),
        "dates": sorted({each.on for each in corrections}),
    }


def without_kind(tags: Tags) -> tuple[str, ...]:
    """Keys without which a thing is no place of any kind.

    Examples
    --------
    >>> without_kind({"leisure": "playground", "name": "A", "building": "yes"})
    ('leisure',)
    """
    matcher, left, gone = tag_rules().kind, dict(tags), []
    while (kind := matcher.first(left)) is not None:
        own = [key for key in left if matcher.first({k: v for k, v in left.items() if k != key}) != kind]
        for key in own[:1] or list(left):
            gone.append(key)
            del left[key]
    return tuple(gone)


def _with_missing(raw: RawData, corrections: Sequence[Correction], estate: Estate) -> RawData:
    edits = tuple(
        Edit(
            feature=each.feature,
            action="add",
            layer="place",
            target=each.identity,
            tags=kind_tags(str(each.value), each.feature),
            geometry=_place(each.at, estate),
            exact=True,
        )
        for each in corrections
        if each.says == MISSING and each.at is not None
    )
    return carry_out(raw, Plan(SOURCE_ID, edits)) if edits else raw


def _tags_by_id(raw: RawData, wanted: set[str]) -> dict[str, Tags]:
    """Tags of those of these objects that are there; an area before its outline."""
    parts = (raw.lines, raw.points, raw.areas)
    rows = ((part, int(row)) for part in parts for row in np.flatnonzero(np.isin(part.ids.astype(str), list(wanted))))
    return {str(part.ids[row]): part.tags[row] for part, row in rows}


def _faults(one: Correction, tags: Mapping[str, Tags], estate: Estate) -> Iterator[InputError]:
    if one.identity not in tags:
        yield InputError("corrections.unknown", feature=one.feature, found=one.identity)
        return
    kind = tag_rules().kind.first
    if one.says in (NO_PLACE, SAME) and kind(tags[one.identity]) is None:
        yield InputError("corrections.no_place", feature=one.feature, found=one.identity)
    if one.says == SAME and one.value == one.identity:
        yield InputError("corrections.itself", feature=one.feature, found=one.identity)
    elif one.says == SAME and kind(tags.get(str(one.value), {})) is None:
        yield InputError("corrections.no_other", feature=one.feature, found=one.value)
    if one.says == MISSING and not _within(one, estate):
        yield InputError("corrections.outside", feature=one.feature, estate=estate.name)


def _within(one: Correction, estate: Estate) -> bool:
    return one.at is not None and bool(shapely.intersects(estate.study_area, _place(one.at, estate)))


def _place(at: tuple[float, float], estate: Estate) -> shapely.Point:
    """A point in degrees, in the estate's CRS."""
    return shapely.Point(Transformer.from_crs(WGS84, estate.crs, always_xy=True).transform(*at))


def _words(row: int, one: Correction, tags: Mapping[str, Tags]) -> Iterator[_Word]:
    """The tags that a correction sets; an empty one is taken away."""
    own = tags[one.identity]
    said: dict[str, str] = {}
    if one.says == PRIVATE:
        said = {"access": "private"}
    elif one.says == CALLED:
        said = {"name": str(one.value)}
    elif one.says == MISSING:
        said = dict(own)
    elif one.says in (NO_PLACE, SAME):
        said = dict.fromkeys(without_kind(own), "")
    for key, value in said.items():
        yield _Word(row, one.identity, key, value, one.word)
    if one.says == SAME:
        kept = tags[str(one.value)]
        for key in sorted(set(own) - set(kept)):
            yield _Word(row, str(one.value), key, own[key], one.word)
