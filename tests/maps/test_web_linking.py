"""Modules joined into one script: what may be linked, what is refused, and that modules keep to themselves."""

from importlib.resources import files

import pytest

from spatial.maps.web import page as web_page
from spatial.maps.web.linking import link_modules, parse_module

WORDS = """// Words.
import { add } from "./sums.js";

/** @typedef {string} Word */
const HIDDEN = 40;

/**
 * Say a number.
 *
 * @returns {string}
 */
export function say() { return "n" + add(HIDDEN, 2); }
"""
SUMS = """const HIDDEN = 0.5;
/** @param {number} a @param {number} b */
export const add = (a, b) => a + b; // never HIDDEN
export function* count() { yield HIDDEN; }
export class Sum {}
function say() { return "not mine"; }
"""


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "words.js").write_text(WORDS)
    (tmp_path / "sums.js").write_text(SUMS)
    return tmp_path


def test_a_module_is_taken_apart():
    module = parse_module(SUMS)
    assert module.imports == {} and module.exports == ["add", "count", "Sum"]
    assert "export" not in module.code and "@param" not in module.code and "// never HIDDEN" in module.code
    module = parse_module(WORDS)
    assert module.imports == {"sums.js": ["add"]} and module.exports == ["say"]
    assert module.code == 'const HIDDEN = 40;\nfunction say() { return "n" + add(HIDDEN, 2); }\n'


def test_what_is_imported_comes_first_and_once(folder):
    script = link_modules(folder, ["words.js", "sums.js"])
    assert script.count("class Sum") == script.count("function () {") - 1 == 1
    assert script.index("class Sum") < script.index('"n" + add')
    assert script == link_modules(folder, ["words.js"]), "sums.js is there because it is imported"


@pytest.mark.browser
def test_modules_see_what_they_import_and_nothing_else_of_each_other(browser, folder):
    page = browser.new_page()
    page.set_content(f"<script>{link_modules(folder, ['words.js'])}</script>")
    seen = page.evaluate("[faellesrum.say(), [...faellesrum.count()], Object.keys(faellesrum).sort(), typeof HIDDEN]")
    assert seen == ["n42", [0.5], ["Sum", "add", "count", "say"], "undefined"]
    assert page.evaluate("Object.getOwnPropertyNames(window).filter(name => name === 'say' || name === 'add')") == []
    page.close()


@pytest.mark.parametrize(
    "line",
    [
        'import say from "./words.js";',
        'import * as words from "./words.js";',
        'import { say as tell } from "./words.js";',
        'import {say} from "./words.js";',
        'import { say } from "words";',
        'import { say } from "../words.js";',
        'import "./words.js";',
        'const words = await import("./words.js");',
        "const here = import.meta.url;",
        "export default function say() {}",
        "export { say };",
        'export * from "./words.js";',
        "export let n = 1;",
        "export async function say() {}",
        "const text = `${1}`;",
        'const end = "</script>";',
    ],
)
def test_other_ways_to_import_and_export_are_refused(folder, line):
    (folder / "other.js").write_text(f"{line}\n")
    with pytest.raises(ValueError, match=r"other\.js cannot be linked"):
        link_modules(folder, ["other.js"])


def test_names_that_are_not_exported_twice_exported_or_in_a_circle_are_refused(folder):
    (folder / "other.js").write_text('import { HIDDEN } from "./sums.js";\n')
    with pytest.raises(ValueError, match=r"other\.js imports HIDDEN, which sums\.js does not export"):
        link_modules(folder, ["other.js"])
    (folder / "other.js").write_text("export const say = 1;\n")
    with pytest.raises(ValueError, match=r"say is exported by other\.js and by words\.js"):
        link_modules(folder, ["other.js", "words.js"])
    (folder / "other.js").write_text('import { round } from "./round.js";\nexport const other = 1;\n')
    (folder / "round.js").write_text('import { other } from "./other.js";\nexport const round = 1;\n')
    with pytest.raises(ValueError, match=r"modules import each other: .*other\.js.*round\.js"):
        link_modules(folder, ["other.js"])


def test_parts_of_the_map_can_be_taken_by_another_page():
    """Drawing, panel, scores and state bring what they need, and none of them the page of the map."""
    scripts = files("spatial.maps.web") / "scripts"
    for entry, name in {
        "spaces.js": "drawSpaces",
        "panel.js": "createPanel",
        "scoring.js": "createScoring",
        "state.js": "readState",
    }.items():
        script = link_modules(scripts, [entry])
        assert name in script and "function start(" not in script
    assert link_modules(scripts, web_page.SCRIPTS).count("var ") == 1, "one global name"
