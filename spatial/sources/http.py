"""The one place that speaks HTTP: patient, bounded, polite, and silent about keys.

Every request has time limits and a limit of size; what may pass is tried again a few times with
growing pauses; a redirect is followed only to hosts that are configured, and never with a key.
A key is read from the environment at the last moment, added to the request, and taken out of
every address, message and record.
"""

from __future__ import annotations

import logging
import os
import re
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import parse_qsl, quote, urlencode, urljoin, urlsplit, urlunsplit

from spatial.core.addresses import SCRUBBING, remember, remember_address, shown_address, without_secrets
from spatial.core.errors import ConfigError, SourceError, SourceFormatError, SourceUnavailable
from spatial.core.messages import phrase
from spatial.core.versions import version

if TYPE_CHECKING:
    import requests
    from tenacity import RetryCallState

T = TypeVar("T")
USER_AGENT_VARIABLE = "FAELLESRUM_USER_AGENT"
KEY_RING = "faellesrum"  # what the keys are filed under in the system's key-ring
CONNECT_S, READ_S, WHOLE_S = 10.0, 60.0, 300.0
ATTEMPTS = 4
PAUSE_S, LONGEST_PAUSE_S = 1.0, 60.0
# Operators ask for at least this much after "too many requests".
AFTER_429_S = 30.0
MAX_BYTES = 512 << 20
MAX_REDIRECTS = 5
CHUNK_BYTES = 1 << 16
# So much is shown of what a service says of its trouble, and so much is searched for it.
EXCERPT, SEARCHED_BYTES = 160, 8000
# What a second attempt may mend.
PASSING = frozenset({408, 425, 429, 500, 502, 503, 504})
REDIRECTS = frozenset({301, 302, 303, 307, 308})
SAYS = {
    401: phrase("transport.http_401"),
    403: phrase("transport.http_403"),
    404: phrase("transport.http_404"),
    406: phrase("transport.http_406"),
    429: phrase("transport.http_429"),
}


@dataclass(frozen=True)
class Key:
    """Where a key is found, a name in the environment or the system's key-ring, and the parameter that carries it."""

    variable: str
    parameter: str

    def value(self) -> str:
        """Read the key.

        Raises
        ------
        ConfigError
            If it is neither in the environment nor in the key-ring.
        """
        found = find_key(self.variable)
        if not found:
            raise ConfigError("transport.no_key", variable=self.variable)
        return found


def find_key(name: str) -> str:
    """The key of that name from the environment, else from the system's key-ring where there is one; else nothing."""
    found = os.environ.get(name, "").strip()
    if found:
        return found
    try:
        import keyring
    except ImportError:  # the extra faellesrum[keys] is not installed
        return ""
    try:
        return (keyring.get_password(KEY_RING, name) or "").strip()
    except keyring.errors.KeyringError:  # none that can be opened
        return ""


@dataclass(frozen=True)
class Answer:
    """What a service answered. ``url`` is as it may be shown; ``retrieved_at`` is in UTC."""

    url: str
    content_type: str
    body: bytes
    retrieved_at: str


class PassingError(Exception):
    """What a further attempt may mend; ``pause_s`` is what the service asks to wait."""

    def __init__(self, error: SourceError, pause_s: float = 0.0) -> None:
        super().__init__(str(error))
        self.error, self.pause_s = error, pause_s


@dataclass(frozen=True)
class Manner:
    """How a service wants to be asked.

    Attributes
    ----------
    pause_s, longest_pause_s, jitter_s
        The pause before the second attempt, doubled before each further one up to the longest, and what chance adds.
    longest_asked_s
        The longest pause that is made because the service asks for it, in seconds.
    max_bytes
        The largest answer that is taken; None: ``MAX_BYTES``.
    agent, name
        How we introduce ourselves, and what the service is called in messages; by default as ``user_agent`` says, and
        by host and path.
    """

    pause_s: float = PAUSE_S
    longest_pause_s: float = LONGEST_PAUSE_S
    jitter_s: float = PAUSE_S
    longest_asked_s: float = LONGEST_PAUSE_S
    max_bytes: int | None = None
    agent: str | None = None
    name: str | None = None


