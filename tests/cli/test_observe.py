"""`observe`: what it writes and says, and what nobody can read out of it."""

from __future__ import annotations

import json
import re
import shutil
import sqlite3
import tomllib
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio
import pytest

from spatial.analysis import loading
from spatial.core.marks import MARK
from spatial.core.outputs import replace_files
from spatial.settings.rubric import rubric
from tests.amount import amount, long
from tests.command import call, digests
from tests.observed import table as csv_of
from tests.observed import visits

COUNTS = Path(__file__).parents[1] / "data" / "counts"
NEW = ["observations.csv", "observations.gpkg", "observations.html", "rejected.csv"]
HEAD = ["survey_id", "start", "stop", "kind", "count", "lon", "lat", "notes", "surveyor", "white"]
SECRET = "Fru Madsen fra opgang 4"


@pytest.fixture
def run(demo, tmp_path):
    shutil.copytree(demo[0], tmp_path / "run")
    return tmp_path / "run"


def people(run, path, *, seed=1):
    """Points of people around the demo's meeting spaces, each with a note; one person alone at the last."""
    spaces = loading.read_run(run).meeting_spaces
    rng = np.random.default_rng(seed)
    rows, start = [], datetime(2026, 5, 4, 9, 0)
    for i, shape in enumerate(spaces.geometry):
        for visit in range(4):
            last = i == len(spaces) - 1
            count = int(visit == 0) if last else int(rng.poisson(2 + i / 4))
            at = gpd.GeoSeries([shape.representative_point()], crs=spaces.crs).translate(*rng.uniform(-1, 1, 2))
            at = at.to_crs(4326).iloc[0]
            when = start + timedelta(days=visit, minutes=20 * i)
            rows.append(
                [f"v{visit}-{i}", f"{when:%Y-%m-%d %H:%M}", f"{when + timedelta(minutes=10):%Y-%m-%d %H:%M}", "staying",
                 count, f"{at.x:.7f}", f"{at.y:.7f}", f"{SECRET} {visit}-{i}", "Karen Blixen", "1"]
            )  # fmt: skip
    return csv_of(path, rows, HEAD), rows


def test_it_writes_its_files_beside_those_of_the_run(run, tmp_path):
    before = digests(run)
    file, _ = people(run, tmp_path / "people.csv")
    done = call("observe", run, file, "--lang", "en")
    assert (done.code, done.err) == (0, ""), done.err
    after = digests(run)
    assert sorted(set(after) - set(before)) == NEW
    assert {name for name in before if before[name] != after[name]} == {MARK, "manifest.json", "map.html"}
    spaces = len(loading.read_run(run).meeting_spaces)
    assert f"{spaces} meeting spaces" in done.out and f"{4 * spaces} of {4 * spaces} rows" in done.out
    manifest = json.loads((run / "manifest.json").read_text(encoding="utf-8"))
    found = manifest["observations"]
    assert found["k"] == 5 and found["k_reason"] is None and found["rows"]["used"] == 4 * spaces
    assert found["dropped_columns"] == {"free_text": ["notes"], "race": ["white"], "surveyor": ["surveyor"]}
    # The run can still be read, drawn and explained.
    assert call("map", run, "--out", tmp_path / "m.html").code == 0


def test_two_runs_give_the_same_bytes_and_rows_in_another_order_the_same_numbers(run, tmp_path):
    file, rows = people(run, tmp_path / "people.csv")
    call("observe", run, file)
    first = digests(run)
    call("observe", run, file)
    assert {k: v for k, v in digests(run).items() if not k.endswith((".gpkg", MARK))} == {
        k: v for k, v in first.items() if not k.endswith((".gpkg", MARK))
    }
    one = (run / "observations.csv").read_bytes()
    call("observe", run, csv_of(tmp_path / "people.csv", rows[::-1], HEAD))
    assert (run / "observations.csv").read_bytes() == one


def everything(folder, only=None):
    """All that stands in the outputs, as text: files as they are, databases by cell, geometry by coordinate."""
    files = [path for path in sorted(folder.rglob("*")) if path.is_file() and (only is None or path.name in only)]
    texts = [path.read_bytes().decode("utf-8", errors="replace") for path in files]
    for path in files:
        if path.suffix != ".gpkg":
            continue
        with closing(sqlite3.connect(path)) as database:
            names = [name for (name,) in database.execute("select name from sqlite_master where type='table'")]
            texts += [str(row) for name in names for row in database.execute(f'select * from "{name}"')]
        for name in (name for name, geometry in pyogrio.list_layers(path) if geometry is not None):
            texts.append(str(gpd.read_file(path, layer=name).get_coordinates().to_numpy().round(3).tolist()))
    texts += [pd.read_parquet(path).to_csv() for path in files if path.suffix == ".parquet"]
    return "\n".join(texts)


