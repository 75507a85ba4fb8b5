"""Versions of this package and of what its numbers depend on."""

from __future__ import annotations

import hashlib
import platform
from functools import cache
from importlib import metadata
from pathlib import Path

NUMERIC = ("numpy", "pandas", "geopandas", "shapely", "pyproj", "osmium", "numba", "folium", "opening-hours-py")


# The form of what is written. It grows by one when a reader of the form before would go wrong; what
# was written in the form before can be read (spatial.analysis.loading, docs/compatibility.md).
SCHEMA_VERSION = 3
# The first form whose scores are of the second edition of the measure.
SECOND_EDITION_FORM = 3
# Its name in the metadata of Parquet, GeoPackage, FlatGeobuf, PNG and HTML.
SCHEMA_NAME = "faellesrum.schema_version"


def edition(schema_version: int) -> int:
    """Edition of the measure by which a run of this form was judged: 1 or 2."""
    return 2 if schema_version >= SECOND_EDITION_FORM else 1


def version() -> str:
    """Version of Fællesrum."""
    return metadata.version("faellesrum")


def generator() -> str:
    """Program, version and form in one line, as pages and sheets name what made them."""
    return f"Fællesrum {version()} (schema {SCHEMA_VERSION})"


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


@cache
def code_digest() -> str:
    """Digest of the program's own code and defaults: two machines with the same one give the same numbers."""
    root = Path(__file__).parents[1]
    found = hashlib.sha256()
    for path in sorted((*root.rglob("*.py"), *(root / "defaults").rglob("*.toml"))):
        found.update(str(path.relative_to(root)).encode() + b"\0" + path.read_bytes())
    return found.hexdigest()
