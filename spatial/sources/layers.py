"""Read layers of the catalogue around an estate, by whatever protocol, into one shape.

``read_layer`` is what the rest of the program calls; which protocol a layer comes by is the
catalogue's business.
"""

from __future__ import annotations

import importlib
import logging
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import shapely
from pyproj.exceptions import ProjError
from shapely.geometry.base import BaseGeometry

from spatial.core.errors import ConfigError, CRSError, EmptyAreaError, IncompleteResult, InputError
from spatial.core.messages import cause, phrase
from spatial.core.model import Estate, Provenance, RawData
from spatial.settings.tags import tag_rules
from spatial.sources import catalogue as sources_catalogue
from spatial.sources import closed_services, features, field_mapping, vector_files
from spatial.sources.catalogue import Catalogue, Source
from spatial.sources.protocol import Area, Delivery

log = logging.getLogger(__name__)

M_PER_KM = 1000.0
# A box is reprojected with so many points along its sides, and widened so that its own objects lie in it.
SEGMENTS, ROUNDING_M = 64, 1.0
# Protocols by their module; a new one is one file with ``fetch`` and a line here.
MODULES = {
    "wfs": "spatial.sources.protocols.wfs",
    "ogcapi": "spatial.sources.protocols.ogcapi",
    "arcgis": "spatial.sources.protocols.arcgis",
    "sql": "spatial.sources.protocols.sql",
    "ckan": "spatial.sources.protocols.ckan",
    "postgis": "spatial.sources.protocols.postgis",
    "geojson": "spatial.sources.protocols.download",
    "gtfs": "spatial.sources.protocols.download",
    "graphql": "spatial.sources.protocols.graphql",
    "dwellings": "spatial.sources.protocols.dwellings",
}


def split(layer: str) -> tuple[str, str | None]:
    """Part ``"SOURCE_ID=FILE"`` into its two; without a file the layer is asked for live.

    Examples
    --------
    >>> split("kk.legeplads=legeplads.geojson"), split("kk.legeplads")
    (('kk.legeplads', 'legeplads.geojson'), ('kk.legeplads', None))
    """
    identity, equals, path = layer.partition("=")
    if not identity.strip() or (equals and not path.strip()):
        raise InputError("register.layer", layer=layer)
    return identity.strip(), path.strip() or None


def read_layer(layer: str, estate: Estate, *, catalogue: Catalogue | None = None, transport: Any = None) -> RawData:
    """Read one layer of the catalogue around an estate: its boundary, margin and reach.

    Parameters
    ----------
    layer
        ``"SOURCE_ID"`` to ask the live service, ``"SOURCE_ID=FILE"`` to read a file of that layer, of dwellings a
        folder of entity files.
    estate
        Gives the area and the CRS.
    catalogue
        Default: the bundled one and the user's own.
    transport
        How to ask a live service. Default: one with the usual patience.

    Returns
    -------
    RawData
        Objects that touch the area, whole, in the estate's CRS, with tags of the canonical schema and the
        identities ``"<source_id>:<its own id>"``.

    Raises
    ------
    InputError
        If there is no such layer in the catalogue.
    SourceError
        If the file or the service cannot be read, or delivers less than it announced.
    CRSError
        If the coordinates cannot be brought to the estate.
    EmptyAreaError
        If the layer lies somewhere else altogether.
    """
    identity, path = split(layer)
    known = sources_catalogue.load() if catalogue is None else catalogue
    source = known[identity]
    area = Area(estate.context_area, estate.crs)
    if path is None:
        delivery = ask_service(source, area, transport)
    elif source.protocol == "dwellings" and Path(path).is_dir():
        from spatial.sources.protocols import entity_files

        delivery = entity_files.read_dwellings(Path(path), source, area)
    else:
        delivery = vector_files.read_map_file(path, source, area)
    return as_raw_data(delivery, source, area)


def read_layers(layers: Sequence[str | RawData], estate: Estate, *, complete: Sequence[str] = ()) -> list[RawData]:
    """Read several layers, where they are not read yet; those in ``complete`` are declared so.

    Raises
    ------
    InputError
        If something is declared complete that is not among the layers.
    IncompleteResult
        If something is declared complete that says itself that it is not.
    SpatialError
        As ``read_layer``.
    """
    found = [layer if isinstance(layer, RawData) else read_layer(layer, estate) for layer in layers]
    ids = [raw.provenance.source_id for raw in found]
    strange = sorted(set(complete) - set(ids))
    if strange:
        raise InputError("register.complete", names=strange, known=ids or phrase("register.no_layers"))
    for raw in found:
        origin = raw.provenance
        if origin.source_id in complete and origin.cut_off is not None:
            raise IncompleteResult("register.cut", source=origin.source_id, origin=origin.path, reason=origin.cut_off)
    return [
        replace(raw, provenance=replace(raw.provenance, complete=True)) if source in complete else raw
        for raw, source in zip(found, ids, strict=True)
    ]


def ask_service(source: Source, area: Area, transport: Any = None) -> Delivery:
    """Ask the live service of a layer for all it has in an area.

    Raises
    ------
    ConfigError
        If no service is asked for this layer: it comes as a file.
    SourceError
        If the service fails.
    """
    module = MODULES.get(source.protocol)
    if module is None or (source.endpoint is None and source.protocol != "postgis"):
        raise ConfigError("register.no_service", source=source.id, protocol=source.protocol)
    fetch: Any = importlib.import_module(module).fetch
    with closed_services.telling(source):
        delivery: Delivery = fetch(source, area, transport=transport)
    return delivery


