"""Which facts stand behind what is not known."""

import numpy as np
import pytest

from spatial.core.languages import LANGUAGES, texts
from spatial.indicators import evidence as indicators_evidence
from spatial.indicators import registry, unknown_facts
from spatial.settings.tags import tag_rules
from spatial.sources.field_answers import HERE


@pytest.mark.parametrize(
    ("reads", "tags", "nature", "expected"),
    [
        (("foot", "access"), {}, (), ("access",)),
        (("foot", "access"), {"access": "yes"}, (), ()),  # one of its keys answers it
        (("fee", "reservation"), {"charge": "5 DKK"}, (), ("booking",)),
        (("fee", "reservation"), {}, ("fee",), ("booking",)),  # nobody pays for a bench
        (("surface",), {}, (), ()),  # no fact that can be asked of a place
    ],
)
def test_facts_of_a_place(reads, tags, nature, expected):
    assert unknown_facts.unknown_facts_of_place(reads, tags, nature) == expected


def test_written_and_joined_once():
    assert unknown_facts.joined_facts([unknown_facts.facts_as_text("b", ["fee"]), "", "a#fee;b#fee"]) == "a#fee;b#fee"


def test_positions_are_means_over_the_facts_of_a_cell():
    behind = np.array([["p#a", "p#a;p#b", ""], ["p#b", "", "x"]], dtype=object)
    open_ = np.array([[True, True, True], [True, False, True]])
    cells = unknown_facts.cells(behind, open_, ["p", "q"], ["i", "j", "k"])
    assert cells.keys == ("p#a", "p#b", "p#k", "x")
    # Cells in the order (p, i), (p, j), (p, k), (q, i), (q, k): a, (a + b) / 2, its own, b, x.
    expected = [0.2, 0.5, 0.4, 0.8, 0.6]
    assert cells.positions(np.array([0.2, 0.8, 0.4, 0.6])) == pytest.approx(expected)
    assert cells.positions(np.zeros((7, 4))).shape == (7, 5)


def test_no_open_cell():
    cells = unknown_facts.cells(np.full((2, 2), "", dtype=object), np.zeros((2, 2), dtype=bool), ["p", "q"], ["i", "j"])
    assert cells.keys == () and cells.positions(np.empty((3, 0))).shape == (3, 0)


@pytest.mark.parametrize("lang", LANGUAGES)
def test_every_fact_has_words_and_every_declared_fact_exists(lang):
    known = unknown_facts.vocabulary()
    assert set(texts(lang)["fact"]) == {*known.names, HERE}
    for spec in registry.registry().values():
        assert set(spec.surroundings) <= set(known.surroundings)
        # A space has no tags: it has the best of its places, but where an indicator asks its places itself.
        assert not spec.reads or spec.members or spec.id in ("enclosure", "legal_access", "occasion")


def test_what_is_not_known_of_a_whole_class_is_one_fact_of_all_places():
    text = [unknown_facts.facts_as_text(place, ["class:occasion:bench", "fee"]) for place in "pq"]
    assert text == ["class:occasion:bench;p#fee", "class:occasion:bench;q#fee"]
    cells = unknown_facts.cells(np.array([text]).T.astype(object), np.ones((2, 1), dtype=bool), list("pq"), ["i"])
    assert cells.keys == ("class:occasion:bench", "p#fee", "q#fee")
    assert cells.positions(np.array([0.5, 0.1, 0.9])) == pytest.approx([0.3, 0.7])


def test_an_indicator_may_name_such_a_fact_though_it_reads_no_tags():
    spec = next(s for s in registry.registry().values() if not (s.reads or s.surroundings or s.members))
    texts_ = np.array(["class:neutrality:bench", "", "class:neutrality:bench"], dtype=object)
    low, high = np.array([0.1, 0.5, 0.1]), np.array([0.9, 0.5, 0.9])
    measured = registry.Measured((low + high) / 2, low, high, texts_, texts_, facts=texts_)
    columns = list("pqr"), [{}] * 3, ["bench"] * 3, ["s"] * 3
    about = tuple(np.array(column, dtype=object) for column in columns)
    found = indicators_evidence._facts(spec, measured, measured, about, [], tag_rules())
    assert found.tolist() == ["class:neutrality:bench", "", "class:neutrality:bench"]
