"""Things on the ground that a pencil can mean: what lies where somebody points, its words, and where it lies."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Any

import numpy as np
import shapely
from pyproj import CRS, Transformer
from shapely.geometry.base import BaseGeometry

from spatial.core.crs import WGS84
from spatial.core.model import Estate, RawData
from spatial.layers.buildings import CLEARED
from spatial.plans.things import Ground as Named
from spatial.plans.validation import LAYERS
from spatial.settings.tags import tag_rules

NEAR_M, MOST = 8.0, 6
GATES = frozenset({"gate", "lift_gate", "swing_gate", "kissing_gate", "bollard", "cycle_barrier", "turnstile"})
ROADS = frozenset({"residential", "tertiary", "secondary", "primary", "unclassified", "living_street", "service"})
# What is small is meant before what lies under it.
ORDER = ("gate", "place", "barrier", "path", "road", "building")


@dataclass(frozen=True)
class Thing:
    """A thing that is there: its id, layer of a plan, kind of place (or None), tags, and geometry in metres."""

    identity: str
    layer: str
    kind: str | None
    tags: Mapping[str, str]
    geometry: BaseGeometry

    @property
    def address(self) -> str | None:
        """Street and number, where they are mapped."""
        return " ".join(self.tags[key] for key in ("addr:street", "addr:housenumber") if key in self.tags) or None


def transformer_of(estate: Estate) -> Transformer:
    """What leads from longitude and latitude to the metres of an estate."""
    return _transformer(estate.crs)


@cache
def _transformer(crs: CRS) -> Transformer:
    return Transformer.from_crs(WGS84, crs, always_xy=True)


def to_degrees(geometry: Any, there: Transformer) -> Any:
    """A geometry of an estate, or several, in longitude and latitude."""

    def back(xy: Any) -> Any:
        return np.column_stack(there.transform(xy[:, 0], xy[:, 1], direction="INVERSE"))

    return shapely.transform(shapely.force_2d(geometry), back)


class Ground:
    """Where things lie, between the degrees of a pencil and the metres of an estate.

    Parameters
    ----------
    raw
        What is there before anything is drawn.
    estate
        Gives the CRS.
    """

    def __init__(self, raw: RawData, estate: Estate) -> None:
        self.raw, self.estate = raw, estate
        self._known: dict[str, Thing | None] = {}
        self._there = transformer_of(estate)

    def to_metres(self, geometry: BaseGeometry) -> BaseGeometry:
        """A drawn geometry in the CRS of the estate."""
        return shapely.transform(geometry, lambda xy: np.column_stack(self._there.transform(xy[:, 0], xy[:, 1])))

    def to_degrees(self, geometry: BaseGeometry) -> BaseGeometry:
        """A geometry of the estate as it may be drawn."""
        found: BaseGeometry = to_degrees(geometry, self._there)
        return found

    def at(self, lon: float, lat: float, within_m: float = NEAR_M, most: int = MOST) -> list[Thing]:
        """What lies where somebody points, what is meant most likely first."""
        here = self.to_metres(shapely.Point(lon, lat))
        found = [
            (ORDER.index(thing.layer), float(shapely.distance(thing.geometry, here)), thing)
            for name in LAYERS
            for row in np.sort(self._trees[name].query(here, predicate="dwithin", distance=within_m))
            if (thing := thing_of(getattr(self.raw, name), int(row))) is not None
        ]
        return [thing for _, _, thing in sorted(found, key=lambda one: (one[0], one[1], one[2].identity))[:most]]

    def thing(self, identity: str) -> Thing | None:
        """The thing of this id."""
        if identity not in self._known:
            self._known[identity] = self._found(identity)
        return self._known[identity]

    def _found(self, identity: str) -> Thing | None:
        rows = (
            thing_of(part, int(row))
            for part in (getattr(self.raw, name) for name in LAYERS)
            for row in np.flatnonzero(part.ids == identity)
        )
        return next((thing for thing in rows if thing is not None), None)

    def standing(self, gone: frozenset[str]) -> Iterator[tuple[str, BaseGeometry]]:
        """Buildings that stand, but for those that are gone."""
        areas = self.raw.areas
        for row in self._houses:
            if areas.ids[row] not in gone:
                yield str(areas.ids[row]), areas.geometry[row]

    @cached_property
    def called(self) -> Named:
        """What things are called where they have no name."""
        return Named(self.raw)

    @cached_property
    def _houses(self) -> list[int]:
        roofs = ("roof", "carport", "no")
        return [
            row
            for row, tags in enumerate(self.raw.areas.tags)
            if tags.get("building", "no") not in roofs and CLEARED not in tags
        ]

    @cached_property
    def _trees(self) -> dict[str, shapely.STRtree]:
        return {name: shapely.STRtree(getattr(self.raw, name).geometry) for name in LAYERS}

    @cached_property
    def ways(self) -> shapely.STRtree:
        """Ways that a new one may join."""
        return self._lines(("highway",))

    @cached_property
    def gateable(self) -> shapely.STRtree:
        """Lines in which a gate may stand."""
        return self._lines(("highway", "barrier"))

    def _lines(self, keys: Sequence[str]) -> shapely.STRtree:
        lines = self.raw.lines
        return shapely.STRtree(
            [line for tags, line in zip(lines.tags, lines.geometry, strict=True) if any(key in tags for key in keys)]
        )

    @cached_property
    def fences(self) -> list[BaseGeometry]:
        """Barriers along lines and around areas."""
        parts = (self.raw.lines, self.raw.areas)
        return [
            shape
            for part in parts
            for tags, shape in zip(part.tags, part.geometry, strict=True)
            if "barrier" in tags and tags["barrier"] not in GATES
        ]


def thing_of(part: Any, row: int) -> Thing | None:
    """What an object is for somebody who points at it; None for what is not meant."""
    tags, shape = part.tags[row], part.geometry[row]
    layer, kind = _layer(tags, shape)
    return None if layer is None else Thing(str(part.ids[row]), layer, kind, tags, shape)


def _layer(tags: Mapping[str, str], shape: BaseGeometry) -> tuple[str | None, str | None]:
    if CLEARED in tags:
        return None, None
    if tags.get("building", "no") != "no":
        return "building", None
    if tags.get("barrier") in GATES and shapely.get_dimensions(shape) == 0:
        return "gate", None
    kind = tag_rules().kind.first(tags)
    if kind is not None:
        return "place", kind
    if "highway" in tags and shapely.get_dimensions(shape) == 1:
        return ("road" if tags["highway"] in ROADS else "path"), None
    return ("barrier", None) if "barrier" in tags and shapely.get_dimensions(shape) else (None, None)
