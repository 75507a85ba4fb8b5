"""Places that people say are good, poor or not theirs to use: what the measure says of each."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

import spatial
from spatial.scoring.ablation import ablate
from tests.scoring import towns
from tests.scoring.towns import BLOCK_M, DEPTH_M, GOOD, Town

POOR = ("a bench beside a road", "a scrap of paving", "an empty lawn")
ROW_HOUSES_AT = 700.0
CLOSED_AT = 500.0


def draw() -> tuple[Town, dict[str, str]]:
    """Blocks of flats that are all alike, with one group each; row houses in the east, closed ground in the north."""
    town, things = Town(), {}
    blocks = [(i * BLOCK_M, j * DEPTH_M) for j in range(3) for i in range(3)]
    for x, y in blocks:
        towns.court(town, x, y)
    for (name, (group, x, y)), (east, north) in zip(GOOD.items(), blocks, strict=False):
        things[name] = group(town, east + x, north + y)
    (x, y), (lawn_x, lawn_y), _ = blocks[6:]
    things["a bench beside a road"] = town.point(90, 5, amenity="bench")
    things["a scrap of paving"] = town.box(x + 60, y + 50, x + 68, y + 58, highway="pedestrian", area="yes")
    things["an empty lawn"] = town.box(lawn_x + 30, lawn_y + 30, lawn_x + 100, lawn_y + 70, leisure="park")
    return town, things | _lawns_of_row_houses(town) | _closed(town)


def _lawns_of_row_houses(town: Town) -> dict[str, str]:
    west, east, north = ROW_HOUSES_AT, ROW_HOUSES_AT + BLOCK_M, 96
    for x, y in ((west, 0), (east, 0), (west, north), (east, north)):
        towns.row_houses(town, x, y)
    town.box(east + 40, 34, east + 120, 60, leisure="park", access="private")
    town.box(west + 22, north + 32, west + 160, north + 65, leisure="garden", garden__type="residential")
    hedge = [(east + 22, 126), (east + 160, 126), (east + 160, 163), (east + 22, 163), (east + 22, 126)]
    town.line(hedge, barrier="hedge")
    return {
        "table of row houses": town.point(west + 90, 48, leisure="picnic_table"),
        "table on a private lawn": town.point(east + 80, 48, leisure="picnic_table"),
        "playground in a garden": town.point(west + 90, north + 50, leisure="playground"),
        "table behind hedges": town.point(east + 90, 145, leisure="picnic_table"),
    }


def _closed(town: Town) -> dict[str, str]:
    """What belongs to a school, a club, a hotel or nobody with a key, each between blocks of flats."""
    x, y = (i * BLOCK_M for i in range(6)), CLOSED_AT
    school, club, hotel, court, locked, members = x
    for west in (school, club, hotel, court, locked, members):
        towns.court(town, west, y, footway=west not in (hotel, court))
    town.box(school + 30, y + 30, school + 150, y + 70, amenity="school")
    town.box(club + 30, y + 30, club + 150, y + 70, leisure="stadium")
    for west, south, east, north in ((30, 30, 150, 40), (30, 110, 150, 120), (30, 41, 40, 109), (140, 41, 150, 109)):
        town.box(court + west, y + south, court + east, y + north, building="hotel")
    return {
        "school yard": town.box(school + 60, y + 40, school + 80, y + 60, leisure="playground"),
        "pitch of a stadium": town.box(club + 50, y + 35, club + 120, y + 65, leisure="pitch", sport="soccer"),
        "table for guests of a hotel": town.point(hotel + 90, y + 70, leisure="picnic_table", access="customers"),
        "table in the court of a hotel": town.point(court + 90, y + 75, leisure="picnic_table"),
        "locked playground": town.box(locked + 60, y + 40, locked + 80, y + 60, leisure="playground", locked="yes"),
        "garden of members": town.box(
            members + 60, y + 40, members + 80, y + 60, leisure="garden", garden__type="community", access="members"
        ),
    }


NEVER_RANKED = (
    "table of row houses",
    "table on a private lawn",
    "playground in a garden",
    "table behind hedges",
    "school yard",
    "pitch of a stadium",
    "table for guests of a hotel",
    "table in the court of a hotel",
    "locked playground",
    "garden of members",
)


@pytest.fixture(scope="module")
def seen() -> tuple[towns.Seen, dict[str, str]]:
    town, things = draw()
    return towns.look(town, towns.estate(-20, -20, 1100, 700)), things


@pytest.mark.parametrize("good", GOOD)
@pytest.mark.parametrize("poor", POOR)
def test_the_good_lie_above_the_poor(seen, good, poor):
    measured, things = seen
    assert measured.of(things[good])["floating"] > measured.of(things[poor])["floating"]


@pytest.mark.parametrize("good", GOOD)
def test_the_good_are_ranked(seen, good):
    measured, things = seen
    assert pd.notna(measured.of(things[good])["rank"])
    assert measured.of(things[good])["status"] == "meeting space"


@pytest.mark.parametrize("closed", NEVER_RANKED)
def test_what_is_closed_is_never_ranked(seen, closed):
    measured, things = seen
    assert pd.isna(measured.of(things[closed])["rank"])
    assert pd.isna(measured.scores.loc[things[closed], "rank"])


def test_a_lawn_with_a_table_is_told_from_one_between_blocks_by_who_can_walk_there(seen):
    measured, things = seen
    own, shared = (measured.of(things[name]).name for name in ("table of row houses", "table with benches"))
    # Twenty homes of one street and their neighbours against eighty at the door and hundreds near.
    for indicator in ("homes_near", "who_can_meet", "legal_access"):
        assert measured.value(own, indicator) < measured.value(shared, indicator) / 2
    assert measured.scores.loc[own, "floating"] < measured.scores.loc[shared, "floating"] / 2


# --- towns at hand -------------------------------------------------------------------------------

DEPARTMENTS = ("23, Østerbrogade", "Haunstrupgård", "Kanslergården", "Nordhavnsgården")


def lone_benches_and_kinds(results: Mapping[str, spatial.Analysis]) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """Scores of spaces and seats where there is one bench and nothing else, and of spaces by what one comes for."""
    tables = pd.concat([pd.DataFrame(result.meeting_spaces.drop(columns="geometry")) for result in results.values()])
    first = tables["kinds"].str.split(";").str[0]
    alone = (first == "bench") & (tables["place_count"] == 1)
    open_ = tables["rank"].notna()
    kinds = ("table", "playground", "pitch")
    return tables.loc[alone, "floating"].to_numpy(), {
        kind: tables.loc[(first == kind) & open_, "floating"].to_numpy() for kind in kinds
    }


@pytest.fixture(scope="module")
def oesterbro(shared_data: Path) -> dict[str, spatial.Analysis]:
    folder = shared_data / "copenhagen"
    grounds = gpd.read_file(folder / "almene_boliger_kk.geojson").to_crs(25832)
    names = grounds["afdelingsnavn"].fillna("")
    return {
        name: spatial.analyse(
            spatial.Estate(
                id=name, name=name, boundary=grounds[names.str.contains(name, regex=False)].union_all(), crs=grounds.crs
            ),
            osm=folder / "oesterbro.osm.pbf",
            scores_only=True,
        )
        for name in DEPARTMENTS
    }


@pytest.fixture(scope="module")
def helsinki(demo_data: Path) -> spatial.Analysis:
    estate = spatial.Estate.from_file(demo_data / "helsinki.geojson")
    return spatial.analyse(estate, osm=demo_data / "helsinki.osm.pbf", scores_only=True)


def test_a_lone_bench_lies_below_playground_and_pitch_in_helsinki(helsinki):
    benches, kinds = lone_benches_and_kinds({"helsinki": helsinki})
    assert len(benches) >= 3
    for kind in ("playground", "pitch"):
        assert np.median(benches) < np.median(kinds[kind])


@pytest.mark.shared
def test_a_lone_bench_lies_below_table_playground_and_pitch_over_all_towns(demo_result, helsinki, oesterbro):
    benches, kinds = lone_benches_and_kinds({"demo": demo_result, "helsinki": helsinki, **oesterbro})
    for scores in kinds.values():
        assert np.median(benches) < np.median(scores)


# --- what one thing alone decides ----------------------------------------------------------------

# Of fewer ranked spaces a correlation is a matter of one or two of them.
ENOUGH_RANKED = 10


def assert_no_one_thing_decides(results: Mapping[str, spatial.Analysis]) -> None:
    told = {name: result for name, result in results.items() if result.meeting_spaces["rank"].count() >= ENOUGH_RANKED}
    assert told
    for result in told.values():
        found = ablate(result.meeting_spaces, result.evidence)
        assert found.by_homes is not None and found.by_kind is not None
        # Where all spaces have one mapped thing each, their number tells nothing.
        assert all(part is None or part <= 0.9 for part in vars(found).values())


def test_neither_kind_nor_homes_nor_mapped_things_decide_in_helsinki(helsinki):
    assert_no_one_thing_decides({"helsinki": helsinki})


def test_neither_kind_nor_homes_nor_mapped_things_decide_on_the_demo(demo_result):
    assert_no_one_thing_decides({"demo": demo_result})


@pytest.mark.shared
def test_neither_kind_nor_homes_nor_mapped_things_decide_in_oesterbro(oesterbro):
    assert_no_one_thing_decides(oesterbro)


@pytest.mark.shared
def test_neither_kind_nor_homes_nor_mapped_things_decide_where_the_line_is_drawn_otherwise(shared_data, demo_data):
    """A square of 600 m about the middle of the demo: .90 while homes counted five times."""
    middle = spatial.Estate.from_file(demo_data / "reitbahnviertel.geojson")
    square = shapely.buffer(middle.boundary.centroid, 300, cap_style="square")
    estate = spatial.Estate(id="square", name="Square", boundary=square, crs=middle.crs)
    extract = shared_data / "neubrandenburg" / "neubrandenburg.osm.pbf"
    assert_no_one_thing_decides({"square": spatial.analyse(estate, osm=extract, scores_only=True)})
