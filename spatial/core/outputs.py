"""Folders and files that the program writes: whole or not at all, known again, and nothing of the user's lost.

A folder is written as a draft beside its place and becomes visible by one rename; what else lies in the folder comes
along. Where that cannot be (another disk, the folder one works in, a parent that may not be written), the files are
moved into it one by one, with a list from which the next start takes back what was not done.

Each folder carries a mark that names the files which the program wrote into it, with their digests. A file that is
not named there, or that somebody has changed since, is the user's and is not replaced unless that is allowed. Drafts
carry a mark too, and a name of their own: nothing else is ever swept away. What is written outside such a folder is
noted in the user's cache.
"""

from __future__ import annotations

import contextvars
import ctypes
import errno
import getpass
import glob
import hashlib
import json
import os
import re
import shutil
import socket
import sys
import tempfile
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from spatial.core.errors import InputError
from spatial.core.files import (
    DIGEST_CHUNK_BYTES,
    MANIFEST,
    PRIVATE_FILE,
    PRIVATE_FOLDER,
    cache_folder,
    scratch_folder,
    sha256_of_bytes,
)
from spatial.core.messages import Spoken, phrase

MARK = ".faellesrum.json"
PROGRAM, FORM = "faellesrum", 1
# What a draft is called: `.<folder>-<eight letters of mkdtemp>.faellesrum`, and what lies in it.
DRAFT_END, LETTERS = ".faellesrum", r"[a-z0-9_]{8}"
NEW, OLD, UNDO = "new", "old", "undo.json"
# QGIS writes into the head of a GeoPackage that it only opens.
SQLITE, SQLITE_HEAD_BYTES = b"SQLite format 3\0", 100
# Of Linux: renameat2(2).
AT_FDCWD, RENAME_EXCHANGE = -100, 2
CLOSED = (errno.EACCES, errno.EPERM, errno.EROFS)
_replacing: contextvars.ContextVar[bool] = contextvars.ContextVar("replacing", default=False)
_drafts: contextvars.ContextVar[tuple[Path, ...]] = contextvars.ContextVar("drafts", default=())
_held: contextvars.ContextVar[frozenset[Path]] = contextvars.ContextVar("held", default=frozenset())


@contextmanager
def replacing(allowed: bool = True) -> Iterator[None]:
    """Let files be replaced, inside this block, that the program did not write."""
    token = _replacing.set(allowed)
    try:
        yield
    finally:
        _replacing.reset(token)


def may_replace() -> bool:
    """Whether files may be replaced that the program did not write."""
    return _replacing.get()


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


# --- one writer at a time ---------------------------------------------------------------


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
    if target in _held.get() or _draft_around(target):
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


# --- what is ours -----------------------------------------------------------------------


def read_mark(folder: Path) -> dict[str, str] | None:
    """Files that the program wrote into a folder, with their digests; None where it carries no mark."""
    try:
        found = json.loads((folder / MARK).read_text(encoding="utf-8"))
        named = found["files"] if found["program"] == PROGRAM else None
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return {str(name): str(digest) for name, digest in named.items()} if isinstance(named, dict) else None


def write_mark(folder: Path, named: Mapping[str, str]) -> None:
    """Put a mark into a folder."""
    said = {"program": PROGRAM, "form": FORM, "files": dict(named)}
    (folder / MARK).write_text(json.dumps(said, indent=1, sort_keys=True) + "\n", encoding="utf-8")


def written_digest(path: Path) -> str:
    """Digest of a file as the mark has it: of a GeoPackage without its head, which changes when it is opened."""
    with path.open("rb") as stream:
        head = stream.read(SQLITE_HEAD_BYTES)
        digest = hashlib.sha256(b"" if head.startswith(SQLITE) else head)
        while chunk := stream.read(DIGEST_CHUNK_BYTES):
            digest.update(chunk)
    return digest.hexdigest()


def is_foreign(path: Path) -> bool:
    """Whether something is there that the program did not write, or that somebody has changed since."""
    if not os.path.lexists(path):
        return False
    if path.is_symlink() or not path.is_file():
        return True
    return _known_digest(path) != written_digest(path)


