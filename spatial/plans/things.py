"""Call the things of a plan and of the ground as people do: by kind, name, address or street. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import shapely

from spatial.core.languages import in_sentence, texts
from spatial.core.model import Edit, RawData
from spatial.places.whereabouts import STREET_REACH_M
from spatial.settings.tags import tag_rules

PARTS = ("points", "lines", "areas")
Tags = Mapping[str, str]
# The tag that says how many homes a building has.
FLATS = "building:flats"
# What `spatial.plans.reading` calls a row of a file that has no name of its own.
ROW = re.compile(r"(?:feature|edit|row) (\d+)(?:\.\d+)?")


@dataclass(frozen=True)
class Thing:
    """One thing as people call it.

    ``layer`` is that of a plan, ``kind`` a kind of place or house, ``address`` its street and number. ``new``: the
    plan adds it.
    """

    layer: str
    kind: str | None = None
    name: str | None = None
    address: str | None = None
    street: str | None = None
    new: bool = False

    @property
    def known(self) -> bool:
        """Whether it is more than a thing."""
        return self.layer != "object" or self.kind is not None or self.name is not None

    def said(self, lang: str) -> str:
        """Call it in words: "building at Skovvej", "new bench".

        Examples
        --------
        >>> Thing("building", street="Skovvej").said("en"), Thing("place", "bench", new=True).said("da")
        ('building at Skovvej', 'ny bænk')
        """
        words = texts(lang)
        say = words["plan"]
        kind = words["kind"].get(self.kind, {}).get("title") if self.layer in ("place", "context", "object") else None
        thing = in_sentence(kind, words) if kind else say["thing"][self.layer]
        if self.new:
            neuter = (self.kind if kind else self.layer) in say["neuter"].split()
            thing = say["newly_neuter" if neuter else "newly"].format(thing=thing)
        if self.name:
            return f"{thing} {say['named'].format(name=self.name)}"
        if self.address:
            return f"{thing} {self.address}"
        return say["at"].format(thing=thing, street=self.street) if self.street else str(thing)


@dataclass(frozen=True)
class Numbered:
    """An edit by its number in the list and in the picture, the row of the file it stands in, and what it is about."""

    number: int
    feature: str
    thing: Thing

    def said(self, lang: str) -> str:
        """Name it: "No. 3 (row 5), new building at Skovvej"."""
        say = texts(lang)["plan"]
        row = ROW.fullmatch(self.feature)
        name = self.feature if row is None else None if int(row[1]) == self.number else say["row"].format(n=row[1])
        head = say["number"].format(n=self.number) if name is None else say["number_of"].format(n=self.number, of=name)
        return f"{head}, {self.thing.said(lang)}" if self.thing.known else str(head)

    def in_a_sentence(self, lang: str) -> str:
        """Name it amid a sentence: "new road “Skovvej” (no. 3)"."""
        number = str(texts(lang)["plan"]["number"].format(n=self.number))
        number = number[:1].lower() + number[1:]
        return f"{self.thing.said(lang)} ({number})" if self.thing.known else number


def own_name(feature: str) -> str | None:
    """What a plan calls one of its edits, such as the layer of a drawing; None of a mere row.

    Examples
    --------
    >>> own_name("NEW BLOCKS 2"), own_name("feature 5"), own_name("houses feature 5")
    ('NEW BLOCKS 2', None, None)
    """
    return None if ROW.search(feature) else feature


class Ground:
    """The things of some raw data, to be called by their ids; nothing is looked up before it is asked for."""

    def __init__(self, raw: RawData) -> None:
        self._raw = raw

    @cached_property
    def by_id(self) -> dict[str, tuple[Tags, Any]]:
        """Tags and shape of every object."""
        return {
            str(name): (tags, shape)
            for part in (getattr(self._raw, name) for name in PARTS)
            for name, tags, shape in zip(part.ids, part.tags, part.geometry, strict=True)
        }

    @cached_property
    def _streets(self) -> tuple[Any, list[str]]:
        lines = self._raw.lines
        rows = [i for i, tags in enumerate(lines.tags) if "highway" in tags and tags.get("name")]
        return shapely.STRtree(lines.geometry[rows]), [lines.tags[i]["name"] for i in rows]

    def street(self, shape: Any) -> str | None:
        """Name of the nearest named way within `STREET_REACH_M`, or None."""
        tree, names = self._streets
        if not names or shape is None or shape.is_empty or not shape.is_valid:
            return None
        found = tree.query_nearest(shape, max_distance=STREET_REACH_M, all_matches=False)
        return names[int(found[0])] if len(found) else None

    def thing(self, identity: str) -> Thing:
        """Call an object of the ground; one that is not there is only a thing."""
        tags, shape = self.by_id.get(identity, ({}, None))
        return self._called(layer_of(tags), tags, shape, new=False)

    def of_edit(self, edit: Edit) -> Thing:
        """Call what an edit is about."""
        tags, shape = self.by_id.get(str(edit.target), ({}, None))
        unsaid = edit.layer == "object" or edit.layer not in texts("en")["plan"]["thing"]
        layer = layer_of(tags) if unsaid and tags else edit.layer
        new = edit.action == "add" and edit.layer != "construction" and not edit.exact
        return self._called(layer, {**tags, **edit.tags}, shape if edit.geometry is None else edit.geometry, new=new)

    def _called(self, layer: str, tags: Tags, shape: Any, *, new: bool) -> Thing:
        known = layer if layer in texts("en")["plan"]["thing"] else "object"
        kind = tag_rules().kind.first(tags) or tag_rules().context.first(tags)
        number = tags.get("addr:housenumber")
        street = tags.get("addr:street") or self.street(shape)
        address = f"{street} {number}" if number and street and layer == "building" else None
        return Thing(known, kind, tags.get("name"), address, street, new=new)


def layer_of(tags: Tags) -> str:
    """The layer of a plan to which a mapped thing belongs."""
    gates = tag_rules().barrier["gates"]
    if "barrier" in tags:
        return "gate" if tags["barrier"] in gates else "barrier"
    keys = {"building": "building", "highway": "path", "entrance": "entrance"}
    return next((layer for key, layer in keys.items() if key in tags), "object")


def number_edits(edits: tuple[Edit, ...]) -> list[tuple[int, Edit]]:
    """The edits in the order of their phases, and within one as the plan has them, numbered from 1."""
    order = np.argsort([edit.phase for edit in edits], kind="stable").tolist()
    return list(enumerate((edits[k] for k in order), start=1))
