"""What is called: the arguments of one algorithm, and where the program is. Nothing here needs QGIS."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

PROGRAM = "faellesrum"
USER_PROGRAMS = Path.home() / ".local" / "bin"  # where pipx and uv put commands


def find_program(chosen):
    """Return the path of the program: as it was set, or as it is found; None where there is none."""
    if chosen:
        return shutil.which(chosen)
    return shutil.which(PROGRAM) or shutil.which(PROGRAM, path=os.fspath(USER_PROGRAMS))


def arguments(spec, values):
    """Return the words after the program: command, options, then what has no name."""
    options, plain = [], []
    for parameter in spec["parameters"]:
        said = _as_words(parameter["kind"], values.get(parameter["name"]))
        if parameter["flag"] is None:
            plain += said
        elif parameter["kind"] == "flag":
            options += [parameter["flag"]] if said else []
        else:
            options += [word for one in said for word in (parameter["flag"], one)]
    return [*spec["command"], *options, "--", *plain]


def _as_words(kind, value):
    """One value as texts; none where nothing was said."""
    if kind == "pairs":
        cells = iter(value or ())  # row by row: name, file
        return [f"{name}={file}" if file else name for name in cells for file in [next(cells, "")] if name]
    if value is None or value == "" or value is False:
        return []
    return [str(one) for one in (value if isinstance(value, (list, tuple)) else [value])]
