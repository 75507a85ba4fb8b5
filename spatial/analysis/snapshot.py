"""Freeze the inputs of a run in a folder, without loss and without pickles, and read them back the same.

``inputs.json`` names every input with its digest, licence, attribution, query and dates;
``objects/<sha256>.<ending>`` holds them. OpenStreetMap stays a file of OpenStreetMap, whole or
clipped; everything else is kept as its source delivered it, so that a replay starts from the same.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from pyproj import CRS

from spatial.core.errors import IncompleteResult, InputError, SourceFormatError, SourceUnavailable
from spatial.core.files import sha256_of
from spatial.core.messages import Spoken, cause, phrase
from spatial.core.model import Estate, Extract, Features, Provenance, Raster, RawData
from spatial.core.outputs import whole_folder
from spatial.core.versions import versions

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
    parts: dict[str, Any] = {part: _features(table[table["part"] == part], about["node_ids"][part]) for part in PARTS}
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
        "legal": estate.legal,
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
        legal=about.get("legal"),
        boundary=gpd.read_parquet(path).geometry.iloc[0],
        crs=CRS.from_user_input(about["crs"]),
        missing_parcels=tuple(about["missing_parcels"]),
        listed=tuple((int(year), said) for year, said in about["listed"]),
        provenance=None if about["provenance"] is None else provenance(about["provenance"]),
        further=tuple(provenance(one) for one in about["further"]),
    )


FORM = 1
MANIFEST, OBJECTS = "inputs.json", "objects"
NEEDED = phrase("frozen.needed")
# A larger extract is clipped to the estate's surroundings; a smaller one is copied as it is.
CLIP_ABOVE_BYTES = 64 << 20


@dataclass(frozen=True)
class FrozenInputs:
    """All that a run reads."""

    estate: Estate
    osm: Extract
    layers: Sequence[RawData]
    models: Mapping[str, Raster]


def write_snapshot(
    folder: Path,
    estate: Estate,
    osm: Extract,
    *,
    layers: Sequence[str] = (),
    complete: Sequence[str] = (),
    models: Mapping[str, Sequence[Path]] | None = None,
    clip_above_bytes: int = CLIP_ABOVE_BYTES,
    progress: Callable[[str], None] | None = None,
) -> dict[str, Any]:
    """Read all inputs of a run once, and freeze them: all, or none.

    Parameters
    ----------
    folder
        Where to; what an earlier call has frozen there is replaced.
    layers, complete
        Municipal layers, and which of them are declared complete, as ``spatial.analyse`` takes them.
    models
        Files by ``"terrain"`` and the like.
    clip_above_bytes
        Size from which on an extract is clipped.

    Returns
    -------
    dict
        The manifest.

    Raises
    ------
    SpatialError
        If an input cannot be read, or the folder not be written.
    """
    tell = progress or (lambda stage: None)
    _refuse_other(folder)
    with whole_folder(folder, keep_ours=False) as draft:
        (draft / OBJECTS).mkdir()
        tell("read")
        manifest = {
            "form": FORM,
            "frozen_at": datetime.now(UTC).isoformat(timespec="seconds"),
            "versions": versions(),
            "estate": _boundary(estate, draft),
            "osm": _osm(osm, estate, draft, clip_above_bytes),
            "layers": list(_layers(layers, complete, estate, draft)),
            "models": {what: _model(what, files, estate, draft) for what, files in (models or {}).items()},
        }
        text = json.dumps(manifest, ensure_ascii=False, indent=1, sort_keys=True)
        (draft / MANIFEST).write_text(text + "\n", encoding="utf-8")
    return manifest


def _refuse_other(folder: Path) -> None:
    """Refuse a folder that holds something else than frozen inputs."""
    if folder.exists() and not (folder.is_dir() and (not any(folder.iterdir()) or (folder / MANIFEST).is_file())):
        raise InputError("frozen.other", folder=folder)


def _kept(path: Path, ending: str) -> dict[str, Any]:
    """Give an object the name of its content; return what says where it is."""
    sha256 = sha256_of(path)
    named = path.with_name(f"{sha256}{ending}")
    os.replace(path, named)
    return {"file": f"{OBJECTS}/{named.name}", "sha256": sha256, "bytes": named.stat().st_size}


def _boundary(estate: Estate, draft: Path) -> dict[str, Any]:

    path = draft / OBJECTS / "boundary"
    return write_boundary(estate, path) | _kept(path, ".parquet")


def _osm(osm: Extract, estate: Estate, draft: Path, clip_above_bytes: int) -> dict[str, Any]:
    from spatial.osm import extract as osm_extract
    from spatial.osm import osmium_reader, reader

    raw = osm.described(reader.read_around(osm.path, estate))
    area = osmium_reader.area_wgs84(estate)
    ending = next(end for end in osmium_reader.SUFFIXES if osm.path.name.endswith(end))
    path = draft / OBJECTS / f"osm{ending}"
    clipped = osm.path.stat().st_size > clip_above_bytes and osm_extract.can_clip(osm.path, area)
    if clipped:
        ending, path = ".osm.pbf", path.with_name("osm.osm.pbf")
        osm_extract.clip(osm.path, area, path)
    else:
        shutil.copyfile(osm.path, path)
    return {"clipped": clipped, "provenance": asdict(raw.provenance)} | _kept(path, ending)


def _layers(layers: Sequence[str], complete: Sequence[str], estate: Estate, draft: Path) -> Iterator[dict[str, Any]]:
    from spatial.sources import layers as sources_layers

    path = draft / OBJECTS / "layer"
    for raw in sources_layers.read_layers(layers, estate, complete=complete):
        about = write_raw(raw, estate.crs, path)
        yield {"layer": raw.provenance.source_id} | about | _kept(path, ".parquet")


def _model(what: str, files: Sequence[Path], estate: Estate, draft: Path) -> dict[str, Any]:
    from spatial.sources import rasters

    path = draft / OBJECTS / "model"
    found: Raster = getattr(rasters, what)(list(files), estate)
    return write_raster(found, path) | _kept(path, ".tif")


# --- reading back -----------------------------------------------------------------------


def read_snapshot(folder: Path) -> FrozenInputs:
    """Read frozen inputs back.

    Raises
    ------
    SourceUnavailable
        If the folder is none of ours, or an object is not there.
    IncompleteResult
        If an object is not what was frozen.
    SourceFormatError
        If the manifest is of another form.
    """
    manifest = _manifest(folder)
    try:
        estate = read_boundary(_checked(folder, manifest["estate"]), manifest["estate"])
        osm = manifest["osm"]
        extract = Extract(_checked(folder, osm), provenance(osm["provenance"]))
        layers = [read_raw(_checked(folder, one), one) for one in manifest["layers"]]
        models = {what: read_raster(_checked(folder, one), one) for what, one in sorted(manifest["models"].items())}
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        if isinstance(error, InputError):
            raise
        raise _another_form(folder, cause(error)) from error
    return FrozenInputs(estate, extract, layers, models)


def _another_form(folder: Path, said: Spoken) -> SourceFormatError:
    return SourceFormatError("frozen.unreadable", path=folder / MANIFEST, cause=said, needed=NEEDED)


def _manifest(folder: Path) -> dict[str, Any]:
    path = folder / MANIFEST
    if not path.is_file():
        raise SourceUnavailable("frozen.no_manifest", folder=folder, name=MANIFEST, needed=NEEDED)
    try:
        found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        form = found["form"]
    except (ValueError, KeyError, TypeError, OSError, RecursionError) as error:
        raise _another_form(folder, cause(error)) from error
    if form != FORM:
        raise _another_form(folder, phrase("frozen.form", form=form, wanted=FORM))
    return found


def _checked(folder: Path, entry: Mapping[str, Any]) -> Path:
    """The file of an entry, if it is what was frozen."""
    path = folder / str(entry["file"])
    if folder.resolve() not in path.resolve().parents:
        raise _another_form(folder, phrase("frozen.outside", file=entry["file"]))
    if not path.is_file():
        raise SourceUnavailable("frozen.missing", path=path)
    found = sha256_of(path)
    if found != entry["sha256"]:
        raise IncompleteResult("frozen.changed", path=path, found=found[:12], wanted=entry["sha256"][:12])
    return path
