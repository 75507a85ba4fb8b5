"""Demolition alone raises no meeting space's score: homes that go serve nobody, and bare ground is no open ground."""

import pytest

import spatial
from spatial.analysis.inputs import InputFiles, Inputs
from spatial.core.model import Edit
from spatial.studies.what_if import WhatIf
from tests import osm_xml
from tests.scoring import towns

ROUNDING = 1e-9


def gone(*targets):
    return [Edit(str(i), "remove", "building", target=target) for i, target in enumerate(targets)]


def assert_nothing_rises(known, *targets):
    after = known.after(*gone(*targets))
    before, then = (look.scores(known.before.rubric) for look in (known.before, after))
    assert then.index.tolist() == before.index.tolist()
    risen = then["floating"] - before["floating"]
    assert risen.max() <= ROUNDING, risen.nlargest(3)
    assert risen.min() < -ROUNDING  # it does something
    assert after.view.possible.index.equals(known.before.view.possible.index)


@pytest.fixture(scope="module")
def town(tmp_path_factory):
    """Two courts of flats and a row of houses, each with something to come for."""
    drawn = towns.Town()
    towns.court(drawn, 0, 0)
    towns.court(drawn, 180, 0)
    towns.row_houses(drawn, 0, 150, footway=False)
    towns.playground_with_bench(drawn, 60, 58)
    towns.table_with_benches(drawn, 240, 60)
    towns.table_with_benches(drawn, 60, 196)
    path = osm_xml.write(tmp_path_factory.mktemp("town") / "town.osm", drawn.nodes, drawn.ways, drawn.relations,
                         bounds=(-900, -900, 1260, 1146))  # fmt: skip
    return WhatIf(Inputs.read(towns.estate(0, 0, 360, 246), InputFiles(path)))


def blocks_of(known, use):
    buildings = known.before.view.measured_from.buildings
    return buildings.index[(buildings["use"] == use).to_numpy()].tolist()


def test_on_a_town_of_paper(town):
    flats, houses = blocks_of(town, "apartments"), blocks_of(town, "terrace")
    assert (len(flats), len(houses)) == (4, 20)
    for targets in ([flats[0]], [flats[0], flats[3]], flats, houses, [*flats, *houses[:10]]):
        assert_nothing_rises(town, *targets)


def test_on_the_demo(demo_data):
    """The two blocks that its plan takes away, and the ten with most homes."""
    estate = spatial.Estate.from_file(demo_data / "reitbahnviertel.geojson")
    known = WhatIf(Inputs.read(estate, InputFiles(demo_data / "reitbahnviertel.osm.pbf")))
    homes = known.before.dwellings
    largest = homes.groupby("building")["dwellings"].sum().nlargest(10).index.tolist()
    for targets in (["osm:way/93691023", "osm:way/93691013"], largest):
        assert_nothing_rises(known, *targets)
