"""OpenStreetMap from Overpass, as a file that is read like any other extract.

OSMnx writes the query. Its transport is not used: it repeats without end after HTTP 429 and 504,
and takes what stands beside a ``remark``, which is partial, for the whole (osmnx 2.1.1,
``_overpass._overpass_request``). ``_overpass_client`` asks instead.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from importlib import metadata
from pathlib import Path
from typing import Any

from shapely.geometry.base import BaseGeometry

from spatial.core.errors import ConfigError, InputError
from spatial.core.messages import phrase
from spatial.core.model import Estate, Extract, Provenance
from spatial.core.versions import version
from spatial.osm import osmium_reader
from spatial.osm.overpass_client import EXTRACT, Client, Settings, settings_of, write
from spatial.settings import loading
from spatial.sources import http
from spatial.sources.http_cache import Cache, Entry

CONFIG_VARIABLE = "FAELLESRUM_CONFIG"
URL_VARIABLE = "FAELLESRUM_OVERPASS_URL"
USER_AGENT_VARIABLE = "FAELLESRUM_USER_AGENT"
# Some 30–60 m more than is read, so that rounding loses nothing at the edge.
PAD_DEG = 0.0005
DECIMALS = 6
M2_PER_KM2 = 1e6
# How long a process waits for another one's query.
QUEUE_S = 1800.0
SUFFIX = ".osm.pbf"
Box = tuple[float, float, float, float]
Tags = Mapping[str, bool | list[str]]


def settings(path: Path | None = None) -> Settings:
    """Read how Overpass is asked: the bundled settings, the user's file over them, the environment over both.

    Raises
    ------
    ConfigError
        If a file cannot be read, or a setting is missing, unknown or of the wrong kind.
    """
    table = dict(loading.load_toml(None, "overpass.toml")["overpass"])
    own = path or _config_file()
    if own is not None:
        found = loading.load_toml(own, "overpass.toml").get("overpass", {})
        if not isinstance(found, dict):
            raise ConfigError("overpass.table", path=own, found=found)
        table |= found
    table["url"] = os.environ.get(URL_VARIABLE, "").strip() or table["url"]
    table["user_agent"] = (
        os.environ.get(USER_AGENT_VARIABLE, "").strip() or table["user_agent"] or f"faellesrum/{version()}"
    )
    return settings_of(table)


def _config_file() -> Path | None:
    named = os.environ.get(CONFIG_VARIABLE, "").strip()
    if named:
        return Path(named)
    from platformdirs import user_config_path

    usual = user_config_path("faellesrum", appauthor=False) / "config.toml"
    return usual if usual.is_file() else None


def extract(
    estate: Estate,
    *,
    refresh: bool = False,
    asked: Settings | None = None,
    cache: Cache | None = None,
    sleep: Callable[[float], None] = time.sleep,
    tell: Callable[[str], None] | None = None,
) -> Extract:
    """Return everything on the map around an estate as a file: kept from earlier, or asked for now.

    Parameters
    ----------
    estate
        Its boundary, margin and reach.
    refresh
        Ask again though an answer is kept. If that fails, the kept one stays.
    asked, cache, sleep, tell
        Settings, the cache, what waits, and who is told the stage; for tests and other callers.

    Raises
    ------
    InputError
        If the area is larger than may be asked for, or the cache cannot be written.
    SourceError
        If there is no whole answer.
    EmptyAreaError
        If there is nothing on the map.
    """
    asked, cache = asked or settings(), cache or Cache()
    client = Client(asked, sleep=sleep, tell=tell)
    box = _box(estate, asked)
    request = {
        "service": "overpass",
        "url": asked.interpreter,
        "box": list(box),
        "tags": dict(tags(asked.only_known_values)),
        "timeout_s": asked.timeout_s,
        "maxsize_mb": asked.maxsize_mb,
        "osmnx": metadata.version("osmnx"),
        "form": 1,
    }
    kept = None if refresh else cache.find(request)
    if kept is None:
        http.refuse(phrase("overpass.not_kept", where=asked.where, estate=estate.name, extract=EXTRACT))
        with cache.alone(asked.where, wait_s=QUEUE_S):
            kept = None if refresh else cache.find(request)  # another process may have asked meanwhile
            kept = kept or _fetched(client, request, box, cache)
    return Extract(kept.path, _provenance(kept, asked))


def _fetched(client: Client, request: Mapping[str, Any], box: Box, cache: Cache) -> Entry:
    import shapely

    asked = client.settings
    queries = list(_queries(shapely.box(*box), tags(asked.only_known_values), asked))
    answers = [client.ask(query) for query in queries]
    stamps = [answer.timestamp_osm_base for answer in answers if answer.timestamp_osm_base]
    about = {"query": "\n".join(queries), "timestamp_osm_base": min(stamps) if stamps else None}
    with cache.draft(SUFFIX) as path:
        write(answers, path, box, asked.where)
        return cache.store(request, path, suffix=SUFFIX, about=about)


def _provenance(kept: Entry, asked: Settings) -> Provenance:
    stamp = kept.about["timestamp_osm_base"]
    return Provenance(
        source_id=osmium_reader.SOURCE_ID,
        path=asked.interpreter,
        licence=osmium_reader.LICENCE,
        attribution=osmium_reader.ATTRIBUTION,
        data_date=None if stamp is None else stamp[:10],
        retrieved_at=kept.retrieved_at,
        sha256=kept.sha256,
        query=kept.about["query"],
        timestamp_osm_base=stamp,
    )


# --- what is asked ----------------------------------------------------------------------


def _box(estate: Estate, asked: Settings) -> Box:
    """Box around all that is read for an estate, in WGS 84: west, south, east, north."""
    west, south, east, north = osmium_reader.area_wgs84(estate).bounds
    x0, y0, x1, y1 = estate.context_area.bounds
    area_km2 = (x1 - x0) * (y1 - y0) / M2_PER_KM2
    if area_km2 > asked.max_area_km2:
        raise InputError(
            "overpass.box",
            estate=estate.name,
            area_km2=area_km2,
            where=asked.where,
            most_km2=asked.max_area_km2,
            extract=EXTRACT,
        )
    return (
        round(west - PAD_DEG, DECIMALS),
        round(south - PAD_DEG, DECIMALS),
        round(east + PAD_DEG, DECIMALS),
        round(north + PAD_DEG, DECIMALS),
    )


def tags(only_known_values: Sequence[str] = ()) -> Tags:
    """Tags of all objects that a file extract would be searched for: the keys the reader keeps.

    Of the keys in ``only_known_values`` only the values that ``tags.toml`` names; ``True`` is any value.
    """
    keys = sorted({*osmium_reader.POINT_KEYS, *osmium_reader.LINE_KEYS, *osmium_reader.AREA_KEYS})
    named = dict(_selectors(loading.load_toml(None, "tags.toml")))
    return {key: sorted(named[key]) if key in only_known_values and named.get(key) else True for key in keys}


def _selectors(table: Any) -> Iterator[tuple[str, set[str]]]:
    """Keys and the values that selectors name for them, anywhere in a table."""
    found: dict[str, set[str]] = {}
    rest: list[Any] = [table]
    while rest:
        item = rest.pop()
        if isinstance(item, dict):
            rest.extend(item.values())
        elif isinstance(item, list):
            rest.extend(item)
        elif isinstance(item, str):
            for part in item.split(" & "):
                key, equals, value = part.strip().partition("=")
                if equals and not key.startswith("!") and " " not in key:
                    found.setdefault(key, set()).add(value)
    yield from ((key, values) for key, values in found.items() if "*" not in values)


def _queries(area: BaseGeometry, wanted: Tags, asked: Settings) -> Iterator[str]:
    """Queries as OSMnx writes them, one for an area within its limit; of relations only multipolygons.

    Other relations, such as routes and whole rivers, are not read; recursion would bring all their members.
    """
    with _osmnx(asked) as builder:
        for polygon in builder._make_overpass_polygon_coord_strs(area):
            query: str = builder._create_overpass_features_query(polygon, dict(wanted))
            yield query.replace("(relation[", "(relation['type'='multipolygon'][")


@contextmanager
def _osmnx(asked: Settings) -> Iterator[Any]:
    """OSMnx's builder of queries with our limits, and its own settings again afterwards.

    Raises
    ------
    ConfigError
        If the OSMnx that is installed has no such builder.
    """
    import osmnx
    from osmnx import _overpass

    for name in ("_make_overpass_polygon_coord_strs", "_create_overpass_features_query"):
        if not hasattr(_overpass, name):
            raise ConfigError("overpass.osmnx", version=osmnx.__version__, name=name, extract=EXTRACT)
    ours = {
        "overpass_settings": "[out:json][timeout:{timeout}]{maxsize}",
        "requests_timeout": asked.timeout_s,
        "overpass_memory": asked.maxsize_mb * (1 << 20),
        "max_query_area_size": asked.max_area_km2 * M2_PER_KM2 * 2,
    }
    before = {name: getattr(osmnx.settings, name) for name in ours}
    try:
        for name, value in ours.items():
            setattr(osmnx.settings, name, value)
        yield _overpass
    finally:
        for name, value in before.items():
            setattr(osmnx.settings, name, value)
