"""What is kept of a sitting: one SQLite file an estate, each step in it before anybody is told of it.

A killed process loses at most the step it was writing.
"""

from __future__ import annotations

import itertools
import json
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, fields, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from spatial.core.errors import InputError
from spatial.core.messages import cause
from spatial.studio.comments import Comment
from spatial.studio.history import Step, Variant
from spatial.studio.strokes import Stroke, as_feature, stroke_of

FORM, MEMORY = 1, Path(":memory:")
TABLES = """
CREATE TABLE variant (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, at INTEGER NOT NULL);
CREATE TABLE step (
    variant INTEGER NOT NULL REFERENCES variant (id) ON DELETE CASCADE,
    number INTEGER NOT NULL, row INTEGER NOT NULL, before TEXT, after TEXT, PRIMARY KEY (variant, number)
);
"""
# Came later, and are made in a file that has none: an edition before them leaves them alone.
TEAM = """
CREATE TABLE IF NOT EXISTS comment (
    number INTEGER PRIMARY KEY, at TEXT NOT NULL, role TEXT NOT NULL, by TEXT NOT NULL, text TEXT NOT NULL,
    lon REAL NOT NULL, lat REAL NOT NULL, space TEXT, settled INTEGER NOT NULL DEFAULT 0
);
CREATE TABLE IF NOT EXISTS log (
    number INTEGER PRIMARY KEY, at TEXT NOT NULL, role TEXT NOT NULL, act TEXT NOT NULL, variant TEXT NOT NULL,
    about TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS key (
    number INTEGER PRIMARY KEY, digest TEXT NOT NULL UNIQUE, kind TEXT NOT NULL, role TEXT NOT NULL, at TEXT NOT NULL
);
"""
# Who was not here for so long needs a new address.
KEY_DAYS = 90
_COMMENT = ", ".join(field.name for field in fields(Comment))
LOG_COLUMNS = ("at", "role", "act", "variant", "about")


