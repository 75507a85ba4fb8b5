"""The documentation says what the program does: nothing is missing, and what is to be typed is understood."""

import importlib.util
import re
import shlex
import tomllib
from pathlib import Path

import click
import pandas as pd
import pytest

from spatial.cli import commands, main
from spatial.settings import tags
from spatial.sources import catalogue, estates
from tests.command import FILES

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
TYPED = re.compile(r"^```(?:sh|console)\n(.*?)^```", re.M | re.S)
PAGES = [
    ROOT / "README.md",
    *(path for path in sorted(DOCS.rglob("*.md")) if path.parent.name != "indicators" and path.name != "first-run.md"),
]


def module(name):
    spec = importlib.util.spec_from_file_location(name, DOCS / f"{name}.py")
    found = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(found)
    return found


@pytest.fixture(scope="module")
def reference():
    return module("reference_pages")


@pytest.fixture(scope="module")
def made(reference):
    return reference.pages()


def test_every_file_of_a_run_is_told(made):
    for name in FILES:
        assert f"| `{name}` |" in made["reference/columns.md"], name


def test_every_column_of_every_table_is_told(reference, finished):
    for path in sorted(finished.iterdir()):
        if path.suffix in (".csv", ".parquet"):
            table = pd.read_csv(path) if path.suffix == ".csv" else pd.read_parquet(path)
            assert set(table.columns) <= reference.described(path.name), path.name


def test_every_command_kind_source_and_area_is_told(made):
    for name in commands.command_names():
        assert f"## faellesrum {name}\n" in made["reference/commands.md"]
        assert f"## faellesrum {name}\n" in made["da/kommandoer.md"]
    assert "Usage: faellesrum run [OPTIONS]" in made["reference/commands.md"]
    assert "Brug: faellesrum run [TILVALG]" in made["da/kommandoer.md"] and "Usage" not in made["da/kommandoer.md"]
    for name in tags.tag_rules().kinds:
        assert f"`{name}`" in made["reference/kinds.md"]
    for name in catalogue.load():
        assert f"`{name}`" in made["reference/sources.md"]
    for area in estates.areas():
        assert f"`{area.id}`" in made["reference/estates.md"]


def typed():
    """Every line that a page tells one to type and that calls the command."""
    for page in PAGES:
        for block in TYPED.findall(page.read_text(encoding="utf-8")):
            for line in re.sub(r"\\\n\s*", "", block).splitlines():
                words = shlex.split(line, comments=True)
                if words[:3] == ["uv", "run", "--no-sync"]:
                    words = words[3:]
                if words[:1] == ["faellesrum"]:
                    yield f"{page.relative_to(ROOT)}: {line}", words[1:]


@pytest.mark.parametrize(("line", "words"), list(typed()), ids=lambda value: value if isinstance(value, str) else "")
def test_what_a_page_says_to_type_is_understood(line, words):
    context, command = click.Context(main.cli, info_name="faellesrum"), main.cli
    if words == ["--debug", "run", "..."]:
        return
    while isinstance(command, click.Group):
        name, command, words = command.resolve_command(context, words)
    assert command.make_context(name, list(words), parent=context) is not None  # raises UsageError


def test_every_page_that_is_written_has_its_place_in_the_site():
    site = (ROOT / "mkdocs.yml").read_text(encoding="utf-8")
    for page in PAGES[1:]:
        assert re.search(rf"[ :]{re.escape(str(page.relative_to(DOCS)))}$", site, re.M), page


def test_the_look_through_the_site_sees_what_it_should(tmp_path):
    check = module("check_site")
    (tmp_path / "a.html").write_text(
        '<h2 id="x">X</h2><a href="b.html#y">b</a><a href="#x">x</a><a href="c.html">c</a><a href="https://e.org">e</a>'
        '<script src="https://e.org/x.js"></script><link rel="stylesheet" href="//e.org/x.css"><img src="no.png">'
    )
    (tmp_path / "b.html").write_text('<p id="z"></p><a href="a.html#x">a</a>')
    (tmp_path / "da").mkdir()
    (tmp_path / "da" / "d.html").write_text('<html lang="en"><p>Hej</p></html>')
    (tmp_path / "s.css").write_text('@import "https://e.org/font.css";')
    found = "\n".join(check.problems(tmp_path))
    for said in ("a.html: asks for https://e.org/x.js", "a.html: asks for //e.org/x.css", "a.html: leads to c.html",
                 "a.html: leads to b.html#y", "a.html: leads to no.png", "s.css", "its frame is in 'en'"):  # fmt: skip
        assert said in found
    assert len(found.splitlines()) == 7


def test_columns_are_told_once():
    told = tomllib.loads((DOCS / "columns.toml").read_text(encoding="utf-8"))
    assert set(told["columns"]) <= set(told["files"])


def test_the_conda_environment_asks_for_what_the_project_asks_for():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    text = (ROOT / "environment.yml").read_text(encoding="utf-8")
    asked = set(re.findall(r"^  - ([\w-]+>=[\d.]+)$", text, re.M)) - {f"python{project['requires-python']}"}
    assert asked and {name.replace("matplotlib-base", "matplotlib") for name in asked} <= set(project["dependencies"])


def test_the_citation_names_this_version():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    cited = (ROOT / "CITATION.cff").read_text(encoding="utf-8")
    version = project["tool"]["hatch"]["version"]["fallback-version"]
    assert f"\nversion: {version}\n" in cited and f"\nlicense: {project['project']['license']}\n" in cited


def test_the_conda_recipe_asks_for_what_the_project_asks_for():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    text = (ROOT / "recipe" / "recipe.yaml").read_text(encoding="utf-8")
    run = re.search(r"  run:\n((?:    - .*\n)+)", text)[1]
    asked = {line.replace(" ", "") for line in re.findall(r"- (.*)", run)} - {f"python{project['requires-python']}"}
    called = {"matplotlib-base": "matplotlib", "pyosmium": "osmium"}
    assert {re.sub(r"^[\w-]+", lambda name: called.get(name[0], name[0]), one) for one in asked} == set(
        project["dependencies"]
    )


def test_the_first_hour_types_what_the_pages_say():
    first_hour = module("first_hour")
    lines = [line for page in first_hour.PAGES for line in first_hour.lines_of(ROOT / page)]
    named = {line.split()[1] for line in lines if line.startswith("faellesrum ")}
    assert {"run", "demo", "compare", "explain", "observe", "fieldkit", "sources", "fetch", "siting", "map"} <= named
    for name in first_hour.BROUGHT:
        assert any(name in line for line in lines), name
    assert [line.partition("#")[0].strip() for line in lines][:3] == ["make demo", "make test", ". .venv/bin/activate"]
