"""What is on the ground now: not what is gone, shut down or to come, not what lies below, each thing once. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from typing import Final

import numpy as np
import shapely

from spatial.core import dates
from spatial.core.arrays import Ints, Shapes
from spatial.core.model import Features, RawData
from spatial.layers.conflation import class_of
from spatial.layers.tag_values import NO, YES, read, read_tag
from spatial.layers.tags import Tags
from spatial.settings.tags import TagRules, words

GONE: Final = "demolished, removed or ended"
COMING: Final = "planned, under construction or not yet open"
OUT_OF_USE: Final = "disused or abandoned"
BELOW: Final = "below the ground"
TWICE: Final = "the same thing mapped twice"

_GONE = ("demolished", "razed", "removed", "destroyed", "dismantled", "obliterated")
_COMING = ("proposed", "planned", "construction")
_OUT_OF_USE = ("disused", "abandoned", "ruins", "ruined", "vacant", "closed", "obsolete")
# Prefixes of the lifecycle: ``disused:leisure=playground`` is no playground.
PREFIXES: Final = (*_GONE, *_COMING, *_OUT_OF_USE, "was", "historic", "not", "former", "old", "future")
FORMER: Final = frozenset(f"{prefix}:{key}" for prefix in PREFIXES for key in ("amenity", "leisure"))
# Tags of a state; of what is none of these words nobody uses it (``defaults/tag_values.toml``).
STATES: Final = ("operational_status", "status", "state", "lifecycle")
_STATES_OF_THE_GONE = (*_GONE, "gone", "collapsed", "decommissioned", "nedlagt")
_STATES_TO_COME = (*_COMING, "under_construction", "planlagt")
_NOT_IN_USE = frozenset({*_STATES_OF_THE_GONE, *_STATES_TO_COME, *_OUT_OF_USE})
# Kinds under whose own name people write that one is none any more.
_OWN_STATE = ("playground", "garden", "pitch", "square", "damage")
# Days of an end or a beginning, also as people write them: ``removed:date``, and ``disused:end_date`` of a use.
_ENDS: Final = (
    "end_date", "end_date:edtf", "temporary:date_off", "demolition_date", "removal_date", "closing_date", "valid_to",
    *(f"{state}:date" for state in _GONE),
)  # fmt: skip
_BEGINS: Final = ("opening_date", "start_date", "start_date:edtf", "temporary:date_on", "valid_from")
_ENDS_OF_USE: Final = tuple(f"{state}:{day}" for state in _OUT_OF_USE for day in ("date", "end_date"))
DATES: Final = (*_ENDS, *_BEGINS, *_ENDS_OF_USE)
# What a key of these says is its state: yes, or since when, or till when.
STATED: Final = frozenset({*_GONE, *_COMING, *_OUT_OF_USE})
# Without one of these an object is there.
_TELLING = frozenset(
    {*STATED, *DATES, *STATES, *_OWN_STATE, "location", "parking", "level", "layer", "building:levels", *FORMER}
)  # fmt: skip
# What stands there though nobody uses it, and the keys that say what it was for.
_STANDING = ("building", "barrier", "natural", "waterway", "landuse")
_USES = ("amenity", "leisure", "shop", "tourism", "office", "club", "highway", "public_transport", "railway")
_UNDERGROUND = ("underground", "underwater", "subsurface")
_ON_TOP = ("roof", "rooftop")
# Kinds of thing of which one below the ground is nowhere on it.
_COVERED = ("building", "amenity", "leisure", "shop", "tourism", "landuse")

# Two outlines are one thing from this share of what they have in common; two points within this distance.
SAME_OUTLINE, SAME_SPOT_M, SAME_NAME_M = 0.8, 0.5, 2.0
# Keys that may differ in two drawings of one thing: how it was drawn and by whom.
AREA: Final = 2  # dimensions
_ABOUT = ("source", "note", "fixme", "created_by", "check_date", "survey:date", "type", "area", "wikidata")
_MAY_BE_VAGUE = ("building",)


def on_the_ground(raw: RawData, rules: TagRules) -> RawData:
    """Leave out of a source what is not there for people now, and let each thing be there once; all of it is counted.

    Dates are compared with that of the source; without one nothing is said of them.
    """
    today = day_of(raw)
    dropped: Counter[str] = Counter(raw.dropped)
    parts = {name: _there(getattr(raw, name), today, dropped) for name in ("points", "lines", "areas")}
    points, areas, doubles = _each_once(parts["points"], parts["areas"], rules)
    dropped[TWICE] += doubles
    counted = {reason: count for reason, count in sorted(dropped.items()) if count}
    return replace(raw, points=points, lines=parts["lines"], areas=areas, dropped=counted)


def places_left_out(raw: RawData, there: RawData, rules: TagRules) -> dict[str, int]:
    """Count the places of a source that ``on_the_ground`` has left out of it, by reason."""
    today, count = day_of(raw), Counter[str]()
    for before, after in zip(_parts_of(raw), _parts_of(there), strict=True):
        kept = set(after.ids)
        gone = (tags for name, tags in zip(before.ids, before.tags, strict=True) if name not in kept)
        count.update(reason_to_leave_out(tags, today) or TWICE for tags in gone if rules.kind.first(tags))
    return dict(sorted(count.items()))


def _parts_of(raw: RawData) -> tuple[Features, Features, Features]:
    return raw.points, raw.lines, raw.areas


def day_of(raw: RawData) -> date | None:
    """Day to which the data of a source belong, else the day since when it is here; None where neither is known."""
    return _day(raw.provenance.data_date or raw.provenance.retrieved_at)


def drawn_twice(raw: RawData, rules: TagRules) -> list[tuple[str, str]]:
    """Identities of objects that are another one's drawing, and of that other one."""
    today, unseen = day_of(raw), Counter[str]()
    points, areas = (_there(part, today, unseen) for part in (raw.points, raw.areas))
    ids = [*areas.ids, *points.ids]
    return sorted((str(ids[row]), str(ids[first])) for row, (first, _) in _doubles(points, areas, rules).items())