@pytest.mark.parametrize("by", ["space", long("hexagon")])
def test_no_single_position_name_or_note_is_in_any_output(run, tmp_path, by):
    file, rows = people(run, tmp_path / "people.csv")
    assert call("observe", run, file, "--by", by).code == 0
    call("map", run)
    text = everything(run)
    assert "Madsen" not in text and "Karen" not in text and "Blixen" not in text
    spaces = loading.read_run(run).meeting_spaces
    points = gpd.GeoSeries(gpd.points_from_xy([r[5] for r in rows], [r[6] for r in rows]), crs=4326)
    metric = points.to_crs(spaces.crs)
    written = everything(run, NEW)
    for degrees, metres in zip(points, metric, strict=True):
        for value in (degrees.x, degrees.y):
            assert f"{value:.6f}" not in text
        # One coordinate alone may be that of a corner of an outline, among thousands to a millimetre.
        assert f"{metres.x:.3f}, {metres.y:.3f}" not in written
    # Geometry of the layer: the spaces of the run or whole hexagons, and no input point is a corner of them.
    layer = gpd.read_file(run / "observations.gpkg")
    corners = layer.get_coordinates().to_numpy()
    for metres in metric:
        assert np.hypot(*(corners - (metres.x, metres.y)).T).min() > 1e-4
    if by == "space":
        assert all(spaces.geometry[row.unit_id].equals(row.geometry) for row in layer.itertuples())


def numbers_of_people(run):
    cells = pd.read_csv(run / "observations.csv", keep_default_na=False)
    return pd.to_numeric(cells.loc[cells["people"] != "", "people"])


def test_no_count_below_the_limit_is_published_anywhere(run, tmp_path):
    file, _ = people(run, tmp_path / "people.csv")
    call("observe", run, file, "--lang", "en")
    assert (numbers_of_people(run) >= 5).all() and (numbers_of_people(run) % 5 == 0).all()
    layer = gpd.read_file(run / "observations.gpkg")
    assert (layer["staying_people"].dropna() % 5 == 0).all()
    columns = ["staying_people", "staying_per_visit"]
    assert layer.loc[layer["staying_withheld"], columns].isna().to_numpy().all()
    # The lone person at the last meeting space: its cell is withheld, and says nothing of busier or quieter.
    last = loading.read_run(run).meeting_spaces.index[-1]
    row = layer.set_index("unit_id").loc[last]
    assert row["staying_withheld"] and pd.isna(row["residual"])
    page = (run / "observations.html").read_text(encoding="utf-8")
    assert re.search(re.escape(last) + r"\)</td>.*under 5, or hidden", page)


def test_totals_are_of_what_is_told_and_give_nothing_away(run, tmp_path):
    """Subtracting what is told of the places from what is told of all leaves nothing for those that are withheld."""
    file, rows = people(run, tmp_path / "people.csv")
    call("observe", run, file)
    cells = pd.read_csv(run / "observations.csv", keep_default_na=False)
    whole = cells[(cells["by"] == "all") & (cells["kind"] == "staying")].set_index("unit_id")
    hidden = whole[whole["withheld"].astype(str) == "True"].index
    assert len(hidden) >= 1
    shown = pd.to_numeric(whole.drop(index=["all", *hidden])["people"])
    assert float(whole.loc["all", "people"]) == shown.sum()
    assert abs(shown.sum() - sum(int(r[4]) for r in rows)) <= 2.5 * len(shown) + 4 * len(hidden)


@pytest.mark.thorough
def test_one_person_more_in_a_second_run_shows_nowhere(run, tmp_path):
    """Differencing two publications: every number of people moves by nothing or by a whole 5."""
    file, rows = people(run, tmp_path / "people.csv")
    call("observe", run, file)
    one = pd.read_csv(run / "observations.csv")
    for i in (17, 0, 60, len(rows) - 3)[: amount(1, 4)]:
        more = [list(row) for row in rows]
        more[i][4] += 1
        call("observe", run, csv_of(tmp_path / "more.csv", more, HEAD))
        other = pd.read_csv(run / "observations.csv")
        both = one.merge(other, on=["kind", "unit_id", "by", "part"], suffixes=("", "_after"))
        assert set((both["people_after"] - both["people"]).dropna().abs()) <= {0.0, 5.0}


