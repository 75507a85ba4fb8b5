"""An empty plan to be drawn in QGIS: layers of areas, lines and points, each with a form in words."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path

import geopandas as gpd
import pandas as pd
import pyogrio
from pyproj import CRS

from spatial.core.languages import LANGUAGES, texts
from spatial.maps import qgis_styles
from spatial.maps.qgis_styles import Part, Style
from spatial.maps.style import RAMP
from spatial.plans.validation import ACTIONS, DIMENSIONS
from spatial.settings.tags import tag_rules

# Layers by the type of their geometry, from the ground up.
LAYERS = {"areas": "Polygon", "lines": "LineString", "points": "Point"}
SYMBOLS = {"areas": "fill", "lines": "line", "points": "marker"}
COLUMNS = {
    "action": "object", "layer": "object", "kind": "object", "target": "object", "dwellings": "Int32",
    "levels": "Int32", "height_m": "float64", "width_m": "float64", "phase": "object", "note": "object",
}  # fmt: skip
COLOURS = {"remove": "#8c2d04", "add": RAMP[-1], "change": "#d9820b"}
UNKNOWN_COLOUR = "#8d857a"


def write_empty_plan(path: Path, crs: CRS, *, lang: str) -> None:
    """Write a GeoPackage without a row, whose styles and forms QGIS takes by itself."""
    for name, geometry in LAYERS.items():
        columns = {column: pd.Series(dtype=kind) for column, kind in COLUMNS.items()}
        table = gpd.GeoDataFrame(columns, geometry=[], crs=crs)
        pyogrio.write_dataframe(table, path, layer=name, driver="GPKG", geometry_type=geometry, append=path.exists())
    with closing(sqlite3.connect(path)) as database, database:
        database.executescript(qgis_styles.tables_of_styles())
        for name in LAYERS:
            styles = {code: plan_style(name, code) for code in LANGUAGES}
            qgis_styles.add_styles(database, name, styles, lang=lang)


def plan_style(layer: str, lang: str) -> Style:
    """Draw one layer of a plan by what is done, each row with its note, and ask for its columns in words."""
    say = texts(lang)["plan_form"]
    rules = [
        (say["action"][action], f"\"action\" = '{action}'", [_part(layer, colour)])
        for action, colour in COLOURS.items()
    ]
    rules.append((say["open"], '"action" IS NULL', [_part(layer, UNKNOWN_COLOUR)]))
    return Style(SYMBOLS[layer], rules, aliases=say["column"], choices=choices(lang))


def choices(lang: str) -> Mapping[str, Mapping[str, str]]:
    """The values of columns that are chosen from a list, with what they are called.

    Examples
    --------
    >>> choices("da")["action"]["remove"], choices("en")["kind"]["bench"]
    ('Fjernes', 'Bench')
    """
    say = texts(lang)
    return {
        "action": {action: say["plan_form"]["action"][action] for action in ACTIONS},
        "layer": {layer: say["plan"]["thing"][layer].capitalize() for layer in DIMENSIONS},
        "kind": {kind: say["kind"][kind]["title"] for kind in tag_rules().kinds},
    }


def _part(layer: str, colour: str) -> Part:
    if layer == "points":
        return qgis_styles.dot(colour, qgis_styles.INK)
    if layer == "lines":
        return qgis_styles.line(colour, 0.8)
    return qgis_styles.outline(colour, 0.6, "solid")