def reason_to_leave_out(tags: Tags, today: date | None = None) -> str | None:
    """Say why an object with these tags is not there for anybody; None where it is.

    Examples
    --------
    >>> reason_to_leave_out({"leisure": "playground", "disused": "yes"})
    'disused or abandoned'
    >>> reason_to_leave_out({"leisure": "playground", "end_date": "2019-05"}, date(2024, 5, 6))
    'demolished, removed or ended'
    """
    if _TELLING.isdisjoint(tags):
        return None
    if (former := _former(tags)) is not None:
        return former
    state = _state(tags)
    if state == GONE or _holds(tags, _GONE, today) or any(_is_past(tags.get(key), today) for key in _ENDS):
        return GONE
    if state == COMING or _holds(tags, _COMING, today) or any(_is_future(tags.get(key), today) for key in _BEGINS):
        return COMING
    if is_out_of_use(tags, today):
        return OUT_OF_USE
    return BELOW if is_below(tags) else None


def _former(tags: Tags) -> str | None:
    """Why nothing is there of an object of which tags say only what it was, or will be; None of any other."""
    if tags.keys().isdisjoint(FORMER) or not tags.keys().isdisjoint((*_USES, *_STANDING, "area", "place")):
        return None
    prefix = next(key for key in tags if key in FORMER).partition(":")[0]
    return GONE if prefix in (*_GONE, "was") else COMING if prefix in _COMING else OUT_OF_USE


def is_being_built(tags: Tags) -> bool:
    """Whether these are the tags of a building, or of ground, on which work goes on: it is taken, for now."""
    return _holds(tags, ("construction",)) and ("building" in tags or "landuse" in tags)


def is_out_of_use(tags: Tags, today: date | None = None) -> bool:
    """Whether these are the tags of something that stands there and that nobody uses."""
    is_shell = "building" in tags and _holds(tags, ("construction",))
    has_ended = any(_is_past(tags.get(key), today) for key in _ENDS_OF_USE)
    return is_shell or has_ended or _state(tags) == OUT_OF_USE or _holds(tags, _OUT_OF_USE, today)


