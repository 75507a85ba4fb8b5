"""Is the activity everybody's? The kind's neutrality, lowered by affiliation."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import geopandas as gpd

from spatial.core.arrays import object_array
from spatial.indicators.registry import ASSUMED, Measured, from_rows, indicator
from spatial.indicators.unknown_facts import CLASS
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
    """The kind's assumed neutrality, give or take a spread, times a factor where ground or tags say whose place it is.

    Where nobody says whose it is and it is not a seat or fountain, the lower bound allows for an
    affiliation that is not mapped.
    """
    columns = [places[name] for name in ("tags", "kind", "ground")]
    rows = [_row(tags, kinds.kinds[kind], ground, kinds) for tags, kind, ground in zip(*columns, strict=True)]
    facts = [f"{CLASS}neutrality:{kind}" for kind in places["kind"]]
    return replace(from_rows(rows), facts=object_array(facts))


def _row(
    tags: Mapping[str, str], kind: Kind, ground: str | None, rules: TagRules
) -> tuple[float, float, float, str, str]:
    config: Mapping[str, Any] = rules.affiliation
    factors = {f"{ground}_ground": config["ground"][ground]} if ground in config["ground"] else {}
    factors |= {f"tag_{key}": factor for key, factor in config["tagged"].items() if key in tags}
    operator = config["operator_type"].get(tags.get("operator:type", ""))
    factors |= {"tag_operator_type": operator} if operator is not None else {}
    rule, factor = min(factors.items(), key=lambda item: (item[1], item[0])) if factors else ("kind_default", 1.0)
    settled = factors or "members" in kind.by_nature or any(key in tags for key in OWNER_KEYS) or ground == "park"
    spread = rules.neutrality_spread if kind.neutrality_spread is None else kind.neutrality_spread
    low, high = (min(max(kind.neutrality + way * spread, 0.0), 1.0) for way in (-1, 1))
    unsure = 1.0 if settled else config["unknown_operator"]
    return kind.neutrality * factor, low * factor * unsure, high * factor, ASSUMED, rule
