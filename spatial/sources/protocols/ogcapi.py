"""OGC API Features, by GDAL's client."""

from __future__ import annotations

import geopandas as gpd

from spatial.core.crs import WGS84
from spatial.sources.catalogue import Source
from spatial.sources.gdal_proxy import Relay, read
from spatial.sources.gdal_services import deliver_tiles
from spatial.sources.http import Transport
from spatial.sources.protocol import Area, Delivery

DATA = "/items"


def fetch(source: Source, area: Area, *, transport: Transport | None = None) -> Delivery:
    """Ask for all features of a collection in the area's box.

    The box is in longitude and latitude, which every such service understands.

    Raises
    ------
    SourceError
        If the service fails, lacks the collection, or delivers less than it announces.
    """
    return deliver_tiles(
        source,
        area,
        transport,
        data=DATA,
        crs=WGS84,
        boxed=lambda box: {"bbox": ",".join(f"{value:.7f}" for value in box)},
        ask=lambda relay: features(source, relay),
    )


def features(source: Source, relay: Relay, *, limit: int | None = None) -> list[gpd.GeoDataFrame]:
    """Features of a collection through a relay, a table a box."""
    return read(
        relay,
        lambda address: f"OAPIF:{address}",
        layer=source.layer,
        options={"PAGE_SIZE": str(source.page_size), "CRS": "OGC:CRS84"},
        limit=limit,
    )
