"""Ground that is taken, and what tags close: parking, rails, building sites, private gardens. Pure."""

from __future__ import annotations

from typing import Final

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from pyproj import CRS

from spatial.core.model import Features
from spatial.layers.streets import is_closed, is_fenced
from spatial.layers.tags import Table, Tags, table_of
from spatial.settings.tags import TagRules, words

PARKING, RAIL, SITE, GARDEN, RESTRICTED = "parking", "rail", "construction", "private_garden", "restricted"
TAKEN: Final = (PARKING, RAIL, SITE, GARDEN)

RAIL_HALF_WIDTH_M = 3.0
FENCED: Final = "fenced"
# A fence this near to the rim of a garden is its own; around so much of the rim it shuts it.
ON_THE_RIM_M, MOST_OF_IT = 1.0, 0.8
_TELLING = ("access", "foot", "access:conditional", "garden:type", "name", "opening_hours")
_OWNERS = ("ownership", "operator", "operator:type")
# Words for an owner who may keep others out; those of housing are private too, so nothing is certain.
_PRIVATE_OWNERS = frozenset({"private", "individual", "person", "personal", "private_individual", "family"})
_PARKING = frozenset({"parking", "parking_space", "motorcycle_parking", "car_wash", "fuel"})
_NOT_ON_THE_GROUND = frozenset({"underground", "multi-storey", "rooftop"})
_RAILS = frozenset({"rail", "light_rail", "subway", "narrow_gauge"})
_BURIED = frozenset({"yes", "covered"})
_SITES = frozenset({"construction", "brownfield", "railway", "depot", "industrial"})
_PRIVATE_GARDENS = frozenset({"residential", "private"})
_CLOSED = frozenset({"private", "no", "members", "residents", "permit", "employees", "customers"})
# What is closed with its surroundings open says nothing of the ground around it.
_GROUND_KEYS = ("landuse", "leisure", "natural", "place")


def taken_ground(areas: Features, lines: Features, rules: TagRules, crs: CRS) -> Table:
    """Areas that nobody can stay on, and those that tags close to the public.

    Returns
    -------
    GeoDataFrame
        Polygons in ``crs`` by object id; ``kind`` is one of ``TAKEN``, or ``RESTRICTED`` (open ground that
        tags close), ``access`` what the tags say of it; ``FENCED`` of a garden with a fence around it, or a private
        owner, and no word of who may go there.
    """
    kinds = [_kind(tags) for tags in areas.tags]
    fenced = _gardens_that_may_be_shut(areas, lines, rules)
    for row in fenced:
        kinds[row] = kinds[row] or RESTRICTED
    index = [i for i, kind in enumerate(kinds) if kind is not None]
    rails = [i for i, tags in enumerate(lines.tags) if _is_rail(tags)]
    tags = [areas.tags[i] for i in index]
    columns = {
        "kind": np.array([kinds[i] for i in index], dtype=object),
        "access": np.array(
            [FENCED if i in fenced else _who_may(t) for i, t in zip(index, tags, strict=True)], dtype=object
        ),
    }
    found = table_of(areas.ids[index], areas.geometry[index], columns, crs)
    beds = table_of(
        lines.ids[rails],
        shapely.buffer(lines.geometry[rails], RAIL_HALF_WIDTH_M, quad_segs=2, cap_style="flat"),
        {"kind": np.full(len(rails), RAIL, dtype=object), "access": np.full(len(rails), None, dtype=object)},
        crs,
    )
    return gpd.GeoDataFrame(pd.concat([part for part in (found, beds) if len(part)] or [found]), crs=crs).sort_index()


def _kind(tags: Tags) -> str | None:
    if "building" in tags:
        return None
    said = {key: words(tags.get(key)) for key in ("amenity", "parking", "landuse", "leisure", "garden:type")}
    if said["amenity"] & _PARKING and not said["parking"] & _NOT_ON_THE_GROUND:
        return PARKING
    if said["landuse"] & _SITES:
        return SITE
    may = words(_who_may(tags))
    closed = bool(may) and may <= _CLOSED
    if "garden" in said["leisure"] and (closed or said["garden:type"] & _PRIVATE_GARDENS):
        return GARDEN
    return RESTRICTED if closed and any(key in tags for key in _GROUND_KEYS) else None


def _gardens_that_may_be_shut(areas: Features, lines: Features, rules: TagRules) -> set[int]:
    """Rows of gardens of which nothing says who may go there, though they may be shut.

    They have a private owner, or a closed barrier around them and no word of whose they are.
    """
    gardens = [row for row, tags in enumerate(areas.tags)
               if "garden" in words(tags.get("leisure")) and not any(key in tags for key in _TELLING)
               and "building" not in tags and rules.kind.first(tags) is None]  # fmt: skip
    private = {row for row in gardens if words(areas.tags[row].get("ownership")) & _PRIVATE_OWNERS}
    rows = [row for row in gardens if not any(key in areas.tags[row] for key in _OWNERS)]
    fences = lines.geometry[[row for row, tags in enumerate(lines.tags) if is_closed(tags, rules)]]
    found = private | {row for row in rows if is_fenced(areas.tags[row], rules)}
    rims = shapely.boundary(areas.geometry[rows])
    rim, fence = shapely.STRtree(fences).query(rims, predicate="dwithin", distance=ON_THE_RIM_M)
    for at in np.unique(rim).tolist():
        near = shapely.buffer(shapely.union_all(fences[fence[rim == at]]), ON_THE_RIM_M)
        if shapely.length(shapely.intersection(rims[at], near)) >= MOST_OF_IT * shapely.length(rims[at]):
            found.add(rows[at])
    return found


def _who_may(tags: Tags) -> str | None:
    """Who may go there: what is said of people on foot before what is said of all."""
    return tags.get("foot", tags.get("access"))


def _is_rail(tags: Tags) -> bool:
    return tags.get("railway") in _RAILS and tags.get("tunnel") not in _BURIED and "highway" not in tags
