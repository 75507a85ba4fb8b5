"""Help texts and click's own words, in both languages: complete, none left over, and none of the other language."""

from __future__ import annotations

import ast
import gettext
import os
import string
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import click
import pytest
from babel.messages import Catalog, extract, mofile, pofile

import spatial
from spatial.cli import commands, main
from spatial.cli import help as cli_help
from spatial.core.languages import KNOWN_LANGUAGES, texts
from spatial.settings.loading import DEFAULTS
from tests.cli.test_console import every_command
from tests.command import COMMAND, call
from tests.core.test_languages import leaves

LISTS = ("option", "metavar")
CATALOGUE = DEFAULTS / "locale" / "da" / "LC_MESSAGES" / "click.po"
# What click says to whoever writes a program, not to whoever uses it; and what this program never asks or opens.
TO_PROGRAMMERS = {
    "Arguments take exactly one parameter declaration, got {length}: {decls}.",
    "Boolean option {decl!r} cannot use the same flag for true/false.",
    "Choice({choices})",
    "Could not determine name for option with declarations {decls!r}",
    "DeprecationWarning: The command {name!r} is deprecated.{extra_message}",
    "DeprecationWarning: The {param_type} {name!r} is deprecated.{extra_message}",
    "Invalid start character for option ({option})",
    "Name '{name}' defined twice",
    "No options defined but a name was passed ({name}). Did you mean to declare an argument instead? Did you mean to "
    "pass '--{name}'?",
    "deprecated",
}
NEVER_SAID = {
    "%(prog)s, version %(version)s", "Confirm the action without prompting.", "Do you want to continue?",
    "{value!r} does not match the format {format}.", "{value!r} is not a valid UUID.",
    "file", "directory", "path",  # names of types, looked up when click is imported: the books have words for values
}  # fmt: skip
NEVER_CALLED = {"_termui_impl.py", "_winconsole.py", "termui.py", "utils.py"}  # editor, prompts, pagers, raw consoles


def everything() -> list[tuple[tuple[str, ...], click.Command]]:
    return [((), main.cli), *every_command()]


def in_book(lang: str, path: tuple[str, ...]) -> Mapping[str, object]:
    found = texts(lang, "help")["program"] if not path else texts(lang, "help")["command"]
    for word in path:
        found = found[word]
    return found


def takes_value(parameter: click.Parameter) -> bool:
    return not isinstance(parameter.type, click.Choice) and not getattr(parameter, "is_flag", False)


# --- the books ----------------------------------------------------------------------------


def test_both_books_say_the_same_things_and_show_the_same_examples():
    danish, english = (leaves(texts(lang, "help")) for lang in ("da", "en"))
    assert danish.keys() == english.keys()
    for path, text in english.items():
        if path[-1] == "examples" and path[0] != "section":
            assert text == danish[path] and text, path
        else:
            assert text.strip() and danish[path].strip(), path


@pytest.mark.parametrize("lang", KNOWN_LANGUAGES)
def test_every_command_and_each_of_its_options_and_arguments_has_words(lang):
    book = texts(lang, "help")
    for path, command in everything():
        own = in_book(lang, path)
        assert own["text"] and own["examples"] and book["option"][cli_help.HELP], path
        for parameter in command.params:
            name = str(parameter.name)
            assert own.get("option", {}).get(name) or book["option"].get(name), (path, name)
            if takes_value(parameter):
                assert own.get("metavar", {}).get(name) or book["metavar"].get(name), (path, name)


def test_no_words_are_left_over():
    book = texts("en", "help")
    used = {kind: set() for kind in LISTS}
    known = {path for path, _ in everything()}
    for path, command in everything():
        own = in_book("en", path)
        names = {
            "option": {str(p.name) for p in command.params},
            "metavar": {str(p.name) for p in command.params if takes_value(p)},
        }
        for kind in LISTS:
            mine = set(own.get(kind, {}))
            assert mine <= names[kind], (path, kind)
            used[kind] |= names[kind] - mine
        rest = set(own) - {"text", "examples", "epilog", *LISTS}
        assert all((*path, name) in known for name in rest), (path, rest)
    for kind in LISTS:
        assert set(book[kind]) - {cli_help.HELP} <= used[kind], kind
    sections = {*commands.SECTIONS, commands.MORE, *cli_help.OPTION_SECTIONS, cli_help.OTHER}
    assert set(book["section"]) == sections | {"commands", "examples", "arguments", "options"}
    assert {word for path in known for word in path[:1]} == set(book["command"])


