"""Makes one page an indicator from the code: ``python docs/make_indicators.py``.

Everything on a page comes from the registry, the rubric, the texts and ``docs/indicators.toml``;
nothing is written by hand in ``docs/indicators/``. With ``--check`` nothing is written, and the exit
code says whether all pages are as the code makes them.
"""

from __future__ import annotations

import ast
import inspect
import sys
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

from spatial.core.languages import texts
from spatial.core.model import GATE
from spatial.indicators import registry, unknown_facts
from spatial.settings import rubric

FOLDER = Path(__file__).parent / "indicators"
OF_MEMBERS = "that of the best thing one comes for in it"
UNIT_WORDS = {"m": "metres", "m/ha": "metres a hectare", "h": "hours"}
WIDTH, HEIGHT, LEFT, BOTTOM, PAD = 360, 210, 44, 44, 14


def pages() -> dict[str, str]:
    """Every file of the folder by its name, with its text."""
    notes = tomllib.loads((Path(__file__).parent / "indicators.toml").read_text(encoding="utf-8"))
    rules = rubric.rubric().rules
    found = {}
    for name, spec in registry.registry().items():
        if name not in notes or name not in rules:
            raise SystemExit(f"{name}: needed an entry in docs/indicators.toml and in rubric.toml")
        found[f"{name}.md"] = page(spec, rules[name], notes[name])
        found[f"{name}.svg"] = picture(spec, rules[name])
    return found | {"README.md": contents(rules)}


def page(spec: registry.Spec, rule: rubric.RuleSpec, note: Mapping[str, str]) -> str:
    """One indicator: what it is, how it is judged, what it rests on, what is missing, what is weak."""
    danish, english = texts("da"), texts("en")
    title = english["indicator"][spec.id], danish["indicator"][spec.id]
    unit = UNIT_WORDS.get(spec.unit, spec.unit)
    lines = [
        "<!-- Made by docs/make_indicators.py. -->",
        f"# {title[0]['title']} · {title[1]['title']}",
        "",
        f"`{spec.id}`, column `{spec.column}`. {title[0]['text']}",
        f"*{title[1]['text']}*",
        "",
        "| | |",
        "|---|---|",
        f"| aspect | {_aspect(spec.aspect)} |",
        f"| unit | {unit} |",
        f"| formula | {note['formula']} |",
        f"| weight in its aspect | {_weight(spec, rule)} |",
        f"| looks around a place | {spec.catchment_m:g} m |"
        if spec.catchment_m
        else "| looks around a place | no further |",
        f"| a meeting space has | {OF_MEMBERS if spec.members else 'a value of its own'} |",
        "",
        "## Definition",
        "",
        *_definition(spec),
        "",
        "## Value function",
        "",
        f"![Value function of {spec.id}]({spec.id}.svg)",
        "",
        _curve_in_words(rule, unit),
        "",
        f"Why: {rule.why}",
        "",
        f"Source: {spec.reference}",
        "",
        "## Data",
        "",
        *_data(spec),
        "",
        "## Rules, and what is missing",
        "",
        _plausible(rule, unit),
        "",
        *[f"- `{key}`: {english['rule'][key]} · {danish['rule'][key]}" for key in rules_of(spec)],
        "",
        "## Known weakness",
        "",
        note["weakness"],
        "",
    ]
    return "\n".join(lines)


def _aspect(aspect: str) -> str:
    """The title of an aspect, or of a condition, in English and Danish."""
    both = texts("en"), texts("da")
    if aspect == GATE:
        return " · ".join(words["explain"]["condition_title"] for words in both)
    return " · ".join(words["aspect"][aspect]["title"] for words in both)


def _weight(spec: registry.Spec, rule: rubric.RuleSpec) -> str:
    if not rule.weight:
        return "0 (told, not judged)"
    return "none: it multiplies the score" if spec.aspect == GATE else f"{rule.weight:g}"


def _definition(spec: registry.Spec) -> list[str]:
    """The docstring of the function, without its lists of parameters, and what can be tuned."""
    text = inspect.getdoc(spec.measure) or ""
    body = text.split("\nParameters\n")[0].rstrip().replace("``", "`")
    tunable = [p for p in inspect.signature(spec.measure).parameters.values() if p.kind is p.KEYWORD_ONLY]
    tuned = [f"- `{p.name}` = {p.default:g}" for p in tunable if isinstance(p.default, (int, float))]
    return [body, *(["", "Can be tuned:", "", *tuned] if tuned else [])]


def _curve_in_words(rule: rubric.RuleSpec, unit: str) -> str:
    if rule.curve == "percentile":
        return "Judged by its percentile among the nodes of the study area's walking network."
    if rule.curve == "share_of_estate":
        return "Judged by its share of the estate's dwellings, at most 1."
    points = ", ".join(f"{x:g} → {y:g}" for x, y in rule.curve)
    return f"Points ({unit} → judged): {points}; straight between them, constant beyond."


def _data(spec: registry.Spec) -> list[str]:
    lines = [f"- tables: {', '.join(f'`{need}`' for need in ('places', *spec.needs))}"]
    if spec.reads:
        lines.append(f"- tags of the place: {', '.join(f'`{key}`' for key in spec.reads)}")
    words = texts("en")["fact"]
    settled = [n for n, keys in unknown_facts.vocabulary().place.items() if not set(keys).isdisjoint(spec.reads)]
    for fact in (*settled, *spec.surroundings):
        lines.append(f"- settled by a field check: {words[fact]['title']}. {words[fact]['question']}")
    if spec.optional:
        lines.append(f"- left out of a run without: {', '.join(f'`{name}`' for name in spec.optional)}; never 0")
    if spec.walked:
        lines.append("- measured again by resident lenses")
    return lines


