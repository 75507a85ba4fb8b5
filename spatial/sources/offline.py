"""Offline where that is wished: a hook in the interpreter stops any connection, whichever library tries.

The refusal by ``refuse`` says what is missing. Below it lies the hook, which knows of any connection and any look-up
of a name: that nothing was requested is not only our word.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from spatial.core.errors import SourceUnavailable
from spatial.core.messages import Phrase

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
def offline_if(on: bool) -> Iterator[None]:
    """Refuse every connection inside this block, if ``on``."""
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
    # The hook outlives this module: while Python ends, nothing of it is left.
    if _state and _state["on"] and event in _EVENTS and not _is_local(event, arguments):
        raise SourceUnavailable("offline.refused", event=event)


def _is_local(event: str, arguments: tuple[Any, ...]) -> bool:
    """Whether a connection is to a file of this machine (a Unix socket), not to an address."""
    address = arguments[-1] if event in ("socket.connect", "socket.sendto") else None
    return isinstance(address, str | bytes)
