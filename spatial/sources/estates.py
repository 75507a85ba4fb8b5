"""The registry of areas that have been on the state's list, and an estate from it or from files."""

from __future__ import annotations

import difflib
import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any

from spatial.core.errors import InputError
from spatial.core.messages import phrase
from spatial.core.model import FIRST_GUESS, NOT_STATED, WALK_LIMIT_M, Estate, Provenance
from spatial.sources import boundaries, own_areas

SUGGESTIONS = 3
SIMILAR = 0.6
# Letters that are written in more than one way, brought to one.
_SAME = (("æ", "ae"), ("ø", "oe"), ("å", "aa"), ("ä", "ae"), ("ö", "oe"), ("ü", "ue"), ("é", "e"))
_SHORT = (("aa", "a"), ("oe", "o"), ("ae", "a"))
# A boundary this much further from the registered centre than its tolerance is another place.
ELSEWHERE_M = 5000.0
# Radius of a first guess: about the ground of a large estate (50 ha).
GUESS_M = 400.0
_SAID = {True: "yes", False: "no", None: "unknown"}


@dataclass(frozen=True)
class Listing:
    """Whether an area was on the list of 1 December of a year.

    ``on_list`` is None where nobody who could be read says so. ``sure`` is ``"confirmed"``,
    ``"derived"`` or ``"unknown"``; ``source`` says where the year's list comes from, and the
    ``basis`` how it was made of that.
    """

    year: int
    on_list: bool | None
    sure: str
    source: str
    basis_en: str
    basis_da: str


@dataclass(frozen=True)
class Organisation:
    """A housing organisation, how sure it is that it is one of the area's, and who says so."""

    name: str
    sure: str
    source: str | None = None


@dataclass(frozen=True)
class Position:
    """Approximate centre in WGS 84 degrees; the true one lies within ``tolerance_m`` metres."""

    lon: float
    lat: float
    tolerance_m: float
    sure: str
    basis_en: str
    basis_da: str


