"""Places and meeting spaces in the formats that other programs ask for."""

from __future__ import annotations

import errno
import json
from pathlib import Path

import geopandas as gpd
import pyogrio
from pyarrow import parquet as arrow
from pyogrio.errors import DataLayerError, DataSourceError

from spatial.model import Result
from spatial.render import credit
from spatial.version import SCHEMA_NAME, SCHEMA_VERSION

# Ending by format. GeoJSON is in WGS 84, as its standard (RFC 7946) has it; the others are in the estate's CRS.
FORMATS = {"geojson": ".geojson", "geoparquet": ".parquet", "flatgeobuf": ".fgb"}
WGS84 = 4326
FORM = {SCHEMA_NAME: str(SCHEMA_VERSION)}


def render(result: Result, folder: Path, formats: tuple[str, ...]) -> list[Path]:
    """Write places and meeting spaces, one file a table and format; return the files.

    Raises
    ------
    OSError
        If one cannot be written.
    """
    tables = {"places": result.places, "meeting_spaces": result.meeting_spaces}
    made = []
    for name, table in tables.items():
        for form in formats:
            path = folder / f"{name}{FORMATS[form]}"
            _write(table.reset_index(), path, form, "; ".join(credit.lines(result)))
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
