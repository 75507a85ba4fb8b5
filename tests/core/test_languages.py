import re
from collections.abc import Mapping

import pytest

from spatial.core.errors import ConfigError
from spatial.core.languages import KNOWN_LANGUAGES, LANGUAGES, in_sentence, texts
from spatial.core.model import ASPECTS, EVIDENCE, FLOATING
from spatial.settings.loading import DEFAULTS

BOOKS = ("strings", "report", "errors", "help")
PLACEHOLDER = re.compile(r"\{\w*\}")


def leaves(value, path=()):
    if isinstance(value, Mapping):
        return {leaf: text for key in value for leaf, text in leaves(value[key], (*path, key)).items()}
    return {path: value}


@pytest.mark.parametrize("book", BOOKS)
@pytest.mark.parametrize("lang", KNOWN_LANGUAGES)
def test_every_language_has_the_same_keys_and_placeholders(lang, book):
    mine, danish = leaves(texts(lang, book)), leaves(texts("da", book))
    assert mine.keys() == danish.keys()
    for path, text in mine.items():
        if not isinstance(text, str):  # the examples of a command, lines to type
            assert text == danish[path] or path[-1] == "examples"
            continue
        assert text.strip() or not danish[path].strip(), path  # a bare number has no unit
        if book != "errors":  # test_messages.py holds those against what is given
            assert sorted(PLACEHOLDER.findall(text)) == sorted(PLACEHOLDER.findall(danish[path])), path


@pytest.mark.parametrize("lang", KNOWN_LANGUAGES)
def test_everything_judged_and_drawn_has_words(lang):
    import tomllib

    words = texts(lang)
    assert set(words["aspect"]) == {FLOATING, *ASPECTS}
    assert set(words["evidence"]) == set(EVIDENCE)
    rubric = tomllib.loads((DEFAULTS / "rubric.toml").read_text(encoding="utf-8"))
    assert set(rubric["indicator"]) <= set(words["indicator"])
    tags = tomllib.loads((DEFAULTS / "tags.toml").read_text(encoding="utf-8"))
    assert {*tags["kind"], *tags["context"]} <= set(words["kind"])


def test_unknown_language_says_which_there_are():
    with pytest.raises(ConfigError, match=r"'sv'.*da, en, de"):
        texts("sv")


def test_texts_are_read_only():
    with pytest.raises(TypeError):
        texts("da")["map"]["language"] = "x"


def test_a_language_is_added_by_files_alone():
    """German is: no line of code names it."""
    package = DEFAULTS.parent
    assert [path.name for path in package.rglob("*.py") if re.search(r"[\"']de([-_]DE)?[\"']", _code(path))] == []


def _code(path):
    """A module without its docstrings and comments."""
    import ast

    tree = ast.parse(path.read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        if isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef)) and ast.get_docstring(node) is not None:
            node.body = node.body[1:] or [ast.Pass()]
    return ast.unparse(tree)


def test_a_draft_says_that_it_is_one_and_is_in_its_own_language():
    assert KNOWN_LANGUAGES == ("da", "en", "de") and LANGUAGES == ("da", "en")
    assert texts("de")["map"]["language"] == "Deutsch (Entwurf)"
    for book in BOOKS:
        mine, english = leaves(texts("de", book)), leaves(texts("en", book))
        words = [
            path
            for path, text in english.items()
            if isinstance(text, str) and len(re.findall(r"[a-z]{3,}", PLACEHOLDER.sub("", text))) > 3
        ]
        assert len(words) > 100 and [path for path in words if mine[path] == english[path]] == []


def test_no_language_calls_estates_by_a_bad_name_or_ranks_residents():
    for lang in KNOWN_LANGUAGES:
        for book in BOOKS:
            text = " ".join(str(text) for text in leaves(texts(lang, book)).values()).lower()
            assert not re.search(r"ghetto(?!område\")|brennpunkt|problemviertel|asozial", text), (lang, book)


def test_nouns_stay_large_where_a_language_writes_them_so():
    assert in_sentence("Legeplads", texts("da")) == "legeplads"
    assert in_sentence("Spielplatz", texts("de")) == "Spielplatz"
