"""Every text a reader sees, by language, from ``defaults/strings.<language>.toml`` and its like."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from types import MappingProxyType
from typing import Any

from spatial.errors import ConfigError

LANGUAGES = ("da", "en")


def _frozen(value: Any) -> Any:
    if isinstance(value, dict):
        return MappingProxyType({key: _frozen(item) for key, item in value.items()})
    return value


@cache
def texts(lang: str, book: str = "strings") -> Mapping[str, Any]:
    """Return the texts of one language as nested, read-only mappings.

    Parameters
    ----------
    lang
        ``"da"`` or ``"en"``.
    book
        Which texts: those of the program, or ``"report"``, those of the report for the board.

    Raises
    ------
    ConfigError
        If there are no texts in this language.

    Examples
    --------
    >>> texts("da")["aspect"]["openness"]["question"]
    'Kan man komme og gå?'
    """
    if lang not in LANGUAGES:
        raise ConfigError(f"language: found {lang!r}; needed one of {', '.join(LANGUAGES)}; choose one of them")
    source = files("spatial") / "defaults" / f"{book}.{lang}.toml"
    frozen: Mapping[str, Any] = _frozen(tomllib.loads(source.read_text(encoding="utf-8")))
    return frozen


def warning(entry: Mapping[str, Any], lang: str) -> str:
    """Say a warning of a manifest in one sentence: its ``code`` is a key of ``[warning]``."""
    return str(texts(lang)["warning"][entry["code"]]).format(**entry)
