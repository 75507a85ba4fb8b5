"""Dwellings by stairwell: access points and house numbers of DAR, and the units of BBR behind each."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

import shapely
from pyproj import CRS

from spatial.sources.catalogue import Source
from spatial.sources.http import Transport
from spatial.sources.protocol import Area, Delivery
from spatial.sources.protocols.graphql import Register, inside

Among = Callable[[str, Sequence[str], str, Iterable[str]], Iterator[Any]]
POINT = "position"
# Codes of use of BBR for dwellings of all kinds, and of status: built; of DAR: in force.
DWELLINGS, BUILT, IN_FORCE = frozenset(map(str, range(110, 191))), "6", "3"
BBR, DAR = "BBR/v3", "DAR/v3"


def fetch(source: Source, area: Area, *, transport: Transport | None = None) -> Delivery:
    """Ask for the house numbers in the area's box, and count the dwellings behind each.

    Raises
    ------
    SourceError
        If one of the registers fails or refuses.
    """
    crs = CRS.from_user_input(source.crs)
    register = Register(source, transport or Transport())
    dar, bbr = (f"{str(source.endpoint).rstrip('/')}/{name}" for name in (DAR, BBR))

    def among(entity: str, fields: Sequence[str], name: str, ids: Iterable[str]) -> Iterator[Any]:
        return register.among(entity, fields, name, ids, address=bbr if entity.startswith("BBR") else dar)

    fields = ["id_lokalId", f"{POINT} {{ wkt }}"]
    points = register.rows("DAR_Adressepunkt", fields, inside(POINT, area.bounds_in(crs), crs), address=dar)
    rows, geometry = numbers_with_dwellings({row["id_lokalId"]: row[POINT]["wkt"] for row in points}, among)
    return register.delivery(rows, geometry, crs)


def numbers_with_dwellings(points: Mapping[str, str], among: Among) -> tuple[list[dict[str, Any]], list[Any]]:
    """The house numbers in force at access points, each with its dwellings, and where they are.

    ``points`` are WKT by id; ``among`` gives the rows of an entity whose field holds one of some ids.
    """
    found = among("DAR_Husnummer", ["id_lokalId", "adgangspunkt", "husnummertekst", "status"], "adgangspunkt", points)
    numbers = sorted((row for row in found if str(row["status"]) == IN_FORCE), key=lambda row: str(row["id_lokalId"]))
    addresses = among("DAR_Adresse", ["id_lokalId", "husnummer"], "husnummer", [row["id_lokalId"] for row in numbers])
    reached_by = {row["id_lokalId"]: row["husnummer"] for row in addresses}
    fields = ["id_lokalId", "adresseIdentificerer", "enh020EnhedensAnvendelse", "status"]
    counts = count_dwellings(among("BBR_Enhed", fields, "adresseIdentificerer", reached_by), reached_by)
    rows = [
        {"id_lokalId": row["id_lokalId"], "husnummertekst": row["husnummertekst"], "boliger": counts[row["id_lokalId"]]}
        for row in numbers
    ]
    return rows, [shapely.from_wkt(points[row["adgangspunkt"]]) for row in numbers]


def count_dwellings(units: Iterable[Mapping[str, Any]], reached_by: Mapping[str, str]) -> Counter[str]:
    """How many dwellings that are built are reached through each house number; each unit once.

    Examples
    --------
    >>> home = {"adresseIdentificerer": "a", "enh020EnhedensAnvendelse": "140", "status": "6"}
    >>> shop = home | {"enh020EnhedensAnvendelse": "322"}
    >>> count_dwellings([home | {"id_lokalId": "1"}, shop | {"id_lokalId": "2"}], {"a": "nr. 7"})
    Counter({'nr. 7': 1})
    """
    homes = {
        unit["id_lokalId"]: reached_by[unit["adresseIdentificerer"]]
        for unit in units
        if str(unit["status"]) == BUILT and str(unit["enh020EnhedensAnvendelse"]) in DWELLINGS
    }
    return Counter(homes.values())
