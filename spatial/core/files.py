"""Caches, digests, and CSV without formulas; see ``outputs`` for folders and files that are written.

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
import shutil
import tempfile
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from io import BytesIO
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from spatial.core.errors import InputError

if TYPE_CHECKING:
    import pandas as pd

FOLDER_VARIABLE = "FAELLESRUM_CACHE"
PRIVATE_FOLDER, PRIVATE_FILE = 0o700, 0o600
DIGEST_CHUNK_BYTES = 1 << 20
# A disk with less than this is full.
FULL_BYTES = 1 << 16
# What says that all is there.
MANIFEST = "manifest.json"


def cache_folder() -> Path:
    """The folder that ``FAELLESRUM_CACHE`` names, else the platform's place for caches."""
    named = os.environ.get(FOLDER_VARIABLE, "").strip()
    if named:
        return Path(named)
    from platformdirs import user_cache_path

    return user_cache_path("faellesrum", appauthor=False)


@contextmanager
def scratch_folder() -> Iterator[Path]:
    """A folder for what is needed only inside this block.

    Raises
    ------
    InputError
        If it cannot be made, or no room is left in it.
    """
    try:
        place = tempfile.TemporaryDirectory(prefix="faellesrum-", ignore_cleanup_errors=True)
    except OSError as error:
        where = os.environ.get("TMPDIR") or tempfile.tempdir or os.curdir
        raise InputError("scratch.no_room", folder=where, error=error.strerror or error) from error
    with place as name:
        try:
            yield Path(name)
        except Exception as error:
            if _is_for_want_of_room(error, Path(name)):
                raise InputError(
                    "scratch.no_room", folder=Path(name).parent, error=os.strerror(errno.ENOSPC)
                ) from error
            raise


def _is_for_want_of_room(error: BaseException, folder: Path) -> bool:
    """Whether something failed because a disk is full; libraries say it in words of their own, or not at all."""
    if shutil.disk_usage(folder).free < FULL_BYTES:
        return True
    if not isinstance(error, OSError) or error.errno not in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
        return False
    return error.filename is None or folder in Path(os.fsdecode(error.filename)).parents


def is_pipe(path: Path) -> bool:
    """Whether something that is there is neither a file nor a folder: a reader might wait for it without end."""
    return path.exists() and not path.is_file() and not path.is_dir()


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


# Stands for the hour at which a file was written, where its form wants one: the same content has the same bytes.
NO_HOUR = datetime(1980, 1, 1)


def without_hours(packed: bytes) -> bytes:
    """Return a ZIP archive, such as an office document, without the hours at which its parts were packed."""
    out = BytesIO()
    with zipfile.ZipFile(BytesIO(packed)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for part in old.infolist():
            about = zipfile.ZipInfo(part.filename, NO_HOUR.timetuple()[:6])
            about.compress_type, about.external_attr = zipfile.ZIP_DEFLATED, part.external_attr
            new.writestr(about, old.read(part))
    return out.getvalue()


def write_csv(
    table: pd.DataFrame,
    target: Path | IO[Any],
    *,
    index: bool = True,
    index_label: str | None = None,
    sep: str = ",",
    decimal: str = ".",
    encoding: str = "utf-8",
) -> None:
    """Write a table, lines ending in a line feed, texts harmless; where nothing is said, in UTF-8 and with commas."""
    shown = table.copy(deep=False)
    for name in shown.columns:
        if shown[name].dtype.kind == "O":  # texts and categories too
            shown[name] = shown[name].astype(object).map(harmless, na_action="ignore")
    if index and shown.index.dtype == object:
        shown.index = shown.index.map(harmless)
    shown.columns = shown.columns.map(harmless)
    shown.to_csv(
        target, index=index, index_label=index_label, sep=sep, decimal=decimal, encoding=encoding, lineterminator="\n"
    )
