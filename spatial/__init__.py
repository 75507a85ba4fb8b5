"""Fællesrum: outdoor places where people can meet without having to join anything.

>>> import spatial
>>> estate = spatial.Estate.from_file("data/reitbahnviertel.geojson")  # doctest: +SKIP
>>> result = spatial.analyse(estate, osm="data/reitbahnviertel.osm.pbf")  # doctest: +SKIP
>>> result.map(lang="da").save("map.html")  # doctest: +SKIP

Heavy libraries are imported when they are first needed, not here.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from spatial import batch
    from spatial.analysis import Analysis, Estate
    from spatial.comparison import Comparison, compare
    from spatial.config import DEFAULTS
    from spatial.errors import (
        ConfigError,
        CRSError,
        EmptyAreaError,
        IncompleteResult,
        InputError,
        SchemaError,
        SourceError,
        SourceFormatError,
        SourceUnavailable,
        SpatialError,
    )
    from spatial.indicators import indicator, known
    from spatial.outputs import load, save
    from spatial.pipeline import analyse
    from spatial.suggestions import suggest

__all__ = [
    "DEFAULTS",
    "Analysis",
    "CRSError",
    "Comparison",
    "ConfigError",
    "EmptyAreaError",
    "Estate",
    "IncompleteResult",
    "InputError",
    "SchemaError",
    "SourceError",
    "SourceFormatError",
    "SourceUnavailable",
    "SpatialError",
    "analyse",
    "batch",
    "compare",
    "indicator",
    "known",
    "load",
    "save",
    "suggest",
]

_HOMES = {
    **dict.fromkeys(("Analysis", "Estate"), "spatial.analysis"),
    **dict.fromkeys(("load", "save"), "spatial.outputs"),
    "analyse": "spatial.pipeline",
    "suggest": "spatial.suggestions",
    "DEFAULTS": "spatial.config",
    **dict.fromkeys(("indicator", "known"), "spatial.indicators"),
    **dict.fromkeys(("Comparison", "compare"), "spatial.comparison"),
}


def __getattr__(name: str) -> Any:
    if name not in __all__:
        from spatial.spelling import hint

        near = hint(name, __all__).said("en").strip()
        raise AttributeError(f"module 'spatial' has no attribute {name!r}" + (f"; {near}" if near else ""))
    if name == "batch":
        return import_module("spatial.batch")
    return getattr(import_module(_HOMES.get(name, "spatial.errors")), name)


def __dir__() -> list[str]:
    return __all__