def test_another_k_needs_a_reason_that_goes_into_the_manifest(run, tmp_path):
    file, _ = people(run, tmp_path / "people.csv")
    assert call("observe", run, file, "--k", 3).code == 1
    refused = call("observe", run, file, "--k", 10)
    assert refused.code == 1 and "--k-reason" in refused.err
    assert not (run / "observations.csv").exists()
    assert call("observe", run, file, "--k", 10, "--k-reason", "lille afdeling").code == 0
    found = json.loads((run / "manifest.json").read_text(encoding="utf-8"))["observations"]
    assert (found["k"], found["k_reason"]) == (10, "lille afdeling")
    assert (numbers_of_people(run) % 10 == 0).all()


def test_sensitive_columns_go_to_a_file_of_the_users_own_or_nowhere(run, tmp_path):
    file, _ = people(run, tmp_path / "people.csv")
    assert call("observe", run, file, "--keep-sensitive", run / "x.csv").code == 1
    assert not (run / "observations.csv").exists()
    kept = tmp_path / "kept.csv"
    assert call("observe", run, file, "--keep-sensitive", kept).code == 0
    assert SECRET in kept.read_text(encoding="utf-8") and kept.stat().st_mode & 0o077 == 0
    assert "Madsen" not in everything(run)
    again = call("observe", run, file, "--keep-sensitive", kept)
    assert again.code == 1 and "kept.csv: filen kan ikke skrives (File exists)" in again.err


def test_rejected_rows_are_named_without_what_stands_in_them(run, tmp_path):
    _, rows = people(run, tmp_path / "people.csv")
    count = len(rows)
    rows[3][4], rows[5][2] = SECRET, "2026-05-04 08:00"
    rows[7][5] = "9.5"
    done = call("observe", run, csv_of(tmp_path / "bad.csv", rows, HEAD), "--lang", "da")
    assert done.code == 0 and f"{count - 3} af {count} rækker" in done.out
    found = pd.read_csv(run / "rejected.csv")
    assert found[["row", "reason"]].to_numpy().tolist() == [
        [5, "not_a_count"],
        [7, "stop_before_start"],
        [9, "outside"],
    ]
    assert found["text"].tolist()[1] == "slut ligger ikke efter start" and "Madsen" not in everything(run)


def test_a_file_in_the_wrong_crs_leaves_the_folder_as_it_was(run, tmp_path):
    _, rows = people(run, tmp_path / "people.csv")
    for row in rows:
        row[5], row[6] = row[6], row[5]
    before = digests(run)
    done = call("observe", run, csv_of(tmp_path / "swapped.csv", rows, HEAD), "--lang", "en")
    assert done.code == 1 and "outside the study area" in done.err and "CRS" in done.err and done.err.count("\n") == 1
    assert digests(run) == before


@pytest.fixture
def spread(benches, tmp_path):
    return shutil.copytree(benches, tmp_path / "benches")


@pytest.mark.long
def test_a_planted_order_is_recovered_by_the_command_and_said_in_a_sentence(spread, tmp_path):
    """Where three places at least score like the lowest; those that score like none other are not counted."""
    run = spread
    score = loading.read_run(run).meeting_spaces["floating"].sort_values()
    while (score <= score.min() + np.ptp(score) / 3).sum() < 3:
        score = score.iloc[1:]
    rate, head = 60 * score.rank(pct=True), ["survey_id", "location_id", "start", "stop", "kind", "count"]
    file = csv_of(tmp_path / "v.csv", visits(score.index, rate, each=20), head)
    found = json.loads(call("observe", run, file, "--json").out)["check"]
    assert found["spearman"]["value"] > 0.9 and found["spearman"]["low"] > 0.8 and found["auc"]["low"] > 0.5
    told = sentence("More", call("observe", run, file, "--lang", "en").out)
    assert told["low"] > 1 and told["low"] < told["value"] < told["high"]
    turned = csv_of(tmp_path / "w.csv", visits(score.index, 61 - rate, each=20), head)
    told = sentence("Fewer", call("observe", run, turned, "--lang", "en").out)
    assert told["high"] < 1 and told["low"] < told["value"] < told["high"]
    assert "Her rammer pointtallet ved siden af" in call("observe", run, turned, "--lang", "da").out