def is_shut(tags: Tags) -> bool:
    """Whether these are the tags of something that is said to be closed for now."""
    return _state(tags) == OUT_OF_USE or _holds(tags, ("closed",))


def _state(tags: Tags) -> str | None:
    """Why a thing is not there for anybody by a tag of its state; None where none says so."""
    found = [(key, tags[key].strip().lower().replace(" ", "_").replace("-", "_")) for key in STATES if key in tags]
    told = [words(value) for key, value in found if read(key, value) == NO]
    told += [own for key in _OWN_STATE if not (own := words(tags.get(key))).isdisjoint(_NOT_IN_USE)]
    if not told:
        return None
    first = told[0]
    if not first.isdisjoint(_STATES_OF_THE_GONE):
        return GONE
    return OUT_OF_USE if first.isdisjoint(_STATES_TO_COME) else COMING


def is_below(tags: Tags) -> bool:
    """Whether these are the tags of something that lies below the ground."""
    if "highway" in tags or "railway" in tags or not any(key in tags for key in _COVERED):
        return False
    if not (words(tags.get("location")) | words(tags.get("parking"))).isdisjoint(_UNDERGROUND):
        return True
    if tags.get("building:levels") == "0" and read_tag(tags, "building:levels:underground").low > 0:
        return True
    is_solid = "building" in tags or tags.get("amenity") == "parking"
    return ("level" in tags and read_tag(tags, "level").high < 0) or (
        is_solid and "layer" in tags and read_tag(tags, "layer").high < 0
    )


def is_on_top(tags: Tags) -> bool:
    """Whether these are the tags of something in the open on top of a building."""
    return not words(tags.get("location")).isdisjoint(_ON_TOP)


def lifecycle_tags(tags: Tags, today: date | None = None) -> list[str]:
    """Tags that say what was there or will be (``disused:leisure=playground``), or that a thing is gone or to come."""

    def tells(key: str, value: str) -> bool:
        prefix, _, rest = key.partition(":")
        if rest:
            return prefix in PREFIXES and rest in (*_USES, *_STANDING, "place")
        return (key in STATED and _holds(tags, (key,), today)) or (key in _USES and value in STATED)

    told = [f"{key}={value}" for key, value in tags.items() if tells(key, value)]
    told += [f"{key}={tags[key]}" for key in (*_ENDS, *_ENDS_OF_USE) if _is_past(tags.get(key), today)]
    told += [f"{key}={tags[key]}" for key in _BEGINS if _is_future(tags.get(key), today)]
    stated = _state(tags) is not None
    return told + [f"{key}={tags[key]}" for key in (*STATES, *_OWN_STATE) if stated and key in tags]


def what_it_is(tags: Tags) -> str:
    """The tag and the name by which somebody finds a thing on the spot."""
    kinds = [f"{key}={tags[key]}" for key in (*_USES, *_STANDING) if key in tags][:1]
    return ", ".join([*kinds, *([tags["name"]] if "name" in tags else [])])


def _holds(tags: Tags, keys: tuple[str, ...], today: date | None = None) -> bool:
    """Whether one of these states holds: it is said, or the day since when, or of what is to come till when."""
    return any(key in tags and _holds_by(key, tags[key], today) for key in keys)


def _holds_by(key: str, value: str, today: date | None) -> bool:
    day = value.strip().lower().removeprefix("since ")
    if dates.span(day) is None or today is None:
        return read(key, value) == YES or dates.span(day) is not None
    return _is_future(day, today) if key in _COMING else _is_past(day, today)


def _day(text: str | None) -> date | None:
    try:
        return None if text is None else date.fromisoformat(text[:10])
    except ValueError:
        return None


def _is_past(text: str | None, today: date | None) -> bool:
    span = dates.span(text or "")
    return span is not None and today is not None and span[1] <= today


def _is_future(text: str | None, today: date | None) -> bool:
    span = dates.span(text or "")
    return span is not None and today is not None and span[0] > today


