"""The form of what is written: named in every file, and a run of the form before is read."""

from __future__ import annotations

import csv
import json
import sqlite3
import zipfile
from pathlib import Path

import openpyxl
import pyarrow.parquet as arrow
import pypdf
import pytest
from PIL import Image

from spatial.analysis import storage
from spatial.core.errors import SourceFormatError
from spatial.core.marks import MARK
from spatial.core.model import SHARES
from spatial.core.versions import SCHEMA_NAME, SCHEMA_VERSION, generator
from tests.command import FILES, call

BEFORE = Path(__file__).parents[1] / "data" / "run_of_schema_1.zip"
FORM = str(SCHEMA_VERSION)


@pytest.fixture(params=[1, 2])
def old(request, tmp_path):
    """A run of the first edition, in each of its two forms: the second only named the form in every file."""
    with zipfile.ZipFile(BEFORE) as archive:
        archive.extractall(tmp_path / "old")
    path = tmp_path / "old" / "manifest.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"schema_version": request.param}))
    return tmp_path / "old"


def form_of(path: Path) -> str | None:
    """The version of its form that a file names in itself."""
    if path.suffix == ".parquet":
        return arrow.read_schema(path).metadata[SCHEMA_NAME.encode()].decode()
    if path.suffix == ".gpkg":
        with sqlite3.connect(path) as database:
            asked = "SELECT metadata FROM gpkg_metadata WHERE md_standard_uri = ?"
            return database.execute(asked, [SCHEMA_NAME]).fetchone()[0]
    if path.suffix == ".html":
        return FORM if f'<meta name="generator" content="{generator()}">' in path.read_text("utf-8") else None
    if path.suffix == ".pdf":
        return FORM if generator() in pypdf.PdfReader(path).metadata.keywords else None
    if path.suffix == ".png":
        with Image.open(path) as image:
            return image.text[SCHEMA_NAME]
    if path.suffix == ".xlsx":
        return FORM if openpyxl.load_workbook(path).properties.description == generator() else None
    return str(json.loads(path.read_text())["schema_version"])


def test_every_file_of_a_run_names_its_form(finished):
    manifest = json.loads((finished / "manifest.json").read_text())
    told = [name for name in FILES if name not in ("manifest.json", MARK)]
    assert sorted(manifest["outputs"]) == told
    for name in (*told, "manifest.json"):
        if not name.endswith(".csv"):  # which has no place for it
            assert form_of(finished / name) == FORM, name
    for name, about in manifest["outputs"].items():
        assert about == {"bytes": (finished / name).stat().st_size, "schema_version": SCHEMA_VERSION}


def test_other_formats_name_it_too(finished, tmp_path):
    done = call("export", finished, "--as", "geojson", "--as", "geoparquet", "--out", tmp_path / "more")
    assert done.code == 0, done.err
    assert json.loads((tmp_path / "more" / "places.geojson").read_text())[SCHEMA_NAME] == FORM
    assert form_of(tmp_path / "more" / "places.parquet") == FORM


def test_a_run_of_the_first_edition_is_read_drawn_and_explained(old, tmp_path):
    result = storage.load(old)
    assert len(result.places) == 4 and len(result.meeting_spaces) == 2 and result.lenses
    # Written down when the run was stored.
    assert result.places.loc["osm:node/26", "name"] == '=1+1, "x"\nÆ'
    for command in (
        ("explain", old, "osm:node/20"),
        ("map", old, "--out", tmp_path / "map.html"),
        ("sitemap", old, "--out", tmp_path / "sheet.pdf"),
        ("fieldkit", old, "--out", tmp_path / "kit"),
        ("export", old, "--as", "geojson", "--out", tmp_path / "more"),
        ("report", old, "--out", tmp_path / "report.html"),
        ("siting", old),
    ):
        done = call(*command)
        assert done.code == 0, (command[0], done.err)


def test_the_first_edition_is_explained_by_its_own_rubric(old):
    with (old / "scores.csv").open(encoding="utf-8", newline="") as file:
        stored = {row["place_id"]: row for row in csv.DictReader(file)}
    found = json.loads(call("explain", old, "osm:node/20", "--json").out)
    assert found["score"] == pytest.approx(float(stored["osm:node/20"]["floating"]), abs=1e-9)
    assert found["conditions"] == [] and found["gate"] == 1
    mixing = next(aspect for aspect in found["aspects"] if aspect["aspect"] == "mixing")
    assert {part["indicator"] for part in mixing["parts"]} == {"variety", "mix_in_out"}
    told = call("explain", old, "osm:node/20", "--lang", "da").out
    assert "Forskellige grunde til at komme" in told and "Først betingelserne" not in told


def test_shares_of_the_first_edition_are_told_too(old):
    spaces = storage.load(old).meeting_spaces
    assert spaces[list(SHARES)].sum(axis=1).tolist() == pytest.approx([1.0, 1.0], abs=1e-9)
    assert (spaces["seen"] + spaces["computed"]).tolist() == pytest.approx(spaces["coverage"].tolist(), abs=1e-9)
    assert set(spaces["status"]) == {"meeting space"}


@pytest.mark.parametrize(("lang", "words"), [("da", "1. udgave"), ("en", "edition 1")])
def test_editions_are_not_mixed(old, earlier, lang, words):
    for before, after in ((old, earlier), (earlier, old)):
        done = call("compare", before, after, "--lang", lang)
        assert done.code == 1 and words in done.err and len(done.err.splitlines()) == 1


def test_a_run_of_a_form_to_come_is_refused_with_what_to_do(earlier):
    path = earlier / "manifest.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"schema_version": SCHEMA_VERSION + 1}))
    with pytest.raises(SourceFormatError, match=rf"found form {SCHEMA_VERSION + 1}; needed .*run again"):
        storage.load(earlier)