def sentence(word, said):
    """The numbers in what a reader is told of the score; the sentence has to stand there whole, and no other."""
    found = re.findall(
        rf"{word} people stay where the score is higher: (?P<value>[\d.]+) times as many for every 10 points "
        r"\(with 95% confidence between (?P<low>[\d.]+) and (?P<high>[\d.]+)\)\.", said
    )  # fmt: skip
    assert len(found) == 1 and len(re.findall("people stay where the score is higher", said)) == 1, said
    return dict(zip(("value", "low", "high"), map(float, found[0]), strict=True))


def test_weights_are_refused_on_one_estate_and_nothing_is_written(run, tmp_path):
    file, rows = people(run, tmp_path / "people.csv")
    before = digests(run)
    done = call("observe", run, file, "--calibrate", tmp_path / "r.toml", "--lang", "en")
    assert (
        done.code == 1
        and f"{len(rows)} counts of people staying in 1 estates" in done.err
        and "needed 200 in 3" in done.err
    )
    assert digests(run) == before and not (tmp_path / "r.toml").exists()
    assert call("observe", run, file, "--with", "a=b").code == 2
    assert call("observe", run, file, "--calibrate", tmp_path / "r.toml", "--with", "a").code == 2


def test_visits_to_two_areas_go_through_one_model(run, tmp_path):
    """Each area has a level of its own; the other run is left as it is."""
    other = shutil.copytree(run, tmp_path / "other")
    spaces, before = loading.read_run(run).meeting_spaces, digests(other)
    head = ["survey_id", "location_id", "start", "stop", "kind", "count"]
    files = [
        csv_of(tmp_path / f"{n}.csv", visits(spaces.index, rate * (1 + spaces["floating"]), seed=n, each=4), head)
        for n, rate in enumerate((20, 60))
    ]
    kept = tmp_path / "kept.csv"
    done = call("observe", run, files[0], "--keep-visits", kept, "--with", f"{other}={files[1]}", "--lang", "en")
    assert (done.code, done.err) == (0, ""), done.err
    table = pd.read_csv(kept)
    assert len(table) == 2 * 4 * len(spaces) and table["estate"].nunique() == 2
    assert table["unit_id"].nunique() == 2 * len(spaces) and digests(other) == before


@pytest.mark.long
def test_weights_of_three_estates_are_written_and_used_only_when_asked(run, tmp_path):
    """Three copies of the demo stand in for three estates; their counts follow one aspect."""
    spaces = loading.read_run(run).meeting_spaces
    pairs = []
    for n in range(3):
        folder = tmp_path / f"run{n}"
        shutil.copytree(run, folder)
        found = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
        found["estate"]["id"] = f"estate-{n}"
        replace_files({folder / "manifest.json": json.dumps(found).encode()})
        rows = visits(spaces.index, 100 * spaces["mixing"] ** 2, seed=n, each=10)
        head = ["survey_id", "location_id", "start", "stop", "kind", "count"]
        pairs.append((folder, csv_of(tmp_path / f"{n}.csv", rows, head)))
    others = [part for folder, file in pairs[1:] for part in ("--with", f"{folder}={file}")]
    path, bundled = tmp_path / "rubric.toml", rubric().aspect_weights
    done = call("observe", *pairs[0], "--calibrate", path, *others, "--lang", "en")
    assert done.code == 0, done.err
    counts = f"{3 * 10 * len(spaces)} counts"
    assert (
        f"{counts} at {3 * len(spaces)} meeting spaces in 3 estates" in done.out
        and "only if you run with --rubric" in done.out
    )
    weights = rubric(path).aspect_weights
    assert max(weights, key=weights.get) == "mixing" and sum(weights.values()) == pytest.approx(1, abs=1e-3)
    assert counts in path.read_text(encoding="utf-8")
    assert rubric().aspect_weights == bundled


@pytest.mark.browser
@pytest.mark.parametrize("lang", ["da", "en"])
def test_the_page_opens_and_asks_for_nothing(run, tmp_path, browser, lang):
    file, rows = people(run, tmp_path / "people.csv")
    call("observe", run, file, "--lang", lang)
    page = browser.new_page(viewport={"width": 390, "height": 800})
    asked, said = [], []
    page.on("request", lambda request: asked.append(request.url))
    page.on("console", lambda message: said.append(message.text))
    page.goto((run / "observations.html").as_uri())
    assert [url for url in asked if not url.startswith(("file:", "data:"))] == [] and said == []
    assert page.locator("html").get_attribute("lang") == lang
    assert page.locator("svg path.space").count() == len(rows) // 4
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    page.close()


