"""What is there to come for, without joining anything? The pull of what stands here, and somewhere to sit."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

import geopandas as gpd
import numpy as np
import pandas as pd

from spatial.core.arrays import Bools, Floats, Ints, Texts
from spatial.indicators.enclosure import closed_share
from spatial.indicators.inputs import SEAT
from spatial.indicators.registry import ASSUMED, DERIVED, OWN, Measured, from_rows, indicator
from spatial.indicators.unknown_facts import CLASS
from spatial.layers.completeness import Completeness, unmapped_at_most
from spatial.places.meeting_spaces import is_anchor
from spatial.settings.tags import TagRules

# What one may find on the spot that nobody has mapped.
UNMAPPED_KINDS = ("bench", "table")
UNMAPPED_SEATS = 3.0
# A pitch closed over more than this share has no edge to stand at.
SHUT_SHARE = 0.9


@indicator(
    aspect="low_threshold",
    unit="index",
    reads=("name",),
    surroundings=("seats",),
    behind=(OWN, "barrier"),
    within_m=40.0,
    reference="Byer uden medborgere (2025), policy brief: tables, playground, the edge of the pitch, dog park, swap "
    "corner; pulls of tags.toml, assumed.",
)
def occasion(
    places: gpd.GeoDataFrame,
    members: Mapping[str, Ints],
    member_kinds: Texts,
    kinds: TagRules,
    barriers: gpd.GeoDataFrame,
    buildings: gpd.GeoDataFrame,
    seats_complete: Bools,
) -> Measured:
    """(1 − Π(1 − pull)) · (0.3 + 0.7 (1 − exp(−n / 3))) over the distinct kinds of the space, n distinct activities.

    A thing more adds to it and never takes away. Low and high follow from the spread of the pulls; high also from a
    table and benches that may stand there unmapped, where no complete register says otherwise.
    """
    of_place = _kind_of_each(places, kinds, barriers, buildings)
    rows = []
    for i, (level, space) in enumerate(zip(places["level"], places["space_id"], strict=True)):
        things = members[space] if level == "space" else np.array([i])
        names = [of_place[row] for row in things]
        if level == "space" and _in_named_park(places.iloc[i], places.iloc[things]):
            names.append("park")
        seats = sum(kinds.kinds[member_kinds[row]].seat for row in things)
        rows.append(_row(names, seats, bool(seats_complete[i]), kinds))
    return replace(from_rows(rows), facts=np.full(len(rows), f"{CLASS}pulls", dtype=object))


def _in_named_park(space: pd.Series, things: pd.DataFrame) -> bool:
    """Whether a space lies in a park with a name of its own: that of a square which stands there says nothing more."""
    name = space["ground_name"]
    if space["ground"] != "park" or not isinstance(name, str):
        return False
    squares = things.loc[(things["kind"] == "square").to_numpy(), "tags"]
    return name not in {tags.get("name") for tags in squares}


def _row(names: list[str], seats: int, complete: bool, rules: TagRules) -> tuple[float, float, float, str, str]:
    pulls = {name: _pull(name, rules) for name in set(names)}
    if seats >= rules.anchor["seats_together"]:
        pulls["seats_together"] = float(rules.anchor["seats_pull"])
    spread = rules.pull_spread
    own = {name.removesuffix("!") for name in names}
    more = pulls if complete else _unmapped(rules) | pulls
    low = strength(max(pull - spread, 0.0) for pull in pulls.values()) * _company(own, rules)
    high = strength(min(pull + spread, 1.0) for pull in more.values()) * _company(
        own | set(more) & set(UNMAPPED_KINDS), rules
    )
    return strength(pulls.values()) * _company(own, rules), low, high, ASSUMED, "pull_of_kinds"


def _unmapped(rules: TagRules) -> dict[str, float]:
    """Pulls of what one may find that nobody has mapped: a table, and benches enough to be a reason to come."""
    found = {name: rules.kinds[name].pull for name in UNMAPPED_KINDS}
    together = rules.anchor["seats_together"] <= UNMAPPED_SEATS
    return found | ({"seats_together": float(rules.anchor["seats_pull"])} if together else {})


def strength(pulls: Iterable[float]) -> float:
    """What several reasons to come make together, in [0, 1].

    Examples
    --------
    >>> round(strength([0.9, 0.25]), 3)
    0.925
    """
    return 1.0 - float(np.prod([1.0 - pull for pull in pulls]))


def _company(names: Iterable[str], rules: TagRules) -> float:
    """How much several activities beside each other add: 0.3 where there is none, 1 where there are many."""
    activities = {activity for name in names if name in rules.kinds for activity in rules.kinds[name].activities}
    return 0.3 + 0.7 * (1.0 - float(np.exp(-len(activities) / 3)))


def _pull(name: str, rules: TagRules) -> float:
    if name.endswith("!"):
        return float(rules.anchor["shut_pitch_pull" if name == "pitch!" else "lawn_pull"])
    return rules.kinds[name].pull


def _kind_of_each(
    places: gpd.GeoDataFrame, rules: TagRules, barriers: gpd.GeoDataFrame, buildings: gpd.GeoDataFrame
) -> list[str]:
    """Kind of each place; with a mark where it is a pitch without an edge, or a lawn or square without a name."""
    own = places[places["level"] == "place"]
    shut = closed_share(own.geometry.to_numpy(), barriers, buildings) > SHUT_SHARE
    plain = [
        kind in ("park", "square") and not is_anchor(kind, tags, area, False, rules)
        for kind, tags, area in zip(own["kind"], own["tags"], own["area_m2"], strict=True)
    ]
    return [
        f"{kind}!" if (kind == "pitch" and closed) or lawn else kind
        for kind, closed, lawn in zip(own["kind"], shut, plain, strict=True)
    ]


@indicator(
    aspect="low_threshold",
    unit="count",
    surroundings=("seats",),
    behind=(OWN,),
    reference="Whyte (1980), The Social Life of Small Urban Spaces: people sit where there are places to sit.",
)
def seats_here(
    places: gpd.GeoDataFrame,
    members: Mapping[str, Ints],
    member_kinds: Texts,
    kinds: TagRules,
    seats_complete: Bools,
    completeness: Mapping[str, Completeness] | None = None,
) -> Measured:
    """Benches, tables and shelters of the space; three more, or as many as two lists say, may stand there unmapped."""
    count = [
        float(sum(kinds.kinds[member_kinds[row]].seat for row in _things(i, level, space, members)))
        for i, (level, space) in enumerate(zip(places["level"], places["space_id"], strict=True))
    ]
    known = (completeness or {}).get(SEAT)
    more = np.array([unmapped_at_most(n, known, UNMAPPED_SEATS) for n in count])
    return counted(np.array(count), more, seats_complete, "seats_mapped_here")


def _things(row: int, level: str, space: str, members: Mapping[str, Ints]) -> Ints:
    return members[space] if level == "space" else np.array([row], dtype=np.int64)


def counted(
    count: np.ndarray[tuple[int], np.dtype[np.float64]], more: Floats | float, complete: Bools, rule: str
) -> Measured:
    """What is mapped as the value, and as many more as may be unmapped in its upper bound.

    None mapped is taken as none, which is an assumption where no register is complete.
    """
    sure = (count > 0) | complete
    return Measured(
        value=count,
        low=count.copy(),
        high=np.where(complete, count, count + more),
        evidence=np.where(sure, DERIVED, ASSUMED).astype(object),
        rule=np.where(sure, rule, "none_mapped").astype(object),
    )


@indicator(
    aspect="mixing",
    unit="count",
    surroundings=("seats",),
    behind=(OWN,),
    reference="Byer uden medborgere (2025): people with different errands at one place; tags.toml.",
)
def activities_here(
    places: gpd.GeoDataFrame, members: Mapping[str, Ints], member_kinds: Texts, kinds: TagRules, seats_complete: Bools
) -> Measured:
    """Distinct activities of the space, counted: a second bench neither adds nor takes away."""
    return counted(
        _distinct("activities", places, members, member_kinds, kinds), 2.0, seats_complete, "kinds_mapped_here"
    )


@indicator(
    aspect="mixing",
    unit="count",
    surroundings=("seats",),
    behind=(OWN,),
    reference="Byer uden medborgere (2025): meetings across differences; ages by kind in tags.toml.",
)
def ages_here(
    places: gpd.GeoDataFrame, members: Mapping[str, Ints], member_kinds: Texts, kinds: TagRules, seats_complete: Bools
) -> Measured:
    """Distinct age groups for whom something of the space is made, counted: children, youth, adults, older adults."""
    return counted(_distinct("ages", places, members, member_kinds, kinds), 2.0, seats_complete, "kinds_mapped_here")


def _distinct(
    trait: str, places: gpd.GeoDataFrame, members: Mapping[str, Ints], member_kinds: Texts, rules: TagRules
) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    sets = (
        {each for row in _things(i, level, space, members) for each in getattr(rules.kinds[member_kinds[row]], trait)}
        for i, (level, space) in enumerate(zip(places["level"], places["space_id"], strict=True))
    )
    return np.array([float(len(found)) for found in sets])
