"""What must hold of any plan, on real ground: the bundled estate, and a department of Østerbro where its data lies."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
import shapely

import spatial
from spatial.analysis.inputs import InputFiles, Inputs
from spatial.analysis.result import Analysis
from spatial.core.model import Edit, Plan
from spatial.plans.alternatives import compare_alternatives
from spatial.studies.plan_review import PlanReview, review_plan

pytestmark = pytest.mark.long  # the same laws on a small estate: test_laws.py
NEW_HOMES = 60
DEPARTMENT = "23, Østerbrogade"


@dataclass(frozen=True)
class Reviewed:
    """Large blocks demolished and nothing more, and the same with homes, a table and benches on their ground."""

    only: PlanReview
    rebuilt: PlanReview
    blocks: frozenset[str]


def largest_blocks(today: Analysis) -> list[str]:
    """The two buildings of the estate with most homes; one, where there are but two."""
    homes = today.layers["homes"].groupby("building")["dwellings"].sum()
    return homes.nlargest(min(2, len(homes) - 1)).index.tolist()


def halves(ground):
    """The largest piece of some ground in its west, and in its east, clear of its rim."""
    west, south, east, north = ground.bounds
    middle = (west + east) / 2
    boxes = shapely.box(west, south, middle - 2, north), shapely.box(middle + 2, south, east, north)
    return [max(shapely.get_parts(ground.buffer(-1.5) & box), key=shapely.area) for box in boxes]


def edits_of(today: Analysis) -> tuple[list[Edit], list[Edit]]:
    blocks = largest_blocks(today)
    west, east = halves(today.layers["buildings"].geometry[blocks[0]])
    gone = [Edit(f"gone {k}", "remove", "building", target=block) for k, block in enumerate(blocks)]
    house = {"building": "apartments", "building:flats": str(NEW_HOMES)}
    at = shapely.point_on_surface(east)
    things = [
        ("table", {"leisure": "picnic_table"}, 0),
        ("bench", {"amenity": "bench"}, 1),
        ("other", {"amenity": "bench"}, -1),
    ]
    new = [Edit("house", "add", "building", tags=house, geometry=west, phase=2)]
    new += [
        Edit(name, "add", "place", tags=tags, geometry=shapely.Point(at.x + x, at.y), phase=2)
        for name, tags, x in things
    ]
    return gone, [*gone, *new]


def review(estate, osm, edits):
    plan = Plan("Plan", tuple(edits), tuple(str(k) for k in sorted({edit.phase for edit in edits})))
    return review_plan(Inputs.read(estate, InputFiles(osm, plan=plan)))


def reviewed(estate, osm, today) -> Reviewed:
    only, rebuilt = (review(estate, osm, edits) for edits in edits_of(today))
    return Reviewed(only, rebuilt, frozenset(largest_blocks(today)))


@pytest.fixture(scope="module")
def reitbahnviertel(demo_data, demo_result):
    estate = spatial.Estate.from_file(demo_data / "reitbahnviertel.geojson")
    return reviewed(estate, demo_data / "reitbahnviertel.osm.pbf", demo_result)


@pytest.fixture(scope="module")
def oesterbro(shared_data):
    city = shared_data / "copenhagen"
    estate = spatial.Estate.from_file(city / "almene_boliger_kk.geojson", name=DEPARTMENT, reach_m=800)
    osm = city / "oesterbro.osm.pbf"
    return reviewed(estate, osm, spatial.analyse(estate, osm=osm))


ESTATES = ["reitbahnviertel", pytest.param("oesterbro", marks=pytest.mark.shared)]


@pytest.fixture(params=ESTATES)
def found(request) -> Reviewed:
    return request.getfixturevalue(request.param)


def test_demolition_alone_wins_on_no_summary(found):
    """Fewer can meet and nothing comes: no lens, no level of the homes and no count of choices gains by it."""
    review, change = found.only, found.only.comparison
    assert review.answer.outcome in ("moves_out", "harms") and not review.answer.new_places
    assert (review.answer.burdens["winning"].round() == 0).all() and round(change.dwellings["winning"]) == 0
    assert change.median_after <= change.median_before + 1e-9 and change.tenth_after <= change.tenth_before + 1e-9
    assert change.helps_share == 0
    for lens in change.lenses:
        assert not lens.median_after > lens.median_before + 1e-9 and not lens.tenth_after > lens.tenth_before + 1e-9
    at_most = review.answer.choices.cumsum()
    assert (at_most["after"] >= at_most["before"] - 1e-6).all()


def test_demolition_alone_beats_no_plan_that_gives_homes_back(found):
    table = compare_alternatives(
        {name: (one.comparison, one.answer) for name, one in (("only", found.only), ("rebuilt", found.rebuilt))}
    )
    assert table.loc["rebuilt", "dominated_by"] == ""
    assert table.loc["rebuilt", "built"] == NEW_HOMES and table.loc["rebuilt", "spaces_new"] == 3


def test_homes_that_go_and_come_are_counted_again_from_the_doors(found):
    for one, built in ((found.only, 0), (found.rebuilt, NEW_HOMES)):
        old, new = one.today.layers["homes"], one.after.layers["homes"]
        gone, come = old.index.difference(new.index), new.index.difference(old.index)
        assert one.answer.demolished.dwellings == pytest.approx(old.loc[gone, "dwellings"].sum())
        assert set(old.loc[gone, "building"]) == found.blocks and one.answer.demolished.buildings == len(found.blocks)
        assert new.loc[come, "dwellings"].sum() == pytest.approx(built) == pytest.approx(one.answer.built.dwellings)
    assert found.rebuilt.today.places["floating"].equals(found.only.today.places["floating"])