class Kept:
    """The variants of an estate on disk, comments on it, and who did what when; one process at a time.

    Parameters
    ----------
    path
        The file; made where there is none. `MEMORY`: none, and nothing outlives the process.
    estate
        Name of the estate that it belongs to, by its boundary and extract.

    Raises
    ------
    InputError
        If another studio has it open, it is of another estate, it cannot be read, or the disk is full.
    """

    def __init__(self, path: Path, estate: str) -> None:
        self.path = path
        with self._said():
            path.parent.mkdir(parents=True, exist_ok=True)
            self._base = sqlite3.connect(path, isolation_level=None, timeout=0.5, check_same_thread=False)
            for line in ("locking_mode = EXCLUSIVE", "journal_mode = WAL", "synchronous = FULL", "foreign_keys = ON"):
                self._base.execute(f"PRAGMA {line}")
            self._open(estate)

    def _open(self, estate: str) -> None:
        with self._writing():
            (form,) = self._base.execute("PRAGMA user_version").fetchone()
            if form == 0:
                for statement in TABLES.split(";"):
                    self._base.execute(statement)
                self._base.execute("CREATE TABLE estate (name TEXT NOT NULL)")
                self._base.execute("INSERT INTO estate VALUES (?)", (estate,))
                self._base.execute(f"PRAGMA user_version = {FORM}")
            elif form != FORM:
                raise InputError("studio.form", path=self.path, found=form, needed=FORM)
            for statement in TEAM.split(";"):
                self._base.execute(statement)
        (found,) = self._base.execute("SELECT name FROM estate").fetchone()
        if found != estate:
            raise InputError("studio.other_estate", path=self.path)

    def variants(self) -> list[Variant]:
        """All variants, in the order in which they were made."""
        with self._said():
            rows = self._base.execute("SELECT id, name, at FROM variant ORDER BY id").fetchall()
            return [Variant(name, self._steps(number), at) for number, name, at in rows]

    def _steps(self, variant: int) -> tuple[Step, ...]:
        rows = self._base.execute("SELECT row, before, after FROM step WHERE variant = ? ORDER BY number", (variant,))
        return tuple(Step(row, _stroke(before), _stroke(after)) for row, before, after in rows)

    def keep(self, before: Variant | None, after: Variant) -> None:
        """Keep what a variant has become; ``before`` is what is kept of it, None for a new one."""
        with self._writing():
            if before is None:
                self._base.execute("INSERT INTO variant (name, at) VALUES (?, 0)", (after.name,))
            name = after.name if before is None else before.name
            (number,) = self._base.execute("SELECT id FROM variant WHERE name = ?", (name,)).fetchone()
            same = _same_steps(() if before is None else before.steps, after.steps)
            self._base.execute("DELETE FROM step WHERE variant = ? AND number >= ?", (number, same))
            rows = [(number, same + k, *_row(step)) for k, step in enumerate(after.steps[same:])]
            self._base.executemany("INSERT INTO step VALUES (?, ?, ?, ?, ?)", rows)
            self._base.execute("UPDATE variant SET name = ?, at = ? WHERE id = ?", (after.name, after.at, number))

    def forget(self, name: str) -> None:
        """Forget a variant."""
        with self._writing():
            self._base.execute("DELETE FROM variant WHERE name = ?", (name,))

    def comments(self) -> list[Comment]:
        """All comments, in the order in which they were made."""
        with self._said():
            rows = self._base.execute(f"SELECT {_COMMENT} FROM comment ORDER BY number").fetchall()
        return [replace(one, settled=bool(one.settled)) for one in itertools.starmap(Comment, rows)]

    def comment(self, comment: Comment) -> None:
        """Keep a comment, in the place of the one with its number if there is one."""
        row = asdict(comment)
        with self._writing():
            places = ", ".join(f":{name}" for name in row)
            self._base.execute(f"INSERT OR REPLACE INTO comment ({_COMMENT}) VALUES ({places})", row)

    def note(self, role: str, act: str, variant: str = "", about: str = "") -> None:
        """Note what a role did, now."""
        with self._writing():
            self._base.execute(
                f"INSERT INTO log ({', '.join(LOG_COLUMNS)}) VALUES (?, ?, ?, ?, ?)", (now(), role, act, variant, about)
            )

    def log(self) -> list[tuple[str, ...]]:
        """What was done, the first first, by `LOG_COLUMNS`."""
        with self._said():
            return self._base.execute(f"SELECT {', '.join(LOG_COLUMNS)} FROM log ORDER BY number").fetchall()

    def known_keys(self) -> list[tuple[str, str, str]]:
        """What lets people in: kind, digest and role, the oldest first; what is too old is forgotten."""
        oldest = (datetime.now(UTC) - timedelta(days=KEY_DAYS)).isoformat(timespec="seconds")
        with self._writing():
            self._base.execute("DELETE FROM key WHERE at < ?", (oldest,))
            return self._base.execute("SELECT kind, digest, role FROM key ORDER BY number").fetchall()

    def keep_key(self, kind: str, digest: str, role: str) -> None:
        """Keep what lets somebody in."""
        with self._writing():
            self._base.execute(
                "INSERT INTO key (kind, digest, role, at) VALUES (?, ?, ?, ?)", (kind, digest, role, now())
            )

    def drop_key(self, digest: str) -> None:
        """Let it let nobody in."""
        with self._writing():
            self._base.execute("DELETE FROM key WHERE digest = ?", (digest,))

    def drop_keys(self) -> None:
        """Let none of them let anybody in."""
        with self._writing():
            self._base.execute("DELETE FROM key")

    def close(self) -> None:
        """Close the file."""
        self._base.close()

    @contextmanager
    def _writing(self) -> Iterator[None]:
        """Write all that stands inside, or nothing."""
        with self._said():
            self._base.execute("BEGIN IMMEDIATE")
            try:
                yield
                self._base.execute("COMMIT")
            except BaseException:
                if self._base.in_transaction:
                    self._base.execute("ROLLBACK")
                raise

    @contextmanager
    def _said(self) -> Iterator[None]:
        """Say in a line what SQLite and the disk refuse."""
        try:
            yield
        except sqlite3.OperationalError as error:
            busy = error.sqlite_errorcode in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)
            if busy:
                raise InputError("studio.open_elsewhere", path=self.path) from error
            raise InputError("studio.not_kept", path=self.path, cause=cause(error)) from error
        except (sqlite3.DatabaseError, OSError, ValueError) as error:
            if isinstance(error, InputError):
                raise
            raise InputError("studio.not_kept", path=self.path, cause=cause(error)) from error


def now() -> str:
    """The moment, in UTC."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def _same_steps(before: Sequence[Step], after: Sequence[Step]) -> int:
    """How many steps at the start are kept already."""
    differ = (k for k, (one, other) in enumerate(zip(before, after, strict=False)) if one != other)
    return next(differ, min(len(before), len(after)))


def _row(step: Step) -> tuple[int, str | None, str | None]:
    return step.row, _written(step.before), _written(step.after)


def _written(stroke: Stroke | None) -> str | None:
    return None if stroke is None else json.dumps(as_feature(stroke), ensure_ascii=False)


def _stroke(text: Any) -> Stroke | None:
    return None if text is None else stroke_of(json.loads(text))
