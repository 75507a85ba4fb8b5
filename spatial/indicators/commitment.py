"""What is asked of me? Fees, bookings, membership, staff and programmes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import geopandas as gpd
import numpy as np

from spatial.core.arrays import object_array
from spatial.indicators.registry import ASSUMED, OBSERVED, Measured, from_rows, indicator, unknown
from spatial.indicators.unknown_facts import JOINT
from spatial.settings.tags import TagRules

# (term, tags that say it)
TERMS = (
    ("fee", ("fee", "charge", "toll")),
    ("booking", ("reservation", "booking")),
    ("members", ("members_only", "membership")),
    ("staffed", ("supervised", "staffed", "attended")),
)
# The fact of facts.toml that answers each term; membership is what ``access`` says.
FACTS = {"fee": "fee", "booking": "booking", "members": "access", "staffed": "staffed"}
PROGRAMME_KEYS = ("programme", "coaching", "training", "lessons")
COMMITMENT_READS = ("access", *(key for _, keys in TERMS for key in keys))
PROGRAMME_TERMS = ("booking", "staffed")
PROGRAMME_READS = ("club", *(key for term, keys in TERMS if term in PROGRAMME_TERMS for key in keys), *PROGRAMME_KEYS)


@indicator(
    aspect="low_threshold",
    unit="index",
    members=True,
    reads=COMMITMENT_READS,
    reference="Gehl (2010), Cities for People: range of participation; fee, reservation, access of OpenStreetMap.",
    behind=("own",),
)
def low_commitment(places: gpd.GeoDataFrame, kinds: TagRules) -> Measured:
    """1 − mean of fee, booking, members only, staffed, each 1 yes, 0 no.

    A term without a tag lies between 0 and 1, but for those that the kind excludes by nature
    (nobody books a bench): rule ``kind_nature``.
    """
    rows = [
        (tags, kinds.kinds[kind].by_nature, kinds.programme)
        for tags, kind in zip(places["tags"], places["kind"], strict=True)
    ]
    facts = object_array(_open_terms(*row) for row in rows)
    return replace(from_rows([_commitment(*row) for row in rows]), facts=facts)


def _open_terms(tags: Mapping[str, str], by_nature: tuple[str, ...], words: Mapping[str, Any]) -> str:
    return JOINT.join(
        FACTS[term] for term, keys in TERMS if term not in by_nature and answer_to(term, keys, tags, words) is None
    )


def _commitment(
    tags: Mapping[str, str], by_nature: tuple[str, ...], words: Mapping[str, Any]
) -> tuple[float, float, float, str, str]:
    low, high, tagged = np.zeros(len(TERMS)), np.ones(len(TERMS)), np.zeros(len(TERMS), dtype=bool)
    for i, (term, keys) in enumerate(TERMS):
        answer = answer_to(term, keys, tags, words)
        if answer is not None:
            low[i] = high[i] = answer
            tagged[i] = True
        elif term in by_nature:
            high[i] = 0.0
    bounds = 1 - float(high.mean()), 1 - float(low.mean())
    if tagged.all():
        return bounds[0], *bounds, OBSERVED, "tags"
    if (low == high).all():
        return bounds[0], *bounds, ASSUMED, "kind_nature"
    return unknown("fee_booking_members_staff_not_tagged", *bounds)


def answer_to(term: str, keys: tuple[str, ...], tags: Mapping[str, str], words: Mapping[str, Any]) -> float | None:
    """1 where tags say that a term is asked for, 0 where they say that it is not, None where they say nothing."""
    if term == "members" and tags.get("access") is not None:
        return 1.0 if tags["access"] in words["members"] else 0.0
    for key in keys:
        value = tags.get(key)
        if value is not None:
            return 0.0 if value in words["no"] else 1.0
    return None


@indicator(
    aspect="low_threshold",
    unit="index",
    members=True,
    reads=PROGRAMME_READS,
    reference="Byer uden medborgere (2025), policy brief: minimal expectations of how one takes part.",
    behind=("own",),
)
def no_programme(places: gpd.GeoDataFrame, kinds: TagRules) -> Measured:
    """1 where no booking, coach, club hours or staffed programme is known to exist, 0 where one is.

    Unknown where nothing is tagged; assumed 1 for kinds that have none by nature.
    """
    return from_rows(
        [
            _programme(tags, ground, kinds.kinds[kind].by_nature, kinds.programme)
            for tags, ground, kind in zip(places["tags"], places["ground"], places["kind"], strict=True)
        ]
    )


def _programme(
    tags: Mapping[str, str], ground: str | None, by_nature: tuple[str, ...], words: Mapping[str, Any]
) -> tuple[float, float, float, str, str]:
    answers = [answer_to(term, keys, tags, words) for term, keys in TERMS if term in PROGRAMME_TERMS]
    if (
        1.0 in answers
        or tags.get("club", "no") not in words["no"]
        or any(tags.get(key) in words["yes"] for key in PROGRAMME_KEYS)
    ):
        return 0.0, 0.0, 0.0, OBSERVED, "tags"
    if None not in answers:
        return 1.0, 1.0, 1.0, OBSERVED, "tags"
    if {"booking", "staffed"} <= set(by_nature):
        return 1.0, 1.0, 1.0, ASSUMED, "kind_nature"
    if ground in ("sports_club", "school"):
        return unknown(f"{ground}_ground", 0.0, 1.0)
    return unknown("booking_and_staff_not_tagged")
