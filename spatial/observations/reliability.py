"""How far counts may be relied on: two observers at once are one visit, and how well they agree. Pure.

References
----------
Cohen (1960), doi 10.1177/001316446002000104 (kappa); Shrout & Fleiss (1979), doi 10.1037/0033-2909.86.2.420, and McGraw
& Wong (1996), doi 10.1037/1082-989X.1.1.30 (intraclass correlation and its interval); Brown (1910), Spearman (1910)
(how reliability grows with the number of counts).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from spatial.core.arrays import Floats, Ints
from spatial.settings.observation_columns import rules

# Where bands of people begin in which two counts are the same: nobody, a few, a group, a crowd.
BANDS = (1, 5, 10, 20)
SAME_PLACE = ["study_id", "location_id", "kind"]
COUNTS = ["survey_id", "observer", "total"]
# A mean over visits that is this reliable tells places apart.
ENOUGH = 0.8


@dataclass(frozen=True)
class Paired:
    """Visits, those of several observers at once as one; ``counts`` has what each of these counted.

    ``counts`` has the columns ``COUNTS``, ``survey_id`` being the visit that they became.
    """

    surveys: pd.DataFrame
    counts: pd.DataFrame

    @property
    def visits(self) -> int:
        """How many visits were made by several observers."""
        return int(self.counts["survey_id"].nunique())


def no_pairs() -> pd.DataFrame:
    """What several observers counted, where nobody did."""
    return pd.DataFrame({name: pd.Series(dtype=object) for name in COUNTS}).astype({"total": np.int64})


def paired(surveys: pd.DataFrame, *, within_min: float) -> Paired:
    """Make one visit of what several observers counted at one place and time.

    Parameters
    ----------
    surveys
        The canonical table: each row what one observer counted, or somebody who has no code.
    within_min
        Observers with different codes whose counts at one place begin within so many minutes counted together.

    Returns
    -------
    Paired
        People and categories of such a visit are the means of what its observers saw, whole people halves to even;
        so two observers weigh no more than one.
    """
    group = _together(surveys, within_min)
    several = group.duplicated(keep=False).to_numpy()
    if not several.any():
        return Paired(surveys, no_pairs())
    seen, whole = surveys[several], group[several]
    counts = pd.DataFrame(dict(zip(COUNTS, (whole.array, seen["observer"].array, seen["total"].array), strict=True)))
    one = _means(seen, whole)
    found = pd.concat([surveys[~several], one]).sort_index(kind="stable")
    order = counts.sort_values(["survey_id", "observer"], kind="stable").reset_index(drop=True)
    return Paired(found[surveys.columns], order)


def _together(surveys: pd.DataFrame, within_min: float) -> pd.Series:
    """The first row, by name, of the observers each row was counted with: itself where it was counted alone."""
    first = pd.Series(surveys.index, index=surveys.index, dtype=object)
    coded = surveys[surveys["observer"] != ""].sort_values(["start", "observer"], kind="stable")
    for _, rows in coded.groupby(SAME_PLACE, sort=True):
        names: set[str] = set()
        begun, leader = pd.Timestamp(0), ""
        for name, at, who in zip(rows.index, rows["start"], rows["observer"], strict=True):
            if not names or at - begun > pd.Timedelta(minutes=within_min) or who in names:
                begun, names, leader = at, set(), name
            names.add(who)
            first[name] = leader
    return first


def _means(seen: pd.DataFrame, visit: pd.Series) -> pd.DataFrame:
    """One row a visit: numbers are means, whole people for the total; all else is what the first observer wrote."""
    groups = seen.groupby(visit.to_numpy(), sort=True)
    one = groups.first()
    numbers = [*rules().categories, "temperature_c"]
    one[numbers] = groups[numbers].mean()
    one["total"] = np.rint(groups["total"].mean()).astype(np.int64)
    one["observers"] = groups.size()
    one.index.name = seen.index.name
    return one


@dataclass(frozen=True)
class Agreement:
    """How well observers at one place and time agree.

    ``kappa`` is Cohen's, of bands of people (``BANDS``), over the ``pairs`` of two observers in the order of their
    codes. ``icc`` is ICC(1): one observer's count, one-way random effects, absolute agreement, since it is chance who
    of many observers stands where; with its 95 % interval. NaN where it cannot be computed.
    """

    pairs: int
    kappa: float
    same_band: float
    icc: float
    low: float
    high: float


def agreement(counts: pd.DataFrame) -> Agreement:
    """Say how well observers agree; of three or more at once, the first two by code are compared in bands."""
    visits = [group.to_numpy(np.float64) for _, group in counts.groupby("survey_id", sort=True)["total"]]
    two = np.array([visit[:2] for visit in visits]).reshape(-1, 2)
    bands = np.digitize(two, BANDS)
    value, low, high = intraclass(visits)
    same = float((bands[:, 0] == bands[:, 1]).mean()) if len(two) else np.nan
    return Agreement(len(two), cohens_kappa(bands[:, 0], bands[:, 1]), same, value, low, high)


def cohens_kappa(one: Ints, other: Ints) -> float:
    """Cohen's kappa of two observers: agreement beyond what their own habits would give by chance.

    Examples
    --------
    >>> round(cohens_kappa(np.repeat([0, 0, 1, 1], [20, 5, 10, 15]), np.repeat([0, 1, 0, 1], [20, 5, 10, 15])), 9)
    0.4
    """
    if not len(one):
        return np.nan
    kinds = np.union1d(one, other)
    chance = float(sum((one == kind).mean() * (other == kind).mean() for kind in kinds))
    return float(((one == other).mean() - chance) / (1 - chance)) if chance < 1 else np.nan


def intraclass(groups: Sequence[Floats]) -> tuple[float, float, float]:
    """ICC(1) of counts in groups (observers of a visit, visits of a place) and its 95 % interval.

    Parameters
    ----------
    groups
        Counts by group, of any lengths; where they differ, the mean length by which the estimate is unbiased stands in.

    Returns
    -------
    value, low, high
        Share of the variance of one count that lies between groups; NaN without two groups and a repeated count.

    Examples
    --------
    >>> round(intraclass([np.array([1.0, 2.0]), np.array([5.0, 6.0]), np.array([9.0, 8.0])])[0], 3)
    0.96
    """
    sizes = np.array([len(group) for group in groups], dtype=np.float64)
    n, total = len(groups), sizes.sum()
    if n < 2 or total <= n:
        return np.nan, np.nan, np.nan
    means = np.array([group.mean() for group in groups])
    middle = float((sizes * means).sum() / total)
    between = float((sizes * (means - middle) ** 2).sum()) / (n - 1)
    within = float(sum(((group - group.mean()) ** 2).sum() for group in groups)) / (total - n)
    size = float(total - (sizes**2).sum() / total) / (n - 1)
    if within == 0:
        return (1.0, 1.0, 1.0) if between > 0 else (np.nan, np.nan, np.nan)
    return _with_interval(between / within, n - 1, float(total - n), size)


def _with_interval(ratio: float, between_df: float, within_df: float, size: float) -> tuple[float, float, float]:
    """ICC(1) from the ratio of mean squares, and its interval by the distribution of F."""
    from scipy.stats import f

    low = ratio / f.ppf(0.975, between_df, within_df)
    high = ratio * f.ppf(0.975, within_df, between_df)
    value, low, high = ((r - 1) / (r + size - 1) for r in (ratio, low, high))
    return float(value), float(low), float(high)


def visits_needed(icc: float, goal: float = ENOUGH) -> float:
    """How many visits to a place make their mean as reliable as ``goal`` (Spearman and Brown); inf where none do.

    Examples
    --------
    >>> visits_needed(0.5), visits_needed(0.8)
    (4.0, 1.0)
    """
    if np.isnan(icc):
        return np.nan
    return float(np.ceil(round(goal * (1 - icc) / (icc * (1 - goal)), 9))) if icc > 0 else np.inf
