"""Make the plugin for QGIS: the table of algorithms with what the program says of each option, styles, and one zip.

python qgis/build.py [FOLDER]: FOLDER (else build/qgis) gets ``faellesrum/`` and ``faellesrum.zip``.
"""

from __future__ import annotations

import json
import shutil
import sys
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from spatial.cli import commands
from spatial.cli.help import Group
from spatial.cli.paths import Read, ReadPair, ReadText, WrittenFile, WrittenFolder
from spatial.core.languages import LANGUAGES, texts
from spatial.core.versions import version
from spatial.maps import qgis_styles
from spatial.maps.qgis_styles import Style

HERE = Path(__file__).parent
SOURCE = HERE / "faellesrum"
FOLDERS = ("folder", "before", "after")
ENDINGS = {"plancheck": ".pdf"}
DEFAULT_ENDING = ".gpkg"
ORANGE, BLUE, BROWN, GREY = "#d9820b", "#6baed6", "#8c2d04", "#8d857a"


def main(folder: Path) -> None:
    """Write the plugin, and the zip that QGIS installs from."""
    target = folder / SOURCE.name
    shutil.rmtree(target, ignore_errors=True)
    shutil.copytree(SOURCE, target, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(HERE.parent / "LICENSE", target / "LICENSE")
    about = (SOURCE / "metadata.txt").read_text(encoding="utf-8").format(version=version())
    (target / "metadata.txt").write_text(about, encoding="utf-8")
    (target / "algorithms.json").write_text(json.dumps(table(), ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    (target / "styles").mkdir()
    for (name, lang), style in styles().items():
        (target / "styles" / f"{name}.{lang}.qml").write_text(qgis_styles.qml(style), encoding="utf-8")
    shutil.make_archive(str(target), "zip", folder, SOURCE.name)


def table() -> dict[str, Any]:
    """The table of algorithms, each option with its kind, its bounds and its help."""
    said = tomllib.loads((HERE / "algorithms.toml").read_text(encoding="utf-8"))
    algorithms = [_algorithm(name, entry, said["label"]) for name, entry in said["algorithm"].items()]
    return {"algorithms": algorithms, "words": said["words"]}


def _algorithm(name: str, entry: Mapping[str, Any], labels: Mapping[str, Any]) -> dict[str, Any]:
    """One entry of the table as the plugin reads it."""
    by_name = {str(parameter.name): parameter for parameter in _command(entry["command"]).params}
    asked = [*entry["options"], *entry["advanced"]]
    return {
        "name": name,
        "command": entry["command"],
        "title": {lang: entry[lang] for lang in LANGUAGES},
        "help": {lang: _book(entry["command"], lang)["text"] for lang in LANGUAGES},
        "into": entry.get("into", "out"),
        "layers": entry.get("layers", []),
        "titles": entry.get("titles", {}),
        "pages": entry.get("pages", []),
        "parameters": [
            _parameter(by_name[one], entry, labels[one], ending=ENDINGS.get(name, DEFAULT_ENDING)) for one in asked
        ],
    }


def _command(words: list[str]) -> click.Command:
    found = commands.load_command(words[0])
    for word in words[1:]:
        assert isinstance(found, Group)
        found = found.get_command(click.Context(found), word)
    assert found is not None
    return found


def _book(words: list[str], lang: str) -> Mapping[str, Any]:
    found = texts(lang, "help")["command"]
    for word in words:
        found = found[word]
    return found


def _parameter(
    parameter: click.Parameter, entry: Mapping[str, Any], label: Mapping[str, str], *, ending: str
) -> dict[str, Any]:
    name, kind = str(parameter.name), parameter.type
    default = None if parameter.multiple or isinstance(parameter.default, bool) else parameter.to_info_dict()["default"]
    return {
        "name": name,
        "flag": parameter.opts[0] if isinstance(parameter, click.Option) else None,
        "kind": _kind(parameter),
        "label": label,
        "help": {lang: _help(entry["command"], name, lang) for lang in LANGUAGES},
        "optional": not (parameter.required or name in entry.get("needed", ())) and name != entry.get("into"),
        "advanced": name in entry["advanced"],
        "default": default,
        "choices": list(kind.choices) if isinstance(kind, click.Choice) else [],
        "min": getattr(kind, "min", None),
        "max": getattr(kind, "max", None),
        "ending": ending,
    }


def _help(words: list[str], name: str, lang: str) -> str:
    return str(_book(words, lang).get("option", {}).get(name) or texts(lang, "help")["option"][name]).strip()


def _kind(parameter: click.Parameter) -> str:
    """What is asked for in the dialogue; see ``faellesrum/parameters.py``."""
    name, kind = parameter.name, parameter.type
    if name in ("boundary", "crs"):
        return str(name)
    if getattr(parameter, "is_flag", False):
        return "flag"
    many = parameter.multiple or parameter.nargs != 1
    kinds: list[tuple[type[click.ParamType], str]] = [
        (ReadPair, "pairs"),
        (WrittenFolder, "new folder"),
        (WrittenFile, "new file"),
        (Read, "folder" if name in FOLDERS else "files" if many else "file"),
        (ReadText, "file"),
        (click.Choice, "choice"),
        (click.types.IntParamType, "whole"),
        (click.types.FloatParamType, "decimal"),
    ]
    return next((said for one, said in kinds if isinstance(kind, one)), "text")


def styles() -> dict[tuple[str, str], Style]:
    """Styles of what has none of its own, by layer and language."""
    number = qgis_styles.labels('to_string("number")', qgis_styles.OVER_POINT, size=9, weight=75, at=qgis_styles.TOP)
    found = {}
    for lang in LANGUAGES:
        say = texts(lang)["observe"]
        busy = {"busier": BROWN, "as_expected": "#f0ece4", "quieter": BLUE}
        counted = [
            (say[one], f"\"residual\" = '{one}'", [qgis_styles.fill(colour, qgis_styles.INK)])
            for one, colour in busy.items()
        ]
        measure = Style("marker", [("", "", [qgis_styles.dot(ORANGE, qgis_styles.INK)])], tip='[% "note" %]')
        found |= {
            ("observations", lang): Style(
                "fill", [*counted, (say["hidden"], "ELSE", [qgis_styles.fill("#ffffff", qgis_styles.INK)])]
            ),
            ("suggestions", lang): measure,
            ("repair", lang): measure,
            ("stops", lang): Style("fill", [("", "", [qgis_styles.outline(qgis_styles.INK, 0.6, "solid")])], number),
            ("round", lang): Style("line", [("", "", [qgis_styles.line(ORANGE, 0.8)])]),
            ("checks", lang): Style("marker", [("", "", [qgis_styles.dot("#ffffff", qgis_styles.INK)])]),
            ("boundary", lang): qgis_styles.style_of("boundary", [], lang),
        }
    return found


if __name__ == "__main__":
    main(Path(*sys.argv[1:]) if sys.argv[1:] else HERE.parent / "build" / "qgis")
