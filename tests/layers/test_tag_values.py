"""What values of tags say: within the vocabulary what the wiki says, outside it nothing."""

from __future__ import annotations

import ast
import importlib
import math
from datetime import date
from pathlib import Path

import geopandas as gpd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import spatial
from spatial.indicators import commitment
from spatial.layers import lifecycle
from spatial.layers.streets import read_way, wheels_pass
from spatial.layers.tag_values import read, vocabulary
from spatial.network import graph
from spatial.settings.tags import tag_rules

KEYS = sorted(vocabulary())
# Words that no vocabulary holds, and that are no numbers.
JUNK = st.from_regex(r"zz[a-zæøå_ .:']{0,12}", fullmatch=True)


def words(key):
    entry = vocabulary()[key]
    return [word for group in ("yes", "no", "perhaps", "flat") for word in entry.get(group, ())]


def full(key):
    unit = vocabulary()[key].get("number")
    if unit in (None, "charged"):
        return (0.0, 1.0)
    return (-math.inf if unit == "level" else 0.0, math.inf)


@pytest.mark.parametrize("key", KEYS)
@settings(max_examples=10)
@given(value=JUNK)
def test_what_nobody_knows_says_nothing(key, value):
    assert read(key, value) == (*full(key), False)
    assert read(key, None)[:2] == full(key)


@pytest.mark.parametrize("key", KEYS)
@settings(max_examples=30)
@given(value=st.text(max_size=20))
def test_no_text_is_certain_without_a_word_or_a_number(key, value):
    said = read(key, value)
    assert full(key)[0] <= said.low <= said.high <= full(key)[1]
    if not said.is_read:
        assert said[:2] == full(key)
    elif said[:2] != full(key):
        parts = [part.strip().lower() for part in value.split(";")]
        known = (*words(key), "true", "false", "ja", "nej")
        assert any(part in known or any(sign in "0123456789" for sign in part) for part in parts)


@pytest.mark.parametrize("key", KEYS)
def test_upper_case_and_blanks_change_nothing(key):
    for word in words(key):
        assert read(key, f" {word.upper()}  ") == read(key, word)
        assert read(key, word).is_read


@pytest.mark.parametrize("key", KEYS)
def test_of_a_list_every_part_holds_somewhere(key):
    for first, second in zip(words(key), reversed(words(key)), strict=True):
        parts = [read(key, first), read(key, second)]
        whole = read(key, f"{first};{second}")
        assert whole[:2] == (min(part.low for part in parts), max(part.high for part in parts))
        assert not read(key, f"{first};zz").is_read
        assert read(key, f"{first};zz")[:2] == full(key)


@pytest.mark.parametrize(
    ("key", "value", "low", "high"),
    [
        ("fee", "free", 0, 0),
        ("fee", "0", 0, 0),
        ("fee", "No", 0, 0),
        ("fee", "unknown", 0, 1),
        ("fee", "20 kr", 1, 1),
        ("charge", "0 DKK", 0, 0),
        ("charge", "20 DKK/hour", 1, 1),
        ("reservation", "not_needed", 0, 0),
        ("supervised", "unknown", 0, 1),
        ("access", "no;yes", 0, 1),
        ("incline", "1:8", 0.125, 0.125),
        ("incline", "-12,5 %", 0.125, 0.125),
        ("incline", "45°", 1, 1),
        ("incline", "up", 0, math.inf),
        ("incline", "down", 0, math.inf),
        ("incline", ">=10%", 0.1, math.inf),
        ("incline", "<=5%", 0, 0.05),
        ("incline", "2%;8%", 0.02, 0.08),
        ("incline", "5", 0, math.inf),
        ("width", "6'2\"", 74 * 0.0254, 74 * 0.0254),
        ("width", "6 ft 2 in", 74 * 0.0254, 74 * 0.0254),
        ("width", "1,5", 1.5, 1.5),
        ("width", "150 cm", 1.5, 1.5),
        ("width", "1-2 m", 1, 2),
        ("width", "-1", 0, math.inf),
        ("kerb:height", "12 cm", 0.12, 0.12),
        ("kerb:height", "0.03", 0.03, 0.03),
        ("kerb:height", "12", 0, math.inf),
        ("maxspeed", "50", 50, 50),
        ("maxspeed", "30 mph", 48.28032, 48.28032),
        ("maxspeed", "80 km/h", 80, 80),
        ("maxspeed", "DK:urban", 50, 50),
        ("layer", "-1;0", -1, 0),
        ("building:flats", "20", 20, 20),
        ("building:flats", "1.200", 0, math.inf),
        ("building:levels", "3,5", 3.5, 3.5),
        ("surface", "asphalt;gravel", 0, 1),
        ("width", "1\u20132 m", 1, 2),
        ("width", "1..2", 1, 2),
        ("width", ".8", 0.8, 0.8),
        ("width", "3\u20326\u2033", 42 * 0.0254, 42 * 0.0254),
        ("incline", "\u22128\uff05", 0.08, 0.08),
        ("level", "-2--1", -2, -1),
        ("supervised", "true", 1, 1),
        ("locked", "nej", 0, 0),
    ],
)
def test_values_as_people_write_them(key, value, low, high):
    assert read(key, value)[:2] == pytest.approx((low, high))


