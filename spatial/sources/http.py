"""The one place that speaks HTTP: patient, bounded, polite, and silent about keys.

Every request has time limits and a limit of size; what may pass is tried again a few times with
growing pauses; a redirect is followed only to hosts that are configured, and never with a key.
A key is read from the environment at the last moment, added to the request, and taken out of
every address, message and record.

No request to anywhere: what is asked of a service offline is refused, and so is every other connection.

The refusal by ``refuse`` says what is missing. Below it lies a hook in the interpreter that stops any
connection and any look-up of a name, whichever library tries: that nothing was requested is not only
our word.
"""

from __future__ import annotations

import logging
import os
import re
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, quote, urlencode, urljoin, urlsplit, urlunsplit

from spatial.core.errors import ConfigError, SourceError, SourceFormatError, SourceUnavailable
from spatial.core.messages import Phrase, phrase
from spatial.core.versions import version

if TYPE_CHECKING:
    import requests
    from tenacity import RetryCallState


USER_AGENT_VARIABLE = "FAELLESRUM_USER_AGENT"
CONNECT_S, READ_S, WHOLE_S = 10.0, 60.0, 300.0
ATTEMPTS = 4
PAUSE_S, LONGEST_PAUSE_S = 1.0, 60.0
# Operators ask for at least this much after "too many requests".
AFTER_429_S = 30.0
MAX_BYTES = 512 << 20
MAX_REDIRECTS = 5
CHUNK_BYTES = 1 << 16
# What a second attempt may mend.
PASSING = frozenset({408, 425, 429, 500, 502, 503, 504})
REDIRECTS = frozenset({301, 302, 303, 307, 308})
HIDDEN = "***"
# Parameters that carry a secret in the services that are known, whatever is configured.
SECRET_PARAMETERS = re.compile(r"(?i)\b(apikey|api_key|api-key|token|access_token|password|key)=[^&\s\"'<>]+")
SAYS = {
    401: phrase("transport.http_401"),
    403: phrase("transport.http_403"),
    404: phrase("transport.http_404"),
    406: phrase("transport.http_406"),
    429: phrase("transport.http_429"),
}


@dataclass(frozen=True)
class Key:
    """Where a key is found, the environment variable, and the parameter of the request that carries it."""

    variable: str
    parameter: str

    def value(self) -> str:
        """Read the key.

        Raises
        ------
        ConfigError
            If the variable is not set.
        """
        found = os.environ.get(self.variable, "").strip()
        if not found:
            raise ConfigError("transport.no_key", variable=self.variable)
        return found


@dataclass(frozen=True)
class Answer:
    """What a service answered. ``url`` is without the key; ``retrieved_at`` is in UTC."""

    url: str
    content_type: str
    body: bytes
    retrieved_at: str


class _PassingError(Exception):
    """What a further attempt may mend; ``pause_s`` is what the service asks to wait."""

    def __init__(self, error: SourceError, pause_s: float = 0.0) -> None:
        super().__init__(str(error))
        self.error, self.pause_s = error, pause_s


def scrub(text: str, secrets: Iterable[str] = ()) -> str:
    """Take keys out of a text: the ones given, as they are and as in an address, and what looks like one."""
    for secret in secrets:
        if secret:
            for form in (secret, quote(secret), quote(secret, safe="")):
                text = text.replace(form, HIDDEN)
    return SECRET_PARAMETERS.sub(lambda found: f"{found[1]}={HIDDEN}", text)


# Keys that were read in this process, to be taken out of what other libraries log.
_SECRETS: set[str] = set()


