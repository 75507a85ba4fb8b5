"""An estate from whatever names it: an area of the registry, a boundary file, or the table of its parcels."""

from __future__ import annotations

from pathlib import Path

from spatial.errors import InputError
from spatial.model import Estate
from spatial.phrases import phrase
from spatial.sources import files, registry

TWO_WAYS = phrase("estates.needed")


def read(
    area: str | None = None,
    *,
    boundary: str | Path | None = None,
    name: str | None = None,
    parcels_table: str | Path | None = None,
    parcels: str | Path | None = None,
    year: int | None = None,
    municipality: str | None = None,
    allow_missing: bool = False,
    margin_m: float = 250.0,
    reach_m: float = 1600.0,
) -> Estate:
    """Read an estate.

    Parameters
    ----------
    area
        Id or name of an area of the registry; its identity and its years on the list come from
        there, never its polygon.
    boundary
        A file with its boundary; see ``files.estate``.
    name
        Which polygon of the file, or which area of the table, is meant; else the estate's name.
    parcels_table, parcels, year, municipality, allow_missing
        What the boundary is built from; see ``parcels.estate``.

    Raises
    ------
    InputError
        If the area is not in the registry, nothing gives a boundary, or it lies elsewhere.
    SpatialError
        As ``files.estate`` and ``parcels.estate``.
    """
    known = None if area is None else registry.find(area)
    built = (parcels_table, parcels, year)
    if boundary is not None and built != (None, None, None):
        raise InputError("estates.two_ways", needed=TWO_WAYS)
    if boundary is not None:
        found = files.estate(boundary, name=name, margin_m=margin_m, reach_m=reach_m)
    elif parcels_table is not None and parcels is not None and year is not None:
        from spatial.sources import parcels as cadastre

        names = ([] if name is None else [name]) + ([] if known is None else list(known.names))
        if not names:
            raise InputError("estates.no_name", table=parcels_table)
        found = cadastre.estate(
            parcels_table,
            parcels,
            names,
            year=year,
            municipality=municipality if known is None else known.municipality,
            allow_missing=allow_missing,
            margin_m=margin_m,
            reach_m=reach_m,
        )
    elif built != (None, None, None):
        raise InputError("estates.part", needed=TWO_WAYS)
    elif known is not None:
        raise registry.no_boundary(known)
    else:
        raise InputError("estates.none", needed=TWO_WAYS)
    return found if known is None else registry.placed(known, found)
