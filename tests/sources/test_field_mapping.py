"""Fields into tags: every spelling of a code, and nothing said that the register does not say."""

from __future__ import annotations

from datetime import date, datetime

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spatial.layers.hours import open_share
from spatial.sources import catalogue, field_mapping
from spatial.sources.catalogue import Codes, FieldRule, HoursRule, KindRule, Mapped

GEOFA = catalogue.load()["geofa.punkt"].mapping


def one(mapped: Mapped = GEOFA, **fields: object) -> field_mapping.Translated:
    return field_mapping.translate({name: [value] for name, value in fields.items()}, 1, mapped)


@given(st.integers(0, 10**6))
def test_all_spellings_of_a_code_are_one(value):
    spellings = [value, str(value), float(value), f"{value}.0", f" {value} ", f"0{value}", np.int64(value)]
    assert {field_mapping.code(spelling) for spelling in spellings} == {str(value)}


@pytest.mark.parametrize("value", [None, float("nan"), "", "  ", "NULL", pd.NA, pd.NaT, np.datetime64("NaT"), np.nan])
def test_what_says_nothing(value):
    assert field_mapping.code(value) is None and field_mapping.text_of(value) is None
    assert field_mapping.number(value) is None and field_mapping.day_of(value) is None


@pytest.mark.parametrize("yes", [1, "1", 1.0, "1.0", True, "true", "TRUE", "t", "ja", "Ja", "yes", np.True_])
@pytest.mark.parametrize("no", [0, "0", 0.0, False, "false", "nej", "NEJ", "no"])
def test_booleans_in_any_clothes(yes, no):
    base = {"facil_ty_k": 1031}
    assert one(**base, betaling_k=yes).tags[0]["fee"] == "yes"
    assert one(**base, betaling_k=no).tags[0]["fee"] == "no"


@pytest.mark.parametrize("value", [2, 3, "3", None, ""])
def test_partly_and_unknown_say_nothing(value):
    found = one(facil_ty_k="1031", betaling_k=value)
    assert found.tags[0] == {"leisure": "playground"} and not found.unread


def test_a_geofa_record_by_hand():
    """Every field of the specification that is used, worked out from its code list."""
    found = one(
        facil_ty_k="1201.0", navn=" Pladsen ", ansvar_org="Vejle  Kommune", ansva_v_k=2, betaling_k=0, book_k="1",
        bemand_k=False, handicap_k=2, vandhane_k=1, antal_pl="12", doegnaab_k=1, saeson_k=2,
        saeson_st="2024-04-01", saeson_sl="2024-09-30", off_kode=1, statuskode="3",
    )  # fmt: skip
    assert found.tags[0] == {
        "tourism": "picnic_site", "name": "Pladsen", "operator": "Vejle Kommune", "operator:type": "public",
        "fee": "no", "reservation": "yes", "supervised": "no", "wheelchair": "limited", "drinking_water": "yes",
        "capacity": "12", "opening_hours": "Apr 01-Sep 30",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"facil_ty_k": 1351}, "facil_ty_k 1351 is not used"),
        ({"facil_ty_k": 7777}, "facil_ty_k 7777 is a code not known"),
        ({"facil_ty_k": None}, "facil_ty_k is empty"),
        ({"facil_ty_k": 1031, "off_kode": 2}, "off_kode is 2"),
        ({"facil_ty_k": 1031, "off_kode": None}, "off_kode is empty"),
        ({"facil_ty_k": 1031, "statuskode": "4"}, "statuskode is 4"),
    ],
)
def test_rows_left_out_are_counted_with_why(fields, reason):
    found = one(**fields)
    assert found.tags == [None] and found.dropped == {reason: 1}


def test_names_of_fields_have_no_case_and_missing_ones_are_named():
    found = one(FACIL_TY_K=1371, Navn="Bænk")
    assert found.tags[0] == {"amenity": "bench", "name": "Bænk"}
    assert "betaling_k" in found.missing_fields and "navn" not in found.missing_fields


def test_a_value_that_no_table_knows_is_counted():
    found = one(facil_ty_k=1031, betaling_k=7)
    assert found.unread == {"betaling_k: 7": 1} and found.tags[0] == {"leisure": "playground"}