def as_raw_data(delivery: Delivery, source: Source, area: Area) -> RawData:
    """Bring a delivery to the shape that all sources share; see ``read_layer``."""
    dropped: Counter[str] = Counter()
    repaired: Counter[str] = Counter(delivery.notes)
    table = delivery.table
    try:
        landed = features.project_features(table, area, what=f"{source.id} ({delivery.origin})", expected=source.crs)
    except ProjError as error:
        raise CRSError("register.crs", source=source.id, origin=delivery.origin, cause=cause(error)) from error
    if landed.warning is not None:
        repaired[landed.warning] += len(table)
    if features.FAR_M < landed.nearest_m < np.inf or (landed.nearest_m == np.inf and len(table)):
        raise _elsewhere(source, delivery, landed.nearest_m)
    columns = {str(name): table[name].to_numpy() for name in table.columns if name != table.geometry.name}
    near = _near(landed.geometry, area.polygon)
    translated = field_mapping.translate(
        {name: values[near] for name, values in columns.items()}, len(near), source.mapping
    )
    dropped.update(translated.dropped)
    things = features.simple(
        _identities(source, columns, table, near), translated.tags, landed.geometry[near], dropped, repaired
    )
    log_delivery(source, delivery, len(table), things, translated, dropped, repaired)
    return RawData(
        points=features.features(things, features.POINT),
        lines=features.features(things, features.LINE),
        areas=features.features(things, features.POLYGON),
        extent=_extent(delivery, landed, area),
        dropped=dict(sorted(dropped.items())),
        repaired=dict(sorted(repaired.items())),
        provenance=_provenance(source, delivery, columns),
    )


def _near(shapes: Any, polygon: BaseGeometry) -> Any:
    """Positions of what touches the area, and of what has no geometry: that is counted, not lost."""
    nowhere = shapely.is_missing(shapes) | shapely.is_empty(shapes)
    shapely.prepare(polygon)
    return np.flatnonzero(nowhere | shapely.intersects(polygon, shapes))


def _identities(source: Source, columns: dict[str, Any], table: Any, near: Any) -> list[str]:
    """Identities of the rows near; of the rows in the table's own CRS, so that the estate does not matter."""
    own = next((values for name, values in columns.items() if name.lower() == (source.id_field or "").lower()), None)
    values = [None] * len(near) if own is None else list(own[near])
    rows = {name: column[near] for name, column in columns.items()}
    return features.identities(source.id, values, features.content(rows, table.geometry.to_numpy()[near]))


def _elsewhere(source: Source, delivery: Delivery, distance_m: float) -> EmptyAreaError:
    away = phrase("register.away", km=float(distance_m) / M_PER_KM)
    where = phrase("register.nowhere") if np.isinf(distance_m) else away
    return EmptyAreaError("register.elsewhere", source=source.id, origin=delivery.origin, where=where)


def _extent(delivery: Delivery, landed: features.Landed, area: Area) -> BaseGeometry:
    """What the source covers: the area where all of it was asked for, else the box of the file."""
    if delivery.whole_area or delivery.bounds is None:
        return area.polygon
    box = shapely.box(*delivery.bounds)
    xy = shapely.segmentize(box, box.length / SEGMENTS) if box.length > 0 else shapely.Point(delivery.bounds[:2])
    moved = features.moved(np.array([xy], dtype=object), landed.read_as, area.crs, swapped=landed.swapped)[0]
    if moved is None:
        return area.polygon
    x0, y0, x1, y1 = moved.bounds
    return shapely.box(x0 - ROUNDING_M, y0 - ROUNDING_M, x1 + ROUNDING_M, y1 + ROUNDING_M)


def _provenance(source: Source, delivery: Delivery, columns: dict[str, Any]) -> Provenance:
    days = []
    if source.date_field is not None and source.date_field in columns:
        days = [day for day in map(field_mapping.day_of, columns[source.date_field]) if day is not None]
    return Provenance(
        source_id=source.id,
        path=delivery.origin,
        licence=source.licence,
        attribution=source.attribution,
        data_date=delivery.data_date or (max(days).isoformat() if days else None),
        retrieved_at=delivery.retrieved_at,
        sha256=delivery.sha256,
        complete=source.complete and delivery.cut_off is None,
        cut_off=delivery.cut_off,
        covers=_covers(source),
    )


def _covers(source: Source) -> tuple[str, ...]:
    """Kinds of place that the layer is a register of."""
    kinds = (tag_rules().kind.first(tags) for tags in source.mapping.possible_tags)
    return tuple(sorted({kind for kind in kinds if kind is not None}))


def log_delivery(
    source: Source, delivery: Delivery, read: int, things: Any, translated: Any, dropped: Any, repaired: Any
) -> None:
    """Log what was read, dropped and put right, with counts, and the fields that are not there."""
    log.info("%s: %d rows from %s, %d objects near", source.id, read, delivery.origin, len(things))
    for reason, count in sorted(dropped.items()):
        log.info("%s: dropped %d: %s", source.id, count, reason)
    for reason, count in sorted(repaired.items()):
        log.warning("%s: put right %d: %s", source.id, count, reason)
    for value, count in translated.unread.items():
        log.warning("%s: %d values are not in the table of codes: %s", source.id, count, value)
    if translated.missing_fields:
        log.info("%s: the layer has no field %s", source.id, ", ".join(translated.missing_fields))
