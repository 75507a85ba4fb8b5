"""How much of a ranking one thing alone would reproduce: kind, homes near, or the number of mapped things. Pure."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from spatial.core.model import FLOATING

# Of fewer a correlation says nothing: of 4 in a random order, 1 in 24 agrees wholly.
MIN_RANKED = 5


@dataclass(frozen=True)
class Ablation:
    """Spearman's correlation of the ranking with what one thing alone says, in [-1, 1]; None where it says nothing.

    ``by_kind`` ranks a space by the median score of the ranked spaces of its first kind (the only one of a kind, which
    would stand for itself, is left out), ``by_homes`` by the homes near, ``by_features`` by the number of things mapped
    there.
    """

    by_kind: float | None
    by_homes: float | None
    by_features: float | None


def ablate(spaces: pd.DataFrame, evidence: pd.DataFrame) -> Ablation:
    """Compare the ranking of meeting spaces with rankings by one thing alone.

    Parameters
    ----------
    spaces
        Scored meeting spaces by id: ``kinds`` (what one comes for first, ``;`` between), ``place_count``,
        ``floating`` and ``rank``; those without a rank are left out.
    evidence
        The long table: ``place_id``, ``indicator``, ``value``; of ``homes_near``, in homes.

    Returns
    -------
    Ablation
        None where fewer than five spaces are ranked, or where all are alike.
    """
    ranked = spaces[spaces["rank"].notna()]
    floating = ranked[FLOATING].astype(np.float64)
    kind = ranked["kinds"].astype(object).map(_first, na_action="ignore")
    homes = evidence[evidence["indicator"] == "homes_near"].set_index("place_id")["value"]
    return Ablation(
        by_kind=_agreement(floating.groupby(kind).transform("median").where(kind.duplicated(keep=False)), floating),
        by_homes=_agreement(homes.reindex(ranked.index), floating),
        by_features=_agreement(ranked["place_count"], floating),
    )


def _first(kinds: str) -> str:
    return kinds.partition(";")[0]


def _agreement(alone: pd.Series, floating: pd.Series) -> float | None:
    """Spearman's correlation over what both know: Pearson's of the ranks, of equals the mean rank."""
    both = alone.notna() & floating.notna()
    x, y = alone[both].rank(), floating[both].rank()
    if len(x) < MIN_RANKED or np.ptp(x) == 0 or np.ptp(y) == 0:
        return None
    return float(np.corrcoef(x, y)[0, 1])
