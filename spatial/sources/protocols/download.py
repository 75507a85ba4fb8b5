"""Layers that come whole in one answer: a file by HTTP, as Aarhus, CKAN portals and timetables give them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from spatial.core.errors import SourceFormatError
from spatial.core.files import scratch_folder
from spatial.core.messages import Phrase
from spatial.sources import service_answers, vector_files
from spatial.sources.catalogue import Source
from spatial.sources.gdal_services import service_key
from spatial.sources.http import Answer, Transport
from spatial.sources.protocol import Area, Delivery

SUFFIXES = {
    "application/geo+json": ".geojson",
    "application/json": ".geojson",
    "text/csv": ".csv",
    "application/geopackage+sqlite3": ".gpkg",
    "application/zip": ".zip",
    "application/x-zip-compressed": ".zip",
}
KNOWN = (".geojson", ".json", ".csv", ".gpkg", ".fgb", ".zip", ".parquet", ".kml", ".gml")


def fetch(source: Source, area: Area, *, transport: Transport | None = None) -> Delivery:
    """Get the file at the endpoint.

    Raises
    ------
    SourceError
        If there is no file, or one that is no layer.
    """
    assert source.endpoint is not None
    known = transport or Transport()
    answer = known.get(source.endpoint, source.parameters, key=service_key(source), hosts=source.hosts)
    return read(answer, source, area)


def read(answer: Answer, source: Source, area: Area, *, suffix: str | None = None) -> Delivery:
    """Read a layer from an answer that holds a whole file.

    Raises
    ------
    SourceError
        If it holds an exception, a web page, or no layer.
    """
    name = f"{source.id} ({urlsplit(answer.url).hostname})"
    service_answers.check_answer(answer.body, name)
    ending = suffix or _suffix(answer, source)
    with scratch_folder() as folder:
        path = folder / f"layer{ending}"
        path.write_bytes(answer.body)
        try:
            found = vector_files.read_map_file(path, source, area)
        except SourceFormatError as error:
            raise _named(error, path, name) from error
    return replace(
        found,
        origin=answer.url,
        retrieved_at=answer.retrieved_at,
        data_date=found.data_date or answer.retrieved_at[:10],
        whole_area=True,
    )


def _named(error: SourceFormatError, path: Path, name: str) -> SourceFormatError:
    """The same error, of the source in the place of the file that its answer lay in."""

    def told(value: Any) -> Any:
        if isinstance(value, Phrase):
            return Phrase(value.key.replace(str(path), name), {key: told(one) for key, one in value.found.items()})
        return str(value).replace(str(path), name) if isinstance(value, str | Path) else value

    return type(error)(error.args[0], **{key: told(value) for key, value in error.found.items()})


def _suffix(answer: Answer, source: Source) -> str:
    by_entry = f".{source.format.lower()}" if source.format else ""
    by_type = SUFFIXES.get(answer.content_type.partition(";")[0].strip().lower(), "")
    by_name = Path(urlsplit(answer.url).path).suffix.lower()
    return next((ending for ending in (by_entry, by_type, by_name) if ending in KNOWN), ".geojson")
