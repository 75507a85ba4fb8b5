"""What Python writes into the page is what payload.js tells the scripts; with a plan and with counts it is looked at
where those are tested."""

import pytest

from spatial.maps.web.page import OSM_TILES
from spatial.maps.web.payload import payload
from tests.maps import fixtures, payload_types

SMALL = """
/** @typedef {{ [key: string]: string | Texts }} Texts words */
/**
 * @typedef {object} Payload All of it.
 * @property {"a" | "b"} mode
 * @property {[number, number]} origin
 * @property {(number | null)[]} rank of each
 * @property {Record<string, number[]>} scores
 * @property {Texts | null} texts
 * @property {boolean} [inside]
 */
"""
RIGHT = {"mode": "b", "origin": [1, 2.5], "rank": [1, None], "scores": {"x": [3]}, "texts": {"a": {"b": "c"}}}


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({}, []),
        ({"inside": True, "texts": None, "rank": []}, []),
        ({"mode": "c"}, ["p.mode: 'c'"]),
        ({"origin": [1]}, ["p.origin: 1 items"]),
        ({"origin": [1, True]}, ["p.origin[1]: True is no number"]),
        ({"rank": [1, "2"]}, ["p.rank[1]: '2' is no number"]),
        ({"scores": {"x": [3], "y": None}}, ["p.scores.y: None is no array"]),
        ({"texts": {"a": {"b": 1}}}, ["p.texts.a: {'b': 1}"]),
        ({"inside": 1}, ["p.inside: 1 is no boolean"]),
        ({"more": 1}, ["p.more: not in payload.js"]),
    ],
)
def test_types_are_read_as_they_are_meant(change, expected):
    named = payload_types.parse(SMALL)
    assert list(payload_types._faults(RIGHT | change, ("name", "Payload"), "p", named)) == expected
    incomplete = {key: value for key, value in RIGHT.items() if key != "mode"}
    assert list(payload_types._faults(incomplete, ("name", "Payload"), "p", named)) == ["p.mode: missing"]


def test_the_page_of_a_result_is_told_what_its_scripts_expect():
    result = fixtures.synthetic()
    assert payload_types.faults(payload(result, "da")) == []
    assert payload_types.faults(payload(result, "en", fixtures.judged(result), tiles=OSM_TILES)) == []


def test_the_page_of_the_demo_is_told_what_its_scripts_expect(demo_result):
    assert payload_types.faults(demo_result.map("en").data) == []