def _there(features: Features, today: date | None, dropped: Counter[str]) -> Features:
    """Features that are there for somebody; what stands empty keeps what it is and loses what it was for."""
    rows, tags, is_changed = [], [], False
    for row, own in enumerate(features.tags):
        reason = reason_to_leave_out(own, today)
        kept = own if reason is None else _standing(own, reason)
        is_changed |= kept is not own
        if kept is None:
            dropped[str(reason)] += 1
        else:
            rows.append(row)
            tags.append(kept)
    return part_of(features, np.array(rows, dtype=np.int64), tags) if is_changed else features


def _standing(tags: Tags, reason: str) -> Tags | None:
    """Tags of what stands there though nobody uses it; None where nothing does."""
    if reason == OUT_OF_USE and any(key in tags for key in _STANDING):
        return {key: value for key, value in tags.items() if key not in _USES}
    return tags if reason == COMING and is_being_built(tags) else None


def part_of(features: Features, rows: Ints, tags: list[Mapping[str, str]]) -> Features:
    """Some of the features, with these tags."""
    nodes = features.node_ids
    if nodes is not None and len(features):
        ends = np.cumsum(shapely.get_num_coordinates(features.geometry))
        parts = np.split(nodes, ends[:-1])
        nodes = np.concatenate([np.empty(0, np.int64), *(parts[row] for row in rows)])
    return Features(features.ids[rows], tags, features.geometry[rows], nodes)


# --- each thing once -----------------------------------------------------------------------------


def _each_once(points: Features, areas: Features, rules: TagRules) -> tuple[Features, Features, int]:
    """Points and areas without those that are another one's drawing, which takes over what only they say."""
    gone = _doubles(points, areas, rules)
    if not gone:
        return points, areas, 0
    tags = [*areas.tags, *points.tags]
    for first, merged in gone.values():
        tags[first] = merged
    kept = np.array([row for row in range(len(tags)) if row not in gone], dtype=np.int64)
    of_areas, of_points = kept[kept < len(areas)], kept[kept >= len(areas)]
    return (
        part_of(points, of_points - len(areas), [tags[row] for row in of_points]),
        part_of(areas, of_areas, [tags[row] for row in of_areas]),
        len(gone),
    )


def _doubles(points: Features, areas: Features, rules: TagRules) -> dict[int, tuple[int, Mapping[str, str]]]:
    """Rows (areas, then points) that are another one's drawing: that one's row, and its tags with theirs."""
    tags: list[Mapping[str, str]] = [*areas.tags, *points.tags]
    classes = [None if rules.stop.first(one) or rules.lamp.first(one) else class_of(one, rules) for one in tags]
    shapes = np.concatenate([areas.geometry, points.geometry])
    of_class: dict[str, list[int]] = {}
    for row in _first_drawings(areas, shapes):
        if (name := classes[row]) is not None:
            of_class.setdefault(name, []).append(row)
    gone: dict[int, tuple[int, Mapping[str, str]]] = {}
    for name, rows in sorted(of_class.items()):
        is_ground = name in rules.kinds and rules.kinds[name].ground
        for row, first in doubles_among(np.array(rows, dtype=np.int64), shapes, tags, is_ground=is_ground):
            tags[first] = {**tags[row], **tags[first]}
            gone[row] = (first, tags[first])
    return gone


def _first_drawings(areas: Features, shapes: Shapes) -> list[int]:
    """Rows in the order in which they are kept: relations, other areas, points."""
    rank = [0 if "relation/" in str(identity) else 1 for identity in areas.ids]
    rank += [2] * (len(shapes) - len(areas))
    return sorted(range(len(shapes)), key=lambda row: (rank[row], row))


def doubles_among(
    rows: Ints, shapes: Shapes, tags: list[Mapping[str, str]], *, is_ground: bool = False
) -> list[tuple[int, int]]:
    """Which of some things of one class is another one's drawing: (its row, the other's), the first is kept.

    Things that are ground (a square, a park) are one though one is tagged as a place and the other as a way.
    """
    if len(rows) < 2:
        return []
    mine = shapes[rows]
    is_area = shapely.get_dimensions(mine) == AREA
    within = np.where(is_area, 0.0, SAME_NAME_M)
    a, b = _near_in_size(mine, *shapely.STRtree(mine).query(mine, predicate="dwithin", distance=within))
    found: list[tuple[int, int]] = []
    gone: set[int] = set()
    for first, second in sorted({(min(i, j), max(i, j)) for i, j in zip(a.tolist(), b.tolist(), strict=True)}):
        if first == second or second in gone or first in gone:
            continue
        one, other = int(rows[first]), int(rows[second])
        if _is_one_kind(tags[one], tags[other], is_ground=is_ground) and _one_drawing(
            (shapes[one], tags[one]), (shapes[other], tags[other])
        ):
            found.append((other, one))
            gone.add(second)
    return _without_rivals(found, shapes, tags)