def test_no_help_text_stands_in_the_code():
    for path in [*Path(commands.__path__[0]).glob("*.py"), Path(main.__file__)]:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and ast.unparse(node.func) in ("click.option", "click.argument"):
                assert not {word.arg for word in node.keywords} & {"help", "metavar"}, (path.name, ast.unparse(node))


# --- what is shown ------------------------------------------------------------------------


def english_of_click() -> set[str]:
    return {"Usage:", "[OPTIONS]", "[ARGS]", "COMMAND", "Options:", "Commands:", "Show this message", "[default:",
            "required]", "Examples:", "INTEGER", "FLOAT", "TEXT", "PATH", "FILE", "DIR"}  # fmt: skip


def test_the_help_of_a_run_is_danish_to_the_last_word():
    env = {name: value for name, value in os.environ.items() if name not in ("FAELLESRUM_LANG", "LANGUAGE")}
    for own in ({"LC_ALL": "C.UTF-8"}, {"LANG": "en_GB.UTF-8", "LANGUAGE": "en"}):
        done = subprocess.run(
            [COMMAND, "run", "--help"], capture_output=True, encoding="utf-8", env=env | own, timeout=60
        )
        assert done.returncode == 0 and done.stderr == ""
        assert done.stdout.startswith("Brug: faellesrum run [TILVALG]\n") and "[skal angives]" in done.stdout
        shown = done.stdout.replace("OpenStreetMap", "")
        assert not [word for word in english_of_click() if word in shown.split() or f" {word}" in shown]


@pytest.mark.parametrize("words", [path for path, _ in everything()], ids=lambda path: " ".join(path) or "faellesrum")
def test_help_is_shown_in_the_language_that_is_asked_for(words):
    danish = call(*words, "--help")
    assert danish.code == 0 and danish.out.startswith("Brug: ") and "Vis denne hjælp." in danish.out
    assert not [word for word in ("Usage", "OPTIONS", "default:", "Show this", "PATH", " DIR") if word in danish.out]
    for asked in (("--help", "--lang", "en"), ("--lang", "en", "--help")):
        english = call(*words, *asked)
        assert english.code == 0 and english.out.startswith("Usage: ") and "Show this message" in english.out
        assert "[TILVALG]" not in english.out and "MAPPE" not in english.out and "standard:" not in english.out
    assert call(*words, "--help").out == danish.out  # nothing of it stays


def test_the_environment_says_the_language_too(monkeypatch):
    monkeypatch.setenv("FAELLESRUM_LANG", "en")
    assert call("--help").out.startswith("Usage: ")
    assert call("--help", "--lang", "da").out.startswith("Brug: ")


@pytest.mark.parametrize(
    ("words", "danish", "english"),
    [
        (("run", "--bondary", "x"), "Tilvalget '--bondary' findes ikke. Mente du '--boundary'?", "No such option"),
        (("run", "--boundary", "x"), "Der mangler tilvalget '--out'.", "Missing option '--out'."),
        (("explain", "x"), "Der mangler 'STED_ID'.", "Missing argument 'PLACE_ID'."),
        (("run", "--out", "x", "--phase", "0"), "'--phase': 0 er uden for det tilladte, ≥ 1.", "is not in the range"),
        (("run", "--out", "x", "--seed", "a"), "'a' er ikke et tal", "'a' is not a valid integer"),
        (("sitemap", "x", "--paper", "A9"), "'A9' er ikke en af disse: 'a4', 'a3'", "'A9' is not one of 'a4', 'a3'"),
        (("map", "x", "y"), "y er for meget; måske mangler der anførselstegn", "Got unexpected extra argument (y)"),
        (("--debug",), "Der mangler en kommando.", "Missing command."),
    ],
)
def test_what_click_says_of_a_wrong_line_is_said_in_the_language(words, danish, english):
    said = call(*words)
    assert said.code == 2 and danish in said.err and "Fejl: " in said.err
    assert f"Skriv 'faellesrum{' ' * (words[0][0] != '-')}{words[0].removeprefix('--debug')} --help'" in said.err
    said = call("--lang", "en", *words)
    assert said.code == 2 and english in said.err and "Error: " in said.err and "Try 'faellesrum" in said.err