@dataclass(frozen=True)
class Reply:
    """One reply as it came, whatever its status; the names of ``headers`` are in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def pause_s(self) -> float:
        """Seconds that the service asks to wait; after "too many requests" at least half a minute."""
        asked = self.headers.get("retry-after", "").strip()
        seconds = float(asked) if re.fullmatch(r"\d{1,6}", asked) else 0.0
        return max(seconds, AFTER_429_S if self.status == 429 else 0.0)


def excerpt(body: bytes | str) -> str:
    """Return the first words that a service says of its trouble, without mark-up."""
    text = body if isinstance(body, str) else without_secrets(body[:SEARCHED_BYTES].decode("utf-8", "replace"))
    title = re.search(r"(?is)<title[^>]*>([^<]*)", text)
    text = re.sub(r"(?is)<(script|style|head)\b.*?</\1>|<[^>]*>", " ", text)
    return " ".join((text if text.strip() or title is None else title[1]).split())[:EXCERPT]


def _hush() -> None:
    """Let no key into the logs of the library below."""
    for name in ("urllib3.connectionpool", "requests"):
        logging.getLogger(name).addFilter(SCRUBBING)  # adding it again does nothing


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
    manner
        How the service wants to be asked.
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
        manner: Manner | None = None,
    ) -> None:
        self.connect_s, self.read_s, self.whole_s = connect_s, read_s, whole_s
        self.attempts, self._sleep, self._session, self.manner = attempts, sleep, session, manner or Manner()

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
        plain = _joined(url, params)
        if urlsplit(plain).scheme not in ("http", "https") or not urlsplit(plain).hostname:
            raise ConfigError("transport.address", address=shown_address(plain))
        secret = None if key is None else key.value()
        remember(secret or "")
        return self.patiently(lambda: self._once(plain, key, secret, frozenset(hosts), accept))

    def post(self, url: str, told: Mapping[str, Any], *, key: Key | None = None) -> Answer:
        """Get the answer to a question that is sent as JSON; one that says its errors in JSON is an answer, too.

        Raises
        ------
        SourceError, ConfigError
            As ``get``.
        """
        secret = None if key is None else key.value()
        remember(secret or "")
        asked = url if key is None or secret is None else _with(url, key.parameter, secret)

        def once() -> Answer:
            reply = self.exchange(asked, told=told, accept="application/json", name=_name(url))
            if not (reply.status in (400, 500) and b'"errors"' in reply.body):
                _check_status(reply, url, key, secret)
            return Answer(shown_address(url), reply.headers.get("content-type", ""), reply.body, _now())

        return self.patiently(once)

    def patiently(self, attempt: Callable[[], T]) -> T:
        """Do what may fail in passing, with few further attempts after growing pauses.

        Raises
        ------
        SourceError
            What the last ``PassingError`` holds, when all attempts have failed.
        """
        from tenacity import Retrying, retry_if_exception_type, stop_after_attempt, wait_exponential, wait_random

        manner = self.manner
        growing = wait_exponential(manner.pause_s, manner.longest_pause_s) + wait_random(0.0, manner.jitter_s)

        def pause(state: RetryCallState) -> float:
            error = None if state.outcome is None else state.outcome.exception()
            asked = error.pause_s if isinstance(error, PassingError) else 0.0
            return max(growing(state), min(asked, manner.longest_asked_s))

        retrying = Retrying(
            stop=stop_after_attempt(self.attempts),
            wait=pause,
            retry=retry_if_exception_type(PassingError),
            sleep=self._sleep,
            reraise=True,
        )
        try:
            return retrying(attempt)
        except PassingError as given_up:
            if self.attempts == 1:
                raise given_up.error from None
            raise type(given_up.error)("transport.attempts", error=given_up.error, n=self.attempts) from None

    def _once(self, url: str, key: Key | None, secret: str | None, hosts: frozenset[str], accept: str) -> Answer:
        """Ask once, following redirects; the key goes to the first host only."""
        first, at = _origin(url), url
        for _ in range(MAX_REDIRECTS + 1):
            own = _origin(at) == first
            asked = at if key is None or secret is None or not own else _with(at, key.parameter, secret)
            reply = self.exchange(asked, accept=accept, name=_name(url))
            if reply.status not in REDIRECTS:
                break
            at = _without(urljoin(at, reply.headers.get("location", "")), secret)
            remember_address(at)
            _check_redirect(at, url, first, hosts)
        else:
            raise SourceUnavailable("transport.circles", name=_name(url))
        _check_status(reply, url, key, secret)
        return Answer(shown_address(url), reply.headers.get("content-type", ""), reply.body, _now())

    def exchange(
        self,
        url: str,
        *,
        form: Mapping[str, str] | None = None,
        told: Mapping[str, Any] | None = None,
        accept: str = "*/*",
        name: str | None = None,
        read_s: float | None = None,
    ) -> Reply:
        """Ask once and return what comes, whatever its status; no redirect is followed.

        Parameters
        ----------
        url
            Address; a login in it is used and shown nowhere.
        form
            Fields to send by POST; without them it is GET.
        told
            What to send by POST as JSON.
        name
            What the service is called in messages; by default as the manner says, else by host and path.
        read_s
            Another limit between two pieces of the answer, in seconds.

        Raises
        ------
        PassingError
            If no reply comes, or it breaks off.
        SourceUnavailable, SourceFormatError
            If there can be none, or it is too large.
        """
        import requests
        from requests.utils import get_auth_from_url

        if self._session is None:
            self._session = requests.Session()
            _hush()
        name, begun = name or self.manner.name or _name(url), time.monotonic()
        remember_address(url)
        login, most = get_auth_from_url(url), self.manner.max_bytes or MAX_BYTES
        try:
            with self._session.request(
                "GET" if form is None and told is None else "POST",
                url,
                data=form,
                json=told,
                headers={"User-Agent": self.manner.agent or user_agent(), "Accept": accept},
                timeout=(self.connect_s, read_s or self.read_s),
                stream=True,
                allow_redirects=False,
                auth=login if any(login) else _nobody,
            ) as response:
                pieces, size = [], 0
                for piece in response.iter_content(CHUNK_BYTES):
                    size += len(piece)
                    if size > most:
                        raise SourceFormatError("transport.too_large", name=name, most_mb=most >> 20)
                    if time.monotonic() - begun > self.whole_s:
                        raise requests.exceptions.ReadTimeout()
                    pieces.append(piece)
                headers = {str(key).lower(): str(value) for key, value in response.headers.items()}
                return Reply(response.status_code, headers, b"".join(pieces))
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
    if isinstance(error, exceptions.Timeout) or "timed out" in str(error):
        return PassingError(SourceUnavailable("transport.no_answer", name=name))
    if isinstance(error, exceptions.ChunkedEncodingError | exceptions.ContentDecodingError):
        return PassingError(SourceUnavailable("transport.broke_off", name=name))
    if isinstance(error, exceptions.ConnectionError):
        return PassingError(SourceUnavailable("transport.unreached", name=name))
    return SourceUnavailable("transport.unasked", name=name, kind=type(error).__name__)


def _check_redirect(at: str, url: str, first: tuple[str, str, int], hosts: frozenset[str]) -> None:
    parts = urlsplit(at)
    downgraded = first[0] == "https" and parts.scheme != "https"
    if parts.hostname not in {first[1], *hosts} or downgraded:
        raise SourceUnavailable("transport.sent_on", name=_name(url), to=f"{parts.scheme}://{parts.hostname}")


def _check_status(reply: Reply, url: str, key: Key | None, secret: str | None) -> None:
    status = reply.status
    if status == 200:
        return
    says = SAYS.get(status) or (phrase("transport.http_5xx") if status >= 500 else phrase("transport.http_4xx"))
    words = excerpt(without_secrets(reply.body[:SEARCHED_BYTES].decode("utf-8", "replace"), [secret or ""]))
    todo = phrase("transport.later") if status in PASSING else phrase("transport.check_entry")
    if status in (401, 403):
        check = phrase("transport.check_key", variable="" if key is None else key.variable)
        todo = phrase("transport.wants_key") if key is None else check
    said = f": {words}" if words else ""
    error = SourceUnavailable("transport.refused", name=_name(url), says=says, status=status, said=said, todo=todo)
    if status not in PASSING:
        raise error
    raise PassingError(error, reply.pause_s)


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


def _name(url: str) -> str:
    """A short name for messages: host and path."""
    parts = urlsplit(shown_address(url))
    return f"{parts.hostname or ''}{parts.path}"


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
