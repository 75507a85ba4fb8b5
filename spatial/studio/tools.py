"""What can be drawn, and what can be done to what is there, as written in ``defaults/studio.toml``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from shapely.geometry.base import BaseGeometry

from spatial.core.errors import InputError
from spatial.plans.rows import TAGS
from spatial.settings.loading import load_toml
from spatial.studio.strokes import Stroke

SHAPES = {"point": "Point", "line": "LineString", "area": "Polygon"}
# What is asked for, and the tag that it becomes; whole numbers.
FIELDS = {"name": "name", "dwellings": TAGS["dwellings"], "levels": TAGS["levels"]}
NUMBERS, MOST = ("dwellings", "levels"), 9999


@dataclass(frozen=True)
class Tool:
    """A thing that can be drawn: as which ``shape`` (`SHAPES`), with which tags, and which ``fields`` are asked for."""

    name: str
    layer: str
    shape: str
    tags: Mapping[str, str]
    fields: tuple[str, ...]


@dataclass(frozen=True)
class Verb:
    """What can be done to things of some layers, by setting tags."""

    name: str
    layers: tuple[str, ...]
    tags: Mapping[str, str]


@lru_cache(maxsize=1)
def tools() -> Mapping[str, Tool]:
    """What can be drawn, by name."""
    entries = load_toml(None, "studio.toml")["tool"].items()
    return {
        name: Tool(name, one["layer"], one["shape"], dict(one["tags"]), tuple(one["fields"])) for name, one in entries
    }


@lru_cache(maxsize=1)
def verbs() -> Mapping[str, Verb]:
    """What can be done to what is there, by name."""
    entries = load_toml(None, "studio.toml")["verb"].items()
    return {name: Verb(name, tuple(one["layers"]), dict(one["tags"])) for name, one in entries}


def drawn_with(tool: str, feature: str, geometry: BaseGeometry, values: Mapping[str, Any]) -> Stroke:
    """The stroke that a tool draws.

    Parameters
    ----------
    feature
        What the stroke is called.
    values
        What was answered, by field.

    Raises
    ------
    InputError
        If there is no such tool, the shape is another, or an answer is none.
    """
    if tool not in tools():
        raise InputError("studio.part", part="tool", found=tool, needed=", ".join(tools()))
    own = tools()[tool]
    if geometry.geom_type != SHAPES[own.shape]:
        raise InputError("studio.part", part="geometry", found=geometry.geom_type, needed=SHAPES[own.shape])
    given = {name: str(values[name]).strip() for name in own.fields if str(values.get(name) or "").strip()}
    for name in NUMBERS:
        if name in own.fields and (name in given or name == NUMBERS[0]):
            _check_number(name, given.get(name, ""))
    answers = {FIELDS[name]: value for name, value in given.items()}
    return Stroke(feature, "add", own.layer, tags={**own.tags, **answers}, geometry=geometry)


def tool_of(stroke: Stroke) -> Tool | None:
    """The tool with which a thing was drawn; None of what was there."""
    return tools().get(stroke.feature.rpartition("-")[0]) if stroke.action == "add" else None


def answers_of(tags: Mapping[str, str]) -> dict[str, str]:
    """What was answered of a drawn thing, by field."""
    return {name: tags[tag] for name, tag in FIELDS.items() if tag in tags}


def _check_number(name: str, said: str) -> None:
    if not (said.isascii() and said.isdigit() and int(said) <= MOST):
        raise InputError("studio.number", field=name, found=said, most=MOST)
