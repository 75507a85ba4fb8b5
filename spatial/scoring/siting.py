"""Where could a volunteer stand? The k meeting spaces that serve most homes best. Pure.

Choosing is exact: a maximal-covering problem with worths, solved as a mixed-integer programme by
HiGHS (``scipy.optimize.milp``). Estates are small enough to need no heuristic.

References
----------
Church & ReVelle (1974), The maximal covering location problem, Papers in Regional Science 32.
Berman & Krass (2002), The generalized maximal covering location problem, Comput. Oper. Res. 29:
several levels of coverage; here a dwelling counts for the worthiest chosen space within its reach.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd

from spatial.core.arrays import Bools, Floats, product
from spatial.core.errors import InputError
from spatial.core.model import FIVE_MINUTES_M, Result
from spatial.indicators.inputs import IndicatorInputs

MOST = 8
# A gain of less than this share is none: the solver's tolerance.
LITTLE = 1e-9
# One or two spaces of an ordinary estate are tried out, all of them: quicker than to load a solver.
PAIR, PAIR_VALUES = 2, 500_000_000
REACH_COLUMNS = ("space_id", "door", "dwellings", "known")


@dataclass(frozen=True)
class Choice:
    """``k`` spaces (positions), and what they bring: Σ dwellings × worth of the best chosen in reach."""

    spaces: tuple[int, ...]
    value: float


def homes_served(sites: gpd.GeoDataFrame, spaces: pd.Index, inputs: IndicatorInputs) -> pd.DataFrame:
    """Say which of the estate's dwellings reach which meeting space in five minutes without steps.

    Parameters
    ----------
    sites, inputs
        What was measured and what it was measured from: see ``spatial.indicators.inputs``.
    spaces
        Ids of the meeting spaces.

    Returns
    -------
    DataFrame
        ``REACH_COLUMNS``, one row a space and door: by ways not known to have steps, loose ground or
        narrow or steep parts; ``known`` where the walk holds by ways known to be free of them.
    """
    dwellings = inputs.dwellings
    rows = sites.index.get_indexer(spaces)
    inside = np.flatnonzero(dwellings["inside"].to_numpy())
    walks = (inputs.step_free_perhaps_m, inputs.step_free_sure_m)
    best, sure = (distance_m[np.ix_(rows, inside)] <= FIVE_MINUTES_M for distance_m in walks)
    space, door = np.nonzero(best)
    homes = dwellings.iloc[inside]
    return pd.DataFrame(
        {
            "space_id": spaces.to_numpy()[space],
            "door": homes.index.to_numpy()[door],
            "dwellings": homes["dwellings"].to_numpy()[door],
            "known": sure[space, door],
        }
    ).sort_values(["space_id", "door"], kind="stable", ignore_index=True)


def dwellings_of(inputs: IndicatorInputs) -> float:
    """Dwellings of the estate (count)."""
    dwellings = inputs.dwellings
    return float(dwellings["dwellings"].to_numpy()[dwellings["inside"].to_numpy()].sum())


def homes_of(inputs: IndicatorInputs) -> dict[str, float]:
    """Dwellings of the estate; where a register counts them, how many it counts, and their floor area would give."""
    dwellings, found = inputs.dwellings, {"dwellings": dwellings_of(inputs)}
    if "by_floor_area" in dwellings:
        counted = dwellings[dwellings["inside"] & dwellings["by_floor_area"].notna()]
        if len(counted):
            told = {"counted": counted["dwellings"], "by_floor_area": counted["by_floor_area"]}
            found |= {name: float(numbers.sum()) for name, numbers in told.items()}
    return found


def choose_spaces(dwellings: Floats, reach: Bools, worth: Floats, k: int) -> Choice:
    """Choose at most k spaces, exactly.

    Parameters
    ----------
    dwellings
        Dwellings at each of D doors (count, 0 or more).
    reach
        (S, D): which doors are within reach of which space.
    worth
        Of each space, in [0, 1].
    k
        How many may be chosen.

    Raises
    ------
    InputError
        If the solver finds no optimum.
    """
    if not reach.size or k < 1:
        return Choice((), 0.0)
    if k <= PAIR and reach.size * len(worth) <= PAIR_VALUES:
        return _of_all_pairs(dwellings, reach, worth, k)
    from scipy.optimize import Bounds, LinearConstraint, milp
    from scipy.sparse import coo_array

    levels, rows, columns = _levels(dwellings, reach, worth)
    if not len(levels):
        return Choice((), 0.0)
    count, spaces = len(levels), len(worth)
    # Variables: y (S, chosen or not), then z (levels, at most 1). z ≤ Σ y of the spaces of its level.
    matrix: Any = coo_array(
        (
            np.concatenate([np.ones(count), -np.ones(len(rows))]),
            (np.concatenate([np.arange(count), rows]), np.concatenate([spaces + np.arange(count), columns])),
        ),
        shape=(count, spaces + count),
    ).tocsr()
    at_most = np.concatenate([np.ones(spaces), np.zeros(count)])
    found = milp(
        c=-np.concatenate([np.zeros(spaces), levels]),
        constraints=[
            LinearConstraint(matrix, -np.inf, 0.0),
            LinearConstraint(at_most[None, :], -np.inf, float(k)),
        ],
        integrality=at_most,
        bounds=Bounds(0.0, 1.0),
        options={"mip_rel_gap": 0.0},
    )
    if found.x is None or found.status != 0:
        raise InputError("siting.solver", message=found.message)
    chosen = np.flatnonzero(found.x[:spaces] > 0.5)
    return Choice(tuple(map(int, chosen)), value_of_choice(dwellings, reach, worth, chosen))


def _of_all_pairs(dwellings: Floats, reach: Bools, worth: Floats, k: int) -> Choice:
    """Choose one or two spaces by trying all; of equals the first, and one where a second brings nothing."""
    brings = np.where(reach, np.maximum(worth, 0.0)[:, None], 0.0)
    alone = product(brings, dwellings)
    first = int(np.argmax(alone))
    found = Choice((first,), float(alone[first])) if alone[first] > 0 else Choice((), 0.0)
    for i in range(len(worth) - 1 if k == PAIR else 0):
        pairs = product(np.maximum(brings[i], brings[i + 1 :]), dwellings)
        j = int(np.argmax(pairs))
        if pairs[j] > found.value * (1 + LITTLE):
            found = Choice((i, i + 1 + j), float(pairs[j]))
    return found


def _levels(dwellings: Floats, reach: Bools, worth: Floats) -> tuple[Floats, Any, Any]:
    """Steps of worth of each group of doors with the same reach: gain, and which spaces give it.

    A door in reach of spaces worth .8 and .5 is worth .5 by any of them, and .3 more by the first.
    """
    columns, group = np.unique(reach, axis=1, return_inverse=True)
    weight = np.bincount(group.reshape(-1), weights=dwellings, minlength=columns.shape[1])
    gains: list[float] = []
    rows: list[int] = []
    of: list[int] = []
    for g in np.flatnonzero(weight > 0):
        near = np.flatnonzero(columns[:, g] & (worth > 0))
        if not len(near):
            continue
        steps = np.unique(worth[near])
        for low, high in zip(np.concatenate([[0.0], steps[:-1]]), steps, strict=True):
            able = near[worth[near] >= high]
            rows += [len(gains)] * len(able)
            of += able.tolist()
            gains.append(weight[g] * (high - low))
    return np.array(gains, dtype=np.float64), np.array(rows, dtype=np.int64), np.array(of, dtype=np.int64)


def value_of_choice(dwellings: Floats, reach: Bools, worth: Floats, chosen: Any) -> float:
    """Σ dwellings × worth of the worthiest chosen space in reach."""
    if not len(chosen):
        return 0.0
    return float((np.where(reach[chosen], worth[chosen, None], 0.0).max(axis=0) * dwellings).sum())


def siting_curve(reach: pd.DataFrame, worth: pd.Series, total: float, *, most: int = MOST) -> pd.DataFrame:
    """Weigh up one more place to stand against what it brings: the best choice for k = 1 … most.

    Parameters
    ----------
    reach
        One row a space and door within a five-minute walk without steps: ``space_id``, ``door``,
        ``dwellings`` and ``known`` (the ways are known to be free of steps and firm; else they are
        only not known to be otherwise).
    worth
        Floating potential by space.
    total
        Dwellings of the estate.

    Returns
    -------
    DataFrame
        One row a k: ``k``; ``space_ids`` (``;`` between them, the worthiest first); ``dwellings``
        reached and ``dwellings_known`` by ways that are known; ``share`` of the estate's dwellings;
        ``value``. It ends where one more brings nothing.
    """
    spaces = worth.index.sort_values()
    doors = pd.Index(reach["door"].unique()).sort_values()
    at = spaces.get_indexer(pd.Index(reach["space_id"])), doors.get_indexer(pd.Index(reach["door"]))
    near, sure = np.zeros((len(spaces), len(doors)), dtype=bool), np.zeros((len(spaces), len(doors)), dtype=bool)
    near[at] = True
    sure[at] = reach["known"].to_numpy(dtype=bool)
    weight = np.zeros(len(doors))
    weight[at[1]] = reach["dwellings"].to_numpy(dtype=np.float64)
    worths = worth.reindex(spaces).to_numpy(dtype=np.float64)
    rows: list[dict[str, Any]] = []
    for k in range(1, most + 1):
        choice = choose_spaces(weight, near, worths, k)
        if choice.value <= (rows[-1]["value"] if rows else 0.0) * (1 + LITTLE):
            break
        chosen = np.array(choice.spaces, dtype=np.int64)
        best_first = chosen[np.lexsort((spaces[chosen].to_numpy().astype(str), -worths[chosen]))]
        served = float(weight[near[chosen].any(axis=0)].sum())
        rows.append(
            {
                "k": k,
                "space_ids": ";".join(map(str, spaces[best_first])),
                "dwellings": served,
                "dwellings_known": float(weight[sure[chosen].any(axis=0)].sum()),
                "share": served / total if total > 0 else np.nan,
                "value": choice.value,
            }
        )
    return pd.DataFrame(rows, columns=["k", "space_ids", "dwellings", "dwellings_known", "share", "value"])


def siting_of_result(result: Result, *, most: int = MOST) -> pd.DataFrame:
    """Weigh up the meeting spaces of a result that have a rank: see ``siting_curve``.

    Nobody is sent to what is closed, to a seat beside a road, or to where too little is known.

    Raises
    ------
    InputError
        If the result holds no reach, as those of earlier versions do.
    """
    if result.reach is None:
        raise InputError("siting.no_reach")
    total = float(result.manifest.get("siting", {}).get("dwellings", np.nan))
    spaces = result.meeting_spaces
    worth = spaces.loc[spaces["rank"].notna().to_numpy(dtype=bool), "floating"]
    return siting_curve(result.reach[result.reach["space_id"].isin(worth.index)], worth, total, most=most)
