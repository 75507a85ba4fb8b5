"""The schema of the canonical layers: what it refuses, and that it says all that there is."""

from __future__ import annotations

from dataclasses import fields, replace

import geopandas as gpd
import pytest
import shapely

from spatial.layers import schema
from tests import tables


def test_the_schema_names_every_layer():
    assert [*schema.schema()] == [field.name for field in fields(schema.CanonicalLayers)]


def test_tables_made_by_hand_fit():
    filled = tables.layers(
        buildings=tables.buildings([shapely.box(0, 0, 9, 9)]),
        barriers=tables.barriers([[(0, 0), (9, 0)]]),
        paths=tables.paths({1: (0, 0), 2: (9, 0)}, [(1, 2)]),
        place_objects=tables.place_objects({"a": ("bench", (1, 1))}),
    )
    schema.validate(filled)
    schema.validate(tables.layers())


def blocks(**values):
    return tables.buildings([shapely.box(0, 0, 9, 9)]).assign(**values)


@pytest.mark.parametrize(
    ("layer", "table", "fault"),
    [
        ("buildings", lambda: blocks().drop(columns="levels"), "buildings: no column levels"),
        ("buildings", lambda: blocks(colour="red"), "buildings: column colour is not in the schema"),
        ("buildings", lambda: blocks(levels="3"), "buildings: levels is .*, needed number"),
        ("buildings", lambda: blocks(solid=1.0), "buildings: solid is float64, needed flag"),
        ("water", lambda: tables.points("water", [(0, 0)]), "water: 1 geometries that are no areas"),
        ("gates", lambda: tables.points("gates", []).to_crs(3035), "2 different CRSs"),
    ],
)
def test_what_does_not_fit_is_named(layer, table, fault):
    layers = replace(tables.layers(), **{layer: table()})
    with pytest.raises(ValueError, match=fault):
        schema.validate(layers)


def test_shown_columns_are_told_apart_within_a_layer():
    for name, layer in schema.schema().items():
        for lang in ("da", "en"):
            told = [getattr(column, lang) for column in layer.columns.values()]
            assert len(set(told)) == len(told), name


def test_a_layer_is_a_table_with_its_columns():
    assert isinstance(tables.layers().green, gpd.GeoDataFrame)
    assert schema.schema()["buildings"].shown == ("use", "name", "levels", "residential")
