"""One writer at a time: a lock beside each place of output, and whether two paths are one place."""

from __future__ import annotations

import contextvars
import errno
import getpass
import json
import os
import socket
import unicodedata
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from spatial.core.errors import InputError
from spatial.core.messages import Spoken, phrase

# What a draft is called: `.<folder>-<eight letters of mkdtemp>.faellesrum`, and what lies in it.
DRAFT_END = ".faellesrum"
CLOSED = (errno.EACCES, errno.EPERM, errno.EROFS)
drafts: contextvars.ContextVar[tuple[Path, ...]] = contextvars.ContextVar("drafts", default=())
_held: contextvars.ContextVar[frozenset[Path]] = contextvars.ContextVar("held", default=frozenset())


def real_path(path: Path) -> Path:
    """Where a path leads, with links and dots resolved."""
    return Path(os.path.realpath(path))


def is_same(one: Path, other: Path) -> bool:
    """Whether two paths lead to the same file or folder, whatever they are called."""
    try:
        return os.path.samefile(one, other)
    except OSError:
        return real_path(one) == real_path(other)


def is_inside(path: Path, folder: Path) -> bool:
    """Whether a path leads into a folder."""
    return any(is_same(parent, folder) for parent in real_path(path).parents)


def may_be_one(one: Path, other: Path) -> bool:
    """Whether two paths are one, or would be on a disk that knows no capitals, or writes an å as two signs."""
    return is_same(one, other) or _folded(one) == _folded(other)


def _folded(path: Path) -> str:
    return unicodedata.normalize("NFC", str(real_path(path))).casefold()


def is_in_draft(path: Path) -> bool:
    """Whether a path lies in a draft that this process is writing: then it is part of a larger whole."""
    return any(draft == path or draft in path.parents for draft in drafts.get())


@contextmanager
def locked(target: Path) -> Iterator[None]:
    """Hold a place of output: whoever wants to write there meanwhile is told at once who holds it.

    The lock is a file beside the output, so that it holds between users and between machines that share a disk; the
    system lets go of it when the process ends, however it ends. Where the folder around may not be written, it lies
    in the output.

    Raises
    ------
    InputError
        If another process holds it, or neither place can be written.
    """
    target = real_path(target)
    if target in _held.get() or is_in_draft(target):
        yield
        return
    made = [parent for parent in target.parents if not parent.exists()]
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        lock, path = _acquired(target)
    except OSError as error:
        raise InputError("render_files.not_made", folder=target, error=error.strerror or error) from error
    token = _held.set(_held.get() | {target})
    try:
        yield
    finally:
        _held.reset(token)
        with suppress(OSError):
            path.unlink()  # while it is held: who waits for this file looks again
        lock.release()
        with suppress(OSError):  # they hold what was written
            for parent in made:
                parent.rmdir()


def _acquired(target: Path) -> tuple[Any, Path]:
    from filelock import FileLock, SoftFileLock, Timeout

    path = target.parent / f".{target.name}.lock"
    try:
        return _taken(FileLock, path), path
    except Timeout as error:
        raise InputError("folders.busy", folder=target, who=_holder_of(path)) from error
    except OSError as error:
        if error.errno not in CLOSED:
            return _taken(SoftFileLock, path), path
        if not target.is_dir():
            raise
    path = target / f"{DRAFT_END}.lock"
    try:
        return _taken(FileLock, path), path
    except Timeout as error:
        raise InputError("folders.busy", folder=target, who=_holder_of(path)) from error


def _taken(kind: Any, path: Path) -> Any:
    """A lock that is held, with who holds it written into its file."""
    from filelock import SoftFileLock

    lock = kind(path, timeout=0, mode=0o666)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that a disk has no locks: then the file itself is one
        lock.acquire()
    if not isinstance(lock, SoftFileLock):
        who = {"user": _user(), "host": socket.gethostname(), "pid": os.getpid(), "since": f"{datetime.now(UTC):%H:%M}"}
        with suppress(OSError):
            path.write_text(json.dumps(who), encoding="utf-8")
    return lock


def _user() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return "?"


def _holder_of(path: Path) -> Spoken:
    """Who holds a lock, as its file says it."""
    with suppress(OSError, ValueError, KeyError, TypeError):
        found = json.loads(path.read_text(encoding="utf-8"))
        names = {name: str(found[name]) for name in ("user", "host", "pid", "since")}
        return phrase("folders.holder", **names)
    return phrase("folders.somebody")
