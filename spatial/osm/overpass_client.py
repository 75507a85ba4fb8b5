"""What Overpass answers: whole data becomes an OpenStreetMap file, everything else an error.

Overpass says with HTTP 200 that it ran out of time or memory, in a ``remark`` beside partial
data, or that it is too busy, in a page of HTML.

Asking Overpass politely: an own name, one query at a time, slots respected, few retries with long pauses.
"""

from __future__ import annotations

import json
import logging
import re
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from spatial.core.errors import (
    ConfigError,
    EmptyAreaError,
    IncompleteResult,
    SourceError,
    SourceFormatError,
    SourceUnavailable,
)
from spatial.core.messages import cause, phrase

EXTRACT = phrase("overpass.extract")
TYPES = ("node", "way", "relation")
# What the dispatcher says when there is no room for a query (Overpass-API issue 389).
BUSY = re.compile(r"too busy|Dispatcher_Client|dispatcher|rate_limited|open64: 0 Success", re.IGNORECASE)
EXCERPT = 160
MOMENT, YEARS = "%Y-%m-%dT%H:%M:%SZ", range(1970, 2106)  # seconds since 1970, in 32 bits


class PassingError(Exception):
    """A failure that a later attempt may mend; ``pause_s`` is what the server asks to wait."""

    def __init__(self, error: SourceError, pause_s: float = 0.0) -> None:
        super().__init__(str(error))
        self.error, self.pause_s = error, pause_s


@dataclass(frozen=True)
class Answer:
    """Whole data: its elements as Overpass writes them, and the moment whose map it is."""

    elements: Sequence[Mapping[str, Any]]
    timestamp_osm_base: str | None


def excerpt(body: bytes) -> str:
    """The first words of an answer, without mark-up."""
    text = body[:8000].decode("utf-8", "replace")
    text = re.sub(r"(?is)<(script|style|head)\b.*?</\1>|<[^>]*>", " ", text)
    return " ".join(text.split())[:EXCERPT]


def parsed(body: bytes, where: str) -> Answer:
    """Take an answer apart.

    Raises
    ------
    PassingError
        If the server is too busy, or the answer broke off.
    IncompleteResult
        If the server says that it gave up: the data beside that is partial.
    SourceFormatError
        If it is not an answer of Overpass.
    EmptyAreaError
        If there is nothing in it.
    """
    text = body.lstrip()
    if not text:
        raise PassingError(IncompleteResult("overpass.nothing_said", where=where, extract=EXTRACT))
    if text[:1] not in (b"{", b"["):
        raise _not_json(text, where)
    try:
        found = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise PassingError(IncompleteResult("overpass.cut_off", where=where, extract=EXTRACT)) from error
    if not isinstance(found, dict) or not isinstance(found.get("elements"), list):
        raise SourceFormatError("overpass.another_form", where=where, said=excerpt(body))
    if found.get("remark"):
        raise gave_up(str(found["remark"]), where)
    if not found["elements"]:
        raise EmptyAreaError("overpass.nothing_there", where=where)
    base = found.get("osm3s", {}).get("timestamp_osm_base") if isinstance(found.get("osm3s"), dict) else None
    return Answer(found["elements"], _moment(base))


def _moment(written: Any) -> str | None:
    """A moment as osmium writes it in a header; None for what is none: osmium ends the whole process over one."""
    try:
        moment = datetime.strptime(written, MOMENT)
    except (TypeError, ValueError):
        return None
    return moment.strftime(MOMENT) if moment.year in YEARS else None


def _not_json(text: bytes, where: str) -> Exception:
    """The error for an answer in HTML or XML, which Overpass gives when it fails."""
    said = excerpt(text)
    whole = text[:8000].decode("utf-8", "replace")
    if BUSY.search(whole):
        return PassingError(SourceUnavailable("overpass.busy", where=where, said=said, extract=EXTRACT))
    remark = re.search(r"<remark>(.*?)</remark>", text.decode("utf-8", "replace"), re.DOTALL)
    if remark or "runtime error" in whole:
        return gave_up(" ".join(remark[1].split()) if remark else said, where)
    return SourceFormatError("overpass.page", where=where, said=said, extract=EXTRACT)


def gave_up(remark: str, where: str) -> IncompleteResult:
    """Return the error for a query that the server did not finish."""
    reason = phrase("overpass.stopped")
    if "timed out" in remark:
        reason = phrase("overpass.out_of_time")
    elif "memory" in remark:
        reason = phrase("overpass.out_of_memory")
    return IncompleteResult(
        "overpass.gave_up", where=where, reason=reason, remark=remark[:EXCERPT].strip(), extract=EXTRACT
    )


