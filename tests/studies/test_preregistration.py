"""A study of an estate with invented counts: frozen, deposited, carried out, and what is refused."""

from __future__ import annotations

import hashlib
import json
import shutil
import tomllib
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from rocrate.rocrate import ROCrate

from spatial.core.languages import LANGUAGES, texts
from spatial.reports import deposit
from tests.command import call, digests
from tests.observed import table as csv_of

PLAN = ("--title", "Møder i gårdene", "--author", "A. Nielsen", "--author", "B. Holm", "--date", "2026-05-01",
        "--effect", "1.5", "--worlds", "4")  # fmt: skip
HEAD = ["location_id", "kind", "survey_time_start", "row_total", "observer_code", "weather", "temperature_c"]


@pytest.fixture(scope="module")
def run(benches, tmp_path_factory):
    """A run whose scores lie far enough apart for a study."""
    return shutil.copytree(benches, tmp_path_factory.mktemp("benches") / "out")


@pytest.fixture(scope="module")
def study(run, tmp_path_factory):
    out = tmp_path_factory.mktemp("study") / "study"
    done = call("study", "plan", run, *PLAN, "--out", out, "--lang", "en")
    assert (done.code, done.err) == (0, ""), done.err
    assert done.out.strip() == (out / "preregistration.md").read_text(encoding="utf-8").strip()
    return out


def counted(study, path, *, times=2.0, first="2026-05-04", seed=1):
    """People met as the rounds have it, `times` as many for ten points more; a pair is two rows."""
    rounds, places = (pd.read_csv(study / name) for name in ("rounds.csv", "places.csv"))
    score = places.set_index("location_id")["floating"]
    rng, rows = np.random.default_rng(seed), []
    for row in rounds.itertuples():
        day = pd.Timestamp(first) + pd.Timedelta(days=[0, 1, 5, 6][(row.round - 1) // 4])
        people = rng.poisson(4 * times ** (10 * (score[row.location_id] - score.median())))
        for code in row.observers.split("+"):
            rows.append([row.location_id, "staying", f"{day:%Y-%m-%d} {row.at}", people, code, "sun", 18])
    return csv_of(path, rows, HEAD)


def test_what_is_deposited_is_read_by_ro_crate(study):
    """Every file is described and every described file is there; who made it, under which licence, in which version."""
    crate = ROCrate(study)
    there = {path.name for path in study.iterdir() if not path.name.startswith(".")}
    described = {one.id for one in crate.data_entities}
    assert described == there - {deposit.METADATA} and crate.metadata["conformsTo"].endswith("/ro/crate/1.1")
    root = crate.root_dataset
    assert [one["name"] for one in root["author"]] == ["A. Nielsen", "B. Holm"]
    said = crate.name, root["version"], root["datePublished"].split("T")[0]
    assert said == ("Møder i gårdene", "1.0", "2026-05-01")
    assert "OpenStreetMap" in crate.license["description"]
    assert all(one["description"] and one["encodingFormat"] for one in crate.data_entities)
    assert {int(one["contentSize"]) for one in crate.data_entities} == {(study / i).stat().st_size for i in described}


def test_the_digest_is_that_of_the_file_and_the_same_study_has_the_same_bytes(study, run, tmp_path):
    digest = hashlib.sha256((study / "design.json").read_bytes()).hexdigest()
    assert ROCrate(study).root_dataset["identifier"] == f"urn:sha256:{digest}"
    assert digest in (study / "preregistration.md").read_text(encoding="utf-8")
    call("study", "plan", run, *PLAN, "--out", tmp_path / "again", "--lang", "en")
    assert digests(tmp_path / "again") == digests(study)
    call("study", "plan", run, *PLAN, "--out", tmp_path / "da", "--lang", "da")
    assert "Af 4 simulerede undersøgelser" in (tmp_path / "da" / "preregistration.md").read_text(encoding="utf-8")


def test_every_column_is_in_the_dictionary_and_nothing_else(study, run, tmp_path):
    counts, kept = counted(study, tmp_path / "c.csv"), tmp_path / "visits.csv"
    done = call("study", "report", study, run, counts, "--out", tmp_path / "out", "--keep-visits", kept)
    assert done.code == 0, done.err
    used = set()
    for folder in (study, tmp_path / "out"):
        said = pd.read_csv(folder / "dictionary.csv").groupby("file")["column"].apply(list).to_dict()
        files = {path.name: pd.read_csv(path, nrows=0).columns.tolist() for path in folder.glob("*.csv")}
        files.pop("dictionary.csv")
        assert said == files | {deposit.LOCAL: pd.read_csv(kept, nrows=0).columns.tolist()}
        used |= {name for names in said.values() for name in names}
    for lang in LANGUAGES:
        assert set(texts(lang)["study"]["column"]) == used


def test_the_kit_of_the_study_has_its_places_and_its_rounds(study, run, tmp_path):
    assert call("fieldkit", run, "--study", study, "--out", tmp_path / "kit", "--lang", "en").code == 0
    assert (tmp_path / "kit" / "rounds.csv").read_bytes() == (study / "rounds.csv").read_bytes()
    places = pd.read_csv(study / "places.csv")["location_id"]
    page = (tmp_path / "kit" / "count.html").read_text(encoding="utf-8")
    assert all(place in page for place in places) and page.count('"space:') == len(places)


@pytest.mark.long
def test_a_study_that_was_followed_says_whether_the_hypothesis_holds(study, run, tmp_path):
    counts = counted(study, tmp_path / "c.csv")
    digest = hashlib.sha256((study / "design.json").read_bytes()).hexdigest()
    done = call("study", "report", study, run, counts, "--digest", digest, "--lang", "en", "--out", tmp_path / "out")
    assert (done.code, done.err) == (0, ""), done.err
    assert "The analysis is the one that was frozen on 2026-05-01" in done.out and "\n- " not in done.out
    assert "The hypothesis holds." in done.out and "More people stay where the score is higher: " in done.out
    found = json.loads((tmp_path / "out" / "results.json").read_text(encoding="utf-8"))
    effect = found["model"]["effect"]
    assert effect["low"] < 2 < effect["high"] and found["deviations"] == [] and found["sha256"] == digest
    assert (tmp_path / "out" / "design.json").read_bytes() == (study / "design.json").read_bytes()
    described = {one.id for one in ROCrate(tmp_path / "out").data_entities}
    assert {"counts.csv", "report.md", "results.json"} <= described
    none = call("study", "report", study, run, counted(study, tmp_path / "n.csv", times=1.0), "--lang", "en")
    assert "The hypothesis is neither shown nor contradicted." in none.out
    against = call("study", "report", study, run, counted(study, tmp_path / "a.csv", times=0.5), "--lang", "da")
    assert "Hypotesen er modsagt." in against.out
    assert "1,50 gange for hver 10 point, som ventet, ligger uden for intervallet." in against.out


def test_exact_counts_are_in_no_folder_that_is_passed_on(study, run, tmp_path):
    counts, kept, out = counted(study, tmp_path / "c.csv"), tmp_path / "visits.csv", tmp_path / "out"
    before = digests(study), digests(run)
    for inside in (study, run, out):
        asked = ("--keep-visits", inside / "visits.csv", "--out", out)
        assert call("study", "report", study, run, counts, *asked).code == 1
    assert call("study", "report", study, run, counts, "--keep-visits", kept, "--out", out, "--lang", "en").code == 0
    assert (digests(study), digests(run)) == before and kept.stat().st_mode & 0o777 == 0o600
    table = pd.read_csv(kept)
    assert len(table) == 16 * len(pd.read_csv(study / "places.csv"))  # a pair is one visit
    assert not any(path.name == "visits.csv" for path in out.iterdir())
    told = pd.read_csv(out / "counts.csv")["people"].dropna()
    assert (told % 5 == 0).all() and (told >= 5).all()


def changed(study, folder, name, old, new):
    shutil.copytree(study, folder)
    text = (folder / name).read_text(encoding="utf-8")
    assert text.count(old) >= 1
    (folder / name).write_text(text.replace(old, new), encoding="utf-8")
    return folder


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        ("design.json", '"effect": 1.5', '"effect": 1.1'),
        ("design.json", "\n}", "\n} "),
        ("rounds.csv", "A+B", "A"),
        ("ro-crate-metadata.json", "urn:sha256:", "urn:sha256:0"),
    ],
)
def test_a_changed_file_is_refused(study, run, tmp_path, name, old, new):
    other = changed(study, tmp_path / "other", name, old, new)
    done = call("study", "report", other, run, counted(study, tmp_path / "c.csv"), "--lang", "en")
    assert done.code == 1 and "found SHA-256" in done.err and "changed after the study was frozen" in done.err


