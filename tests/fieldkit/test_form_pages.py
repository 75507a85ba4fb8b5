"""Forms of choices filled in on a phone without a network, and what is saved of them."""

from __future__ import annotations

import pandas as pd
import pytest

from spatial.core.languages import LANGUAGES, texts
from spatial.fieldkit import forms
from spatial.fieldkit.counting_page import render_form
from spatial.fieldkit.kit import settings
from spatial.observations.judgements import sets_of
from tests.maps.test_web_page import axe

pytestmark = pytest.mark.browser

STOPS = [{"id": f"space:{i}", "name": dict.fromkeys(LANGUAGES, f"{i}. </script><b>Ærø")} for i in range(7)]
ITEMS = list(settings()["ratings"]["items"])
TITLE = {"da": "Markvandring og tælling: Ærø", "en": "Out counting: Ærø"}
ORDER = settings()["openness"]
SETS = sets_of(ORDER["activities"], ORDER["differences"])
FORMS = {"ratings": forms.ratings(STOPS, ITEMS, 3), "openness": forms.openness(SETS)}


@pytest.fixture
def phone(browser, tmp_path):
    """Open a form on a phone without a network; fails at the end if it complained or asked for anything."""
    trouble = []
    context = browser.new_context(viewport={"width": 360, "height": 740}, has_touch=True, offline=True,
                                  accept_downloads=True, reduced_motion="reduce")  # fmt: skip

    def open_form(name, lang="en"):
        path = tmp_path / f"{name}.html"
        render_form(FORMS[name], path, title=TITLE, lang=lang)
        page = context.new_page()
        page.on("console", lambda message: trouble.append(message.text))
        page.on("pageerror", lambda error: trouble.append(str(error)))
        asks = ("data:", "blob:", path.as_uri())
        page.on("request", lambda request: None if request.url.startswith(asks) else trouble.append(request.url))
        page.goto(path.as_uri())
        page.wait_for_selector("#add")
        return page

    yield open_form
    context.close()
    assert trouble == []


def saved(page):
    with page.expect_download() as wait:
        page.click("#save")
    return pd.read_csv(wait.value.path())


def test_ratings_are_kept_when_the_tab_is_killed_and_saved_as_the_form_has_them(phone):
    page = phone("ratings")
    page.select_option("#observer_code", "B")
    for n, stop in enumerate(STOPS[:3]):
        page.select_option("#location_id", stop["id"])
        for item in ITEMS[:-1]:
            page.click(f"#{item}-{n}")
        assert page.is_disabled("#add")  # one is not judged yet
        page.close()
        page = phone("ratings")
        page.click(f"#{ITEMS[-1]}-3")
        page.click("#add")
    assert "Kept on this phone: 3" in page.inner_text("main") and page.input_value("#observer_code") == "B"
    table = saved(page)
    assert table.columns.tolist() == ["observer_code", "location_id", *ITEMS]
    assert table["location_id"].tolist() == [stop["id"] for stop in STOPS[:3]] and set(table["observer_code"]) == {"B"}
    assert table[ITEMS[0]].tolist() == [0, 1, 2] and table[ITEMS[-1]].tolist() == [3, 3, 3]


def test_what_is_most_open_cannot_be_least_open_as_well(phone):
    page = phone("openness")
    for n, shown in enumerate(SETS, 1):
        page.click(f"#best_{n}-{shown[0]}")
        assert page.locator(f"#worst_{n}-{shown[0]}").count() == 0
        page.click(f"#worst_{n}-{shown[3]}")
    page.click("#best_1-" + SETS[0][3])  # and now the least open of the first set has to be chosen again
    assert page.is_disabled("#add")
    page.click("#worst_1-" + SETS[0][0])
    page.click("#add")
    table = saved(page)
    assert len(table) == 1 and table.loc[0, ["best_1", "worst_1", "best_2"]].tolist() == [
        SETS[0][3],
        SETS[0][0],
        SETS[1][0],
    ]
    assert page.locator("[aria-pressed=true]").count() == 1  # the language: nothing of the one before is left to see


@pytest.mark.parametrize("name", FORMS)
@pytest.mark.parametrize("lang", LANGUAGES)
def test_everybody_can_fill_it_in(phone, name, lang):
    page = phone(name, lang)
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    assert texts(lang)["fieldkit"]["answers"][name] in page.inner_text("main")
    assert axe(page) == []
    small = page.eval_on_selector_all(
        "button, select", "all => all.filter(e => e.getBoundingClientRect().height < 44).length"
    )
    assert small == 0
