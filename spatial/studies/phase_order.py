"""Propose the order of a plan's phases: each state is looked at from the inputs of a finished run."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from spatial.analysis.inputs import InputFiles, Inputs
from spatial.core.errors import InputError, SpatialError
from spatial.core.files import sha256_of
from spatial.core.model import Extract, Plan
from spatial.plans import phase_order
from spatial.plans.drawn_edits import locate_drawn_edits
from spatial.plans.home_changes import WORTH
from spatial.plans.phase_order import Cost, Order, Ordered, Tried
from spatial.settings import lenses as settings_lenses
from spatial.studies.what_if import Look, WhatIf

if TYPE_CHECKING:
    import pandas as pd

    from spatial.analysis.result import Analysis

# What the quick looks and the whole ones may differ by.
SAME = 1e-6


def read_inputs_again(run: Analysis, folder: Path) -> Inputs:
    """Read what a finished run with a plan rested on, from where its manifest says.

    Raises
    ------
    InputError
        If a file is not there any more or is another now, or was asked from a service.
    """
    manifest = run.manifest
    registers = [layer["source_id"] for layer in manifest.get("layers", ())]
    by_id = {source["source_id"]: source for source in manifest["sources"]}
    osm = _unchanged(by_id["osm"], folder)
    layers = [f"{name}={_unchanged(by_id[name], folder)}" for name in registers]
    given = InputFiles(
        osm=Extract(osm),
        layers=layers,
        complete=[name for name in registers if by_id[name].get("complete")],
        plan=_unchanged(manifest["plan"]["source"], folder, one_file=False),
        field_checks=(manifest.get("field_checks") or {}).get("path"),
        corrections=(manifest.get("corrections") or {}).get("path"),
        **{what: _heights(what, manifest["sources"], folder) for what in manifest.get("models", ())},
    )
    return Inputs.read(run.estate, given)


def _heights(what: str, sources: Sequence[Mapping[str, Any]], folder: Path) -> list[Path]:
    """The files of a terrain or surface model; one that was asked from a service has none to read again."""
    own = [source for source in sources if source["source_id"] == what]
    if not own:
        raise InputError("phase_order.models", folder=folder, what=what)
    return [_unchanged(source, folder) for source in own]


def _unchanged(source: Mapping[str, Any], folder: Path, *, one_file: bool = True) -> Path:
    path = Path(str(source.get("path")))
    if not source.get("path") or not path.exists() or (one_file and sha256_of(path) != source["sha256"]):
        raise InputError("phase_order.input", folder=folder, source=source["source_id"], path=path)
    return path


def propose_order(
    inputs: Inputs, today: Analysis, tell: Callable[[int], None] | None = None, *, plain_unknowns: bool = False
) -> Ordered:
    """Find the order of a plan's phases with the fewest home-years without a good place.

    Homes are those that are there today and when all is built, so that neither demolition nor new homes weigh. While a
    phase is built its building sites are shut. The order as it is and the best one are looked at anew, whole.

    Raises
    ------
    InputError
        If the plan has fewer than two phases.
    SpatialError
        If a whole look found something else than the quick ones.
    """
    plan = inputs.plan
    phases = max((edit.phase for edit in plan.edits), default=0) if plan is not None else 0
    if plan is None or phases < 2:
        raise InputError("phase_order.one", n=phases)
    years, dated = phase_order.years_of(plan.phases, phases)
    states = _States(inputs, plan, today, tell, plain_unknowns=plain_unknowns)
    tried, every = phase_order.best_order(phases, years, states.possible, states.cost)
    given = next(one for one in tried if one.order == tuple(range(1, phases + 1)))
    for one in {given.order: given, tried[0].order: tried[0]}.values():
        states.verify(one, years)
    return Ordered(given, tried[0], tuple(tried), years, dated, every)


class _States:
    """What homes have while one phase is built, after those that are done; each state is looked at once."""

    def __init__(
        self, inputs: Inputs, plan: Plan, today: Analysis, tell: Callable[[int], None] | None, *, plain_unknowns: bool
    ) -> None:
        self._start = WhatIf(_without_plan(inputs), plain_unknowns=plain_unknowns)
        self._plan = locate_drawn_edits(self._start.raw, plan)
        self._estate, self._rubric = inputs.estate, today.rubric
        self._tell, self._looks = tell, 0
        self.cost = cache(self._cost)
        self.possible = cache(self._possible)
        before = self._best(self._start.before)
        after = self._best(self._start.state(self._plan, None))
        self._staying = before.index.intersection(after.index)
        self._before = before.loc[self._staying]
        self._homes = self._start.before.dwellings.loc[self._staying, "dwellings"].to_numpy(dtype=np.float64)

    def _best(self, look: Look) -> pd.Series:
        return look.best_by(self._rubric)

    def _possible(self, order: Order) -> bool:
        return phase_order.fits(self._start.raw, self._plan, self._estate, order)

    def _cost(self, done: frozenset[int], current: int) -> Cost:
        self._looks += 1
        if self._tell is not None:
            self._tell(self._looks)
        return self._of(self._start.state(phase_order.partial(self._plan, done, current), 2))

    def _of(self, look: Look) -> Cost:
        """Homes that stay and have no good place, or a worse one than today; a door that is shut has none."""
        best = self._best(look).reindex(self._staying).fillna(0.0).to_numpy(dtype=np.float64)
        without = best < settings_lenses.lenses().good_score
        worse = best - self._before.to_numpy(dtype=np.float64) <= -WORTH
        return float(self._homes[without].sum()), float(self._homes[worse].sum())

    def verify(self, one: Tried, years: tuple[float, ...]) -> None:
        """Find the states of an order again by whole looks."""
        plan = phase_order.renumbered(self._plan, one.order)
        costs = [self._of(self._start.state(plan, k + 1, whole=True)) for k in range(len(years))]
        again = np.asarray(years) @ np.array(costs).reshape(-1, 2)
        if np.abs(again - (one.without, one.worse)).max(initial=0.0) > SAME:
            raise SpatialError("phase_order.two_results", order=[str(phase) for phase in one.order])


def _without_plan(inputs: Inputs) -> Inputs:
    return replace(inputs, plan=None)
