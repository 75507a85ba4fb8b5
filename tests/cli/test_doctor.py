"""The doctor: what it finds of a machine that is well, and of one that is not."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import pyogrio
import pytest
from shapely.geometry import Point

from spatial.cli import doctor
from spatial.core.languages import texts
from spatial.core.model import Estate
from spatial.layers.health import CHECKS
from spatial.layers.lifecycle import lifecycle_tags
from spatial.sources.http_cache import Cache
from tests.command import call
from tests.osm_xml import CENTRE_M, METRIC, write


@pytest.fixture(autouse=True)
def own_cache(monkeypatch, tmp_path):
    monkeypatch.setenv("FAELLESRUM_CACHE", str(tmp_path / "cache"))


def found(name: str) -> doctor.Finding:
    return next(one for one in doctor.look() if one.id == name)


@pytest.mark.parametrize("lang", ["da", "en"])
def test_a_machine_that_runs_the_tests_is_well(lang):
    done = call("doctor", "--lang", lang)
    assert done.code == 0 and done.err == ""
    assert done.out.rstrip().endswith(texts(lang)["doctor"]["sum"]["good"])
    assert "EPSG:25832" in done.out and "EPSG:5799" in done.out and "✗" not in done.out


def test_as_data():
    told = json.loads(call("doctor", "--json").out)
    assert [one["id"] for one in told] == ["versions", "vectors", "rasters", "grid", "heights", "cache", "disk"]
    assert told[0]["facts"]["versions"]["faellesrum"]


def test_a_missing_format_is_a_problem_with_a_remedy(monkeypatch):
    known = pyogrio.list_drivers()
    monkeypatch.setattr(pyogrio, "list_drivers", lambda: {name: way for name, way in known.items() if name != "GPKG"})
    done = call("doctor", "--lang", "en")
    assert (
        done.code == 1 and "✗" in done.out and "lacks GPKG" in done.out and "→ Install the package pyogrio" in done.out
    )


def test_another_programs_proj_data_is_seen(monkeypatch):
    import pyproj

    class Wrong:
        @staticmethod
        def from_crs(*_, **__):
            return type("T", (), {"transform": lambda self, x, y: (x, y)})()

    monkeypatch.setattr(pyproj, "Transformer", Wrong)
    assert found("grid").state == doctor.PROBLEM


def test_the_states_of_a_cache(tmp_path):
    assert found("cache").case == "empty"
    cache = Cache(tmp_path / "cache")
    for turn in range(2):
        with cache.draft(".txt") as path:
            path.write_text(f"answer {turn}")
            cache.store({"turn": turn}, path, suffix=".txt", about={})
    assert (found("cache").case, found("cache").facts["answers"]) == ("found", 2)
    next((cache.folder / "objects").iterdir()).write_text("another")
    assert (found("cache").case, found("cache").facts["damaged"]) == ("damaged", 1)
    cache.folder.chmod(0o755)
    assert found("cache").case == "open"


def test_a_library_that_is_broken_does_not_hide_the_rest(monkeypatch):
    def broken():
        raise ImportError("no such library")

    monkeypatch.setattr(doctor, "CHECKS", (broken, doctor._disk))
    one, other = doctor.look()
    assert (one.id, one.state, other.id) == ("broken", doctor.PROBLEM, "disk")
    assert "no such library" in doctor.doctor_in_words([one], "en")


# --- the health of an extract --------------------------------------------------------------------

CASES = Path(__file__).parents[1] / "data" / "osm"
ILL = {
    # name of the extract: what is found of each kind, in the order of ``health.CHECKS``
    "control": (0, 0, 0, 0, 0, 0),
    "lifecycle": (0, 0, 6, 0, 0, 0),
    "mapped-twice": (0, 2, 0, 0, 0, 0),
    "access-conditional": (0, 0, 0, 1, 0, 0),
}


def health(name, *more):
    return call("doctor", "--osm", str(CASES / f"{name}.osm"), "--boundary", str(CASES / "estate.geojson"), *more)


@pytest.mark.parametrize(("name", "counts"), ILL.items(), ids=ILL)
def test_the_health_of_an_extract(name, counts):
    done = health(name, "--json")
    told = json.loads(done.out)["health"]
    assert done.code == 0 and [told[kind]["count"] for kind in CHECKS] == list(counts)
    pages = [one["url"] for kind in told.values() for one in kind["objects"]]
    assert len(pages) == sum(counts) and all(url.startswith("https://www.openstreetmap.org/") for url in pages)


def test_squares_values_and_outlines_that_a_mapper_can_mend(tmp_path):
    """A square beside the path, a surface and hours that nobody knows, and a house of which a wall is missing."""
    corners = {10: (20, 10), 11: (40, 10), 12: (40, 30), 13: (20, 30)}
    square = ((10, 11, 12, 13, 10), {"highway": "pedestrian", "area": "yes"})
    nodes = {1: (0, 0), 2: (90, 0), 3: (50, 5, {"leisure": "playground", "opening_hours": "soon", "fee": "who knows"})}
    ways = {1: ((1, 2), {"highway": "footway", "surface": "beton"}), 2: square}
    house = ([("way", 2, "outer"), ("way", 99, "outer")], {"type": "multipolygon", "building": "yes"})
    path = write(tmp_path / "a.osm.pbf", nodes | corners, ways, {5: house}, bounds=(-3000, -3000, 3000, 3000))
    around = Estate("a", "a", Point(CENTRE_M).buffer(100.0), METRIC)
    found = doctor.look_at_extract(path, around).remarks
    assert {kind: [(one.object_id, one.what or one.why) for one in rows] for kind, rows in found.items() if rows} == {
        "squares_not_joined": [("osm:way/2", "")],
        "unread_values": [
            ("osm:node/3", "opening_hours=soon"), ("osm:node/3", "fee=who knows"), ("osm:way/1", "surface=beton"),
        ],
        "missing_outlines": [("osm:relation/5", "building whose outline is not all in the extract")],
    }  # fmt: skip


@pytest.mark.parametrize(("lang", "says"), [("da", "Samme ting tegnet to gange: 2"), ("en", "mapped twice: 2")])
def test_a_health_sheet_in_words(lang, says):
    told = health("mapped-twice", "--lang", lang).out
    assert says in told and "https://www.openstreetmap.org/relation/37" in told and "→" in told


def test_what_is_not_there_is_told_by_its_tag_and_its_name():
    told = health("lifecycle", "--lang", "en").out
    assert "way/46  demolished, removed or ended: end_date=2019-05-01; leisure=playground, ended 2019" in told
    assert "way/22  disused or abandoned: disused=yes; leisure=playground, disused" in told


@pytest.mark.parametrize(
    ("tags", "told"),
    [
        ({"removed:amenity": "bench", "amenity": "bench"}, ["removed:amenity=bench"]),
        ({"shop": "vacant"}, ["shop=vacant"]),
        ({"amenity": "bench", "operational_status": "out of order"}, ["operational_status=out of order"]),
        ({"amenity": "bench", "end_date": "2010s", "start_date": "1990"}, ["end_date=2010s"]),
        ({"amenity": "bench", "disused": "no", "was:name": "x"}, []),
    ],
)
def test_tags_of_the_lifecycle(tags, told):
    assert lifecycle_tags(tags, date(2024, 5, 6)) == told


def test_half_of_what_a_health_sheet_needs_is_refused():
    done = call("doctor", "--osm", "a.osm.pbf", "--lang", "en")
    assert done.code == 2 and "--boundary" in done.err


def test_every_kind_of_remark_has_its_words():
    da, en = texts("da")["health"], texts("en")["health"]
    assert {name: set(part) for name, part in da.items() if isinstance(part, dict)} == {
        name: set(part) for name, part in en.items() if isinstance(part, dict)
    }
    assert set(CHECKS) <= set(da)


def test_every_finding_has_its_words():
    da, en = texts("da")["doctor"], texts("en")["doctor"]
    assert {name: set(part) for name, part in da.items()} == {name: set(part) for name, part in en.items()}
