"""What a user reads when something goes wrong: the very line, from the command itself, in both languages."""

from __future__ import annotations

import os
import pickle
from unittest import mock

import geopandas as gpd
import pytest
import shapely

from spatial.core.errors import IncompleteResult, SourceFormatError, SourceUnavailable
from spatial.core.languages import KNOWN_LANGUAGES
from spatial.core.messages import cause, phrase
from spatial.sources import http
from tests.command import call


def said(*arguments: object, lang: str | None = None) -> str:
    """The one line on standard error, without the name of the command."""
    environment = {name: value for name, value in os.environ.items() if name != "FAELLESRUM_LANG"}
    with mock.patch.dict(os.environ, environment | ({} if lang is None else {"FAELLESRUM_LANG": lang}), clear=True):
        done = call(*arguments)
    assert done.code == 1 and done.out == "" and done.err.count("\n") == 1, done.err
    return done.err.removeprefix("faellesrum: ").rstrip("\n")


@pytest.fixture
def town(tmp_path, demo_data):
    return ["--boundary", demo_data / "reitbahnviertel.geojson", "--out", tmp_path / "out"]


def test_a_missing_file(tmp_path, town):
    gone = tmp_path / "gone.osm.pbf"
    assert said("run", *town, "--osm", gone) == (
        f"{gone}: filen findes ikke; der skal bruges et udtræk af OpenStreetMap "
        "(.osm.pbf, .pbf, .osm, .osm.bz2, .osm.gz); "
        "kontrollér stien"
    )
    assert said("run", *town, "--osm", gone, lang="en") == (
        f"{gone}: found no such file; needed an OpenStreetMap extract "
        "(.osm.pbf, .pbf, .osm, .osm.bz2, .osm.gz); check the path"
    )


def test_an_extract_that_is_cut_off(tmp_path, town, demo_data):
    whole = (demo_data / "reitbahnviertel.osm.pbf").read_bytes()
    cut = tmp_path / "cut.osm.pbf"
    cut.write_bytes(whole[: len(whole) // 2])
    line = said("run", *town, "--osm", cut)
    assert line.startswith(f"{cut}: kan ikke læses som data fra OpenStreetMap (")
    assert line.endswith("); udtrækket skal være helt og gyldigt; hent eller eksportér det igen")


def test_a_boundary_in_degrees_that_says_nothing_of_its_crs(tmp_path, demo_data):
    path = tmp_path / "area.shp"
    gpd.GeoDataFrame(geometry=[shapely.box(12.57, 55.70, 12.58, 55.71)], crs=4326).to_file(path)
    path.with_suffix(".prj").unlink()
    out = ("--osm", demo_data / "reitbahnviertel.osm.pbf", "--out", tmp_path / "out")
    assert said("run", "--boundary", path, *out) == (
        f"{path}: koordinater uden koordinatsystem (grader, ser det ud til); angiv det, fx EPSG:25832 "
        "(til en Shapefile: en .prj-fil)"
    )


def test_an_extract_of_another_place(town, demo_data):
    path = demo_data / "helsinki.osm.pbf"
    line = said("run", *town, "--osm", path)
    assert line.startswith(f"{path}: dækker længde 24,") and "men området ligger ved længde 13,2" in line
    assert line.endswith("; brug et udtræk, hvor området er med, eller kontrollér koordinatsystemet")


def test_a_plan_in_a_crs_that_it_is_not_in(tmp_path, demo_data):
    columns = {"action": ["add"], "layer": ["place"], "kind": ["bench"]}
    plan = tmp_path / "plan.gpkg"
    gpd.GeoDataFrame(columns, geometry=[shapely.Point(724_000, 6_175_000)], crs=4326).to_file(plan)
    town = ("--boundary", demo_data / "reitbahnviertel.geojson", "--osm", demo_data / "reitbahnviertel.osm.pbf")
    assert said("plan", "check", plan, *town) == (
        f"{plan}: koordinaterne i objekt 1 passer ikke til koordinatsystemet WGS 84; angiv det rigtige, eller tegn "
        "objektet igen"
    )


def test_a_plan_for_another_estate(tmp_path, town, demo_data):
    plan = tmp_path / "plan.toml"
    plan.write_text('name = "Nyt torv"\n[[edit]]\nadd = "bench"\nat = [12.5, 55.7]\n', encoding="utf-8")
    assert said("run", *town, "--osm", demo_data / "reitbahnviertel.osm.pbf", "--plan", plan) == (
        "plan Nyt torv: Nr. 1, ny bænk: ligger 242 km fra Reitbahnviertel; er planen for et andet område eller "
        "i et andet koordinatsystem, end den siger?"
    )


def test_a_layer_that_is_not_in_the_catalogue_is_guessed_at():
    assert said("sources", "show", "kk.legepladser").startswith(
        "kilden 'kk.legepladser': findes ikke blandt katalogets "
    )
    assert "; mente du kk.legeplads" in said("sources", "show", "kk.legepladser")


# --- what is put together of several errors ---------------------------------------------


def test_an_error_within_an_error_is_said_in_one_language_after_a_journey():
    first = SourceUnavailable("transport.no_answer", name="example.org")
    error = pickle.loads(pickle.dumps(SourceUnavailable("transport.attempts", error=first, n=4)))
    assert error.said("da") == "example.org: svarer ikke i tide; prøv igen senere (4 forsøg)"
    assert str(error) == "example.org: does not answer in time; try again later (4 attempts)"


def test_a_cause_is_our_own_words_or_the_first_line_of_anothers():
    own = cause(ValueError(phrase("observations.encoding")))
    assert own.said("da") == "den er hverken UTF-8 eller Windows-1252"
    assert cause(ValueError("pbf_decode.number")).said("da") == "et tal er skåret over"
    assert cause(OSError(28, "No space left on device")).said("da") == "[Errno 28] No space left on device"
    assert cause(IncompleteResult("answers.nothing", name="a")).said("da").startswith("a: svarer med ingenting")


@pytest.mark.parametrize("lang", KNOWN_LANGUAGES)
def test_a_key_is_in_no_language_and_does_not_travel(lang):
    key = http.Key("SOME_KEY", "apikey")
    body = b"<html><body>apikey=s3cret s3cret is not valid</body></html>"
    with pytest.raises(SourceUnavailable) as caught:
        http._check_status(http.Reply(403, {}, body), "https://example.org/wfs?apikey=s3cret", key, "s3cret")
    assert "s3cret" not in caught.value.said(lang) and "SOME_KEY" in caught.value.said(lang)
    assert b"s3cret" not in pickle.dumps(caught.value)


def test_a_downloaded_file_is_named_by_its_source(tmp_path):
    from spatial.sources.protocols import download

    path = tmp_path / "layer.geojson"
    inner = phrase(f"cannot open {path}")
    said = SourceFormatError("files.unreadable", path=path, cause=inner, needed="")
    error = download._named(said, path, "a.b (host)")
    for lang in KNOWN_LANGUAGES:
        assert error.said(lang).startswith("a.b (host): ") and str(tmp_path) not in error.said(lang)
