"""Ways with what their tags say to somebody who walks; what governs them; what stands in the way. Pure."""

from __future__ import annotations

import math
from collections.abc import Mapping
from functools import partial
from typing import Any, NamedTuple

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely
from pyproj import CRS

from spatial.core.arrays import object_array
from spatial.core.incremental import AFRESH, Steps
from spatial.core.model import Features
from spatial.layers import squares as walking
from spatial.layers.hours import CONDITIONAL, HOURS, Position, open_share, over_time
from spatial.layers.lifecycle import is_shut
from spatial.layers.tag_values import NO, PERHAPS, YES, Reading, read, read_tag
from spatial.layers.tags import Picked, Table, Tags, as_columns, nodes_of, pick, table_of
from spatial.settings.tags import TagRules, words

# BR18 § 49: ramps and accesses at most 1:20, paths to entrances at least 1.3 m wide.
MAX_STEP_FREE_SLOPE = 0.05
MIN_STEP_FREE_WIDTH_M = 1.3
# Across, a way leans at most 1:40 (SBi-anvisning 230: 25 ‰).
MAX_CROSS_SLOPE = 0.025
# A kerb that wheels get over (SBi-anvisning 230: 2.5 cm; the wiki's lowered kerb: 3 cm).
MAX_KERB_M = 0.03
# A way that is open for less of the time is one that may be shut when one comes.
OPEN_MOSTLY = 0.5
# Between posts: narrower stops a wheelchair, wider lets every one through (BR18 § 49, free width of doors: 0.77 m).
SHUT_GAP_M, OPEN_GAP_M = 0.77, 0.9


class _Way(NamedTuple):
    """What the tags of a way say to somebody who walks."""

    highway: str
    name: str | None
    surface: str | None
    smoothness: str | None
    lit: str | None
    wheelchair: str | None
    kerb: str | None
    ramp: str | None
    access: str | None
    foot: str | None
    way_class: str
    width_m: float
    incline: float
    steps: bool
    bridge: bool
    tunnel: bool
    level: float
    allowed: bool
    doubt: bool
    major: bool
    perhaps_major: bool
    is_crossing: bool


PATH_COLUMNS = _Way._fields


NUMBERS = ("width_m", "incline", "level")
FLAGS = ("steps", "bridge", "tunnel", "allowed", "doubt", "major", "perhaps_major", "is_crossing")


SLOW_CLASSES = ("footway", "path", "track", "cycleway")
KERBS = ("kerb", "curb", "sloped_curb", "sloped_kerb")
WIDTHS = ("width", "maxwidth:physical")
HURDLES = ("sac_scale", "obstacle", "obstacle:wheelchair", "ladder", "stroller")
GAPS = frozenset({"barrier", "maxwidth:physical"})
# Gates whose width is that of the gap in them; of a bollard it is its own.
WIDE_AS_ITS_GAP = ("gate", "swing_gate", "sliding_gate", "wicket_gate", "kissing_gate", "lift_gate", "entrance", "door")
RAMPS = ("ramp", "ramp:stroller", "ramp:bicycle", "ramp:luggage")
WHEELCHAIR_RAMPS = ("ramp:wheelchair", "wheelchair:ramp")
SLOPES = ("incline", "incline:max")


def read_way(tags: Tags, walk: Mapping[str, Any]) -> _Way | None:
    """Read a way; None where the tags are not those of a way that people on foot could ever use."""
    way_class = _way_class(tags, walk)
    if way_class is None:
        return None
    highway, level, hurdle = _highway(tags, walk), read_tag(tags, "layer"), _hurdle(tags)
    speed = read_tag(tags, "maxspeed")
    driven, limit = highway not in SLOW_CLASSES, walk["major_speed_kmh"]
    is_major = highway in walk["major"] or (driven and speed.low > limit)
    (allowed, is_sure), (width_m, is_wide), (incline, is_flat), (kerb, is_kerb) = (
        _allowed(tags, walk), _width(tags), _incline(tags), _kerb(tags),
    )  # fmt: skip
    return _Way(
        highway=highway,
        name=tags.get("name"),
        surface=tags.get("surface"),
        smoothness=tags.get("smoothness"),
        lit=tags.get("lit"),
        wheelchair=tags.get("wheelchair", None if hurdle.high else "no"),
        kerb=kerb,
        ramp=_ramp(tags),
        access=tags.get("access"),
        foot=tags.get("foot"),
        way_class=way_class,
        width_m=width_m,
        incline=incline,
        steps=_has_steps(tags),
        bridge="bridge" in tags and read_tag(tags, "bridge").high > 0.0,
        tunnel="tunnel" in tags and read_tag(tags, "tunnel").high > 0.0,
        level=level.number if "layer" in tags and level.is_read else 0.0,
        allowed=allowed,
        doubt=not (is_sure and is_wide and is_flat and is_kerb and _is_passable(tags) and hurdle.is_known),
        major=is_major,
        perhaps_major=not is_major and driven and "maxspeed" in tags and speed.high > limit,
        is_crossing=not _crossing_tags(tags).isdisjoint(walk["crossing_ways"]),
    )


