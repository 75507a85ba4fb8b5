"""What is taken into the field: stops in the order of a short round, and the facts to check at them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
import pandas as pd
import shapely

from spatial import field_checks, scoring
from spatial.config import load
from spatial.errors import EmptyAreaError
from spatial.model import Result
from spatial.render.field_kit import Packed
from spatial.route import Round, shortest

# Steady walking of adults, the pace of the catchments in docs/method.md.
WALK_M_PER_MIN = 80.0
# Ways this far beyond the outermost stop may still be on the shortest round.
WAYS_BEYOND_M = 200.0
MAX_CHECKS = 40


@dataclass(frozen=True)
class Kit:
    """Everything the field kit is drawn from.

    ``stops`` has one row a meeting space in the order of the round: its id and name columns, and
    ``number`` from 1. ``checks`` are field checks with the number of the stop they are settled at.
    """

    result: Result
    stops: pd.DataFrame
    round: Round
    checks: pd.DataFrame
    settings: Mapping[str, Any]

    @property
    def minutes(self) -> int:
        """Time the round takes, counting included."""
        return round(self.round.total_m / WALK_M_PER_MIN + len(self.stops) * float(self.settings["count_min"]))


@lru_cache(maxsize=1)
def settings() -> Mapping[str, Any]:
    """Return the bundled choices of the field kit."""
    return load(None, "fieldkit.toml")


def pack(result: Result, *, inside: bool = False, seed: int = 20250201) -> Kit:
    """Choose stops, their order, and the checks worth making there.

    Parameters
    ----------
    result
        A finished run.
    inside
        Only meeting spaces inside the estate's boundary.

    Raises
    ------
    EmptyAreaError
        If there is no meeting space.
    """
    spaces = result.meeting_spaces.sort_index(kind="stable")
    spaces = spaces[spaces["inside"].astype(bool)] if inside else spaces
    if not len(spaces):
        raise EmptyAreaError("fieldwork.nothing", estate=result.estate.name)
    paths = result.layers["paths"]
    near = shapely.box(*spaces.total_bounds).buffer(WAYS_BEYOND_M)
    ways = paths[paths["allowed"].astype(bool) & paths.intersects(near)]
    walk = shortest(spaces.geometry, ways)
    stops = spaces.iloc[list(walk.order)].assign(number=np.arange(1, len(spaces) + 1))
    return Kit(result, stops, walk, _checks(result, stops, seed), settings())


def _checks(result: Result, stops: pd.DataFrame, seed: int) -> pd.DataFrame:
    """Facts worth checking, the most consequential first, with the stop at which they are settled."""
    index = result.places.index
    found = field_checks.find(scoring.judge_all(result.evidence, index, result.rubric), index, result.rubric, seed)
    space_of = result.places["space_id"].to_dict()
    number = stops["number"].to_dict()
    at = [number.get(space_of.get(i, i)) for i in found["object_id"]]
    found = found.assign(stop=pd.array(at, dtype="Int64"))
    return found[found["stop"].notna()].head(MAX_CHECKS).reset_index(drop=True)


def answerable(checks: pd.DataFrame) -> pd.DataFrame:
    """The checks that an answer on the spot settles: those of a place that become one tag."""
    answers: Sequence[str] = tuple(settings()["answers"])
    return checks[checks["fact"].isin(answers)]


def packed(kit: Kit) -> Packed:
    """The kit as it is drawn."""
    return Packed(
        result=kit.result,
        stops=kit.stops,
        legs=kit.round.legs,
        leg_m=kit.round.length_m,
        along_ways=kit.round.along_ways,
        total_m=kit.round.total_m,
        minutes=kit.minutes,
        checks=kit.checks,
        answerable=answerable(kit.checks),
        settings=kit.settings,
    )