def _known_digest(path: Path) -> str | None:
    """Digest of a file when the program wrote it; None where it did not."""
    known = (read_mark(path.parent) or {}).get(path.name)
    if known is None:
        with suppress(OSError):
            known = _note_of(path).read_text(encoding="utf-8")
    return known


def refuse_foreign(paths: Iterable[Path]) -> None:
    """Refuse to replace what is not ours, unless that is allowed.

    Raises
    ------
    InputError
        With the first of them.
    IsADirectoryError
        If a folder lies where a file should be.
    """
    for path in paths:
        if path.is_dir():
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
        if not may_replace() and is_foreign(path):
            if _known_digest(path):
                raise InputError("folders.changed", path=path)
            raise InputError("folders.foreign", path=path)


def _note_of(path: Path) -> Path:
    """Where the digest of a file is noted that was written outside a marked folder."""
    return cache_folder() / "written" / sha256_of_bytes(os.fsencode(real_path(path)))[:32]


def _note(paths: Iterable[Path]) -> None:
    for path in paths:
        with suppress(OSError):
            note = _note_of(path)
            for place in (note.parents[1], note.parent):
                place.mkdir(parents=True, exist_ok=True, mode=PRIVATE_FOLDER)
            note.write_text(written_digest(path), encoding="utf-8")
            note.chmod(PRIVATE_FILE)


# --- drafts -----------------------------------------------------------------------------


def _draft_around(path: Path) -> bool:
    """Whether a path lies in a draft that this process is writing: then it is part of a larger whole."""
    return any(draft == path or draft in path.parents for draft in _drafts.get())


@contextmanager
def _drafted(folder: Path, place: Path) -> Iterator[Path]:
    """A marked holder of a draft of a folder; it goes with all that is left in it."""
    holder = Path(tempfile.mkdtemp(dir=place, prefix=f".{folder.name}-", suffix=DRAFT_END))
    try:
        write_mark(holder, {})
        (holder / NEW).mkdir()
        token = _drafts.set((*_drafts.get(), holder / NEW))
        try:
            yield holder
        finally:
            _drafts.reset(token)
    finally:
        _remove(holder)


def _remove(holder: Path) -> None:
    """Remove a holder, its mark last: one that is half removed is still known."""
    with suppress(OSError):
        for left in holder.iterdir():
            if left.is_dir() and not left.is_symlink():
                shutil.rmtree(left, ignore_errors=True)
            elif left.name != MARK:
                left.unlink()
        if [left.name for left in holder.iterdir()] == [MARK]:
            (holder / MARK).unlink()
        holder.rmdir()


def restore(folder: Path) -> None:
    """Take back what a killed process began, and take away its drafts; nobody else may be writing there."""
    ours = re.compile(rf"\.{re.escape(folder.name)}-{LETTERS}{re.escape(DRAFT_END)}")
    for place in (folder.parent, folder):
        for holder in sorted(place.glob(f".{glob.escape(folder.name)}-*{DRAFT_END}")) if place.is_dir() else ():
            marked = holder.is_dir() and ((holder / MARK).is_file() or not any(holder.iterdir()))
            if holder.is_symlink() or not marked or not ours.fullmatch(holder.name):
                continue
            if (holder / UNDO).is_file():
                _undo(holder, folder)
            elif (holder / OLD).is_dir() and not os.path.lexists(folder):
                os.rename(holder / OLD, folder)
            _remove(holder)


@contextmanager
def whole_folder(folder: Path, *, keep_ours: bool = True, swap: bool = True) -> Iterator[Path]:
    """Give a draft to write into; it becomes ``folder`` when all is written. On any error nothing is changed.

    What else lies in the folder stays. Inside a draft of this process, its own folder is given.

    Parameters
    ----------
    keep_ours
        Whether files of an earlier run stay that this one does not write.
    swap
        Whether the folder may be replaced as a whole; else the files are moved into it.

    Raises
    ------
    InputError
        If the folder cannot be made or written, another process is writing there, or a file would be replaced that
        the program did not write.
    """
    if _draft_around(folder):
        folder.mkdir(parents=True, exist_ok=True)
        yield folder
        return
    folder = real_path(folder)
    with ExitStack() as stack:
        try:
            if folder.exists() and not folder.is_dir():
                raise InputError("render_files.file", folder=folder)
            stack.enter_context(locked(folder))
            restore(folder)
            holder, beside = _begun(folder, swap, stack)
        except OSError as error:
            raise InputError("render_files.not_made", folder=folder, error=error.strerror or error) from error
        try:
            yield holder / NEW
            _put(holder, folder, keep_ours, swap=beside)
        except OSError as error:
            raise InputError("render_files.space", folder=folder, error=error.strerror or error) from error