@dataclass(frozen=True)
class Area:
    """An area of the registry; ``notes`` are mappings with ``da``, ``en``, ``sure`` and ``source``."""

    id: str
    name: str
    other_names: tuple[str, ...]
    municipality: str
    municipality_code: str
    listings: tuple[Listing, ...]
    organisations: tuple[Organisation, ...]
    more_organisations: bool
    position: Position
    notes: tuple[Mapping[str, str], ...]
    sources: tuple[str, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """Name, other names, and the parts of a double name."""
        whole = (self.name, *self.other_names)
        return (*whole, *(part for name in whole if "/" in name for part in name.split("/")))


@cache
def registry_table() -> Mapping[str, Any]:
    """Return the registry as written in ``defaults/estates.toml``."""
    text = (resources.files("spatial") / "defaults" / "estates.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)


@cache
def areas() -> tuple[Area, ...]:
    """Return all areas, in the order of their municipality's code."""
    return tuple(_area(row) for row in registry_table()["estate"])


def _area(row: Mapping[str, Any]) -> Area:
    return Area(
        id=row["id"],
        name=row["name"],
        other_names=tuple(row.get("other_names", ())),
        municipality=row["municipality"],
        municipality_code=row["municipality_code"],
        listings=tuple(_listings(row)),
        organisations=tuple(Organisation(**one) for one in row["organisations"]),
        more_organisations=row.get("more_organisations", False),
        position=Position(**row["position"]),
        notes=tuple(row.get("note", ())),
        sources=tuple(row["sources"]),
    )


def _listings(row: Mapping[str, Any]) -> Iterator[Listing]:
    for text, edition in registry_table()["list"].items():
        year = int(text)
        said = edition["source"], edition["basis_en"], edition["basis_da"]
        if year in row.get("unknown", ()):
            yield Listing(year, None, "unknown", *said)
        else:
            yield Listing(year, year in row["listed"], edition["sure"], *said)


def folded(text: str) -> str:
    """Return a name without what may be written in several ways: case, æ/ø/å, spaces, ``mv.``.

    Examples
    --------
    >>> folded("Tåstrupgård") == folded("taastrupgaard") == folded("TASTRUPGARD")
    True
    """
    plain = text.casefold()
    for letter, written in (*_SAME, *_SHORT):
        plain = plain.replace(letter, written)
    plain = re.sub(r"\bm\.?\s?v\b\.?", " ", plain)
    return re.sub(r"[^a-z0-9]+", "", plain)


def find_area(text: str) -> Area:
    """Return the area of that id or name, however its letters are written.

    Raises
    ------
    InputError
        If there is none; the message names those that are nearly called so.
    """
    wanted = folded(text)
    known = {folded(name): area for area in areas() for name in (area.id, *area.names)}
    if wanted and wanted in known:
        return known[wanted]
    near = difflib.get_close_matches(wanted, known, n=SUGGESTIONS, cutoff=SIMILAR)
    hint = list(dict.fromkeys(known[key].id for key in near))
    raise InputError(
        "registry.no_area", found=text, n=len(areas()), hint=phrase("spelling.near", names=hint) if hint else ""
    )


def years_text(area: Area, unknown: str) -> str:
    """Return the years on the list in short: ``2018–2023, 2024 <unknown>``.

    Examples
    --------
    >>> years_text(find_area("vollsmose"), "not known")
    '2018–2023, 2024 not known'
    """
    on = [listing.year for listing in area.listings if listing.on_list]
    open_years = [f"{listing.year} {unknown}" for listing in area.listings if listing.on_list is None]
    return ", ".join([*_spans(on), *open_years])


def _spans(years: Sequence[int]) -> list[str]:
    spans: list[list[int]] = []
    for year in years:
        if spans and spans[-1][1] == year - 1:
            spans[-1][1] = year
        else:
            spans.append([year, year])
    return [str(a) if a == b else f"{a}–{b}" for a, b in spans]


def no_boundary(area: Area) -> InputError:
    """Return the error for an estate without a boundary: where the official one comes from, what to do."""
    about = registry_table()["boundary"]
    return InputError(
        "registry.no_boundary",
        area=area.id,
        name=area.name,
        municipality=area.municipality,
        table=about["table"],
        polygons=about["polygons"],
    )


def guessed(area: Area, *, margin_m: float, reach_m: float) -> Estate:
    """An estate whose boundary is a circle around the registered centre, which its provenance says."""
    import shapely
    from pyproj import Transformer

    from spatial.core.crs import WGS84, local_metric

    where = area.position
    crs = local_metric(where.lon, where.lat)
    centre = shapely.Point(Transformer.from_crs(WGS84, crs, always_xy=True).transform(where.lon, where.lat))
    origin = Provenance(FIRST_GUESS, f"{where.lon}, {where.lat} ± {where.tolerance_m:.0f} m", NOT_STATED, NOT_STATED)
    return Estate(
        id=area.id,
        name=area.name,
        boundary=centre.buffer(GUESS_M),
        crs=crs,
        margin_m=margin_m,
        reach_m=reach_m,
        provenance=origin,
    )


def check_position(area: Area, estate: Estate) -> Estate:
    """Return an estate that carries the area's identity, after checking that it lies where the area does.

    Raises
    ------
    InputError
        If its boundary lies more than ``ELSEWHERE_M`` beyond the tolerance of the area's position.
    """
    away_m = distance_m(area, estate)
    if not away_m <= area.position.tolerance_m + ELSEWHERE_M:  # not a number, off the projection's map
        raise InputError(
            "registry.elsewhere",
            area=area.id,
            name=area.name,
            away_km=away_m / 1000,
            lon_deg=area.position.lon,
            lat_deg=area.position.lat,
            tolerance_m=area.position.tolerance_m,
        )
    listed = tuple((one.year, _SAID[one.on_list]) for one in area.listings)
    return replace(estate, id=area.id, name=area.name, municipality=area.municipality, listed=listed)


def distance_m(area: Area, estate: Estate) -> float:
    """Metres from an estate's boundary to the registered centre of an area; 0 inside it."""
    from pyproj import Transformer
    from shapely import Point

    from spatial.core.crs import WGS84

    there = Transformer.from_crs(WGS84, estate.crs, always_xy=True).transform(area.position.lon, area.position.lat)
    return float(estate.boundary.distance(Point(there)))


TWO_WAYS = phrase("estates.needed")


def read_estate(  # noqa: PLR0913 (the public signature)
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
    reach_m: float = WALK_LIMIT_M,
    or_guess: bool = False,
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
    or_guess
        Where nothing gives a boundary of an area of the registry, take a circle around its centre, marked as a
        first guess.

    Raises
    ------
    InputError
        If the area is not in the registry, nothing gives a boundary, or it lies elsewhere.
    SpatialError
        As ``files.estate`` and ``parcels.estate``.
    """
    own = None if area is None else own_areas.find_own(area, margin_m=margin_m, reach_m=reach_m)
    if own is not None:
        return own
    known = None if area is None else find_area(area)
    built = (parcels_table, parcels, year)
    asked = known is not None and or_guess and parcels is None  # the cadastre itself
    if boundary is not None and built != (None, None, None):
        raise InputError("estates.two_ways", needed=TWO_WAYS)
    if boundary is not None:
        found = boundaries.estate(boundary, name=name, margin_m=margin_m, reach_m=reach_m)
    elif parcels_table is not None and year is not None and (parcels is not None or asked):
        from spatial.sources import parcels as sources_parcels

        names = ([] if name is None else [name]) + ([] if known is None else list(known.names))
        if not names:
            raise InputError("estates.no_name", table=parcels_table)
        found = sources_parcels.estate(
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
    elif known is not None and or_guess:
        found = guessed(known, margin_m=margin_m, reach_m=reach_m)
    elif known is not None:
        raise no_boundary(known)
    else:
        raise InputError("estates.none", needed=TWO_WAYS)
    return found if known is None else check_position(known, found)
