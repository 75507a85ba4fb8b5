"""Parcels of the cadastre by their numbers: from Datafordeler's GraphQL, each with its ejerlav and its polygon."""

from __future__ import annotations

from collections.abc import Iterable
from urllib.parse import urljoin

import shapely
from pyproj import CRS

from spatial.sources.catalogue import Source
from spatial.sources.http import Transport
from spatial.sources.protocol import Delivery
from spatial.sources.protocols.graphql import Register

# Where relations may be followed; beside the registers.
ACROSS = "../flexibleCurrent/v1"
ENTITY, NUMBER = "MAT_Jordstykke", "matrikelnummer"
EJERLAV, POLYGON = "jordstykkeLiggerIEjerlav", "lodfladeRepraesentationJordstykke"
FIELDS = (NUMBER, f"{EJERLAV} {{ ejerlavskode }}", f"{POLYGON} {{ nodes {{ geometri {{ wkt }} }} }}")


def fetch_parcels(
    source: Source, codes: Iterable[str], numbers: Iterable[str], *, transport: Transport | None = None
) -> Delivery:
    """Ask for the parcels of these numbers, and keep those of these ejerlav; ``source`` is a register beside.

    A number is asked for in the whole country, since that a query may look through to the ejerlav is not known.

    Raises
    ------
    SourceError
        If the service fails or refuses, or its pages do not lead on as they say.
    """
    register, wanted = Register(source, transport or Transport()), set(codes)
    address = urljoin(str(source.endpoint), ACROSS)
    found = [
        row
        for row in register.among(ENTITY, FIELDS, NUMBER, numbers, address=address)
        if str((row.get(EJERLAV) or {}).get("ejerlavskode")) in wanted
    ]
    rows = [{NUMBER: row[NUMBER], "ejerlavskode": str(row[EJERLAV]["ejerlavskode"])} for row in found]
    shapes = [
        shapely.union_all([shapely.from_wkt(part["geometri"]["wkt"]) for part in (row.get(POLYGON) or {})["nodes"]])
        for row in found
    ]
    return register.delivery(rows, shapes, CRS.from_user_input(source.crs))
