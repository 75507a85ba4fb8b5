"""Before and after a plan on one page: the second judged by the rubric of the first, and what the page needs."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from spatial import comparison, differences, scored, scoring
from spatial.analysis import SEED, Analysis, for_page

if TYPE_CHECKING:
    from spatial.comparison import Comparison


def judged_alike(before: Analysis, after: Analysis) -> Analysis:
    """The result after a plan with the scores that the rubric of the one before gives it."""
    seed = int(before.manifest.get("seed", SEED))
    columns = [*scored.SCORE_COLUMNS, *scored.RANK_COLUMNS]
    alike = replace(after, rubric=before.rubric)
    places, spaces = (
        table.assign(
            **scoring.rescore(alike.judged[level].weighing(before.rubric), table.index, before.rubric, seed)[columns]
        )
        for level, table in (("places", after.places), ("spaces", after.meeting_spaces))
    )
    return replace(alike, places=places, meeting_spaces=spaces)


def for_map(
    result: Analysis, today: Analysis | None = None, found: Comparison | None = None
) -> tuple[Analysis, dict[str, Any]]:
    """What is drawn, and how: a result and the options of ``spatial.render.web_map.render``.

    Parameters
    ----------
    result
        A result; after a plan, if ``today`` is given.
    today
        The result for the same estate without the plan.
    found
        Their comparison. Default: it is made.
    """
    if today is None:
        return result, for_page(result)
    from spatial.render._web_plan import Planned

    found = comparison.compare(today, result) if found is None else found
    alike = judged_alike(today, result)
    said = differences.of(found, today, result)
    plan = Planned(before=today, **for_page(today), said=said, homes=found.homes, items=found.items)
    return alike, {**for_page(alike), "plan": plan}
