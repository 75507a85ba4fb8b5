"""What would one change do? An estate in which changes are tried one after another, each from the same start.

The start is looked at once; of a change only what hangs on it is found anew (`spatial.core.incremental`), by the same
code as a whole run. No ranks are drawn.
"""

from __future__ import annotations

import gc
import weakref
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd

from spatial.analysis.inputs import Ground, Inputs, prepare_ground
from spatial.analysis.run import View, estimate_unknowns, measure_view, survey
from spatial.core.incremental import AFRESH, Memory, Steps
from spatial.core.model import FIVE_MINUTES_M, FLOATING, Edit, Plan, RawData, Rubric
from spatial.core.timing import Clock
from spatial.indicators.estimates import Estimate
from spatial.layers import conflation
from spatial.places import homes
from spatial.plans import application, validation
from spatial.scoring import scores as scoring_scores
from spatial.scoring.judging import judge_all
from spatial.settings import lenses as settings_lenses
from spatial.settings import rubric as settings_rubric
from spatial.settings import tags


@dataclass(frozen=True)
class Look:
    """An estate as it is or would be.

    ``rubric`` is that by which the scores of ``floating`` (by place and meeting space) are made.
    """

    view: View
    evidence: pd.DataFrame
    own_rubric: Rubric
    rubric: Rubric

    @cached_property
    def floating(self) -> pd.Series:
        """Floating potential of places and meeting spaces, best estimate in [0, 1]."""
        return self.scores(self.rubric)[FLOATING]

    def scores(self, rubric: Rubric) -> pd.DataFrame:
        """Scores by some rubric: the columns of ``spatial.scoring.scores.estimates``, places before meeting spaces."""
        tables = (self.view.places, self.view.rooms)
        return pd.concat(
            [
                scoring_scores.estimates(judge_all(self.evidence, table.index, rubric), table.index, rubric)
                for table in tables
            ]
        )

    @cached_property
    def best_at_home(self) -> pd.Series:
        """Best floating potential within five minutes of each door of the estate, 0 where there is none."""
        return self.best_of(self.floating)

    def best_by(self, rubric: Rubric) -> pd.Series:
        """The same by some rubric."""
        return self.best_of(self.scores(rubric)[FLOATING])

    def best_of(self, floating: pd.Series) -> pd.Series:
        """The same by the floating potential of each meeting space."""
        rows, ids = homes.rows_of_spaces(self.view.sites)
        inside = self.view.measured_from.dwellings["inside"].to_numpy(dtype=bool)
        near = self.view.measured_from.walks.distance_m[rows][:, inside] <= FIVE_MINUTES_M
        score = floating.reindex(ids).to_numpy(dtype=np.float64)
        return pd.Series(homes.best_score(near, score), index=self.dwellings.index)

    @cached_property
    def dwellings(self) -> gpd.GeoDataFrame:
        """Doors of the estate with their number of ``dwellings``."""
        table: gpd.GeoDataFrame = self.view.measured_from.dwellings
        return table[table["inside"].to_numpy(dtype=bool)]


@dataclass(frozen=True)
class Gain:
    """What a change does to the homes of the estate.

    ``better`` and ``worse``: dwellings whose best meeting space within five minutes gains or loses a point of 100 or
    more; ``lacking``: those that had no good one and have one now, which are better off whatever the points.
    ``points``: the sum of what all these gain and lose. Tenths of a point spread over many homes count for nothing.
    """

    points: float
    better: float
    lacking: float
    worse: float

    @property
    def homes(self) -> float:
        """Dwellings that are better off, less those that are worse off."""
        return self.better - self.worse


