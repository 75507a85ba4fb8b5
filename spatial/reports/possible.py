"""Possible meeting spaces for a board: where there is room and nothing is mapped, and what a visit can ask. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from spatial.core.model import Result
from spatial.places.meeting_spaces import POSSIBLE
from spatial.places.naming import POSSIBLE_SPACES, names_in_order, names_of
from spatial.reports.document import Block, Cell, Column, Heading, Paragraph, Points, Table

if TYPE_CHECKING:
    from spatial.reports.sections import Words

SHOWN = 4
AREA_STEP_M2 = 10.0
QUESTIONS = ("ask_things", "ask_access", "ask_use")


def invitations(result: Result, words: Words) -> list[Block]:
    """The largest possible meeting spaces, those inside the boundary first; nothing of a run that did not look."""
    rooms = result.layers.get(POSSIBLE_SPACES)
    if rooms is None:
        return []
    bare = result.meeting_spaces[result.meeting_spaces["status"] == POSSIBLE]  # such as paving without a seat
    rooms = pd.concat([table[["area_m2", "geometry"]] for table in (rooms, bare)])
    say = words.say
    if not len(rooms):
        return [Heading(say("possible.title")), Paragraph(say("possible.none"))]
    inside = _inside(result, rooms)
    order = np.lexsort((rooms.index.astype(str), -rooms["area_m2"].to_numpy(dtype=float), ~inside))[:SHOWN]
    names = names_in_order(rooms.index, names_of(result, words.lang))
    columns = (Column(say("possible.place"), 11), Column(say("possible.area"), 3, number=True))
    rows = [[_place(names[i], bool(inside[i]), words), Cell(_area(rooms["area_m2"].iloc[i], words))] for i in order]
    more = len(rooms) - len(rows)
    return [
        Heading(say("possible.title")),
        Paragraph(say("possible.intro", n=words.number(len(rooms)), inside=words.number(inside.sum()))),
        Paragraph(say("possible.ask")),
        Points([say(f"possible.{question}") for question in QUESTIONS]),
        Table(say("possible.caption"), columns, rows),
        *([Paragraph(say("possible.more", n=words.number(more)), "note")] if more else []),
    ]


def _inside(result: Result, rooms: gpd.GeoDataFrame) -> Any:
    points = shapely.point_on_surface(rooms.geometry.to_numpy())
    return np.asarray(shapely.contains(result.estate.boundary, points), dtype=bool)


def _place(name: str, inside: bool, words: Words) -> Cell:
    return Cell(name, quiet="" if inside else words.say("place.outside"))


def _area(area_m2: float, words: Words) -> str:
    return words.say("possible.square_metres", n=words.number(round(area_m2 / AREA_STEP_M2) * AREA_STEP_M2))
