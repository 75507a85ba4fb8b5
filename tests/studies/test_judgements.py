"""What raters and residents wrote on the kit's forms, read back: agreement by aspect, and an order of activities."""

from __future__ import annotations

import json
import re
import tomllib

import numpy as np
import openpyxl
import pandas as pd
import pytest

import spatial
from spatial.analysis import loading
from spatial.core.languages import LANGUAGES, texts
from spatial.core.model import ASPECTS
from spatial.fieldkit.kit import settings
from spatial.indicators import neutral_activity
from spatial.settings.loading import DEFAULTS
from spatial.settings.tags import tag_rules
from tests.command import call, run_town
from tests.observed import table as csv_of

ITEMS = settings()["ratings"]["items"]


@pytest.fixture(scope="module")
def kit(finished, tmp_path_factory):
    out = tmp_path_factory.mktemp("kit") / "kit"
    assert call("fieldkit", finished, "--out", out).code == 0
    return out


def asked(path):
    head, *rows = openpyxl.load_workbook(path)["survey"].values
    return [dict(zip(head, row, strict=True)) for row in rows]


def test_two_items_judge_each_aspect_and_each_has_a_source_and_words():
    aspects = [about["aspect"] for about in ITEMS.values()]
    assert all(aspects.count(aspect) == 2 for aspect in ASPECTS)
    assert all(re.match("(OMAI|PSI), ", about["source"]) for about in ITEMS.values())
    for lang in LANGUAGES:
        assert set(texts(lang)["fieldkit"]["rating"]) == {*ITEMS, "who", "step_0", "step_1", "step_2", "step_3"}


def test_ratings_come_back_with_agreement_by_aspect(finished, kit, tmp_path):
    """As KoboToolbox exports them: raters who see our score exactly agree; a third row names no place of the run."""
    spaces = loading.read_run(finished).meeting_spaces
    names = [row["name"] for row in asked(kit / "ratings.xlsx")]
    assert names == ["observer_code", "location_id", *ITEMS]
    rows = [[who, place, *(round(3 * spaces.loc[place, about["aspect"]]) for about in ITEMS.values())]
            for place in spaces.index for who in ("A", "B")]  # fmt: skip
    rows += [["A", "elsewhere", *[1] * 10], ["", spaces.index[0], *[1] * 10]]
    file = csv_of(tmp_path / "r.csv", rows, [f"group/{name}" for name in names])
    done = call("study", "ratings", finished, file, "--lang", "en")
    assert (done.code, done.err) == (0, ""), done.err
    lines = done.out.splitlines()
    assert len(lines) == 7 and lines[-1].endswith("rater's code: 2. They are not used.")
    for aspect, line in zip(ASPECTS, lines[1:6], strict=True):
        assert line.startswith(texts("en")["aspect"][aspect]["title"])
        assert f"{len(spaces)} places), against the score" in line
        varied = (
            len({row[2 + list(ITEMS).index(i)] for row in rows[:-2] for i in ITEMS if ITEMS[i]["aspect"] == aspect}) > 1
        )
        assert (
            "between raters 1.00" in line
        ) == varied  # where all places are rated alike there is nothing to agree on
    assert "A" not in re.findall(r"\b[A-H]\b", done.out)


def test_ratings_of_another_form_are_refused_in_one_line(finished, tmp_path):
    file = csv_of(tmp_path / "r.csv", [["A", "p", 1]], ["observer_code", "location_id", "seen_into"])
    done = call("study", "ratings", finished, file, "--lang", "en")
    assert done.code == 1 and "found no table with the questions of the form" in done.err and done.err.count("\n") == 1
    rows = [["A", "elsewhere", *[1] * 10]]
    file = csv_of(tmp_path / "s.csv", rows, ["observer_code", "location_id", *ITEMS])
    assert "found 1 rows, none of a meeting space" in call("study", "ratings", finished, file, "--lang", "en").err


def residents(kit, count, rng):
    """Whoever is asked finds what stands first in the list of activities the more open, and errs."""
    order = {name: i for i, name in enumerate(settings()["openness"]["activities"])}
    _, *choices = openpyxl.load_workbook(kit / "openness.xlsx")["choices"].values
    sets = pd.DataFrame(choices).groupby(0, sort=False)[1].apply(list).iloc[::2]  # the same four for best and worst
    rows = []
    for _ in range(count):
        own = {name: at + rng.gumbel() for name, at in order.items()}
        rows.append([pick(shown, key=own.get) for shown in sets for pick in (min, max)])
    return rows, [f"{end}_{n}" for n in range(1, len(sets) + 1) for end in ("best", "worst")]


