"""A failure at each write: Python tells of every file that is opened, moved or removed (audit events, PEP 578)."""

from __future__ import annotations

import errno
import os
import signal
import sys
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

# What changes a disk, by the audit event that is raised before it happens; ``open`` only where it is to write.
EVENTS = ("os.rename", "os.mkdir", "os.remove", "os.rmdir", "os.chmod", "os.truncate", "os.link", "shutil.copyfile")
WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
_state: dict[str, Any] = {"on": False, "hooked": False}


def _writes(event: str, arguments: tuple[Any, ...]) -> bool:
    if event == "open":
        path, mode, flags = arguments
        named = isinstance(path, str | bytes | os.PathLike)
        return named and bool((isinstance(mode, str) and set(mode) & set("wax+")) or (flags and flags & WRITING))
    return event in EVENTS


def _hook(event: str, arguments: tuple[Any, ...]) -> None:
    if not _state["on"] or not _writes(event, arguments):
        return
    path = next((os.fspath(part) for part in arguments if isinstance(part, str | bytes | os.PathLike)), "")
    if not str(path).startswith(_state["under"]):
        return
    _state["count"] += 1
    _state["seen"].append((event, str(path)))
    if _state["count"] == _state["at"]:
        _state["fail"]()


def _full() -> None:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def _die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


@contextmanager
def writes(under: Path, *, at: int = 0, fail: Callable[[], None] = _full) -> Iterator[list[tuple[str, str]]]:
    """Count the writes below a folder, and let the ``at``-th of them fail; yields what was written."""
    if not _state["hooked"]:
        sys.addaudithook(_hook)
        _state["hooked"] = True
    seen: list[tuple[str, str]] = []
    _state.update(on=True, count=0, at=at, seen=seen, under=str(under), fail=fail)
    try:
        yield seen
    finally:
        _state["on"] = False


def killed(act: Callable[[], Any], under: Path, *, at: int) -> bool:
    """Do something in a forked process that is killed at its ``at``-th write; whether it came to that."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # of forking where threads are: none of ours runs
        child = os.fork()
    if child == 0:
        try:
            with writes(under, at=at, fail=_die):
                act()
        finally:
            os._exit(0)
    _, status = os.waitpid(child, 0)
    return os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL


def limited(act: Callable[[], Any], bytes_: int) -> str:
    """Do something in a forked process no file of which may grow beyond so many bytes; what it said."""
    import resource

    reading, writing = os.pipe()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        child = os.fork()
    if child == 0:
        resource.setrlimit(resource.RLIMIT_FSIZE, (bytes_, resource.RLIM_INFINITY))
        try:
            act()
            said = "done"
        except BaseException as error:
            said = f"{type(error).__name__}: {error}"
        os.write(writing, said.encode()[:4000])
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading, "rb") as pipe:
        said = pipe.read().decode()
    os.waitpid(child, 0)
    return said
