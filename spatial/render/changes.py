"""What a plan changes, as tables and as a map for QGIS: ``spaces.csv``, ``homes.csv``, ``changes.gpkg``."""

from __future__ import annotations

from pathlib import Path

import geopandas as gpd
import pandas as pd
import shapely

from spatial.model import Result
from spatial.render import delimited, tables

HOMES, SPACES, GROUND = "home_changes", "space_changes", "ground_changes"


def write(
    spaces: pd.DataFrame,
    homes: gpd.GeoDataFrame,
    items: gpd.GeoDataFrame,
    causes: pd.DataFrame,
    results: tuple[Result, Result],
    folder: Path,
    *,
    lang: str,
) -> None:
    """Write what changed between two results, numbers in full; see ``spatial.comparison.Comparison``.

    ``spaces.csv`` has a row a meeting space, ``causes.csv`` one a space, indicator and cause, ``homes.csv``
    one a stairwell with those that lose most first. ``changes.gpkg`` has the layers ``home_changes``
    (winners and losers), ``space_changes`` and ``ground_changes``, in the CRS of the estate, styled for QGIS.

    Raises
    ------
    OSError
        If not all of it could be written.
    """
    delimited.write(spaces, folder / "spaces.csv", index=False)
    delimited.write(causes, folder / "causes.csv", index=False)
    table = homes.drop(columns="geometry")
    delimited.write(table, folder / "homes.csv", index_label="door")
    layers = {
        SPACES: with_geometry(spaces, *results),
        GROUND: items,
        HOMES: homes.rename_axis("door").reset_index(),
    }
    # A layer without a row or a column has no place in a GeoPackage.
    tables.write_layers(
        {name: layer for name, layer in layers.items() if len(layer)}, folder / "changes.gpkg", results[0], lang=lang
    )


def write_timeline(phases: pd.DataFrame, spaces: pd.DataFrame, folder: Path) -> None:
    """Write a plan through its phases: ``timeline.csv`` and ``timeline_spaces.csv``; numbers in full."""
    delimited.write(phases, folder / "timeline.csv", index=False)
    delimited.write(spaces, folder / "timeline_spaces.csv", index=False)


def with_geometry(spaces: pd.DataFrame, before: Result, after: Result) -> gpd.GeoDataFrame:
    """The rows of ``Comparison.spaces`` with the shape after the plan, or that before of what goes."""
    shapes: list[shapely.Geometry] = []
    for mine, theirs in zip(spaces["before_id"], spaces["after_id"], strict=True) if len(spaces) else ():
        there = isinstance(theirs, str)
        table = after.meeting_spaces if there else before.meeting_spaces
        shapes.append(table.geometry.loc[theirs if there else mine])
    return gpd.GeoDataFrame(spaces, geometry=shapes, crs=before.estate.crs)
