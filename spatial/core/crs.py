"""Coordinate reference systems: checked, never assumed."""

from __future__ import annotations

from pyproj import CRS, Proj, Transformer
from pyproj.exceptions import CRSError as PyprojCRSError

from spatial.core.errors import CRSError
from spatial.core.messages import Phrase

WGS84 = CRS.from_epsg(4326)

# ETRS89 / UTM zone N north is EPSG:25800 + N for zones 28 to 38; elsewhere WGS 84 / UTM is used.
ETRS89_UTM_BASE = 25800
ETRS89_UTM_ZONES = range(28, 39)
WGS84_UTM_NORTH_BASE, WGS84_UTM_SOUTH_BASE = 32600, 32700
ZONE_WIDTH_DEG = 6.0
# Bornholm apart, Denmark is mapped in zone 32 throughout; its registers use it east of 12° too.
DENMARK_UTM32 = CRS.from_epsg(25832)
DENMARK_LON_DEG, DENMARK_LAT_DEG = (7.5, 12.8), (54.5, 58.0)
EUROPE_LON_DEG, EUROPE_LAT_DEG = (-16.1, 40.2), (32.0, 84.2)


def _within(value: float, bounds: tuple[float, float]) -> bool:
    return bounds[0] <= value <= bounds[1]


def local_metric(lon_deg: float, lat_deg: float) -> CRS:
    """Choose the metric CRS in which an estate at this position is measured.

    EPSG:25832 in Denmark, ETRS89 / UTM of the zone in the rest of Europe, WGS 84 / UTM elsewhere.

    Parameters
    ----------
    lon_deg, lat_deg
        Position in WGS 84, degrees.

    Examples
    --------
    >>> local_metric(12.5, 55.7).to_epsg(), local_metric(13.255, 53.57).to_epsg()
    (25832, 25833)
    """
    if not (_within(lon_deg, (-180.0, 180.0)) and _within(lat_deg, (-90.0, 90.0))):
        raise CRSError("crs.position", lon_deg=lon_deg, lat_deg=lat_deg)
    if _within(lon_deg, DENMARK_LON_DEG) and _within(lat_deg, DENMARK_LAT_DEG):
        return DENMARK_UTM32
    zone = min(int((lon_deg + 180.0) // ZONE_WIDTH_DEG) + 1, 60)
    in_europe = _within(lon_deg, EUROPE_LON_DEG) and _within(lat_deg, EUROPE_LAT_DEG)
    if in_europe and zone in ETRS89_UTM_ZONES:
        return CRS.from_epsg(ETRS89_UTM_BASE + zone)
    base = WGS84_UTM_NORTH_BASE if lat_deg >= 0 else WGS84_UTM_SOUTH_BASE
    return CRS.from_epsg(base + zone)


def require_metric(crs: object, what: str | Phrase) -> CRS:
    """Return ``crs`` as a projected CRS in metres, or raise.

    Parameters
    ----------
    crs
        Anything pyproj understands, or None.
    what
        Names the object in the error message.

    Raises
    ------
    CRSError
        If there is no CRS, if it is geographic, or if its unit is not the metre.
    """
    if crs is None:
        raise CRSError("crs.none", what=what)
    try:
        found = CRS.from_user_input(crs)
    except PyprojCRSError as error:
        raise CRSError("crs.unknown", what=what, found=crs) from error
    if not found.is_projected or any(axis.unit_name != "metre" for axis in found.axis_info[:2]):
        raise CRSError("crs.not_metric", what=what, found=found.name)
    return found


def position(crs: CRS, x_m: float, y_m: float) -> tuple[float, float, float]:
    """Longitude and latitude of a point in WGS 84, degrees, and the azimuth of the grid's north there.

    Examples
    --------
    >>> [round(part, 1) for part in position(CRS.from_epsg(25832), 724_000.0, 6_175_000.0)]
    [12.6, 55.7, 2.9]
    """
    lon, lat = Transformer.from_crs(crs, WGS84, always_xy=True).transform(x_m, y_m)
    return lon, lat, float(Proj(crs).get_factors(lon, lat).meridian_convergence)
