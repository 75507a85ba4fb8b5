"""What is ours: the mark of a folder that the program wrote, and what is the user's and is not replaced."""

from __future__ import annotations

import contextvars
import errno
import hashlib
import json
import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

from spatial.core.errors import InputError
from spatial.core.files import DIGEST_CHUNK_BYTES, PRIVATE_FILE, PRIVATE_FOLDER, cache_folder, sha256_of_bytes
from spatial.core.locks import real_path

MARK = ".faellesrum.json"
PROGRAM, FORM = "faellesrum", 1
# QGIS writes into the head of a GeoPackage that it only opens.
SQLITE, SQLITE_HEAD_BYTES = b"SQLite format 3\0", 100
_replacing: contextvars.ContextVar[bool] = contextvars.ContextVar("replacing", default=False)


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


def note(paths: Iterable[Path]) -> None:
    """Note in the cache the digests of files that lie outside a marked folder."""
    for path in paths:
        with suppress(OSError):
            kept = _note_of(path)
            for place in (kept.parents[1], kept.parent):
                place.mkdir(parents=True, exist_ok=True, mode=PRIVATE_FOLDER)
            kept.write_text(written_digest(path), encoding="utf-8")
            kept.chmod(PRIVATE_FILE)
