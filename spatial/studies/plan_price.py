"""What a plan costs, roughly: only of those of its things that the list of small measures has a price for. Pure."""

from __future__ import annotations

from collections.abc import Sequence

import geopandas as gpd

from spatial.reports.meeting import Price
from spatial.settings.tags import tag_rules
from spatial.studies.measures import Measure

GATE, LINK = "gate", "link"


def rough_price(items: gpd.GeoDataFrame, measures: Sequence[Measure]) -> Price:
    """Add the prices of what a plan changes on the ground.

    Parameters
    ----------
    items
        As ``spatial.plans.causes.changed_objects`` lists them.
    measures
        Small measures with their rough costs: new seats and tables, an opened gate, a new path.
    """
    by_id, rules = {measure.id: measure for measure in measures}, tag_rules()
    by_kind = {kind: measure for measure in measures if (kind := rules.kind.first(measure.tags))}
    dkk, priced = 0.0, 0
    for row in items.itertuples(index=False):
        measure = (
            by_kind.get(row.kind) if (row.what, row.how) == ("place", "new")
            else by_id.get(GATE) if (row.what, row.how) == ("gate", "opened")
            else by_id.get(LINK) if (row.what, row.how) == ("way", "new")
            else None
        )  # fmt: skip
        if measure is not None:
            dkk += measure.cost(row.geometry.length)
            priced += 1
    return Price(dkk, priced, len(items))
