"""OpenStreetMap from Overpass, as a file that is read like any other extract.

The operators' rules are kept: an own name, one query at a time, a free slot waited for, few further
attempts after long pauses. Overpass says with HTTP 200 that it ran out of time or memory, in a ``remark``
beside partial data, or that it is too busy, in a page of HTML: neither is taken for an answer.

References
----------
https://wiki.openstreetmap.org/wiki/Overpass_API/Overpass_QL
"""

from __future__ import annotations

import logging
import re
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

from spatial.core.addresses import shown_address
from spatial.core.errors import (
    ConfigError,
    InputError,
    SourceError,
    SourceUnavailable,
)
from spatial.core.messages import phrase
from spatial.core.model import Estate, Extract, Provenance
from spatial.osm import osmium_reader
from spatial.osm.overpass_answers import EXTRACT, Answer, Box, parsed, write
from spatial.osm.overpass_settings import Settings, settings
from spatial.settings import loading
from spatial.sources import http, offline
from spatial.sources.http import Manner, PassingError, Reply, Transport
from spatial.sources.http_cache import Cache, Entry

# Some 30–60 m more than is read, so that rounding loses nothing at the edge.
PAD_DEG = 0.0005
DECIMALS = 6
M2_PER_KM2 = 1e6
# How long a process waits for another one's query, and for the status.
QUEUE_S, STATUS_S = 1800.0, 30.0
# The longest pause that is made because the server asks for it.
DAY_S = 86400.0
SUFFIX = ".osm.pbf"
OVERLOADED = (502, 503, 504)
REFUSED = {
    400: phrase("overpass.http_400"),
    401: phrase("overpass.http_401"),
    403: phrase("overpass.http_403"),
    404: phrase("overpass.http_404"),
    406: phrase("overpass.http_406"),
}
Tags = Mapping[str, bool | list[str]]
BYTES_PER_MB = 1 << 20
log = logging.getLogger(__name__)


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
        "form": 2,
    }
    kept = None if refresh else cache.find(request)
    if kept is None:
        offline.refuse(phrase("overpass.not_kept", where=asked.where, estate=estate.name, extract=EXTRACT))
        with cache.alone(asked.where, wait_s=QUEUE_S):
            kept = None if refresh else cache.find(request)  # another process may have asked meanwhile
            kept = kept or _fetched(client, request, box, cache)
    return Extract(kept.path, _provenance(kept, asked))


def _fetched(client: Client, request: Mapping[str, Any], box: Box, cache: Cache) -> Entry:
    asked = client.settings
    query = features_query(box, tags(asked.only_known_values), timeout_s=asked.timeout_s, maxsize_mb=asked.maxsize_mb)
    answer = client.ask(query)
    about = {"query": query, "timestamp_osm_base": answer.timestamp_osm_base}
    with cache.draft(SUFFIX) as path:
        write(answer, path, box, asked.where)
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


def features_query(box: Box, wanted: Tags, *, timeout_s: int, maxsize_mb: int) -> str:
    """Write the query for all objects with these tags in a box (west, south, east, north), and what they are made of.

    Of relations only multipolygons: others, such as routes and whole rivers, are not read, and recursion would bring
    all their members.

    Examples
    --------
    >>> print(features_query((12.1, 55.1, 12.2, 55.2), {"place": ["square"]}, timeout_s=180, maxsize_mb=1))
    [out:json][timeout:180][maxsize:1048576][bbox:55.1,12.1,55.2,12.2];
    (
    node["place"="square"];
    way["place"="square"];
    relation["type"="multipolygon"]["place"="square"];
    );
    (._;>;);
    out;
    """
    west, south, east, north = box
    filters = [
        f'["{key}"]' if value is None else f'["{key}"="{value}"]'
        for key, values in wanted.items()
        for value in (values if isinstance(values, list) else [None])
    ]
    kinds = ("node", "way", 'relation["type"="multipolygon"]')
    limits = f"[out:json][timeout:{timeout_s}][maxsize:{maxsize_mb * BYTES_PER_MB}]"
    return "\n".join(
        [
            f"{limits}[bbox:{south},{west},{north},{east}];",
            "(",
            *(f"{kind}{tag};" for tag in filters for kind in kinds),
            ");",
            "(._;>;);",
            "out;",
        ]
    )


# --- how it is asked --------------------------------------------------------------------


