"""Weights that move: what the page works out, in a real browser, against spatial.scoring.scores."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from spatial.analysis import result as analysis_result
from spatial.core.model import ASPECTS, FLOATING, GATE
from spatial.scoring import scores
from spatial.scoring.judging import judge_all, reweighted
from tests.maps import fixtures

MAP = "map_faellesrum"
WEIGHTINGS = 100
SUFFIXES = ("_low", "", "_high")


@pytest.fixture(scope="module")
def result(demo_result):
    return demo_result


@pytest.fixture(scope="module")
def page(browser, result, tmp_path_factory):
    path = tmp_path_factory.mktemp("weights") / "map.html"
    result.map("en").save(str(path))
    page = browser.new_page(viewport={"width": 1280, "height": 900}, reduced_motion="reduce")
    trouble = []
    page.on("console", lambda message: trouble.append(message.text))
    page.on("pageerror", lambda error: trouble.append(str(error)))
    page.goto(path.as_uri())
    page.wait_for_selector(fixtures.READY)
    yield page
    page.close()
    assert trouble == []


def weightings(rubric):
    """Random weights, some of them zero, but never all of an aspect that counts."""
    rng = np.random.default_rng(5)
    for _ in range(WEIGHTINGS):
        aspects = {name: float(rng.choice([0, rng.uniform(0, 4)], p=[0.15, 0.85])) for name in ASPECTS}
        aspects[ASPECTS[rng.integers(len(ASPECTS))]] = 1.0
        weighed = [name for name, rule in rubric.rules.items() if rule.aspect != GATE]
        indicators = {name: float(rng.choice([0, rng.uniform(0, 4)], p=[0.2, 0.8])) for name in weighed}
        for aspect in ASPECTS:
            own = [name for name, rule in rubric.rules.items() if rule.aspect == aspect]
            indicators[own[rng.integers(len(own))]] = 1.5
        yield aspects, indicators


@pytest.mark.browser
def test_a_hundred_weightings_give_the_scores_that_python_gives(page, result):
    tables = {"spaces": result.meeting_spaces, "places": result.places}
    largest = 0.0
    for aspects, indicators in weightings(result.rubric):
        rubric = reweighted(result.rubric, aspects=aspects, indicators=indicators)
        for name, table in tables.items():
            wanted = scores.score(
                judge_all(result.evidence, table.index, rubric), table.index, replace(rubric, draws=1), 1
            )
            found = page.evaluate(
                f"""([name, weights]) => {{
                    const f = {MAP}.faellesrum.model.score(name, weights);
                    const plain = Object.entries(f.scores).map(([k, parts]) => [k, parts.map(p => Array.from(p))]);
                    return {{ scores: Object.fromEntries(plain), coverage: Array.from(f.coverage), rank: f.rank }};
                }}""",
                [name, {"aspects": aspects, "indicators": indicators}],
            )
            for score in (FLOATING, *ASPECTS):
                if score != FLOATING and aspects[score] == 0:
                    continue
                for suffix, column in zip(SUFFIXES, found["scores"][score], strict=True):
                    difference = np.abs(np.array(column) - wanted[score + suffix].to_numpy()).max()
                    largest = max(largest, difference)
            assert np.array(found["coverage"]) == pytest.approx(wanted["coverage"].to_numpy(), abs=1e-9)
            ranks = [None if np.isnan(rank) else int(rank) for rank in wanted["rank"].astype(float)]
            best = np.sort(wanted[FLOATING].to_numpy())
            if np.diff(best).min() > 1e-6 or found["rank"] == ranks:
                assert found["rank"] == ranks
            else:  # equal to the last digit shown: either order is right
                assert [rank is None for rank in found["rank"]] == [rank is None for rank in ranks]
                off = [abs(a - b) for a, b in zip(found["rank"], ranks, strict=True) if a is not None]
                assert max(off) <= 1
    assert largest < 1e-6


@pytest.mark.browser
def test_the_weights_of_the_rubric_give_what_is_shown_without_any(page, result):
    found = page.evaluate(f"Array.from({MAP}.faellesrum.model.score('spaces', null).scores.floating[1])")
    assert found == pytest.approx(result.meeting_spaces[FLOATING].to_numpy(), abs=1e-6)
    ranks = page.evaluate(f"{MAP}.faellesrum.model.score('spaces', null).rank")
    assert ranks == [None if pd.isna(rank) else rank for rank in result.meeting_spaces["rank"]]


def numbers(page):
    """Spaces of the list that have a rank, and their numbers, in order."""
    return page.eval_on_selector_all(
        ".fr-item",
        """all => all.filter(e => /\\d/.test(e.querySelector('.fr-rank').textContent))
            .map(e => [e.dataset.space, e.querySelector('b').textContent])""",
    )


@pytest.mark.browser
def test_a_slider_moved_by_keyboard_changes_list_colours_and_address(page, result):
    before = numbers(page)
    page.click("#fr-weights summary >> nth=0")
    slider = page.locator("#fr-w-aspects-mixing")
    slider.focus()
    for _ in range(12):
        page.keyboard.press("ArrowRight")
    assert slider.input_value() == "0.8"  # twelve steps of .05 from .2; the others are .8 together
    assert "w=mixing:0.8" in page.evaluate("location.hash")
    rubric = replace(reweighted(result.rubric, aspects={"mixing": 0.8}), draws=1)
    index = result.meeting_spaces.index
    wanted = scores.score(judge_all(result.evidence, index, rubric), index, rubric, 1)
    after = numbers(page)
    top = wanted["rank"].dropna().sort_values(kind="stable").index[: len(after)]
    assert len(after) == 12
    assert after != before
    # Tiers belong to the weights of the rubric: with others there is one list.
    assert page.locator("#fr-list h2").first.inner_text() == "The places in order"
    assert page.locator(".fr-tiers").count() == 0
    assert {identity for identity, _ in after} == set(top)
    assert {identity: text for identity, text in after} == {
        identity: str(round(wanted[FLOATING][identity] * 100)) for identity in top
    }
    assert page.locator("#fr-w-aspects-mixing-share").inner_text() == "50%"
    assert "own weights" in page.locator("#fr-weights-note").inner_text()
    page.click("#fr-weights-reset")
    assert numbers(page) == before and page.locator("#fr-weights-note").is_hidden()
    assert "w=" not in page.evaluate("location.hash")


@pytest.mark.browser
def test_conditions_multiply_and_cannot_be_weighed(page, result):
    conditions = [name for name, rule in result.rubric.rules.items() if rule.aspect == GATE]
    assert set(conditions) == {"legal_access", "room_to_stay"}
    for name in conditions:
        assert page.locator(f"#fr-w-indicators-{name}").count() == 0
    floating = f"Array.from({MAP}.faellesrum.model.score('places', WEIGHTS).scores.floating[1])"
    plain = page.evaluate(floating.replace("WEIGHTS", "null"))
    assert page.evaluate(floating.replace("WEIGHTS", '{"indicators": {"legal_access": 0}}')) == plain
    closed = (result.places["rank"].isna() & (result.places["coverage"] >= result.rubric.min_coverage)).to_numpy()
    assert closed.any() and max(np.array(plain)[closed]) <= 0.3  # the mean of the aspects is at most 1


@pytest.mark.browser
def test_a_space_tells_its_tier_and_what_is_closed_is_told_apart(page, result):
    from spatial.scoring.tiers import tier_words

    words = {"best": "Among the best", "between": "In between", "weakest": "Among the weakest"}
    tiers = tier_words(result.meeting_spaces["tier"])
    titles = page.locator("#fr-list h2").all_inner_texts()
    assert titles[: tiers.nunique()] == [words[name] for name in words if name in set(tiers)]
    for name in ("closed", "seat", "possible"):
        shut = result.meeting_spaces.index[result.meeting_spaces["status"] == name]
        found = page.eval_on_selector_all(
            "#fr-list .fr-aside",
            """(all, title) => all.filter(e => e.querySelector('summary').textContent.startsWith(title))
                .flatMap(e => [...e.querySelectorAll('.fr-item')].map(i => i.dataset.space))""",
            {"closed": "Not open to everybody", "seat": "Seats with", "possible": "Possible meeting"}[name],
        )
        assert set(found) == set(shut[:12])


@pytest.mark.browser
def test_weights_that_leave_nothing_are_refused_in_words(page):
    for name in ASPECTS:
        page.evaluate(
            """id => { const input = document.getElementById(id); input.value = 0;
                input.dispatchEvent(new Event('input')); }""",
            f"fr-w-aspects-{name}",
        )
    assert "must count" in page.locator("#fr-weights-status").inner_text()
    assert page.locator(f"#fr-w-aspects-{ASPECTS[-1]}").input_value() == "0.2"
    page.click("#fr-weights-reset")


@pytest.mark.browser
def test_presets_and_indicators(page):
    page.select_option("#fr-preset", "openness")
    assert page.locator("#fr-w-aspects-openness").input_value() == "0.6"  # three times .2
    assert "w=openness:0.6" in page.evaluate("location.hash")
    page.click("#fr-weights details >> nth=1")
    page.evaluate(
        """() => { const input = document.getElementById('fr-w-indicators-enclosure'); input.value = 0;
            input.dispatchEvent(new Event('input')); }"""
    )
    assert page.locator("#fr-preset").input_value() == "own"
    assert "i=enclosure:0" in page.evaluate("location.hash")
    page.select_option("#fr-preset", "default")
    assert page.evaluate("location.hash") in ("", "#")


def test_what_was_judged_travels_with_little_loss(result):
    from spatial.maps.web import score_payload

    table = analysis_result.for_page(result)["judged"]["places"]
    coded = score_payload.judged(table)
    import base64

    best = np.frombuffer(base64.b64decode(coded["best"]), dtype="<f4").reshape(table.best.shape)
    assert np.abs(best - table.best).max() < 1e-7
    bits = np.unpackbits(np.frombuffer(base64.b64decode(coded["known"]), dtype=np.uint8), bitorder="little")
    assert (bits[: table.known.size].reshape(table.known.shape).astype(bool) == table.known).all()


@pytest.mark.browser
def test_lenses_give_what_python_gives(page, result):
    assert len(result.lenses) == page.evaluate("document.querySelectorAll('#fr-lens-choice option').length") - 1 > 3
    for lens in result.lenses:
        page.select_option("#fr-lens-choice", lens.id)
        assert f"lens={lens.id}" in page.evaluate("location.hash")
        for name, table in (("spaces", lens.meeting_spaces), ("places", lens.places)):
            found = page.evaluate(
                f"""name => {{ const f = {MAP}.faellesrum.model.score(name, null);
                    return [f.scores.floating.map(p => Array.from(p)), Array.from(f.coverage), f.rank]; }}""",
                name,
            )
            wanted = table.loc[(result.meeting_spaces if name == "spaces" else result.places).index]
            for suffix, column in zip(SUFFIXES, found[0], strict=True):
                assert column == pytest.approx(wanted[FLOATING + suffix].tolist(), abs=1e-6)
            assert found[1] == pytest.approx(wanted["coverage"].tolist(), abs=1e-9)
            ranks = [None if np.isnan(rank) else int(rank) for rank in wanted["rank"].astype(float)]
            assert [a is None for a in found[2]] == [b is None for b in ranks]
            off = [abs(a - b) for a, b in zip(found[2], ranks, strict=True) if a is not None]
            assert max(off, default=0) <= 1
    page.select_option("#fr-lens-choice", "")
    assert "lens" not in page.evaluate("location.hash")
