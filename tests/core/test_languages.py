import re
from collections.abc import Mapping

import pytest

from spatial.core.errors import ConfigError
from spatial.core.languages import LANGUAGES, texts
from spatial.core.model import ASPECTS, EVIDENCE, FLOATING
from spatial.settings.loading import DEFAULTS

PLACEHOLDER = re.compile(r"\{\w*\}")


def leaves(value, path=()):
    if isinstance(value, Mapping):
        return {leaf: text for key in value for leaf, text in leaves(value[key], (*path, key)).items()}
    return {path: value}


@pytest.mark.parametrize("book", ["strings", "report"])
@pytest.mark.parametrize("lang", LANGUAGES)
def test_every_language_has_the_same_keys_and_placeholders(lang, book):
    mine, danish = leaves(texts(lang, book)), leaves(texts("da", book))
    assert mine.keys() == danish.keys()
    for path, text in mine.items():
        if not isinstance(text, str):  # the months
            assert len(text) == len(set(text)) == len(danish[path]) == 12
            continue
        assert text.strip() or path[0] == "unit", path  # a bare number has none
        assert sorted(PLACEHOLDER.findall(text)) == sorted(PLACEHOLDER.findall(danish[path])), path


@pytest.mark.parametrize("lang", LANGUAGES)
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
    with pytest.raises(ConfigError, match=r"'sv'.*da, en"):
        texts("sv")


def test_texts_are_read_only():
    with pytest.raises(TypeError):
        texts("da")["map"]["language"] = "x"
