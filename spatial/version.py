"""Versions of this package and of what its numbers depend on."""

from __future__ import annotations

import platform
from importlib import metadata

NUMERIC = ("numpy", "pandas", "geopandas", "shapely", "pyproj", "osmium", "numba", "folium", "opening-hours-py")


def version() -> str:
    """Version of Fællesrum."""
    return metadata.version("faellesrum")


def versions() -> dict[str, str]:
    """Versions by name, for the manifest."""
    import pyproj
    import shapely

    found = {name: metadata.version(name) for name in NUMERIC}
    return {
        "faellesrum": version(),
        "python": platform.python_version(),
        **found,
        "geos": ".".join(map(str, shapely.geos_version)),
        "proj": pyproj.proj_version_str,
    }
