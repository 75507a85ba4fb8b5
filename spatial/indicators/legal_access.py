"""May I be here? The right to enter."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import geopandas as gpd
import numpy as np
import shapely

from spatial.core.arrays import Bools
from spatial.core.model import Estate
from spatial.indicators.registry import ASSUMED, OBSERVED, Measured, from_rows, indicator, unknown
from spatial.settings.tags import TagRules

ACCESS_KEYS = ("foot", "access")
OWNER_KEYS = ("ownership", "operator:type")
READS = (*ACCESS_KEYS, *OWNER_KEYS)


@indicator(
    aspect="openness",
    unit="index",
    members=True,
    reads=READS,
    reference="Németh & Schmidt (2007), Toward a methodology for measuring the security of publicly "
    "accessible spaces, JAPA 73(3); access of OpenStreetMap.",
    behind=("own", "way"),
    within_m=10.0,
)
def legal_access(
    places: gpd.GeoDataFrame,
    near_way: Bools,
    ground: gpd.GeoDataFrame,
    departments: gpd.GeoDataFrame,
    kinds: TagRules,
    estate: Estate,
) -> Measured:
    """Right to enter: 1 open to everybody, .3 to customers, 0 to nobody else.

    Read from ``foot`` or ``access`` of the place, else of the park or square it lies on. Without a
    tag it is assumed by a named rule: ``public_ground`` (a park or square), ``public_owner`` (a
    municipality or the state runs it), ``almen_ground`` (the outdoor area of a public-housing
    department), ``path_side`` (a seat, table or fountain along a way that people on foot may use).
    On the ground of a school, club, church, business, institution or private owner nothing is
    assumed.

    Parameters
    ----------
    places
        Table of places.
    near_way
        One flag a place: whether a walkable way passes within the distance of ``tags.toml``.
    ground
        Canonical layer: the ``access`` and ``ownership`` of a park or square.
    departments
        Canonical layer: on the ground of a public-housing department ``almen_ground`` applies.
    kinds
        Tag rules.
    estate
        The estate; where its tenure is almen, ``almen_ground`` applies inside its boundary.
    """
    said = dict(zip(ground.index, ground[["access", "ownership"]].to_dict("records"), strict=True))
    almen = _on(departments, places) | (places["inside"].to_numpy(dtype=bool) & (estate.tenure == "almen"))
    rows = [
        _row(_tags_or_park(tags, whose, said.get(identity, {})), kind, whose, beside, public_housing, kinds)
        for tags, kind, whose, identity, beside, public_housing in zip(
            places["tags"],
            places["kind"],
            places["ground"],
            places["ground_id"],
            near_way,
            almen,
            strict=True,
        )
    ]
    # Whose place it is lets one guess; only the right to enter itself settles it.
    return replace(from_rows(rows), facts=np.full(len(rows), "access", dtype=object))


def _on(areas: gpd.GeoDataFrame, places: gpd.GeoDataFrame) -> Bools:
    """Say of each place whether its inner point lies on one of these areas."""
    found = np.zeros(len(places), dtype=bool)
    if len(areas) and len(places):
        inner = shapely.point_on_surface(places.geometry.to_numpy())
        found[shapely.STRtree(areas.geometry.to_numpy()).query(inner, predicate="within")[0]] = True
    return found


def _tags_or_park(tags: Mapping[str, str], ground: str | None, park: Mapping[str, Any]) -> Mapping[str, str]:
    """Tags of a place, and where it has none on the right to enter, those of the park it lies on."""
    if ground != "park" or any(key in tags for key in READS):
        return tags
    return {**tags, **{key: value for key, value in park.items() if isinstance(value, str)}}


def _row(
    tags: Mapping[str, str], kind: str, ground: str | None, beside_way: bool, almen: bool, kinds: TagRules
) -> tuple[float, float, float, str, str]:
    config = kinds.access
    for key in ACCESS_KEYS:
        value = config["values"].get(tags.get(key))
        if value is not None:
            return value, value, value, OBSERVED, f"tag_{key}"
    low = config["assumed_low"]
    if ground in config["closed_ground"]:
        return unknown(f"{ground}_ground")
    if tags.get("ownership") == "private":
        return unknown("private_ground")
    if ground == "park" or kinds.kinds[kind].ground:
        return 1.0, low, 1.0, ASSUMED, "public_ground"
    if any(tags.get(key) in config["public_owners"] for key in OWNER_KEYS):
        return 1.0, low, 1.0, ASSUMED, "public_owner"
    if almen:
        return 1.0, low, 1.0, ASSUMED, "almen_ground"
    if beside_way and "fee" in kinds.kinds[kind].by_nature:
        return 1.0, low, 1.0, ASSUMED, "path_side"
    return unknown("no_access_tag")
