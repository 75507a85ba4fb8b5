"""Which sources a value rests on."""

from dataclasses import fields

import geopandas as gpd
import pandas as pd

from spatial.indicators import inputs
from spatial.layers import lineage
from spatial.layers.schema import CanonicalLayers


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


def test_every_input_says_which_layers_it_is_made_of():
    names = {field.name for field in fields(CanonicalLayers)}
    assert set(inputs.ORIGINS) == {field.name for field in fields(inputs.IndicatorInputs)}
    assert {layer for origin in inputs.ORIGINS.values() for layer in origin.layers} == names
    assert all(inputs.ORIGINS[name] == inputs.Origin((name,)) for name in names)
