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
from spatial.sources._overpass_answer import EXTRACT, Answer, PassingError, excerpt, parsed

log = logging.getLogger(__name__)

# The operators' word: after a 429 wait at least this long.
AFTER_429_S = 30.0
CHUNK_BYTES = 1 << 16
STATUS_TIMEOUT_S = 30.0
BYTES_PER_MB = 1 << 20
OVERLOADED = (502, 503, 504)
REFUSED = {
    400: "does not understand the query",
    401: "wants a login; check the url",
    403: "refuses us (HTTP 403): this address or User-Agent is blocked; stop for today, set user_agent to a name by "
    "which you can be reached",
    404: "has nothing at this address; check the url",
    406: "refuses our User-Agent; set user_agent to a name of your own by which you can be reached",
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
        parts = urlsplit(self.url)
        return f"Overpass at {parts.hostname}" + (f":{parts.port}" if parts.port else "")


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
            raise ConfigError(f"overpass url {shown!r}: needed one such as https://overpass-api.de/api; correct it")
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
        raise type(last.error)(f"{last.error} ({self.settings.attempts} attempts)") from last

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
        raise SourceUnavailable(
            f"{self.settings.where}: has no free slot for us for {wait_s:.0f} s; another program here may be using it; "
            f"try again later, or {EXTRACT}"
        )

    def _post(self, query: str) -> bytes:
        status, body, retry_s = self._request(
            "POST", "interpreter", read_s=self.settings.timeout_s + self.settings.slack_s, query=query
        )
        where, said = self.settings.where, excerpt(body)
        if status == 200:
            return body
        if status == 429:
            error = SourceUnavailable(f"{where}: gets too many requests from here (HTTP 429); try later, or {EXTRACT}")
            raise PassingError(error, max(retry_s, AFTER_429_S))
        if status in OVERLOADED:
            error = SourceUnavailable(f"{where}: is overloaded (HTTP {status}); try again later, or {EXTRACT}")
            raise PassingError(error, retry_s)
        says = REFUSED.get(status, f"answers HTTP {status}; check the url")
        raise SourceUnavailable(f"{where}: {says} (HTTP {status}: {said}); or {EXTRACT}")

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
                            f"{self.settings.where}: answers with more than {self.settings.max_answer_mb} MB; {EXTRACT}"
                        )
                    if time.monotonic() - begun > 2 * read_s:
                        raise requests.exceptions.ReadTimeout
                return response.status_code, b"".join(pieces), _seconds(response.headers.get("Retry-After", ""))
        except requests.exceptions.RequestException as error:
            raise self._wrapped(error) from None  # its text may hold the login

    def _wrapped(self, error: Exception) -> Exception:
        from requests import exceptions

        where = self.settings.where
        again = f"try again later, or {EXTRACT}"
        unavailable: SourceError
        if isinstance(error, exceptions.SSLError):
            return SourceUnavailable(f"{where}: has no valid certificate; check the url; {EXTRACT}")
        if isinstance(error, exceptions.ConnectTimeout):
            unavailable = SourceUnavailable(f"{where}: does not answer; check the network; {again}")
        elif isinstance(error, exceptions.Timeout) or "timed out" in str(error):
            unavailable = SourceUnavailable(f"{where}: does not finish its answer in time; {again}")
        elif isinstance(error, exceptions.ChunkedEncodingError):
            unavailable = SourceUnavailable(f"{where}: broke off in the middle of its answer; {again}")
        elif isinstance(error, exceptions.ConnectionError):
            unavailable = SourceUnavailable(f"{where}: cannot be reached; check the network, or wait a day; {again}")
        else:
            return SourceUnavailable(f"{where}: cannot be asked ({type(error).__name__}); check the url; {EXTRACT}")
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
        raise ConfigError(f"[overpass] {', '.join(wrong)}: missing or unknown; needed {', '.join(fields)}; correct it")
    for name, value in table.items():
        text = name in ("url", "user_agent")
        good = (
            isinstance(value, str)
            if text
            else name == "only_known_values"
            or (isinstance(value, int | float) and not isinstance(value, bool) and value > 0)
        )
        if not good:
            needed = "a text" if text else "a number above 0"
            raise ConfigError(f"[overpass] {name} is {value!r}; needed {needed}; correct it")
    url = str(table["url"]).strip().rstrip("/").removesuffix("/interpreter")
    return Settings(**table | {"url": url, "only_known_values": tuple(table["only_known_values"])})
