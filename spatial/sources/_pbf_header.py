"""What the header of an extract says, and what a pass has to find out where it says nothing."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import osmium

from spatial.errors import EmptyAreaError, SourceFormatError
from spatial.model import Provenance
from spatial.phrases import cause
from spatial.sources import osm_file
from spatial.sources.one_pass import Seen

Box = tuple[float, float, float, float]


@dataclass(frozen=True)
class Header:
    """Box in degrees that the extract declares, and the moment of the data; None and "" where it does not say."""

    box: Box | None
    stamp: str

    def extent(self, path: Path, seen: Seen) -> Box:
        """Box of the extract in degrees.

        Raises
        ------
        EmptyAreaError
            If there is nothing in it.
        """
        found = self.box or seen.extent
        if found is None:
            raise EmptyAreaError("prepared.nothing", path=path)
        return found

    def provenance(self, path: Path, seen: Seen, sha256: str) -> Provenance:
        """Where the data come from; their date is that of the newest edit, if the header gives none."""
        stamp = self.stamp
        if not stamp and seen.newest > 0:
            stamp = datetime.fromtimestamp(seen.newest, UTC).isoformat()
        return Provenance(
            source_id=osm_file.SOURCE_ID,
            path=str(path),
            licence=osm_file.LICENCE,
            attribution=osm_file.ATTRIBUTION,
            data_date=stamp[:10] or None,
            sha256=sha256,
        )


def header_of(path: Path) -> Header:
    """Read the header of an extract.

    Raises
    ------
    SourceFormatError
        If it is not OpenStreetMap data.
    """
    try:
        header = osmium.FileProcessor(str(path)).header
        box, stamp = header.box(), header.get("osmosis_replication_timestamp", "")
    except (RuntimeError, ValueError) as error:
        raise SourceFormatError("prepared.unreadable", path=path, cause=cause(error)) from error
    if not box.valid():
        return Header(None, stamp)
    low, high = box.bottom_left, box.top_right
    return Header((low.lon, low.lat, high.lon, high.lat), stamp)