def _begun(folder: Path, swap: bool, stack: ExitStack) -> tuple[Path, bool]:
    """A draft beside the folder, or in it where it cannot be replaced as a whole; and which of the two."""
    if not folder.exists() or (swap and not os.path.ismount(folder) and not _is_worked_in(folder)):
        try:
            return stack.enter_context(_drafted(folder, folder.parent)), True
        except OSError as error:
            if error.errno not in CLOSED or not folder.is_dir():
                raise
    return stack.enter_context(_drafted(folder, folder)), False


def _is_worked_in(folder: Path) -> bool:
    """Whether this process works in the folder: a shell would be left in one that is gone."""
    try:
        here = Path.cwd()
    except OSError:
        return False
    return is_same(here, folder) or is_inside(here, folder)


def _put(holder: Path, folder: Path, keep_ours: bool, *, swap: bool) -> None:
    new = holder / NEW
    written = sorted(path.relative_to(new) for path in new.rglob("*") if not path.is_dir())
    refuse_foreign(folder / name for name in written if name.name != MARK)
    written = _marked(new, folder, written, keep_ours)
    if swap and not folder.exists():
        os.rename(new, folder)
    elif not swap or not _swapped(holder, folder, keep_ours):
        _move_files(holder, folder, written)


def _marked(new: Path, folder: Path, written: list[Path], keep_ours: bool) -> list[Path]:
    """Put a mark into each folder of a draft; return all files of it."""
    places = {name.parent for name in written} | {Path()}
    for place in places:
        names = {name.name: written_digest(new / name) for name in written if name.parent == place}
        earlier = read_mark(folder / place) or {}
        there = {name: digest for name, digest in earlier.items() if keep_ours and (folder / place / name).exists()}
        write_mark(new / place, {**there, **{name: digest for name, digest in names.items() if name != MARK}})
    return sorted({*written, *(place / MARK for place in places)})


def _swapped(holder: Path, folder: Path, keep_ours: bool) -> bool:
    """Let the draft take the place of the folder, with all else that lies there; whether that could be done."""
    new, old = holder / NEW, holder / OLD
    try:
        _bring_along(folder, new, keep_ours)
        if _exchanged(new, folder):
            return True
        os.rename(folder, old)
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise
        return False  # another owner, or a file that another program holds open
    try:
        os.rename(new, folder)
    except BaseException:
        os.rename(old, folder)
        raise
    return True


def _bring_along(folder: Path, new: Path, keep_ours: bool) -> None:
    """Link what a folder holds into its draft, but for what the draft has and for what is left out of it."""
    named = {} if keep_ours else read_mark(folder) or {}
    for entry in sorted(os.scandir(folder), key=lambda entry: entry.name):
        target = new / entry.name
        if entry.is_dir(follow_symlinks=False):
            target.mkdir(exist_ok=True)
            _bring_along(Path(entry.path), target, keep_ours)
            if not keep_ours and [left.name for left in target.iterdir()] in ([], [MARK]) and read_mark(target):
                shutil.rmtree(target)
        elif os.path.lexists(target):
            if entry.name != MARK:
                shutil.copymode(entry.path, target, follow_symlinks=False)
        elif entry.name not in named or is_foreign(Path(entry.path)):
            _link(Path(entry.path), target)
    shutil.copymode(folder, new)
    if hasattr(os, "chown"):
        with suppress(OSError):
            os.chown(new, -1, folder.stat().st_gid)


def _link(path: Path, target: Path) -> None:
    """Give a file a second name; a copy where the disk knows no links."""
    try:
        os.link(path, target, follow_symlinks=False)
    except (OSError, NotImplementedError):
        shutil.copy2(path, target, follow_symlinks=False)