def _without_rivals(
    found: list[tuple[int, int]], shapes: Shapes, tags: list[Mapping[str, str]]
) -> list[tuple[int, int]]:
    """Pairs but for points in one area that are called differently: two schools on one campus."""
    inside: dict[int, list[int]] = {}
    for row, first in found:
        if shapely.get_dimensions(shapes[row]) < AREA <= shapely.get_dimensions(shapes[first]):
            inside.setdefault(first, []).append(row)
    rivals = {
        row
        for rows in inside.values()
        for row in rows
        if any(not _is_one_kind(tags[row], tags[other], is_ground=False) for other in rows if other != row)
    }
    return [(row, first) for row, first in found if row not in rivals]


def _near_in_size(shapes: Shapes, a: Ints, b: Ints) -> tuple[Ints, Ints]:
    """Pairs but for those of two areas whose boxes share too little; one of several parts may be another's part."""
    west, south, east, north = shapely.bounds(shapes).T
    width = np.minimum(east[a], east[b]) - np.maximum(west[a], west[b])
    height = np.minimum(north[a], north[b]) - np.maximum(south[a], south[b])
    size = (east - west) * (north - south)
    both_areas = (shapely.get_dimensions(shapes[a]) == AREA) & (shapely.get_dimensions(shapes[b]) == AREA)
    are_whole = (shapely.get_num_geometries(shapes[a]) == 1) & (shapely.get_num_geometries(shapes[b]) == 1)
    share_little = width.clip(0) * height.clip(0) < SAME_OUTLINE / 2 * np.maximum(size[a], size[b])
    use = (a != b) & ~(both_areas & are_whole & share_little)
    return a[use], b[use]


def _one_drawing(first: tuple[shapely.Geometry, Tags], second: tuple[shapely.Geometry, Tags]) -> bool:
    """Whether two shapes are drawings of one thing, the first at least as much of an area as the second."""
    (shape, mine), (other, theirs) = first, second
    if shapely.get_dimensions(shape) < AREA:
        is_named = "name" in mine and mine.get("name") == theirs.get("name")
        return bool(shapely.distance(shape, other) <= (SAME_NAME_M if is_named else SAME_SPOT_M))
    if shapely.get_dimensions(other) < AREA:
        return "building" not in mine and bool(shapely.intersects(shape, other))
    outline = _filled(other)
    return any(_overlap(part, outline) >= SAME_OUTLINE for part in (_filled(shape), *_parts(shape)))


def _parts(shape: shapely.Geometry) -> list[shapely.Geometry]:
    parts = shapely.get_parts(shape)
    return [shapely.Polygon(part.exterior) for part in parts] if len(parts) > 1 else []


def _filled(shape: shapely.Geometry) -> shapely.Geometry:
    """An area without its holes."""
    return shapely.union_all([shapely.Polygon(part.exterior) for part in shapely.get_parts(shape)])


def _overlap(a: shapely.Geometry, b: shapely.Geometry) -> float:
    common = shapely.area(shapely.intersection(a, b))
    return float(common / (shapely.area(a) + shapely.area(b) - common))


def _is_one_kind(mine: Tags, theirs: Tags, *, is_ground: bool) -> bool:
    """Whether two objects of a class are called the same, and do not say different things of one key."""
    shared = [key for key in mine.keys() & theirs.keys() if key not in _ABOUT]
    if not is_ground and not any(key in (*_USES, *_STANDING, "place") for key in shared):
        return False
    vague = [key for key in _MAY_BE_VAGUE if "yes" in (mine.get(key), theirs.get(key))]
    return all(mine[key] == theirs[key] for key in shared if key not in vague)
