"""The answer to a plan: what is certain, what is promised, who bears it, and how sure that is. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import shapely
from scipy.optimize import linear_sum_assignment

from spatial.core.model import FIVE_MINUTES_M, Result
from spatial.plans.comparison import Comparison
from spatial.plans.home_changes import DEMOLISHED, LOSING, NEW_HOMES, WINNING, count_choices
from spatial.plans.phases import phase_names, years_between

# A place of the same kind that is no further away than a walk of five minutes takes the place of one that goes.
REPLACES_M, BEYOND_M = FIVE_MINUTES_M, 1e6
SAME_M = 1.0
UNREPLACED, CROSSED, REPLACED, MOVED, SHUT = PROMISE_STATES = ("unreplaced", "crossed", "replaced", "moved", "shut")
# What is built on a place or led through it that stays; a touch of the rim is less than so many metres.
BUILT, RIM_M = ("building", "road"), 1.0
PROMISE_COLUMNS = (
    *("place_id", "kind", "name", "space_id", "state", "replacement_id", "distance_m"),
    *("phase_gone", "phase_back", "years_without"),
)
# Where more homes lose in so many draws, and more win in so many others, it cannot be told which it is.
UNSURE = 0.2
# The lens of whom the draws are.
DRAWN = "adult"
NOTHING, HELPS, HARMS, MIXED, MOVES_OUT, ON_THE_WAY, UNCLEAR = OUTCOMES = (
    *("nothing", "helps", "harms", "mixed", "moves_out", "on_the_way", "unclear"),
)


@dataclass(frozen=True)
class Housing:
    """Buildings in which people live, their dwellings, and how many of those follow only from floor area."""

    buildings: int
    dwellings: float
    estimated: float = 0.0


@dataclass(frozen=True)
class Burden:
    """Dwellings that lose and win through one lens in one phase (from 1; None: when all is built)."""

    lens: str
    phase: int | None
    losing: float
    winning: float


@dataclass(frozen=True)
class Answer:
    """What a board is told of a plan.

    ``promises``: one row a place that the plan takes away, builds on or leads a road through, moves or shuts for a
    time, those that nothing replaces first (`PROMISE_COLUMNS`): ``state``; the ``replacement_id``, a place of the
    same kind, and how far it lies in a straight line between their middles; the phases, from 1, in which the place
    goes and in which it or its replacement is there again, and the years in between, NaN where phases were not
    followed or have no dates. ``new_places`` counts, by kind, those that replace none.

    ``burdens``: one row a lens and phase: ``lens``, ``phase`` (0: when all is built), ``losing``, ``winning``
    (dwellings), ``median_after``, ``tenth_after``. ``finished`` is the lens that loses most when all is built,
    ``worst`` that of all phases. ``choices``: see ``spatial.plans.home_changes.count_choices``.
    """

    demolished: Housing
    built: Housing
    promises: pd.DataFrame
    new_places: dict[str, int]
    burdens: pd.DataFrame
    finished: Burden | None
    worst: Burden | None
    choices: pd.DataFrame
    harms_share: float
    outcome: str


def answer_plan(
    today: Result, after: Result, found: Comparison, phases: Sequence[tuple[Result, Comparison]] = ()
) -> Answer:
    """Say what a plan does, the certain first.

    Parameters
    ----------
    today, after, found
        The state before the plan and after it, and their comparison.
    phases
        State and comparison of each phase before the last.
    """
    states = [*(state for state, _ in phases), after]
    promises, new = promised_places(today, states)
    burdens = bear([*(one for _, one in phases), found])
    demolished, built = (_housing(found, how, state) for how, state in (("gone", DEMOLISHED), ("new", NEW_HOMES)))
    return Answer(
        demolished=demolished,
        built=built,
        promises=promises,
        new_places=new,
        burdens=burdens,
        finished=_worst(burdens[burdens["phase"] == 0]),
        worst=_worst(burdens),
        choices=count_choices(found.homes),
        harms_share=found.harms_share,
        outcome=_outcome(
            burdens, promises, bool(new), built.dwellings - demolished.dwellings, (found.harms_share, found.helps_share)
        ),
    )


def _housing(found: Comparison, how: str, state: str) -> Housing:
    """Buildings that go or come and have dwellings, and how many."""
    homes = found.homes[(found.homes["state"] == state).to_numpy()]
    objects = found.items[((found.items["what"] == "building") & (found.items["how"] == how)).to_numpy()]
    lived_in = set(objects["object_id"]) & set(homes["building"])
    estimated = homes.loc[homes["evidence"] == "derived", "dwellings"].sum()
    return Housing(len(lived_in), float(homes["dwellings"].sum()), float(estimated))


# --- promises ------------------------------------------------------------------------------------


def promised_places(today: Result, states: Sequence[Result]) -> tuple[pd.DataFrame, dict[str, int]]:
    """What becomes of each place of today through the phases, and how many of each kind are new beside replacements."""
    old, last = today.places, states[-1].places
    gone, new = old[~old.index.isin(last.index)], last[~last.index.isin(old.index)]
    replaced = pair_by_kind(gone, new, REPLACES_M)
    names = phase_names(states[-1], len(states))
    crossed = _crossed(old, states[-1])
    rows = [_promise(place, replaced.get(place, place), today, states, names, crossed) for place in old.index]
    table = pd.DataFrame([row for row in rows if row is not None], columns=list(PROMISE_COLUMNS))
    order = table["state"].map({state: k for k, state in enumerate(PROMISE_STATES)})
    table = table.assign(order=order).sort_values(["order", "place_id"], kind="stable").drop(columns="order")
    return table.reset_index(drop=True), dict(Counter(new.loc[~new.index.isin(replaced.values()), "kind"]))


def pair_by_kind(wanted: Any, there: Any, within_m: float) -> dict[str, str]:
    """For each place one of its kind so near: the least distance in all, none used twice."""
    pairs = {}
    for kind in sorted(set(wanted["kind"]) & set(there["kind"])):
        mine, theirs = (table[(table["kind"] == kind).to_numpy()].sort_index() for table in (wanted, there))
        away = shapely.distance(_middles(mine)[:, None], _middles(theirs)[None])
        for i, k in zip(*linear_sum_assignment(np.where(away <= within_m, away, BEYOND_M)), strict=True):
            if away[i, k] <= within_m:
                pairs[str(mine.index[i])] = str(theirs.index[k])
    return pairs


def _middles(table: Any) -> Any:
    return shapely.centroid(table.geometry.to_numpy())


def _crossed(old: Any, after: Result) -> frozenset[str]:
    """Places, as they lie today, that a new road leads through or a new building stands on."""
    plan = after.layers.get("plan")
    if plan is None:
        return frozenset()
    built = plan[(plan["action"] == "add") & plan["layer"].isin(BUILT) & plan["done"].astype(bool)]
    within = shapely.buffer(old.geometry.to_numpy(), -RIM_M)
    over = [shapely.intersects(within, shape) for shape in built.geometry]
    return frozenset(map(str, old.index[np.any(over, axis=0)])) if over else frozenset()


def _promise(
    place: str,
    instead: str,
    today: Result,
    states: Sequence[Result],
    names: Sequence[str],
    crossed: Collection[str],
) -> dict[str, Any] | None:
    """What becomes of one place; None if it is always there, where it is."""
    row, last = today.places.loc[place], states[-1].places
    there = [place in state.places.index or instead in state.places.index for state in states]
    apart = row.geometry.centroid.distance(last.geometry.loc[instead].centroid) if instead in last.index else np.nan
    state = _promise_state(place, instead, last.index, apart, all(there))
    if state in (None, SHUT) and place in crossed:
        state = CROSSED
    if state is None:
        return None
    # Of the finished plan alone it is not known when what happens.
    followed = states if len(states) > 1 else ()
    gone = next((k for k, one in enumerate(followed) if place not in one.places.index), None)
    back = None if gone is None else next((k for k in range(gone, len(states)) if there[k]), None)
    return {
        "place_id": place,
        "kind": row["kind"],
        "name": row["name"],
        "space_id": row["space_id"],
        "state": state,
        "replacement_id": instead if instead != place else None,
        "distance_m": apart if state in (REPLACED, MOVED) else np.nan,
        "phase_gone": None if gone is None else gone + 1,
        "phase_back": None if back is None else back + 1,
        "years_without": np.nan if back is None else years_between(names, gone or 0, back),
    }


def _promise_state(place: str, instead: str, last: pd.Index, apart_m: float, always: bool) -> str | None:
    if instead not in last:
        return UNREPLACED
    if instead != place:
        return REPLACED
    if apart_m > SAME_M:
        return MOVED
    return None if always else SHUT


# --- who bears it --------------------------------------------------------------------------------


def bear(found: Sequence[Comparison]) -> pd.DataFrame:
    """Dwellings that lose and win, by lens and phase; the last comparison is that of the finished plan, phase 0."""
    rows = [
        {
            "lens": lens.id,
            "phase": k % len(found),
            "losing": lens.dwellings[LOSING],
            "winning": lens.dwellings[WINNING],
            "median_after": lens.median_after,
            "tenth_after": lens.tenth_after,
        }
        for k, one in enumerate(found, start=1)
        for lens in one.lenses
    ]
    return pd.DataFrame(rows, columns=["lens", "phase", "losing", "winning", "median_after", "tenth_after"])


def _worst(burdens: pd.DataFrame) -> Burden | None:
    if not len(burdens):
        return None
    row = max(burdens.to_dict("records"), key=lambda row: row["losing"])
    return Burden(row["lens"], int(row["phase"]) or None, float(row["losing"]), float(row["winning"]))


def _outcome(
    burdens: pd.DataFrame, promises: pd.DataFrame, new: bool, more_homes: float, shares: tuple[float, float]
) -> str:
    """One of `OUTCOMES`; homes that are demolished and not built again are never outweighed by anything.

    ``shares`` of the draws, which are of adults alone: those in which more dwellings lose than win, and the other way
    round. Where they do not agree and through no lens more win, what other lenses lose is told all the same.
    """
    whole = burdens[["losing", "winning"]].round()
    done = (burdens["phase"] == 0).to_numpy()
    harmed, helped = whole["losing"] > whole["winning"], whole["winning"] > whole["losing"]
    lost = bool((promises["state"] == UNREPLACED).any())
    harms = lost or bool(harmed[done].any())
    gains = new or bool(helped[done].any())
    fewer, meanwhile = round(more_homes) < 0, bool(harmed[~done].any())
    others_lose = not gains and bool((harmed & done & (burdens["lens"] != DRAWN).to_numpy()).any())
    if not lost and not fewer and min(shares) > UNSURE and (harms or gains) and not others_lose:
        return UNCLEAR
    if harms or (gains and (fewer or meanwhile)):
        return MIXED if gains else HARMS
    if gains:
        return HELPS
    return MOVES_OUT if fewer else ON_THE_WAY if meanwhile else NOTHING
