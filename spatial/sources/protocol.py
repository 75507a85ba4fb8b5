"""What a protocol hands over: a table as the source wrote it, and what must be known of how it came."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    import geopandas as gpd
    from pyproj import CRS
    from shapely.geometry.base import BaseGeometry


Box = tuple[float, float, float, float]


class Area(NamedTuple):
    """The polygon that is asked for, in ``crs``, which is projected and in metres."""

    polygon: BaseGeometry
    crs: CRS

    def bounds_in(self, crs: CRS) -> Box:
        """Box of the area in another CRS: x (east) and y (north) of its lower left and upper right."""
        import shapely
        from pyproj import Transformer

        # The sides bend when they are reprojected, so points along them count too.
        dense = shapely.segmentize(self.polygon.envelope, max(self.polygon.length / 64, 1.0))
        to = Transformer.from_crs(self.crs, crs, always_xy=True)
        x, y = to.transform(*shapely.get_coordinates(dense).T)
        return float(x.min()), float(y.min()), float(x.max()), float(y.max())


@dataclass(frozen=True)
class Delivery:
    """A table with the source's own fields.

    ``table`` has a CRS, or none where the source declares none. ``origin`` is the file, or the
    address without its key. ``whole_area`` is true where all that the source holds in the area
    was asked for, so that nothing found is nothing there; ``bounds`` is what a file covers, in
    the table's CRS. ``notes`` counts what had to be put right on the way; ``cut_off`` says by what
    it shows that not all came.
    """

    table: gpd.GeoDataFrame
    origin: str
    sha256: str
    retrieved_at: str | None = None
    data_date: str | None = None
    whole_area: bool = False
    bounds: Box | None = None
    notes: Mapping[str, int] = field(default_factory=dict)
    cut_off: str | None = None
