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

import ctypes
import errno
import glob
import json
import os
import re
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from spatial.core.errors import InputError
from spatial.core.files import MANIFEST, scratch_folder
from spatial.core.locks import CLOSED, DRAFT_END, drafts, is_in_draft, is_inside, is_same, locked, real_path
from spatial.core.marks import MARK, is_foreign, note, read_mark, refuse_foreign, write_mark, written_digest

LETTERS = r"[a-z0-9_]{8}"  # of mkdtemp
NEW, OLD, UNDO = "new", "old", "undo.json"
# Of Linux: renameat2(2).
AT_FDCWD, RENAME_EXCHANGE = -100, 2


@contextmanager
def _drafted(folder: Path, place: Path) -> Iterator[Path]:
    """A marked holder of a draft of a folder; it goes with all that is left in it."""
    holder = Path(tempfile.mkdtemp(dir=place, prefix=f".{folder.name}-", suffix=DRAFT_END))
    try:
        write_mark(holder, {})
        (holder / NEW).mkdir()
        token = drafts.set((*drafts.get(), holder / NEW))
        try:
            yield holder
        finally:
            drafts.reset(token)
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
    if is_in_draft(folder):
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
    if is_in_draft(folder):
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
        note(targets)


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
