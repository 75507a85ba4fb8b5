"""The doctor: what it finds of a machine that is well, and of one that is not."""

from __future__ import annotations

import json

import pyogrio
import pytest

from spatial.cli import doctor
from spatial.core.languages import texts
from spatial.sources.http_cache import Cache
from tests.cli.test_main import call


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


def test_every_finding_has_its_words():
    da, en = texts("da")["doctor"], texts("en")["doctor"]
    assert {name: set(part) for name, part in da.items()} == {name: set(part) for name, part in en.items()}
