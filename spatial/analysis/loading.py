"""Read a finished run back from its folder."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import geopandas as gpd
import pandas as pd
import pyogrio
import shapely
from pyproj import CRS
from pyproj.exceptions import ProjError
from shapely.geometry.base import BaseGeometry

from spatial.core.errors import SourceFormatError, SourceUnavailable
from spatial.core.messages import cause, phrase
from spatial.core.model import (
    CLAIM_COLUMNS,
    EVIDENCE_COLUMNS,
    FACTS,
    SHARES,
    Estate,
    LensResult,
    Raster,
    Result,
    Rubric,
    Rule,
)
from spatial.core.versions import SCHEMA_VERSION, edition
from spatial.places.meeting_spaces import MEETING
from spatial.sources import vector_files

# Forms that can be read: ours, the one before, and the first (docs/compatibility.md).
READABLE = (1, 2, SCHEMA_VERSION)
NEEDED = phrase("finished.needed")
LENS_HOMES = ["lens", "door", "best_floating", "spaces_5min", "spaces_5min_sure"]
ID_COLUMNS = {"places": "place_id", "meeting_spaces": "space_id", "possible_spaces": "room_id"}


# What libraries raise at a file that was damaged or tampered with.
BROKEN = (
    pyogrio.errors.DataSourceError,
    pyogrio.errors.DataLayerError,
    OSError,
    ProjError,
    KeyError,
    IndexError,
    TypeError,
    ValueError,
    AttributeError,
    MemoryError,
    shapely.GEOSException,
)


def manifest(folder: Path) -> dict[str, Any]:
    """Read the manifest of a finished run.

    Raises
    ------
    SourceUnavailable
        If it is not there.
    SourceFormatError
        If it is not JSON, of another version, or holds no rubric.
    """
    path = folder / "manifest.json"
    if not path.is_file():
        raise SourceUnavailable("finished.no_manifest", folder=folder, needed=NEEDED)
    try:
        found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        version = found["schema_version"]
        if version in READABLE:
            rubric(found)
    except (ValueError, KeyError, TypeError, AttributeError, OSError, RecursionError) as error:
        raise SourceFormatError("finished.unreadable", path=path, cause=cause(error), needed=NEEDED) from error
    if version not in READABLE:
        raise SourceFormatError("finished.form", path=path, version=version, first=READABLE[0], last=READABLE[-1])
    return found


def evidence(folder: Path) -> pd.DataFrame:
    """Read the evidence of a finished run, with the unknown facts behind it.

    Raises
    ------
    SourceFormatError
        If it is not there, not Parquet, or lacks a column.
    """
    table = _parquet(folder / "evidence.parquet", EVIDENCE_COLUMNS)
    keys = ["place_id", "indicator"]
    behind = _parquet(folder / "facts.parquet", (*keys, FACTS))
    try:
        return table.merge(behind, on=keys, how="left", validate="one_to_one").fillna({FACTS: ""})
    except ValueError as error:
        raise SourceFormatError(
            "finished.unusable", path=folder / "facts.parquet", cause=cause(error), needed=NEEDED
        ) from error


def claims(folder: Path) -> pd.DataFrame:
    """Read who said what of the places of a finished run.

    Raises
    ------
    SourceFormatError
        If it is not there, not Parquet, or lacks a column.
    """
    return _parquet(folder / "lineage.parquet", CLAIM_COLUMNS)


def _parquet(path: Path, columns: Sequence[str]) -> pd.DataFrame:
    try:
        return pd.read_parquet(path, columns=list(columns))
    except (OSError, ValueError, KeyError) as error:
        raise SourceFormatError("finished.unreadable", path=path, cause=cause(error), needed=NEEDED) from error


def lenses(folder: Path) -> tuple[LensResult, ...]:
    """Read the resident lenses of a finished run, the worst served first; a run may have none.

    Raises
    ------
    SourceFormatError
        If the manifest names lenses and their files cannot be read.
    """
    entries = manifest(folder).get("lenses", [])
    if not entries:
        return ()
    path = folder / "lenses.csv"
    try:
        scores = pd.read_csv(path, dtype={"rank": "Int64"})
        measured = pd.read_parquet(folder / "lens_evidence.parquet", columns=["lens", *EVIDENCE_COLUMNS, FACTS])
        kept = folder / "lens_homes.parquet"
        homes = pd.read_parquet(kept, columns=LENS_HOMES) if kept.is_file() else None
        return tuple(_lens(entry, scores, measured, homes) for entry in entries)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise SourceFormatError("finished.unreadable", path=path, cause=cause(error), needed=NEEDED) from error


def reach(folder: Path) -> pd.DataFrame | None:
    """Read which dwellings reach which meeting space; None where a run does not hold it.

    Raises
    ------
    SourceFormatError
        If it is there and cannot be read.
    """
    path = folder / "reach.parquet"
    if not path.is_file():
        return None
    try:
        return pd.read_parquet(path, columns=["space_id", "door", "dwellings", "known"])
    except (OSError, ValueError, KeyError) as error:
        raise SourceFormatError("finished.unreadable", path=path, cause=cause(error), needed=NEEDED) from error


def _lens(
    entry: Mapping[str, Any], scores: pd.DataFrame, measured: pd.DataFrame, homes: pd.DataFrame | None
) -> LensResult:
    name = entry["id"]
    own = scores[scores["lens"] == name].drop(columns="lens")
    levels = {level: own[own["level"] == level].drop(columns="level").set_index("id") for level in ("place", "space")}
    return LensResult(
        name,
        entry["served_low"],
        entry["served"],
        entry["served_high"],
        levels["place"].rename_axis("place_id"),
        levels["space"].rename_axis("space_id"),
        measured[measured["lens"] == name].drop(columns="lens").reset_index(drop=True),
        entry["rules"],
        None if homes is None else homes[homes["lens"] == name].drop(columns="lens").set_index("door"),
    )


def rubric(found: Mapping[str, Any]) -> Rubric:
    """Rebuild the resolved rubric from a manifest."""
    table = dict(found["rubric"])
    rules = {
        name: Rule(**{**rule, "points": tuple(map(tuple, rule["points"])), "plausible": tuple(rule["plausible"])})
        for name, rule in table.pop("rules").items()
    }
    return Rubric(rules=rules, **table)


def terrain(folder: Path) -> Raster | None:
    """Read the heights that are drawn; None for a run without a terrain model.

    Raises
    ------
    SourceFormatError
        If the manifest names a terrain model and its file cannot be read.
    """
    if "terrain" not in manifest(folder).get("models", {}):
        return None
    import rasterio

    path = folder / "terrain.tif"
    try:
        with rasterio.open(path) as file:
            crs = CRS.from_wkt(file.crs.to_wkt())
            return Raster(file.read(1), file.transform.c, file.transform.f, file.transform.a, crs, 1.0, ())
    except (rasterio.errors.RasterioError, AttributeError, ProjError) as error:
        raise SourceFormatError("finished.unreadable", path=path, cause=cause(error), needed=NEEDED) from error


def observed(folder: Path) -> gpd.GeoDataFrame | None:
    """Read what was published of observations laid over a finished run: one row a unit; None without any.

    Raises
    ------
    SourceFormatError
        If the manifest names observations and their file cannot be read.
    """
    path = folder / "observations.gpkg"
    if not manifest(folder).get("observations"):
        return None
    try:
        return pyogrio.read_dataframe(path, layer="observations").set_index("unit_id")
    except (pyogrio.errors.DataSourceError, pyogrio.errors.DataLayerError, KeyError) as error:
        raise SourceFormatError("finished.observed", path=path, cause=cause(error)) from error


def _estate(about: Mapping[str, Any], boundary: BaseGeometry) -> Estate:
    """The estate of a manifest."""
    return Estate(
        id=about["id"],
        name=about["name"],
        boundary=boundary,
        crs=CRS.from_user_input(about["crs"]),
        margin_m=about["margin_m"],
        reach_m=about["reach_m"],
        municipality=about["municipality"],
        tenure=about["tenure"],
        legal=about.get("legal"),
        as_of=about.get("as_of"),
        listed=tuple((int(year), said) for year, said in about.get("listed", {}).items()),
    )


def read_run(folder: Path) -> Result:
    """Read a finished run: everything that can be drawn and explained.

    Raises
    ------
    SourceUnavailable, SourceFormatError
        If a file is missing or cannot be read.
    """
    found = manifest(folder)
    path = folder / "places.gpkg"
    try:
        # Tables without a geometry are styles.
        vector_files.check_file(path)
        names = [str(name) for name, geometry in pyogrio.list_layers(path) if geometry is not None]
        tables = {name: _table(path, name) for name in names}
        estate = _estate(found["estate"], tables["boundary"].geometry.iloc[0])
        places, spaces = tables.pop("places"), tables.pop("meeting_spaces")
    except BROKEN as error:
        raise SourceFormatError("finished.unreadable", path=path, cause=cause(error), needed=NEEDED) from error
    measured, judgement = evidence(folder), rubric(found)
    if edition(found["schema_version"]) == 1:
        given = measured, judgement, int(found.get("seed", 0))
        places, spaces = _with_shares(places, *given), _with_shares(spaces.assign(status=MEETING), *given)
    return Result(
        estate=estate,
        places=places,
        meeting_spaces=spaces,
        evidence=measured,
        layers=tables,
        rubric=judgement,
        claims=claims(folder),
        manifest=found,
        lenses=lenses(folder),
        reach=reach(folder),
        terrain=terrain(folder),
    )


def _with_shares(table: gpd.GeoDataFrame, measured: pd.DataFrame, judgement: Rubric, seed: int) -> gpd.GeoDataFrame:
    """Add what a run of the first edition did not write: how much is known in which way, and tiers, by its rubric."""
    from spatial.scoring import scores
    from spatial.scoring.judging import judge_all

    again = scores.score(judge_all(measured, table.index, judgement), table.index, judgement, seed)
    found: gpd.GeoDataFrame = table.assign(**{name: again[name] for name in (*SHARES, "tier") if name not in table})
    return found


def _table(path: Path, layer: str) -> gpd.GeoDataFrame:
    table = pyogrio.read_dataframe(path, layer=layer)
    identity = ID_COLUMNS.get(layer, "id")
    whole = [name for name in ("rank", "tier") if name in table]
    table = table.astype(dict.fromkeys(whole, "Int64"))
    # A name that was made for the row, in the language of the run, is made again in that of whoever reads.
    if "own_name" in table:
        table = table.assign(name=table["own_name"]).drop(columns="own_name")
    return table.set_index(identity) if identity in table else table