class Client:
    """Asks one Overpass server.

    Parameters
    ----------
    sleep
        Waits; for tests.
    tell
        Called with the name of a stage when it begins: ``"overpass"``, ``"overpass_wait"``.
    """

    def __init__(
        self,
        settings: Settings,
        *,
        sleep: Callable[[float], None] = time.sleep,
        tell: Callable[[str], None] | None = None,
    ) -> None:
        if urlsplit(settings.url).scheme not in ("http", "https") or not urlsplit(settings.url).hostname:
            raise ConfigError("overpass.url", url=shown_address(settings.url))
        self.settings, self._sleep, self._tell = settings, sleep, tell or (lambda stage: None)
        read_s = settings.timeout_s + settings.slack_s
        self._transport = Transport(
            connect_s=settings.connect_s,
            read_s=read_s,
            whole_s=2 * read_s,
            attempts=settings.attempts,
            sleep=self._wait,
            manner=Manner(
                pause_s=settings.pause_s,
                longest_pause_s=settings.longest_pause_s,
                jitter_s=0.0,
                longest_asked_s=DAY_S,
                max_bytes=int(settings.max_answer_mb * BYTES_PER_MB),
                agent=settings.user_agent,
                name=settings.where,
            ),
        )

    def ask(self, query: str) -> Answer:
        """Ask one query, with few further attempts after growing pauses.

        Raises
        ------
        SourceError
            If there is no whole answer.
        """

        def attempt() -> Answer:
            self._wait_for_slot()
            self._tell("overpass")
            reply = self._exchange("interpreter", form={"data": query})
            _check_status(reply, self.settings.where)
            return parsed(reply.body, self.settings.where)

        return self._transport.patiently(attempt)

    def _wait(self, seconds: float) -> None:
        log.info("%s: waiting %.0f s", self.settings.where, seconds)
        self._tell("overpass_wait")
        self._sleep(seconds)

    def _wait_for_slot(self) -> None:
        """Wait until the server has a slot for us, as its status says; without a status go on."""
        for _ in range(self.settings.attempts):
            reply = self._exchange("status", read_s=STATUS_S)
            wait_s = _wait_of(reply.body.decode("utf-8", "replace")) if reply.status == 200 else 0.0
            if not wait_s:
                return
            if wait_s > self.settings.longest_pause_s:
                break
            self._wait(wait_s)
        raise SourceUnavailable("overpass.no_slot", where=self.settings.where, wait_s=wait_s, extract=EXTRACT)

    def _exchange(self, path: str, *, form: Mapping[str, str] | None = None, read_s: float | None = None) -> Reply:
        """Ask once; a failure tells of the other way, a file extract."""
        try:
            return self._transport.exchange(self.settings.address(path), form=form, read_s=read_s)
        except PassingError as failure:
            raise PassingError(_advised(failure.error), failure.pause_s) from None
        except SourceError as error:
            raise _advised(error) from None


def _advised(error: SourceError) -> SourceError:
    return type(error)("overpass.advised", error=error, extract=EXTRACT)


def _check_status(reply: Reply, where: str) -> None:
    status = reply.status
    if status == 200:
        return
    if status == 429:
        raise PassingError(SourceUnavailable("overpass.too_many", where=where, extract=EXTRACT), reply.pause_s)
    if status in OVERLOADED:
        error = SourceUnavailable("overpass.overloaded", where=where, status=status, extract=EXTRACT)
        raise PassingError(error, reply.pause_s)
    says, said = REFUSED.get(status) or phrase("overpass.http", status=status), http.excerpt(reply.body)
    raise SourceUnavailable("overpass.refused", where=where, says=says, status=status, said=said, extract=EXTRACT)


def _wait_of(status: str) -> float:
    r"""Seconds until a slot is free, from the text of ``/api/status``; 0 if one is, or nothing is said.

    Examples
    --------
    >>> _wait_of("Rate limit: 2\n2 slots available now.")
    0.0
    >>> _wait_of("Rate limit: 2\nSlot available after: 2026-11-20T10:00:00Z, in 41 seconds.")
    42.0
    """
    if re.search(r"^Rate limit: 0\b", status, re.MULTILINE) or re.search(r"[1-9]\d* slots? available now", status):
        return 0.0
    waits = [
        int(found) for found in re.findall(r"^Slot available after: .*?, in (-?\d+) seconds", status, re.MULTILINE)
    ]
    # A second more, since the server rounds down.
    return float(max(min(waits), 0) + 1) if waits else 0.0
