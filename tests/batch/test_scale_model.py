"""The arithmetic of ``docs/scale.md`` and the simulation behind it, on paper."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.benchmarks import batch, copies, scale

COSTS = st.lists(st.floats(0.1, 50), min_size=1, max_size=40)


def test_core_hours_are_those_of_the_pass_and_of_the_areas():
    """1,000 MB at 3.6 s and 100 areas at 36 s: an hour each."""
    unit = scale.Unit(pass_s_per_mb=3.6, area_s=36.0)
    assert scale.core_hours(scale.Region("here", 1000, 100), unit) == pytest.approx(2.0)


@pytest.mark.parametrize(
    ("costs", "workers", "hand_out_s", "end"),
    [
        ([4.0, 2.0, 2.0], 1, 0.0, 8.0),
        ([4.0, 2.0, 2.0], 2, 0.0, 4.0),
        ([2.0, 2.0, 4.0], 2, 0.0, 6.0),
        ([1.0] * 10, 100, 1.0, 11.0),  # the scheduler is what is waited for
    ],
)
def test_makespan(costs, workers, hand_out_s, end):
    assert scale.makespan(costs, workers, hand_out_s=hand_out_s) == pytest.approx(end)


@given(costs=COSTS, workers=st.integers(1, 9))
def test_no_schedule_beats_its_bounds_and_the_largest_first_is_good(costs, workers):
    """Graham (1969): the largest first is at most 4/3 − 1/(3 m) of the best; the best is no less than both bounds."""
    end = scale.makespan(sorted(costs, reverse=True), workers)
    least = max(max(costs), sum(costs) / workers)
    assert end >= least - 1e-9
    assert scale.makespan(costs, workers) <= sum(costs) / workers + max(costs) + 1e-9
    assert 0 < scale.efficiency(costs, workers, 0.0) <= 1 + 1e-9


def test_costs_are_drawn_from_the_measured_ones_alike_each_time():
    found = scale.drawn([1.0, 2.0, 9.0], 500)
    assert set(found) == {1.0, 2.0, 9.0} and found == sorted(found, reverse=True) == scale.drawn([9.0, 2.0, 1.0], 500)


def test_exponents_are_fitted_on_logarithmic_scales():
    assert batch.fit((1, 10, 100), (3.0, 300.0, 30_000.0)) == pytest.approx(2.0)


def test_copies_are_moved_towns_with_ids_of_their_own(demo_data, tmp_path):
    """Four copies hold four times as much; each object of a copy lies a whole step from the first."""
    import osmium

    town = copies.towns([demo_data / "reitbahnviertel.osm.pbf"])
    copies.write(town, 4, tmp_path / "four.osm.pbf")
    found: dict[str, dict[int, tuple[float, float]]] = {"n": {}, "w": {}, "r": {}}
    for obj in osmium.FileProcessor(str(tmp_path / "four.osm.pbf")):
        found[obj.type_str()][obj.id] = (obj.lon, obj.lat) if obj.is_node() else (0.0, 0.0)
    assert [len(found[kind]) for kind in "nwr"] == [4 * len(x) for x in (town.nodes, town.ways, town.relations)]
    node, lon, lat, _ = town.nodes[0]
    assert found["n"][node] == pytest.approx((lon, lat))
    last = found["n"][node + 3 * copies.STRIDE]
    assert last == pytest.approx((lon + copies.STEP_LON_DEG, lat + copies.STEP_LAT_DEG))


def test_areas_lie_on_every_copy(demo_data):
    town = copies.towns([demo_data / "reitbahnviertel.osm.pbf"])
    table = copies.areas(town, 4, 8)
    assert len(table) == 8 and table.geometry.is_valid.all()
    boxes = table.total_bounds
    assert boxes[2] - boxes[0] > copies.STEP_LON_DEG and boxes[3] - boxes[1] > copies.STEP_LAT_DEG
    assert table.to_crs(32633).area.iloc[0] == pytest.approx(10_000, rel=0.05)