def paths_of(lines: Features, squares: Picked, rules: TagRules, crs: CRS, step: Steps) -> Table:
    """Ways with the tags that walking needs; ``allowed`` says whether people on foot may use it.

    Parameters
    ----------
    squares
        Areas on which people walk, as ``is_walkable_area`` picks them: their outlines, where they are no lines, and
        the straight ways across from one way that ends there to another.
    """
    ways = step.each(read_way, lines.tags, rules.walk)
    found = [(i, way) for i, way in enumerate(ways) if way is not None]
    index = [i for i, _ in found]
    nodes = nodes_of(lines)
    known = [nodes[i] for i in index]
    more = walking.ways_of_squares(lines.ids[index], lines.geometry[index], known, squares)
    read_ = {int(i): read_way(squares.tags[i], rules.walk) for i in np.unique(more.square)}
    dtypes = dict.fromkeys(NUMBERS, np.float64) | dict.fromkeys(FLAGS, np.bool_)
    of_squares = [way for i in more.square.tolist() if (way := read_[i]) is not None]
    columns = as_columns([*(way for _, way in found), *of_squares], PATH_COLUMNS, dtypes)
    columns["across"] = np.concatenate([np.zeros(len(index), dtype=bool), more.across])
    columns["node_ids"] = object_array([*known, *more.nodes])
    ids = np.concatenate([lines.ids[index], squares.ids[more.square]])
    return table_of(ids, np.concatenate([lines.geometry[index], more.lines]), columns, crs)


def is_walkable_area(tags: Tags, rules: TagRules) -> bool:
    """Whether these are the tags of a square, or another area that is a way."""
    return tags.get("area") == "yes" and _way_class(tags, rules.walk) is not None


def _crossing_tags(tags: Tags) -> frozenset[str]:
    return frozenset(f"{key}={tags[key]}" for key in ("footway", "path", "cycleway") if key in tags)


def _highway(tags: Tags, walk: Mapping[str, Any]) -> str:
    """The kind of way, of several the first on which people may walk."""
    kinds = [kind.strip().lower() for kind in tags.get("highway", "").split(";")]
    return next((kind for kind in kinds if kind in walk["classes"] or kind in walk["only_with_foot"]), kinds[0])


def _way_class(tags: Tags, walk: Mapping[str, Any]) -> str | None:
    highway = _highway(tags, walk)
    known: str | None = walk["classes"].get(highway) or walk["only_with_foot"].get(highway)
    return known


def permission(tags: Tags, where: Position | None = None) -> Reading | None:
    """What tags say of whether people on foot may pass: a share of the time; None where they say nothing.

    ``foot`` goes before ``access``, and with it its conditions.
    """
    plain = next((key for key in ("foot", "access") if key in tags), None)
    keys = ("foot",) if plain == "foot" else ("foot", "access")
    conditional = next((key for key in keys if key + CONDITIONAL in tags), None)
    if plain is None and conditional is None:
        return None
    base = None if plain is None else read(plain, tags[plain])
    if conditional is None:
        return base
    return over_time(base, tags[conditional + CONDITIONAL], partial(read, conditional), where)


def _allowed(tags: Tags, walk: Mapping[str, Any]) -> tuple[bool, bool]:
    """Whether people on foot may use a way, and whether that is sure; some classes are only open when tagged so."""
    highway = _highway(tags, walk)
    by_class = (highway in walk["classes"] and highway not in walk["only_with_foot"]) or (
        read_tag(tags, "sidewalk").low == 1.0
    )
    may = permission(tags)
    if may is None:
        return by_class, True
    if may.high <= 0.0:
        return False, True
    is_sure = may.is_read and may.low > OPEN_MOSTLY
    return by_class or "foot" in tags or "foot" + CONDITIONAL in tags, is_sure