def test_another_digest_a_folder_without_a_study_and_another_run_are_refused(study, run, tmp_path):
    counts = counted(study, tmp_path / "c.csv")
    assert "found SHA-256" in call("study", "report", study, run, counts, "--digest", "00", "--lang", "en").err
    assert "found no study" in call("study", "report", run, run, counts, "--lang", "en").err
    assert call("study", "plan", run, *PLAN, "--out", run, "--lang", "en").code == 1


def test_counts_made_before_are_refused_and_with_a_word_told_as_exploratory(study, run, tmp_path):
    early = counted(study, tmp_path / "c.csv", first="2026-04-27")
    done = call("study", "report", study, run, early, "--lang", "en")
    assert done.code == 1 and "not the analysis that was frozen: " in done.err and "--exploratory" in done.err
    assert f"{12 * len(pd.read_csv(study / 'places.csv'))} visits were made before 2026-05-01" not in done.out
    told = call("study", "report", study, run, early, "--exploratory", "--lang", "en")
    assert told.code == 0 and "**NOT AS FROZEN." in told.out.splitlines()[2] and "The hypothesis holds" not in told.out


def test_the_citation_is_one_of_a_data_set(study):
    said = dict(line.split(": ", 1) for line in (study / "CITATION.cff").read_text(encoding="utf-8").splitlines())
    assert said["cff-version"] == '"1.2.0"' and said["type"] == '"dataset"' and said["version"] == '"1.0"'
    assert json.loads(said["authors"]) == [{"name": "A. Nielsen"}, {"name": "B. Holm"}]
    assert tomllib.loads(f"day = {json.loads(said['date-released'])}")["day"].isoformat() == "2026-05-01"
    assert Path(study / "CITATION.cff").read_text(encoding="utf-8").endswith("\n")