def test_a_language_before_the_command_is_that_of_the_command():
    danish, english = call("estates", "list").out, call("estates", "list", "--lang", "en").out
    assert danish != english
    assert call("--lang", "en", "estates", "list").out == english
    assert call("estates", "--lang", "en", "list").out == english
    assert call("--lang", "en", "estates", "list", "--lang", "da").out == danish


def test_the_environment_is_as_it_was_while_a_command_works(monkeypatch):
    seen = {}

    @click.command()
    def look():
        """Look."""
        seen.update(language=os.environ.get("LANGUAGE"), domain=gettext.textdomain())

    look.callback.__doc__ = None
    before = gettext.textdomain()
    with cli_help.speaking("da"):
        assert os.environ["LANGUAGE"] == "da"
        cli_help.taught(look, ("look",)).main([], standalone_mode=False)
    assert seen["language"] == cli_help.FOUND == os.environ.get("LANGUAGE")
    assert gettext.textdomain() == before


# --- click's own words --------------------------------------------------------------------


def in_click() -> Iterator[tuple[str, tuple[str, ...]]]:
    """File and words, in English, of all that the installed click translates; more than one where it counts."""
    for file, _, words, _, _ in extract.extract_from_dir(str(Path(click.__file__).parent)):
        yield file, together(words)


def catalogued(catalogue: Catalog) -> dict[tuple[str, ...], tuple[str, ...]]:
    """English and Danish, one wording or more."""
    return {together(one.id): together(one.string) for one in catalogue if one.id}


def together(said: str | Sequence[str]) -> tuple[str, ...]:
    return (said,) if isinstance(said, str) else tuple(said)


def translated() -> dict[str, tuple[str, ...]]:
    with CATALOGUE.open("rb") as file:
        found = pofile.read_po(file, abort_invalid=True)
    return {english[0]: danish for english, danish in catalogued(found).items()}


def fields(template: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(template) if name is not None}


def test_all_that_click_can_come_to_say_has_danish_words():
    every = {words[0] for _, words in in_click()}
    wanted = {words[0] for file, words in in_click() if file not in NEVER_CALLED} - TO_PROGRAMMERS - NEVER_SAID
    assert translated().keys() == wanted
    assert all(all(words) for words in translated().values())
    assert every >= {*TO_PROGRAMMERS, *NEVER_SAID}


def test_danish_words_name_nothing_that_click_does_not_give():
    given = {words[0]: set().union(*map(fields, words)) for _, words in in_click()}
    for english, danish in translated().items():
        for words in danish:
            assert fields(words) <= given[english], (english, words)


def test_the_compiled_words_are_those_that_are_written():
    with CATALOGUE.open("rb") as file:
        written = pofile.read_po(file)
    with CATALOGUE.with_suffix(".mo").open("rb") as file:
        compiled = mofile.read_mo(file)
    assert catalogued(compiled) == catalogued(written), "run `make locale`"
    assert compiled.plural_expr == written.plural_expr == "(n != 1)"


def test_the_wheel_takes_the_words_with_it():
    assert Path(spatial.__file__).parent / "defaults" / "locale" == cli_help.LOCALE
    ignored = subprocess.run(
        ["git", "check-ignore", str(CATALOGUE.with_suffix(".mo"))], capture_output=True, cwd=CATALOGUE.parent
    )
    assert ignored.returncode != 0, "hatchling leaves out what git ignores"
