"""What the integration tests share: the layers that the real servers serve, made from the demo extract."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import geopandas as gpd
import pytest

from spatial.core.model import Estate
from spatial.osm import reader as osm_reader
from spatial.settings import tags as settings_tags
from spatial.sources import boundaries, catalogue
from tests.integration import servers

# A script that another Python runs.
collect_ignore = ["qgis_render.py", "qgis_toolbox.py"]


class Served(NamedTuple):
    """A folder with ``<layer>.gpkg``, the estate they lie around, and what must be found there by layer."""

    folder: Path
    estate: Estate
    epsg: int
    expected: dict[str, set[str]]


def need(name: str) -> Path:
    """The program, or a failure that says what to install."""
    found = next(entry for entry in servers.NEEDS if entry.name == name)
    path = found.find()
    if path is None:
        pytest.fail(servers.explain(found))
    return path


@pytest.fixture(scope="session")
def demo(demo_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Served:
    """Playgrounds (points), pitches (areas) and the boundary of the demo estate."""
    folder = tmp_path_factory.mktemp("demo-layers")
    estate = boundaries.estate(demo_data / "reitbahnviertel.geojson")
    raw = osm_reader.read_around(demo_data / "reitbahnviertel.osm.pbf", estate)
    rules = settings_tags.tag_rules()
    expected = {}
    for kind, layer in (("playground", "legeplads"), ("pitch", "boldbane")):
        rows = [
            (int(identity.rpartition("/")[2]), tags.get("name"), shape)
            for part in (raw.points, raw.areas)
            for identity, tags, shape in zip(part.ids, part.tags, part.geometry, strict=True)
            if rules.kind.first(tags) == kind
        ]
        shapes = [shape.centroid if layer == "legeplads" else shape for _, _, shape in rows]
        table = gpd.GeoDataFrame(
            {"nr": [row[0] for row in rows], "navn": [f"Plads {row[0]} æøå" for row in rows]},
            geometry=shapes,
            crs=estate.crs,
        )
        table = table[table.geom_type != "Point"] if layer == "boldbane" else table
        table.to_file(folder / f"{layer}.gpkg", layer=layer)
        table.to_crs(4326).to_file(folder / f"{layer}.geojson")
        near = table[table.intersects(estate.context_area)]
        expected[layer] = {f"test.{layer}:{number}" for number in near["nr"]}
    assert len(expected["legeplads"]) > 20 and len(expected["boldbane"]) > 10
    return Served(folder, estate, 25833, expected)


def entry(name: str, /, **fields: object) -> catalogue.Source:
    """An entry of the catalogue for one of these layers."""
    tags = {"legeplads": {"leisure": "playground"}, "boldbane": {"leisure": "pitch"}}[name]
    return catalogue.Source(
        **{
            "id": f"test.{name}",
            "title": {"da": name, "en": name},
            "licence": "ODbL 1.0",
            "attribution": "© OpenStreetMap contributors",
            "layer": name,
            "crs": "EPSG:25833",
            "id_field": "nr",
            "page_size": 7,
            "mapping": catalogue.Mapped(tags=tags, fields=(catalogue.FieldRule("navn", ("name",)),)),
            **fields,
        }
    )