def test_residents_order_becomes_neutrality_with_its_spread(kit, finished, inputs, tmp_path):
    """`run --tags` takes the file: of the town's places of these kinds the neutrality alone differs."""
    rows, head = residents(kit, 30, np.random.default_rng(1))
    assert head == [row["name"] for row in asked(kit / "openness.xlsx")]
    file, out = csv_of(tmp_path / "o.csv", rows, head), tmp_path / "tags.toml"
    done = call("study", "openness", file, "--out", out, "--lang", "da")
    assert (done.code, done.err) == (0, ""), done.err
    new, bundled = (tomllib.loads(path.read_text(encoding="utf-8")) for path in (out, DEFAULTS / "tags.toml"))
    found = {name: new["kind"][name].pop("neutrality") for name in settings()["openness"]["activities"]}
    bundled_neutrality = {name: bundled["kind"][name].pop("neutrality") for name in found}
    assumed = list(bundled_neutrality.values())
    spreads = [new["kind"][name].pop("neutrality_spread") for name in found]
    assert new == bundled  # nothing else is changed
    assert pd.Series(found).corr(pd.Series(range(len(found), 0, -1), found), method="spearman") > 0.9
    assert min(assumed) <= min(found.values()) and max(found.values()) <= max(assumed)
    assert all(0 < spread < 0.15 for spread in spreads)
    town = run_town(inputs, tmp_path / "town", "--tags", out, "--lang", "en")
    assert town.code == 0, town.err
    changed = json.loads((tmp_path / "town" / "manifest.json").read_text(encoding="utf-8"))["tags"]
    assert {name: about.get("neutrality", bundled_neutrality[name]) for name, about in changed.items()} == found
    assert [changed[name]["neutrality_spread"] for name in found] == spreads
    before, after = (spatial.load(folder).evidence for folder in (finished, tmp_path / "town"))
    of = [table[table["indicator"] == "neutral_activity"].set_index("place_id") for table in (before, after)]
    kinds = spatial.load(finished).places["kind"]
    own = [name for name in kinds.index if kinds[name] in found]
    assert own and all(
        of[1].loc[name, "value"] == pytest.approx(
            of[0].loc[name, "value"] * found[kinds[name]] / bundled_neutrality[kinds[name]]
        )
        for name in own
    )  # fmt: skip
    assert "mindst 10 beboere" in done.out and "30" not in done.out  # how many answered is told of nobody


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ('match = ["leisure=dog_park"]', 'match = ["leisure=park"]', "kind.dog_park.match"),
        ("[kind.dog_park]", "[kind.cat_park]", "[kind]"),
        ("major_speed_kmh = 50", "major_speed_kmh = 90", "walk"),
        ("neutrality = 0.75", "neutrality = 7.5", "kind.dog_park.neutrality is 7.5"),
        ("neutrality = 0.75", 'neutrality = "high"', "kind.dog_park.neutrality is high"),
        ("neutrality = 0.75", "neutrality = nan", "kind.dog_park.neutrality is nan"),
        ("neutrality = 0.75\n", "", "kind.dog_park.neutrality is None"),
        ("pull = 0.85", "pull = ", "not valid TOML"),
    ],
)
def test_choices_of_tags_that_say_more_otherwise_are_refused(old, new, told, inputs, tmp_path):
    text = (DEFAULTS / "tags.toml").read_text(encoding="utf-8")
    path = tmp_path / "tags.toml"
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    done = run_town(inputs, tmp_path / "town", "--tags", path, "--lang", "en")
    assert done.code == 1 and done.err.count("\n") == 1 and told in done.err
    assert not (tmp_path / "town").exists()


@pytest.mark.parametrize("command", ["suggest", "studio", "batch"])
def test_other_commands_take_choices_of_tags_and_refuse_wrong_ones_as_a_run_does(command, demo_data, tmp_path):
    path, boundary = tmp_path / "tags.toml", demo_data / "reitbahnviertel.geojson"
    text = (DEFAULTS / "tags.toml").read_text(encoding="utf-8")
    path.write_text(text.replace("neutrality = 0.75", "neutrality = nan", 1), encoding="utf-8")
    own = {
        "suggest": ["--boundary", boundary],
        "studio": ["--boundary", boundary, "--no-browser", "--port", "0", "--kept", tmp_path / "kept.sqlite"],
        "batch": ["--areas", boundary, "--out", tmp_path / "out", "--workers", "1"],
    }[command]
    done = call(command, *own, "--osm", demo_data / "reitbahnviertel.osm.pbf", "--tags", path, "--lang", "en")
    assert done.code == 1 and "kind.dog_park.neutrality is nan" in done.err and "Traceback" not in done.err


def test_a_few_residents_are_refused_without_saying_how_many(kit, tmp_path):
    rows, head = residents(kit, 10, np.random.default_rng(2))
    rows[3][0] = rows[3][1]  # one says the same twice, so nine are left
    done = call(
        "study", "openness", csv_of(tmp_path / "o.csv", rows, head), "--out", tmp_path / "t.toml", "--lang", "en"
    )
    assert done.code == 1 and "too few residents; needed 10" in done.err and not (tmp_path / "t.toml").exists()


def test_a_spread_of_its_own_is_the_interval_of_a_kind(monkeypatch):
    from dataclasses import replace

    rules = tag_rules()
    own = replace(rules.kinds["playground"], neutrality=0.8, neutrality_spread=0.05)
    value, low, high, *_ = neutral_activity._row({"operator:type": "public"}, own, None, rules)
    assert (value, low, high) == pytest.approx((0.8, 0.75, 0.85))
    _, low, high, *_ = neutral_activity._row({"operator:type": "public"}, rules.kinds["playground"], None, rules)
    assert (low, high) == pytest.approx((0.75, 1.0))  # 0.9 ± 0.15