def _has_steps(tags: Tags) -> bool:
    """Whether a way is one of steps, or has some."""
    kinds = words(tags.get("highway")) | words(tags.get("footway")) | words(tags.get("path"))
    return (
        "steps" in kinds or read_tag(tags, "step_count").low > 0.0 or ("ford" in tags and read_tag(tags, "ford") == NO)
    )


def _is_passable(tags: Tags) -> bool:
    """Whether a way is open most of the time by its hours, and leads through no water and over no uncounted steps."""
    return (
        (HOURS not in tags or open_share(tags[HOURS]).low > OPEN_MOSTLY)
        and ("ford" not in tags or read_tag(tags, "ford") == YES)
        and ("step_count" not in tags or read_tag(tags, "step_count").low > 0.0 or read_tag(tags, "step_count") == NO)
    )


def _hurdle(tags: Tags) -> Reading:
    """Whether wheels get past what else is said to be in the way: ladders, fallen trees, rock, a slope across."""
    said = [read_tag(tags, key) for key in HURDLES if key in tags]
    if "incline:across" in tags:
        across = read_tag(tags, "incline:across")
        said.append(YES if across.high <= MAX_CROSS_SLOPE else NO if across.low > MAX_STEP_FREE_SLOPE else PERHAPS)
    return Reading(min((part.low for part in said), default=1.0), min((part.high for part in said), default=1.0))


def _width(tags: Tags) -> tuple[float, bool]:
    """Width in metres, NaN where nobody says; and whether it is known if it is enough.

    A guess at it is no more, and a limit to the width of vehicles may be a law or two posts.
    """
    said = [read_tag(tags, key) for key in WIDTHS if key in tags]
    guesses = [key for key in ("maxwidth", *(() if said else ("est_width",))) if key in tags]
    is_wide = all(read_tag(tags, key).low >= MIN_STEP_FREE_WIDTH_M for key in guesses)
    if not said:
        return math.nan, is_wide
    width = Reading(min(part.low for part in said), min(part.high for part in said))
    if width.high < MIN_STEP_FREE_WIDTH_M:
        return width.number, True
    is_enough = width.low >= MIN_STEP_FREE_WIDTH_M
    return (width.low if is_enough else math.nan), is_enough and is_wide


def _incline(tags: Tags) -> tuple[float, bool]:
    """Slope as a share, without its direction, NaN where nobody says; and whether it is known if it is too much."""
    said = [read_tag(tags, key) for key in SLOPES if key in tags] or [read_tag(tags, "incline")]
    low, high = (max(part[side] for part in said) for side in (0, 1))
    if low > MAX_STEP_FREE_SLOPE:
        return low, True
    is_gentle = high <= MAX_STEP_FREE_SLOPE
    return (high if is_gentle else math.nan), is_gentle or tags.keys().isdisjoint(SLOPES)


def _kerb(tags: Tags) -> tuple[str | None, bool]:
    """Kerb as ``raised`` or ``lowered``, None without one; and whether it is known which."""
    said = [read_tag(tags, key) for key in KERBS if key in tags]
    heights = ("kerb:height", "height") if tags.get("barrier") == "kerb" else ("kerb:height",)
    if measured := next((key for key in heights if key in tags), None):
        height = read("kerb:height", tags[measured])
        said.append(YES if height.high <= MAX_KERB_M else NO if height.low > MAX_KERB_M else PERHAPS)
    if not said:
        return None, True
    low, high = min(part.low for part in said), max(part.high for part in said)
    return (None if low != high else "lowered" if low else "raised"), low == high


def _ramp(tags: Tags) -> str | None:
    """Whether wheels get up steps by a ramp: yes, no, perhaps; None where nobody says."""
    conveys = read_tag(tags, "conveying") if "conveying" in tags else NO
    if conveys == YES:
        return "no"
    said = [read_tag(tags, key) for key in WHEELCHAIR_RAMPS if key in tags]
    if said and all(ramp.is_known for ramp in (*said, conveys)) and len({ramp.low for ramp in said}) == 1:
        return "yes" if said[0].low else "no"
    said += [read_tag(tags, key) for key in RAMPS if key in tags]
    return None if not said else "perhaps" if any(ramp.high for ramp in said) else "no"


