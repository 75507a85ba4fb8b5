"""How many reasons to be here?"""

from __future__ import annotations

from collections.abc import Mapping

import geopandas as gpd
import numpy as np

from spatial.core.arrays import Ints, Texts
from spatial.indicators.registry import DERIVED, Measured, indicator, known
from spatial.settings.tags import Kind, TagRules


@indicator(
    aspect="mixing",
    unit="count",
    catchment_m=25.0,
    reference="Hill (1973), Diversity and evenness, Ecology 54(2), q = 1; Jost (2006), Oikos 113(2).",
    behind=("own", "place"),
    within_m=40.0,
)
def variety(places: gpd.GeoDataFrame, members: Mapping[str, Ints], member_kinds: Texts, kinds: TagRules) -> Measured:
    """Effective number of pairs of activity and age group within the meeting space.

    Hill number of order 1, exp(−Σ p ln p): every place of the space counts the same and spreads
    over the pairs that its kind invites. A place has the value of the space it belongs to.
    """
    by_space = {space: _hill([kinds.kinds[kind] for kind in member_kinds[rows]]) for space, rows in members.items()}
    return known([by_space[space] for space in places["space_id"]], DERIVED, "hill_number_of_activities_and_ages")


def _hill(kinds: list[Kind]) -> float:
    weight: dict[tuple[str, str], float] = {}
    for kind in kinds:
        pairs = [(activity, age) for activity in kind.activities for age in kind.ages]
        for pair in pairs:
            weight[pair] = weight.get(pair, 0.0) + 1 / len(pairs)
    share = np.array(sorted(weight.values())) / sum(weight.values())
    return float(np.exp(-(share * np.log(share)).sum()))
