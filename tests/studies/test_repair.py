"""What repairs a plan that harms: the fewest additions, on paper and on an estate that is known to the metre."""

from __future__ import annotations

import itertools
import json
from types import SimpleNamespace

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spatial.core.languages import LANGUAGES
from spatial.studies import repair
from tests.analysis.test_run import boundary, miniature
from tests.command import call

# The one bench at the playground goes.
PLAN = '[[edit]]\nremove = "osm:node/30"\n'


def addition(name, cost=1.0):
    measure = SimpleNamespace(cost=lambda length_m: cost)
    return repair.Addition(measure, SimpleNamespace(length_m=0.0, edit=SimpleNamespace(feature=name)))


@given(st.lists(st.integers(0, 6), min_size=1, max_size=6), st.integers(1, 12))
def test_fewest_additions_of_which_each_takes_away_its_own_harm(parts, harm):
    """Where each takes away some harm of its own, as few as it takes are found, three at most."""
    ones = {addition(f"{k}"): part for k, part in enumerate(parts)}

    def left(found):
        return max(0, harm - sum(ones[one] for one in found))

    best = repair.fewest({(one,): left((one,)) for one in ones}, harm, left)
    needed = next((n for n in range(1, 4) if any(left(some) == 0 for some in itertools.combinations(ones, n))), None)
    assert needed is None or (len(best) == needed and left(best) == 0)
    assert left(best) == min(left(some) for n in range(4) for some in itertools.combinations(ones, n))


def test_of_equally_few_the_cheapest_is_taken_and_what_does_not_help_never():
    dear, cheap, useless = addition("a", 9.0), addition("b", 2.0), addition("c", 0.1)
    alone = {(dear,): 0.0, (cheap,): 0.0, (useless,): 5.0}
    assert repair.fewest(alone, 5.0, lambda found: 0.0) == (cheap,)
    assert repair.fewest({(useless,): 5.0}, 5.0, lambda found: 5.0) == ()


def test_harm_is_what_homes_lose_whatever_others_win():
    balance = repair.Balance({"child": 10.0, "adult": 3.0, "older": 0.2}, {"child": 40.0, "adult": 3.0, "older": 9.0})
    assert balance.worse == ("child", "adult") and balance.harm == 13


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("repair")
    miniature(folder / "mini.osm")
    boundary(folder / "mini.gpkg")
    (folder / "plan.toml").write_text(PLAN, encoding="utf-8")
    files = ("--boundary", folder / "mini.gpkg", "--osm", folder / "mini.osm")
    said = call("suggest", *files, "--plan", folder / "plan.toml", "--repair", "--json", "--out", folder / "out")
    assert said.code == 0, said.err
    return folder, json.loads(said.out)


def test_a_bench_that_goes_is_repaired_by_one_thing_to_sit_on(folder):
    found = folder[1]
    assert found["before"] and not found["after"]
    (one,) = found["additions"]
    assert one["measure"] in ("bench", "table") and "playground" in one["beside"]["en"].lower()


def test_the_repaired_plan_is_a_plan_that_leaves_no_lens_worse_off(folder):
    """Carried out by a whole run beside the plan: counted again from homes.csv."""
    path, found = folder
    (feature,) = json.loads((path / "out" / "repair.geojson").read_text(encoding="utf-8"))["features"]
    at, tags = feature["geometry"]["coordinates"], {"amenity", "leisure", "backrest"} & set(feature["properties"])
    said = ", ".join(f'{key} = "{feature["properties"][key]}"' for key in sorted(tags))
    more = f'[[edit]]\nadd = "bench"\nat = {at}\ntags = {{ {said} }}\n'
    (path / "both.toml").write_text(PLAN + more, encoding="utf-8")
    files = ("--boundary", path / "mini.gpkg", "--osm", path / "mini.osm")
    for plan, harmed in (("plan", True), ("both", False)):
        assert call("run", *files, "--plan", path / f"{plan}.toml", "--out", path / plan).code == 0
        homes = pd.read_csv(path / plan / "homes.csv")
        lenses = [name.removeprefix("state_") for name in homes if name.startswith("state_")]
        worse = [lens for lens in lenses if round(homes.loc[homes[f"state_{lens}"] == "losing", "dwellings"].sum()) > 0]
        assert bool(worse) == harmed
        if harmed:
            assert sorted(worse) == sorted(row["lens"] for row in found["before"])


@pytest.mark.parametrize("lang", LANGUAGES)
def test_a_plan_that_harms_nobody_needs_no_repair(lang, folder, tmp_path):
    (tmp_path / "plan.toml").write_text('[[edit]]\nlight = "osm:way/1"\n', encoding="utf-8")
    files = ("--boundary", folder[0] / "mini.gpkg", "--osm", folder[0] / "mini.osm")
    said = call("suggest", *files, "--plan", tmp_path / "plan.toml", "--repair", "--lang", lang)
    assert said.code == 0 and {"da": "intet at reparere", "en": "nothing to repair"}[lang] in said.out


def test_a_repair_without_a_plan_is_wrong_usage(folder):
    said = call("suggest", "--boundary", folder[0] / "mini.gpkg", "--osm", folder[0] / "mini.osm", "--repair")
    assert said.code == 2
