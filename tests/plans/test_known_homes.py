"""Numbers of homes that a plan knows of what it demolishes, and those that are only estimated."""

from __future__ import annotations

import json

import pytest

from spatial.core.languages import LANGUAGES, texts
from spatial.texts import plan_answer
from tests.analysis.test_run import boundary, miniature
from tests.command import call
from tests.plans.test_comparison import degrees


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """The miniature: blocks of 10 and 30 homes in the estate, as tagged."""
    folder = tmp_path_factory.mktemp("homes")
    miniature(folder / "mini.osm")
    boundary(folder / "mini.gpkg")
    return folder


def told(folder, name, text):
    (folder / f"{name}.toml").write_text(text, encoding="utf-8")
    files = ("--boundary", folder / "mini.gpkg", "--osm", folder / "mini.osm")
    said = call("run", *files, "--plan", folder / f"{name}.toml", "--out", folder / name, "--json")
    assert said.code == 0, said.err
    return json.loads(said.out)["plan"]


def test_the_number_of_the_plan_holds_today_too(folder):
    """30 homes are mapped, the plan knows of 48: 48 are demolished, wherever it is told; today has 58 and not 40."""
    found = told(folder, "known", '[[edit]]\nremove = "osm:way/11"\ndwellings = 48\n')
    assert found["answer"]["demolished"] == {"buildings": 1, "homes": 48, "estimated": 0}
    assert found["dwellings"]["demolished"] == 48 and sum(found["dwellings"].values()) == 58
    plain = told(folder, "plain", '[[edit]]\nremove = "osm:way/11"\n')
    assert plain["answer"]["demolished"]["homes"] == 30


def test_drawn_around_several_blocks_a_number_is_of_none(folder):
    area = [list(degrees(*corner)) for corner in ((-20, 5), (320, 5), (320, 25), (-20, 25))]
    found = told(folder, "drawn", f'[[edit]]\nremove = "building"\narea = {area}\ndwellings = 48\n')
    assert found["answer"]["demolished"] == {"buildings": 2, "homes": 40, "estimated": 0}


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("estimated", [0, 5])
def test_that_a_number_is_estimated_is_said(lang, estimated):
    words = texts(lang)
    said = plan_answer._homes(
        {"demolished": {"buildings": 1, "homes": 30, "estimated": estimated}, "built": {"homes": 0}}, words
    )
    assert (words["plan_answer"]["estimated"] in said) == bool(estimated)
