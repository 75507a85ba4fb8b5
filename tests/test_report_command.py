"""``faellesrum report``, and the report that every run writes."""

from __future__ import annotations

import pypdf
import pytest

import spatial
from tests.test_cli import call, digests
from tests.test_pipeline import boundary, miniature


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
    assert changed == {"report.html", "report.pdf"}


def test_what_goes_wrong_is_one_line(run, tmp_path):
    for arguments in ((tmp_path / "nothing",), (run, "--out", tmp_path / "no" / "such" / "report.html")):
        said = call("report", *arguments)
        assert said.code == 1 and said.err.count("\n") == 1 and said.err.startswith("faellesrum: ")
    assert list(tmp_path.iterdir()) == []


def test_run_writes_the_pdf_where_asked(demo_data, tmp_path):
    from spatial import outputs

    made = outputs.save(
        spatial.analyse(
            spatial.Estate.from_file(demo_data / "reitbahnviertel.geojson"), osm=demo_data / "reitbahnviertel.osm.pbf"
        ),
        tmp_path / "run",
        pdf=True,
    )
    assert (tmp_path / "run" / "report.pdf").stat().st_size > 50_000
    assert made.manifest["timings"]["report"] > 0
