"""Web Feature Service 1.0 to 2.0, by GDAL's client."""

from __future__ import annotations

from urllib.parse import urlencode

import geopandas as gpd
from pyproj import CRS

from spatial.sources.catalogue import Source
from spatial.sources.gdal_proxy import Relay, read
from spatial.sources.gdal_services import asked_by, deliver_tiles
from spatial.sources.http import Transport
from spatial.sources.protocol import Area, Box, Delivery

VERSION = "2.0.0"
DATA = "request=getfeature"


def fetch(source: Source, area: Area, *, transport: Transport | None = None) -> Delivery:
    """Ask for all features of a layer in the area's box.

    Raises
    ------
    SourceError
        If the service fails, lacks the layer, or delivers less than it announces.
    """
    return deliver_tiles(
        source,
        area,
        transport,
        data=DATA,
        crs=CRS.from_user_input(source.crs),
        boxed=lambda box: {"BBOX": bbox(source, box)},
        ask=lambda relay: features(source, relay),
    )


def bbox(source: Source, box: Box) -> str:
    """A box as WFS is asked for it; before version 1.1 it carries no CRS.

    The CRS of an entry is a projected one, in which east comes first in all versions.
    """
    corners = ",".join(f"{value:.2f}" for value in box)
    return corners if (source.version or VERSION).startswith("1.0") else f"{corners},{source.crs}"


def features(source: Source, relay: Relay, *, limit: int | None = None) -> list[gpd.GeoDataFrame]:
    """Features of a layer through a relay, a table a box."""
    query = {"VERSION": source.version or VERSION, "SRSNAME": source.crs, **asked_by(source)}
    if source.format is not None:
        query["OUTPUTFORMAT"] = source.format
    return read(
        relay,
        lambda address: f"WFS:{address}?{urlencode(query, safe=':/')}",
        layer=source.layer,
        config={"OGR_WFS_PAGE_SIZE": str(source.page_size)},
        limit=limit,
    )
