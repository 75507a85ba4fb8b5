"""What is asked of me? Fees, bookings, membership, staff and programmes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from typing import Any, TypeAlias

import geopandas as gpd
import numpy as np

from spatial.core.arrays import object_array
from spatial.indicators.registry import ASSUMED, OBSERVED, Measured, from_rows, indicator, unknown
from spatial.indicators.unknown_facts import JOINT
from spatial.layers.hours import CONDITIONAL, Position, over_time
from spatial.layers.tag_values import NO, PERHAPS, UNREAD, YES, Reading, hull, read
from spatial.settings.tags import TagRules

Terms: TypeAlias = tuple[tuple[str, tuple[str, ...]], ...]
# (term, tags that say it)
TERMS: Terms = (
    ("fee", ("fee", "charge", "toll")),
    ("booking", ("reservation", "booking")),
    ("members", ("members_only", "membership")),
    ("staffed", ("supervised", "staffed", "attended")),
)
# The fact of facts.toml that answers each term; membership is what ``access`` says.
FACTS = {"fee": "fee", "booking": "booking", "members": "access", "staffed": "staffed"}


def _keys(terms: Terms) -> tuple[str, ...]:
    """Keys of some terms, and those of their conditions."""
    return tuple(name for _, keys in terms for key in keys for name in (key, key + CONDITIONAL))


PROGRAMME_KEYS = ("programme", "coaching", "training", "lessons")
COMMITMENT_READS = ("access", *_keys(TERMS))
OF_PROGRAMME = tuple((term, keys) for term, keys in TERMS if term in ("booking", "staffed"))
PROGRAMME_READS = ("club", *_keys(OF_PROGRAMME), *PROGRAMME_KEYS)


@indicator(
    aspect="low_threshold",
    unit="index",
    members=True,
    reads=COMMITMENT_READS,
    reference="Gehl (2010), Cities for People: range of participation; fee, reservation, access of OpenStreetMap.",
    behind=("own",),
)
def low_commitment(places: gpd.GeoDataFrame, kinds: TagRules, position: Position) -> Measured:
    """1 − mean of fee, booking, members only, staffed, each 1 yes, 0 no, or the share of time that it is yes.

    A term without a tag, or with a value that cannot be read, lies between 0 and 1, but for those that the kind
    excludes by nature (nobody books a bench): rule ``kind_nature``.
    """
    rows = [
        (_terms(tags, TERMS, position, kinds.programme), kinds.kinds[kind].by_nature)
        for tags, kind in zip(places["tags"], places["kind"], strict=True)
    ]
    facts = object_array(_open_terms(*row) for row in rows)
    return replace(from_rows([_commitment(*row) for row in rows]), facts=facts)


def _terms(
    tags: Mapping[str, str], terms: Terms, where: Position, words: Mapping[str, Any]
) -> dict[str, Reading | None]:
    """What the tags of a place say of each term; None where they say nothing."""
    return {term: answer_to(term, keys, tags, where, words) for term, keys in terms}


def _open_terms(terms: Mapping[str, Reading | None], by_nature: tuple[str, ...]) -> str:
    return JOINT.join(FACTS[term] for term, said in terms.items() if not (said.is_known if said else term in by_nature))


def _commitment(
    terms: Mapping[str, Reading | None], by_nature: tuple[str, ...]
) -> tuple[float, float, float, str, str]:
    by_kind = {term: NO if term in by_nature else PERHAPS for term in terms}
    low, high = (float(np.mean([(said or by_kind[term])[side] for term, said in terms.items()])) for side in (0, 1))
    if low == high:
        told = all(said is not None for said in terms.values())
        return 1 - low, 1 - low, 1 - low, *((OBSERVED, "tags") if told else (ASSUMED, "kind_nature"))
    return unknown("fee_booking_members_staff_not_tagged", 1 - high, 1 - low)


def answer_to(
    term: str, keys: tuple[str, ...], tags: Mapping[str, str], where: Position | None, words: Mapping[str, Any]
) -> Reading | None:
    """What tags say of whether a term is asked for, over the hours of a year; None where they say nothing."""
    if term == "members" and "access" in tags:
        value = tags["access"].strip().lower()
        return YES if value in words["members"] else NO if read("access", value).is_known else UNREAD
    said = [
        over_time(read(key, tags[key]) if key in tags else NO, tags.get(key + CONDITIONAL), partial(read, key), where)
        for key in keys
        if key in tags or key + CONDITIONAL in tags
    ]
    # Of tags that contradict each other either may be right; one that says nothing takes nothing from the others.
    telling = [one for one in said if one.is_known] or said
    return hull(telling) if telling else None


@indicator(
    aspect="low_threshold",
    unit="index",
    members=True,
    reads=PROGRAMME_READS,
    reference="Byer uden medborgere (2025), policy brief: minimal expectations of how one takes part.",
    behind=("own",),
)
def no_programme(places: gpd.GeoDataFrame, kinds: TagRules, position: Position) -> Measured:
    """1 where no booking, coach, club hours or staffed programme is known to exist, 0 where one is.

    Unknown where nothing is tagged, or a value cannot be read; assumed 1 for kinds that have none by nature.
    """
    return from_rows(
        [
            _programme(tags, _terms(tags, OF_PROGRAMME, position, kinds.programme), ground, kinds.kinds[kind].by_nature)
            for tags, ground, kind in zip(places["tags"], places["ground"], places["kind"], strict=True)
        ]
    )


def _programme(
    tags: Mapping[str, str], terms: Mapping[str, Reading | None], ground: str | None, by_nature: tuple[str, ...]
) -> tuple[float, float, float, str, str]:
    of_terms = [*terms.values()]
    told = [said for said in of_terms if said is not None]
    told += [read(key, tags[key]) for key in ("club", *PROGRAMME_KEYS) if key in tags]
    if any(said.low == 1.0 for said in told):
        return 0.0, 0.0, 0.0, OBSERVED, "tags"
    if any(said.high > 0.0 for said in told):
        return unknown("booking_and_staff_not_tagged", 0.0, 1.0)
    if None not in of_terms:
        return 1.0, 1.0, 1.0, OBSERVED, "tags"
    if {"booking", "staffed"} <= set(by_nature):
        return 1.0, 1.0, 1.0, ASSUMED, "kind_nature"
    if ground in ("sports_club", "school"):
        return unknown(f"{ground}_ground", 0.0, 1.0)
    return unknown("booking_and_staff_not_tagged")
