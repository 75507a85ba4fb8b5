"""What the page of towns says of the demo is what a run says."""

import importlib.util
from pathlib import Path

import pytest

from spatial.core.model import ASPECTS

DOCS = Path(__file__).resolve().parents[2] / "docs"


@pytest.fixture(scope="module")
def maker():
    spec = importlib.util.spec_from_file_location("make_towns", DOCS / "make_towns.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_page_is_not_stale(maker, demo_result):
    written = (DOCS / "towns.md").read_text(encoding="utf-8")
    assert maker.page({"reitbahnviertel": demo_result}) == written, "run python docs/make_towns.py"


def test_shares_of_variance_add_up(maker, demo_result):
    spaces = demo_result.meeting_spaces
    shares = maker.variance(demo_result, spaces[spaces["rank"].notna()])
    assert sum(shares.values()) == pytest.approx(1, abs=1e-9)
    assert set(shares) == {*ASPECTS, "conditions"}
