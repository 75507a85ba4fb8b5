"""What each edit of a plan adds: of a plan of one edit it is the whole change, whatever it does to the room."""

from __future__ import annotations

import pytest
import shapely
from shapely import Point

from spatial.analysis.inputs import InputFiles, Inputs
from spatial.core.model import Plan
from spatial.osm import extract
from spatial.plans import comparison
from spatial.studies import contributions, plan_review
from spatial.studies.what_if import WhatIf
from tests.analysis.test_run import PLAYGROUND, miniature
from tests.plans.test_drawings import ESTATE
from tests.plans.test_laws import edit

ROAD = {"highway": "secondary", "maxspeed": "50"}


@pytest.fixture(scope="module")
def raw(tmp_path_factory):
    return extract.read_extract(miniature(tmp_path_factory.mktemp("contributions") / "mini.osm"), ESTATE)


@pytest.mark.parametrize(
    "only",
    [
        edit("add", "road", shape=shapely.LineString([(60, 14), (140, 14)]), tags=ROAD, name="road"),
        edit("remove", "building", "osm:way/11", name="block"),
        edit("add", "place", shape=Point(112, 14), tags={"leisure": "picnic_table"}, name="table"),
    ],
    ids=lambda one: one.feature,
)
def test_of_a_plan_of_one_edit_it_is_the_whole_change(raw, only):
    inputs = Inputs.read(ESTATE, InputFiles(osm=raw, plan=Plan("Plan", (only,), ("1",))))
    review = plan_review.review_plan(inputs)
    pairs = dict(comparison.pair_spaces(review.today, review.after))
    spaces = [state.meeting_spaces["floating"] for state in (review.today, review.after)]
    mine = review.today.places.at[PLAYGROUND, "space_id"]
    change = 100 * (spaces[1][pairs[mine]] - spaces[0][mine])
    assert abs(change) >= contributions.TOLD_POINTS
    told = review.reasons.set_index("after_id")
    assert told.at[pairs[mine], "features"] == only.feature
    assert told.at[pairs[mine], "points"] == pytest.approx(change, abs=1e-6)


def test_a_house_that_waits_for_another_to_go_tells_its_own_points_alone(raw):
    """A road through the block cannot be while that stands: taken out, the block takes the road with it.

    By itself the road is the reason; that the block goes adds what is left of the change, and is named with the road
    nowhere.
    """
    road = edit(
        "add", "road", shape=shapely.LineString([(60, 14), (140, 14), (300, 15), (340, 15)]), tags=ROAD, name="road"
    )
    block = edit("remove", "building", "osm:way/11", name="block")
    inputs = Inputs.read(ESTATE, InputFiles(osm=raw, plan=Plan("Plan", (block, road), ("1",))))
    found = contributions.contributions(inputs, None)
    start = WhatIf(Inputs.read(ESTATE, InputFiles(osm=raw)))
    both, only_block = (start.after(*edits) for edits in ((block, road), (block,)))
    assert start.inseparable({"block"}, (block, road)) == {"block", "road"}

    def score(look):
        return 100 * look.floating[look.view.places.at[PLAYGROUND, "space_id"]]

    told = found.set_index("features")["points"]
    expected = {"road": score(both) - score(only_block), "block": score(only_block) - score(start.before)}
    assert told.to_dict() == pytest.approx(expected, abs=1e-6)
    assert all(abs(points) >= contributions.TOLD_POINTS for points in expected.values())