def write(answers: Sequence[Answer], path: Path, box: tuple[float, float, float, float], where: str) -> None:
    """Write answers as one OpenStreetMap file, each object once and in order, with the box that was asked for.

    Raises
    ------
    SourceFormatError
        If an element is not one.
    """
    import osmium

    found: dict[tuple[int, int], Mapping[str, Any]] = {}
    try:
        for answer in answers:
            for element in answer.elements:
                found[TYPES.index(element["type"]), int(element["id"])] = element
        header = osmium.io.Header()
        header.set("generator", "faellesrum")
        header.add_box(osmium.osm.Box(*box))
        stamps = [answer.timestamp_osm_base for answer in answers if answer.timestamp_osm_base]
        if stamps:
            header.set("osmosis_replication_timestamp", min(stamps))
        with osmium.SimpleWriter(str(path), header=header) as writer:
            for (kind, identity), element in sorted(found.items(), key=lambda item: item[0]):
                _add(writer, kind, identity, element)
    except (KeyError, ValueError, TypeError, RuntimeError) as error:
        raise SourceFormatError(
            "overpass.no_element", where=where, kind=type(error).__name__, cause=cause(error), extract=EXTRACT
        ) from error


def _add(writer: Any, kind: int, identity: int, element: Mapping[str, Any]) -> None:
    from osmium.osm import mutable

    tags = element.get("tags", {})
    if kind == 0:
        writer.add_node(mutable.Node(id=identity, location=(element["lon"], element["lat"]), tags=tags))
    elif kind == 1:
        writer.add_way(mutable.Way(id=identity, nodes=element["nodes"], tags=tags))
    else:
        members = [(member["type"][0], member["ref"], member["role"]) for member in element["members"]]
        writer.add_relation(mutable.Relation(id=identity, members=members, tags=tags))


log = logging.getLogger(__name__)

# The operators' word: after a 429 wait at least this long.
AFTER_429_S = 30.0
CHUNK_BYTES = 1 << 16
STATUS_TIMEOUT_S = 30.0
BYTES_PER_MB = 1 << 20
OVERLOADED = (502, 503, 504)
REFUSED = {
    400: phrase("overpass.http_400"),
    401: phrase("overpass.http_401"),
    403: phrase("overpass.http_403"),
    404: phrase("overpass.http_404"),
    406: phrase("overpass.http_406"),
}


