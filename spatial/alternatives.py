"""Several plans side by side, and which of them another one is better than in everything. Pure."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from spatial.comparison import LOST, Comparison
from spatial.home_changes import DEMOLISHED, LOSING

# What is weighed up, and whether more of it is better. Scores count in whole hundredths and homes in whole
# ones, as they are told, so that no plan is called better by what nobody can see.
CRITERIA: Mapping[str, bool] = {
    "median_after": True,
    "worst_lens_median_after": True,
    "losing": False,
    "demolished": False,
    "spaces_lost": False,
}


def side_by_side(found: Mapping[str, Comparison]) -> pd.DataFrame:
    """Lay plans side by side, each compared with the same state today.

    Returns
    -------
    DataFrame
        One row a plan, in their order, indexed by its name: the criteria (`CRITERIA`): ``median_after``,
        what the median home has, ``worst_lens_median_after``, the same through the lens that is served
        worst (both of 100; NaN where there are no homes or lenses), ``losing`` and ``demolished`` homes,
        ``spaces_lost``; beside them ``winning``, ``spaces_new`` and ``keeps_share``; and
        ``dominated_by``: plans that are at least as good in every criterion and better in one, ``;`` between.
    """
    table = pd.DataFrame([_row(one) for one in found.values()], index=pd.Index(list(found), name="plan", dtype=object))
    return table.assign(dominated_by=dominated(table))


def _row(found: Comparison) -> dict[str, float]:
    medians = [lens.median_after for lens in found.lenses]
    states = found.spaces["state"] if len(found.spaces) else pd.Series(dtype=object)
    return {
        "median_after": np.round(found.median_after * 100),
        "worst_lens_median_after": np.round(min(medians) * 100) if medians else np.nan,
        "losing": float(round(found.dwellings[LOSING])),
        "demolished": float(round(found.dwellings[DEMOLISHED])),
        "spaces_lost": float((states == LOST).sum()),
        "winning": float(round(found.dwellings["winning"])),
        "spaces_new": float((states == "new").sum()),
        "keeps_share": found.keeps_share,
    }


def dominated(table: pd.DataFrame) -> list[str]:
    """For each row, those that are at least as good in every criterion and better in one.

    Examples
    --------
    >>> rows = {"median_after": [60, 60], "worst_lens_median_after": [50, 50], "losing": [9, 4]}
    >>> dominated(pd.DataFrame(rows | {"demolished": [0, 0], "spaces_lost": [1, 1]}, index=["A", "B"]))
    ['B', '']
    """
    worth = np.stack([table[name].to_numpy(dtype=np.float64) * (1 if more else -1) for name, more in CRITERIA.items()])
    # A criterion that is not known of every plan decides nothing.
    known = ~np.isnan(worth).any(axis=1)
    worth = worth[known]
    as_good = (worth[:, :, None] >= worth[:, None, :]).all(axis=0)
    better = (worth[:, :, None] > worth[:, None, :]).any(axis=0)
    names = table.index.astype(str).to_numpy()
    return [";".join(names[column]) for column in (as_good & better).T]
