"""What a live service answers: asked once, in a small box, and held against the entry."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import shapely
from pyproj import CRS, Transformer

from spatial.core.crs import DENMARK_UTM32, WGS84, local_metric
from spatial.core.errors import ConfigError
from spatial.core.files import scratch_folder
from spatial.sources import field_mapping, layers
from spatial.sources.catalogue import Source
from spatial.sources.http import Transport
from spatial.sources.protocol import Area, Delivery
from spatial.sources.protocols import wcs

# Half the side of the box that is asked for, in metres.
HALF_M = 300.0
# Where there is something in it: Østerbro in Copenhagen, and the middle of the other towns, in EPSG:25832.
TOWNS: Mapping[str | None, tuple[float, float]] = {
    None: (723_900.0, 6_179_300.0),
    "0101": (723_900.0, 6_179_300.0),
    "0147": (721_700.0, 6_176_200.0),
    "0630": (534_700.0, 6_173_500.0),
    "0751": (574_600.0, 6_223_900.0),
}
# A user waits for the answer: one attempt each, and little patience.
PATIENCE = {"connect_s": 5.0, "read_s": 15.0, "whole_s": 30.0, "attempts": 1}
# What GDAL and the interfaces add to a table of themselves.
OWN_FIELDS = frozenset({"gml_id", "fid", "objectid", "faellesrum_count", "_id", "ogc_fid", "gid"})


@dataclass(frozen=True)
class Found:
    """What a service delivered for the box.

    ``rows`` is what came, ``objects`` what is left of it after the mapping. ``missing`` are fields
    of the entry that the layer does not have, ``unmapped`` fields of the layer that the entry does
    not name. ``notes`` is what had to be put right or was left out, counted.
    """

    source_id: str
    address: str
    crs: str | None
    rows: int
    objects: int
    box: tuple[float, float, float, float]
    seconds: float
    fields: Sequence[str] = ()
    missing: Sequence[str] = ()
    unmapped: Sequence[str] = ()
    notes: Mapping[str, int] = field(default_factory=dict)
    unread: Mapping[str, int] = field(default_factory=dict)


def box_of(source: Source) -> Area:
    """The box that is asked for: in the entry's town."""
    return _around(*TOWNS.get(source.municipality, TOWNS[None]), DENMARK_UTM32)


def box_at(lon_deg: float, lat_deg: float) -> Area:
    """The box around a position in WGS 84, in the CRS of that place.

    Raises
    ------
    CRSError
        If there is no such position.
    """
    crs = local_metric(lon_deg, lat_deg)
    return _around(*Transformer.from_crs(WGS84, crs, always_xy=True).transform(lon_deg, lat_deg), crs)


def _around(x: float, y: float, crs: CRS) -> Area:
    return Area(shapely.box(x - HALF_M, y - HALF_M, x + HALF_M, y + HALF_M), crs)


def check_service(source: Source, *, area: Area | None = None, transport: Transport | None = None) -> Found:
    """Ask the live service for a small box.

    Raises
    ------
    SpatialError
        Why it cannot deliver: not reachable, no such layer, no key, not what it claims to be.
    """
    begun = time.monotonic()
    where = area or box_of(source)
    known = transport or Transport(**PATIENCE)  # type: ignore[arg-type]
    if source.protocol == "wcs":
        return _raster(source, where, known, begun)
    delivery = layers.ask_service(source, where, known)
    raw = layers.as_raw_data(delivery, source, where)
    names = _fields(delivery)
    rows = {name: delivery.table[name].to_numpy() for name in names}
    told = field_mapping.translate(rows, len(delivery.table), source.mapping)
    named = {name.lower() for name in (*source.mapping.names, *source.mapping.unused, source.id_field or "")}
    return Found(
        source.id,
        delivery.origin,
        None if delivery.table.crs is None else delivery.table.crs.to_string(),
        len(delivery.table),
        len(raw.points) + len(raw.lines) + len(raw.areas),
        _box(where),
        round(time.monotonic() - begun, 2),
        fields=tuple(names),
        missing=tuple(told.missing_fields) if names else (),
        unmapped=tuple(name for name in names if name.lower() not in named | OWN_FIELDS),
        notes={**raw.dropped, **raw.repaired},
        unread=told.unread,
    )


def _fields(delivery: Delivery) -> list[str]:
    return [str(name) for name in delivery.table.columns if name != delivery.table.geometry.name]


def _box(area: Area) -> tuple[float, float, float, float]:
    x0, y0, x1, y1 = area.polygon.bounds
    return x0, y0, x1, y1


def _raster(source: Source, area: Area, transport: Transport, begun: float) -> Found:
    """Ask for a coarse picture of the box: a pixel of ten metres says as much as one of 40 cm."""
    import rasterio

    with scratch_folder() as folder:
        tiles = wcs.fetch(source, area, transport=transport, folder=folder, resolution_m=10.0)
        with rasterio.open(tiles.paths[0]) as raster:
            crs, size = CRS.from_wkt(raster.crs.to_wkt()), raster.width * raster.height
    seconds = round(time.monotonic() - begun, 2)
    return Found(source.id, tiles.provenance.path, crs.to_string(), size, size, _box(area), seconds)


def require_live(source: Source) -> None:
    """Raise if an entry has no service behind it.

    Raises
    ------
    ConfigError
        If the layer comes as a file only.
    """
    if source.protocol == "file" or (source.endpoint is None and source.key is None):
        raise ConfigError("probe.file_only", source=source.id)
