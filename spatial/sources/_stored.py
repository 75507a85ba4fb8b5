"""What sources delivered, written to files without loss and without pickles, and read back the same.

Objects become GeoParquet, with tags as JSON and geometry as WKB; heights become GeoTIFF. Both open in GIS.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from pyproj import CRS

from spatial.model import Estate, Features, Provenance, Raster, RawData

if TYPE_CHECKING:
    from shapely.geometry.base import BaseGeometry

PARTS = ("points", "lines", "areas")
ESTATE_TEXTS = ("id", "name", "margin_m", "reach_m", "municipality", "tenure", "as_of")


def shape_text(shape: BaseGeometry) -> str:
    """Geometry as text, exact to the last bit."""
    return str(shapely.to_wkb(shape, hex=True))


def provenance(about: Mapping[str, Any]) -> Provenance:
    """A provenance as it stood in a manifest."""
    fields: dict[str, Any] = {name: tuple(v) if isinstance(v, list) else v for name, v in about.items()}
    return Provenance(**fields)


def write_raw(raw: RawData, crs: CRS, path: Path) -> dict[str, Any]:
    """Write the objects of a source; return what stands beside them in the manifest."""
    tables = [_table(getattr(raw, part), part) for part in PARTS]
    whole = pd.concat([table for table in tables if len(table)] or tables[:1], ignore_index=True)
    shapes = np.concatenate([getattr(raw, part).geometry for part in PARTS])
    gpd.GeoDataFrame(whole, geometry=shapes, crs=crs).to_parquet(path, index=False)
    return {
        "extent": shape_text(raw.extent),
        "dropped": dict(raw.dropped),
        "repaired": dict(raw.repaired),
        "node_ids": {part: _node_ids(getattr(raw, part)) for part in PARTS},
        "provenance": asdict(raw.provenance),
    }


def _table(features: Features, part: str) -> pd.DataFrame:
    tags = [json.dumps(dict(tags), ensure_ascii=False) for tags in features.tags]
    columns = {"id": list(features.ids), "part": [part] * len(features), "tags": tags}
    return pd.DataFrame({name: pd.array(values, dtype="string") for name, values in columns.items()})


def _node_ids(features: Features) -> list[int] | None:
    return None if features.node_ids is None else features.node_ids.tolist()


def read_raw(path: Path, about: Mapping[str, Any]) -> RawData:
    """Read the objects of a source back."""
    table = gpd.read_parquet(path)
    parts = {part: _features(table[table["part"] == part], about["node_ids"][part]) for part in PARTS}
    return RawData(
        **parts,
        extent=shapely.from_wkb(about["extent"]),
        dropped=about["dropped"],
        repaired=about["repaired"],
        provenance=provenance(about["provenance"]),
    )


def _features(table: gpd.GeoDataFrame, nodes: list[int] | None) -> Features:
    return Features(
        ids=np.array(table["id"].tolist(), dtype=object),
        tags=[json.loads(text) for text in table["tags"]],
        geometry=np.array(table.geometry.to_numpy(), dtype=object),
        node_ids=None if nodes is None else np.array(nodes, dtype=np.int64),
    )


def write_raster(raster: Raster, path: Path) -> dict[str, Any]:
    """Write heights as GeoTIFF; return what stands beside them in the manifest."""
    import rasterio
    from rasterio.transform import Affine

    rows, columns = raster.heights_m.shape
    with rasterio.open(
        path,
        "w",
        driver="GTiff",
        height=rows,
        width=columns,
        count=1,
        dtype="float32",
        nodata=np.nan,
        crs=raster.crs.to_wkt(),
        transform=Affine(raster.cell_m, 0.0, raster.west_m, 0.0, -raster.cell_m, raster.north_m),
        compress="deflate",
    ) as file:
        file.write(raster.heights_m, 1)
    return {
        "west_m": raster.west_m,
        "north_m": raster.north_m,
        "cell_m": raster.cell_m,
        "crs": raster.crs.to_string(),
        "covered_share": raster.covered_share,
        "provenance": [asdict(one) for one in raster.provenance],
    }


def read_raster(path: Path, about: Mapping[str, Any]) -> Raster:
    """Read heights back."""
    import rasterio

    with rasterio.open(path) as file:
        heights = file.read(1)
    return Raster(
        heights_m=heights,
        west_m=about["west_m"],
        north_m=about["north_m"],
        cell_m=about["cell_m"],
        crs=CRS.from_user_input(about["crs"]),
        covered_share=about["covered_share"],
        provenance=tuple(provenance(one) for one in about["provenance"]),
    )


def write_boundary(estate: Estate, path: Path) -> dict[str, Any]:
    """Write an estate's boundary; return all else that is known of it."""
    gpd.GeoDataFrame({"id": [estate.id], "name": [estate.name]}, geometry=[estate.boundary], crs=estate.crs).to_parquet(
        path, index=False
    )
    return {
        **{name: getattr(estate, name) for name in ESTATE_TEXTS},
        "crs": estate.crs.to_string(),
        "missing_parcels": list(estate.missing_parcels),
        "listed": [list(pair) for pair in estate.listed],
        "provenance": None if estate.provenance is None else asdict(estate.provenance),
        "further": [asdict(one) for one in estate.further],
    }


def read_boundary(path: Path, about: Mapping[str, Any]) -> Estate:
    """Read an estate back."""
    return Estate(
        **{name: about[name] for name in ESTATE_TEXTS},
        boundary=gpd.read_parquet(path).geometry.iloc[0],
        crs=CRS.from_user_input(about["crs"]),
        missing_parcels=tuple(about["missing_parcels"]),
        listed=tuple((int(year), said) for year, said in about["listed"]),
        provenance=None if about["provenance"] is None else provenance(about["provenance"]),
        further=tuple(provenance(one) for one in about["further"]),
    )
