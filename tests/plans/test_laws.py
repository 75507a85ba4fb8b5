"""Laws that hold for every plan, and four plans whose verdict is worked out on paper."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import shapely
from shapely import Point, box

from spatial.analysis.inputs import InputFiles, Inputs
from spatial.core.model import Edit, Plan
from spatial.osm import extract
from spatial.studies import plan_review
from tests import osm_xml
from tests.amount import some
from tests.analysis.test_run import PLAYGROUND, miniature
from tests.plans.test_drawings import ESTATE

X, Y = osm_xml.CENTRE_M
FLATS = {"building": "apartments", "building:flats": "12"}


@pytest.fixture(scope="module")
def raw(tmp_path_factory):
    return extract.read_extract(miniature(tmp_path_factory.mktemp("laws") / "mini.osm"), ESTATE)


def at(shape):
    return shapely.transform(shape, lambda xy: np.add(xy, (X, Y)))


def edit(action, layer, target=None, *, shape=None, tags=None, phase=1, name="a"):
    geometry = None if shape is None else at(shape)
    return Edit(name, action, layer, target=target, tags=tags or {}, geometry=geometry, phase=phase)


def reviewed(raw, edits, *, estate=ESTATE, phases=False):
    last = max(edit.phase for edit in edits)
    plan = Plan("Plan", tuple(edits), tuple(str(k) for k in range(1, last + 1)))
    inputs = Inputs.read(estate, InputFiles(osm=raw, plan=plan))
    return plan_review.review_plan(inputs, phases=phases)


BENCH, TABLE = {"amenity": "bench"}, {"leisure": "picnic_table"}
MIXED = [
    edit("remove", "building", "osm:way/11", name="block"),
    edit("add", "place", shape=Point(112, 14), tags=BENCH, name="bench"),
    edit("add", "building", shape=box(150, 20, 170, 30), tags=FLATS, name="house"),
    edit("add", "path", shape=shapely.LineString([(160, 0), (160, 18)]), tags={"highway": "footway"}, name="path"),
]


def mirrored(shape):
    """The mirror image, east for west, around the middle of the estate."""
    return shapely.transform(shape, lambda xy: np.column_stack([2 * X - xy[:, 0], xy[:, 1]]))


def test_a_plan_and_its_mirror_image_give_mirrored_answers(raw):
    """Ground, boundary and plan are turned over: what is certain stays, and so do scores of places and spaces."""
    parts = {
        name: replace(part, geometry=np.array([mirrored(shape) for shape in part.geometry], dtype=object))
        for name, part in ((name, getattr(raw, name)) for name in ("points", "lines", "areas"))
    }
    estate = replace(ESTATE, boundary=mirrored(ESTATE.boundary))
    turned = [replace(one, geometry=None if one.geometry is None else mirrored(one.geometry)) for one in MIXED]
    one, other = reviewed(raw, MIXED), reviewed(replace(raw, **parts), turned, estate=estate)
    for told in ("outcome", "demolished", "built", "promises", "new_places"):
        assert one.changes["answer"][told] == other.changes["answer"][told]
    assert one.changes["spaces"] == other.changes["spaces"]
    assert sum(one.changes["dwellings"].values()) == sum(other.changes["dwellings"].values())
    scores = [review.after.places["floating"].sort_index() for review in (one, other)]
    assert list(scores[0].index) == list(scores[1].index)
    mapped = [name for name in scores[0].index if name.startswith("osm:")]
    np.testing.assert_allclose(scores[0].loc[mapped], scores[1].loc[mapped], atol=1e-9)
    # Spaces are named by where they lie: each is found by what stands in it.
    spaces = [
        review.after.meeting_spaces["floating"].loc[review.after.places.loc[mapped, "space_id"]].to_numpy()
        for review in (one, other)
    ]
    np.testing.assert_allclose(spaces[0], spaces[1], atol=1e-3)


@pytest.mark.parametrize("order", some([((3, 2, 1, 0),), ((1, 3, 0, 2),)], 2))
def test_the_order_of_the_features_changes_nothing(raw, order):
    one, other = reviewed(raw, MIXED), reviewed(raw, [MIXED[k] for k in order])
    assert one.changes == other.changes
    np.testing.assert_allclose(
        one.after.places["floating"], other.after.places["floating"].reindex(one.after.places.index)
    )


def test_demolition_alone_tells_of_those_who_move_and_calls_nobody_a_winner(raw):
    """Three of four homes go and nothing comes: fewer can meet, so that it is harm to the ten homes that stay."""
    answer = reviewed(raw, [edit("remove", "building", "osm:way/11")]).answer
    assert answer.demolished.dwellings == 30 and answer.built.dwellings == 0
    assert answer.outcome == "harms" and answer.new_places == {} and not len(answer.promises)
    assert (answer.burdens["winning"] == 0).all() and answer.finished.losing == 10


def test_the_only_playground_that_goes_is_harm(raw):
    """All 40 homes lose what they had, and nothing of its kind comes."""
    answer = reviewed(raw, [edit("remove", "place", PLAYGROUND)]).answer
    assert answer.outcome == "harms" and answer.finished.losing == 40 and answer.finished.winning == 0
    assert list(answer.promises["state"]) == ["unreplaced"] and answer.demolished.dwellings == 0


def test_a_table_beside_the_playground_is_help(raw):
    answer = reviewed(raw, [edit("add", "place", shape=Point(112, 14), tags=TABLE)]).answer
    assert answer.outcome == "helps" and answer.new_places == {"table": 1} and not len(answer.promises)
    assert answer.finished.losing == 0


def test_a_playground_that_is_shut_while_something_is_built_is_harm_only_on_the_way(raw):
    """A building site over it in the first of two phases; then all is as it was."""
    site = edit("add", "construction", shape=box(90, 2, 115, 25), name="site")
    done = edit("change", "place", PLAYGROUND, tags={"name": "Legen"}, phase=2, name="name")
    answer = reviewed(raw, [site, done], phases=True).answer
    assert answer.outcome == "on_the_way" and answer.finished.losing == 0
    assert (answer.worst.phase, answer.worst.losing) == (1, 40)
    assert "shut" in set(answer.promises["state"])
