"""Folders of output that appear whole or not at all."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from spatial.errors import InputError


@contextmanager
def whole(folder: Path) -> Iterator[Path]:
    """Give a draft folder to write into; move its files to ``folder`` when all are written.

    Files of an earlier run with the same names are replaced, each in one step; on any error
    nothing of the draft is left and nothing earlier is touched.

    Raises
    ------
    InputError
        If the folder cannot be made or written.
    """
    try:
        if folder.exists() and not folder.is_dir():
            raise InputError(f"{folder}: found a file; needed a folder for the results; name another with --out")
        folder.parent.mkdir(parents=True, exist_ok=True)
        draft = Path(tempfile.mkdtemp(dir=folder.parent, prefix=f".{folder.name}-"))
    except OSError as error:
        raise InputError(f"{folder}: cannot be made ({error.strerror}); needed a folder one may write into; name another with --out") from error
    try:
        yield draft
        folder.mkdir(exist_ok=True)
        for file in sorted(draft.iterdir()):
            os.replace(file, folder / file.name)
    except OSError as error:
        raise InputError(f"{folder}: cannot be written ({error.strerror or error}); free space or name another folder with --out") from error
    finally:
        shutil.rmtree(draft, ignore_errors=True)
