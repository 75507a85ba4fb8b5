"""In which order the phases of a plan are built: every order against a count of its own, and an estate on paper."""

from __future__ import annotations

import itertools
import json
import shutil

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spatial.core.languages import LANGUAGES
from spatial.plans import phase_order
from tests import osm_xml, rasters
from tests.analysis.test_run import PLAYGROUND, boundary, miniature
from tests.command import call
from tests.plans.test_comparison import degrees


@st.composite
def costs(draw, most):
    """So many phases, how long each lasts, and what each state costs."""
    n = draw(st.integers(2, most))
    years = draw(st.lists(st.integers(1, 5), min_size=n - 1, max_size=n - 1))
    states = [
        (frozenset(s), k) for k in range(1, n + 1) for r in range(n) for s in itertools.combinations(range(1, n + 1), r)
    ]
    found = {state: (float(draw(st.integers(0, 50))), float(draw(st.integers(0, 50)))) for state in states}
    return n, [float(y) for y in years], found


@settings(max_examples=40, deadline=None)
@given(costs(4))
def test_the_best_order_is_the_least_of_all_permutations(case):
    n, years, found = case
    tried, every = phase_order.best_order(n, years, lambda order: True, lambda done, now: found[done, now])
    sums = {
        order: sum(y * found[frozenset(order[:k]), order[k]][0] for k, y in enumerate(years))
        for order in itertools.permutations(range(1, n + 1))
    }
    assert every and len(tried) == len(sums)
    assert tried[0].without == min(sums.values()) and all(one.without == sums[one.order] for one in tried)


@settings(max_examples=10, deadline=None)
@given(st.randoms(use_true_random=False))
def test_of_many_phases_an_order_is_proposed_that_is_no_worse(random):
    """With eight phases two are exchanged at a time; no exchange of what comes out spares more."""
    n = 8
    memory = {}

    def cost(done, now):
        return memory.setdefault((done, now), (float(random.randint(0, 50)), 0.0))

    tried, every = phase_order.best_order(n, [1.0] * (n - 1), lambda order: True, cost)
    own = next(one for one in tried if one.order == tuple(range(1, n + 1)))
    assert not every and tried[0].without <= own.without


def test_orders_that_cannot_be_built_are_not_proposed():
    tried, _ = phase_order.best_order(
        3, [1.0, 1.0], lambda order: order.index(1) < order.index(3), lambda done, now: (float(now != 3), 0.0)
    )
    assert {one.order for one in tried} == {(1, 2, 3), (1, 3, 2), (2, 1, 3)} and tried[0].order == (1, 3, 2)


# --- an estate on paper ---------------------------------------------------------------------------

# The playground goes in 2027; one like it comes in 2030, on the same side of the path.
OTHER = [list(degrees(x, y)) for x, y in ((140, 5), (147, 12), (140, 19), (133, 12))]
PLAN = f"""
name = "Plan B"
[[edit]]
remove = "{PLAYGROUND}"
phase = 2027
[[edit]]
add = "playground"
area = {OTHER}
tags = {{ access = "yes", fee = "no" }}
phase = 2030
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("order")
    miniature(folder / "mini.osm")
    boundary(folder / "mini.gpkg")
    (folder / "plan.toml").write_text(PLAN, encoding="utf-8")
    files = ("--boundary", folder / "mini.gpkg", "--osm", folder / "mini.osm")
    said = call("run", *files, "--plan", folder / "plan.toml", "--phases", "--out", folder / "plan")
    assert said.code == 0, said.err
    return folder


def test_what_comes_before_it_goes_leaves_nobody_without(folder, tmp_path):
    """In the plan's order nobody has a playground for three years; in the other there is always one."""
    said = call("compare", folder / "plan" / "today", folder / "plan", "--order", "--json", "--out", tmp_path / "out")
    assert said.code == 0, said.err
    found = json.loads(said.out)["order"]
    assert found["best"]["order"] == [2, 1] and found["given"]["order"] == [1, 2] and found["every"]
    assert found["years"] == [3.0] and found["dated"]
    assert found["best"]["worse"] == 0
    # Both blocks of the estate, 10 and 30 homes, have it worse for three years.
    assert found["given"]["worse"] == 3 * 40
    assert (tmp_path / "out" / "phase_orders.csv").read_text(encoding="utf-8").splitlines()[1].startswith("2;1,")


@pytest.mark.long
def test_an_order_is_proposed_with_a_terrain_model_and_not_with_another_one(folder, tmp_path):
    """A hillside that rises by one in a hundred to the east changes nothing about what is there when."""
    heights = np.tile(np.arange(900) * 0.05, (900, 1))
    x, y = osm_xml.CENTRE_M
    hill = rasters.write(tmp_path / "hill.tif", heights, x - 2250, y + 2250, 5.0, osm_xml.METRIC)
    files = ("--boundary", folder / "mini.gpkg", "--osm", folder / "mini.osm", "--terrain", hill)
    said = call("run", *files, "--plan", folder / "plan.toml", "--phases", "--out", tmp_path / "plan")
    assert said.code == 0, said.err
    command = ("compare", tmp_path / "plan" / "today", tmp_path / "plan", "--order", "--lang", "en", "--json")
    found = json.loads(call(*command).out)["order"]
    assert found["best"]["order"] == [2, 1] and found["given"]["worse"] == 3 * 40
    rasters.write(hill, heights + 1, x - 2250, y + 2250, 5.0, osm_xml.METRIC)
    said = call(*command)
    assert said.code == 1 and "terrain is no longer what it was" in said.err and said.err.count("\n") == 1


@pytest.mark.parametrize("lang", LANGUAGES)
def test_the_order_is_told_in_words(lang, folder):
    said = call("compare", folder / "plan" / "today", folder / "plan", "--order", "--lang", lang)
    assert said.code == 0 and "2 (2030), 1 (2027)" in said.out


def test_a_file_that_is_another_now_is_named(folder, tmp_path):
    shutil.copytree(folder, tmp_path / "copy")
    manifest = tmp_path / "copy" / "plan" / "manifest.json"
    text = manifest.read_text(encoding="utf-8").replace(str(folder / "mini.osm"), str(tmp_path / "gone.osm"))
    manifest.write_text(text, encoding="utf-8")
    plan = tmp_path / "copy" / "plan"
    said = call("compare", plan / "today", plan, "--order", "--lang", "en")
    assert said.code == 1 and "osm is no longer what it was" in said.err and said.err.count("\n") == 1
