"""Selectors over tags, and rubrics: what is read and which mistake is named how."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spatial.core.errors import ConfigError
from spatial.core.model import ASPECTS, GATE
from spatial.settings import loading, rubric
from spatial.settings import tags as settings_tags
from spatial.settings.tags import Matcher

# --- selectors --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("selector", "tags", "matches"),
    [
        ("amenity=bench", {"amenity": "bench"}, True),
        ("amenity=bench", {"amenity": " Bench"}, True),
        ("amenity=bench", {"amenity": "waste_basket;bench"}, True),
        ("amenity=bench", {"amenity": "bench_swing"}, False),
        ("leisure=pitch & sport=chess", {"leisure": "Pitch", "sport": "chess;soccer"}, False),
        ("a=1 & !b=2", {"a": "1", "b": "2;3"}, False),
        ("amenity=bench", {"leisure": "bench"}, False),
        ("amenity=bench", {}, False),
        ("shop=*", {"shop": "anything"}, True),
        ("shop=*", {"office": "x"}, False),
        ("a=1 & b=2", {"a": "1", "b": "2"}, True),
        ("a=1 & b=2", {"a": "1"}, False),
        ("a=1 & !b=2", {"a": "1"}, True),
        ("a=1 & !b=2", {"a": "1", "b": "3"}, True),
        ("a=1 & !b=2", {"a": "1", "b": "2"}, False),
        ("a=1 & !b=*", {"a": "1", "b": "3"}, False),
        ("a=1 & !b=*", {"a": "1"}, True),
        ("!b=2 & a=1", {"a": "1"}, True),
        ("!b=2 & a=1", {"a": "1", "b": "2"}, False),
        ("!b=* & a=*", {"a": "9"}, True),
        ("a=x=y", {"a": "x=y"}, True),
        ("addr:street=H. C. Ørsteds Vej", {"addr:street": "H. C. Ørsteds Vej"}, True),
    ],
)
def test_selectors(selector, tags, matches):
    matcher = Matcher.of({"it": [selector]})
    assert (matcher.first(tags) is not None) is matches
    assert matcher.first(tags) == ("it" if matches else None)


def test_the_first_name_wins_whatever_the_order_of_tags():
    matcher = Matcher.of({"one": ["x=9", "a=1"], "two": ["b=1"], "three": ["a=1 & b=1"]})
    assert matcher.first({"a": "1", "b": "1"}) == matcher.first({"b": "1", "a": "1"}) == "one"
    assert matcher.first({"b": "1"}) == "two" and matcher.first({"x": "1"}) is None


@given(st.dictionaries(st.sampled_from("abc"), st.sampled_from("12")))
def test_a_matcher_agrees_with_plain_search(tags):
    groups = {"one": ["a=1 & !b=2", "!a=* & c=*"], "two": ["b=*"], "three": ["c=2 & !a=1"]}

    def holds(selector):
        for part in selector.split(" & "):
            key, _, value = part.lstrip("!").partition("=")
            if (key in tags and value in ("*", tags[key])) == part.startswith("!"):
                return False
        return True

    expected = next((n for n, selectors in groups.items() if any(map(holds, selectors))), None)
    assert Matcher.of(groups).first(tags) == expected


@pytest.mark.parametrize("selector", ["", "bench", "=bench", "amenity=", "a=1 & ", "!", "!a=1"])
def test_selectors_that_select_nothing_are_refused(selector):
    """Nothing but a negation would match every object there is."""
    with pytest.raises(ConfigError, match=re.escape(repr(selector))):
        Matcher.of({"it": [selector]})


def test_the_bundled_tag_choices_are_whole():
    rules = settings_tags.tag_rules()
    assert "bench" in rules.kinds and rules.kinds["bench"].seat
    for name, kind in rules.kinds.items():
        assert 0 <= kind.neutrality <= 1 and kind.footprint_m > 0 and kind.why.strip(), name
        assert kind.activities and kind.ages, name
    assert set(rules.access["values"].values()) <= {0.0, 0.3, 1.0}


# --- rubrics ----------------------------------------------------------------------------

BUNDLED = (loading.DEFAULTS / "rubric.toml").read_text(encoding="utf-8")


def changed(path, *replacements):
    """Write the bundled rubric with some text replaced, each once."""
    text = BUNDLED
    for old, new in replacements:
        assert old in text, old
        text = text.replace(old, new, 1)
    path.write_text(text, encoding="utf-8")
    return path


def entry(name, old, new):
    """Replace something in the entry of one indicator."""
    start = BUNDLED.index(f"[indicator.{name}]")
    end = BUNDLED.find("[indicator.", start + 1)
    block = BUNDLED[start:end]
    found = re.search(old, block, re.MULTILINE)
    assert found, old
    return block, block[: found.start()] + new + block[found.end() :]


def test_the_bundled_rubric():
    spec = rubric.rubric()
    assert spec.aspect_weights == dict(zip(ASPECTS, (0.20, 0.15, 0.10, 0.35, 0.20), strict=True))
    assert {rule.aspect for rule in spec.rules.values()} == {*ASPECTS, GATE}
    legal = spec.rules["legal_access"]
    assert (legal.aspect, legal.weight, legal.curve, legal.plausible) == (GATE, 1.0, ((0, 0), (1, 1)), (0, 1))
    assert (spec.mean, spec.min_coverage, spec.draws, spec.top_k) == ("geometric", 0.4, 1000, 10)


def test_a_rubric_of_ones_own(tmp_path):
    path = changed(tmp_path / "mine.toml", entry("open_hours", r"^weight = .*", "weight = 5"))
    assert rubric.rubric(path).rules["open_hours"].weight == 5
    assert rubric.rubric(path).rules["legal_access"] == rubric.rubric().rules["legal_access"]


WEIGHT, VALUE, PLAUSIBLE = r"^weight = .*", r"^value = .*", r"^plausible = .*"


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        (r'^aspect = .*', 'aspect = "beauty"', "'beauty'"),
        (r'^aspect = .*', "", "aspect"),
        (WEIGHT, "weight = -1.0", "-1"),
        (WEIGHT, "weight = nan", "nan"),
        (WEIGHT, "weight = inf", "inf"),
        (WEIGHT, 'weight = "much"', "much"),
        (WEIGHT, "", "weight"),
        (VALUE, "", "value"),
        (VALUE, "value = []", "at least one"),
        (VALUE, "value = [[1.0, 0.0], [0.0, 1.0]]", "sort"),
        (VALUE, "value = [[0.0, 0.0], [0.0, 1.0]]", "sort"),
        (VALUE, "value = [[0.0, 0.0], [nan, 1.0]]", "nan"),
        (VALUE, "value = [[0.0, 0.0], [inf, 1.0]]", "inf"),
        (VALUE, "value = [[0.0, -0.1], [1.0, 1.0]]", "-0.1"),
        (VALUE, "value = [[0.0, 0.0], [1.0, 1.1]]", "1.1"),
        (VALUE, "value = [[0.0, 0.0], [1.0, nan]]", "nan"),
        (VALUE, "value = [[0.0], [1.0]]", ""),
        (VALUE, "value = [0.0, 1.0]", ""),
        (VALUE, 'value = "logarithm"', "'logarithm'"),
        (VALUE, "value = 3", ""),
        (PLAUSIBLE, "plausible = [1.0, 0.0]", "plausible"),
        (PLAUSIBLE, "plausible = [0.0, nan]", "plausible"),
        (PLAUSIBLE, "plausible = [0.0]", ""),
        (PLAUSIBLE, 'plausible = "any"', ""),
        (r'^why = .*', "", "why"),
    ],
)  # fmt: skip
def test_a_mistake_in_an_entry_names_the_file_and_the_indicator(old, new, words, tmp_path):
    path = changed(tmp_path / "mine.toml", entry("legal_access", old, new))
    with pytest.raises(ConfigError) as caught:
        rubric.rubric(path)
    message = str(caught.value)
    assert message.startswith(f"{path}: ") and "\n" not in message
    assert "[indicator.legal_access]" in message and words in message


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("openness = 0.20", "openness = -1.0", "[aspect]"),
        ("openness = 0.20", "openness = nan", "[aspect]"),
        ("openness = 0.20", "openness = inf", "[aspect]"),
        ("openness = 0.20", "", "openness"),
        ('mean = "geometric"', 'mean = "harmonic"', "'harmonic'"),
        ('mean = "geometric"', "", "mean"),
        ("min_coverage = 0.4", "min_coverage = 1.5", "min_coverage"),
        ("min_coverage = 0.4", "min_coverage = nan", "min_coverage"),
        ("draws = 1000", "draws = 0", "[stability]"),
        ("draws = 1000", "draws = inf", ""),
        ("concentration = 50.0", "concentration = 0.0", "[stability]"),
        ("concentration = 50.0", "concentration = nan", "[stability]"),
        ("top_k = 10", "top_k = 0", "[stability]"),
        ("[stability]", "[other]", "stability"),
    ],
)  # fmt: skip
def test_a_mistake_elsewhere_names_the_file_and_the_place(old, new, words, tmp_path):
    path = changed(tmp_path / "mine.toml", (old, new))
    with pytest.raises(ConfigError) as caught:
        rubric.rubric(path)
    message = str(caught.value)
    assert message.startswith(f"{path}: ") and "\n" not in message and words in message


def test_aspects_of_which_none_counts_are_refused(tmp_path):
    text = re.sub(rf"^({'|'.join(ASPECTS)}) = \S+", r"\1 = 0", BUNDLED, flags=re.MULTILINE)
    (tmp_path / "mine.toml").write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError, match=r"\[aspect\]"):
        rubric.rubric(tmp_path / "mine.toml")


def test_an_aspect_that_counts_but_that_nothing_measures_is_refused(tmp_path):
    """Its score would be 0, and with it the product of all, for every place."""
    text = re.sub(r'(aspect = "mixing"\nweight = )\S+', r"\g<1>0.0", BUNDLED)
    (tmp_path / "mine.toml").write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError, match=r"mixing.*no indicator"):
        rubric.rubric(tmp_path / "mine.toml")
    text = text.replace("mixing = 0.20", "mixing = 0.0", 1)
    (tmp_path / "mine.toml").write_text(text, encoding="utf-8")
    assert rubric.rubric(tmp_path / "mine.toml").aspect_weights["mixing"] == 0


@pytest.mark.parametrize("content", [b"x = ", b"\xff\xfe", b"", b"indicator = 3", b"[indicator]\nx = 3", b"[aspect]"])
def test_what_is_no_rubric(content, tmp_path):
    path = tmp_path / "mine.toml"
    path.write_bytes(content)
    with pytest.raises(ConfigError) as caught:
        rubric.rubric(path)
    assert str(caught.value).startswith(f"{path}: ") and "\n" not in str(caught.value)


def test_a_rubric_that_is_not_there(tmp_path):
    for path in (tmp_path / "gone.toml", tmp_path):
        with pytest.raises(ConfigError, match="cannot be read"):
            rubric.rubric(path)


# --- conditions, and the first edition ----------------------------------------------------------

FIRST = """
min_coverage = 0.5
mean = "geometric"
aspect = { openness = 1, accessibility = 0, neutrality = 0, low_threshold = 0, mixing = 1 }
stability = { draws = 10, concentration = 50, top_k = 10 }
[indicator.legal_access]
aspect = "%s"
weight = %s
value = [[0, 0], [1, %s]]
why = "The right to be there."
[indicator.open_hours]
aspect = "openness"
weight = 1
value = [[0, 0], [1, 1]]
why = "Come and go."
"""
MIXING = """
[indicator.%s]
aspect = "mixing"
weight = 1
value = [[0, 0], [1, 1]]
why = "Several reasons."
"""


def second_edition(monkeypatch):
    """Let the bundled rubric be of the second edition."""
    ours = loading.load_toml(None, "rubric.toml")
    kept = {name: entry for name, entry in ours["indicator"].items() if name not in rubric.FIRST_EDITION}
    ours = {**ours, "indicator": {**kept, "legal_access": {"aspect": "gate"}}}
    load = rubric.load_toml
    monkeypatch.setattr(rubric, "load_toml", lambda path, name: ours if path is None else load(path, name))


@pytest.mark.parametrize("lang", ["da", "en"])
def test_a_rubric_of_the_first_edition_is_told_what_became_of_each_rule(lang, tmp_path, monkeypatch):
    second_edition(monkeypatch)
    path = tmp_path / "mine.toml"
    path.write_text(FIRST % ("openness", 2, 1) + MIXING % "mix_in_out" + MIXING % "variety", encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        rubric.rubric(path)
    first, *lines = caught.value.said(lang).split("\n  ")
    assert str(path) in first and [line.split()[0] for line in lines] == [
        "[indicator.legal_access]", "[indicator.variety]", "[indicator.mix_in_out]",
    ]  # fmt: skip
    assert "'gate'" in lines[0] and "rubric.toml" in lines[-1]
    # Only what is of the first edition is named.
    path.write_text(FIRST % ("gate", 1, 1) + MIXING % "variety", encoding="utf-8")
    with pytest.raises(ConfigError, match="variety") as caught:
        rubric.rubric(path)
    assert "legal_access" not in str(caught.value) and "mix_in_out" not in str(caught.value)


def test_a_rule_may_be_a_condition(tmp_path, monkeypatch):
    second_edition(monkeypatch)
    path = tmp_path / "mine.toml"
    path.write_text(FIRST % ("gate", 1, 1) + MIXING % "groups", encoding="utf-8")
    assert rubric.rubric(path).rules["legal_access"].aspect == GATE
    for weight, top, wrong in ((2, 1, r"weight of a condition.* is 2"), (1, 1.5, "value reaches")):
        path.write_text(FIRST % ("gate", weight, top) + MIXING % "groups", encoding="utf-8")
        with pytest.raises(ConfigError, match=rf"legal_access\] {wrong}"):
            rubric.rubric(path)
