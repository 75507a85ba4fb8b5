"""Many areas from one extract: ``spatial.batch.run`` scores them all, on this machine or on a Dask cluster."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from spatial.batch.area import Settings
    from spatial.batch.areas import Summary, run

__all__ = ["Settings", "Summary", "run"]

_HOMES = {"Settings": "spatial.batch.area", "Summary": "spatial.batch.areas", "run": "spatial.batch.areas"}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'spatial.batch' has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)