def _plausible(rule: rubric.RuleSpec, unit: str) -> str:
    if rule.plausible is None:
        return "An unknown value spans the value function from its first to its last point, unless the rule bounds it."
    low, high = rule.plausible
    return f"An unknown value lies between {low:g} and {high:g} ({unit}), unless the rule bounds it nearer."


def rules_of(spec: registry.Spec) -> list[str]:
    """The rules that the code of an indicator can name, in the order of their names."""
    known = set(texts("en")["rule"])
    names = {spec.measure.__name__}
    tree = ast.parse(Path(inspect.getfile(spec.measure)).read_text(encoding="utf-8"))
    bodies: dict[str, ast.AST] = {node.name: node for node in tree.body if isinstance(node, ast.FunctionDef)}
    # What constants such as ``PATH_NEAR: Row`` name.
    bodies |= {
        node.target.id: node
        for node in tree.body
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name)
    }
    found: set[str] = set()
    done: set[str] = set()
    while names - done:
        name = (names - done).pop()
        done.add(name)
        for node in ast.walk(bodies[name]):
            if isinstance(node, ast.Constant) and node.value in known:
                found.add(node.value)
            if isinstance(node, ast.Name) and node.id in bodies:
                names.add(node.id)
    return sorted(found)


def picture(spec: registry.Spec, rule: rubric.RuleSpec) -> str:
    """The value function as a picture in SVG, with its axes."""
    relative = isinstance(rule.curve, str)
    points: Any = ((0.0, 0.0), (1.0, 1.0)) if relative else rule.curve
    label = {"percentile": "percentile", "share_of_estate": "share of the estate's dwellings"}.get(
        str(rule.curve), UNIT_WORDS.get(spec.unit, spec.unit)
    )
    left, right = min(0.0, points[0][0]), max(points[-1][0], points[0][0] + 1e-9)
    if not relative:
        right += (right - left) * 0.1

    def at(x: float, y: float) -> str:
        px = LEFT + (x - left) / (right - left) * (WIDTH - LEFT - PAD)
        return f"{px:.1f},{HEIGHT - BOTTOM - y * (HEIGHT - BOTTOM - PAD):.1f}"

    middle, foot = (WIDTH + LEFT - PAD) // 2, HEIGHT - 8
    line = [(left, points[0][1]), *points, (right, points[-1][1])]
    ticks = sorted({x for x, _ in points})
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" height="{HEIGHT}" '
        f'font-family="sans-serif" font-size="11" role="img">',
        f"<title>Value function of {escape(spec.id)}</title>",
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#fff"/>',
        f'<path d="M{at(left, 1)} L{at(left, 0)} L{at(right, 0)}" fill="none" stroke="#555"/>',
    ]
    for y in (0.0, 0.5, 1.0):
        x0, y0 = at(left, y).split(",")
        parts.append(f'<path d="M{at(left, y)} L{at(right, y)}" stroke="#ddd"/>' if y else "")
        parts.append(
            f'<text x="{float(x0) - 6:.1f}" y="{float(y0) + 4:.1f}" text-anchor="end" fill="#333">{y:g}</text>'
        )
    last = -1e9
    for x in ticks:
        px, py = map(float, at(x, 0).split(","))
        if px - last >= 26:
            parts.append(f'<text x="{px:.1f}" y="{py + 15:.1f}" text-anchor="middle" fill="#333">{x:g}</text>')
            last = px
    parts += [
        f'<polyline points="{" ".join(at(x, y) for x, y in line)}" fill="none" stroke="#0b6e8a" stroke-width="2.5"/>',
        *(
            f'<circle cx="{at(x, y).split(",")[0]}" cy="{at(x, y).split(",")[1]}" r="3.5" fill="#0b6e8a"/>'
            for x, y in points
        ),
        f'<text x="{middle}" y="{foot}" text-anchor="middle" fill="#333">{escape(label)}</text>',
        "</svg>",
    ]
    return "\n".join(part for part in parts if part) + "\n"


def contents(rules: Mapping[str, rubric.RuleSpec]) -> str:
    """The list of all indicators, by aspect."""
    danish, english = texts("da"), texts("en")
    lines = ["<!-- Made by docs/make_indicators.py. -->", "# The indicators · Målingerne", ""]
    for aspect in (GATE, *english["aspect"]):
        own = [spec for spec in registry.registry().values() if spec.aspect == aspect]
        if not own:
            continue
        lines += [
            f"## {_aspect(aspect)}",
            "",
            "| indicator | på dansk | unit | weight |",
            "|---|---|---|---|",
        ]
        for spec in own:
            title = english["indicator"][spec.id]["title"], danish["indicator"][spec.id]["title"]
            lines.append(
                f"| [{title[0]}]({spec.id}.md) | {title[1]} | {UNIT_WORDS.get(spec.unit, spec.unit)} "
                f"| {rules[spec.id].weight:g} |"
            )
        lines.append("")
    return "\n".join(lines)


def stale() -> list[str]:
    """Names of the files that are missing, too many, or not as the code makes them."""
    made = pages()
    there = {path.name: path.read_text(encoding="utf-8") for path in FOLDER.iterdir()} if FOLDER.is_dir() else {}
    return sorted(name for name in made.keys() | there.keys() if made.get(name) != there.get(name))


def main() -> None:
    if "--check" in sys.argv:
        sys.exit(f"run python docs/make_indicators.py: {', '.join(stale())}" if stale() else 0)
    FOLDER.mkdir(exist_ok=True)
    made = pages()
    for path in FOLDER.iterdir():
        if path.name not in made:
            path.unlink()
    for name, text in made.items():
        (FOLDER / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
