"""The catalogue: complete entries, the whole code lists, and errors that help."""

from __future__ import annotations

import csv
import re
from importlib import resources
from pathlib import Path

import pytest

from spatial.core.errors import ConfigError, InputError
from spatial.settings import tags as settings_tags
from spatial.sources import catalogue, field_mapping

CATALOGUE = catalogue.load()
RULES = settings_tags.tag_rules()
# Words of the vocabulary that no rule judges yet: a place to go, not a place to meet.
KNOWN_BESIDES = {"amenity=toilets"}
# Layers of lines on a plan and of routes: shown or used by name, never sorted by their tags.
ONLY_DRAWN = {"geofa.linje", "plandata.lokalplan", "plandata.byggefelt", "matrikel.lodflade"}
LISTS = {
    "facility": "geofa_facility_types.csv",
    "park_area": "geofa_d_6800_vedlhold_f_type.csv",
    "park_line": "geofa_d_6801_vedlhold_l_type.csv",
    "park_point": "geofa_d_6802_groenvedligh_punkt.csv",
}


def means_something(tags: dict[str, str]) -> bool:
    """Whether the program's own rules know what an object with these tags is."""
    matchers = (RULES.kind, RULES.context, RULES.ground, RULES.base, RULES.stop, RULES.lamp, RULES.destination)
    barriers = {*RULES.barrier["closed"], *RULES.barrier["gates"]}
    return (
        any(matcher.first(tags) is not None for matcher in matchers)
        or tags.get("barrier") in barriers
        or "building" in tags
        or any(f"{key}={value}" in KNOWN_BESIDES for key, value in tags.items())
    )


@pytest.mark.parametrize("identity", list(CATALOGUE))
def test_every_entry_says_what_is_compulsory(identity):
    source = CATALOGUE[identity]
    assert source.id == identity and re.fullmatch(r"[a-z_]+(\.[a-z_]+)+", identity)
    assert source.licence and source.attribution and source.confirmed
    assert set(source.title) == {"da", "en"} and all(source.title.values())
    assert source.municipality is None or re.fullmatch(r"0\d{3}", source.municipality)
    assert source.endpoint is None or source.endpoint.startswith("https://")
    assert source.key is None or source.key not in (source.endpoint or "")


def table(name: str) -> catalogue.Codes:
    by_source = {"facility": "geofa.punkt", "park_area": "geofa.park_flade"}
    by_source |= {"park_line": "geofa.park_linje", "park_point": "geofa.park_punkt"}
    rule = CATALOGUE[by_source[name]].mapping.kind
    assert rule is not None
    return rule.codes


@pytest.mark.shared
@pytest.mark.parametrize("name", LISTS)
def test_the_whole_code_list_is_mapped_or_left_out_with_a_reason(name, shared_data: Path):
    file = shared_data.parent / "reference" / LISTS[name]
    with file.open(encoding="utf-8", newline="") as stream:
        listed = {next(iter(row.values())) for row in csv.DictReader(stream)}
    codes = table(name)
    assert len(listed) > 25
    assert set(codes.tags) | set(codes.unused) == listed


@pytest.mark.parametrize("name", LISTS)
def test_what_a_code_is_mapped_to_means_something(name):
    codes = table(name)
    assert len(codes.tags) > 10 and len(codes.unused) > 10
    assert {code for code, tags in codes.tags.items() if not means_something(dict(tags))} == set()


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("1031", "playground"),
        ("1371", "bench"),
        ("1201", "table"),
        ("1022", "barbecue"),
        ("4132", "games"),
        ("4222", "fitness"),
        ("1191", "dog_park"),
        ("3012", "shelter"),
        ("2051", "park"),
        ("4111", "pitch"),
    ],
)
def test_kinds_by_code(code, kind):
    tags = field_mapping.meaning(code, table("facility"))
    assert tags is not None and RULES.kind.first(tags) == kind


def test_constant_tags_mean_something_too():
    for source in CATALOGUE.values():
        if source.mapping.tags and source.id not in ONLY_DRAWN:
            assert means_something(dict(source.mapping.tags)), source.id


def test_an_unknown_id_names_those_that_are_near():
    with pytest.raises(InputError, match=r"'kk.legepladser'.*is it kk\.legeplads"):
        CATALOGUE["kk.legepladser"]
    with pytest.raises(InputError, match=r"'legeplads'.*is it kk\.legeplads"):
        CATALOGUE["legeplads"]
    with pytest.raises(InputError, match="sources list"):
        CATALOGUE["zzzz"]


ENTRY = """
[source."my.layer"]
title = {{ da = "Mit", en = "Mine" }}
protocol = "wfs"
endpoint = "https://example.org/wfs"
licence = "CC0"
attribution = "Me"
{more}
"""


def own(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "mine.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_a_file_of_ones_own_adds_and_wins(tmp_path, monkeypatch):
    text = ENTRY.format(more='tags = "amenity=bench"') + ENTRY.format(more="").replace("my.layer", "kk.legeplads")
    path = own(tmp_path, text)
    mine = catalogue.load(path)
    assert mine["my.layer"].mapping.tags == {"amenity": "bench"}
    assert mine["kk.legeplads"].licence == "CC0" and len(mine) == len(CATALOGUE) + 1
    monkeypatch.setenv(catalogue.USER_FILE_VARIABLE, str(path))
    assert "my.layer" in catalogue.load()


@pytest.mark.parametrize("lacking", ["licence", "attribution", "title", "protocol"])
def test_an_entry_without_what_is_compulsory_is_refused(tmp_path, lacking):
    text = "\n".join(line for line in ENTRY.format(more="").splitlines() if not line.startswith(lacking))
    with pytest.raises(ConfigError, match=rf"my\.layer.*no {lacking}"):
        catalogue.load(own(tmp_path, text))


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ('protcol = "x"', "protcol"),
        ('tags = "amenity"', "key=value"),
        ('[source."my.layer".fields]\na = { codes = "nowhere" }', "nowhere"),
        ('[source."my.layer".fields]\na = { as = "count" }', "neither tag nor codes"),
        ('[source."my.layer".fields]\na = { tag = "b", as = "colour" }', "colour"),
        ('[source."my.layer".fields]\na = { tag = "b", pattern = "(x)(y)" }', "as many tags"),
        (
            '[source."my.layer".kind]\nfield = "t"\n[source."my.layer".kind.codes]\ntags = {1="a=b"}\nunused={1="x"}',
            "both",
        ),
        ('[source."my.layer".kind]\nfield = "t"\n[source."my.layer".kind.codes]\nunused={1=""}', "without a reason"),
    ],
)
def test_mistakes_in_an_entry_are_said(tmp_path, more, message):
    with pytest.raises(ConfigError, match=message):
        catalogue.load(own(tmp_path, ENTRY.format(more=more)))


def test_a_protocol_or_a_title_that_is_none(tmp_path):
    with pytest.raises(ConfigError, match="protocol is 'ftp'"):
        catalogue.load(own(tmp_path, ENTRY.format(more="").replace('"wfs"', '"ftp"')))
    with pytest.raises(ConfigError, match="in Danish and in English"):
        catalogue.load(own(tmp_path, ENTRY.format(more="").replace(', en = "Mine"', "")))
    with pytest.raises(ConfigError, match="cannot be read"):
        catalogue.load(tmp_path / "none.toml")


def test_the_bundled_file_ships():
    assert (resources.files("spatial") / "defaults" / "sources.toml").is_file()
