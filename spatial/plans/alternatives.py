"""Set several plans side by side, and say which of them another is better than in everything. Pure."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from spatial.plans.answer import UNREPLACED, Answer
from spatial.plans.comparison import Comparison

# What a plan is told by, and whether more of it is better. Scores count in whole hundredths and homes in whole
# ones, as they are told, so that no plan is called better by what nobody can see.
CRITERIA: Mapping[str, bool] = {
    "demolished": False,
    "built": True,
    "spaces_lost": False,
    "spaces_new": True,
    "worst_losing": False,
    "median_after": True,
    "tenth_after": True,
}
# Weighed up beside them, of each lens when all is built, and of the phase in which most homes lose.
OF_EACH_LENS: Mapping[str, bool] = {
    "losing": False,
    "median_after": True,
    "tenth_after": True,
    "losing_on_the_way": False,
}


def compare_alternatives(found: Mapping[str, tuple[Comparison, Answer]]) -> pd.DataFrame:
    """Lay plans side by side, each compared with the same state today.

    Returns
    -------
    DataFrame
        One row a plan, in their order, indexed by its name: the criteria (`CRITERIA`): homes ``demolished`` and
        ``built``; places that go and nothing replaces (``spaces_lost``) and that come (``spaces_new``);
        ``worst_losing``, homes that lose through the lens that loses most, in the worst phase; what the median home
        has and what nine of ten homes have at least (``tenth_after``), both of 100; ``<criterion>:<lens>`` of each
        lens (`OF_EACH_LENS`); ``winning`` and ``keeps_share``; and ``dominated_by``: plans that are at least as good
        in every criterion and better in one, ``;`` between. NaN where there are no homes or lenses.
    """
    rows = [_row(comparison, answer) for comparison, answer in found.values()]
    table = pd.DataFrame(rows, index=pd.Index(list(found), name="plan", dtype=object))
    return table.assign(dominated_by=dominated_plans(table))


def _row(found: Comparison, answer: Answer) -> dict[str, float]:
    return {
        "demolished": _homes(answer.demolished.dwellings),
        "built": _homes(answer.built.dwellings),
        "spaces_lost": float((answer.promises["state"] == UNREPLACED).sum()),
        "spaces_new": float(sum(answer.new_places.values())),
        "worst_losing": np.nan if answer.worst is None else _homes(answer.worst.losing),
        "median_after": _points(found.median_after),
        "tenth_after": _points(found.tenth_after),
        **_through_lenses(answer.burdens),
        "winning": _homes(found.dwellings["winning"]),
        "keeps_share": found.keeps_share,
    }


def _through_lenses(burdens: pd.DataFrame) -> dict[str, float]:
    """The criteria of each lens."""
    row: dict[str, float] = {}
    for lens, phases in burdens.groupby("lens", sort=False):
        done = phases[phases["phase"] == 0].iloc[0]
        row |= {
            f"losing:{lens}": _homes(done["losing"]),
            f"median_after:{lens}": _points(done["median_after"]),
            f"tenth_after:{lens}": _points(done["tenth_after"]),
            f"losing_on_the_way:{lens}": _homes(phases["losing"].max()),
        }
    return row


def _homes(dwellings: float) -> float:
    return float(round(dwellings))


def _points(score: float) -> float:
    return float(np.round(score * 100))


def dominated_plans(table: pd.DataFrame) -> list[str]:
    """For each row, those that are at least as good in every criterion and better in one.

    Examples
    --------
    >>> rows = {"demolished": [59, 59], "built": [0, 60], "median_after": [65, 65], "losing:child": [0, 0]}
    >>> dominated_plans(pd.DataFrame(rows, index=["A", "B"]))
    ['B', '']
    """
    better_if_more = {name: _more_is_better(name) for name in table.columns}
    judged = {name: more for name, more in better_if_more.items() if more is not None}
    worth = np.stack([table[name].to_numpy(dtype=np.float64) * (1 if more else -1) for name, more in judged.items()])
    # A criterion that is not known of every plan decides nothing.
    worth = worth[~np.isnan(worth).any(axis=1)]
    as_good = (worth[:, :, None] >= worth[:, None, :]).all(axis=0)
    better = (worth[:, :, None] > worth[:, None, :]).any(axis=0)
    names = table.index.astype(str).to_numpy()
    return [";".join(names[column]) for column in (as_good & better).T]


def _more_is_better(column: str) -> bool | None:
    """Whether more of a column is better; None of what is no criterion."""
    name, colon, _ = column.partition(":")
    return OF_EACH_LENS.get(name) if colon else CRITERIA.get(name)
