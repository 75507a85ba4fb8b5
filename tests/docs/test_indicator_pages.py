"""One page an indicator, made from the code: none is missing, none is stale."""

import importlib.util
from pathlib import Path
from xml.etree import ElementTree

import pytest

from spatial.core.languages import texts
from spatial.indicators import registry
from spatial.settings import rubric

DOCS = Path(__file__).resolve().parents[2] / "docs"


@pytest.fixture(scope="module")
def maker():
    spec = importlib.util.spec_from_file_location("make_indicators", DOCS / "make_indicators.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_no_page_is_missing_or_stale(maker):
    assert maker.stale() == [], "run python docs/make_indicators.py"


@pytest.mark.parametrize("name", registry.registry())
def test_a_page_says_everything(name):
    page = (DOCS / "indicators" / f"{name}.md").read_text(encoding="utf-8")
    for lang in ("da", "en"):
        assert texts(lang)["indicator"][name]["title"] in page
    for part in ("formula", "## Definition", "## Value function", "## Data", "## Known weakness", "Source:"):
        assert part in page
    assert rubric.rubric().rules[name].why in page and registry.registry()[name].reference in page
    assert page.count("- `") >= 1, "no rule is named"


@pytest.mark.parametrize("name", registry.registry())
def test_a_picture_shows_the_points_of_the_value_function(name):
    root = ElementTree.fromstring((DOCS / "indicators" / f"{name}.svg").read_text(encoding="utf-8"))
    dots = root.findall("{http://www.w3.org/2000/svg}circle")
    curve = rubric.rubric().rules[name].curve
    assert len(dots) == (2 if isinstance(curve, str) else len(curve))
    heights = [float(dot.get("cy")) for dot in dots]
    judged = [0.0, 1.0] if isinstance(curve, str) else [y for _, y in curve]
    # Higher is better, on one scale.
    order = sorted(range(len(judged)), key=lambda i: -judged[i])
    assert [heights[i] for i in order] == sorted(heights)
