"""Folders of output that appear whole or not at all, for their user's eyes only, written by one at a time.

Files are made in a draft and moved when all are written. The manifest goes first and comes last: a
folder without one is no finished run, so that even a run that was killed between two moves leaves
nothing that could be taken for a result. What such a run left behind is swept up by the next.
"""

from __future__ import annotations

import errno
import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from spatial.errors import InputError
from spatial.folders import PRIVATE_FOLDER, alone, make_private, sweep

# What says that all is there.
MANIFEST = "manifest.json"


@contextmanager
def whole(folder: Path) -> Iterator[Path]:
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
            stack.enter_context(alone(folder))
            sweep(folder)
            # Beside a folder that is there may be another disk, or a place one may not write to.
            draft = Path(tempfile.mkdtemp(dir=folder if folder.is_dir() else folder.parent, prefix=f".{folder.name}-"))
        except OSError as error:
            raise InputError("render_files.not_made", folder=folder, error=error.strerror) from error
        try:
            yield draft
            make_private(draft)
            move({file: folder / file.name for file in sorted(draft.iterdir())}, folder)
        except OSError as error:
            raise InputError("render_files.space", folder=folder, error=error.strerror or error) from error
        finally:
            shutil.rmtree(draft, ignore_errors=True)
            if draft.parent != folder:
                with suppress(OSError):  # it holds what was written, or was not made
                    folder.rmdir()


def move(files: Mapping[Path, Path], folder: Path) -> None:
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


def place(files: Mapping[Path, bytes]) -> None:
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
        move({Path(draft) / path.name: path for path in files}, folder)


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
        raise InputError("render_files.not_written", path=path, error=error.strerror or error) from error