@pytest.mark.parametrize(
    ("always", "season", "first", "last", "hours"),
    [
        (1, 1, None, None, "24/7"),
        (1, 7, None, None, "24/7"),
        (1, None, None, None, "24/7"),
        ("true", "1.0", None, None, "24/7"),
        (1, 2, "20240501", "20240831", "May 01-Aug 31"),
        (1, 2, datetime(2024, 10, 15), date(2024, 3, 1), "Oct 15-Mar 01"),
        (1, 2, "15-05-2024", np.datetime64("2024-09-01"), "May 15-Sep 01"),
        (1, 2, None, "2024-09-01", None),
        (1, 9, None, None, None),
        (0, 1, None, None, None),
        (3, 1, None, None, None),
        (None, 1, None, None, None),
    ],
)
def test_hours(always, season, first, last, hours):
    mapped = Mapped(hours=HoursRule("a", "s", "f", "l"))
    assert one(mapped, a=always, s=season, f=first, l=last).tags[0].get("opening_hours") == hours


@pytest.mark.parametrize(
    ("text", "days"),
    [("24/7", 365), ("Apr 01-Sep 30", 30 + 31 + 30 + 31 + 31 + 30), ("Oct 15-Mar 01", 17 + 30 + 31 + 31 + 28 + 1)],
)
def test_hours_are_read_by_the_program_that_judges_them(text, days):
    assert open_share(text)[:2] == pytest.approx((days / 365, days / 365))


def test_sums_add_what_is_known():
    mapped = Mapped(sums={"dwellings": ("a", "b")})
    assert one(mapped, a=3, b="4.0").tags[0] == {"dwellings": "7"}
    assert one(mapped, a=None, b=4).tags[0] == {"dwellings": "4"}
    assert one(mapped, a=None, b=float("nan")).tags[0] == {}


def test_patterns_counts_dates_and_the_first_of_two_fields():
    mapped = Mapped(
        fields=(
            FieldRule("age", ("min_age", "max_age"), pattern=r"(\d+)-(\d+)"),
            FieldRule("n", ("capacity",), convert="count"),
            FieldRule("w", ("width",), convert="number"),
            FieldRule("d", ("start_date",), convert="date"),
            FieldRule("park", ("name",)),
            FieldRule("place", ("name",)),
        )
    )
    found = one(mapped, age="0-14", n=-1, w="2,5", d=20240131, park=None, place="Her")
    assert found.tags[0] == {"min_age": "0", "max_age": "14", "width": "2.5", "start_date": "2024-01-31", "name": "Her"}
    assert one(mapped, age="fra 6", n="mange", w="bred", d="i går").tags[0] == {}
    assert one(mapped, n=2.5).tags[0] == {}


def test_a_kind_by_pattern_and_its_default():
    benches = catalogue.load()["kk.baenke"].mapping
    kinds = {text: one(benches, geoobjekttype=text).tags[0] for text in ("Bænk, lang", "Bord-bænkesæt", "Bord", None)}
    assert kinds["Bænk, lang"] == kinds[None] == {"amenity": "bench"}
    assert kinds["Bord-bænkesæt"] == kinds["Bord"] == {"leisure": "picnic_table"}
    assert one(benches).tags[0] == {"amenity": "bench"}
    assert one(benches, geoobjekttype="Blomsterkumme").tags == [None]


@given(
    st.lists(st.one_of(st.none(), st.booleans(), st.integers(-5, 9999), st.floats(), st.text(max_size=8)), max_size=6),
    st.randoms(use_true_random=False),
)
def test_any_value_gives_text_or_nothing_whatever_the_order(values, random):
    """Rows do not matter to each other, and no value breaks the reading."""
    rules = Mapped(
        kind=KindRule("t", Codes({"1": {"a": "b"}}, {"2": "x"}), default={}),
        fields=(
            FieldRule("t", ("n",)),
            FieldRule("t", ("c",), convert="count"),
            FieldRule("t", ("d",), convert="date"),
        ),
    )
    found = field_mapping.translate({"t": values}, len(values), rules)
    assert all(tag is None or all(isinstance(v, str) and v for v in tag.values()) for tag in found.tags)
    order = list(range(len(values)))
    random.shuffle(order)
    again = field_mapping.translate({"t": [values[i] for i in order]}, len(values), rules)
    assert list(again.tags) == [found.tags[i] for i in order] and again.dropped == found.dropped
