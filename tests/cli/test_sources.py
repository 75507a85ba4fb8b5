"""``sources list, show, check``: the catalogue in words, and what a service on loopback answers."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner

from spatial.cli.commands.sources import command
from spatial.core.errors import ConfigError, InputError, SourceUnavailable
from tests.sources.unruly import PAGE, Reply, serving, told

X, Y = 723_900.0, 6_179_300.0
ENTRY = """
[source."my.places"]
title = {{ da = "Mine steder", en = "My places" }}
protocol = "sql"
endpoint = "{address}"
layer = "fkg.t_5800_fac_pkt"
licence = "CC0"
attribution = "Me"
id_field = "objekt_id"
{more}
kind = {{ field = "facil_ty_k", codes = "facility" }}
[source."my.places".fields]
navn = "name"
[source."my.places".unused]
cvr_navn = "who registered it"
"""


def called(*args: str):
    return CliRunner().invoke(command, list(args), catch_exceptions=True)


def test_list_in_both_languages_and_as_json():
    danish, english = called("list"), called("list", "--lang", "en")
    assert "Kommunale legepladser, København" in danish.output and "Municipal playgrounds" in english.output
    found = json.loads(called("list", "--json").output)
    assert {"id", "licence", "attribution", "confirmed"} <= set(found[0]) and len(found) >= 25


@pytest.mark.parametrize("lang", ["da", "en"])
def test_show(lang):
    text = called("show", "geofa.punkt", "--lang", lang).output
    assert "CC BY 4.0" in text and "fkg.t_5800_fac_pkt" in text and "facil_ty_k" in text
    text = called("show", "geodanmark.bygning", "--lang", lang).output
    assert "DATAFORDELER_API_KEY" in text
    assert "osm.stop" in called("show", "osm.stop", "--lang", lang).output


def test_show_as_json_holds_the_mapping():
    found = json.loads(called("show", "kk.legeplads", "--json").output)
    assert found["mapping"]["tags"] == {"leisure": "playground"} and found["municipality"] == "0101"


def test_show_of_nothing():
    assert isinstance(called("show", "kk.legepladser").exception, InputError)


@pytest.fixture
def place():
    properties = {"objekt_id": "a", "facil_ty_k": "1031", "navn": "Pladsen", "noget": 1, "cvr_navn": "x"}
    return {
        "type": "Feature",
        "properties": {**properties, "faellesrum_count": 1},
        "geometry": {"type": "Point", "coordinates": [X, Y]},
    }


def checked(tmp_path, answer, *args: str, more: str = ""):
    with serving(answer) as server:
        path = tmp_path / "own.toml"
        path.write_text(ENTRY.format(address=f"{server.address}/sql", more=more), encoding="utf-8")
        return called("check", "my.places", "--catalogue", str(path), *args), server.asked


def test_check_says_what_it_would_deliver(tmp_path, place):
    def answer(path, params):
        return told({"type": "FeatureCollection", "features": [place]})

    found, asked = checked(tmp_path, answer, "--lang", "en")
    assert found.exit_code == 0 and "1 rows in a box of 600 × 600 m; 1 of them can be used" in found.output
    assert "EPSG:25832" in found.output and "CC0, Me" in found.output
    assert "does not use: noget\n" in found.output and "723600.00,6179000.00" in asked[0][1]["q"]
    told_json = json.loads(checked(tmp_path, answer, "--json")[0].output)
    assert told_json["ok"] and told_json["rows"] == 1 and told_json["unmapped"] == ["noget"]
    assert told_json["missing"] == [] and told_json["seconds"] >= 0


def test_check_names_fields_that_the_layer_lacks(tmp_path, place):
    del place["properties"]["navn"]
    found, _ = checked(tmp_path, lambda path, params: told({"type": "FeatureCollection", "features": [place]}))
    assert "laget mangler: navn" in found.output


def test_check_elsewhere(tmp_path, place):
    empty = told({"type": "FeatureCollection", "features": []})
    found, asked = checked(tmp_path, lambda path, params: empty, "--at", "10.2", "56.15", "--lang", "en")
    assert found.exit_code == 0 and "0 rows" in found.output and "57" in asked[0][1]["q"].partition("Envelope(")[2][:3]


@pytest.mark.parametrize(
    ("reply", "words"),
    [(Reply(401), "HTTP 401"), (Reply(504), "HTTP 504"), (Reply(body=PAGE), "webside"), (Reply(404), "HTTP 404")],
)
def test_check_says_in_one_line_why_not(tmp_path, reply, words):
    found, asked = checked(tmp_path, lambda path, params: reply, "--json")
    problem = json.loads(found.output)
    assert problem["ok"] is False and words in problem["problem"] and "\n" not in problem["problem"]
    assert found.exit_code == 1 and len(asked) == 1


def test_check_of_what_cannot_be_asked(tmp_path, monkeypatch):
    assert isinstance(called("check", "osm.stop").exception, ConfigError)
    monkeypatch.delenv("DATAFORDELER_API_KEY", raising=False)
    for identity in ("geodanmark.bygning", "dhm.terraen"):
        error = called("check", identity).exception
        assert isinstance(error, ConfigError) and "DATAFORDELER_API_KEY" in str(error)


def test_check_does_not_wait_long(tmp_path):
    """One attempt: what a user sees in a second is worth more than patience."""
    found, asked = checked(tmp_path, lambda path, params: Reply(503))
    assert isinstance(found.exception, SourceUnavailable) and len(asked) == 1