class _Scrubbing(logging.Filter):
    """Takes keys out of the lines that urllib3 logs of each request, where somebody asks for such lines."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.msg, record.args = scrub(record.getMessage(), _SECRETS), ()
        return True


_SCRUBBING = _Scrubbing()


def _hush() -> None:
    """Let no key into the logs of the library below."""
    for name in ("urllib3.connectionpool", "requests"):
        logging.getLogger(name).addFilter(_SCRUBBING)  # adding it again does nothing


def user_agent() -> str:
    """How we introduce ourselves: what the environment says, else the program and its version."""
    return os.environ.get(USER_AGENT_VARIABLE, "").strip() or f"faellesrum/{version()}"


class Transport:
    """Asks services over HTTP.

    Parameters
    ----------
    connect_s, read_s, whole_s
        Limits in seconds: to connect, between two pieces of an answer, and for a whole answer.
    attempts
        How often one request is tried in all.
    sleep
        Waits between attempts; for tests.
    session
        A session of requests; default: one of its own.
    """

    def __init__(
        self,
        *,
        connect_s: float = CONNECT_S,
        read_s: float = READ_S,
        whole_s: float = WHOLE_S,
        attempts: int = ATTEMPTS,
        sleep: Callable[[float], None] = time.sleep,
        session: requests.Session | None = None,
    ) -> None:
        self.connect_s, self.read_s, self.whole_s = connect_s, read_s, whole_s
        self.attempts, self._sleep, self._session = attempts, sleep, session

    def get(
        self,
        url: str,
        params: Mapping[str, str] | None = None,
        *,
        key: Key | None = None,
        hosts: Iterable[str] = (),
        accept: str = "*/*",
    ) -> Answer:
        """Get one answer.

        Parameters
        ----------
        url, params
            What to ask for, without a key.
        key
            Whose value is added to the request.
        hosts
            Hosts, besides that of ``url``, to which a redirect may lead. They get no key.

        Raises
        ------
        SourceUnavailable
            If there is no answer, or none but an error, after all attempts.
        SourceFormatError
            If the answer is larger than any layer.
        ConfigError
            If the key is not set, or the address is not one of HTTP.
        """
        from tenacity import Retrying, retry_if_exception_type, stop_after_attempt, wait_exponential_jitter

        plain = _joined(url, params)
        if urlsplit(plain).scheme not in ("http", "https") or not urlsplit(plain).hostname:
            raise ConfigError("transport.address", address=scrub(plain))
        secret = None if key is None else key.value()
        if secret:
            _SECRETS.add(secret)
        growing = wait_exponential_jitter(initial=PAUSE_S, max=LONGEST_PAUSE_S, jitter=PAUSE_S)

        def pause(state: RetryCallState) -> float:
            error = None if state.outcome is None else state.outcome.exception()
            asked = error.pause_s if isinstance(error, _PassingError) else 0.0
            return max(growing(state), min(asked, LONGEST_PAUSE_S))

        retrying = Retrying(
            stop=stop_after_attempt(self.attempts),
            wait=pause,
            retry=retry_if_exception_type(_PassingError),
            sleep=self._sleep,
            reraise=True,
        )
        try:
            return retrying(self._once, plain, key, secret, frozenset(hosts), accept)
        except _PassingError as given_up:
            if self.attempts == 1:
                raise given_up.error from None
            raise type(given_up.error)("transport.attempts", error=given_up.error, n=self.attempts) from None

    def _once(self, url: str, key: Key | None, secret: str | None, hosts: frozenset[str], accept: str) -> Answer:
        """Ask once, following redirects; the key goes to the first host only."""
        first, at = _origin(url), url
        for _ in range(MAX_REDIRECTS + 1):
            own = _origin(at) == first
            asked = at if key is None or secret is None or not own else _with(at, key.parameter, secret)
            status, headers, body = self._ask(asked, url, secret, accept)
            if status not in REDIRECTS:
                break
            at = _without(urljoin(at, headers.get("location", "")), secret)
            _check_redirect(at, url, first, hosts, secret)
        else:
            raise SourceUnavailable("transport.circles", name=_name(url, secret))
        _check_status(status, headers, body, url, key, secret)
        return Answer(scrub(url, [secret or ""]), headers.get("content-type", ""), body, _now())

    def _ask(self, url: str, plain: str, secret: str | None, accept: str) -> tuple[int, Mapping[str, str], bytes]:
        import requests

        if self._session is None:
            self._session = requests.Session()
            _hush()
        headers = {"User-Agent": user_agent(), "Accept": accept}
        name, begun = _name(plain, secret), time.monotonic()
        try:
            with self._session.get(
                url,
                headers=headers,
                timeout=(self.connect_s, self.read_s),
                stream=True,
                allow_redirects=False,
                auth=_nobody,
            ) as response:
                pieces, size = [], 0
                for piece in response.iter_content(CHUNK_BYTES):
                    size += len(piece)
                    if size > MAX_BYTES:
                        raise SourceFormatError("transport.too_large", name=name, most_mb=MAX_BYTES >> 20)
                    if time.monotonic() - begun > self.whole_s:
                        raise requests.exceptions.ReadTimeout()
                    pieces.append(piece)
                found = {str(key).lower(): str(value) for key, value in response.headers.items()}
                return response.status_code, found, b"".join(pieces)
        except requests.exceptions.RequestException as error:
            raise _wrapped(error, name) from None  # the cause holds the address with its key


def _nobody(request: requests.PreparedRequest) -> requests.PreparedRequest:
    """Sign in as nobody: requests would else send what a ``.netrc`` file holds for the host."""
    return request


def _wrapped(error: Exception, name: str) -> Exception:
    """A foreign error in our words, none of which it brings along: its text may hold the key."""
    from requests import exceptions

    if isinstance(error, exceptions.SSLError):
        return SourceUnavailable("transport.certificate", name=name)
    if isinstance(error, exceptions.Timeout):
        return _PassingError(SourceUnavailable("transport.no_answer", name=name))
    if isinstance(error, exceptions.ChunkedEncodingError | exceptions.ContentDecodingError):
        return _PassingError(SourceUnavailable("transport.broke_off", name=name))
    if isinstance(error, exceptions.ConnectionError):
        broken = "timed out" in str(error)
        words = phrase("transport.broken") if broken else phrase("transport.no_reach")
        return _PassingError(SourceUnavailable("transport.unreached", name=name, words=words))
    return SourceUnavailable("transport.unasked", name=name, kind=type(error).__name__)


def _check_redirect(at: str, url: str, first: tuple[str, str, int], hosts: frozenset[str], secret: str | None) -> None:
    parts = urlsplit(at)
    downgraded = first[0] == "https" and parts.scheme != "https"
    if parts.hostname not in {first[1], *hosts} or downgraded:
        raise SourceUnavailable("transport.sent_on", name=_name(url, secret), to=f"{parts.scheme}://{parts.hostname}")


def _check_status(
    status: int, headers: Mapping[str, str], body: bytes, url: str, key: Key | None, secret: str | None
) -> None:
    if status == 200:
        return
    says = SAYS.get(status) or (phrase("transport.http_5xx") if status >= 500 else phrase("transport.http_4xx"))
    said = scrub(_excerpt(body), [secret or ""])
    todo = phrase("transport.later") if status in PASSING else phrase("transport.check_entry")
    if status in (401, 403):
        check = phrase("transport.check_key", variable="" if key is None else key.variable)
        todo = phrase("transport.wants_key") if key is None else check
    error = SourceUnavailable(
        "transport.refused", name=_name(url, secret), says=says, status=status, said=said, todo=todo
    )
    if status not in PASSING:
        raise error
    raise _PassingError(error, max(_seconds(headers.get("retry-after", "")), AFTER_429_S if status == 429 else 0.0))


def _excerpt(body: bytes) -> str:
    """The first words that a service says of its trouble, without mark-up."""
    text = body[:4000].decode("utf-8", "replace")
    text = re.sub(r"(?is)<(script|style|head).*?</\1>|<[^>]*>", " ", text)
    words = " ".join(text.split())
    return f": {words[:120]}" if words else ""


def _seconds(text: str) -> float:
    return float(text) if re.fullmatch(r"\d{1,6}", text.strip()) else 0.0


def _origin(url: str) -> tuple[str, str, int]:
    parts = urlsplit(url)
    return parts.scheme, parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80)


def _joined(url: str, params: Mapping[str, str] | None) -> str:
    if not params:
        return url
    parts = urlsplit(url)
    query = "&".join(piece for piece in (parts.query, urlencode(params, safe=":,/*")) if piece)
    return urlunsplit(parts._replace(query=query))


def _with(url: str, parameter: str, value: str) -> str:
    return _joined(url, {parameter: value})


def _without(url: str, secret: str | None) -> str:
    """The address without what a redirect copied of the key."""
    if not secret or (secret not in url and quote(secret, safe="") not in url):
        return url
    parts = urlsplit(url)
    kept = [(name, value) for name, value in parse_qsl(parts.query, keep_blank_values=True) if value != secret]
    return urlunsplit(parts._replace(query=urlencode(kept)))


def _name(url: str, secret: str | None) -> str:
    """A short name for messages: host and path."""
    parts = urlsplit(url)
    return scrub(f"{parts.hostname}{parts.path}", [secret or ""])


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")


_EVENTS = ("socket.connect", "socket.getaddrinfo", "socket.gethostbyname", "socket.sendto")
# GDAL and PROJ speak HTTP without Python's sockets; these are their own switches.
_SWITCHES = {"PROJ_NETWORK": "OFF", "GDAL_HTTP_PROXY": "http://127.0.0.1:9", "GDAL_HTTP_MAX_RETRY": "0"}
_state = {"on": False, "hooked": False}
_before: dict[str, str | None] = {}


def forbid() -> None:
    """Go offline, in this process and those it starts that read the environment, until ``allow``."""
    if not _state["on"]:
        _before.update({name: os.environ.get(name) for name in _SWITCHES})
    _state["on"] = True
    os.environ.update(_SWITCHES)
    if not _state["hooked"]:
        sys.addaudithook(_stop)
        _state["hooked"] = True


def allow() -> None:
    """Go online again."""
    _state["on"] = False
    for name, value in _before.items():
        os.environ.pop(name, None)
        if value is not None:
            os.environ[name] = value
    _before.clear()


@contextmanager
def only(on: bool) -> Iterator[None]:
    """Be offline inside this block, if ``on``."""
    if not on:
        yield
        return
    forbid()
    try:
        yield
    finally:
        allow()


def refuse(what: Phrase) -> None:
    """Raise where something is about to be asked offline.

    Raises
    ------
    SourceUnavailable
        If this process is offline; ``what`` says what was missing and what to do.
    """
    if _state["on"]:
        raise SourceUnavailable("offline.missing", what=what)


def _stop(event: str, arguments: tuple[Any, ...]) -> None:
    if _state["on"] and event in _EVENTS and not _is_local(event, arguments):
        raise SourceUnavailable("offline.refused", event=event)


def _is_local(event: str, arguments: tuple[Any, ...]) -> bool:
    """Whether a connection is to a file of this machine (a Unix socket), not to an address."""
    address = arguments[-1] if event in ("socket.connect", "socket.sendto") else None
    return isinstance(address, str | bytes)
