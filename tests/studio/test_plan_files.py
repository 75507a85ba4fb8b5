"""The plan that is looked at is the plan that the exported file holds, to the last bit."""

from __future__ import annotations

import random

import pytest
import shapely

import spatial
from spatial.core.errors import InputError
from spatial.plans import reading
from spatial.studio.history import Variant
from spatial.studio.plan_files import ENDINGS, plan_as_file
from spatial.studio.strokes import Stroke, as_feature, plan_of, rounded, stroke_of

HERE = (13.2632, 53.5607)


@pytest.fixture(scope="module")
def estate(demo_data):
    return spatial.Estate.from_file(demo_data / "reitbahnviertel.geojson")


def somewhere(dice: random.Random) -> tuple[float, float]:
    return HERE[0] + dice.uniform(-0.004, 0.004), HERE[1] + dice.uniform(-0.003, 0.003)


def drawn(dice: random.Random, number: int) -> Stroke:
    """A stroke as somebody may draw it."""
    x, y = somewhere(dice)
    point, line = shapely.Point(x, y), shapely.LineString([(x, y), somewhere(dice), somewhere(dice)])
    block = shapely.box(x, y, x + dice.uniform(1e-4, 4e-4), y + dice.uniform(1e-4, 3e-4))
    return dice.choice(
        [
            Stroke(f"bench-{number}", "add", "place", tags={"amenity": "bench", "backrest": "yes"}, geometry=point),
            Stroke(f"path-{number}", "add", "path", tags={"highway": "footway", "width": "2.50"}, geometry=line),
            Stroke(
                f"building-{number}",
                "add",
                "building",
                tags={"building": "apartments", "building:flats": "012"},
                geometry=block,
                note='opført 2027/03/01, æøå "»',
                phase=dice.choice([None, "1", "2", "10"]),
            ),
            Stroke(f"remove-{number}", "remove", "building", target=f"osm:way/{number}"),
            Stroke(f"change-{number}", "change", "gate", target="osm:node/5", tags={"access": "yes", "locked": "no"}),
        ]
    )


def scribbled(seed: int, strokes: int = 12) -> Variant:
    """A variant after random strokes, undone and done again."""
    dice, variant = random.Random(seed), Variant("A")
    for number in range(1, strokes + 1):
        one = drawn(dice, number)
        variant = variant.put(stroke_of(as_feature(one)))
        for _ in range(dice.randrange(3)):
            act = dice.choice(["undo", "redo", "drop"])
            variant = variant.drop(f"bench-{number}") if act == "drop" else getattr(variant, act)()
    return variant


@pytest.mark.parametrize("ending", ENDINGS)
def test_what_is_read_from_the_file_is_what_is_looked_at(ending, estate, tmp_path):
    path, kinds = tmp_path / f"plan{ending}", set()
    for seed in range(100):
        strokes = scribbled(seed).strokes
        if not strokes:
            continue
        path.write_bytes(plan_as_file(strokes, ending))
        there, here = reading.read_plan(path, estate), plan_of(strokes, "plan", estate)
        assert there.edits == here.edits
        kinds |= {(edit.action, edit.layer) for edit in here.edits}
    assert len(kinds) == 5


def test_words_that_look_like_dates_stay_words(estate, tmp_path):
    path = tmp_path / "plan.geojson"
    tags = {"amenity": "bench", "name": "12:30:00", "opening_hours": "24/7", "ref": "2027-03-01"}
    strokes = [Stroke("bench-1", "add", "place", tags=tags, geometry=shapely.Point(HERE), note="2027/03/01")]
    path.write_bytes(plan_as_file(strokes, ".geojson"))
    assert reading.read_plan(path, estate).edits == plan_of(strokes, "plan", estate).edits


@pytest.mark.parametrize("ending", ENDINGS)
def test_where_nothing_is_drawn_there_is_no_file(ending):
    with pytest.raises(InputError, match="nothing is drawn"):
        plan_as_file([], ending)


def test_a_stroke_comes_back_as_it_was_sent():
    for seed in range(50):
        one = drawn(random.Random(seed), seed)
        once = stroke_of(as_feature(one))
        assert stroke_of(as_feature(once)) == once
        assert once.tags == one.tags and once.note == one.note
        assert one.geometry is None or once.geometry == rounded(one.geometry)


@pytest.mark.parametrize(
    "wrong",
    [
        [],
        {"properties": {}},
        {"properties": {"feature": "a", "action": "burn", "layer": "place"}},
        {"properties": {"feature": "a", "action": "add", "layer": "moon"}},
        {"properties": {"feature": "a", "action": "remove", "layer": "place"}},
        {"properties": {"feature": "a\u202eb", "action": "add", "layer": "place"}},
        {"properties": {"feature": "a", "action": "add", "layer": "place", "fid": "1"}},
        {"properties": {"feature": "a", "action": "add", "layer": "place", "Name": "1"}},
        {"properties": {"feature": "a", "action": "add", "layer": "place", "name": 5}},
        {"properties": {"feature": "a", "action": "add", "layer": "place"}, "geometry": {"type": "GeometryCollection"}},
        {"properties": {"feature": "a", "action": "add", "layer": "place"}, "geometry": {"type": "Point"}},
        {
            "properties": {"feature": "a", "action": "add", "layer": "place"},
            "geometry": {"type": "Point", "coordinates": [1e999, 5]},
        },
        {
            "properties": {"feature": "a", "action": "add", "layer": "place"},
            "geometry": {"type": "LineString", "coordinates": [[0, 0]] * 2001},
        },
    ],
)
def test_what_is_no_stroke_is_refused_in_one_line(wrong):
    with pytest.raises(InputError) as refused:
        stroke_of(wrong)
    assert "\n" not in refused.value.said("da") and "\n" not in str(refused.value)
