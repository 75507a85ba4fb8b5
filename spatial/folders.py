"""Folders of output: one writer at a time, for their user's eyes only, swept of what a killed run left."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from spatial.errors import InputError

FOLDER_VARIABLE = "FAELLESRUM_CACHE"
PRIVATE_FOLDER, PRIVATE_FILE = 0o700, 0o600
# The end that mkdtemp gives a name.
DRAFT_END = r"[a-z0-9_]{8}"


def default_folder() -> Path:
    """The folder that ``FAELLESRUM_CACHE`` names, else the platform's place for caches."""
    named = os.environ.get(FOLDER_VARIABLE, "").strip()
    if named:
        return Path(named)
    from platformdirs import user_cache_path

    return user_cache_path("faellesrum", appauthor=False)


@contextmanager
def alone(folder: Path) -> Iterator[None]:
    """Hold a folder of output: another process that wants to write into it is told so at once.

    The lock lies in the user's cache, not in the folder. Where that cannot be written, nothing is held.

    Raises
    ------
    InputError
        If another process holds it.
    """
    from filelock import FileLock, Timeout

    name = hashlib.sha256(os.fsencode(folder.resolve())).hexdigest()[:32]
    try:
        locks = default_folder() / "outputs"
        for place in (locks.parent, locks):
            place.mkdir(parents=True, exist_ok=True, mode=PRIVATE_FOLDER)
        lock = FileLock(locks / f"{name}.lock", timeout=0, is_singleton=True)
        lock.acquire()
    except Timeout as error:
        raise InputError("folders.busy", folder=folder) from error
    except OSError:
        yield
        return
    try:
        yield
    finally:
        lock.release()


def sweep(folder: Path) -> None:
    """Take away drafts that a killed run left in or beside a folder; nobody else may be writing there."""
    drafts = re.compile(rf"\.({re.escape(folder.name)}|earlier|draft)-{DRAFT_END}(-earlier)?")
    for place in (folder, folder.parent):
        for left in place.glob(".*-*") if place.is_dir() else ():
            own = place == folder or left.name.startswith(f".{folder.name}-")
            if own and drafts.fullmatch(left.name) and left.is_dir():
                shutil.rmtree(left, ignore_errors=True)


def make_private(draft: Path) -> None:
    """Let only the user read what is in a draft."""
    for path in draft.rglob("*"):
        path.chmod(PRIVATE_FOLDER if path.is_dir() else PRIVATE_FILE)