# Without one of these a node says nothing of the way.
NODE_KEYS = frozenset(
    {"barrier", "crossing", "ford", "highway", *KERBS, "kerb:height", "railway", "step_count", "wheelchair", "access",
     "foot", "maxwidth:physical"}
)  # fmt: skip
# Where one of these stands, what may be said of it is not said of the way.
STANDS_THERE = (
    "amenity", "leisure", "shop", "tourism", "office", "club", "entrance", "door", "building", "public_transport",
    "natural", "addr:housenumber", "social_facility", "place", "man_made", "power", "indoor",
)  # fmt: skip
MAY_BE_ITS = ("wheelchair", "access", "foot", "maxwidth:physical", "step_count")
STOPS = ("bus_stop", "platform", "station", "halt", "tram_stop", "subway_entrance")


def tags_of_the_way(tags: Tags) -> Tags:
    """Tags of a node that are said of the way on which it lies."""
    if tags.keys().isdisjoint(NODE_KEYS) or "barrier" in tags:
        return tags
    is_stop = not (words(tags.get("highway")) | words(tags.get("railway"))).isdisjoint(STOPS)
    if not is_stop and tags.keys().isdisjoint(STANDS_THERE):
        return tags
    return {key: value for key, value in tags.items() if key not in MAY_BE_ITS}


def path_nodes(points: Features, rules: TagRules, crs: CRS, *, step: Steps = AFRESH) -> Table:
    """Nodes that decide whether one gets through or across: locked gates, stiles, crossings, kerbs."""
    picked = step(pick, points, _said_of_node, rules, step, "path_nodes", key="path_nodes")
    return step(_as_nodes, picked, crs)


def _said_of_node(tags: Tags, rules: TagRules) -> tuple[bool, bool, str | None, int] | None:
    """Whether it is locked and a crossing, its kerb, and whether wheels pass; None where it decides nothing."""
    if NODE_KEYS.isdisjoint(tags):  # so are fewer tags
        return None
    said = tags_of_the_way(tags)
    if NODE_KEYS.isdisjoint(said):
        return None
    locked, crossing = _is_locked(said, rules), rules.crossing.first(said) == "crossing"
    found = (locked, crossing, said.get("kerb"), wheels_pass(said, rules))
    return found if locked or crossing or found[2] or found[3] != 1 else None


def _as_nodes(picked: Picked, crs: CRS) -> Table:
    # A vertex of a way has a number; a point of another source lies on none.
    numbers = [identity.rpartition("/")[2] for identity in picked.ids]
    index = [i for i, number in enumerate(numbers) if number.isdigit()]
    dtypes = {"locked": bool, "crossing": bool, "passable": np.int64}
    said = as_columns([picked.called[i] for i in index], ("locked", "crossing", "kerb", "passable"), dtypes)
    node_id = np.array([int(numbers[i]) for i in index], dtype=np.int64)
    return table_of(picked.ids[index], picked.geometry[index], {"node_id": node_id} | said, crs)


def locked_share(tags: Tags, where: Position | None = None) -> Reading:
    """Share of the time that something is locked; 0 where nobody says that it ever is."""
    base = read_tag(tags, "locked") if "locked" in tags else NO
    return over_time(base, tags.get("locked" + CONDITIONAL), partial(read, "locked"), where)


def _is_locked(tags: Tags, rules: TagRules) -> bool:
    """Whether nobody gets through."""
    may = permission(tags)
    if "foot" in tags and may is not None and may.high > 0.0:
        return False
    is_forbidden = may is not None and may.high <= 0.0
    if is_gate(tags, rules):
        return is_forbidden or locked_share(tags).low == 1.0 or is_shut(tags)
    return is_forbidden and tags.keys().isdisjoint(("highway", "crossing", "railway"))


def wheels_pass(tags: Tags, rules: TagRules) -> int:
    """Whether wheels get past a node: 1 yes, 0 no, -1 not known. What is tagged passable is so."""
    chair = read_tag(tags, "wheelchair")
    if chair.is_known:
        return int(chair.low)
    said = [chair] if "wheelchair" in tags else []
    said += [read_tag(tags, "ford")] if "ford" in tags else []
    said += _of_steps(tags)
    kerb, is_known = _kerb(tags)
    if kerb or not is_known:
        said.append(PERHAPS if not is_known else YES if kerb == "lowered" else NO)
    if not GAPS.isdisjoint(tags) and not (tags.get("barrier") == "kerb" and (kerb or not is_known)):
        said.append(_barrier(tags))
    if is_gate(tags, rules):
        may = permission(tags)
        is_open = (
            (may is None or (may.is_read and may.low > OPEN_MOSTLY))
            and locked_share(tags).high < 1.0 - OPEN_MOSTLY
            and _is_passable(tags)
        )
        may_walk = "foot" in tags and read_tag(tags, "foot") == YES
        said.append(YES if is_open or _is_locked(tags, rules) or may_walk else PERHAPS)
    low, high = (min((part[side] for part in said), default=1.0) for side in (0, 1))
    return int(low) if low == high and "wheelchair" not in tags else -1


