"""What WFS, OGC API Features and ArcGIS share: ask by box, notice what is missing, and hand over."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from urllib.parse import urlencode

import geopandas as gpd
import pandas as pd
from pyproj import CRS

from spatial.core.addresses import ASKED_BY, shown_address
from spatial.core.errors import IncompleteResult
from spatial.sources.catalogue import Source
from spatial.sources.gdal_proxy import Relay
from spatial.sources.http import Key, Transport
from spatial.sources.protocol import Area, Box, Delivery

M2_PER_KM2 = 1e6
SWAPPED = "the service reads the box in the order north, east: asked again that way"
# What GDAL and GeoServer name the identity of a feature.
FEATURE_ID = "gml_id"

Ask = Callable[[Relay], list[gpd.GeoDataFrame]]
Boxed = Callable[[Box], Mapping[str, str]]


def service_key(source: Source) -> Key | None:
    """Where the key of a source is found, if it needs one."""
    return None if source.key is None else Key(source.key, source.key_parameter)


def deliver_tiles(
    source: Source, area: Area, transport: Transport | None, *, data: str, crs: CRS, boxed: Boxed, ask: Ask
) -> Delivery:
    """Ask for all features of an area through a relay, and check that all came.

    An empty answer is believed only when the same box with its axes swapped is empty as well:
    services differ in the order they expect, and the wrong one gives no error but nothing.

    Parameters
    ----------
    data
        What marks a request for features; see ``Relay``.
    crs
        The CRS in which the service is asked by box.
    boxed
        The parameters by which a service is asked for a box.
    ask
        Reads the features through a relay.

    Raises
    ------
    IncompleteResult
        If fewer features came than were announced.
    """
    assert source.endpoint is not None
    key = service_key(source)
    if key is not None:
        key.value()  # a key that is missing is said before anything is started
    boxes = tiles(area.bounds_in(crs), source.max_area_km2)
    swapped = [(y0, x0, y1, x1) for x0, y0, x1, y1 in boxes]
    notes: dict[str, int] = {}
    for sides in (boxes, swapped):
        with Relay(_address(source), transport or Transport(), data, [boxed(box) for box in sides], key) as relay:
            tables = ask(relay)
            check_counts(source, relay, [len(table) for table in tables])
        if sum(map(len, tables)):
            notes = {SWAPPED: sum(map(len, tables))} if sides is swapped else {}
            break
    table = pd.concat(tables, ignore_index=True) if len(tables) > 1 else tables[0]
    if len(tables) > 1 and FEATURE_ID in table:
        table = table.drop_duplicates(FEATURE_ID, ignore_index=True)
    return Delivery(
        table,
        origin=shown_address(source.endpoint),
        sha256=relay.digest.hexdigest(),
        retrieved_at=relay.retrieved_at,
        data_date=None if relay.retrieved_at is None else relay.retrieved_at[:10],
        whole_area=True,
        notes=notes,
    )


def _address(source: Source) -> str:
    """The endpoint with the entry's parameters: the relay adds them, so that GDAL never sees a key among them."""
    address, _, query = (source.endpoint or "").partition("?")
    pieces = [piece for piece in (query, urlencode(source.parameters, safe=":/")) if piece]
    return address + "?" * bool(pieces) + "&".join(pieces)


def asked_by(source: Source) -> dict[str, str]:
    """The parameters of an entry that GDAL is told: those that every service is asked by."""
    return {name: value for name, value in source.parameters.items() if name.lower() in ASKED_BY}


def check_counts(source: Source, relay: Relay, rows: Sequence[int]) -> None:
    """Compare what came with what was announced, box by box.

    Raises
    ------
    IncompleteResult
        If fewer came, or the last page says that there is more.
    """
    where = f"{source.id} ({shown_address(source.endpoint or '')})"
    for box, came in enumerate(rows):
        pages = [page for (number, _), page in relay.pages.items() if number == box]
        wanted = max((page.matched or 0 for page in pages), default=0)
        held = max((page.returned or 0 for page in pages), default=0)
        more = bool(pages) and all(page.cut for page in pages)  # no page is the last
        announced = max(wanted, held, came + 1 if more else 0)
        if came < announced:
            raise IncompleteResult("service.fewer", where=where, announced=announced, came=came)


def tiles(box: Box, max_area_km2: float | None) -> list[Box]:
    """Part a box, in metres, into equal ones that are each no larger than a service allows.

    Examples
    --------
    >>> len(tiles((0, 0, 4000, 4000), 10.0)), tiles((0, 0, 1000, 1000), None)
    (4, [(0, 0, 1000, 1000)])
    """
    x0, y0, x1, y1 = box
    if max_area_km2 is None or (x1 - x0) * (y1 - y0) <= max_area_km2 * M2_PER_KM2:
        return [box]
    side = math.sqrt(max_area_km2 * M2_PER_KM2)
    columns, rows = math.ceil((x1 - x0) / side), math.ceil((y1 - y0) / side)
    width, height = (x1 - x0) / columns, (y1 - y0) / rows
    return [
        (x0 + i * width, y0 + j * height, x0 + (i + 1) * width, y0 + (j + 1) * height)
        for i in range(columns)
        for j in range(rows)
    ]
