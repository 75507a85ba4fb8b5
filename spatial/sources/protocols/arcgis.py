"""Layers of an ArcGIS server, by GDAL's client for its JSON."""

from __future__ import annotations

import json
from urllib.parse import urlencode

import geopandas as gpd
from pyproj import CRS

from spatial.core.errors import ConfigError
from spatial.sources.catalogue import Source
from spatial.sources.gdal_proxy import Relay, read
from spatial.sources.gdal_services import asked_by, deliver_tiles
from spatial.sources.http import Transport
from spatial.sources.protocol import Area, Box, Delivery

DATA = "/query"


def fetch(source: Source, area: Area, *, transport: Transport | None = None) -> Delivery:
    """Ask for all features of a layer in the area's box.

    Raises
    ------
    SourceError
        If the service fails, or delivers less than it says it has.
    """
    return deliver_tiles(
        source,
        area,
        transport,
        data=DATA,
        crs=CRS.from_user_input(source.crs),
        boxed=lambda box: envelope(box, _number(source)),
        ask=lambda relay: features(source, relay),
    )


def _number(source: Source) -> int:
    number = CRS.from_user_input(source.crs).to_epsg()
    if number is None:
        raise ConfigError("arcgis.crs", source=source.id, crs=source.crs)
    return number


def envelope(box: Box, epsg: int) -> dict[str, str]:
    """A box as an ArcGIS server is asked for it."""
    shape = {**dict(zip(("xmin", "ymin", "xmax", "ymax"), box, strict=True)), "spatialReference": {"wkid": epsg}}
    return {
        "geometry": json.dumps(shape),
        "geometryType": "esriGeometryEnvelope",
        "inSR": str(epsg),
        "spatialRel": "esriSpatialRelIntersects",
    }


def features(source: Source, relay: Relay, *, limit: int | None = None) -> list[gpd.GeoDataFrame]:
    """Features of a layer through a relay, a table a box."""
    query = {
        "where": source.filter or "1=1",
        "outFields": "*",
        "outSR": str(_number(source)),
        "resultRecordCount": str(source.page_size if limit is None else limit),
        "f": "json",
        **asked_by(source),
    }
    layer = "" if source.layer is None else f"/{source.layer.strip('/')}"
    return read(
        relay,
        lambda address: f"ESRIJSON:{address}{layer}/query?{urlencode(query)}",
        layer=None,
        options={"FEATURE_SERVER_PAGING": "YES"},
        limit=limit,
    )
