"""Words: all that users read stands in the files of texts, and no word ranks or labels residents."""

import ast
import re
import tomllib
from pathlib import Path

import pytest

from spatial.cli import commands
from spatial.core.languages import LANGUAGES, texts
from spatial.settings.loading import DEFAULTS
from tests.core.test_languages import leaves

ROOT = Path(__file__).resolve().parents[2]
SPATIAL = ROOT / "spatial"
# Labels of people, in both languages; and words that make an estate a problem.
LABELS = re.compile(
    r"ressource(svag|stærk)|ikke-?vestlig|non-?western|indvandr|immigrant|etnisk|ethnic|udlænding|"
    r"(svage|udsatte|utilpassede|kriminelle) (beboere|borgere|familier)|"
    r"(vulnerable|weak|disadvantaged|criminal) (residents|people)|"
    r"problem(område|bolig|kvarter|estate)|deprived|slum|underclass|sort skole",
    re.I,
)
GHETTO = re.compile("ghetto", re.I)
# The law's own word until 2021, where an old list is spoken of.
LEGAL_TERM = {("estates", "title")}
LEGAL_TERM_PAGES = {"docs/da/ordliste.md"}
RANKED_PEOPLE = re.compile(
    r"rank(s|ing|ed)? (the )?(residents|people|tenants)|rang(ordner?|erer?) (ikke )?(beboere|mennesker|borgere)", re.I
)
DENIED = re.compile(r"never|not|ikke|aldrig|nor\b", re.I)
# A run of words in a script that a reader would see; what the browser is told is not.
SENTENCE = re.compile(r'"([A-ZÆØÅ][a-zæøå]+(?: [a-zæøå]+)+[^"]*)"')


def pages():
    """Everything that is written for readers outside the texts."""
    return [
        ROOT / "README.md", ROOT / "PRIVACY.md", *sorted((ROOT / "docs").rglob("*.md")),
        *sorted((ROOT / "notebooks").glob("*.ipynb")),
    ]  # fmt: skip


@pytest.mark.parametrize("lang", LANGUAGES)
def test_no_text_labels_residents(lang):
    for path, text in leaves(texts(lang)).items():
        assert not LABELS.search(text), (path, text)
        assert path in LEGAL_TERM or not GHETTO.search(text), (path, text)
    law = texts(lang)["estates"]["title"]
    assert re.search(r"2021.*hårdt ghettoområde", law)  # historical, as the law's word, with its year


def test_no_note_of_the_registry_labels_residents():
    notes = 0
    for entry in tomllib.loads((DEFAULTS / "estates.toml").read_text(encoding="utf-8"))["estate"]:
        for note in entry.get("note", []):
            notes += 1
            for lang in LANGUAGES:
                assert not LABELS.search(note[lang]) and not GHETTO.search(note[lang]), note
    assert notes


@pytest.mark.parametrize("lang", LANGUAGES)
def test_no_help_text_labels_residents(lang):
    for path, text in leaves(texts(lang, "help")).items():
        assert not LABELS.search(str(text)) and not GHETTO.search(str(text)), path


@pytest.mark.parametrize("page", pages(), ids=lambda page: page.name)
def test_no_page_labels_residents_or_says_that_they_are_ranked(page):
    text = page.read_text(encoding="utf-8")
    assert not LABELS.search(text), LABELS.search(text)
    assert str(page.relative_to(ROOT)) in LEGAL_TERM_PAGES or not GHETTO.search(text)
    for line in text.splitlines():
        if RANKED_PEOPLE.search(line):
            assert DENIED.search(line), line


def test_areas_of_the_registry_are_told_with_their_year():
    for lang in LANGUAGES:
        for key in ("title", "on_list", "later"):
            assert (
                "{" in texts(lang)["estates"][key]
                or "1. dec" in texts(lang)["estates"][key]
                or "1 Dec" in texts(lang)["estates"][key]
            )


# --- where texts stand --------------------------------------------------------------------


def said_by(path):
    """Words that a file of the program prints by itself: constants in what it echoes."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call) and ast.unparse(node.func) in ("click.echo", "print"):
            for part in (found for given in node.args for found in ast.walk(given)):
                if isinstance(part, ast.Constant) and isinstance(part.value, str):
                    yield part.value


def test_commands_say_nothing_but_what_stands_in_the_texts():
    for name in commands.command_names():
        for said in said_by(SPATIAL / "cli" / "commands" / f"{name.replace('-', '_')}.py"):
            rest = said.replace("faellesrum: ", "")
            assert not re.search(r"[a-zæøå]{3,} [a-zæøå]{2,}", rest), (name, said)


def test_scripts_and_pages_hold_no_sentences_of_their_own():
    scripts = sorted(SPATIAL.rglob("*.js"))
    assert len(scripts) > 20
    for path in [*scripts, *sorted(SPATIAL.rglob("*.j2"))]:
        if path.suffix == ".js":
            assert not SENTENCE.findall(re.sub(r"//.*|/\*.*?\*/", "", path.read_text(encoding="utf-8"))), path
        elif path.suffix == ".j2" and "html" in path.name:
            text = re.sub(
                r"{[{%#].*?[}%#]}|<!--.*?-->|<style.*?</style>|<script.*?</script>",
                "",
                path.read_text(encoding="utf-8"),
                flags=re.S,
            )
            assert not re.search(r">[^<]*[A-Za-zæøå]{3,} [a-zæøå]{2,}[^<]*<", text), path


def test_no_danish_stands_in_the_code():
    """Danish letters in string constants, but for names: of the program, of laws and registers, and in docstrings."""
    names = re.compile(
        'Fællesrum|Område|Mødesteder som løftestang|Højdemodel|[æøåÆØÅ]"?: |^[æøå]$|bevæg|øst|NEØ|a-zæøå|Tåstrup'
        "|Østerbro|forår|efterår|^før$|før\\|"
    )
    for path in sorted(SPATIAL.rglob("*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        docs = {
            ast.get_docstring(node, clean=False)
            for node in ast.walk(tree)
            if isinstance(node, (ast.Module, ast.FunctionDef, ast.ClassDef))
        }
        for node in ast.walk(tree):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and re.search("[æøåÆØÅ]", node.value):
                assert node.value in docs or names.search(node.value), (path.name, node.value)


# What no Dane in housing would say, in what residents read; see docs/da/ordliste.md. "Plads" is room, or part of a word
# such as "legeplads": a rank is a number, a square is a torv.
UNHEARD = re.compile(
    r"den midterste bolig|der vides|mindst kendt|plads(en)? i rækkefølgen|"
    r"(ingen|uden|får) (en )?plads\b(?! omkring| til)|"
    r"vind(er|e) (og|eller) tab(er|e)|trossted|mødesteder ude\b|det frie møde|dårligst stillet|byttebogskab|hundeplads",
    re.I,
)
OF_RESIDENTS = (
    *("headline", "map", "sitemap", "workbook", "name", "kind", "aspect", "indicator", "evidence", "answer", "lens"),
)
OF_PLANS = {"plan", "states", "alternatives"}


def test_residents_read_danish_that_a_dane_would_write():
    read = {part: words for part, words in texts("da").items() if part in OF_RESIDENTS}
    report = {part: words for part, words in texts("da", "report").items() if part not in OF_PLANS}
    assert set(OF_RESIDENTS) == set(read)
    for path, text in [*leaves(read).items(), *leaves(report).items()]:
        assert not UNHEARD.search(str(text)), (path, text)
