"""In which order could the phases of a plan be built? Orders that fit, and what each costs the homes. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import permutations

import numpy as np

from spatial.core.model import Edit, Estate, Plan, RawData
from spatial.plans.phases import first_day, years_between
from spatial.plans.validation import find_faults

# Of more phases than this not every order is tried.
MOST_PHASES = 6
NEVER_ENDING = "never_ending"
Order = tuple[int, ...]
# What a state costs: homes without a good place, and homes that have it worse than today.
Cost = tuple[float, float]


@dataclass(frozen=True)
class Tried:
    """One order of the phases (numbers of the plan, from 1), in years of homes.

    ``without``: homes that stay, times the years in which they have no good place; ``worse``: times the years in which
    they have it worse than today.
    """

    order: Order
    without: float
    worse: float


@dataclass(frozen=True)
class Ordered:
    """The order of a plan and the best one.

    ``tried`` are all that were, the best first; ``every`` says whether no order that fits was left out. ``years``: how
    long the work of each place in the order lasts; one each where the phases have no dates (``dated``).
    """

    given: Tried
    best: Tried
    tried: tuple[Tried, ...]
    years: tuple[float, ...]
    dated: bool
    every: bool


def years_of(names: Sequence[str], count: int) -> tuple[tuple[float, ...], bool]:
    """How long each phase lasts but the last, which ends it all; one each where they have no dates.

    Examples
    --------
    >>> years_of(["2027", "2030", "2031"], 3)[1], [round(years, 1) for years in years_of(["1", "2"], 2)[0]]
    (True, [1.0])
    """
    dated = len(names) >= count and all(first_day(name) is not None for name in names[:count])
    if not dated:
        return (1.0,) * (count - 1), False
    return tuple(years_between(names, k, k + 1) for k in range(count - 1)), True


def renumbered(plan: Plan, order: Order) -> Plan:
    """The plan with its phases in another order; dates stay where they are, and another work is done in each."""
    place = {phase: k for k, phase in enumerate(order, start=1)}
    return replace(plan, edits=tuple(replace(edit, phase=place[edit.phase]) for edit in plan.edits))


def partial(plan: Plan, done: frozenset[int], current: int) -> Plan:
    """A plan in the midst of its work: what is done before, what is done now, and the rest later."""

    def when(edit: Edit) -> int:
        return 1 if edit.phase in done else 2 if edit.phase == current else 3

    return replace(plan, edits=tuple(replace(edit, phase=when(edit)) for edit in plan.edits))


def fits(raw: RawData, plan: Plan, estate: Estate, order: Order) -> bool:
    """Whether a plan can be carried out in this order."""
    return not find_faults(raw, renumbered(plan, order), estate)


def best_order(
    phases: int, years: Sequence[float], possible: Callable[[Order], bool], cost: Callable[[frozenset[int], int], Cost]
) -> tuple[list[Tried], bool]:
    """Try orders of phases.

    Every order up to `MOST_PHASES`; of more the order as it is, then again and again the exchange of two phases that
    spares most, until none does. That need not be the best.

    Parameters
    ----------
    possible
        Whether the plan can be carried out in an order.
    cost
        What it costs while one phase is built, after those that are done.

    Returns
    -------
    tried, every
        The best first, ties in the order of the plan; and whether all were tried.

    Examples
    --------
    To begin with the second phase leaves nobody without; to begin with the first leaves ten homes.

    >>> tried, every = best_order(2, [3.0], lambda order: True, lambda done, now: (10.0 if now == 1 else 0.0, 0.0))
    >>> [(one.order, one.without) for one in tried], every
    ([((2, 1), 0.0), ((1, 2), 30.0)], True)
    """

    def weighed(order: Order) -> Tried:
        costs = np.array([cost(frozenset(order[:k]), order[k]) for k in range(phases - 1)]).reshape(-1, 2)
        without, worse = np.asarray(years) @ costs if phases > 1 else (0.0, 0.0)
        return Tried(order, float(without), float(worse))

    given: Order = tuple(range(1, phases + 1))
    every = phases <= MOST_PHASES
    orders = permutations(given) if every else _exchanged(given, possible, weighed)
    found = {order: weighed(order) for order in orders if order == given or possible(order)}
    return sorted(found.values(), key=_rank), every


def _rank(one: Tried) -> tuple[float, float, Order]:
    """Fewest home-years without a good place first, then fewest with a worse one, told to the hundredth."""
    return round(one.without, 2), round(one.worse, 2), one.order


def _exchanged(given: Order, possible: Callable[[Order], bool], weighed: Callable[[Order], Tried]) -> Iterator[Order]:
    """The order as it is, and each that an exchange makes better than all before."""
    best = weighed(given)
    yield given
    while True:
        swapped = [
            (*best.order[:i], best.order[k], *best.order[i + 1 : k], best.order[i], *best.order[k + 1 :])
            for i in range(len(given))
            for k in range(i + 1, len(given))
        ]
        better = min((weighed(order) for order in swapped if possible(order)), key=_rank, default=best)
        if _rank(better)[:2] >= _rank(best)[:2]:
            return
        best = better
        yield best.order
