"""Write files and folders whole or not at all, private, one writer at a time; digests; CSV without formulas.

Files are made in a draft and moved when all are written. The manifest goes first and comes last: a
folder without one is no finished run, so that even a run that was killed between two moves leaves
nothing that could be taken for a result. What such a run left behind is swept up by the next.

Names are written by strangers, and a spreadsheet takes a cell that begins with ``=`` for a formula,
which may start programs or ask servers. Such texts get an apostrophe before them (OWASP, "CSV
Injection"); numbers are numbers, also below zero.

References
----------
https://owasp.org/www-community/attacks/CSV_Injection
"""

from __future__ import annotations

import errno
import hashlib
import os
import re
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import IO, Any

import pandas as pd

from spatial.core.errors import InputError

FOLDER_VARIABLE = "FAELLESRUM_CACHE"
PRIVATE_FOLDER, PRIVATE_FILE = 0o700, 0o600
DIGEST_CHUNK_BYTES = 1 << 20
# The end that mkdtemp gives a name.
DRAFT_END = r"[a-z0-9_]{8}"


def cache_folder() -> Path:
    """The folder that ``FAELLESRUM_CACHE`` names, else the platform's place for caches."""
    named = os.environ.get(FOLDER_VARIABLE, "").strip()
    if named:
        return Path(named)
    from platformdirs import user_cache_path

    return user_cache_path("faellesrum", appauthor=False)


@contextmanager
def locked_folder(folder: Path) -> Iterator[None]:
    """Hold a folder of output: another process that wants to write into it is told so at once.

    The lock lies in the user's cache, not in the folder. Where that cannot be written, nothing is held.

    Raises
    ------
    InputError
        If another process holds it.
    """
    from filelock import FileLock, Timeout

    name = sha256_of_bytes(os.fsencode(folder.resolve()))[:32]
    try:
        locks = cache_folder() / "outputs"
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


def sweep_drafts(folder: Path) -> None:
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


def sha256_of(*paths: Path) -> str:
    """Return the SHA-256, in hexadecimal, of files one after the other; of a folder, of its files by name."""
    digest = hashlib.sha256()
    for path in paths:
        for file in sorted(path.rglob("*")) if path.is_dir() else [path]:
            if file.is_file() or file == path:
                with file.open("rb") as stream:
                    while chunk := stream.read(DIGEST_CHUNK_BYTES):
                        digest.update(chunk)
    return digest.hexdigest()


def sha256_of_bytes(content: bytes) -> str:
    """Return the SHA-256, in hexadecimal, of bytes."""
    return hashlib.sha256(content).hexdigest()


# What says that all is there.
MANIFEST = "manifest.json"


@contextmanager
def whole_folder(folder: Path) -> Iterator[Path]:
    """Give a draft folder to write into; move its files to ``folder`` when all are written.

    Files of an earlier run with the same names are replaced, each in one step; on any error
    nothing of the draft is left and nothing earlier is touched. Only the user may read what is made;
    a folder that was there keeps its rights.

    Raises
    ------
    InputError
        If the folder cannot be made or written, or another run is writing into it.
    """
    with ExitStack() as stack:
        try:
            if folder.exists() and not folder.is_dir():
                raise InputError("render_files.file", folder=folder)
            folder.parent.mkdir(parents=True, exist_ok=True)
            stack.enter_context(locked_folder(folder))
            sweep_drafts(folder)
            # Beside a folder that is there may be another disk, or a place one may not write to.
            draft = Path(tempfile.mkdtemp(dir=folder if folder.is_dir() else folder.parent, prefix=f".{folder.name}-"))
        except OSError as error:
            raise InputError("render_files.not_made", folder=folder, error=error.strerror) from error
        try:
            yield draft
            make_private(draft)
            move_files({file: folder / file.name for file in sorted(draft.iterdir())}, folder)
        except OSError as error:
            raise InputError("render_files.space", folder=folder, error=error.strerror or error) from error
        finally:
            shutil.rmtree(draft, ignore_errors=True)
            if draft.parent != folder:
                with suppress(OSError):  # it holds what was written, or was not made
                    folder.rmdir()


def move_files(files: Mapping[Path, Path], folder: Path) -> None:
    """Move files to their places in a folder, each in one step; when one cannot be moved, take all back.

    Raises
    ------
    OSError
        If one cannot be moved; then all is as it was.
    """
    for target in files.values():
        if target.is_dir():
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(target))
    folder.mkdir(exist_ok=True, mode=PRIVATE_FOLDER)
    with tempfile.TemporaryDirectory(dir=folder, prefix=".earlier-", ignore_cleanup_errors=True) as earlier:
        copies = {target: Path(earlier) / target.name for target in files.values() if target.exists()}
        for target, copy in copies.items():
            shutil.copy2(target, copy)
        moved: list[Path] = []
        try:
            for target in copies:
                if target.name == MANIFEST:
                    moved.append(target)
                    target.unlink()
            for file, target in sorted(files.items(), key=lambda pair: pair[1].name == MANIFEST):
                if target in copies:  # which keeps the rights that its user gave it
                    shutil.copymode(copies[target], file)
                moved.append(target)
                os.replace(file, target)
        except BaseException:
            for target in moved:
                if target in copies:
                    if copies[target].exists():
                        os.replace(copies[target], target)
                else:
                    target.unlink(missing_ok=True)
            raise


def replace_files(files: Mapping[Path, bytes]) -> None:
    """Write files of one folder: all of them or none, for the user only.

    Raises
    ------
    OSError
        If one cannot be written; then all is as it was.
    """
    folder = next(iter(files)).parent
    with tempfile.TemporaryDirectory(dir=folder, prefix=".draft-", ignore_cleanup_errors=True) as draft:
        for path, content in files.items():
            (Path(draft) / path.name).write_bytes(content)
        make_private(Path(draft))
        move_files({Path(draft) / path.name: path for path in files}, folder)


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


# What a spreadsheet takes for the beginning of a formula; the last two in full width.
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")  # noqa: RUF001
MARK = "'"


def harmless(value: Any) -> Any:
    """Return a cell as a spreadsheet may have it: a text that is no formula, anything else as it is.

    Examples
    --------
    >>> harmless("=1+1"), harmless("Plads"), harmless(-1.5)
    ("'=1+1", 'Plads', -1.5)
    """
    return MARK + value if isinstance(value, str) and value.lstrip(" ").startswith(FORMULA) else value


def write_csv(
    table: pd.DataFrame, target: Path | IO[str], *, index: bool = True, index_label: str | None = None
) -> None:
    """Write a table in UTF-8, lines ending in a line feed, texts harmless."""
    shown = table.copy(deep=False)
    for name in shown.columns:
        if shown[name].dtype == object or isinstance(shown[name].dtype, pd.StringDtype | pd.CategoricalDtype):
            shown[name] = shown[name].astype(object).map(harmless, na_action="ignore")
    if index and shown.index.dtype == object:
        shown.index = shown.index.map(harmless)
    shown.to_csv(target, index=index, index_label=index_label, encoding="utf-8", lineterminator="\n")