def _of_steps(tags: Tags) -> list[Reading]:
    """What is said of steps at a node: that wheels get past them, by a ramp, or not; nothing where there are none."""
    are_steps = not words(tags.get("highway")).isdisjoint(("steps", "step"))
    if not are_steps and "step_count" not in tags:
        return []
    count, ramp = read_tag(tags, "step_count"), _ramp(tags)
    if count == NO or ramp == "yes":
        return [YES]
    return [NO if (are_steps or count.low > 0.0) and ramp != "perhaps" else PERHAPS]


def _barrier(tags: Tags) -> Reading:
    """Whether wheels get past a barrier on a path, by its kind and the gap in it."""
    kind = read_tag(tags, "barrier") if "barrier" in tags else YES
    gaps = [read_tag(tags, key) for key in ("maxwidth:physical", "maxwidth", "opening") if key in tags]
    if "width" in tags and not words(tags.get("barrier")).isdisjoint(WIDE_AS_ITS_GAP):
        gaps.append(read_tag(tags, "width"))
    if not gaps or kind.high == 0.0:
        return kind
    if gaps[0].high < SHUT_GAP_M:
        return NO
    return YES if gaps[0].low >= OPEN_GAP_M and tags.get("barrier") != "kissing_gate" else PERHAPS


def fences_of(lines: Table, areas: Table, rules: TagRules) -> Table:
    """Closed barriers as lines, and whether they block the view."""
    config = rules.barrier
    areas = areas[~areas.index.isin(lines.index)]
    areas = areas.set_geometry(areas.boundary) if len(areas) else areas
    table = gpd.GeoDataFrame(pd.concat([lines, areas]), geometry="geometry", crs=lines.crs) if len(areas) else lines
    table = table.sort_index()
    sees_over = np.array([_height_m(text).high < config["view_height_m"] for text in table["height"]], dtype=bool)
    kind = table["barrier"].fillna("fence").to_numpy().astype(str)
    opaque = np.array([not words(text).isdisjoint(config["blocks_view"]) for text in kind], dtype=bool)
    return table.assign(barrier=kind, blocks_view=opaque & ~sees_over)


def _height_m(text: object) -> Reading:
    return read("height", text if isinstance(text, str) else None)


def is_closed(tags: Tags, rules: TagRules) -> bool:
    """Whether these are the tags of a barrier that is closed to people on foot."""
    kinds = words(tags.get("barrier"))
    return not kinds.isdisjoint(rules.barrier["closed"]) and kinds.isdisjoint(rules.barrier["gates"])


def is_gate(tags: Tags, rules: TagRules) -> bool:
    """Whether these are the tags of something in a barrier, or on a path, that lets people on foot through."""
    return not words(tags.get("barrier")).isdisjoint(rules.barrier["gates"])


def is_fenced(tags: Tags, rules: TagRules) -> bool:
    """Whether these are the tags of something with a closed barrier around it."""
    return is_closed(tags, rules) or read_tag(tags, "fenced").low == 1.0


def with_gaps(fences: Table, gates: Table, paths: Table, rules: TagRules) -> Table:
    """Closed barriers, open where a gate is or a walkable way leads through."""
    lines = fences.geometry.to_numpy()
    return fences.set_geometry(_opened(lines, gates, paths, rules.barrier["gap_m"]), crs=fences.crs)


def _opened(lines: npt.NDArray[np.object_], gates: Table, paths: Table, gap_m: float) -> npt.NDArray[np.object_]:
    if not len(lines):
        return lines
    through = paths[paths["allowed"] & ~paths["bridge"] & ~paths["tunnel"]].geometry.to_numpy()
    barrier, way = shapely.STRtree(through).query(lines, predicate="intersects")
    crossings = shapely.get_parts(shapely.intersection(lines[barrier], through[way]))
    holes = np.concatenate([gates.geometry.to_numpy(), crossings[shapely.get_type_id(crossings) == 0]])
    if not len(holes):
        return lines
    near, hole = shapely.STRtree(holes).query(lines, predicate="dwithin", distance=gap_m)
    result = lines.copy()
    for i in np.unique(near):
        openings = shapely.buffer(shapely.multipoints(holes[hole[near == i]]), gap_m)
        result[i] = shapely.difference(lines[i], openings)
    return result
