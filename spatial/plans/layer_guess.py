"""Guess what the layers of a drawing mean from their names, and where on the ground it lies."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import geopandas as gpd
import numpy as np
import shapely
from pyproj import CRS, Transformer

from spatial.core.model import Estate
from spatial.plans.drawings import FROM_TEXT, number_in
from spatial.plans.dxf import UNITS_M, hidden_layers, read_entities, unit_of
from spatial.plans.outlines import meant_shapes
from spatial.settings.drawing_words import drawing_words

LETTERS = str.maketrans({"æ": "ae", "ø": "oe", "å": "aa", "ä": "ae", "ö": "oe", "é": "e"})
# Words of fewer letters count only where the rest of a name is words, too.
TELLING = 4
PLAIN_LAYER = "0"
# Systems that Danish plans are drawn in: UTM, KP2000, DKTM.
SYSTEMS = (25832, 25833, 2196, 2197, 2198, 4093, 4094, 4095, 4096)
ADD, REMOVE, IGNORE = "add", "remove", "ignore"


@dataclass(frozen=True)
class GuessedLayer:
    """One layer of a drawing: how many things are on it, and what it may mean.

    ``columns`` are those of a plan; empty where the layer is no part of one, None where nothing is guessed.
    ``hidden``: it is frozen or turned off in the drawing, and no part of the plan until somebody says that it is.
    """

    name: str
    count: int
    columns: Mapping[str, str] | None
    hidden: bool = False


@dataclass(frozen=True)
class Guess:
    """What a drawing may mean; ``crs`` is None where its coordinates are its own."""

    drawing: Path
    crs: str | None
    layers: tuple[GuessedLayer, ...]


def guess_mapping(drawing: Path, estate: Estate) -> Guess:
    """Guess the mapping of a drawing.

    Raises
    ------
    SourceUnavailable, SourceFormatError
        If the drawing is not there or cannot be read.
    """
    table = read_entities(drawing)
    texts = table[table["Text"].notna() & (table.geometry.geom_type == "Point")]
    shapes = table.drop(texts.index)
    hidden = hidden_layers(drawing)
    layers = tuple(
        GuessedLayer(name, int((shapes["Layer"] == name).sum()), {}, hidden=True)
        if name in hidden
        else _guessed(name, shapes[shapes["Layer"] == name], texts)
        for name in sorted(set(table["Layer"].astype(str)))
    )
    return Guess(drawing, _system(shapes, drawing, estate), layers)


def _guessed(name: str, own: gpd.GeoDataFrame, texts: gpd.GeoDataFrame) -> GuessedLayer:
    columns = columns_of(name) if len(own) else {}
    if not columns or columns["action"] != ADD or columns["layer"] != "building":
        return GuessedLayer(name, len(own), columns)
    outlines, _ = meant_shapes(list(own.geometry), "building")
    written = any(number_in(shape, texts, "dwellings") is not None for shape in outlines)
    return GuessedLayer(name, len(outlines), columns | ({"dwellings": FROM_TEXT} if written else {}))


def columns_of(name: str) -> dict[str, str] | None:
    """What the name of a layer says: columns of a plan, empty of what is no part of one, None of an unknown word.

    Examples
    --------
    >>> columns_of("A-NYE_BOLIGER"), columns_of("Nedrives"), columns_of("BÆNK")
    ({'action': 'add', 'layer': 'building'}, {'action': 'remove', 'layer': 'building'}, \
{'action': 'add', 'layer': 'place', 'kind': 'bench'})
    >>> columns_of("RAMME"), columns_of("eks. bygninger"), columns_of("XREF 7")
    ({}, {}, None)
    """
    words = drawing_words()
    tokens = re.findall(r"[a-z]+", name.lower().translate(LETTERS))
    if name == PLAIN_LAYER or _longest(tokens, {IGNORE: words.ignore["words"]}):
        return {}
    action = _longest(tokens, words.action)
    if action and action[1] == IGNORE:
        return {}
    shown = [_longest(tokens, table) or ("", "") for table in (words.layer, words.kind)]
    do = action[1] if action else ADD
    if not any(word for word, _ in shown):
        # What is demolished is a building where nothing else is said.
        return {"action": REMOVE, "layer": "building"} if do == REMOVE else None
    if len(shown[1][0]) > len(shown[0][0]):
        kind = {"kind": shown[1][1]} if do == ADD else {}
        return {"action": do, "layer": "place", **kind}
    return {"action": do, "layer": shown[0][1]}


def _longest(tokens: Sequence[str], table: Mapping[str, Iterable[str]]) -> tuple[str, str] | None:
    """The longest word of a table that stands in a name, and what it is for."""
    found = [(word, key) for key, words in table.items() for word in words if any(_in(word, t) for t in tokens)]
    return max(found, key=lambda pair: len(pair[0]), default=None)


def _in(word: str, token: str) -> bool:
    """Whether a word is a name, or the beginning or the end of a compound."""
    if word == token:
        return True
    rest = token[len(word) :] if token.startswith(word) else token[: -len(word)] if token.endswith(word) else None
    return rest is not None and (len(word) >= TELLING or rest in _all_words())


def _all_words() -> frozenset[str]:
    words = drawing_words()
    tables = (words.action, words.layer, words.kind)
    return frozenset(word for table in tables for group in table.values() for word in group)


def _system(shapes: gpd.GeoDataFrame, drawing: Path, estate: Estate) -> str | None:
    """The first system in which the drawing lies at the estate."""
    unit_m = UNITS_M.get(unit_of(drawing), 1.0)
    if not len(shapes):
        return None
    middle = np.median(shapely.get_coordinates(shapely.centroid(shapes.geometry.to_numpy())), axis=0) * unit_m
    for system in (estate.crs, *map(CRS.from_epsg, SYSTEMS)):
        x, y = Transformer.from_crs(system, estate.crs, always_xy=True).transform(*middle)
        if np.isfinite([x, y]).all() and shapely.intersects(estate.context_area, shapely.Point(x, y)):
            return str(system.to_string())
    return None
