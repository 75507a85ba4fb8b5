"""Compare two results of one estate, before and after a plan, and put both on one page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, NamedTuple

from spatial.analysis.result import SEED, Analysis, for_page
from spatial.plans import comparison
from spatial.plans.phases import phase_names
from spatial.scoring import scores
from spatial.texts import plans

if TYPE_CHECKING:
    from spatial.core.model import Result


@dataclass(frozen=True, repr=False)
class Comparison(comparison.Comparison):
    """What is different after a plan, as ``spatial.plans.comparison.Comparison`` has it; a notebook shows it."""

    def _repr_html_(self) -> str:
        from spatial.maps import notebook

        return notebook.comparison(self.spaces, self.dwellings, self.keeps_share)


class Beside(NamedTuple):
    """What a result after a plan is laid beside: see ``for_map``."""

    today: Analysis
    found: comparison.Comparison | None = None
    phases: Sequence[Analysis] = ()


def compare(before: Result, after: Result, *, seed: int | None = None) -> Comparison:
    """Compare two results for one estate.

    Parameters
    ----------
    before, after
        The state today, and after a plan.
    seed
        Of the draws. Default: that of the first result.

    Raises
    ------
    InputError, CRSError
        If the results are not of one estate.
    """
    return Comparison(**vars(comparison.compare(before, after, seed=seed)))


def judged_alike(before: Analysis, after: Analysis) -> Analysis:
    """The result after a plan with the scores that the rubric of the one before gives it."""
    seed = int(before.manifest.get("seed", SEED))
    columns = [*scores.SCORE_COLUMNS, *scores.RANK_COLUMNS]
    alike = replace(after, rubric=before.rubric)
    places, spaces = (
        table.assign(
            **scores.rescore(alike.judged[level].weighing(before.rubric), table.index, before.rubric, seed)[columns]
        )
        for level, table in (("places", after.places), ("spaces", after.meeting_spaces))
    )
    return replace(alike, places=places, meeting_spaces=spaces)


def for_map(
    result: Analysis,
    today: Analysis | None = None,
    found: comparison.Comparison | None = None,
    phases: Sequence[Analysis] = (),
) -> tuple[Analysis, dict[str, Any]]:
    """What is drawn, and how: a result and the options of ``spatial.maps.web.page.render_map``.

    Parameters
    ----------
    result
        A result; after a plan, if ``today`` is given.
    today
        The result for the same estate without the plan.
    found
        Their comparison. Default: it is made.
    phases
        The states in the phases before the last.
    """
    if today is None:
        return result, for_page(result)
    from spatial.maps.web.plan_payload import Planned

    found = compare(today, result) if found is None else found
    alike = judged_alike(today, result)
    said = plans.describe_changes(found, today, result)
    plan = Planned(before=today, **for_page(today), said=said, homes=found.homes, items=found.items)
    plan = replace(plan, phases=list(zip(phase_names(result, len(phases)), phases, strict=False)))
    return alike, {**for_page(alike), "plan": plan}
