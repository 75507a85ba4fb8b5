"""What the model says, in both languages: every verdict has its words, and no figure is left out or made up."""

from __future__ import annotations

import pytest

from spatial.core.languages import LANGUAGES, texts
from spatial.observations import model
from spatial.observations.facts import model_facts
from spatial.observations.model import Gain, Power, Told
from spatial.observations.regression import Effect
from spatial.reports.observations import modelled

SILENT = (model.FEW, model.NARROW, model.TANGLED)
SPOKEN = (model.AGREES, model.OPPOSITE, model.UNCLEAR, model.EXPLAINED)
TWOFOLD = Effect(0.6931, 0.0953, 1.2910, 0.3, 18)  # twice, 1.1 and 3.64 times


def words(verdict, lang, **about):
    told = Told(verdict, 26, 416, ("time_of_day: evening", "time_of_day: morning", "sun", "rain"), ("area", "seats"))
    return "\n".join(modelled(model_facts(Told(**(vars(told) | about))), lang))


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("verdict", SILENT)
def test_a_model_that_refuses_says_why_and_no_number_of_its_own(verdict, lang):
    text = words(verdict, lang)
    assert text.count("\n") == 0 and "{" not in text and "–" not in text.replace("1–4", "")


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("verdict", SPOKEN)
def test_a_model_that_speaks_says_how_sure_it_is_and_beside_what(verdict, lang):
    comma = {"da": ",", "en": "."}[lang]
    about = {"raw": TWOFOLD, "effect": TWOFOLD, "beside": TWOFOLD, "gain": Gain(0.1, 0.05, 0.15, 8)}
    text = words(verdict, lang, **about, power=Power(0.0953, 40.0))
    for figure in ("2.00", "1.10", "3.64"):
        assert figure.replace(".", comma) in text
    assert "26" in text and "40" in text and "{" not in text
    assert text.count("\n") == 4
    for name in ("sun", "rain", "time_of_day"):
        assert texts(lang)["observe"]["model"]["circumstance"][name] in text


@pytest.mark.parametrize("lang", LANGUAGES)
def test_what_adds_nothing_is_said_to_add_nothing(lang):
    say = texts(lang)["observe"]["model"]
    about = {"raw": TWOFOLD, "effect": TWOFOLD, "power": Power(0.1, 40.0), "baseline": ("area",)}
    nothing = words(model.AGREES, lang, **about, gain=Gain(0.1, -0.05, 0.25, 8))
    assert say["adds_nothing"].format(baseline=say["plain"]["area"]) in nothing
    more = words(model.AGREES, lang, **about, gain=Gain(0.1, 0.05, 0.15, 8))
    assert say["adds"].format(baseline=say["plain"]["area"]) in more
