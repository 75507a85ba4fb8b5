"""Datafordeler's GraphQL: one entity of a register in the area's box, page by page.

Its own rules: every query says for what time it asks, has one field at its root and no aliases, and writes out the
geometry it looks in; a page holds at most a thousand rows, and says by a cursor where the next begins.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

import geopandas as gpd
import shapely
from pyproj import CRS

from spatial.core.addresses import shown_address, without_secrets
from spatial.core.errors import ConfigError, IncompleteResult, SourceFormatError, SourceUnavailable
from spatial.core.messages import phrase
from spatial.sources.catalogue import Source
from spatial.sources.gdal_services import service_key
from spatial.sources.http import Transport
from spatial.sources.protocol import Area, Box, Delivery

# So many rows a page may hold, and so many ids are asked for at once.
PAGE_ROWS, BATCH_IDS = 1000, 500
# What the service means by the codes of its errors, where a user can do something about it.
CODES = {
    "DAF-GQL-0009": phrase("graphql.times"),
    "HC0046": phrase("graphql.introspection"),
    "HC0011": phrase("graphql.syntax"),
}
GEOMETRY = "geometri"


def fetch(source: Source, area: Area, *, transport: Transport | None = None) -> Delivery:
    """Ask for all rows of an entity that touch the area's box.

    Raises
    ------
    SourceError
        If the service fails or refuses, or its pages do not lead on as they say.
    """
    if source.layer is None:
        raise ConfigError("graphql.entry", source=source.id)
    register = Register(source, transport or Transport())
    crs, geometry = CRS.from_user_input(source.crs), source.geometry_field or GEOMETRY
    names = dict.fromkeys(filter(None, (source.id_field, *source.mapping.names)))
    asked = [*names, f"{geometry} {{ wkt }}"]
    rows = list(register.rows(source.layer, asked, inside(geometry, area.bounds_in(crs), crs)))
    return register.delivery([{name: row.get(name) for name in names} for row in rows], shapes(rows, geometry), crs)


@dataclass
class Register:
    """A register that is asked, and what is to be told of how it answered."""

    source: Source
    transport: Transport
    at: str = field(default_factory=lambda: datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"))
    digest: Any = field(default_factory=sha256)

    def rows(self, entity: str, fields: Sequence[str], where: str, *, address: str | None = None) -> Iterator[Any]:
        """All rows of an entity that a filter leaves, page after page.

        Raises
        ------
        IncompleteResult
            If there are more pages, but no cursor that leads to them.
        """
        cursor: str | None = None
        seen: set[str | None] = set()
        while cursor not in seen:
            seen.add(cursor)
            page = self._page(entity, self.query(entity, fields, where, cursor), address)
            yield from page["nodes"]
            info = page.get("pageInfo") or {}
            if not info.get("hasNextPage"):
                return
            cursor = info.get("endCursor")
        raise IncompleteResult("graphql.circles", source=self.source.id, entity=entity)

    def among(self, entity: str, fields: Sequence[str], name: str, ids: Iterable[str], **more: str) -> Iterator[Any]:
        """All rows whose field holds one of these ids; asked for in batches."""
        known = sorted(set(ids))
        for k in range(0, len(known), BATCH_IDS):
            yield from self.rows(entity, fields, f"{name}: {{ in: {json.dumps(known[k : k + BATCH_IDS])} }}", **more)

    def query(self, entity: str, fields: Sequence[str], where: str, cursor: str | None) -> str:
        """The question for one page."""
        after = "" if cursor is None else f", after: {json.dumps(cursor)}"
        times = f'registreringstid: "{self.at}", virkningstid: "{self.at}"'
        rows = min(self.source.page_size, PAGE_ROWS)
        return (
            f"query {{ {entity}(first: {rows}{after}, {times}, where: {{ {where} }}) "
            f"{{ nodes {{ {' '.join(fields)} }} pageInfo {{ hasNextPage endCursor }} }} }}"
        )

    def delivery(self, rows: Sequence[Any], geometry: Sequence[Any], crs: CRS) -> Delivery:
        """The rows as a table, with where and when they are from."""
        return Delivery(
            gpd.GeoDataFrame(list(rows), geometry=list(geometry), crs=crs),
            origin=shown_address(str(self.source.endpoint)),
            sha256=self.digest.hexdigest(),
            retrieved_at=datetime.now(UTC).isoformat(timespec="seconds"),
            data_date=self.at[:10],
            whole_area=True,
        )

    def _page(self, entity: str, query: str, address: str | None) -> dict[str, Any]:
        """One page of an entity."""
        url = address or str(self.source.endpoint)
        answer = self.transport.post(url, {"query": query}, key=service_key(self.source))
        self.digest.update(answer.body)
        try:
            told = json.loads(answer.body)
        except ValueError as error:
            raise SourceFormatError("graphql.no_json", source=self.source.id) from error
        for one in told.get("errors") or ():
            raise self._refusal(one)
        page = (told.get("data") or {}).get(entity)
        if not isinstance(page, dict) or not isinstance(page.get("nodes"), list):
            raise SourceFormatError("graphql.no_rows", source=self.source.id, entity=entity)
        return page

    def _refusal(self, error: Any) -> SourceUnavailable:
        """What an error of the service means."""
        code = str((error.get("extensions") or {}).get("code") or "")
        reason = without_secrets(" ".join(str(error.get("message") or "").split()))[:160].rstrip(".")
        todo = CODES.get(code) or phrase("graphql.schema")
        return SourceUnavailable("graphql.refuses", source=self.source.id, code=code, reason=reason, todo=todo)


def inside(geometry: str, box: Box, crs: CRS) -> str:
    """The filter for what touches a box; written out, since a variable would be taken for nothing."""
    outline = shapely.to_wkt(shapely.box(*box), rounding_precision=2)
    return f'{geometry}: {{ intersects: {{ wkt: "{outline}", crs: {crs.to_epsg()} }} }}'


def shapes(rows: Sequence[Any], geometry: str) -> list[Any]:
    """The geometry of each row, which stands as WKT; None where it has none."""
    return [shapely.from_wkt((row.get(geometry) or {}).get("wkt")) for row in rows]
