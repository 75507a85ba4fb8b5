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
    from spatial.analysis.before_after import Comparison, compare
    from spatial.analysis.result import Analysis, Estate
    from spatial.analysis.run import analyse
    from spatial.analysis.storage import load, save
    from spatial.core.errors import (
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
    from spatial.fieldkit.kit import field_kit
    from spatial.indicators.registry import indicator, known
    from spatial.observations.study import exact
    from spatial.settings.loading import DEFAULTS
    from spatial.studies.measures import suggest
    from spatial.studies.plan_review import PlanReview

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
    "PlanReview",
    "SchemaError",
    "SourceError",
    "SourceFormatError",
    "SourceUnavailable",
    "SpatialError",
    "analyse",
    "batch",
    "compare",
    "exact",
    "field_kit",
    "indicator",
    "known",
    "load",
    "save",
    "suggest",
]

_HOMES = {
    **dict.fromkeys(("Analysis", "Estate"), "spatial.analysis.result"),
    **dict.fromkeys(("load", "save"), "spatial.analysis.storage"),
    "analyse": "spatial.analysis.run",
    "exact": "spatial.observations.study",
    "field_kit": "spatial.fieldkit.kit",
    "suggest": "spatial.studies.measures",
    "PlanReview": "spatial.studies.plan_review",
    "DEFAULTS": "spatial.settings.loading",
    **dict.fromkeys(("indicator", "known"), "spatial.indicators.registry"),
    **dict.fromkeys(("Comparison", "compare"), "spatial.analysis.before_after"),
}


def __getattr__(name: str) -> Any:
    if name not in __all__:
        from spatial.core.messages import spelling_hint

        near = spelling_hint(name, __all__).said("en").strip()
        raise AttributeError(f"module 'spatial' has no attribute {name!r}" + (f"; {near}" if near else ""))
    if name == "batch":
        return import_module("spatial.batch")
    return getattr(import_module(_HOMES.get(name, "spatial.core.errors")), name)


def __dir__() -> list[str]:
    return __all__
