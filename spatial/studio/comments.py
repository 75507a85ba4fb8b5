"""Comments pinned to places of the estate: who said what where, and whether it is settled.

The texts are those of strangers: so many letters and no more, none that cannot be seen, and read as nothing else.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import geopandas as gpd
import shapely

from spatial.core.errors import InputError

MOST_SAID, MOST_NAME, MOST_COMMENTS = 2000, 60, 2000


@dataclass(frozen=True)
class Comment:
    """Something said of a spot: longitude and latitude, and the meeting space that lies there, if one does."""

    number: int
    at: str
    role: str
    by: str
    text: str
    lon: float
    lat: float
    space: str | None = None
    settled: bool = False


def checked_text(part: str, found: str, most: int) -> str:
    r"""What somebody wrote, without what cannot be seen.

    Raises
    ------
    InputError
        If nothing is left, or it is too long.

    Examples
    --------
    >>> checked_text("text", " A bench\r\nhere\u202e ", 100)
    'A bench\nhere'
    """
    seen = "".join(letter for letter in found if letter.isprintable() or letter == "\n").strip()
    if not 0 < len(seen) <= most:
        raise InputError("studio.comment", part=part, found=len(seen), most=most)
    return seen


def comments_as_geojson(comments: Sequence[Comment]) -> bytes:
    """Comments as GeoJSON."""
    features = [
        {
            "type": "Feature",
            "properties": {name: value for name, value in asdict(one).items() if name not in ("lon", "lat")},
            "geometry": {"type": "Point", "coordinates": [one.lon, one.lat]},
        }
        for one in comments
    ]
    text = json.dumps({"type": "FeatureCollection", "features": features}, ensure_ascii=False, indent=1)
    return f"{text}\n".encode()


def comments_as_table(comments: Sequence[Comment]) -> gpd.GeoDataFrame:
    """Comments as a map layer in longitude and latitude."""
    rows: list[dict[str, Any]] = [asdict(one) for one in comments]
    spots = [shapely.Point(row.pop("lon"), row.pop("lat")) for row in rows]
    return gpd.GeoDataFrame(rows, geometry=spots, crs="EPSG:4326")
