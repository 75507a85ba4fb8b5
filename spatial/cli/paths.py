"""What a command reads and writes: each path of a command line is declared as one of the two.

Before a command begins, all its paths are resolved. It is refused where an output is an input, or where an input lies
in a folder that is written; and its outputs are locked before anything is read.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import click

from spatial.core.errors import InputError
from spatial.core.locks import is_inside, is_same, locked, may_be_one
from spatial.core.marks import read_mark, refuse_foreign, replacing
from spatial.core.outputs import restore

FORCE = f"{__name__}.force"
# What stands in the place of a file where a service is asked.
LIVE = "overpass"


class Read(click.Path):
    """A file or folder that is read."""

    def __init__(self) -> None:
        super().__init__(path_type=Path)

    def inputs(self, value: Any) -> list[Path]:
        """What is read, of the value of a parameter."""
        return [Path(value)]


class KeptFile(Read):
    """A file that is read and gone on with, or begun; who opens it locks it."""


class ReadText(click.types.StringParamType):
    """A text that names a file or folder that is read, or a service; it stays a text."""

    def inputs(self, value: str) -> list[Path]:
        """The file that is named, if one is."""
        return [] if value == LIVE else [Path(value)]


class ReadPair(ReadText):
    """``NAME=FILE``, or only a name; with ``folder`` the name is that of a folder that is read too."""

    def __init__(self, *, folder: bool = False) -> None:
        self.folder = folder

    def inputs(self, value: str) -> list[Path]:
        """The file after the sign, and the folder before it."""
        name, _, file = value.partition("=")
        return [Path(part) for part in (name if self.folder else "", file) if part.strip()]


class Written(click.Path):
    """What is written; without a value ``default`` in the folder of the finished run, if there is one."""

    def __init__(self, default: str | None = None) -> None:
        super().__init__(path_type=Path)
        self.default = default

    def target(self, value: Path | None, run: Path | None) -> Path | None:
        """The path that is meant, where one is."""
        return run / self.default if value is None and run is not None and self.default is not None else value


class WrittenFolder(Written):
    """A folder that is written; ``names`` are files that surely come into it."""

    def __init__(self, default: str | None = None, names: Sequence[str] = ()) -> None:
        super().__init__(default)
        self.names = tuple(names)


class ChangedFolder(Read):
    """A finished run that is read, and into which the command writes."""


class WrittenFile(Written):
    """A file that is written, under these endings; without any under its own."""

    def __init__(self, *endings: str, default: str | None = None) -> None:
        super().__init__(default)
        self.endings = endings

    def files(self, target: Path) -> list[Path]:
        """All files that are written when this one is."""
        return [target.with_suffix(ending) for ending in self.endings] or [target]


class NewFile(WrittenFile):
    """A file that is written only where none is."""


@dataclass
class Paths:
    """The paths of a command."""

    read: list[Path] = field(default_factory=list)
    folders: list[Path] = field(default_factory=list)  # that are written
    changed: list[Path] = field(default_factory=list)  # of these, the ones that are meant to be read too
    files: list[Path] = field(default_factory=list)  # that are written
    expected: list[Path] = field(default_factory=list)  # that surely will be written
    own_names: set[str] = field(default_factory=set)  # of files that belong into the run that is read


def _force(ctx: click.Context, parameter: click.Parameter, value: bool) -> None:
    ctx.meta[FORCE] = value


force = click.option("--force", is_flag=True, expose_value=False, callback=_force)


def paths_of(params: Sequence[click.Parameter], given: Mapping[str, Any]) -> Paths:
    """Sort the paths of a command line by what is done with them."""
    found = Paths()
    run = next((given.get(str(p.name)) for p in params if p.name == "folder" and isinstance(p.type, Read)), None)
    for parameter in params:
        value = given.get(str(parameter.name))
        if isinstance(parameter.type, Read | ReadText) and value is not None:
            many = parameter.multiple or parameter.nargs != 1
            found.read.extend(path for one in (value if many else [value]) for path in parameter.type.inputs(one))
        if isinstance(parameter.type, ChangedFolder) and value is not None:
            found.changed.append(value)
        if isinstance(parameter.type, Written):
            _add_written(found, parameter.type, value, run)
    found.folders.extend(found.changed)
    return found


def _add_written(found: Paths, kind: Written, value: Path | None, run: Path | None) -> None:
    target = kind.target(value, run)
    if target is None:
        return
    if isinstance(kind, WrittenFile):
        files = kind.files(target)
        found.files.extend(dict.fromkeys((*files, target)))  # what was given is not read either
        found.expected.extend([] if isinstance(kind, NewFile) else files[:1])
        found.own_names.update(path.name for path in files if value is None)
    elif kind.default == "" and run is not None and is_same(target, run):
        found.changed.append(target)
    elif isinstance(kind, WrittenFolder):
        found.folders.append(target)
        found.expected.extend(target / name for name in kind.names)


def refuse_overlap(paths: Paths) -> None:
    """Refuse a command that would write what it reads.

    Raises
    ------
    InputError
        If an output is an input, an input lies in a folder that is written, a file that is written is part of a
        folder that is read, or two outputs are one.
    """
    for folder in paths.folders:
        for path in paths.read:
            if is_same(path, folder) and not any(is_same(path, one) for one in paths.changed):
                raise InputError("folders.same", path=path)
            below = is_inside(path, folder) and not (folder in paths.changed and not is_same(path.parent, folder))
            if below:  # into a run that is changed, only files beside its own are written
                raise InputError("folders.within", path=path, folder=folder)
    for k, file in enumerate(paths.files):
        for path in paths.read:
            if is_same(path, file):
                raise InputError("folders.same", path=path)
            if path.is_dir() and is_inside(file, path) and file.exists() and file.name not in paths.own_names:
                raise InputError("folders.part", path=file, folder=path)
        if any(may_be_one(file, other) for other in (*paths.files[:k], *paths.folders)):
            raise InputError("folders.twice", path=file)


@contextmanager
def guarded(ctx: click.Context) -> Iterator[None]:
    """Check and lock the paths of a command while it works.

    Raises
    ------
    InputError
        As ``refuse_overlap``; if another process writes there; or if a file would be replaced that the program did
        not write, unless ``--force`` was said.
    """
    paths = paths_of(ctx.command.params, ctx.params)
    refuse_overlap(paths)
    for folder in paths.folders:
        if folder.exists() and not folder.is_dir():
            raise InputError("render_files.file", folder=folder)
    with ExitStack() as stack:
        stack.enter_context(replacing(bool(ctx.meta.get(FORCE))))
        for target in (*paths.folders, *(_kept_with(file) for file in paths.files if file.parent.is_dir())):
            stack.enter_context(locked(target))
        for folder in (*paths.folders, *paths.read):
            if folder in paths.folders or not folder.exists():
                _restore(folder)
        refuse_foreign(path for path in paths.expected if not path.is_dir())
        yield


def _kept_with(file: Path) -> Path:
    """What is locked for a file: its folder, where that is one of ours."""
    return file if read_mark(file.parent) is None else file.parent


def _restore(folder: Path) -> None:
    """Take back what a killed process began, unless another is at work there."""
    with suppress(OSError, InputError), locked(folder):
        restore(folder)
