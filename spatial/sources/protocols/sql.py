"""GeoFA's and other municipalities' SQL interface (GC2): one question, one GeoJSON."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

from pyproj import CRS

from spatial.core.errors import ConfigError, IncompleteResult, SourceFormatError
from spatial.core.files import sha256_of_bytes
from spatial.sources.catalogue import Source
from spatial.sources.gdal_services import service_key
from spatial.sources.http import Answer, Transport
from spatial.sources.protocol import Area, Box, Delivery
from spatial.sources.protocols import download

# The service counts the rows it has found in each row, so that an answer that was cut is known.
COUNT = "faellesrum_count"
GEOMETRY = "geometri"


def fetch(source: Source, area: Area, *, transport: Transport | None = None) -> Delivery:
    """Ask for all rows of a table in the area's box.

    Raises
    ------
    SourceError
        If the service fails, or delivers fewer rows than it counts.
    """
    number = CRS.from_user_input(source.crs).to_epsg()
    answer = ask(source, question(source, area.bounds_in(CRS.from_user_input(source.crs)), number), number, transport)
    rows = _rows(answer, source)
    counted = {int(row["properties"][COUNT]) for row in rows if row.get("properties", {}).get(COUNT) is not None}
    if counted and max(counted) != len(rows):
        raise IncompleteResult("sql.fewer", source=source.id, origin=answer.url, counted=max(counted), came=len(rows))
    if not rows:
        return _nothing(answer, source, area)
    found = download.read(answer, source, area, suffix=".geojson")
    # The interface writes no CRS; what was asked for with ``srs`` is what comes.
    table = found.table.drop(columns=[name for name in (COUNT,) if name in found.table])
    declared = '"crs"' in answer.body[:4096].decode("utf-8", "replace")
    table = table if declared else table.set_crs(source.crs, allow_override=True)
    return replace(found, table=table, origin=answer.url)


def question(source: Source, box: Box | None, epsg: int | None, *, limit: int | None = None) -> str:
    """The SELECT for all rows in a box, in the CRS of this number.

    Raises
    ------
    ConfigError
        If the entry has no layer, or a CRS without a number.
    """
    if source.layer is None or epsg is None:
        raise ConfigError("sql.entry", source=source.id)
    geometry = source.geometry_field or GEOMETRY
    conditions = [] if source.filter is None else [f"({source.filter})"]
    if box is not None:
        corners = ",".join(f"{value:.2f}" for value in box)
        conditions.append(f"{geometry} && ST_MakeEnvelope({corners},{epsg})")
    where = f" WHERE {' AND '.join(conditions)}" if conditions else ""
    cut = "" if limit is None else f" LIMIT {limit}"
    return f"SELECT *, count(*) OVER () AS {COUNT} FROM {source.layer}{where}{cut}"


def ask(source: Source, query: str, epsg: int | None, transport: Transport | None) -> Answer:
    """Send a question; the answer as it came."""
    assert source.endpoint is not None
    params = {"q": query, "srs": str(epsg), "format": "geojson", **source.parameters}
    return (transport or Transport()).get(source.endpoint, params, key=service_key(source), hosts=source.hosts)


def _rows(answer: Answer, source: Source) -> list[dict[str, Any]]:
    from spatial.sources import service_answers

    name = f"{source.id} ({answer.url.partition('?')[0]})"
    service_answers.check_answer(answer.body, name)
    try:
        told = json.loads(answer.body)
        rows = told["features"]
        assert isinstance(rows, list)
    except (ValueError, KeyError, TypeError, AssertionError) as error:
        raise SourceFormatError("sql.no_geojson", name=name) from error
    return rows


def _nothing(answer: Answer, source: Source, area: Area) -> Delivery:
    import geopandas as gpd

    return Delivery(
        gpd.GeoDataFrame(geometry=[], crs=source.crs),
        origin=answer.url,
        sha256=sha256_of_bytes(answer.body),
        retrieved_at=answer.retrieved_at,
        data_date=answer.retrieved_at[:10],
        whole_area=True,
    )
