"""What is put on the table, and where a sitting is kept; what is wrong is said in one line before anything is read."""

from __future__ import annotations

import json
import shutil
import socket
from dataclasses import replace

import pytest

import spatial
from spatial.analysis.inputs import InputFiles, Inputs
from spatial.core.errors import InputError, SourceUnavailable
from spatial.core.files import sha256_of
from spatial.studio import opening
from tests.command import call


@pytest.fixture
def run_folder(demo, tmp_path):
    return shutil.copytree(demo[0], tmp_path / "demo")


def changed(folder, **parts):
    path = folder / "manifest.json"
    path.write_text(json.dumps({**json.loads(path.read_text("utf-8")), **parts}), encoding="utf-8")
    return folder


def test_a_finished_run_is_opened_with_its_estate_and_its_extract(run_folder, demo_data, table):
    estate, files = opening.inputs_of_run(run_folder)
    assert estate.boundary.equals(table.estate.boundary) and estate.crs == table.estate.crs
    assert (estate.margin_m, estate.reach_m) == (table.estate.margin_m, table.estate.reach_m)
    assert files == InputFiles(demo_data / "reitbahnviertel.osm.pbf")


def test_a_run_whose_inputs_are_not_there_or_not_all_known_is_refused(run_folder, demo_data, tmp_path):
    sources = json.loads((run_folder / "manifest.json").read_text("utf-8"))["sources"]
    osm = sources[0]
    changed(run_folder, sources=[{**osm, "path": str(tmp_path / "gone.osm.pbf")}, *sources[1:]])
    with pytest.raises(SourceUnavailable, match=r"gone\.osm\.pbf"):
        opening.inputs_of_run(run_folder)
    assert opening.inputs_of_run(run_folder, str(demo_data / "reitbahnviertel.osm.pbf"))[1].osm
    changed(run_folder, sources=[{**osm, "sha256": "0" * 64}, *sources[1:]])
    with pytest.raises(InputError, match="another extract"):
        opening.inputs_of_run(run_folder)
    changed(run_folder, sources=sources, layers=[{"source_id": "geofa.punkt"}])
    with pytest.raises(InputError, match="--layer"):
        opening.inputs_of_run(run_folder)
    with pytest.raises(SourceUnavailable):
        opening.inputs_of_run(tmp_path / "nothing")


def test_what_people_said_of_the_ground_of_a_run_comes_along_unless_it_changed(run_folder, tmp_path):
    (tmp_path / "c.csv").write_text("correction,object,by,on\n", encoding="utf-8")
    entry = {"path": str(tmp_path / "c.csv"), "sha256": sha256_of(tmp_path / "c.csv")}
    changed(run_folder, corrections=entry)
    assert opening.inputs_of_run(run_folder)[1].corrections == tmp_path / "c.csv"
    changed(run_folder, corrections={**entry, "sha256": "0" * 64})
    with pytest.raises(InputError, match=r"c\.csv.*another file"):
        opening.inputs_of_run(run_folder)


def test_each_boundary_and_extract_has_a_name_of_its_own(table):
    inputs = table.inputs
    name = opening.name_of(inputs)
    assert name == opening.name_of(inputs) and name.isascii() and "/" not in name
    wider = replace(inputs, estate=replace(inputs.estate, margin_m=300.0))
    moved = replace(inputs, estate=replace(inputs.estate, boundary=inputs.estate.boundary.buffer(1)))
    other = replace(inputs, osm=replace(inputs.osm, provenance=replace(inputs.osm.provenance, sha256="0")))
    assert len({name, *(opening.name_of(one) for one in (wider, moved, other))}) == 4
    assert opening.place_for(name).name == f"{name}.sqlite"
    assert isinstance(inputs, Inputs) and isinstance(inputs.estate, spatial.Estate)


def said(*arguments):
    done = call("studio", "--no-browser", "--lang", "en", *arguments)
    return done.code, done.err.strip()


def test_what_is_wrong_on_the_command_line_is_one_line(tmp_path, demo_data):
    boundary = demo_data / "reitbahnviertel.geojson"
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        code, line = said("--port", port)
        assert code and str(port) in line and "\n" not in line
    code, line = said("--port", 0, "--boundary", boundary, "--osm", tmp_path / "none.osm.pbf")
    assert code and "none.osm.pbf" in line and "\n" not in line
    (tmp_path / "text.sqlite").write_text("no database, but long enough to be taken for one. " * 20)
    osm = demo_data / "reitbahnviertel.osm.pbf"
    code, line = said("--port", 0, "--kept", tmp_path / "text.sqlite", "--boundary", boundary, "--osm", osm)
    assert code and "text.sqlite" in line and "\n" not in line
    code, line = said(tmp_path, "--port", 0, "--boundary", boundary)
    assert code and "not both" in line
    code, line = said("--port", 0, "--boundary", boundary)
    assert code and "--osm" in line
    code, line = said("--port", 0, "--estate", "nowhere")
    assert code and "nowhere" in line and "\n" not in line
