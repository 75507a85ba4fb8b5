"""What is said first of a run: in one order, never more than is known, and the same in both languages."""

import re
from dataclasses import replace

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from pyproj import CRS

from spatial.core.model import Estate, Result, Rubric
from spatial.texts.headline import BEST_NAMED, headline

UTM = CRS.from_epsg(25832)
NAMES = {f"space:{i}": f"Sted {i}" for i in range(20)}
SHARES = {"seen": 0.0, "computed": 0.47, "assumed": 0.45, "unknown": 0.08}


def result_of(rows, possible=0, sources=()):
    """A result of meeting spaces by (inside, rank, tier), with sources by (attribution, date)."""
    inside, rank, tier = zip(*rows, strict=True) if rows else ((), (), ())
    spaces = gpd.GeoDataFrame(
        {
            "status": "meeting space", "inside": np.array(inside, dtype=bool), "name": None, "kinds": "bench",
            "rank": pd.array(rank, dtype="Int64"), "tier": pd.array(tier, dtype="Int64"), "place_count": 1,
            "floating": 0.7, "floating_low": 0.5, "floating_high": 0.9, **SHARES,
        },
        index=[f"space:{i}" for i in range(len(rows))],
        geometry=[shapely.Point(i, 0) for i in range(len(rows))], crs=UTM,
    )  # fmt: skip
    rooms = gpd.GeoDataFrame({"name": [None] * possible}, geometry=[shapely.Point(0, 0)] * possible, crs=UTM)
    estate = Estate("e", "Fuglsangparken", shapely.box(0, 0, 1, 1), UTM, as_of="2020-01-02")
    manifest = {"sources": [{"attribution": who, "licence": None, "data_date": date} for who, date in sources]}
    return Result(estate, spaces, spaces, None, {"possible_spaces": rooms}, Rubric({}, {}), None, manifest=manifest)


def said(rows, lang="da", **more):
    return headline(result_of(rows, **more), lang, NAMES)


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        (
            [(True, 1, 1), (True, 2, 1), (False, None, None)],
            "Fuglsangparken har 2 mødesteder i udearealerne, og højst 250 m uden for grænsen er der ét mere; "
            "vi ved nok til at give 2 af dem point.",
        ),
        (
            [(False, 1, 1), (False, 2, 1)],
            "I Fuglsangparken er der ikke kortlagt noget mødested i udearealerne, men højst 250 m uden for grænsen er "
            "der 2 mødesteder; vi ved nok til at give dem alle point.",
        ),
        (
            [(True, None, None)],
            "Fuglsangparken har ét mødested i udearealerne og ingen lige uden for grænsen (højst 250 m); vi ved for "
            "lidt om det til at give det point.",
        ),
    ],
)
def test_it_says_how_many_inside_and_around_and_how_many_are_ranked(rows, expected):
    assert said(rows).count == expected


def test_without_a_meeting_place_it_says_only_that():
    told = said([], possible=3)
    assert told.sentences == [
        "I Fuglsangparken og højst 250 m uden for grænsen er der ikke kortlagt noget mødested i udearealerne. Måske "
        "mangler de kun på kortet.",
        "På 3 andre åbne arealer er der ikke kortlagt noget.",
    ]


def test_what_is_not_known_comes_before_what_is_best():
    told = said([(True, 1, 1), (True, 2, 2)], possible=1)
    assert told.sentences == [told.count, told.unknown, told.best]
    assert told.unknown == (
        "Det ved vi ikke: af det, der tæller for et typisk mødested, er 45\xa0% kun antaget og 8\xa0% ukendt, og intet "
        "er set på stedet. På ét andet åbent areal er der ikke kortlagt noget."
    )


def test_the_best_are_told_only_where_they_are_told_apart():
    alone = said([(True, 1, 1), (True, 2, 2)])
    assert alone.best == "Bedst til uformelle møder, så vidt vi ved: Sted 0 (70 af 100, mellem 50 og 90)."
    assert alone.best_ids == ("space:0",)
    # All in one tier: nobody is best.
    assert said([(True, 1, 1), (True, 2, 1)]).best.startswith("Vi ved ikke nok til at sige")
    assert said([(True, None, None)]).best == ""
    assert said([(True, 1, 1), (True, None, None)]).best.startswith("Kun ét har point: Sted 0")
    shared = said([(True, 1, 1), (True, 2, 1), (True, 3, 2)])
    assert shared.best == (
        "Blandt de bedste til uformelle møder, så vidt vi ved: Sted 0; Sted 1. Vi ved ikke nok til at skille dem ad."
    )
    many = said([*[(True, k, 1) for k in range(1, 7)], (True, 7, 2)])
    assert "Sted 0; Sted 1; Sted 2; og 3 andre" in many.best and len(many.best_ids) == BEST_NAMED


def test_the_oldest_source_is_named_with_its_date():
    dated = said([(True, 1, 1)], sources=[("© B", "2025-03-01"), ("© A", "2016-02-09"), ("C", None)])
    assert dated.dates == "Ældste data: 9. februar 2016 (A); nyeste: 1. marts 2025; uden dato: C"
    assert said([], sources=[("© A", "2016-02-09")]).dates == "Data fra 9. februar 2016"
    assert said([]).dates == "Data fra 2. januar 2020"
    whole = result_of([])
    assert headline(replace(whole, estate=replace(whole.estate, as_of=None)), "da", NAMES).dates == (
        "Vi ved ikke, hvor gamle oplysningerne er"
    )
    assert said([], "en", sources=[("A", "2016-02-09")]).dates == "Data of 9 February 2016"


spaces = st.lists(st.tuples(st.booleans(), st.booleans(), st.integers(1, 3)), max_size=9)


@given(spaces, st.integers(0, 3), st.sampled_from(["da", "en"]))
def test_no_number_is_told_that_is_not_so(rows, possible, lang):
    numbered = [
        (inside, k if known else None, tier if known else None) for k, (inside, known, tier) in enumerate(rows, 1)
    ]
    told = headline(result_of(numbered, possible), lang, NAMES)
    inside, ranked = sum(row[0] for row in rows), sum(row[1] for row in rows)
    true = {250, inside, len(rows) - inside, ranked, possible, 45, 8, 70, 50, 90, 100, *range(len(rows))}
    assert {int(n) for n in re.findall(r"\d+", " ".join(told.sentences))} <= true
    assert all("{" not in text for text in [*told.sentences, told.dates])
    assert not any(f"{NAMES[i]}" in told.best for i in NAMES if i not in told.best_ids)
