"""Rows of a register into points, lines and areas with identities that last. Pure.

An identity is the source's own id field, else a digest of the row's content: never a row number,
so that neither the order of the rows nor a row more changes it.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import shapely
from shapely.geometry.base import BaseGeometry

from spatial.model import Features
from spatial.sources.mapping import code, text_of

# Parts of a MultiPoint this near to their middle are one thing surveyed twice; further off, they are many.
ONE_THING_M = 10.0
DIGEST_CHARACTERS = 16
# Enough for a centimetre in degrees.
DECIMALS = 7
POINT, LINE, POLYGON = 0, 1, 2


class Thing(NamedTuple):
    """One object: its identity, its tags, and a geometry of one kind."""

    id: str
    tags: Mapping[str, str]
    geometry: BaseGeometry


def identities(prefix: str, own: Sequence[Any], contents: Sequence[str]) -> list[str]:
    """Identities of rows: ``"<prefix>:<own id>"``, else of their content.

    Rows that share an id but differ get the first characters of their content's digest as well.

    Parameters
    ----------
    own
        Values of the id field; None where there is none.
    contents
        What each row says, as text: equal rows have equal texts.
    """
    digests = [hashlib.sha256(content.encode()).hexdigest()[:DIGEST_CHARACTERS] for content in contents]
    names = [code(value) for value in own]
    meant: dict[str, set[str]] = {}
    for name, digest in zip(names, digests, strict=True):
        if name is not None:
            meant.setdefault(name, set()).add(digest)
    return [
        f"{prefix}:{digest}"
        if name is None
        else f"{prefix}:{name}"
        if len(meant[name]) == 1
        else f"{prefix}:{name}~{digest[:8]}"
        for name, digest in zip(names, digests, strict=True)
    ]


def content(columns: Mapping[str, Sequence[Any]], shapes: npt.NDArray[np.object_]) -> list[str]:
    """What each row says, with its place to a centimetre, in an order of its own."""
    names = sorted(columns, key=str)
    where = shapely.to_wkt(shapely.normalize(shapely.force_2d(shapes)), rounding_precision=DECIMALS)
    rows = zip(*(columns[name] for name in names), strict=True) if names else iter([()] * len(shapes))
    return [
        "\x1f".join([*(f"{name}={text_of(value)}" for name, value in zip(names, row, strict=True)), str(place)])
        for row, place in zip(rows, where, strict=True)
    ]


def simple(
    ids: Sequence[str],
    tags: Sequence[Mapping[str, str] | None],
    shapes: npt.NDArray[np.object_],
    dropped: Counter[str],
    repaired: Counter[str],
) -> list[Thing]:
    """Rows as objects of one geometry type each, the same one only once, sorted by identity.

    A MultiPoint whose parts lie within ``ONE_THING_M`` of their middle is one point there; other
    MultiPoints and MultiLineStrings are taken apart, in the order of their coordinates. Areas stay
    whole with all their parts. What has no geometry, no length or no area is dropped and counted.
    """
    things: dict[str, Thing] = {}
    for identity, tag, shape in zip(ids, tags, shapes, strict=True):
        if tag is None:
            continue
        found = list(_parts(shape, dropped, repaired))
        for suffix, part in zip(_suffixes(len(found)), found, strict=True):
            name = identity + suffix
            if name in things:
                repaired["the same object twice: taken once"] += 1
            things[name] = Thing(name, tag, part)
    return [things[name] for name in sorted(things)]


def _suffixes(count: int) -> list[str]:
    return [""] if count == 1 else [f"/{i}" for i in range(1, count + 1)]


def _parts(shape: BaseGeometry | None, dropped: Counter[str], repaired: Counter[str]) -> Iterator[BaseGeometry]:
    if shape is None or shape.is_empty:
        dropped["no geometry"] += 1
        return
    pieces = _by_dimension(shape)
    if len(pieces) > 1:
        repaired["mixed geometry: taken apart"] += 1
    usable = [part for dimension, group in sorted(pieces.items()) for part in _of(dimension, group, dropped, repaired)]
    yield from usable


def _by_dimension(shape: BaseGeometry) -> dict[int, list[BaseGeometry]]:
    leaves: list[BaseGeometry] = [shape]
    while any(hasattr(leaf, "geoms") for leaf in leaves):
        leaves = [part for leaf in leaves for part in (leaf.geoms if hasattr(leaf, "geoms") else [leaf])]
    groups: dict[int, list[BaseGeometry]] = {}
    for leaf in leaves:
        if not leaf.is_empty:
            groups.setdefault(int(shapely.get_dimensions(leaf)), []).append(leaf)
    return groups


def _of(dimension: int, group: list[BaseGeometry], dropped: Counter[str], repaired: Counter[str]) -> list[BaseGeometry]:
    if dimension == POINT:
        middle: Any = shapely.centroid(shapely.multipoints(group))
        if len(group) > 1 and all(point.distance(middle) <= ONE_THING_M for point in group):
            repaired["points of one object close together: taken as their middle"] += 1
            return [middle]
        if len(group) > 1:
            repaired["object of several points: taken apart"] += 1
        return sorted(group, key=lambda point: point.bounds)
    if dimension == LINE:
        lines = [line for line in group if line.length > 0]
        if not lines:
            dropped["line without length"] += 1
        return sorted(lines, key=lambda line: shapely.to_wkb(shapely.normalize(line)))
    return _area(group, dropped, repaired)


def _area(group: list[BaseGeometry], dropped: Counter[str], repaired: Counter[str]) -> list[BaseGeometry]:
    area: Any = group[0] if len(group) == 1 else shapely.multipolygons(group)
    if not area.is_valid:
        repaired["self-crossing area"] += 1
        kept = [part for part in _by_dimension(shapely.make_valid(area)).get(POLYGON, []) if part.area > 0]
        area = shapely.union_all(kept)
    if not area.area > 0:
        dropped["area without extent"] += 1
        return []
    return [area]


def features(things: Sequence[Thing], dimension: int) -> Features:
    """The objects of one dimension: 0 points, 1 lines, 2 areas."""
    chosen = [thing for thing in things if int(shapely.get_dimensions(thing.geometry)) == dimension]
    ids = np.array([thing.id for thing in chosen], dtype=object)
    shapes = np.array([*(thing.geometry for thing in chosen), None], dtype=object)[:-1]
    return Features(ids, [thing.tags for thing in chosen], shapes)
