"""OpenStreetMap around an estate, from a file extract or from Overpass: one pipeline from there on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from spatial.model import Estate, Provenance, RawData

LIVE = "overpass"


@dataclass(frozen=True)
class Extract:
    """An OpenStreetMap file; ``provenance`` is that of the service it came from, else None."""

    path: Path
    provenance: Provenance | None = None

    def described(self, raw: RawData) -> RawData:
        """What was read of the file, with where it came from in the first place."""
        return raw if self.provenance is None else replace(raw, provenance=self.provenance)


def extract(
    osm: str | Path | Extract,
    estate: Estate,
    *,
    refresh: bool = False,
    tell: Callable[[str], None] | None = None,
) -> Extract:
    """Return the file to read: the one named, or for ``"overpass"`` what Overpass answers or has answered.

    Parameters
    ----------
    osm
        A file extract, which is the recommended way, or ``"overpass"``; or what this returned.
    refresh
        Ask Overpass again though an answer is kept.
    tell
        Called with the name of the stage while the service is asked.

    Raises
    ------
    SpatialError
        As ``overpass.extract``.
    """
    if isinstance(osm, Extract):
        return osm
    if str(osm) != LIVE:
        return Extract(Path(osm))
    from spatial.sources import overpass

    return overpass.extract(estate, refresh=refresh, tell=tell)


def around(osm: str | Path | Extract, estate: Estate) -> RawData:
    """Read the surroundings of an estate; see ``extract`` and ``surroundings.read``."""
    from spatial.sources import surroundings

    found = extract(osm, estate)
    return found.described(surroundings.read(found.path, estate))