# --- which keys are read, found in the code itself -----------------------------------------------

WINGS = ("analysis", "batch", "indicators", "layers", "network", "osm", "places", "plans", "scoring", "terrain")
OF_TAGS = {"tags", "own", "mine", "theirs", "t", "one", "kept"}
# Keys that are read, and are not in the vocabulary, with the reason.
WHAT_IT_IS = {
    "amenity", "area", "building", "covered", "crossing", "cycleway", "damage", "door", "entrance", "footway", "garden",
    "garden:type", "highway", "landuse", "leisure", "location", "man_made", "natural", "office", "parking",
    "path", "pitch", "place", "playground", "power", "public_transport", "railway", "residential", "shop",
    "social_facility", "sport", "square", "tourism", "waterway",
}  # fmt: skip
NAMES_AND_OWNERS = {"name", "operator", "operator:type", "owner", "ownership", "addr:housenumber", "addr:street"}
HOURS = {"opening_hours", "access:conditional"}  # test_hours.py
OUR_OWN = {"plan:cleared"}
COLUMNS = {"areas", "lines", "points", "area_m2", "at", "best_after", "best_before", "kind", "tags", "ways_in"}


def called(node):
    return node.id if isinstance(node, ast.Name) else node.attr if isinstance(node, ast.Attribute) else ""


def keys_asked_for(node):
    """The expression of a key, where a piece of code asks tags for it."""
    match node:
        case ast.Call(func=ast.Attribute(value=of, attr="get"), args=[key, *_]) if called(of) in OF_TAGS:
            return [key]
        case ast.Call(func=f, args=[_, key, *_]) if called(f) == "read_tag":
            return [key]
        case ast.Call(func=f, args=[key, *_]) if called(f) in ("read", "states"):
            return [key]
        case ast.Call(func=ast.Attribute(value=ast.Call(func=f), attr="isdisjoint"), args=[keys]) if (
            called(f) == "keys"
        ):
            return [keys]
        case ast.Call(func=ast.Attribute(value=keys, attr="isdisjoint"), args=[of]) if called(of) in OF_TAGS:
            return [keys]
        case ast.Subscript(value=of, slice=key) if called(of) in OF_TAGS:
            return [key]
        case ast.Compare(left=key, ops=[ast.In() | ast.NotIn()], comparators=[of]) if called(of) in OF_TAGS:
            return [key]
    return []


def texts(expression, module):
    """Texts that an expression may be: written there, or in a constant of the module."""
    match expression:
        case ast.Constant(value=str(text)):
            return {text}
        case ast.Tuple(elts=parts) | ast.List(elts=parts) | ast.Set(elts=parts):
            return {text for part in parts for text in texts(part, module)}
        case ast.Starred(value=part):
            return texts(part, module)
        case ast.IfExp(body=one, orelse=other):
            return texts(one, module) | texts(other, module)
    value = getattr(module, called(expression), ()) if called(expression) else ()
    value = (value,) if isinstance(value, str) else value
    return (
        {text for text in value if isinstance(text, str)}
        if isinstance(value, tuple | frozenset | set | dict)
        else set()
    )


