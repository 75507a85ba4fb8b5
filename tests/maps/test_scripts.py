"""What the scripts of the page work out, without a page: in the Node that comes with playwright, against Python."""

import json
import subprocess
from dataclasses import replace
from importlib.resources import files
from itertools import islice

import numpy as np
import pytest
from playwright._impl._driver import compute_driver_executable

from spatial.core.languages import texts
from spatial.core.model import ASPECTS, FLOATING
from spatial.maps.web.linking import link_modules
from spatial.scoring import scores
from spatial.scoring.judging import judge_all, reweighted
from tests.maps.test_web_page import METRES_A_MINUTE, covered, metres_of_way
from tests.maps.test_web_scores import SUFFIXES, weightings

SCRIPTS = files("spatial.maps.web") / "scripts"
DM_PER_M = 10


def evaluate(expression, given, *modules):
    """What an expression of ``faellesrum`` (what the modules export) and ``given`` is worth."""
    code = f"const given = {json.dumps(given, default=dict)};\n{link_modules(SCRIPTS, modules)}\n"
    code += f"process.stdout.write(JSON.stringify({expression}));"
    done = subprocess.run([compute_driver_executable()[0], "-"], input=code, capture_output=True, encoding="utf-8")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.fixture(scope="module")
def data(demo_result):
    return demo_result.map("en").data


def test_three_weightings_give_the_scores_that_python_gives(data, demo_result):
    """Of the hundred that a browser tries."""
    table, tried = demo_result.meeting_spaces, list(islice(weightings(demo_result.rubric), 3))
    found = evaluate(
        """(() => {
            const model = faellesrum.createScoring(given.data);
            const plain = (f) => ({ ...f, coverage: Array.from(f.coverage), scores: Object.fromEntries(
                Object.entries(f.scores).map(([key, parts]) => [key, parts.map((part) => Array.from(part))])) });
            return given.tried.map(([aspects, indicators]) => plain(model.score("spaces", { aspects, indicators })));
        })()""",
        {"data": data, "tried": tried},
        "scoring.js",
    )
    for (aspects, indicators), one in zip(tried, found, strict=True):
        rubric = replace(reweighted(demo_result.rubric, aspects=aspects, indicators=indicators), draws=1)
        wanted = scores.score(judge_all(demo_result.evidence, table.index, rubric), table.index, rubric, 1)
        for score in (FLOATING, *(name for name in ASPECTS if aspects[name] > 0)):
            for suffix, column in zip(SUFFIXES, one["scores"][score], strict=True):
                np.testing.assert_allclose(column, wanted[score + suffix], atol=1e-6)
        np.testing.assert_allclose(one["coverage"], wanted["coverage"], atol=1e-9)
        assert [rank is None for rank in one["rank"]] == wanted["rank"].isna().tolist()


@pytest.mark.parametrize("minutes", [5, 10])
def test_walks_are_as_long_as_networkx_says(data, demo_result, minutes):
    reach, limit = data["reach"], minutes * METRES_A_MINUTE * DM_PER_M
    sites = reach["site"]["spaces"][:3]
    walked = evaluate(
        "given.sites.map((site) => faellesrum.createWalks(given.reach).stretches(site, given.limit))",
        {"reach": reach, "sites": sites, "limit": limit},
        "walks.js",
    )
    for space, stretches in zip(demo_result.meeting_spaces.index, walked, strict=False):
        wanted = metres_of_way(demo_result, space, minutes)
        by_way = {way: [(a, b) for each, a, b in stretches if each == way] for way, _, _ in stretches}
        found = sum(covered(spans) for spans in by_way.values()) / DM_PER_M
        assert wanted > 100 and found == pytest.approx(wanted, rel=2e-3, abs=2.0)


@pytest.mark.parametrize(
    ("lang", "percent", "number", "benches"),
    [
        ("da", "52 %", "1.234", ["Bænk", "2 bænke"]),
        ("en", "52%", "1,234", ["Bench", "2 benches"]),
        ("de", "52 %", "1.234", ["Bank", "2 Bänke"]),
    ],
)
def test_numbers_and_plurals_follow_the_language(lang, percent, number, benches):
    told = evaluate(
        """(() => {
            const words = faellesrum.createWords(given);
            const told = [words.percent(523), words.number(1234), [1, 2].map((n) => words.plural("bench", n))];
            return told.map((one) => JSON.parse(JSON.stringify(one).replaceAll("\\u00a0", " ")));
        })()""",
        {"lang": lang, "texts": {lang: texts(lang)}},
        "words.js",
    )
    assert told == [percent, number, benches]


def test_rows_are_taken_out_with_their_shapes():
    """Of three triangles the last and the first, in this order: steps run on from ring to ring."""
    steps = [0, 0, 4, 0, 0, 3, 10, 7, 4, 0, 0, 3, 20, -3, 4, 0, 0, 3]
    empty = {name: [] for name in ("space", "kind", "status", "tier", "inside", "area", "coverage", "rank", "rank_low",
                                   "rank_high", "top")}  # fmt: skip
    evidence = {"start": [0, 0, 0, 0], "indicator": [], "value": [], "state": "", "source": [], "rule": [],
                "wide": [], "low": [], "high": []}  # fmt: skip
    table = empty | {"id": ["a", "b", "c"], "name": {"en": ["A", "B", "C"]}, "about": {}, "scores": {}}
    table |= {"at": [0, 1, 2, 3, 4, 5], "shape": {"n": [3, 3, 3], "d": steps, "rings": [1, 1, 1]}, "evidence": evidence}
    found = evaluate("faellesrum.pickRows(given, [2, 0])", table, "rows.js")
    corners = np.cumsum(np.reshape(found["shape"]["d"], (-1, 2)), axis=0).reshape(2, 3, 2)
    before = np.cumsum(np.reshape(steps, (-1, 2)), axis=0).reshape(3, 3, 2)
    np.testing.assert_array_equal(corners, before[[2, 0]])
    assert (found["id"], found["name"], found["at"]) == (["c", "a"], {"en": ["C", "A"]}, [4, 5, 0, 1])
