"""Folders of output that appear whole or not at all."""

from __future__ import annotations

import errno
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
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
        # Beside a folder that is there may be another disk, or a place one may not write to.
        draft = Path(tempfile.mkdtemp(dir=folder if folder.is_dir() else folder.parent, prefix=f".{folder.name}-"))
    except OSError as error:
        raise InputError(
            f"{folder}: cannot be made ({error.strerror}); needed a folder one may write into; name another with --out"
        ) from error
    try:
        yield draft
        _move(sorted(draft.iterdir()), folder)
    except OSError as error:
        raise InputError(
            f"{folder}: cannot be written ({error.strerror or error}); free space or name another folder with --out"
        ) from error
    finally:
        shutil.rmtree(draft, ignore_errors=True)
        if draft.parent != folder:
            with suppress(OSError):  # it holds what was written, or was not made
                folder.rmdir()


def _move(files: list[Path], folder: Path) -> None:
    """Move files into a folder, each in one step; when one cannot be moved, take all back."""
    targets = [folder / file.name for file in files]
    for target in targets:
        if target.is_dir():
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(target))
    folder.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder, prefix=".earlier-") as earlier:
        copies = {target: Path(earlier) / target.name for target in targets if target.exists()}
        for target, copy in copies.items():
            shutil.copy2(target, copy)
        moved: list[Path] = []
        try:
            for file, target in zip(files, targets, strict=True):
                os.replace(file, target)
                moved.append(target)
        except BaseException:
            for target in moved:
                if target in copies:
                    os.replace(copies[target], target)
                else:
                    target.unlink()
            raise


@contextmanager
def written(path: Path) -> Iterator[None]:
    """Say in one line that a file cannot be written.

    Raises
    ------
    InputError
        In the place of any OSError.
    """
    try:
        yield
    except OSError as error:
        raise InputError(
            f"{path}: cannot be written ({error.strerror or error}); name another file with --out"
        ) from error
