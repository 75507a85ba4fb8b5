"""Signs of buildings whose outline the extract lacks: where they stand nothing is known to be open. Pure."""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely
from pyproj import CRS

from spatial.core.incremental import AFRESH, Steps
from spatial.core.model import Features
from spatial.layers.tags import Picked, Table, Tags, pick, table_of

# What a sign is: a door, address or shop where no building stands; dwellings without a building; an outline of
# which a part is missing; ground on which a building stood.
DOOR, SHOP, DWELLINGS, OUTLINE, CLEARED = SIGNS = ("door", "shop", "dwellings", "outline", "cleared")
# A door or shop this near to a building is one of its own.
NEAR_M: Final = 8.0
_SHOP_KEYS = ("shop", "office")
_SHOP_AMENITIES = frozenset({"cafe", "restaurant", "fast_food", "bar", "pub", "pharmacy", "dentist", "doctors"})


def doors_and_shops(points: Features, crs: CRS, *, step: Steps = AFRESH) -> Table:
    """Points that belong to a building, with the ``sign`` that each is where none is drawn."""
    picked = step(pick, points, _sign, None, step, "signs", key="signs")
    return step(_as_signs, picked, crs)


def _as_signs(picked: Picked, crs: CRS) -> Table:
    return _signs(picked.ids, picked.geometry, list(picked.called), crs)


def unseen_buildings(
    doors_and_shops: Table,
    areas: Features,
    buildings: Table,
    dwellings: Table,
    departments: Table,
    crs: CRS,
    *,
    lost: Features | None = None,
) -> Table:
    """Gather the signs that a building stands where the extract shows none.

    Parameters
    ----------
    dwellings, departments
        Canonical layers. Dwellings of no building are those of a department on whose ground none is known.
    lost
        Boxes of what is known of outlines that could not be built, with their tags.

    Returns
    -------
    GeoDataFrame
        Points and polygons in ``crs`` by object id; ``sign`` is one of ``SIGNS``.
    """
    homeless = dwellings.index[dwellings["building"].isna().to_numpy()].str.removesuffix("/door/0")
    empty = departments[departments.index.isin(homeless)]
    tags = areas.tags
    cleared = [i for i, words in enumerate(tags) if words.get("landuse") == "brownfield"]
    outlines = [] if lost is None else [i for i, words in enumerate(lost.tags) if "building" in words]
    parts = [
        _away_from_buildings(doors_and_shops, buildings),
        _signs(empty.index.to_numpy(), empty.geometry.to_numpy(), DWELLINGS, crs),
        _signs(areas.ids[cleared], areas.geometry[cleared], CLEARED, crs),
    ]
    if lost is not None:
        parts.append(_signs(lost.ids[outlines], lost.geometry[outlines], OUTLINE, crs))
    return pd.concat([part for part in parts if len(part)] or parts[:1]).sort_index()


def _away_from_buildings(signs: Table, buildings: Table) -> Table:
    near, _ = buildings.sindex.query(signs.geometry, predicate="dwithin", distance=NEAR_M)
    return signs.iloc[np.setdiff1d(np.arange(len(signs)), near)]


def _sign(tags: Tags, _by: None) -> str | None:
    if tags.get("entrance", "no") != "no" or "addr:housenumber" in tags:
        return DOOR if "barrier" not in tags else None
    return SHOP if any(key in tags for key in _SHOP_KEYS) or tags.get("amenity") in _SHOP_AMENITIES else None


def _signs(
    ids: npt.NDArray[np.object_], shapes: npt.NDArray[np.object_], sign: str | list[str | None], crs: CRS
) -> Table:
    columns = {"sign": np.full(len(ids), sign, dtype=object) if isinstance(sign, str) else np.array(sign, dtype=object)}
    return table_of(ids, shapely.force_2d(shapes), columns, crs)
