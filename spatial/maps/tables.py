"""Write results as tables: CSV, Parquet, GeoPackage, the formats of other programs, and the manifest."""

from __future__ import annotations

import errno
import json
import os
import sqlite3
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio
import shapely
from pyarrow import parquet as arrow
from pyogrio.errors import DataLayerError, DataSourceError

from spatial.core import files
from spatial.core.languages import in_sentence, indicator_texts, said, texts
from spatial.core.model import EVIDENCE_COLUMNS, FACTS, Result
from spatial.core.numbers import number as written
from spatial.core.versions import SCHEMA_NAME, SCHEMA_VERSION
from spatial.layers.schema import schema
from spatial.maps import qgis_styles, style
from spatial.places.naming import POSSIBLE_KIND, names_in_order, names_of
from spatial.scoring.field_checks import ask_of_open_ground
from spatial.sources.field_answers import MARK

# GeoPackage is written to a folder that is thrown away on failure, so the journal is not needed.
# What GDAL has to say goes nowhere: a failure is found by looking at the file, and told in one line.
GDAL_OPTIONS = {"OGR_SQLITE_SYNCHRONOUS": "OFF", "OGR_SQLITE_JOURNAL": "OFF", "CPL_LOG": os.devnull}
# Canonical layers that are written, with the columns that the schema shows of them.
DRAWN = ("context", "paths", "buildings")
DRAWN_AFTER = ("barriers", "gates", "water", "waterways", "green", "stops")
POSSIBLE_COLUMNS = ("name", "own_name", "status", "inside", "area_m2", "part_of")
HOME_COLUMNS = ("dwellings", "building", "evidence", "best_floating", "best_space", "spaces_5min", "walks_5min_m")
WGS84 = 4326
# House numbers, which way a site meets the network at, how far each reaches, the edits of a plan: as they are, where
# a run has them.
REACH = ("house_numbers", "walk_ways", "walk_entries", "views", "plan")


def parquet(table: pd.DataFrame, path: Path) -> None:
    """Write a table as Parquet, its index left out, with the version of its form."""
    import pyarrow as pa
    from pyarrow import parquet as arrow

    made = pa.Table.from_pandas(table, preserve_index=False)
    arrow.write_table(made.replace_schema_metadata({**made.schema.metadata, SCHEMA_NAME: str(SCHEMA_VERSION)}), path)


def scores(result: Result, path: Path, *, lang: str = "da") -> None:
    """Write one row a place and, after them, one a meeting space; UTF-8, numbers in full.

    A place has the status of its meeting space, and every row a name that no other of its kind has.
    """
    names = names_of(result, lang)
    places, spaces = (
        pd.DataFrame(named(table, names).drop(columns="geometry")) for table in (result.places, result.meeting_spaces)
    )
    places = places.assign(place_count=1, kinds=places["kind"], status=places["space_id"].map(spaces["status"]))
    spaces = spaces.assign(space_id=spaces.index).rename_axis("place_id")
    table = pd.concat([places, spaces[places.columns]]) if len(spaces) else places
    files.write_csv(table, path)


def named(table: gpd.GeoDataFrame, names: Mapping[str, str]) -> gpd.GeoDataFrame:
    """A table of places or spaces with a name in every row; what had a name of its own keeps it in ``own_name``."""
    found = table.assign(name=names_in_order(table.index, names))
    found.insert(found.columns.get_loc("name") + 1, "own_name", table["name"])
    return found


def possible_spaces(result: Result, names: Mapping[str, str]) -> dict[str, gpd.GeoDataFrame]:
    """Open ground on which nothing is mapped, named; nothing in a run that did not look for it."""
    table = result.layers.get("possible_spaces")
    if table is None:
        return {}
    inside = shapely.contains(result.estate.boundary, shapely.point_on_surface(table.geometry.to_numpy()))
    told = named(table.assign(inside=inside), names)
    return {"possible_spaces": told[[*POSSIBLE_COLUMNS, "geometry"]].reset_index()}


def dataset(table: gpd.GeoDataFrame, path: Path) -> None:
    """Write places or meeting spaces as a part of a GeoParquet dataset: WGS 84, with boxes, the same types in all.

    The estates of a country lie in several zones; a dataset has one CRS.
    """
    flat = table.to_crs(WGS84).reset_index()
    words = {name: "string" for name in flat.columns.drop("geometry") if flat[name].dtype == object}
    flat.astype(words).to_parquet(path, index=False, write_covering_bbox=True, schema_version="1.1.0")


