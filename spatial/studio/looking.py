"""Look at the estate as the strokes leave it: from what is known of the start, as a run with the plan would find it.

A look is made in three parts, so that the first numbers are there at once: scores and homes; then the draws that say
how sure the order is, and the tiers; then the same homes through some lenses.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import geopandas as gpd
import pandas as pd

from spatial.analysis import run
from spatial.analysis.inputs import Inputs, Options
from spatial.analysis.result import SEED
from spatial.core.languages import LANGUAGES
from spatial.core.model import FLOATING, LensResult, Plan, Result
from spatial.core.timing import Clock
from spatial.places import homes
from spatial.places.naming import names_in
from spatial.places.whereabouts import HOUSE_NUMBERS
from spatial.plans import home_changes
from spatial.plans.comparison import match
from spatial.plans.drawn_edits import locate_drawn_edits
from spatial.scoring import lenses as scoring_lenses
from spatial.scoring import scores
from spatial.settings import lenses as settings_lenses
from spatial.studies.what_if import Gain, Look, WhatIf
from spatial.studio.history import Strokes
from spatial.studio.strokes import plan_of

# Through whose eyes each look is told, beside everybody's: who is small, and who cannot take stairs.
LENSES = ("child", "wheelchair")
Tell = Callable[[str], None]


@dataclass(frozen=True)
class Seen:
    """The estate as it is seen after some strokes: a result without context, reach and ranks of lenses.

    ``drawn``: whether the draws were made; without them there are no tiers and no ranges of ranks. ``languages``: those
    in which it is told.
    """

    look: Look
    result: Result
    drawn: bool = False
    languages: tuple[str, ...] = LANGUAGES

    @cached_property
    def names(self) -> dict[str, dict[str, str]]:
        """What everything is called, by language."""
        return names_in(self.result, self.languages)

    @cached_property
    def members(self) -> dict[str, set[str]]:
        """Ids of the places of each meeting space."""
        found: dict[str, set[str]] = {str(space): set() for space in self.result.meeting_spaces.index}
        for place, space in self.result.places["space_id"].items():
            found[str(space)].add(str(place))
        return found


@dataclass(frozen=True)
class Difference:
    """What is different from the start.

    ``spaces``: meeting spaces that are there both times, by their id at the start. ``homes``: one row a stairwell
    (door) as in ``spatial.plans.home_changes.home_table``. ``gain``: points and dwellings; ``lenses``: what a lens
    has of the homes, empty until they were looked through.
    """

    spaces: dict[str, str]
    homes: gpd.GeoDataFrame
    gain: Gain
    lenses: tuple[home_changes.LensChange, ...] = ()

    @property
    def dwellings(self) -> dict[str, float]:
        """Dwellings by what becomes of them."""
        return home_changes.counts(self.homes["state"].to_numpy(dtype=object), self.homes["dwellings"])


class Table:
    """An estate on the table: read once, and looked at after each stroke.

    Parameters
    ----------
    inputs
        What was read, without a plan.
    options
        How it is looked at: rubric, choices of tags, and whether the unknown stays in the middle.
    progress
        Called with the name of each stage as it begins.
    languages
        Those in which looks are told.
    """

    def __init__(
        self,
        inputs: Inputs,
        options: Options | None = None,
        progress: Tell | None = None,
        *,
        languages: tuple[str, ...] = LANGUAGES,
    ) -> None:
        self.inputs, self.estate, self.languages = inputs, inputs.estate, languages
        self.options = options or Options()
        plain, choices = self.options.plain_unknowns, self.options.tags
        self.what_if = WhatIf(inputs, self.options.rubric, progress, plain_unknowns=plain, choices=choices, moving=True)
        self.start = self.ranked(self._seen(self.what_if.before))

    def again(self, inputs: Inputs, progress: Tell | None = None) -> Table:
        """Other inputs, looked at in the same way."""
        return Table(inputs, self.options, progress, languages=self.languages)

    @cached_property
    def whole(self) -> Result:
        """The start with all layers that a map shows."""
        view, found = self.what_if.before.view, self.start.result
        judged = run.Judged(found.evidence, found.rubric, found.places, found.meeting_spaces)
        return replace(found, layers={**found.layers, **run.map_context(view, judged, self.estate, Clock(None)).layers})

    def plan(self, strokes: Strokes, name: str = "studio") -> Plan:
        """The plan that the strokes are."""
        return plan_of(strokes, name, self.estate)

    def look(self, strokes: Strokes, tell: Tell | None = None) -> Seen:
        """Look at the estate after the strokes, with all that ``glance`` and ``ranked`` find."""
        return self.ranked(self.glance(strokes, tell))

    def ranked(self, seen: Seen) -> Seen:
        """The same with tiers and ranges of ranks."""
        if seen.drawn:
            return seen
        found = seen.result
        places, spaces = (
            scores.with_ranges(table, found.evidence, found.rubric, SEED)
            for table in (found.places, found.meeting_spaces)
        )
        return replace(seen, result=replace(found, places=places, meeting_spaces=spaces), drawn=True)

    def glance(self, strokes: Strokes, tell: Tell | None = None) -> Seen:
        """Look at the estate after the strokes: scores and homes.

        Parameters
        ----------
        tell
            Called with the name of each stage as it begins; what it raises ends the look.

        Raises
        ------
        InputError
            If the strokes do not fit the estate.
        """
        edits = self.plan(strokes).edits
        if not edits:
            return self.start
        look = self.what_if.after(*edits, tell=tell)
        if tell is not None:
            tell("scores")
        return self._seen(look)

    def differ(self, seen: Seen) -> Difference:
        """What is different from the start."""
        before, after = self.start.result, seen.result
        renamed = after.meeting_spaces[[FLOATING]].rename(index=lambda name: home_changes.AFTER + str(name))
        floating = pd.concat([before.meeting_spaces[[FLOATING]], renamed])
        table = home_changes.home_table(before, after, floating)
        gain = self.what_if.gain(seen.look, after.meeting_spaces[FLOATING])
        return Difference(match(self.start.members, seen.members), table, gain)

    def through_lenses(self, seen: Seen, found: Difference, tell: Tell | None = None) -> Difference:
        """Look at the homes through `LENSES` too."""
        before, after = (
            replace(one.result, lenses=tuple(self._lens(one, name, tell) for name in LENSES))
            for one in (self.start, seen)
        )
        table, changes = home_changes.through_lenses(before, after, found.homes)
        return replace(found, homes=table, lenses=changes)

    def through_phases(self, strokes: Strokes, tell: Tell | None = None) -> tuple[tuple[str, Difference], ...]:
        """What each phase means against today, by what the plan calls it; nothing where there is one alone."""
        plan = locate_drawn_edits(self.what_if.raw, self.plan(strokes))
        count = max((edit.phase for edit in plan.edits), default=1)
        names = [*plan.phases, *map(str, range(len(plan.phases) + 1, count + 1))]
        upto = [(names[k - 1], k if k < count else None) for k in range(1, count + 1)]
        return tuple((name, self._in_phase(plan, until, tell)) for name, until in upto) if count > 1 else ()

    def _in_phase(self, plan: Plan, until: int | None, tell: Tell | None) -> Difference:
        seen = self._seen(self.what_if.state(plan, until, tell=tell))
        return self.through_lenses(seen, self.differ(seen), tell)

    def _lens(self, seen: Seen, name: str, tell: Tell | None) -> LensResult:
        if seen is self.start and name in self._lenses:
            return self._lenses[name]
        if tell is not None:
            tell("lenses")
        (lens,) = through(seen, (name,))
        if seen is self.start:
            self._lenses[name] = lens
        return lens

    @cached_property
    def _lenses(self) -> dict[str, LensResult]:
        """The start through each lens, as soon as somebody looked."""
        return {}

    @cached_property
    def _house_numbers(self) -> gpd.GeoDataFrame:
        """Addresses of the start: nothing that is drawn has one."""
        return run.addresses_near(self.what_if.before.view.raw, self.estate)

    def _seen(self, look: Look) -> Seen:
        view, rubric = look.view, self.what_if.before.rubric
        places, spaces = (
            scores.scored_table(table, columns, look.evidence, rubric, SEED, ranges=False)
            for table, columns in ((view.places, scores.PLACE_COLUMNS), (view.rooms, scores.SPACE_COLUMNS))
        )
        floating = pd.concat([places[FLOATING], spaces[FLOATING]])
        walks = view.measured_from.walks.distance_m
        layers = {
            "paths": view.measured_from.paths,
            "context": view.measured_from.context,
            "possible_spaces": view.possible[view.possible.intersects(self.estate.study_area)],
            HOUSE_NUMBERS: self._house_numbers,
            "homes": homes.best_space_per_home(view.measured_from.dwellings, view.sites, walks, floating),
        }
        result = Result(self.estate, places, spaces, look.evidence, layers, rubric, pd.DataFrame())
        return Seen(look, result, languages=self.languages)


def through(seen: Seen, names: Sequence[str]) -> tuple[LensResult, ...]:
    """See the estate through the lenses of these names."""
    rules, view = settings_lenses.lenses(), seen.look.view
    wanted = replace(rules, lenses=tuple(lens for lens in rules.lenses if lens.id in names))
    return scoring_lenses.score_through_lenses(
        wanted,
        seen.result.rubric,
        seen.result.evidence,
        view.sites,
        view.measured_from,
        (seen.result.places.index, seen.result.meeting_spaces.index),
        view.raw.extent,
    )
