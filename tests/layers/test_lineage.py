"""Which sources a value rests on."""

import geopandas as gpd
import pandas as pd
import shapely

from spatial.core.model import Estate
from spatial.indicators import inputs
from spatial.layers import lineage
from spatial.settings.tags import tag_rules
from tests import tables


def places(rows):
    columns = {
        "tags": [tags for tags, _ in rows.values()],
        "tag_sources": [sources for _, sources in rows.values()],
    }
    return pd.DataFrame(columns, index=list(rows))


def test_sources_of_the_tags_that_were_read():
    found = lineage.of_tags(
        places(
            {
                "osm:way/1": ({"access": "yes", "fee": "no"}, {"access": "city", "fee": "osm"}),
                "osm:way/2": ({"access": "yes"}, {}),
                "city:3": ({"name": "x"}, {}),
            }
        ),
        ("access", "fee"),
        otherwise="osm;register",
    )
    assert found.tolist() == ["city;osm", "osm", "osm;register"]


def test_sources_of_places():
    same_as = {"osm:way/1": ("city:9", "geofa.punkt:7")}
    sources = {"osm:way/1": {"access": "city", "name": "osm"}}
    assert lineage.of_places(["osm:way/1", "osm:node/2"], sources, same_as).tolist() == ["city;geofa.punkt;osm", "osm"]


def test_sources_of_layers():
    buildings = gpd.GeoDataFrame(geometry=[None, None], index=["osm:way/1", "bbr:2"])
    assert lineage.of_layer(buildings) == "bbr;osm"
    assert lineage.of_layer(buildings.iloc[:0]) == ""


def test_every_table_of_the_scene_says_what_it_is_made_of():
    layers = tables.layers()
    sites = tables.places({"a": {}}).assign(place_count=1, space_id="space:a", kinds="bench")
    estate = Estate("e", "E", shapely.box(0, 0, 9, 9), tables.ETRS89_UTM32)
    made = inputs.indicator_inputs(layers, sites, estate, tag_rules())
    assert set(made) <= set(layers.by_name()) | set(inputs.MADE_OF) | set(inputs.MODELS_OF)
    assert {part for parts in inputs.MADE_OF.values() for part in parts} <= set(layers.by_name())
