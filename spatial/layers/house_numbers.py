"""House numbers: where a street and a number stand on the map, by points and by houses. Pure."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from pyproj import CRS
from shapely.geometry.base import BaseGeometry

from spatial.core.arrays import object_array
from spatial.core.model import Features, RawData

STREET, NUMBER = "addr:street", "addr:housenumber"


def house_numbers(raw: RawData, area: BaseGeometry, crs: CRS) -> gpd.GeoDataFrame:
    """Addresses in an area: ``street``, ``number`` and a point each, the same address once, in their order.

    Parameters
    ----------
    raw
        What a source delivered; an address is a point, or an area such as a house.
    area
        In ``crs``, that of the source.
    """
    parts = [_addresses(raw.points), _addresses(raw.areas)]
    table = pd.concat([pd.DataFrame(part, columns=["street", "number", "point"]) for part in parts])
    points = object_array(table.pop("point"))
    shapely.prepare(area)
    inside = np.asarray(shapely.intersects(area, points), dtype=bool)
    found = gpd.GeoDataFrame(table[inside], geometry=points[inside], crs=crs)
    x, y = found.geometry.x.to_numpy(), found.geometry.y.to_numpy()
    order = np.lexsort((y, x, found["number"].to_numpy(dtype=str), found["street"].to_numpy(dtype=str)))
    return found.iloc[order].drop_duplicates(["street", "number"]).reset_index(drop=True)


def _addresses(features: Features) -> list[tuple[str, str, BaseGeometry]]:
    rows = [i for i, tags in enumerate(features.tags) if STREET in tags and NUMBER in tags]
    points = shapely.point_on_surface(features.geometry[rows])
    return [(features.tags[i][STREET], features.tags[i][NUMBER], point) for i, point in zip(rows, points, strict=True)]
