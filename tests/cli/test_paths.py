"""What a command reads and writes: each path is declared as one of the two, no output is an input, nothing is lost."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import click
import pytest

from spatial.cli import paths
from spatial.core.errors import InputError
from tests.cli.test_console import every_command
from tests.command import call

CASES = Path(__file__).parents[1] / "data"
# Texts that are no paths; all else that is a text names one.
WORDS = {
    "area", "complete", "crs", "identity", "k_reason", "lens", "memory_limit", "municipality", "name", "place_id",
    "scheduler", "tiles", "title", "authors", "version", "digest", "host", "proxy",
}  # fmt: skip
DECLARED = (paths.Read, paths.ReadText, paths.Written)


def parameters() -> list[tuple[tuple[str, ...], click.Parameter]]:
    return [(words, parameter) for words, command in every_command() for parameter in command.params]


def test_every_path_of_every_command_is_declared_as_read_or_written():
    for words, parameter in parameters():
        kind = parameter.type
        if isinstance(kind, click.Path):
            assert isinstance(kind, DECLARED), (words, parameter.name)
        if isinstance(kind, click.types.StringParamType) and not isinstance(kind, DECLARED):
            assert parameter.name in WORDS, (words, parameter.name)
        if parameter.name == "out":
            assert isinstance(kind, paths.Written), words


def test_every_command_that_writes_can_be_allowed_to_replace():
    for words, command in every_command():
        writes = any(isinstance(parameter.type, paths.Written | paths.ChangedFolder) for parameter in command.params)
        assert writes == any(parameter.name == "force" for parameter in command.params), words


def overlapping(command: click.Command, folder: Path) -> list[dict[str, object]]:
    """Ways to give a command one of its outputs as one of its inputs, each spelt in another way."""
    read = [p for p in command.params if isinstance(p.type, paths.Read | paths.ReadText)]
    written = [p for p in command.params if isinstance(p.type, paths.Written)]
    changed = [p for p in command.params if isinstance(p.type, paths.ChangedFolder)]
    found: list[dict[str, object]] = []
    for source in read:
        many = getattr(source, "multiple", False) or source.nargs != 1
        for target in written:
            for spelt in (folder / "x", folder / "." / "x", folder / ".." / folder.name / "x", folder / "soft"):
                value = f"a={spelt}" if isinstance(source.type, paths.ReadPair) else spelt
                found.append({str(source.name): (value,) if many else value, str(target.name): folder / "x"})
        for target in changed:
            if source is not target and not isinstance(source.type, paths.ReadPair):
                inside = folder / "x" / "counts.csv"
                found.append({str(source.name): (inside,) if many else inside, str(target.name): folder / "x"})
    return found


def test_no_command_takes_an_output_as_an_input_however_it_is_spelt(tmp_path):
    (tmp_path / "x").mkdir()
    (tmp_path / "x" / "counts.csv").write_text("a")
    (tmp_path / "soft").symlink_to("x")
    tried = 0
    for words, command in every_command():
        for given in overlapping(command, tmp_path):
            if words == ("export",):  # which writes into the run itself unless it is told otherwise
                continue
            with pytest.raises(InputError) as caught:
                paths.refuse_overlap(paths.paths_of(command.params, given))
            assert str(tmp_path) in str(caught.value) and "\n" not in caught.value.said("da"), (words, given)
            tried += 1
    assert tried > 200


def test_a_hard_link_to_an_output_is_that_output(tmp_path):
    command = dict(every_command())[("map",)]
    (tmp_path / "run").mkdir()
    (tmp_path / "page.html").write_text("x")
    os.link(tmp_path / "page.html", tmp_path / "other")
    given = {"folder": tmp_path / "other", "out": tmp_path / "page.html"}
    with pytest.raises(InputError, match="is read by this command and would be written by it"):
        paths.refuse_overlap(paths.paths_of(command.params, given))


def test_the_usual_ways_to_call_are_allowed(tmp_path):
    run = tmp_path / "run"
    run.mkdir()
    (run / "map.html").write_text("x")
    every = dict(every_command())
    for words, given in (
        (("map",), {"folder": run}),
        (("sitemap",), {"folder": run, "out": tmp_path / "a.pdf"}),
        (("export",), {"folder": run}),
        (("export",), {"folder": run, "out": run}),
        (("fieldkit",), {"folder": run}),
        (("giveback",), {"folder": run, "answers": run / "fieldkit" / "field.gpkg"}),
        (("observe",), {"folder": run, "files": (tmp_path / "c.csv",), "others": (f"{run}={tmp_path / 'd.csv'}",)}),
        (("compare",), {"before": run, "after": (tmp_path / "b",), "out": tmp_path / "c"}),
        (("run",), {"boundary": tmp_path / "a.geojson", "osm": "overpass", "layers": ("x.y",), "out": run}),
    ):
        assert paths.refuse_overlap(paths.paths_of(every[words].params, given)) is None


def content(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


@pytest.fixture
def run_folder(finished, tmp_path):
    return Path(shutil.copytree(finished, tmp_path / "estate"))


@pytest.mark.parametrize("lang", ["da", "en"])
@pytest.mark.parametrize(
    ("words", "named"),
    [
        (("observe", "{run}", "{run}/observations.csv"), "observations.csv"),
        (("run", "--boundary", "{run}/report.html", "--osm", "a.osm", "--out", "{run}/."), "report.html"),
        (("run", "--boundary", "a.geojson", "--osm", "{run}/a.osm", "--out", "{run}"), "a.osm"),
        (("run", "--boundary", "a.geojson", "--osm", "a.osm", "--layer", "kk.b={run}/b", "--out", "{run}"), "estate/b"),
        (("run", "--boundary", "a.geojson", "--osm", "a.osm", "--rubric", "{run}/r.toml", "--out", "{run}"), "r.toml"),
        (("map", "{run}", "--out", "{run}/scores.csv"), "scores.csv"),
        (("sitemap", "{run}", "--out", "{run}/map.png"), None),
        (("report", "{run}", "--out", "{run}/map.html"), "map.html"),
        (("fieldkit", "{run}", "--out", "{run}"), "estate"),
        (("giveback", "{run}", "--answers", "{run}/observations.csv", "--out", "{run}/."), "estate"),
        (("compare", "{run}", "{run}", "--out", "{run}"), "estate"),
        (("fetch", "--boundary", "{run}/a", "--osm", "a.osm", "--out", "{run}"), "estate/a"),
        (("plan", "check", "{run}/p.toml", "--boundary", "a", "--osm", "a", "--out", "{run}/p.toml"), "p.toml"),
    ],
)
def test_what_is_read_is_never_written(words, named, lang, run_folder):
    (run_folder / "observations.csv").write_text("the only copy")
    before = content(run_folder)
    done = call(*(word.format(run=run_folder) for word in words), "--lang", lang)
    if named is not None:
        assert done.code == 1 and done.err.count("\n") == 1 and named in done.err, done.err
        assert content(run_folder) == before
    else:
        assert set(before) <= set(content(run_folder))


def test_folders_of_the_user_beside_and_in_the_output_stay(inputs, tmp_path):
    """Two folders whose names look like drafts, each with a file of the user."""
    out = tmp_path / "maps" / "estate"
    mine = [tmp_path / "maps" / ".estate-20260101" / "a.txt", out / ".draft-20260101" / "b.txt"]
    for path in mine:
        path.parent.mkdir(parents=True)
        path.write_text("mine")
    done = call("run", "--boundary", str(inputs[0]), "--osm", str(inputs[1]), "--out", str(out))
    assert done.code == 0, done.err
    assert [path.read_text() for path in mine] == ["mine", "mine"] and (out / "manifest.json").is_file()


@pytest.mark.parametrize("name", ["map.html", "scores.csv"])
def test_a_foreign_file_is_told_before_anything_is_read(name, tmp_path):
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / name).write_text("mine")
    done = call(
        "run", "--boundary", "none.geojson", "--osm", "none.osm", "--out", str(tmp_path / "out"), "--lang", "en"
    )
    assert (
        done.code == 1 and f"{name}: found a file that faellesrum did not write" in done.err and "--force" in done.err
    )
    assert content(tmp_path) == {f"out/{name}": b"mine"}


def test_a_table_that_was_filled_in_is_not_written_over(run_folder):
    table = run_folder / "scores.csv"
    table.write_text(table.read_text() + "\n")
    done = call("run", "--boundary", "none.geojson", "--osm", "none.osm", "--out", str(run_folder), "--lang", "en")
    assert done.code == 1 and "scores.csv: found a file that was changed after faellesrum wrote it" in done.err


@pytest.mark.parametrize("other", ["Map.html", "MAP.HTML", "map.html", "./Map.html"])
def test_two_outputs_that_are_one_where_a_disk_knows_no_capitals(tmp_path, other):
    written = [tmp_path / "map.html", tmp_path / other]
    with pytest.raises(InputError, match="written twice"):
        paths.refuse_overlap(paths.Paths(files=written))
    paths.refuse_overlap(paths.Paths(files=[tmp_path / "map.html", tmp_path / "map2.html"]))
