"""Messages by key in the reader's language, and what a mistyped name was meant to be."""

from __future__ import annotations

import string
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from types import MappingProxyType
from typing import Any, Protocol, runtime_checkable

from spatial.core.addresses import without_secrets
from spatial.core.numbers import with_signs_of

ENGLISH = "en"
ERRORS = "errors"


@runtime_checkable
class Spoken(Protocol):
    """What can be said in more than one language."""

    def said(self, lang: str) -> str:
        """Return the words in this language."""
        ...


def _frozen(value: Any) -> Any:
    if isinstance(value, dict):
        return MappingProxyType({key: _frozen(item) for key, item in value.items()})
    return value


@cache
def book(name: str, lang: str) -> Mapping[str, Any]:
    """Return the texts of ``defaults/<name>.<lang>.toml`` as nested, read-only mappings."""
    return table(f"{name}.{lang}")


@cache
def table(name: str) -> Mapping[str, Any]:
    """Return ``defaults/<name>.toml`` as nested, read-only mappings."""
    source = files("spatial") / "defaults" / f"{name}.toml"
    frozen: Mapping[str, Any] = _frozen(tomllib.loads(source.read_text(encoding="utf-8")))
    return frozen


@dataclass(frozen=True)
class Phrase:
    """Part of a message, chosen here and put into words where the language is known.

    Parameters
    ----------
    key
        ``"section.name"`` in ``defaults/errors.<lang>.toml``.
    found
        What the words name.

    Examples
    --------
    >>> Phrase("spelling.near", {"names": ["openness"]}).said("da")
    'mente du openness? '
    """

    key: str
    found: Mapping[str, Any]

    def said(self, lang: str) -> str:
        """Return the words in this language."""
        return say(self.key, self.found, lang)

    def __str__(self) -> str:
        """Return the words in English."""
        return self.said(ENGLISH)


def phrase(key: str, /, **found: Any) -> Phrase:
    """Return part of a message that waits for a language; see ``Phrase``."""
    return Phrase(key, found)


def cause(error: BaseException) -> Spoken:
    r"""Return what another error says, to be named in a message of our own, on one line.

    That in both languages, where the error is ours, carries a phrase, or its text is a key: compiled code can raise
    no more than that. Else it is the first line of its text.

    Examples
    --------
    >>> str(cause(ValueError("no such column\nin 12 layers"))), str(cause(ValueError()))
    ('no such column', 'ValueError')
    """
    said = error if isinstance(error, Spoken) else next(iter(error.args), None)
    if isinstance(said, Spoken):
        return said
    return Phrase(next(iter(str(error).splitlines()), type(error).__name__), {})


def say(key: str, found: Mapping[str, Any], lang: str) -> str:
    """Put a message into words; what is no key is said as it stands, as a message from a user's own indicator.

    A list is named with commas between its items, a phrase or an error in the same language, and a number as the
    language writes it. No address is named with its login or query.
    """
    section, _, name = key.partition(".")
    template = book(ERRORS, lang).get(section, {}).get(name)
    return without_secrets(key if template is None else _Speaker(lang).vformat(template, (), found))


class _Speaker(string.Formatter):
    def __init__(self, lang: str) -> None:
        self.lang = lang

    def format_field(self, value: Any, format_spec: str) -> str:
        if isinstance(value, Spoken):
            return value.said(self.lang)
        if isinstance(value, list | tuple):
            return ", ".join(self.format_field(one, format_spec) for one in value)
        text = format(value, format_spec)
        if self.lang != ENGLISH and isinstance(value, int | float):
            return with_signs_of(text, book("strings", self.lang)["format"]["locale"])
        return text


SHOWN = 3


def near(wanted: str, known: Iterable[str]) -> list[str]:
    """Return the known names that are nearly written as this one, the nearest first.

    Upper and lower case are one, and so is a name of which the beginning was typed.

    Examples
    --------
    >>> near("explian", ["run", "explain", "export"])
    ['explain']
    >>> near("acc", ["openness", "accessibility"])
    ['accessibility']
    """
    from difflib import get_close_matches

    plain = {name.lower(): name for name in known}
    text = wanted.lower()
    begun = [name for name in plain if text and name.startswith(text)]
    return [plain[name] for name in dict.fromkeys([*begun, *get_close_matches(text, plain, n=SHOWN)])][:SHOWN]


def spelling_hint(wanted: str, known: Iterable[str]) -> Phrase:
    """Ask whether a known name was meant, or say nothing.

    Examples
    --------
    >>> spelling_hint("opennes", ["openness", "mixing"]).said("en")
    'did you mean openness? '
    >>> spelling_hint("xyz", ["openness"]).said("en")
    ''
    """
    found = near(wanted, known)
    return phrase("spelling.near", names=found) if found else phrase("spelling.none")
