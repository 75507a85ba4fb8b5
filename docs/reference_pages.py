"""The reference, made from the registries: commands, files and columns, kinds, sources, areas, indicators, Python."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import click

import spatial
from spatial.cli import help as cli_help
from spatial.cli import main
from spatial.core.languages import texts
from spatial.core.model import ASPECTS, FLOATING
from spatial.indicators import registry
from spatial.layers.schema import schema
from spatial.maps import tables
from spatial.scoring import scores as scoring_scores
from spatial.settings import loading, tags
from spatial.sources import catalogue
from spatial.sources import estates as sources_estates

DOCS = Path(__file__).resolve().parent
WIDTH = 100
TITLES = {"en": "Commands", "da": "Kommandoer"}
ENDS = {"_low": "at least", "": "best estimate", "_high": "at most"}
PYTHON = ("Estate", "Analysis", "Comparison")
FUNCTIONS = ("analyse", "compare", "load", "save", "indicator", "known")
RESULT = {
    "Estate": "spatial.analysis.result.Estate",
    "Analysis": "spatial.analysis.result.Analysis",
    "Comparison": "spatial.analysis.before_after.Comparison",
    "Plots": "spatial.maps.plots.Plots",
    "analyse": "spatial.analysis.run.analyse",
    "compare": "spatial.analysis.before_after.compare",
    "load": "spatial.analysis.storage.load",
    "save": "spatial.analysis.storage.save",
    "indicator": "spatial.indicators.registry.indicator",
    "known": "spatial.indicators.registry.known",
}


def pages() -> dict[str, str]:
    """Every page of the reference by its place."""
    made = {
        "commands": commands(),
        "columns": columns(),
        "kinds": kinds(),
        "sources": sources(),
        "estates": estates(),
        "indicators": index_of_indicators(),
        "python": python(),
    }
    titles = {name: text.partition("\n")[0].lstrip("# ") for name, text in made.items()}
    links = "\n".join(f"- [{title}]({name}.md)" for name, title in titles.items())
    made["index"] = f"# Reference\n\nMade from the program itself, so that it says what the program does.\n\n{links}\n"
    return {f"reference/{name}.md": text for name, text in made.items()} | {"da/kommandoer.md": commands("da")}


def commands(lang: str = "en") -> str:
    """The help of every command, as the command prints it in a language."""
    root = click.Context(main.cli, info_name="faellesrum", terminal_width=WIDTH, max_content_width=WIDTH)
    with cli_help.speaking(lang):
        parts = [f"# {TITLES[lang]}\n", f"```text\n{main.cli.get_help(root)}\n```\n"]
        for name in main.cli.list_commands(root):
            command = main.cli.get_command(root, name)
            assert command is not None
            parts += _help(command, name, root, "##")
    return "\n".join(parts)


def _help(command: click.Command, name: str, parent: click.Context, level: str) -> Iterator[str]:
    context = click.Context(command, info_name=name, parent=parent, terminal_width=WIDTH, max_content_width=WIDTH)
    yield f"{level} {context.command_path}\n\n```text\n{command.get_help(context)}\n```\n"
    if isinstance(command, click.Group):
        for sub in command.list_commands(context):
            found = command.get_command(context, sub)
            assert found is not None
            yield from _help(found, sub, context, level + "#")


def columns() -> str:
    """Files of a run, and the columns of its tables."""
    told = tomllib.loads((DOCS / "columns.toml").read_text(encoding="utf-8"))
    parts = ["# Files and columns\n", _table(("file", "holds"), ((f"`{k}`", v) for k, v in told["files"].items()))]
    for name, own in told["columns"].items():
        rows = {**own, **(scores() if name in ("scores.csv", "lenses.csv") else {})}
        rows |= measures() if name == "scores.csv" else {}
        parts.append(f"## {name}\n\n{_table(('column', 'holds'), ((f'`{k}`', v) for k, v in rows.items()))}")
    return "\n".join([*parts, *layers()])


def layers() -> Iterator[str]:
    """Layers of what is on the ground in ``places.gpkg``, and what each of their columns means."""
    yield "## places.gpkg\n\nBeside places and meeting spaces, what is on the ground. Each row has its `id` as well.\n"
    yield possible()
    for name, layer in schema().items():
        rows = ((f"`{k}`", layer.columns[k].unit or "", layer.columns[k].en, layer.columns[k].da) for k in layer.shown)
        if layer.shown:
            yield f"### {name}: {layer.en} / {layer.da}\n\n{_table(('column', 'unit', 'holds', 'indeholder'), rows)}"


def possible() -> str:
    """The layer of open ground on which nothing is mapped."""
    english, danish = (texts(code)["gis"] for code in ("en", "da"))
    rows = ((f"`{k}`", english["column"][k], danish["column"][k]) for k in ("room_id", *tables.POSSIBLE_COLUMNS))
    title = f"### possible_spaces: {english['table']['possible_spaces']} / {danish['table']['possible_spaces']}"
    return f"{title}\n\n{_table(('column', 'holds', 'indeholder'), rows)}"


def scores() -> dict[str, str]:
    """Columns of scores."""
    words = texts("en")["aspect"]
    found = {
        f"{name}{end}": f"{words[name]['title']}, {say}, 0–1"
        for name in (FLOATING, *ASPECTS)
        for end, say in ENDS.items()
    }
    assert set(found) == set(scoring_scores.SCORE_COLUMNS)
    return found


def measures() -> dict[str, str]:
    """Columns of indicators."""
    words = texts("en")["indicator"]
    return {
        spec.column: f"{words[name]['title']}: [{name}](../indicators/{name}.md)"
        for name, spec in registry.registry().items()
    }


def kinds() -> str:
    """Kinds of place, and what is context."""
    rules, english, danish = tags.tag_rules(), texts("en")["kind"], texts("da")["kind"]
    match = loading.load_toml(None, "tags.toml")
    rows = (
        (
            english[name]["title"], danish[name]["title"], f"`{name}`", _tags(match["kind"][name]["match"]),
            f"{kind.neutrality:g}", kind.why,
        )
        for name, kind in rules.kinds.items()
    )  # fmt: skip
    shown = (
        (english[name]["title"], danish[name]["title"], f"`{name}`", _tags(entry))
        for name, entry in match["context"].items()
    )
    return (
        "# Kinds of place\n\n"
        + _table(("kind", "på dansk", "id", "OpenStreetMap says", "neutrality", "why"), rows)
        + "\n## Context: shown, never scored\n\nA closed club is no failure.\n\n"
        + _table(("kind", "på dansk", "id", "OpenStreetMap says"), shown)
    )


def _tags(match: Iterable[str]) -> str:
    return ", ".join(f"`{tag}`" for tag in match)


def sources() -> str:
    """The catalogue of municipal and national layers."""
    known = catalogue.load()
    parts = [
        "# Sources\n\nThe catalogue as it ships. None of the services was reached when the entries were written: "
        "`faellesrum sources check ID` asks.\n",
        _table(
            ("id", "holds", "indeholder", "comes by", "licence", "name as source"),
            ((f"`{s.id}`", s.title["en"], s.title["da"], s.protocol, s.licence, s.attribution) for s in known.values()),
        ),
        "## How sure each is\n",
        _table(("id", "how sure"), ((f"`{source.id}`", source.confirmed or "not said") for source in known.values())),
    ]
    return "\n".join(parts)


def estates() -> str:
    """The registry of areas ever on the list of omdannelsesområder."""
    words = texts("en")["estates"]
    rows = (
        (
            area.name,
            f"`{area.id}`",
            f"{area.municipality} ({area.municipality_code})",
            sources_estates.years_text(area, words["unknown"]),
        )
        for area in sources_estates.areas()
    )  # fmt: skip
    first = [listing.year for listing in sources_estates.areas()[0].listings]
    title = words["title"].format(n=len(sources_estates.areas()), first=min(first), last=max(first))
    return (
        f"# Areas\n\n{title} A status is that of a year, of places and not of people.\n\n"
        + _table((words["name"], "id", words["municipality"], words["years"]), rows)
        + f"\n{words['after']} `faellesrum estates show ID` says how sure each fact is, and where it comes from.\n"
    )


def index_of_indicators() -> str:
    """The list of indicators, as in its own folder."""
    text = (DOCS / "indicators" / "README.md").read_text(encoding="utf-8")
    return re.sub(r"\]\((\w+\.md)\)", r"](../indicators/\1)", text.partition("-->\n")[2])


def python() -> str:
    """The public names, from their docstrings."""
    assert {*PYTHON, *FUNCTIONS} <= set(spatial.__all__)
    errors = [name for name in spatial.__all__ if name.endswith(("Error", "Unavailable", "Result"))]
    parts = [
        "# Python\n\n```python\nimport spatial\n```\n\nAll of these are names of `spatial` itself; `result.plot` is a "
        "`Plots`. `spatial.DEFAULTS` is the folder of the bundled settings.\n",
        *(f"::: {RESULT[name]}\n" for name in (*PYTHON[:2], "Plots", *PYTHON[2:], *FUNCTIONS)),
        "## Errors\n",
        *(f"::: spatial.core.errors.{name}\n    options:\n      heading_level: 3\n" for name in sorted(errors)),
    ]
    return "\n".join(parts)


def _table(head: Iterable[str], rows: Iterable[Iterable[Any]]) -> str:
    names = list(head)
    lines = [names, ["---"] * len(names), *([_cell(value) for value in row] for row in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines) + "\n"


def _cell(value: Any) -> str:
    return re.sub(r"\s+", " ", str(value)).replace("|", "\\|")


def described(name: str, given: Mapping[str, Any] | None = None) -> set[str]:
    """Columns of a file that the page describes."""
    told = given or tomllib.loads((DOCS / "columns.toml").read_text(encoding="utf-8"))
    own = set(told["columns"].get(name, {}))
    return (
        own
        | (set(scores()) if name in ("scores.csv", "lenses.csv") else set())
        | (set(measures()) if name == "scores.csv" else set())
    )
