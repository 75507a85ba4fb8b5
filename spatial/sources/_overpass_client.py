"""Asking Overpass politely: an own name, one query at a time, slots respected, few retries with long pauses."""

from __future__ import annotations

import logging
import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from spatial.errors import ConfigError, SourceError, SourceFormatError, SourceUnavailable
from spatial.phrases import phrase
from spatial.sources._overpass_answer import EXTRACT, Answer, PassingError, excerpt, parsed

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
