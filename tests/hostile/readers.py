"""Every reader of the program by the name of what it reads, each given nothing but a path."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import shapely
from pyproj import CRS

from spatial.analysis import snapshot, storage
from spatial.core.model import Estate
from spatial.observations.normalisation import normalise
from spatial.osm import partitions
from spatial.osm import reader as osm_reader
from spatial.plans import reading
from spatial.settings import observation_columns, rubric
from spatial.settings.observation_columns import Mapped
from spatial.sources import boundaries, catalogue, field_answers, layers, parcels, rasters, text_tables
from tests.osm_xml import CENTRE_M, METRIC

X, Y = CENTRE_M
ESTATE = Estate(
    id="try",
    name="Try",
    boundary=shapely.box(X - 60, Y - 60, X + 60, Y + 60),
    crs=METRIC,
    margin_m=50.0,
    reach_m=300.0,
)
LAYER = "kk.legeplads"


def layer(path: Path) -> Any:
    """A municipal layer, read, landed and mapped."""
    return layers.read_layer(f"{LAYER}={path}", ESTATE)


def counts(path: Path) -> Any:
    """Observations, read and brought to one table."""
    mapped = Mapped(kind="staying")
    sheets, crs, _ = text_tables.read_tables(path, mapped=mapped, crs=CRS(25832))
    return normalise(sheets, mapped=mapped, crs=crs)


def parcels_table(path: Path) -> Any:
    """The state's table of parcels, with the smallest layer of parcels beside it."""
    return parcels.estate(path, path, ["Try"], year=2023)


def drawing(path: Path) -> Any:
    """A plan drawn as DXF, by the mapping that is written beside it."""
    mapping = path.with_name("mapping.toml")
    mapping.write_text(
        f'drawing = "{path.name}"\ncrs = "EPSG:25832"\nmetres_per_unit = 1.0\nignore = ["I*"]\n'
        '[layer."NEW"]\naction = "add"\nlayer = "path"\n'
    )
    return reading.read_plan(mapping, ESTATE)


def extract(path: Path) -> Any:
    """An extract, read as a batch reads it: by our own decoder, in one pass."""
    with tempfile.TemporaryDirectory(dir=path.parent) as folder:
        return partitions.raw_around(partitions.prepare(path, [ESTATE], Path(folder) / "partitions"), ESTATE)


READERS: dict[str, Callable[[Path], Any]] = {
    "boundary": boundaries.estate,
    "osm": lambda path: osm_reader.read_around(path, ESTATE),
    "extract": extract,
    "layer": layer,
    "observations": counts,
    "field_answers": field_answers.read_field_answers,
    "plan": lambda path: reading.read_plan(path, ESTATE),
    "drawing": drawing,
    "parcels": parcels_table,
    "rubric": rubric.rubric,
    "mapping": observation_columns.mapped,
    "catalogue": lambda path: catalogue.load(path),
    "terrain": lambda path: rasters.terrain(path, ESTATE),
    "surface": lambda path: rasters.surface(path, ESTATE),
    "frozen": snapshot.read_snapshot,
    "finished": storage.load,
}


def read(name: str, path: str) -> str:
    """Read a file and say what came of it."""
    return type(READERS[name](Path(path))).__name__
