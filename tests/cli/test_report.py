"""``faellesrum report``, and the report that every run writes."""

from __future__ import annotations

import json

import pandas as pd
import pypdf
import pytest

import spatial
from spatial.core.marks import MARK
from tests.analysis.test_run import PLAYGROUND, boundary, miniature
from tests.command import call, digests


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    folder = tmp_path_factory.mktemp("report")
    miniature(folder / "mini.osm")
    boundary(folder / "mini.gpkg")
    spatial.save(
        spatial.analyse(spatial.Estate.from_file(folder / "mini.gpkg"), osm=folder / "mini.osm"), folder / "run"
    )
    return folder / "run"


def test_a_run_holds_its_report_and_the_command_writes_the_same_again(run, tmp_path):
    said = call("report", run, "--out", tmp_path / "again.html")
    assert said.code == 0 and said.out == f"{tmp_path / 'again.html'}\n"
    assert (tmp_path / "again.html").read_bytes() == (run / "report.html").read_bytes()
    assert not (run / "report.pdf").exists()


def test_in_the_other_language_as_pdf_too(run, tmp_path):
    before = digests(run)
    said = call("report", run, "--lang", "en", "--pdf", "--out", tmp_path / "board.html")
    assert said.code == 0 and said.out.split() == [str(tmp_path / "board.html"), str(tmp_path / "board.pdf")]
    assert 'lang="en"' in (tmp_path / "board.html").read_text(encoding="utf-8")
    assert pypdf.PdfReader(tmp_path / "board.pdf").trailer["/Root"]["/Lang"] == "en"
    assert digests(run) == before


def test_without_out_it_takes_the_place_of_the_old_one(run, tmp_path):
    import shutil

    copy = shutil.copytree(run, tmp_path / "run")
    assert call("report", copy, "--lang", "en", "--pdf").code == 0
    changed = {name for name, digest in digests(copy).items() if digests(run).get(name) != digest}
    assert changed == {MARK, "report.html", "report.pdf"}


def test_what_goes_wrong_is_one_line(run, tmp_path):
    no_folder = tmp_path / "no" / "such" / "report.html"
    for arguments in ((tmp_path / "nothing",), (run, "--out", no_folder), (run, "--plan"), (tmp_path, "--before", run)):
        said = call("report", *arguments)
        assert said.code == 1 and said.err.count("\n") == 1 and said.err.startswith("faellesrum: ")
    assert list(tmp_path.iterdir()) == []
    assert call("report", run, "--plan", "--before", run).code == 2


def test_run_writes_the_pdf_where_asked(demo_result, tmp_path):
    from spatial.analysis import storage

    made = storage.save(demo_result, tmp_path / "run", pdf=True)
    assert (tmp_path / "run" / "report.pdf").stat().st_size > 50_000
    assert made.manifest["timings"]["drawings"] > 0


@pytest.fixture(scope="module")
def planned(run):
    """The miniature with its only playground gone, run with the plan."""
    (run.parent / "gone.toml").write_text(f'name = "Gone"\n[[edit]]\nremove = "{PLAYGROUND}"\n', encoding="utf-8")
    said = call(
        "run", "--boundary", run.parent / "mini.gpkg", "--osm", run.parent / "mini.osm",
        "--plan", run.parent / "gone.toml", "--out", run.parent / "plan", "--lang", "en",
    )  # fmt: skip
    assert said.code == 0, said.err
    return run.parent / "plan", said


def test_a_run_with_a_plan_compares_it_with_today(run, planned, tmp_path):
    folder, said = planned
    there = {path.name for path in folder.iterdir()}
    assert {"report.html", "plan.html", "spaces.csv", "homes.csv", "changes.gpkg", "map.html"} <= there
    compared = call("compare", run, folder, "--out", tmp_path / "c", "--lang", "en")
    assert compared.code == 0 and said.out.endswith(compared.out)
    today, before = (pd.read_csv(path / "scores.csv").drop(columns="name") for path in (folder / "today", run))
    pd.testing.assert_frame_equal(today, before)  # the one is named in English, the other in Danish
    for name in ("spaces.csv", "homes.csv", "causes.csv"):
        assert (tmp_path / "c" / name).read_bytes() == (folder / name).read_bytes()
    assert (tmp_path / "c" / "plan.html").read_text(encoding="utf-8") == (folder / "plan.html").read_text("utf-8")


def test_the_plan_is_told_again_from_two_finished_runs(run, planned, tmp_path):
    said = call("report", planned[0], "--before", run, "--lang", "da", "--pdf", "--out", tmp_path / "plan.html")
    assert said.code == 0 and said.out.split() == [str(tmp_path / "plan.html"), str(tmp_path / "plan.pdf")]
    html = (tmp_path / "plan.html").read_text(encoding="utf-8")
    assert call("report", planned[0], "--plan", "--out", tmp_path / "same.html").code == 0
    assert (tmp_path / "same.html").read_text(encoding="utf-8") == html
    assert "hvis planen »Gone« bliver til noget?" in html and 'lang="da"' in html


def test_a_plan_that_does_not_fit_is_refused_before_anything_is_written(run, tmp_path):
    (tmp_path / "bad.toml").write_text('[[edit]]\nremove = "osm:way/999999"\n', encoding="utf-8")
    said = call(
        "run", "--boundary", run.parent / "mini.gpkg", "--osm", run.parent / "mini.osm",
        "--plan", tmp_path / "bad.toml", "--out", tmp_path / "out",
    )  # fmt: skip
    assert said.code == 1 and "999999" in said.err and not (tmp_path / "out").exists()


def test_the_summary_as_data_holds_the_plan(run, tmp_path):
    (tmp_path / "empty.toml").write_text('name = "Nothing"\n', encoding="utf-8")
    said = call(
        "run", "--boundary", run.parent / "mini.gpkg", "--osm", run.parent / "mini.osm",
        "--plan", tmp_path / "empty.toml", "--out", tmp_path / "out", "--json", "--pdf",
    )  # fmt: skip
    assert json.loads(said.out)["plan"]["spaces"] == {"lost": 0, "new": 0, "changed": 0, "kept": 1}
    assert (tmp_path / "out" / "plan.pdf").read_bytes().startswith(b"%PDF")