class WhatIf:
    """An estate in which one change after another can be tried.

    Parameters
    ----------
    inputs
        What was read; a plan among it is carried out before anything is tried.
    rubric
        A rubric in TOML. Default: the bundled one.
    progress
        Called with the name of each stage as it begins.
    plain_unknowns
        What is not known stays in the middle.
    choices
        Choices of tags. Default: the bundled ones.
    moving
        Each look is made from the one before it too, as it is one change further.
    """

    def __init__(
        self,
        inputs: Inputs,
        rubric: Path | None = None,
        progress: Callable[[str], None] | None = None,
        *,
        plain_unknowns: bool = False,
        choices: Path | None = None,
        moving: bool = False,
    ) -> None:
        self._rules, self._spec = tags.tag_rules(choices), settings_rubric.rubric(rubric)
        ground = prepare_ground(inputs, self._rules, Clock(progress))
        self._conflated, self._estate, self._models = ground.conflated, inputs.estate, inputs.models
        self._absence = conflation.absence(inputs.registers)
        self._step, self._ground = Memory(moving=moving), ground
        self._estimated: dict[str, Estimate] | None = {} if plain_unknowns else None
        self.before = self._look(self._conflated, self._step, None, progress)
        # The start is kept: to go through it at each collection of garbage takes a tenth of a second.
        gc.freeze()
        weakref.finalize(self, gc.unfreeze)

    def after(self, *edits: Edit, whole: bool = False, tell: Callable[[str], None] | None = None) -> Look:
        """Look at the estate after some edits, from the start.

        Parameters
        ----------
        whole
            Find everything anew, as a run does.
        tell
            Called with the name of each stage as it begins; what it raises ends the look, and nothing else.

        Raises
        ------
        InputError
            If the edits do not fit the estate.
        """
        plan = Plan(name="what if", edits=edits)
        conflated = replace(self._conflated, raw=application.apply_plan(self._conflated.raw, plan, self._estate))
        return self._look(conflated, AFRESH if whole else self._step, self.before.rubric, tell)

    @property
    def raw(self) -> RawData:
        """The objects of the start."""
        return self._conflated.raw

    def state(
        self, plan: Plan, until: int | None, *, whole: bool = False, tell: Callable[[str], None] | None = None
    ) -> Look:
        """Look at the estate as a plan leaves it up to one of its phases, whose building sites are shut.

        Whether the plan fits is not asked: a plan in the midst of its work need not.
        """
        raw = application.carry_out(self._conflated.raw, plan, until=until)
        return self._look(replace(self._conflated, raw=raw), AFRESH if whole else self._step, self.before.rubric, tell)

    def inseparable(self, features: Collection[str], edits: Sequence[Edit]) -> set[str]:
        """Features of a plan that cannot be without these: taken out with them, the rest fits the estate."""
        out = set(features)
        while True:
            rest = Plan("what if", tuple(edit for edit in edits if edit.feature not in out))
            faults = {fault.feature for fault in validation.find_faults(self._conflated.raw, rest, self._estate)}
            if not faults - out:
                return out
            out |= faults

    def fits(self, *edits: Edit) -> bool:
        """Whether edits fit the estate: a bench in a house, say, does not."""
        return not validation.find_faults(self._conflated.raw, Plan("what if", edits), self._estate)

    def gain(self, after: Look, floating: pd.Series | None = None) -> Gain:
        """What a change does to the homes, by the rubric of the start; ``floating`` where it is known already."""
        was = self.before.best_at_home
        best = after.best_at_home if floating is None else after.best_of(floating)
        then = best.reindex(was.index).fillna(0.0).to_numpy(dtype=np.float64)
        weight = self.before.dwellings["dwellings"].to_numpy(dtype=np.float64)
        return gain_of(was.to_numpy(dtype=np.float64), then, weight)

    @property
    def start(self) -> Ground:
        """All sources as one, before anything is tried."""
        return self._ground

    def _look(
        self,
        conflated: conflation.Conflated,
        step: Steps,
        rubric: Rubric | None,
        tell: Callable[[str], None] | None = None,
    ) -> Look:
        clock = Clock(tell)
        view = survey(
            conflated, self._estate, self._rules, clock, absence=self._absence, models=self._models, step=step
        )
        if self._estimated is None:
            # From the start alone: what is tried says nothing of the rest.
            self._estimated = estimate_unknowns(view, self._ground, self._rules)
        evidence, own = measure_view(view, self._spec, clock, estimated=self._estimated, step=step)
        return Look(view, evidence, own, rubric or own)


def gain_of(was: npt.NDArray[np.float64], then: npt.NDArray[np.float64], weight: npt.NDArray[np.float64]) -> Gain:
    """What homes gain and lose, by what each has before and after, in [0, 1], and its dwellings.

    Examples
    --------
    Of ten homes each, one gains three points, one four tenths, and one a good place that it lacked.

    >>> gain_of(np.array([0.7, 0.7, 0.596]), np.array([0.73, 0.704, 0.6]), np.array([10.0, 10.0, 10.0]))
    Gain(points=34.0, better=20.0, lacking=10.0, worse=0.0)
    """
    good = settings_lenses.lenses().good_score
    change = _rounded(100 * (then - was))
    lacking = (was < good) & (then >= good)
    better, worse = (change >= 1) | lacking, change <= -1
    return Gain(
        points=float((change * weight)[better | worse].sum()),
        better=float(weight[better].sum()),
        lacking=float(weight[lacking].sum()),
        worse=float(weight[worse].sum()),
    )


def _rounded(values: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Without what only rounding makes of nothing."""
    result: npt.NDArray[np.float64] = np.round(values, 9) + 0.0
    return result