@dataclass(frozen=True)
class Settings:
    """How Overpass is asked; see ``defaults/overpass.toml``."""

    url: str
    user_agent: str
    timeout_s: int
    slack_s: float
    maxsize_mb: int
    max_area_km2: float
    max_answer_mb: int
    attempts: int
    pause_s: float
    longest_pause_s: float
    connect_s: float
    only_known_values: tuple[str, ...]

    @property
    def interpreter(self) -> str:
        """Address of the interpreter, without the login that ``url`` may hold: it stands in manifests."""
        parts = urlsplit(self.url)
        return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2], path=f"{parts.path}/interpreter"))

    @property
    def where(self) -> str:
        """Short name of the server for messages, without what a login may stand in."""
        return f"Overpass ({urlsplit(self.url).netloc.rpartition('@')[2]})"


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
            shown = settings.url.rpartition("@")[2]
            raise ConfigError("overpass.url", url=shown)
        self.settings, self._sleep, self._tell = settings, sleep, tell or (lambda stage: None)

    def ask(self, query: str) -> Answer:
        """Ask one query, with few further attempts after growing pauses.

        Raises
        ------
        SourceError
            If there is no whole answer.
        """
        pause_s, last = self.settings.pause_s, None
        for attempt in range(self.settings.attempts):
            if last is not None:
                self._wait(min(max(pause_s, last.pause_s), max(self.settings.longest_pause_s, last.pause_s)), str(last))
                pause_s *= 2
            try:
                self._wait_for_slot()
                self._tell("overpass")
                return parsed(self._post(query), self.settings.where)
            except PassingError as failure:
                last = failure
                log.info("%s (attempt %d of %d)", failure, attempt + 1, self.settings.attempts)
        assert last is not None
        raise type(last.error)("overpass.attempts", error=last.error, n=self.settings.attempts) from last

    def _wait(self, seconds: float, why: str) -> None:
        log.info("waiting %.0f s: %s", seconds, why)
        self._tell("overpass_wait")
        self._sleep(seconds)

    def _wait_for_slot(self) -> None:
        """Wait until the server has a slot for us, as its status says; without a status go on."""
        for _ in range(self.settings.attempts):
            status, body, _ = self._request("GET", "status", read_s=STATUS_TIMEOUT_S)
            wait_s = _wait_of(body.decode("utf-8", "replace")) if status == 200 else 0.0
            if not wait_s:
                return
            if wait_s > self.settings.longest_pause_s:
                break
            self._wait(wait_s, "no free slot")
        raise SourceUnavailable("overpass.no_slot", where=self.settings.where, wait_s=wait_s, extract=EXTRACT)

    def _post(self, query: str) -> bytes:
        status, body, retry_s = self._request(
            "POST", "interpreter", read_s=self.settings.timeout_s + self.settings.slack_s, query=query
        )
        where, said = self.settings.where, excerpt(body)
        if status == 200:
            return body
        if status == 429:
            error = SourceUnavailable("overpass.too_many", where=where, extract=EXTRACT)
            raise PassingError(error, max(retry_s, AFTER_429_S))
        if status in OVERLOADED:
            error = SourceUnavailable("overpass.overloaded", where=where, status=status, extract=EXTRACT)
            raise PassingError(error, retry_s)
        says = REFUSED.get(status) or phrase("overpass.http", status=status)
        raise SourceUnavailable("overpass.refused", where=where, says=says, status=status, said=said, extract=EXTRACT)

    def _request(self, method: str, path: str, *, read_s: float, query: str | None = None) -> tuple[int, bytes, float]:
        """Status, body and the seconds to wait that the server names."""
        import requests

        limit, begun = self.settings.max_answer_mb * BYTES_PER_MB, time.monotonic()
        try:
            with requests.request(
                method,
                f"{self.settings.url}/{path}",
                data=None if query is None else {"data": query},
                headers={"User-Agent": self.settings.user_agent, "Accept": "*/*"},
                timeout=(self.settings.connect_s, read_s),
                stream=True,
                allow_redirects=False,
            ) as response:
                pieces, size = [], 0
                for piece in response.iter_content(CHUNK_BYTES):
                    pieces.append(piece)
                    size += len(piece)
                    if size > limit:
                        raise SourceFormatError(
                            "overpass.too_large",
                            where=self.settings.where,
                            most_mb=self.settings.max_answer_mb,
                            extract=EXTRACT,
                        )
                    if time.monotonic() - begun > 2 * read_s:
                        raise requests.exceptions.ReadTimeout
                return response.status_code, b"".join(pieces), _seconds(response.headers.get("Retry-After", ""))
        except requests.exceptions.RequestException as error:
            raise self._wrapped(error) from None  # its text may hold the login

    def _wrapped(self, error: Exception) -> Exception:
        from requests import exceptions

        where = self.settings.where
        unavailable: SourceError
        if isinstance(error, exceptions.SSLError):
            return SourceUnavailable("overpass.certificate", where=where, extract=EXTRACT)
        if isinstance(error, exceptions.ConnectTimeout):
            unavailable = SourceUnavailable("overpass.no_answer", where=where, extract=EXTRACT)
        elif isinstance(error, exceptions.Timeout) or "timed out" in str(error):
            unavailable = SourceUnavailable("overpass.unfinished", where=where, extract=EXTRACT)
        elif isinstance(error, exceptions.ChunkedEncodingError):
            unavailable = SourceUnavailable("overpass.cut_off", where=where, extract=EXTRACT)
        elif isinstance(error, exceptions.ConnectionError):
            unavailable = SourceUnavailable("overpass.unreached", where=where, extract=EXTRACT)
        else:
            return SourceUnavailable("overpass.unasked", where=where, kind=type(error).__name__, extract=EXTRACT)
        return PassingError(unavailable)


def _seconds(text: str) -> float:
    return float(text) if re.fullmatch(r"\s*\d{1,6}\s*", text) else 0.0


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


def settings_of(table: dict[str, Any]) -> Settings:
    """Check a table of settings.

    Raises
    ------
    ConfigError
        If one is missing, unknown, or of the wrong kind.
    """
    fields = Settings.__dataclass_fields__
    wrong = sorted(set(table) ^ set(fields))
    if wrong:
        raise ConfigError("overpass.settings", names=wrong, known=list(fields))
    for name, value in table.items():
        text = name in ("url", "user_agent")
        good = (
            isinstance(value, str)
            if text
            else name == "only_known_values"
            or (isinstance(value, int | float) and not isinstance(value, bool) and value > 0)
        )
        if not good:
            needed = phrase("overpass.a_text") if text else phrase("overpass.a_number")
            raise ConfigError("overpass.setting", name=name, value=value, needed=needed)
    url = str(table["url"]).strip().rstrip("/").removesuffix("/interpreter")
    return Settings(**table | {"url": url, "only_known_values": tuple(table["only_known_values"])})
