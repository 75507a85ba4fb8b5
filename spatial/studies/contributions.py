"""What each edit of a plan does to each meeting space: the plan is looked at without it, and the score compared."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path

import pandas as pd

from spatial.analysis.inputs import Inputs
from spatial.core.model import FLOATING, Edit, Rubric
from spatial.plans.comparison import match
from spatial.plans.validation import SITE, identity
from spatial.studies.what_if import Look, WhatIf

# Beyond so many, edits of one phase that do the same to the same kind of thing are taken out together.
MOST = 16
COLUMNS = ("after_id", "object_ids", "features", "points")
# What is told of a score is whole points of 100; less than half of one is nothing.
TOLD_POINTS = 0.5


def contributions(
    inputs: Inputs,
    rubric: Path | None,
    tell: Callable[[int, int], None] | None = None,
    *,
    plain_unknowns: bool = False,
    choices: Path | None = None,
) -> pd.DataFrame:
    """Take each edit out of a plan, and say what the meeting spaces then lack or gain.

    An edit is taken out together with those that cannot be without it, such as a building on the ground of one
    that is demolished. What these add by themselves is theirs: its own is what is left. Only edits of which neither
    can be without the other are told together.

    Returns
    -------
    DataFrame
        `COLUMNS`: a meeting space of the finished plan; the ids of the things that were taken out, and the features
        of the plan (``;`` between); what they add to its floating potential, points of 100, negative where it would
        be higher without them. Only what moves it by half a point or more, the most first.
    """
    plan = inputs.plan
    edits = () if plan is None else tuple(edit for edit in plan.edits if edit.layer != SITE)
    start = WhatIf(replace(inputs, plan=None), rubric, plain_unknowns=plain_unknowns, choices=choices)
    whole = start.after(*edits)
    groups = _groups(edits)

    def without(out: frozenset[str]) -> frozenset[str]:
        return frozenset(start.inseparable(out, edits)) if out else out

    @cache
    def points(out: frozenset[str]) -> pd.Series:
        rest = start.after(*(edit for edit in edits if edit.feature not in out))
        return _points(whole, rest, start.before.rubric)

    rows = []
    seen: set[frozenset[str]] = set()
    for number, group in enumerate(groups, start=1):
        out = without(group)
        others = without(out - group)
        own = out if others == out else out - others
        if own not in seen:
            seen.add(own)
            moved = points(out).sub(points(others), fill_value=0.0) if own != out else points(out)
            rows += _rows(moved, [edit for edit in edits if edit.feature in own])
        if tell is not None:
            tell(number, len(groups))
    table = pd.DataFrame(rows, columns=list(COLUMNS))
    order = table["points"].abs().sort_values(ascending=False, kind="stable").index
    return table.loc[order].reset_index(drop=True)


def _points(whole: Look, without: Look, rubric: Rubric) -> pd.Series:
    """Points of each meeting space more than without; one is known again by its places, whatever outline it has."""
    members = [
        {str(space): set(map(str, own)) for space, own in look.view.places.groupby("space_id").groups.items()}
        for look in (without, whole)
    ]
    other = match(*members)
    scores = [look.scores(rubric)[FLOATING] for look in (without, whole)]
    return pd.Series(
        {theirs: 100 * (scores[1][theirs] - scores[0][mine]) for mine, theirs in other.items()}, dtype=float
    )


def _groups(edits: Sequence[Edit]) -> list[frozenset[str]]:
    """Features that are taken out together."""
    if len(edits) <= MOST:
        return [frozenset({edit.feature}) for edit in edits]
    groups: dict[tuple[object, ...], set[str]] = {}
    for edit in edits:
        groups.setdefault((edit.action, edit.layer, edit.phase), set()).add(edit.feature)
    return [frozenset(group) for group in groups.values()]


def _rows(points: pd.Series, out: Sequence[Edit]) -> list[tuple[str, str, str, float]]:
    objects, features = (";".join(map(str, names)) for names in ([*map(identity, out)], [edit.feature for edit in out]))
    return [
        (str(space), objects, features, float(moved)) for space, moved in points.items() if abs(moved) >= TOLD_POINTS
    ]
