"""Small towns drawn in metres, and what the measure says of them; see ``tests.osm_xml``."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd
import shapely

from spatial.analysis import run
from spatial.analysis.inputs import InputFiles, Inputs, prepare_ground
from spatial.core.incremental import AFRESH, Steps
from spatial.core.model import Estate, Rubric
from spatial.core.timing import Clock
from spatial.scoring import scores
from spatial.scoring.judging import judge_all
from spatial.settings.rubric import rubric
from spatial.settings.tags import tag_rules
from tests import osm_xml

Point = tuple[float, float]


@dataclass
class Town:
    """What is mapped in a town. Numbers are given in the order in which things are drawn."""

    nodes: dict[int, osm_xml.Node] = field(default_factory=dict)
    ways: dict[int, osm_xml.Way] = field(default_factory=dict)
    relations: dict[int, osm_xml.Relation] = field(default_factory=dict)
    drawn: set[tuple[Point, Point]] = field(default_factory=set)

    def point(self, x: float, y: float, **tags: str) -> str:
        number = len(self.nodes) + 1
        self.nodes[number] = (x, y, _tags(tags))
        return f"osm:node/{number}"

    def line(self, corners: Sequence[Point], **tags: str) -> str:
        """Draw a way; where it meets a node that is drawn already they are joined."""
        at = {node[:2]: number for number, node in self.nodes.items() if len(node) < 3}
        refs = []
        for corner in corners:
            number = at.setdefault(corner, len(self.nodes) + 1)
            self.nodes.setdefault(number, corner)
            refs.append(number)
        number = len(self.ways) + 1
        self.ways[number] = (refs, _tags(tags))
        return f"osm:way/{number}"

    def streets(self, *corners: Point) -> None:
        """Draw residential streets around a block; one that is there already is not drawn again."""
        for a, b in zip(corners, [*corners[1:], corners[0]], strict=True):
            if not {(a, b), (b, a)} & self.drawn:
                self.drawn.add((a, b))
                self.line([a, b], highway="residential", lit="yes", surface="asphalt")

    def area(self, corners: Sequence[Point], **tags: str) -> str:
        return self.line([*corners, corners[0]], **tags)

    def box(self, west: float, south: float, east: float, north: float, **tags: str) -> str:
        return self.area([(west, south), (east, south), (east, north), (west, north)], **tags)


def _tags(tags: dict[str, str]) -> dict[str, str]:
    return {key.replace("__", ":"): value for key, value in tags.items()}


@dataclass(frozen=True)
class Seen:
    """What the measure says: sites (places and spaces) with their scores, the long table, the view itself."""

    scores: pd.DataFrame
    evidence: pd.DataFrame
    view: run.View
    rubric: Rubric

    @property
    def spaces(self) -> pd.DataFrame:
        return self.scores[self.scores["level"] == "space"]

    def of(self, thing: str) -> pd.Series:
        """The space to which a thing belongs."""
        return self.scores.loc[self.view.places.loc[thing, "space_id"]]

    def value(self, site: str, indicator: str) -> float:
        rows = self.evidence.query("place_id == @site and indicator == @indicator")
        assert len(rows) == 1
        return float(rows["value"].iloc[0])


def estate(west: float, south: float, east: float, north: float, **given: object) -> Estate:
    x, y = osm_xml.CENTRE_M
    shape = shapely.box(x + west, y + south, x + east, y + north)
    return Estate(**{"id": "town", "name": "Town", "boundary": shape, "crs": osm_xml.METRIC, **given})


def read(town: Town, seen_from: Estate, *, reach_m: float = 1900.0) -> Inputs:
    """Read a town from a file that ends ``reach_m`` from the estate."""
    x, y = osm_xml.CENTRE_M
    west, south, east, north = seen_from.boundary.bounds
    bounds = (west - x - reach_m, south - y - reach_m, east - x + reach_m, north - y + reach_m)
    with tempfile.TemporaryDirectory() as folder:
        path = osm_xml.write(Path(folder) / "town.osm", town.nodes, town.ways, town.relations, bounds=bounds)
        return Inputs.read(seen_from, InputFiles(path))


def look(town: Town, seen_from: Estate, *, reach_m: float = 1900.0, step: Steps = AFRESH) -> Seen:
    """Measure a town as it is, without draws."""
    return measure(read(town, seen_from, reach_m=reach_m), step=step)


def measure(inputs: Inputs, *, step: Steps = AFRESH) -> Seen:
    rules, clock = tag_rules(), Clock(None)
    ground = prepare_ground(inputs, rules, clock)
    view = run.survey(ground.conflated, inputs.estate, rules, clock, absence={}, models={}, step=step)
    estimated = run.estimate_unknowns(view, ground, rules)
    evidence, resolved = run.measure_view(view, rubric(None), clock, estimated=estimated)
    of_places, of_spaces = (
        scores.estimates(judge_all(evidence, table.index, resolved), table.index, resolved)
        for table in (view.places, view.rooms)
    )
    about = view.sites[["level", "kinds", "status", "place_count", "geometry"]]
    return Seen(pd.concat([of_places, of_spaces]).join(about), evidence, view, resolved)


# --- what towns are made of ----------------------------------------------------------------------

BLOCK_M, DEPTH_M = 180.0, 150.0
COURT = (20.0, 24.0, 160.0, 126.0)


def court(town: Town, x: float, y: float, *, flats: int = 40, footway: bool = True, lit: bool = True) -> None:
    """Two long blocks of flats between four streets, with a lawn and a footway between them."""
    east, north = x + BLOCK_M, y + DEPTH_M
    middle = y + DEPTH_M / 2
    town.streets((x, y), (east, y), (east, middle), (east, north), (x, north), (x, middle))
    for south in (y + 10, north - 22):
        town.box(x + 20, south, x + 160, south + 12, building="apartments", building__flats=str(flats))
    if footway:
        town.line(
            [(x, middle), (east, middle)], highway="footway", surface="asphalt", **({"lit": "yes"} if lit else {})
        )


def row_houses(town: Town, x: float, y: float, *, depth_m: float = 60.0, footway: bool = False) -> None:
    """Two rows of ten houses between streets, with a lawn behind them."""
    east, north = x + BLOCK_M, y + 2 * 18 + depth_m
    town.streets((x, y), (east, y), (east, north), (x, north))
    for i in range(10):
        for south in (y + 8, north - 18):
            town.box(x + 20 + 14 * i, south, x + 32 + 14 * i, south + 10, building="terrace", building__flats="1")


Draw = Callable[[Town, float, float], str]


def table_with_benches(town: Town, x: float, y: float) -> str:
    for step in (-4, 4):
        town.point(x + step, y, amenity="bench")
    return town.point(x, y, leisure="picnic_table")


def playground_with_bench(town: Town, x: float, y: float) -> str:
    town.point(x + 10, y, amenity="bench")
    return town.box(x - 8, y - 6, x + 8, y + 6, leisure="playground")


def pitch_with_seats(town: Town, x: float, y: float) -> str:
    for step in (-6, 0, 6):
        town.point(x + step, y - 12, amenity="bench")
    return town.box(x - 18, y - 10, x + 18, y + 10, leisure="pitch", sport="soccer")


def dog_park(town: Town, x: float, y: float) -> str:
    return town.box(x - 15, y - 10, x + 15, y + 10, leisure="dog_park")


def swap_corner(town: Town, x: float, y: float) -> str:
    return town.point(x, y, amenity="give_box")


def swing_and_seats(town: Town, x: float, y: float) -> str:
    for step in (-5, 5):
        town.point(x + step, y - 4, amenity="bench")
    return town.point(x, y, leisure="playground", playground="swing")


GOOD: dict[str, tuple[Draw, float, float]] = {
    "table with benches": (table_with_benches, 60, 60),
    "playground with a bench": (playground_with_bench, 60, 58),
    "pitch with seats": (pitch_with_seats, 60, 55),
    "dog park on a path": (dog_park, 60, 63),
    "swap corner": (swap_corner, 60, 25),
    "courtyard with seats and a swing": (swing_and_seats, 60, 55),
}
