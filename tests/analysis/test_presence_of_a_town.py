"""What is there and what is not: a town of playgrounds, each tagged in another way, measured in one run."""

from __future__ import annotations

import pytest
import shapely

import spatial
from spatial.core.model import Estate
from spatial.layers import lifecycle
from tests.osm_xml import CENTRE_M, METRIC, write

# What is said of a playground; the extract is of 6 May 2024.
THERE = [
    "indoor=no", "indoor=zz", "location=outdoor", "location=rooftop", "level=0", "level=1", "level=-1-0", "level=-1;0",
    "layer=-1", "layer=1", "covered=yes", "building=no", "building=roof", "seasonal=winter", "temporary=yes",
    "fixme=is it there?", "note=removed in 2019", "wheelchair=no", "access=private", "start_date=2024-05-06",
    "opening_date=soon", "end_date=2030", "end_date=zz", "valid_from=2019", "disused=no", "disused=partially",
    "demolished=2030", "construction=minor", "status=open", "disused:leisure=pitch", "leisure=Playground",
    "leisure=playground;pitch", "leisure= playground ",
]  # fmt: skip
ABSENT = [
    "indoor=yes", "indoor=True", "indoor=room", "indoor=yes & level=0", "location=indoor", "location=Indoor",
    "location=underground", "level=-1", "level=-1;-2", "building=yes", "end_date=2024-05-06", "valid_to=2020",
    "removed:date=2021", "disused:end_date=2019", "disused=2019", "opening_date=2031", "valid_from=2031", "disused=Yes",
    "status=Closed", "leisure=playgrounds", "leisure=no", "leisure=abandoned",
]  # fmt: skip
NO_PLAYGROUND = [
    "Leisure=playground",
    "not:leisure=playground",
    "playground=swing",
    "disused:leisure=playground & name=x",
]
SAID = [*THERE, *ABSENT, *NO_PLAYGROUND]
SIDE_M, STEP_M, PER_ROW = 12.0, 40.0, 20


@pytest.fixture(scope="module")
def town():
    """Tags of each, with where it stands: beside a block, 40 m apart."""
    found = {}
    for row, text in enumerate(SAID):
        tags = dict(part.split("=", 1) for part in text.split(" & "))
        own = {} if text in NO_PLAYGROUND else {"leisure": "playground"}
        found[row + 1] = (own | tags, STEP_M * (row % PER_ROW), 60 + STEP_M * (row // PER_ROW))
    return found


@pytest.fixture(scope="module")
def result(town, tmp_path_factory):
    nodes = {1: (0, 0), 2: (-9, 0), 3: (-9, -9), 4: (0, -9)}
    ways = {1: ((1, 2, 3, 4, 1), {"building": "apartments", "building:flats": "20"})}
    for number, (tags, x, y) in town.items():
        first = 100 * number
        corners = [(0, 0), (SIDE_M, 0), (SIDE_M, SIDE_M), (0, SIDE_M)]
        nodes |= {first + k: (x + dx, y + dy) for k, (dx, dy) in enumerate(corners)}
        ways[first] = ((*range(first, first + 4), first), tags)
    path = write(tmp_path_factory.mktemp("presence") / "a.osm.pbf", nodes, ways, bounds=(-3000, -3000, 4000, 3000))
    boundary = shapely.transform(shapely.box(-20, -20, 820, 240), lambda xy: xy + CENTRE_M)
    return spatial.analyse(Estate("here", "here", boundary, METRIC), osm=path, scores_only=True)


@pytest.mark.parametrize("text", SAID)
def test_whether_a_playground_is_there(text, result):
    assert (f"osm:way/{100 * (SAID.index(text) + 1)}" in result.places.index) == (text in THERE)


def test_what_is_left_out_is_counted(result):
    dropped = result.manifest["dropped"]
    assert (dropped[lifecycle.GONE], dropped[lifecycle.COMING], dropped[lifecycle.BELOW]) == (3, 2, 3)
    assert dropped[lifecycle.OUT_OF_USE] == 5  # and one that is only said to have been one
    unread = {(one["key"], one["value"]) for one in result.manifest["unread_values"]}
    assert {("indoor", "zz"), ("end_date", "zz"), ("opening_date", "soon")} <= unread
