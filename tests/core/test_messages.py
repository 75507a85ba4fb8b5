"""What goes wrong is said in both languages: each message has its words, and names what its place in the code gives."""

from __future__ import annotations

import ast
import pickle
import re
import string
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

import spatial
from spatial.core import messages
from spatial.core.errors import ConfigError, CRSError, SpatialError
from spatial.core.languages import KNOWN_LANGUAGES
from spatial.core.messages import phrase

ERRORS = {name for name in spatial.__all__ if name.endswith(("Error", "Unavailable", "IncompleteResult"))}
KEY = re.compile(r"[a-z0-9_]+\.[a-z0-9_]+")
# Compiled code raises ValueError with a key alone.
SAYING = ERRORS | {"phrase", "ValueError"}


def name(func: ast.expr) -> str | None:
    """What is called; an error made of another's class, as ``type(error)(...)``, is one too."""
    if isinstance(func, ast.Call) and name(func.func) == "type":
        return "SpatialError"
    return getattr(func, "id", getattr(func, "attr", None))


@cache
def calls() -> list[tuple[str, str, ast.Call]]:
    """Where an error or a phrase is made with a message, and of what name."""
    return [
        (f"{path.name}:{node.lineno}", str(name(node.func)), node)
        for path in sorted(Path(spatial.__path__[0]).rglob("*.py"))
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and name(node.func) in SAYING and node.args
    ]


def key_of(call: ast.Call) -> str | None:
    found = call.args[0]
    is_key = isinstance(found, ast.Constant) and KEY.fullmatch(str(found.value))
    return str(found.value) if isinstance(found, ast.Constant) and is_key else None


def said() -> Iterator[tuple[str, str, set[str] | None]]:
    """Where, the key, and what is named, of each message in the code; None where that is put together elsewhere."""
    for where, _, call in calls():
        key, named = key_of(call), {word.arg for word in call.keywords}
        if key is not None:
            yield where, key, None if None in named else {str(one) for one in named}


def test_no_message_is_written_out_in_the_code():
    """All are keys, but where an error is made again with its own key."""
    assert len(calls()) > 400
    written = {where for where, what, call in calls() if what != "ValueError" and key_of(call) is None}
    assert {where.partition(":")[0] for where in written} <= {"download.py"}, written


def templates(lang: str) -> dict[str, str]:
    return {
        f"{section}.{name}": text
        for section, texts in messages.book("errors", lang).items()
        for name, text in texts.items()
    }


def fields(template: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(template) if name is not None}


@pytest.mark.parametrize("lang", KNOWN_LANGUAGES)
def test_each_message_of_the_code_has_words_that_name_what_is_given(lang):
    known = templates(lang)
    for where, key, given in said():
        assert key in known, f"{where}: no words for {key!r} in errors.{lang}.toml"
        assert given is None or fields(known[key]) <= given, f"{where}: {key} names {fields(known[key]) - given}"


def test_both_languages_have_the_same_messages_and_none_is_left_over():
    danish, english = templates("da"), templates("en")
    assert danish.keys() == english.keys()
    for key in danish:
        assert fields(danish[key]) == fields(english[key]), key
    assert danish.keys() == {key for _, key, _ in said()}


def test_a_number_is_written_as_the_language_writes_it():
    error = CRSError("crs.position", lon_deg=1234.5, lat_deg=0.25)
    assert "found 1234.5, 0.25;" in str(error)
    assert "1234,5, 0,25" in error.said("da")


def test_what_is_named_is_said_in_the_same_language():
    inner = phrase("spelling.near", names=["a", "b"])
    outer = ConfigError("strings.language", found="sv", known=[inner])
    assert outer.said("da").endswith("mente du a, b? ") and str(outer).endswith("choose one of them")
    assert "did you mean a, b? " in str(outer)


def test_a_message_without_words_here_is_said_as_it_stands():
    assert SpatialError("my own {thing}. Done").said("da") == "my own {thing}. Done"


def test_what_was_found_travels_between_processes():
    copy = pickle.loads(pickle.dumps(ConfigError("strings.language", found="sv", known=("da", "en"))))
    assert copy.said("en") == "language: found 'sv'; needed one of da, en; choose one of them"
    assert copy.said("da") == "sprog: 'sv' findes ikke; vælg et af disse: da, en"