def evidence(result: Result, path: Path) -> None:
    """Write the long table of evidence as Parquet."""
    parquet(result.evidence[list(EVIDENCE_COLUMNS)], path)


def facts(result: Result, path: Path) -> None:
    """Write the unknown facts behind the intervals, one row a place and indicator that has any."""
    table = result.evidence[["place_id", "indicator", FACTS]]
    parquet(table[table[FACTS] != ""], path)


def reach(result: Result, path: Path) -> None:
    """Write which dwellings reach which meeting space in five minutes without steps, as Parquet."""
    if result.reach is not None:
        parquet(result.reach, path)


def lenses(result: Result, path: Path) -> None:
    """Write the scores under each resident lens, the worst served first: one row a lens and place or space."""
    parts = [
        table.rename_axis("id").reset_index().assign(lens=lens.id, level=level)
        for lens in result.lenses
        for level, table in (("place", lens.places), ("space", lens.meeting_spaces))
    ]
    table = pd.concat(parts, ignore_index=True) if parts else pd.DataFrame({"lens": [], "level": [], "id": []})
    first = ["lens", "level", "id"]
    files.write_csv(table[[*first, *table.columns.drop(first)]], path, index=False)


def lens_evidence(result: Result, path: Path) -> None:
    """Write the evidence that each lens measured again, as Parquet."""
    parts = [lens.evidence.assign(lens=lens.id) for lens in result.lenses]
    columns = ["lens", *EVIDENCE_COLUMNS, FACTS]
    parquet((pd.concat(parts) if parts else pd.DataFrame(columns=columns))[columns], path)


def lens_homes(result: Result, path: Path) -> None:
    """Write what each door has within five minutes of each resident lens, as Parquet; nothing without lenses."""
    parts = [lens.homes.assign(lens=lens.id).reset_index() for lens in result.lenses if lens.homes is not None]
    if parts:
        parquet(pd.concat(parts, ignore_index=True), path)


def field_checks(checks: pd.DataFrame, result: Result, path: Path, *, lang: str) -> None:
    """Write the list of field checks, with the question to ask and a sentence that says why.

    ``checks`` is the table of ``spatial.scoring.field_checks.find_field_checks``; what is asked of open ground comes
    after it.
    """
    words = texts(lang)
    named = checks.assign(
        kind=result.places["kind"].reindex(checks["place_id"]).to_numpy(),
        check=checks["object_id"] + MARK + checks["fact"],
    )
    asked = ask_of_open_ground(result)
    here = pd.DataFrame(asked[["object_id", "fact", "check"]]).assign(
        place_id=asked["object_id"], makes_ranked=False, place_count=1, kind=POSSIBLE_KIND
    )
    why = [why_check(row, lang) for row in named.assign(name=_names(named, result, lang)).to_dict("records")]
    why += [words["field_check"]["here"].format(homes=homes) for homes in asked["homes"]]
    named = pd.concat([named, here], ignore_index=True) if len(here) else named
    named = named.assign(
        name=_names(named, result, lang),
        question=[words["fact"][fact]["question"] for fact in named["fact"]],
        why=why,
    )
    named = named[[*checks.columns, "kind", "name", "question", "why", "check"]]
    named.index = pd.RangeIndex(1, len(named) + 1, name="order")
    files.write_csv(named, path)


def _names(checks: pd.DataFrame, result: Result, lang: str) -> list[str]:
    return list(checks["place_id"].map(names_of(result, lang)))


def why_check(check: Mapping[Any, Any], lang: str) -> str:
    """Say why a field check is worth the walk; ``check`` is a row of the list with the place's kind and name."""
    words = texts(lang)
    say = words["field_check"]

    def number(value: float, decimals: int) -> str:
        return written(value, words["format"]["locale"], decimals)

    many = check["place_count"] > 1
    sentence: str = say["moves_more" if many else "moves"].format(
        indicators=", ".join(f"»{indicator_texts(name, lang)['title']}«" for name in check["indicators"].split(";")),
        worst=number(check["floating_worst"] * 100, 0),
        best=number(check["floating_best"] * 100, 0),
        change=number(check["rank_change"], 1),
        count=check["place_count"],
        place=said(check["name"]) or in_sentence(words["kind"][check["kind"]]["title"], words),
    )
    return f"{sentence} {say['makes_ranked']}" if check["makes_ranked"] else sentence


def lineage(result: Result, path: Path) -> None:
    """Write who said what of each place as Parquet."""
    parquet(result.claims, path)


