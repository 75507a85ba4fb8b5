"""Load settings in TOML: those that ship, and those of users."""

from __future__ import annotations

import re
import tomllib
from importlib import resources
from pathlib import Path
from typing import Any

from spatial.core.errors import ConfigError, InputError

DEFAULTS = resources.files("spatial") / "defaults"

Condition = tuple[str, str | None, bool]
# A key within a key within a key, written with points between.
MAX_DEPTH = 64
_KEY = re.compile(r"""[\w"'-]+""")


def load_toml(path: Path | None, default: str) -> dict[str, Any]:
    """Read a TOML file: the user's, or the bundled one of that name."""
    source = DEFAULTS / default if path is None else path
    try:
        text = source.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError("config.unreadable", file=source, error=error) from error
    try:
        return parse_toml(text)
    except ValueError as error:
        raise ConfigError("config.not_toml", file=source, error=error) from error


def parse_toml(text: str) -> dict[str, Any]:
    """Read TOML that a stranger may have written.

    Raises
    ------
    ValueError
        If it is not TOML, or tables or lists lie in each other without end: reading those takes time and memory
        that grow with the square of their depth.
    """
    depth = 0
    for piece in text.split("."):
        depth = depth + 1 if _KEY.fullmatch(piece.strip(" \t")) else 0
        if depth > MAX_DEPTH:
            raise InputError("config.deep", most=MAX_DEPTH)
    try:
        return tomllib.loads(text)
    except RecursionError:
        raise InputError("config.endless") from None