def keys_read(path):
    """Keys of tags that a module asks for; one that is a name in a loop is each that the loop goes over."""
    module = importlib.import_module(".".join(path.with_suffix("").parts).removesuffix(".__init__"))
    tree = ast.parse(path.read_text(encoding="utf-8"))
    loops = {}
    for node in ast.walk(tree):
        for loop in [*getattr(node, "generators", ()), *([node] if isinstance(node, ast.For) else ())]:
            if isinstance(loop.target, ast.Name):
                loops.setdefault(loop.target.id, set()).update(texts(loop.iter, module))
    asked = [key for node in ast.walk(tree) for key in keys_asked_for(node)]
    of_loops = [loops.get(key.id, set()) for key in asked if isinstance(key, ast.Name)]
    return {text for found in (*of_loops, *(texts(key, module) for key in asked)) for text in found}


def test_every_tag_that_is_read_anywhere_is_in_the_vocabulary_or_says_what_a_thing_is(monkeypatch):
    root = Path(spatial.__file__).parents[1]
    monkeypatch.chdir(root)
    modules = [path for wing in WINGS for path in sorted(Path("spatial", wing).rglob("*.py"))]
    found = {key for path in modules for key in keys_read(path)}
    assert {"incline", "fee", "locked", "building:flats", "maxspeed", "kerb:height", "disused", "ramp:luggage"} <= found
    others = WHAT_IT_IS | NAMES_AND_OWNERS | HOURS | OUR_OWN | COLUMNS | lifecycle.FORMER | {*lifecycle.DATES}
    assert found - others - {*KEYS} == set()
    of_terms = {key for _, keys in commitment.TERMS for key in keys}
    assert {*KEYS} - found - of_terms - {"dwellings"} == set()


# --- what a reader makes of a value that nobody knows --------------------------------------------

# Of these none says by itself whether wheels get along a path.
NOT_OF_WHEELS = {
    "bridge", "conveying", "layer", "lit", "maxspeed", "ramp", "ramp:bicycle", "ramp:luggage", "ramp:stroller",
    "ramp:wheelchair", "wheelchair:ramp", "sidewalk", "tunnel", *lifecycle.STATED, *lifecycle.STATES,
}  # fmt: skip
OF_WHEELS = [key for key in KEYS if "way" in vocabulary()[key]["of"] and key not in NOT_OF_WHEELS]
OF_NODES = [key for key in KEYS if "node" in vocabulary()[key]["of"] and key not in NOT_OF_WHEELS]


@pytest.mark.parametrize("key", OF_WHEELS)
@settings(max_examples=5)
@given(value=JUNK)
def test_a_path_with_a_value_that_nobody_knows_may_be_free_of_steps_or_not(key, value):
    way = read_way({"highway": "footway", "surface": "asphalt", key: value}, tag_rules().walk)
    assert way.allowed
    table = gpd.GeoDataFrame({name: [said] for name, said in way._asdict().items()})
    assert graph._step_free(table).tolist() == [graph.UNKNOWN]


@pytest.mark.parametrize("key", OF_NODES)
@settings(max_examples=5)
@given(value=JUNK)
def test_a_gate_with_a_value_that_nobody_knows_may_let_wheels_through_or_not(key, value):
    assert wheels_pass({"barrier": "gate"} | {key: value}, tag_rules()) == graph.UNKNOWN


@pytest.mark.parametrize("key", sorted({*lifecycle.DATES, *lifecycle.STATED, *lifecycle.STATES}))
@settings(max_examples=5)
@given(value=JUNK)
def test_what_nobody_can_read_takes_nothing_away(key, value):
    assert lifecycle.reason_to_leave_out({"amenity": "bench", key: value}, date(2024, 5, 6)) is None


@pytest.mark.parametrize("value", [">10%", "> 10 %"])
def test_more_than_is_more(value):
    assert read("incline", value).low > 0.1
    assert read("incline", "<10%").high < 0.1
