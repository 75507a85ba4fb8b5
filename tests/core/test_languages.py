import re
from collections.abc import Mapping

import pytest
from babel import Locale

from spatial.core.errors import ConfigError
from spatial.core.languages import KNOWN_LANGUAGES, LANGUAGES, in_sentence, kinds_counted, locale, plural, texts
from spatial.core.model import ASPECTS, EVIDENCE, FLOATING
from spatial.settings.loading import DEFAULTS

BOOKS = ("strings", "report", "errors", "help")
PLACEHOLDER = re.compile(r"\{\w*\}")


FORMS = {"zero", "one", "two", "few", "many", "other"}


def is_plural(value):
    """Whether this is one text in several plurals."""
    return isinstance(value, Mapping) and "other" in value and value.keys() <= FORMS


def leaves(value, path=(), *, plurals=False):
    """All texts by their path; with ``plurals``, those of one text in several plurals together."""
    if isinstance(value, Mapping) and not (plurals and is_plural(value)):
        return {leaf: text for key in value for leaf, text in leaves(value[key], (*path, key), plurals=plurals).items()}
    return {path: value}


@pytest.mark.parametrize("book", BOOKS)
@pytest.mark.parametrize("lang", KNOWN_LANGUAGES)
def test_every_language_has_the_same_keys_and_placeholders(lang, book):
    mine, danish = (leaves(texts(code, book), plurals=True) for code in (lang, "da"))
    assert mine.keys() == danish.keys()
    for path, forms in mine.items():
        text, wanted = (whole["other"] if is_plural(whole) else whole for whole in (forms, danish[path]))
        if not isinstance(text, str):  # the examples of a command, lines to type
            assert text == wanted or path[-1] == "examples"
            continue
        assert text.strip() or not wanted.strip(), path  # a bare number has no unit
        if book != "errors":  # test_messages.py holds those against what is given
            assert sorted(PLACEHOLDER.findall(text)) == sorted(PLACEHOLDER.findall(wanted)), path
            if is_plural(forms):  # a form for each that the language tells apart, and nothing in it that is not given
                assert forms.keys() == {*Locale.parse(locale(lang).replace("-", "_")).plural_form.tags, "other"}, path
                assert all(set(PLACEHOLDER.findall(form)) <= set(PLACEHOLDER.findall(text)) for form in forms.values())


def test_a_language_with_more_plurals_needs_only_its_files():
    polish = {**texts("en"), "format": {**texts("en")["format"], "locale": "pl-PL"}}
    forms = {"one": "{n} ławka", "few": "{n} ławki", "many": "{n} ławek", "other": "{n} ławki"}
    said = [plural(forms, n, polish).format(n=n) for n in (0, 1, 2, 5, 12, 22, 25)]
    assert said == ["0 ławek", "1 ławka", "2 ławki", "5 ławek", "12 ławek", "22 ławki", "25 ławek"]
    bench = {"title": "Ławka", "plural": {"few": "ławki", "many": "ławek", "other": "ławki"}}
    polish["kind"] = {**texts("en")["kind"], "bench": bench}
    assert [kinds_counted("bench", n, polish) for n in (1, 3, 7)] == ["1 ławka", "3 ławki", "7 ławek"]
    assert plural("{n} m", 5, polish) == "{n} m"


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