def geopackage(result: Result, path: Path, *, lang: str = "da") -> None:
    """Write places, meeting spaces and the layers of the map, in the estate's CRS, styled for QGIS.

    Raises
    ------
    OSError
        If not all of it could be written. GDAL does not say so of a full disk.
    """
    layers, shown, names = result.layers, schema(), names_of(result, lang)
    tables = {
        "places": named(result.places, names).reset_index(),
        "meeting_spaces": named(result.meeting_spaces, names).reset_index(),
        **possible_spaces(result, names),
        **{name: _columns(layers[name], shown[name].shown) for name in DRAWN},
        "boundary": layers["boundary"],
        **{name: _columns(layers[name], shown[name].shown) for name in DRAWN_AFTER},
        "homes": _columns(layers["homes"], HOME_COLUMNS),
        **{name: layers[name] for name in REACH if name in layers},
    }
    write_layers(tables, path, result, lang=lang)


def write_layers(tables: Mapping[str, gpd.GeoDataFrame], path: Path, result: Result, *, lang: str) -> None:
    """Write tables as layers of a GeoPackage, styled for QGIS, with the sources of a result.

    Raises
    ------
    OSError
        If not all of it could be written. GDAL does not say so of a full disk.
    """
    pyogrio.set_gdal_config_options(GDAL_OPTIONS)
    try:
        for name, table in tables.items():
            pyogrio.write_dataframe(
                table,
                path,
                layer=name,
                driver="GPKG",
                append=path.exists(),
                geometry_type=_geometry_type(table),
                use_arrow=True,
            )
        qgis_styles.describe(result, path, {name: list(table.columns) for name, table in tables.items()}, lang=lang)
    except (DataSourceError, DataLayerError, sqlite3.Error) as error:
        raise OSError(errno.EIO, f"GeoPackage: {next(iter(str(error).splitlines()), '')}") from error
    _check_whole(path, {name: len(table) for name, table in tables.items()})


def _geometry_type(table: gpd.GeoDataFrame) -> str:
    """Type of all geometries of a table, or "Unknown" where they differ."""
    _, first = np.unique(shapely.get_type_id(table.geometry.to_numpy()), return_index=True)
    found = set(table.geometry.iloc[first].geom_type.dropna())
    return found.pop() if len(found) == 1 else "Unknown"


def _check_whole(path: Path, expected: Mapping[str, int]) -> None:
    """Make sure that a GeoPackage holds as many rows a layer as were given to it."""
    try:
        with closing(sqlite3.connect(path)) as database:
            sound = database.execute("PRAGMA quick_check").fetchone() == ("ok",)
            found = {name: database.execute(f'SELECT count(*) FROM "{name}"').fetchone()[0] for name in expected}
    except sqlite3.Error as error:
        raise OSError(errno.EIO, f"GeoPackage: {error}") from error
    if not sound or found != expected:
        raise OSError(errno.EIO, "GeoPackage: not all of it was written")


def _columns(table: gpd.GeoDataFrame, names: tuple[str, ...]) -> gpd.GeoDataFrame:
    return table[[*names, "geometry"]].reset_index()


def manifest(result: Result, path: Path) -> None:
    """Write inputs, versions, configuration, seed and timings as JSON, and the form of each file beside it.

    CSV has no place for it, so the manifest says it of all: ``outputs`` gives each file's size and form.
    """
    beside = {
        file.relative_to(path.parent).as_posix(): {"bytes": file.stat().st_size, "schema_version": SCHEMA_VERSION}
        for file in sorted(path.parent.rglob("*"))
        if file.is_file() and file != path
    }
    whole = {**result.manifest, "outputs": beside}
    path.write_text(json.dumps(whole, ensure_ascii=False, indent=1, sort_keys=True) + "\n", encoding="utf-8")


def write_siting(curve: pd.DataFrame, result: Result, path: Path, *, lang: str) -> None:
    """Write the meeting spaces of a curve of choices, each with the least number of places at which it is chosen."""
    chosen = curve.assign(place_id=curve["space_ids"].str.split(";")).explode("place_id").groupby("place_id")["k"].min()
    table = result.meeting_spaces.loc[chosen.index, ["geometry"]].rename_axis("place_id")
    table = table.assign(name=names_in_order(table.index, names_of(result, lang)), chosen_from=chosen)
    order = ["chosen_from", "place_id", "name", "geometry"]
    write_layers({"siting": table.reset_index().sort_values(order[:2])[order]}, path, result, lang=lang)


HOMES, SPACES, GROUND = "home_changes", "space_changes", "ground_changes"


