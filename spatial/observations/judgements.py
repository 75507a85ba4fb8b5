"""Judgements by people: two raters on the spot against our scores, and residents' order of activities. Pure.

References
----------
Louviere, Flynn & Marley (2015), Best-Worst Scaling, doi 10.1017/CBO9781107337855: scores by counting, balanced sets.
Shrout & Fleiss (1979), doi 10.1037/0033-2909.86.2.420: ICC(1).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import numpy as np
import pandas as pd

from spatial.core.model import ASPECTS
from spatial.observations.reliability import intraclass

AGREEMENT = ("icc", "low", "high", "n")


def sets_of(activities: Sequence[str], differences: Sequence[int]) -> list[tuple[str, ...]]:
    """Sets to choose from, one for each activity, by turning a difference set.

    Examples
    --------
    >>> sets_of("abcdefg", [0, 1, 3])[:2]
    [('a', 'b', 'd'), ('b', 'c', 'e')]
    """
    size = len(activities)
    return [tuple(activities[(turn + step) % size] for step in differences) for turn in range(size)]


def rated(ratings: pd.DataFrame, aspect_of: Mapping[str, str], most: int, spaces: pd.DataFrame) -> pd.DataFrame:
    """How far raters agree on each aspect, and how far their mean agrees with our score.

    Parameters
    ----------
    ratings
        ``location_id``, ``rater`` and a column an item, 0 to ``most``, NaN where not judged.
    aspect_of
        The aspect of each item.
    spaces
        Meeting spaces with the columns of ``ASPECTS``, 0–1.

    Returns
    -------
    DataFrame
        Index aspect; ICC(1) with its interval and number of places, of ``raters`` and of their mean against ``ours``.
    """
    rows = {}
    for aspect in (aspect for aspect in ASPECTS if aspect in aspect_of.values()):
        items = [item for item, about in aspect_of.items() if about == aspect]
        judged = ratings[["location_id", "rater"]].assign(step=ratings[items].mean(axis=1) / most).dropna()
        one = judged.groupby(["location_id", "rater"], sort=True)["step"].mean()
        by_place = [steps.to_numpy(np.float64) for _, steps in one.groupby("location_id", sort=True)]
        several = [steps for steps in by_place if len(steps) > 1]
        both = pd.concat([one.groupby("location_id").mean(), spaces[aspect].astype(np.float64)], axis=1, join="inner")
        pairs = list(both.dropna().to_numpy(np.float64))
        found = (*intraclass(several), len(several)), (*intraclass(pairs), len(pairs))
        rows[aspect] = {
            f"{who}_{name}": value
            for who, values in zip(("raters", "ours"), found, strict=True)
            for name, value in zip(AGREEMENT, values, strict=True)
        }
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis("aspect")


def ordered(choices: pd.DataFrame, sets: Sequence[Sequence[str]], known: Mapping[str, float]) -> pd.DataFrame:
    """How open residents find each activity, by counting: best less worst, as a share of how often it was shown.

    Best and worst say which is before which, not how open the most open is; so the scores (−1 to 1) are laid over the
    range of what was assumed of the same activities.

    Parameters
    ----------
    choices
        One row a resident: ``best_<n>`` and ``worst_<n>`` of set n from 1; whoever did not answer all is left out.
    known
        The assumed neutrality of each activity.

    Returns
    -------
    DataFrame
        Index activity: ``score``, ``neutrality``, and ``spread``, the standard deviation between residents.
    """
    columns = [[f"{end}_{n}" for n in range(1, len(sets) + 1)] for end in ("best", "worst")]
    whole = [_is_whole(row[columns[0]], row[columns[1]], sets) for _, row in choices.iterrows()]
    best, worst = (choices.loc[whole, names].to_numpy() for names in columns)
    names = sorted({name for shown in sets for name in shown})
    shown = np.array([sum(name in one for one in sets) for name in names])
    own = np.array(
        [[((b == name).sum() - (w == name).sum()) for name in names]
         for b, w in zip(best, worst, strict=True)]
    ).reshape(-1, len(names)) / shown  # fmt: skip
    low, high = min(known[name] for name in names), max(known[name] for name in names)
    score, spread = (own.mean(axis=0), own.std(axis=0, ddof=1)) if len(own) > 1 else (np.nan, np.nan)
    half = (high - low) / 2
    table = {"score": score, "neutrality": low + half * (1 + score), "spread": half * spread}
    found = pd.DataFrame(table, index=pd.Index(names, name="activity"))
    found.attrs["residents"] = sum(whole)
    return found


def _is_whole(best: Iterable[str], worst: Iterable[str], sets: Sequence[Sequence[str]]) -> bool:
    """Whether in every set two different activities of the set were chosen."""
    return all(b in one and w in one and b != w for b, w, one in zip(best, worst, sets, strict=True))
