"""The health of an extract around an estate: what a mapper can mend, object by object. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache
from typing import Final, NamedTuple

import numpy as np

from spatial.core.dates import span
from spatial.core.incremental import AFRESH
from spatial.core.model import Features, RawData
from spatial.layers import lifecycle, squares
from spatial.layers.hours import CONDITIONAL, HOURS, Position, conditions, open_share
from spatial.layers.streets import NODE_KEYS, is_closed, is_walkable_area, read_way, tags_of_the_way
from spatial.layers.tag_values import read, vocabulary
from spatial.layers.tags import Tags, nodes_of, pick
from spatial.settings.tags import TagRules

NOT_JOINED: Final = "squares_not_joined"
TWICE: Final = "mapped_twice"
LIFECYCLE: Final = "lifecycle"
CONDITIONS: Final = "conditional_access"
UNREAD: Final = "unread_values"
OUTLINES: Final = "missing_outlines"
CHECKS: Final = (NOT_JOINED, TWICE, LIFECYCLE, CONDITIONS, UNREAD, OUTLINES)
CARRIERS: Final = frozenset({"place", "way", "node", "building", "barrier", "department"})
# Hours are only tried here: where they would be kept does not matter.
NOWHERE: Final[Position] = (0.0, 0.0)
MANY_TAGS: Final = 4096  # an extract has the same ones over and over
# Tags whose conditions change who may go where, and what is asked.
_MAY_DEPEND: Final = ("access", "foot", "fee", "locked", "wheelchair")


class Remark(NamedTuple):
    """Something about an object of OpenStreetMap: its identity, what it is about, and why."""

    object_id: str
    what: str
    why: str = ""


def unread_values(raw: RawData, rules: TagRules) -> list[tuple[str, str, str]]:
    """Values of tags that are read and cannot be: object, key, value."""
    return [
        (str(identity), key, tags[key])
        for features, carriers in _carried(raw, rules)
        for identity, tags in zip(features.ids, features.tags, strict=True)
        for key in _unread(tags, carriers)
    ]


def counted_values(unread: Iterable[tuple[str, str, str]]) -> list[dict[str, object]]:
    """Count values that cannot be read, the most frequent first."""
    count = Counter((key, value) for _, key, value in unread)
    rows = sorted(count.items(), key=lambda row: (-row[1], row[0]))
    return [{"key": key, "value": value, "count": n} for (key, value), n in rows]


def health_of(raw: RawData, rules: TagRules) -> dict[str, list[Remark]]:
    """Look at an extract as it was read: remarks by `CHECKS`, in the order of the extract."""
    there = lifecycle.on_the_ground(raw, rules)
    return {
        NOT_JOINED: [Remark(identity, "") for identity in _not_joined(there, rules)],
        TWICE: [Remark(one, other) for one, other in lifecycle.drawn_twice(raw, rules)],
        LIFECYCLE: list(_lifecycle(raw)),
        CONDITIONS: list(_conditional(there)),
        UNREAD: [Remark(identity, f"{key}={value}") for identity, key, value in unread_values(there, rules)],
        OUTLINES: [Remark(identity, "", reason) for reason, names in raw.lost.items() for identity in names],
    }


def _carried(raw: RawData, rules: TagRules) -> Iterator[tuple[Features, Callable[[Tags], frozenset[str]]]]:
    """Features with what their tags are those of: place, way, node, building, barrier, department."""

    def of_area(tags: Tags) -> frozenset[str]:
        said = {"place": rules.kind.first(tags), "building": "building" in tags, "barrier": is_closed(tags, rules)}
        return frozenset(name for name, holds in said.items() if holds)

    def of_line(tags: Tags) -> frozenset[str]:
        said = {"way": read_way(tags, rules.walk) is not None, "barrier": is_closed(tags, rules)}
        return frozenset(name for name, holds in said.items() if holds)

    def of_point(tags: Tags) -> frozenset[str]:
        said = {"place": rules.kind.first(tags), "node": not NODE_KEYS.isdisjoint(tags_of_the_way(tags))}
        return frozenset(name for name, holds in said.items() if holds)

    yield from ((raw.points, of_point), (raw.lines, of_line), (raw.areas, of_area))


def _unread(tags: Tags, carriers: Callable[[Tags], frozenset[str]]) -> Iterator[str]:
    """Keys whose value cannot be read, of those that matter to what carries them."""
    doubtful = {key: of for key, value in tags.items() if (of := _matters_to(key, value))}
    if doubtful:
        carried_by = carriers(tags)
        told = (key for key, of in doubtful.items() if not carried_by.isdisjoint(of))
        yield from (key for key in told if key != HOURS or not open_share(tags[key], NOWHERE).is_read)


@lru_cache(maxsize=MANY_TAGS)
def _matters_to(key: str, value: str) -> frozenset[str]:
    """To what it matters that a value cannot be read; nothing where it can. Hours take long to read: they may be."""
    if key in lifecycle.DATES and span(value) is None:
        return CARRIERS
    entry = vocabulary().get(key)
    if key in lifecycle.STATED and span(value) is not None:
        return frozenset()
    if entry is not None:
        return frozenset() if read(key, value).is_read else frozenset(entry["of"])
    if key == HOURS:
        return frozenset({"place"})
    plain = key.removesuffix(CONDITIONAL)
    unread = plain != key and plain in vocabulary() and conditions(value) is None
    return CARRIERS if unread else frozenset()


def _not_joined(raw: RawData, rules: TagRules) -> list[str]:
    """Squares at which no way ends."""
    areas = pick(raw.areas, is_walkable_area, rules, AFRESH, "squares")
    rows = [row for row, tags in enumerate(raw.lines.tags) if read_way(tags, rules.walk) is not None]
    nodes = nodes_of(raw.lines)
    known = [nodes[row] for row in rows]
    lone = squares.without_gate(raw.lines.ids[rows], raw.lines.geometry[rows], known, areas)
    return [str(identity) for identity in areas.ids[np.asarray(lone, dtype=bool)]]


def _lifecycle(raw: RawData) -> Iterator[Remark]:
    """Objects that are not there for anybody, with the reason, and tags that say what was there."""
    today = lifecycle.day_of(raw)
    for features in (raw.points, raw.lines, raw.areas):
        for identity, tags in zip(features.ids, features.tags, strict=True):
            reason = lifecycle.reason_to_leave_out(tags, today)
            told = lifecycle.lifecycle_tags(tags, today)
            if reason == lifecycle.BELOW or (reason == lifecycle.COMING and lifecycle.is_being_built(tags)):
                reason = None  # that is how it is
            if reason is not None or told:
                is_ = lifecycle.what_it_is(tags)
                yield Remark(str(identity), "; ".join([*told, *([is_] if is_ else [])]), reason or "")


def _conditional(raw: RawData) -> Iterator[Remark]:
    """Tags of access that hold at times."""
    wanted = tuple(key + CONDITIONAL for key in _MAY_DEPEND)
    for features in (raw.points, raw.lines, raw.areas):
        for identity, tags in zip(features.ids, features.tags, strict=True):
            said = [f"{key}={tags[key]}" for key in wanted if key in tags]
            if said:
                yield Remark(str(identity), "; ".join(said))
