"""Which sources a value rests on."""

from dataclasses import fields

import geopandas as gpd
import pandas as pd
import pytest
from shapely import box

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


WHOLE, LESS, MORE = (("swing", box(west, 0, east, 9)) for west, east in ((0, 9), (0, 4), (4, 9)))


def things(**rows) -> gpd.GeoDataFrame:
    kinds, shapes = zip(*rows.values(), strict=True) if rows else ((), ())
    return gpd.GeoDataFrame({"kind": list(kinds)}, geometry=list(shapes), index=list(rows), crs=25832)


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        # A node (with its footprint) replaced by its area.
        ({"node": ("swing", box(4, 4, 6, 6))}, {"way": ("swing", box(0, 0, 9, 9))}, {"node": "way"}),
        ({"node": ("swing", box(4, 4, 6, 6))}, {"way": ("pitch", box(0, 0, 9, 9))}, {}),
        ({"node": ("swing", box(4, 4, 6, 6))}, {"way": ("swing", box(20, 0, 29, 9))}, {}),
        ({"node": ("swing", box(4, 4, 6, 6))}, {"node": ("swing", box(0, 0, 9, 9))}, {}),
        # One for one: the half that holds most of it.
        ({"a": WHOLE}, {"b": LESS, "c": MORE}, {"a": "c"}),
        ({"a": LESS, "b": MORE}, {"c": WHOLE}, {"b": "c"}),
        ({}, {"a": ("swing", box(0, 0, 1, 1))}, {}),
    ],
)  # fmt: skip
def test_what_stands_for_a_thing_whose_id_is_gone(before, after, expected):
    assert lineage.successors(things(**before), things(**after)) == expected
