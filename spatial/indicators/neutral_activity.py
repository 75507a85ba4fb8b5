"""Is the activity everybody's? The kind's neutrality, lowered by affiliation."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import geopandas as gpd

from spatial.indicators.registry import DERIVED, OBSERVED, Measured, from_rows, indicator
from spatial.settings.tags import Kind, TagRules

OWNER_KEYS = ("operator", "operator:type", "owner", "ownership", "access")


@indicator(
    aspect="neutrality",
    unit="index",
    members=True,
    reads=(*OWNER_KEYS, "religion", "club", "brand", "denomination"),
    reference="Byer uden medborgere (2025), policy brief: the activity is as culturally and socially neutral "
    "as possible; defaults of tags.toml.",
    behind=("own", "place"),
    within_m=40.0,
)
def neutral_activity(places: gpd.GeoDataFrame, kinds: TagRules) -> Measured:
    """The kind's default neutrality, times a factor where ground or tags say whose place it is.

    Where nobody says whose it is and it is not a seat or fountain, the lower bound allows for an
    affiliation that is not mapped.
    """
    return from_rows(
        [
            _row(tags, kinds.kinds[kind], ground, kinds.affiliation)
            for tags, kind, ground in zip(places["tags"], places["kind"], places["ground"], strict=True)
        ]
    )


def _row(
    tags: Mapping[str, str], kind: Kind, ground: str | None, config: Mapping[str, Any]
) -> tuple[float, float, float, str, str]:
    factors = {f"{ground}_ground": config["ground"][ground]} if ground in config["ground"] else {}
    factors |= {f"tag_{key}": factor for key, factor in config["tagged"].items() if key in tags}
    operator = config["operator_type"].get(tags.get("operator:type", ""))
    factors |= {"tag_operator_type": operator} if operator is not None else {}
    if factors:
        rule, factor = min(factors.items(), key=lambda item: (item[1], item[0]))
        value = kind.neutrality * factor
        return value, value, value, OBSERVED if rule.startswith("tag") else DERIVED, rule
    value = kind.neutrality
    settled = "members" in kind.by_nature or any(key in tags for key in OWNER_KEYS) or ground == "park"
    low = value if settled else value * config["unknown_operator"]
    return value, low, value, DERIVED, "kind_default"