def _exchanged(one: Path, other: Path) -> bool:
    """Exchange two folders in one step, where the system and the disk can."""
    if not sys.platform.startswith("linux"):
        return False
    try:
        rename = ctypes.CDLL(None, use_errno=True).renameat2
    except (OSError, AttributeError):
        return False
    sys.audit("os.rename", str(one), str(other), -1, -1)
    return bool(rename(AT_FDCWD, os.fsencode(one), AT_FDCWD, os.fsencode(other), RENAME_EXCHANGE) == 0)


def _move_files(holder: Path, folder: Path, written: list[Path]) -> None:
    """Move the files of a draft into a folder; what is there before is kept until all are moved.

    The manifest goes first and comes last: a folder without one is no finished run.
    """
    new, old = holder / NEW, holder / OLD
    folder.mkdir(exist_ok=True)
    replaced = [name for name in written if os.path.lexists(folder / name)]
    for name in replaced:
        (old / name).parent.mkdir(parents=True, exist_ok=True)
        _link(folder / name, old / name)
    said = {"replaced": [str(name) for name in replaced], "added": [str(name) for name in written]}
    (holder / f"{UNDO}.draft").write_text(json.dumps(said), encoding="utf-8")
    os.replace(holder / f"{UNDO}.draft", holder / UNDO)
    try:
        for name in written:
            if name.name == MANIFEST and name in replaced:
                (folder / name).unlink()
        for name in sorted(written, key=lambda name: (name.name == MANIFEST, name)):
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            if name in replaced:  # which keeps the rights that its user gave it
                shutil.copymode(old / name, new / name, follow_symlinks=False)
            os.replace(new / name, folder / name)
        (holder / UNDO).unlink()
    except BaseException:
        _undo(holder, folder)
        raise


def _undo(holder: Path, folder: Path) -> None:
    """Take back what was moved, from the list of it; done twice it does the same."""
    said = json.loads((holder / UNDO).read_text(encoding="utf-8"))
    for name in said["added"]:
        if name not in said["replaced"]:
            (folder / name).unlink(missing_ok=True)
    copy = holder / "copy"
    for name in sorted(said["replaced"], key=lambda name: Path(name).name == MANIFEST):
        copy.unlink(missing_ok=True)
        _link(holder / OLD / name, copy)
        os.replace(copy, folder / name)
    (holder / UNDO).unlink()


def replace_files(files: Mapping[Path, bytes]) -> None:
    """Write files of one folder: all of them or none.

    Raises
    ------
    InputError
        If one would be replaced that the program did not write.
    OSError
        If one cannot be written; then all is as it was.
    """
    targets = {real_path(path): content for path, content in files.items()}
    folder = next(iter(targets)).parent
    if _draft_around(folder):
        for path, content in targets.items():
            path.write_bytes(content)
        return
    refuse_foreign(targets)
    earlier = read_mark(folder)
    with ExitStack() as stack:
        if earlier is not None:
            stack.enter_context(locked(folder))
        holder = stack.enter_context(_drafted(folder, folder))
        for path, content in targets.items():
            (holder / NEW / path.name).write_bytes(content)
        names = [Path(path.name) for path in targets]
        if earlier is not None:
            fresh = {name.name: written_digest(holder / NEW / name) for name in names}
            write_mark(holder / NEW, {**earlier, **fresh})
            names.append(Path(MARK))
        _move_files(holder, folder, names)
    if earlier is None:
        _note(targets)


@contextmanager
def whole_file(path: Path) -> Iterator[None]:
    """Say in one line that a file cannot be written.

    Raises
    ------
    InputError
        In the place of any OSError.
    """
    try:
        yield
    except OSError as error:
        raise InputError("render_files.not_written", path=path, error=error.strerror or error) from error


def write_file(path: Path, write: Callable[[Path], object]) -> None:
    """Write a file by a function that takes where to: whole or not at all.

    Raises
    ------
    InputError
        If it cannot be written, or would replace what the program did not write.
    """
    with whole_file(path), scratch_folder() as draft:
        write(draft / path.name)
        replace_files({path: (draft / path.name).read_bytes()})