def write_changes(
    spaces: pd.DataFrame,
    homes: gpd.GeoDataFrame,
    items: gpd.GeoDataFrame,
    causes: pd.DataFrame,
    results: tuple[Result, Result],
    folder: Path,
    *,
    lang: str,
) -> None:
    """Write what changed between two results, numbers in full; see ``spatial.plans.comparison.Comparison``.

    ``spaces.csv`` has a row a meeting space, ``causes.csv`` one a space, indicator and cause, ``homes.csv``
    one a stairwell with those that lose most first. ``changes.gpkg`` has the layers ``home_changes``
    (winners and losers), ``space_changes`` and ``ground_changes``, in the CRS of the estate, styled for QGIS.

    Raises
    ------
    OSError
        If not all of it could be written.
    """
    files.write_csv(spaces, folder / "spaces.csv", index=False)
    files.write_csv(causes, folder / "causes.csv", index=False)
    table = homes.drop(columns="geometry")
    files.write_csv(table, folder / "homes.csv", index_label="door")
    layers = {
        SPACES: with_geometry(spaces, *results),
        GROUND: items,
        HOMES: homes.rename_axis("door").reset_index(),
    }
    # A layer without a row or a column has no place in a GeoPackage.
    write_layers(
        {name: layer for name, layer in layers.items() if len(layer)}, folder / "changes.gpkg", results[0], lang=lang
    )


def write_timeline(phases: pd.DataFrame, spaces: pd.DataFrame, folder: Path) -> None:
    """Write a plan through its phases: ``timeline.csv`` and ``timeline_spaces.csv``; numbers in full."""
    files.write_csv(phases, folder / "timeline.csv", index=False)
    files.write_csv(spaces, folder / "timeline_spaces.csv", index=False)


def with_geometry(spaces: pd.DataFrame, before: Result, after: Result) -> gpd.GeoDataFrame:
    """The rows of ``Comparison.spaces`` with the shape after the plan, or that before of what goes."""
    shapes: list[shapely.Geometry] = []
    for mine, theirs in zip(spaces["before_id"], spaces["after_id"], strict=True) if len(spaces) else ():
        there = isinstance(theirs, str)
        table = after.meeting_spaces if there else before.meeting_spaces
        shapes.append(table.geometry.loc[theirs if there else mine])
    return gpd.GeoDataFrame(spaces, geometry=shapes, crs=before.estate.crs)


# Ending by format. GeoJSON is in WGS 84, as its standard (RFC 7946) has it; the others are in the estate's CRS.
FORMATS = {"geojson": ".geojson", "geoparquet": ".parquet", "flatgeobuf": ".fgb"}
FORM = {SCHEMA_NAME: str(SCHEMA_VERSION)}


def export_layers(result: Result, folder: Path, formats: tuple[str, ...]) -> list[Path]:
    """Write places and meeting spaces, named in the language of the run, one file a table and format; return the files.

    Raises
    ------
    OSError
        If one cannot be written.
    """
    lang = str(result.manifest.get("lang", "da"))
    names = names_of(result, lang)
    tables = {name: named(getattr(result, name), names) for name in ("places", "meeting_spaces")}
    made = []
    for name, table in tables.items():
        for form in formats:
            path = folder / f"{name}{FORMATS[form]}"
            _write(table.reset_index(), path, form, "; ".join(style.lines(result)))
            made.append(path)
    return made


def _write(table: gpd.GeoDataFrame, path: Path, form: str, credits: str) -> None:
    if form == "geoparquet":
        table.to_parquet(path, index=False)
        made = arrow.read_table(path)
        arrow.write_table(made.replace_schema_metadata({**made.schema.metadata, **FORM}), path)
        return
    try:
        if form == "flatgeobuf":
            pyogrio.write_dataframe(table, path, driver="FlatGeobuf", layer_metadata={"CREDITS": credits, **FORM})
        else:
            pyogrio.write_dataframe(table.to_crs(WGS84), path, driver="GeoJSON", RFC7946="YES")
            _complete(path, str(table.columns[0]), credits)
    except (DataSourceError, DataLayerError) as error:
        raise OSError(errno.EIO, next(iter(str(error).splitlines()), "")) from error


def _complete(path: Path, identity: str, credits: str) -> None:
    """Name the sources in a GeoJSON file, as a member of the collection, and give each feature its id."""
    content = json.loads(path.read_text(encoding="utf-8"))
    for feature in content["features"]:
        feature["id"] = feature["properties"][identity]
    text = json.dumps({"attribution": credits, **FORM, **content}, ensure_ascii=False, separators=(",", ":"))
    path.write_text(text + "\n", encoding="utf-8")
