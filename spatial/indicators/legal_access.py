"""May I be here? The right to enter."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import shapely

from spatial.indicators import ASSUMED, OBSERVED, Measured, from_rows, indicator, unknown

ACCESS_KEYS = ("foot", "access")


@indicator(
    aspect="openness",
    unit="index",
    members=True,
    reads=ACCESS_KEYS,
    reference="Németh & Schmidt (2007), Toward a methodology for measuring the security of publicly "
    "accessible spaces, JAPA 73(3); access of OpenStreetMap.",
)
def legal_access(places: Any, near_way: Any, ground: Any, departments: Any, kinds: Any, estate: Any) -> Measured:
    """Right to enter: 1 open to everybody, .3 to customers, 0 to nobody else.

    Read from ``foot`` or ``access`` of the place, else of the park or square it lies on. Without a
    tag it is assumed by a named rule: ``public_ground`` (a park or square), ``almen_ground`` (the
    outdoor area of a public-housing department), ``path_side`` (a seat, table or fountain along a
    way that people on foot may use). On the ground of a school, club, church, business or
    institution nothing is assumed.

    Parameters
    ----------
    places
        Table of places.
    near_way
        One flag a place: whether a walkable way passes within the distance of ``tags.toml``.
    ground
        Canonical layer: whose ``access`` a park or square has.
    departments
        Canonical layer: on the ground of a public-housing department ``almen_ground`` applies.
    kinds
        Tag rules.
    estate
        The estate; where its tenure is almen, ``almen_ground`` applies inside its boundary.
    """
    access = dict(zip(ground.index, ground["access"], strict=True))
    almen = _on(departments, places) | (places["inside"].to_numpy(dtype=bool) & (estate.tenure == "almen"))
    rows = [
        _row(_tags_or_park(tags, whose, access.get(identity)), kind, whose, beside, public_housing, kinds)
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
    return from_rows(rows)


def _on(areas: Any, places: Any) -> npt.NDArray[np.bool_]:
    """Say of each place whether its inner point lies on one of these areas."""
    found = np.zeros(len(places), dtype=bool)
    if len(areas) and len(places):
        inner = shapely.point_on_surface(places.geometry.to_numpy())
        found[shapely.STRtree(areas.geometry.to_numpy()).query(inner, predicate="within")[0]] = True
    return found


def _tags_or_park(tags: Mapping[str, str], ground: Any, access: Any) -> Mapping[str, str]:
    if ground != "park" or not isinstance(access, str) or any(key in tags for key in ACCESS_KEYS):
        return tags
    return {"access": access}


def _row(
    tags: Mapping[str, str], kind: str, ground: Any, beside_way: bool, almen: bool, kinds: Any
) -> tuple[float, float, float, str, str]:
    config = kinds.access
    for key in ACCESS_KEYS:
        value = config["values"].get(tags.get(key))
        if value is not None:
            return value, value, value, OBSERVED, f"tag_{key}"
    low = config["assumed_low"]
    if ground in config["closed_ground"]:
        return unknown(f"{ground}_ground")
    if ground == "park" or kinds.kinds[kind].ground:
        return 1.0, low, 1.0, ASSUMED, "public_ground"
    if almen:
        return 1.0, low, 1.0, ASSUMED, "almen_ground"
    if beside_way and "fee" in kinds.kinds[kind].by_nature:
        return 1.0, low, 1.0, ASSUMED, "path_side"
    return unknown("no_access_tag")
