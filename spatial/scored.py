"""Places and rooms with their scores, ranks and one column an indicator. Pure."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd

from spatial import indicators, scoring
from spatial.model import ASPECTS, FLOATING, Rubric

SCORE_COLUMNS = [f"{name}{suffix}" for name in (FLOATING, *ASPECTS) for suffix in ("_low", "", "_high")]
RANK_COLUMNS = ["coverage", "rank", "rank_p05", "rank_p95", "top10_share"]
PLACE_COLUMNS = ["space_id", "kind", "name", "inside", "source_id", "area_m2"]
SPACE_COLUMNS = ["kind", "name", "inside", "source_id", "area_m2", "place_count", "kinds"]


def table_of(
    table: gpd.GeoDataFrame, columns: list[str], evidence: pd.DataFrame, rubric: Rubric, seed: int
) -> gpd.GeoDataFrame:
    """Join scores and one column an indicator to a table of places or rooms."""
    judged = scoring.judge_all(evidence, table.index, rubric)
    scores = scoring.score(judged, table.index, rubric, seed)
    registry = indicators.registry()
    wide = evidence.pivot(index="place_id", columns="indicator", values="value").reindex(table.index)
    values = pd.DataFrame(
        {spec.column: wide.get(name, np.nan) for name, spec in registry.items() if name not in rubric.left_out},
        index=table.index,
    )
    joined = pd.concat([table[columns], scores[SCORE_COLUMNS + RANK_COLUMNS], values], axis=1)
    return gpd.GeoDataFrame(joined, geometry=table.geometry.to_numpy(), crs=table.crs)