# --- how a file is understood -----------------------------------------------------------


def test_a_look_shows_how_a_file_is_read_and_writes_a_mapping_file_that_reads_it_alike(tmp_path):
    file = shutil.copy(COUNTS / "usdate.csv", tmp_path / "us.csv")
    done = call("observe", "--look", file, "--lang", "en")
    assert (done.code, done.err) == (0, "")
    assert "stop: stop" in done.out and "2025-06-05" in done.out and "2025-05-06" in done.out  # both readings
    assert "People in all 51, most in one row 18; from 2025-06-05 10:00 to 2025-08-07 10:00." in done.out
    mapping = tmp_path / "us.mapping.toml"
    text = mapping.read_text(encoding="utf-8")
    assert tomllib.loads(text)["columns"] == {
        "location_id": "space_id", "start": "start", "stop": "stop", "total": "total", "kind": "kind",
    }  # fmt: skip
    american = text.replace('# time_format = "%d/%m', 'time_format = "%m/%d')
    mapping.write_text(american, encoding="utf-8")
    again = call("observe", "--look", file, "--mapping", mapping, "--lang", "en")
    assert "from 2025-05-06 10:00 to 2025-07-08 10:00" in again.out and "left as it is" in again.out
    assert mapping.read_text(encoding="utf-8") == american


def test_a_look_at_a_file_that_cannot_be_used_says_what_is_missing(tmp_path):
    file = tmp_path / "x.csv"
    file.write_text('hvornår,"bag ""skuret""",notes\n2025-05-06 10:00,4,Fru Madsen\n', encoding="utf-8")
    done = call("observe", "--look", file, "--lang", "en", "--json")
    table = json.loads(done.out)["tables"][0]
    assert table["total"] is None and table["span"] is None and table["role"] == "other"
    assert table["meanings"] == {"hvornår": "", 'bag "skuret"': "", "notes": ""} and table["dropped"] == ["notes"]
    text = (tmp_path / "x.mapping.toml").read_text(encoding="utf-8")
    assert '# … = "bag \\"skuret\\""' in text and "Madsen" not in text
    assert tomllib.loads(text) == {"columns": {}}
    assert call("observe", "--lang", "en").code == 2


@pytest.mark.parametrize("lang", ["da", "en"])
def test_dates_that_can_be_read_both_ways_are_asked_for(run, lang):
    done = call("observe", run, COUNTS / "usdate.csv", "--lang", lang)
    assert done.code == 1 and done.err.count("\n") == 1 and not (run / "observations.csv").exists()
    assert "2025-06-05" in done.err and "2025-05-06" in done.err and "--dates day-first" in done.err
    found = json.loads(call("observe", run, COUNTS / "usdate.csv", "--dates", "month-first", "--json").out)
    assert found["periods"]["season"] == ["spring", "summer"] and found["rows"]["used"] == 3


def test_a_place_is_counted_at_its_space_and_a_temperature_without_a_unit_is_told(run):
    found = json.loads(call("observe", run, COUNTS / "placeid.csv", "--lang", "en", "--json").out)
    assert found["rows"]["used"] == 1 and found["unmatched_share"] == 0
    done = call("observe", run, COUNTS / "temp.csv", "--lang", "da")
    assert "står temperaturen uden enhed" in done.out


def test_exact_counts_stay_with_those_who_counted(run, tmp_path):
    """The model by visit is said on the screen; its table is the owner's alone; the results are those without it."""
    file, rows = people(run, tmp_path / "people.csv")
    call("observe", run, file, "--lang", "en")
    plain = digests(run)
    kept = tmp_path / "visits.csv"
    done = call("observe", run, file, "--lang", "en", "--keep-visits", kept)
    assert (done.code, done.err) == (0, ""), done.err
    assert "not published" in done.out and "of the variance of a count lies between places" in done.out
    assert "Nobody counted at the same place and time" in done.out
    table = pd.read_csv(kept)
    assert kept.stat().st_mode & 0o777 == 0o600
    assert table["total"].sum() == sum(int(row[4]) for row in rows) and {"floating", "seats", "area"} <= set(table)
    unlike = {k for k, v in digests(run).items() if v != plain[k]}
    assert all(name.endswith((".gpkg", MARK)) for name in unlike)
    assert call("observe", run, file, "--keep-visits", kept).code == 1  # never over a file
    assert call("observe", run, file, "--keep-visits", run / "x.csv").code == 1
