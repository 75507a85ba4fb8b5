"""What services answered, kept on disk: content-addressed, keyed by the whole request, private to the user.

``entries/<key>.json`` says which request was answered when, ``objects/<sha256><suffix>`` holds the
answer. Both appear whole or not at all, and only after the answer was found to be good: failures are
never stored. Several processes may use one cache at once.
"""

from __future__ import annotations

import json
import logging
import os
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from spatial.core.errors import InputError, SourceUnavailable
from spatial.core.files import FOLDER_VARIABLE, PRIVATE_FILE, PRIVATE_FOLDER, cache_folder, sha256_of, sha256_of_bytes
from spatial.core.messages import cause

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Entry:
    """An answer that is kept: its file, its digest, when it was retrieved (UTC), and what was said of it."""

    path: Path
    sha256: str
    retrieved_at: str
    request: Mapping[str, Any]
    about: Mapping[str, Any]

    def age_days(self, now: datetime | None = None) -> float:
        """Days since the answer was retrieved."""
        then = datetime.fromisoformat(self.retrieved_at)
        return ((now or datetime.now(UTC)) - then).total_seconds() / 86400


def cache_key(request: Mapping[str, Any]) -> str:
    """Digest of a whole request, whatever the order of its parts. No key or password may be in it."""
    text = json.dumps(request, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return sha256_of_bytes(text.encode())


class Cache:
    """A folder of answers.

    Parameters
    ----------
    folder
        Default: ``default_folder()``. It is made, readable by the user only, when something is stored.
    """

    def __init__(self, folder: Path | None = None) -> None:
        self.folder = cache_folder() if folder is None else folder

    def find(self, request: Mapping[str, Any]) -> Entry | None:
        """Return what is kept of a request; None where there is nothing, or nothing whole."""
        path = self._entry(request)
        try:
            found = json.loads(path.read_text(encoding="utf-8"))
            entry = Entry(
                self.folder / "objects" / found["object"],
                found["sha256"],
                found["retrieved_at"],
                found["request"],
                found["about"],
            )
            if sha256_of(entry.path) == entry.sha256:
                return entry
            log.warning("%s: has been changed since it was stored; it is fetched again", entry.path)
        except FileNotFoundError:
            pass
        except (OSError, ValueError, KeyError, TypeError) as error:
            log.warning("%s: cannot be read (%s); it is fetched again", path, error)
        return None

    def store(self, request: Mapping[str, Any], content: Path, *, suffix: str, about: Mapping[str, Any]) -> Entry:
        """Keep a good answer; its file is moved into the cache.

        Raises
        ------
        InputError
            If the cache cannot be written.
        """
        sha256 = sha256_of(content)
        entry = Entry(
            self.folder / "objects" / f"{sha256}{suffix}",
            sha256,
            datetime.now(UTC).isoformat(timespec="seconds"),
            request,
            about,
        )
        with self._writing():
            self._make("objects")
            self._make("entries")
            content.chmod(PRIVATE_FILE)
            os.replace(content, entry.path)
            kept = {
                "request": request,
                "object": entry.path.name,
                "sha256": sha256,
                "retrieved_at": entry.retrieved_at,
                "about": about,
            }
            with self.draft(".json") as written:
                written.write_text(json.dumps(kept, ensure_ascii=False, indent=1, sort_keys=True), encoding="utf-8")
                written.chmod(PRIVATE_FILE)
                os.replace(written, self._entry(request))
        return entry

    @contextmanager
    def draft(self, suffix: str) -> Iterator[Path]:
        """Give a file name in the cache to write an answer to; what is left there at the end is removed.

        Raises
        ------
        InputError
            If the cache cannot be written.
        """
        with self._writing():
            self._make("drafts")
            folder = Path(tempfile.mkdtemp(dir=self.folder / "drafts"))
        try:
            yield folder / f"answer{suffix}"
        finally:
            for left in folder.iterdir():
                left.unlink()
            folder.rmdir()

    @contextmanager
    def alone(self, name: str, *, wait_s: float) -> Iterator[None]:
        """Hold a lock of that name: other processes wait for it.

        Raises
        ------
        SourceUnavailable
            If another process holds it longer than ``wait_s`` seconds.
        InputError
            If the cache cannot be written.
        """
        from filelock import FileLock, Timeout

        with self._writing():
            self._make("locks")
        lock = FileLock(self.folder / "locks" / f"{cache_key({'lock': name})}.lock", timeout=wait_s)
        try:
            with self._writing():
                lock.acquire()
        except Timeout as error:
            raise SourceUnavailable("cache.busy", name=name, wait_s=wait_s) from error
        try:
            yield
        finally:
            lock.release()

    def _entry(self, request: Mapping[str, Any]) -> Path:
        return self.folder / "entries" / f"{cache_key(request)}.json"

    def _make(self, name: str) -> None:
        if not self.folder.is_dir():
            self.folder.mkdir(parents=True, exist_ok=True, mode=PRIVATE_FOLDER)
        (self.folder / name).mkdir(exist_ok=True, mode=PRIVATE_FOLDER)

    @contextmanager
    def _writing(self) -> Iterator[None]:
        from filelock import Timeout

        try:
            yield
        except Timeout:  # an OSError too, but not of the disk
            raise
        except OSError as error:
            raise InputError(
                "cache.not_written", folder=self.folder, cause=error.strerror or cause(error), variable=FOLDER_VARIABLE
            ) from error
