"""May I be here? The right to enter, a condition of all else."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import geopandas as gpd
import numpy as np
import shapely

from spatial.core.arrays import Bools, Ints, object_array
from spatial.core.model import GATE, Estate
from spatial.indicators.enclosure import closed_share
from spatial.indicators.registry import ASSUMED, DERIVED, OBSERVED, Measured, from_rows, indicator, unknown
from spatial.indicators.unknown_facts import facts_as_text
from spatial.layers.hours import CONDITIONAL, Position, over_time
from spatial.layers.tag_values import NO, UNREAD, Reading, read, read_tag
from spatial.layers.taken_ground import FENCED
from spatial.places.meeting_spaces import MOSTLY, PATH_NEAR_M, POSSIBLE
from spatial.settings.tags import TagRules

ACCESS_KEYS = ("foot", "access")
OWNER_KEYS = ("ownership", "operator:type")
MEMBER_KEYS = ("members_only", "membership")
READS = (
    *ACCESS_KEYS, *(key + CONDITIONAL for key in ACCESS_KEYS), *OWNER_KEYS, *MEMBER_KEYS, "locked",
)  # fmt: skip
UNREADABLE = "access_unreadable"
# A path through a room, or beside it.
PATH_THROUGH_M = 3.0

# Columns of a site that tell of its ground.
OF_GROUND = ("access", "ground", "ground_name", "institution_share", "nearest_public_path_m", "row_house_share")

Row = tuple[float, float, float, str, str]
# Where tags do not say: best, low, high; the surest first. Why: docs/method.md.
NAMED_PARK: Row = (1.0, 0.9, 1.0, ASSUMED, "public_ground")
PUBLIC_OWNER: Row = (1.0, 0.9, 1.0, ASSUMED, "public_owner")
ALMEN: Row = (0.95, 0.8, 1.0, ASSUMED, "almen_ground")
PATH_THROUGH: Row = (0.95, 0.8, 1.0, DERIVED, "path_through")
# access=unknown says that nobody looked: the ground may tell all the same.
NOT_SAID = "unknown"
PATH_NEAR: Row = (0.9, 0.6, 1.0, DERIVED, "path_near")
COURT: Row = (0.2, 0.0, 1.0, ASSUMED, "business_court")
ROW_HOUSES: Row = (0.3, 0.0, 1.0, ASSUMED, "row_house_lawn")
FENCED_GARDEN: Row = unknown("fenced_garden", 0.0, 1.0)
NOTHING: Row = (0.75, 0.3, 1.0, ASSUMED, "no_access_tag")
# What a public owner opens: a school or a club stays its own though the municipality runs it.
OF_NOBODY_ELSE = (ALMEN, PATH_THROUGH, PATH_NEAR, COURT, ROW_HOUSES, NOTHING)


@indicator(
    aspect=GATE,
    unit="index",
    reads=READS,
    reference="Németh & Schmidt (2007), Toward a methodology for measuring the security of publicly "
    "accessible spaces, JAPA 73(3); access of OpenStreetMap; values assumed where nothing is tagged.",
    behind=("own", "way", "building"),
    within_m=15.0,
)
def legal_access(
    places: gpd.GeoDataFrame,
    anchors: Mapping[str, Ints],
    departments: gpd.GeoDataFrame,
    buildings: gpd.GeoDataFrame,
    kinds: TagRules,
    estate: Estate,
    position: Position,
) -> Measured:
    """Right to enter: 1 open to everybody, .3 to customers, 0 to nobody else.

    Tags of what people come for settle it: one open thing opens the space, and where all are private, locked or for
    members it is shut. Without tags it is assumed from the ground: a named park, a municipal owner, the grounds of
    public housing, a public path through it or near it; the ground of a school, club or institution; a lawn among
    row houses without a path; else nothing says.

    Parameters
    ----------
    places
        Sites: places with their tags, spaces with the columns of their rooms.
    anchors
        Rows of what people come for in each space.
    departments
        On the ground of a public-housing department ``almen_ground`` applies.
    buildings
        Where those of a business close more than half of the rim, the court is taken for theirs.
    estate
        Where its tenure is almen, ``almen_ground`` applies inside its boundary.
    position
        Of the estate: hours of the sun and holidays hang on it.
    """
    almen = _on(departments, places) | (places["inside"].to_numpy(dtype=bool) & (estate.tenure == "almen"))
    business = buildings[buildings["use"].isin(kinds.building["of_business"])]
    court = closed_share(places.geometry.to_numpy(), buildings.iloc[:0], business) > MOSTLY
    ids, tags, ground, told = (places[name].to_numpy(dtype=object) for name in ("space_id", "tags", "ground", "access"))
    grounds, status = places[list(OF_GROUND)].to_dict("records"), places["status"].to_numpy(dtype=object)
    rows, facts = [], []
    for i, level in enumerate(places["level"]):
        things = anchors[ids[i]] if level == "space" else np.array([i])
        otherwise = _of_ground(grounds[i], {ground[row] for row in things}, bool(almen[i]), bool(court[i]), kinds)
        # A tap or a lamp that is somebody's does not close the lawn on which it stands.
        alone = level == "space" and status[i] == POSSIBLE
        said = [] if alone else [(tags[row], told[row]) for row in things]
        rows.append(_of_things(said, otherwise, kinds, position) if said else otherwise)
        facts.append(facts_as_text(str(places.index[things[0]]), ("access",)))
    return replace(from_rows(rows), facts=object_array(facts))


def _of_things(
    things: Sequence[tuple[Mapping[str, str], object]], otherwise: Row, rules: TagRules, where: Position
) -> Row:
    """What tags of the things, or of closed ground under them, say together; else what the whole ground says."""
    said = [_tagged(tags, access, rules, where) for tags, access in things]
    told = [value for value in said if value is not None]
    # A fence says that it may be shut, not that it is.
    if all(access == FENCED and _tagged(tags, None, rules, where) is None for tags, access in things):
        return FENCED_GARDEN
    if told and (max(part.low for part in told) == 1.0 or len(told) == len(said)):
        low, high = max(part.low for part in told), max(part.high for part in told)
        if low == high:
            return (low, low, high, OBSERVED, "tag_access")
        if not all(part.is_read for part in told):
            return unknown(UNREADABLE, low, high)
        return ((low + high) / 2, low, high, DERIVED, "tag_access_hours")
    public = any(tags.get(key) in rules.access["public_owners"] for tags, _ in things for key in OWNER_KEYS)
    return PUBLIC_OWNER if public and otherwise in OF_NOBODY_ELSE else otherwise


def _tagged(tags: Mapping[str, str], of_ground: object, rules: TagRules, where: Position) -> Reading | None:
    """Right to enter by the tags of a thing, over the hours of a year, or by those of closed ground under it."""
    if read_tag(tags, "locked").low == 1.0 or any(read_tag(tags, key).low == 1.0 for key in MEMBER_KEYS):
        return NO
    right = partial(_right, values=rules.access["values"])
    plain = next((tags[key] for key in ACCESS_KEYS if tags.get(key, NOT_SAID).strip().lower() != NOT_SAID), None)
    keys = ("foot",) if "foot" in tags else ACCESS_KEYS
    conditional = next((tags[key + CONDITIONAL] for key in keys if key + CONDITIONAL in tags), None)
    ground = of_ground if isinstance(of_ground, str) else None
    base = None if plain is None and ground is None else right(plain or ground or "")
    told = base if conditional is None else over_time(base, conditional, right, where)
    doubts = [read_tag(tags, key) for key in ("locked", *MEMBER_KEYS) if key in tags]
    if any(doubt.high > 0.0 for doubt in doubts):
        return Reading(0.0, 1.0 if told is None else told.high, all(doubt.is_read for doubt in doubts))
    return told


def _right(value: str, values: Mapping[str, float]) -> Reading:
    """Right to enter by one value of ``foot`` or ``access``; of a list, of any part of it."""
    known = [values.get(part.strip().lower()) for part in value.split(";")]
    if any(one is None for one in known):
        return UNREAD._replace(is_read=read("access", value).is_read)
    rights = [one for one in known if one is not None]
    return Reading(min(rights), max(rights))


def _of_ground(site: Mapping[Hashable, Any], owners: set[Any], almen: bool, court: bool, rules: TagRules) -> Row:
    """What the ground of a site lets one assume."""
    told = site["access"]
    values: Mapping[str, float] = rules.access["values"]
    if isinstance(told, str) and (right := _right(told, values)).is_known:
        return (right.low, right.low, right.low, OBSERVED, "ground_access")
    shut = rules.access["closed_ground"]
    # One thing on open ground opens the space, as one that is tagged open does.
    of_things = [str(owner) for owner in owners] if owners <= set(shut) else []
    closed = sorted({*of_things, *([ground] if (ground := site["ground"]) in shut else [])})
    if closed or float(site["institution_share"]) > MOSTLY:
        return (0.2, 0.0, 1.0, ASSUMED, f"{closed[0] if closed else 'institution'}_ground")
    if site["ground"] == "park" and isinstance(site["ground_name"], str):
        return NAMED_PARK
    if almen:
        return ALMEN
    away_m = float(site["nearest_public_path_m"])
    if away_m <= PATH_THROUGH_M:
        return PATH_THROUGH
    if court:
        return COURT
    if float(site["row_house_share"]) > MOSTLY and not away_m <= PATH_NEAR_M:
        return ROW_HOUSES
    return PATH_NEAR if away_m <= PATH_NEAR_M else NOTHING


def _on(areas: gpd.GeoDataFrame, places: gpd.GeoDataFrame) -> Bools:
    """Say of each place whether its inner point lies on one of these areas."""
    found = np.zeros(len(places), dtype=bool)
    if len(areas) and len(places):
        inner = shapely.point_on_surface(places.geometry.to_numpy())
        found[shapely.STRtree(areas.geometry.to_numpy()).query(inner, predicate="within")[0]] = True
    return found
