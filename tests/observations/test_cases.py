"""Tables that people really bring: what each must be read as, with its siblings."""

from __future__ import annotations

from pathlib import Path

import geopandas as gpd
import numpy as np
import openpyxl
import pandas as pd
import pytest
import shapely
from pyproj import CRS

from spatial.core.errors import CRSError, EmptyAreaError, SchemaError, SourceFormatError
from spatial.observations import study

CASES = Path(__file__).parents[1] / "data" / "counts"
UTM33 = CRS.from_epsg(25833)
SPACES = ["space:osm:way/142519236", "space:osm:way/142519225"]
HELD = {"osm:way/121998995": SPACES[1], "way/121998995": SPACES[1]}
AT = "2025-05-06 10:00"


def read(path, **options):
    return study.read_observations([path], crs=UTM33, spaces=SPACES, held=HELD, **options).observations


def written(tmp_path, text, encoding="utf-8"):
    path = tmp_path / "counts.csv"
    path.write_text(text, encoding=encoding)
    return path


def reasons(found):
    return found.rejected["reason"].tolist()


@pytest.mark.parametrize(
    ("name", "totals"),
    [
        ("northing.csv", [3, 12]), ("subtotal.csv", [10]), ("persons.csv", [8]), ("kobo_start.csv", [9, 12]),
        ("thousand_da.csv", [1000, 1250, 850]), ("temp.csv", [12]),
        ("midnight.csv", [9, 14]), ("fid_merged.csv", [7, 12, 9, 14]), ("excel_date_time.xlsx", [12, 9, 15]),
        ("sepline.csv", [7, 12]), ("title.csv", [12]), ("blankfirst.csv", [12]), ("dup.csv", [12]),
        ("trail.csv", [7, 12]), ("position_words.csv", [7, 12]), ("unicode.txt", [12]), ("placeid.csv", [12]),
        ("googlepair.csv", [12]), ("wkb.csv", [12]), ("isodot.csv", [12]),
    ],
)  # fmt: skip
def test_every_row_is_read_with_its_people(name, totals):
    found = read(CASES / name)
    assert sorted(found.surveys["total"]) == sorted(totals) and reasons(found) == []


@pytest.mark.parametrize("head", ["E,N", "Easting,N", "UTM_E,N", "x,N", "Øst,N"])
def test_a_northing_is_no_number_of_people(tmp_path, head):
    path = written(tmp_path, f"space_id,time,kind,male,{head}\n{SPACES[0]},{AT},staying,5,384791,5936889\n")
    assert read(path).surveys["total"].tolist() == [5]


def test_n_alone_is_the_number_of_people_and_metres_without_a_crs_are_asked_for(tmp_path):
    assert read(written(tmp_path, f"space_id,time,kind,n\n{SPACES[0]},{AT},staying,5\n")).surveys["total"].sum() == 5
    with pytest.raises(CRSError, match="without a CRS"):
        read(written(tmp_path, f"time,kind,male,E,N\n{AT},staying,5,384791,5936889\n"))


def test_a_group_that_is_the_sum_of_others_counts_once(tmp_path):
    found = read(CASES / "subtotal.csv")
    assert found.surveys["age_0_14"].tolist() == [6] and found.notes == {"subtotals": 1}
    head = "space_id,time,kind,posture_standing,standing,leaning\n"
    assert read(written(tmp_path, f"{head}{SPACES[0]},{AT},staying,3,2,1\n")).surveys["total"].tolist() == [3]
    head = "space_id,time,kind,standing,leaning\n"
    assert read(written(tmp_path, f"{head}{SPACES[0]},{AT},staying,2,1\n")).surveys["total"].tolist() == [3]
    head = "space_id,time,kind,age_0_14,age_0_4,age_5_14\n"
    some = f"{head}{SPACES[0]},{AT},staying,2,2,1\n{SPACES[0]},2025-05-06 11:00,staying,,2,1\n"
    found = read(written(tmp_path, some))
    assert found.surveys["total"].tolist() == [3] and reasons(found) == ["more_than_total"]


def test_equal_rows_of_one_person_each_are_different_people(tmp_path):
    found = read(CASES / "persons.csv")
    assert found.surveys["posture_sitting_formal"].tolist() == [5] and found.notes == {"alike": 1}
    many = f"space_id,time,kind,total\n{SPACES[0]},{AT},staying,2\n{SPACES[0]},{AT},staying,2\n"
    assert reasons(read(written(tmp_path, many))) == ["duplicate"]
    named = f"_uuid,space_id,time,kind,total\n1,{SPACES[0]},{AT},staying,1\n1,{SPACES[0]},{AT},staying,1\n"
    assert reasons(read(written(tmp_path, named))) == ["duplicate"]


def test_the_question_for_the_time_comes_before_the_time_of_the_form(tmp_path):
    found = read(CASES / "kobo_start.csv").surveys.set_index("total")
    assert found["start"].to_dict() == {12: pd.Timestamp(AT), 9: pd.Timestamp("2025-05-07 15:00")}
    assert found["stop"].isna().all()
    head = "start,end,today,space_id,date,start_time,end_time,total,kind,_id\n"
    row = f"2025-05-08T20:01:00,2025-05-08T20:02:30,2025-05-08,{SPACES[0]},2025-05-06,10:00,10:20,4,staying,1\n"
    asked = read(written(tmp_path, head + row)).surveys
    assert asked["start"].tolist() == [pd.Timestamp(AT)] and asked["minutes"].tolist() == [20]
    head = "start,end,today,space_id,total,kind,_id\n"
    row = f"2025-05-08T20:01:00,2025-05-08T20:11:00,2025-05-08,{SPACES[0]},4,staying,1\n"
    unasked = read(written(tmp_path, head + row))
    assert unasked.surveys["minutes"].tolist() == [10] and unasked.notes == {"form_times": 1}


@pytest.mark.parametrize(
    ("cells", "people", "faults"),
    [
        (["1.000", "1.250"], [1000, 1250], []), (["1,000", "1,250"], [1000, 1250], []),
        (["1 000", "2"], [1000, 2], []), (["1.000.000"], [1000000], []), (["1.250,0"], [1250], []),
        (["1.000", "2.0"], [1, 2], []), (["1.000", "0.000"], [1, 0], []),
    ],
)  # fmt: skip
def test_thousands_and_fractions(tmp_path, cells, people, faults):
    lines = [f"{SPACES[0]};0{i}-05-2025 10:00;{cell};moving" for i, cell in enumerate(cells, start=1)]
    found = read(written(tmp_path, "\n".join(["space_id;start;antal;kind", *lines])))
    assert found.surveys["total"].tolist() == people and reasons(found) == faults


@pytest.mark.parametrize(
    ("cells", "comma", "point"),
    [
        (["1.000"], [1000], [1]), (["1.000", "850"], [1000, 850], [1, 850]), (["2,000", "3"], [2, 3], [2000, 3]),
        (["1.000", "1.250", "2.5"], None, None),
    ],
)  # fmt: skip
def test_a_number_that_may_be_thousands_or_a_fraction_is_asked_for(tmp_path, cells, comma, point):
    lines = [f"{SPACES[0]};0{i}-05-2025 10:00;{cell};moving" for i, cell in enumerate(cells, start=1)]
    file = written(tmp_path, "\n".join(["space_id;start;antal;kind", *lines]))
    with pytest.raises(SchemaError, match=r"can be read as \d000 or as \d;.*--decimal"):
        read(file)
    if comma:
        assert read(file, said={"decimal": "comma"}).surveys["total"].tolist() == comma
        assert read(file, said={"decimal": "point"}).surveys["total"].tolist() == point
        (tmp_path / "m.toml").write_text('decimal = "comma"')
        assert read(file, mapping=tmp_path / "m.toml").surveys["total"].tolist() == comma


@pytest.mark.parametrize(
    ("head", "cell", "celsius"),
    [
        ("temperature", "18", None), ("temp", "18", None), ("temperatur", "18 °C", 18), ("temperature", "64.4F", 18),
        ("temperature", "68", 20), ("temperature_f", "50", 10), ("temperature_c", "18,5", 18.5), ("tempC", "18", 18),
    ],
)  # fmt: skip
def test_a_temperature_without_a_unit_is_unknown(tmp_path, head, cell, celsius):
    found = read(written(tmp_path, f"space_id;start;antal;kind;{head}\n{SPACES[0]};{AT};4;staying;{cell}\n"))
    value = found.surveys["temperature_c"].iloc[0]
    assert np.isnan(value) if celsius is None else value == celsius
    assert found.notes == ({"no_unit": 1} if celsius is None else {})


def dated(tmp_path, *days):
    rows = [f"{SPACES[0]},{day} 10:00,4,staying" for day in days]
    return written(tmp_path, "\n".join(["space_id,start,total,kind", *rows]))


def starts(found):
    return sorted(found.surveys["start"].dt.strftime("%Y-%m-%d"))


def test_dates_that_can_be_read_both_ways_are_asked_for_where_the_season_or_the_week_hangs_on_them(tmp_path):
    with pytest.raises(SchemaError, match=r"'05/06/2025 10:00' can be read as 2025-06-05 or as 2025-05-06.*--dates"):
        read(CASES / "usdate.csv")
    assert starts(read(CASES / "usdate.csv", said={"dates": "day-first"})) == ["2025-06-05", "2025-07-06", "2025-08-07"]
    american = ["2025-05-06", "2025-06-07", "2025-07-08"]
    assert starts(read(CASES / "usdate.csv", said={"dates": "month-first"})) == american
    for text in ('dates = "month-first"', 'time_format = "%m/%d/%Y %H:%M"'):
        (tmp_path / "m.toml").write_text(text)
        found = read(CASES / "usdate.csv", mapping=tmp_path / "m.toml")
        assert starts(found) == american and found.notes == {}


def test_a_date_is_told_where_nothing_hangs_on_it_and_settled_by_other_rows(tmp_path):
    # 7 August and 8 July 2025: a Thursday and a Tuesday of one summer.
    assert read(dated(tmp_path, "07/08/2025")).notes == {"either_way": 1}
    settled = read(dated(tmp_path, "05/06/2025", "05/13/2025"))
    assert settled.notes == {} and starts(settled) == ["2025-05-06", "2025-05-13"]
    assert starts(read(dated(tmp_path, "05-06-2025", "06-06-2025"))) == ["2025-06-05", "2025-06-06"]


def test_a_year_of_two_digits_is_asked_for_unless_the_dates_show_where_it_stands(tmp_path):
    with pytest.raises(SchemaError, match=r"'11-06-12 10:00' can be read as 2012-06-11 or as 2011-06-12"):
        read(dated(tmp_path, "11-06-12"))
    assert starts(read(dated(tmp_path, "11-06-12"), said={"dates": "year-first"})) == ["2011-06-12"]
    assert starts(read(dated(tmp_path, "11-06-12"), said={"dates": "day-first"})) == ["2012-06-11"]
    assert starts(read(dated(tmp_path, "11-06-25", "12-06-25"))) == ["2025-06-11", "2025-06-12"]
    assert starts(read(dated(tmp_path, "31-12-25"))) == ["2025-12-31"]  # no month has 31 days in the year-first reading


def test_a_table_of_persons_without_a_count(tmp_path):
    head = "space_id,start,kind,gender"
    rows = [f"{SPACES[0]},2025-05-06 10:00,staying,{who}" for who in "fmfmf"]
    found = read(written(tmp_path, "\n".join([head, *rows])))
    assert found.surveys["total"].tolist() == [5] and not found.rows_are_visits and not found.visits_told
    plain = written(tmp_path, "\n".join([head.replace("gender", "x"), *rows]))
    with pytest.raises(SchemaError, match=r"no table with a count of people.*--rows persons"):
        read(plain)  # it may be a table of visits whose counts are missing
    assert read(plain, said={"rows": "persons"}).surveys["total"].tolist() == [5]


BANDS = "age_0_14,age_15_24,age_25_64,age_65"


@pytest.mark.parametrize(
    ("head", "rows", "column"),
    [
        (BANDS, ["6,2,3,1", "9,4,3,2", "7,3,3,1", "12,6,5,1"], "age_0_14"),
        (BANDS, ["2,3,5,0", "4,3,7,2", "1,2,3,4", "3,6,9,5"], "age_25_64"),
        ("male,female,gender_unknown", ["1,2,3", "2,2,4", "3,2,5", "1,1,2"], "gender_unknown"),
    ],
)
def test_a_group_that_is_the_sum_of_others_is_refused(tmp_path, head, rows, column):
    lines = [f"{SPACES[0]},2025-05-0{i} 10:00,staying,{row}" for i, row in enumerate(rows, start=1)]
    with pytest.raises(SchemaError, match=f"'{column}'.* is the sum of"):
        read(written(tmp_path, "\n".join([f"space_id,start,kind,{head}", *lines])))
    once = [*lines, f"{SPACES[0]},2025-05-09 10:00,staying,{','.join('1' * len(head.split(',')))}"]
    assert len(read(written(tmp_path, "\n".join([f"space_id,start,kind,{head}", *once]))).surveys) == 5


@pytest.mark.parametrize("name", ["i alt", "I_alt", "ialt", "total people", "Personer"])
def test_a_total_under_another_name_and_two_levels_of_sums(tmp_path, name):
    head = f"space_id,start,kind,{name},age_0_14,age_0_4,age_5_14,age_15_24"
    rows = ["9,6,2,4,3", "4,3,,3,1", "5,,2,1,2"]
    lines = [f"{SPACES[0]},2025-05-0{i} 10:00,staying,{row}" for i, row in enumerate(rows, start=1)]
    found = read(written(tmp_path, "\n".join([head, *lines])))
    assert found.surveys["total"].tolist() == [9, 4, 5] and found.surveys["age_0_14"].tolist() == [6, 3, 3]


@pytest.mark.parametrize(
    "cell",
    ["53.568209, 13.260298", "(53.568209, 13.260298)", "53,568209; 13,260298", "53.568209 13.260298",
     "53.568209° N, 13.260298° E", "53,568209°N 13,260298°Ø", "53.568209;13.260298", "[53.568209,13.260298]"],
)  # fmt: skip
def test_a_pair_of_latitude_and_longitude_in_one_cell(tmp_path, cell):
    found = read(written(tmp_path, f"position\tstart\tantal\tkind\n{cell}\t2025-05-06 10:00\t4\tstaying\n"))
    at = found.surveys.to_crs(4326).geometry.iloc[0]
    assert (at.x, at.y) == pytest.approx((13.260298, 53.568209), abs=1e-6)


@pytest.mark.parametrize(
    ("start", "stop", "minutes"),
    [("23:30", "00:15", 45), ("23:30", "24:00", 30), ("22:00", "00:00", 120), ("23.30", "0.15", 45),
     ("11:30 PM", "12:15 am", 45), ("2330", "0015", 45), ("9:00", "9:20", 20), ("10:00", "10:00", None),
     ("10:00", "09:00", None)],
)  # fmt: skip
def test_a_visit_may_end_after_midnight_and_clocks_are_written_in_many_ways(tmp_path, start, stop, minutes):
    head = "space_id,date,start_time,end_time,total,kind\n"
    good = f"{SPACES[1]},2025-06-20,10:00,10:01,1,staying\n"
    found = read(written(tmp_path, f"{head}{SPACES[0]},2025-06-21,{start},{stop},14,staying\n{good}"))
    if minutes is None:
        assert reasons(found) == ["stop_before_start"]
    else:
        assert found.surveys.set_index("total").loc[14, "minutes"] == minutes


def test_the_same_number_of_a_row_on_several_devices(tmp_path):
    again = f"fid,space_id,start,total,kind\n1,{SPACES[0]},{AT},4,staying\n1,{SPACES[0]},{AT},5,staying\n"
    assert reasons(read(written(tmp_path, again))) == ["same_row_id"]
    uuid = "5f3c1a52-7d1e-4f6a-9b0e-0a1b2c3d4e5f"
    sent = [f"{uuid},{SPACES[0]},{at},4,staying" for at in (AT, "2025-05-07 10:00")]
    path = written(tmp_path, "\n".join(["_uuid,space_id,start,total,kind", *sent]))
    assert reasons(read(path)) == ["same_row_id"]


def test_dates_and_clocks_of_a_workbook(tmp_path):
    found = read(CASES / "excel_date_time.xlsx").surveys
    assert found["start"].tolist() == [pd.Timestamp(f"2025-05-0{day} 10:00") for day in (6, 7, 8)]
    assert found["minutes"].tolist() == [15, 15, 15]
    book = openpyxl.Workbook()
    book.active.append(["Talt i maj"])
    book.active.append(["space_id", "startTime", "dato", "antal", "kind"])
    book.active.append([SPACES[0], pd.Timedelta(hours=9, minutes=30).to_pytimedelta(), "06-05-2025", 4, "staying"])
    book.save(tmp_path / "b.xlsx")
    assert read(tmp_path / "b.xlsx").surveys["start"].tolist() == [pd.Timestamp("2025-05-06 09:30")]


@pytest.mark.parametrize("row", ["45783,0.4166666667,", "06-05-2025,0.4166666667,", ",,45783.4166666667"])
def test_numbers_of_a_workbook_without_a_format_are_dates_and_clocks(tmp_path, row):
    """Day 45783 of a workbook is 6 May 2025, and 10/24 of a day is 10 o'clock."""
    path = written(tmp_path, f"space_id,total,kind,date,start_time,start\n{SPACES[0]},4,staying,{row}\n")
    assert read(path).surveys["start"].tolist() == [pd.Timestamp(AT)]


def test_the_heading_is_the_row_with_the_known_columns(tmp_path):
    row = f"space_id;start;antal;kind\n{SPACES[0]};{AT};4;staying\n"
    for top in ("Tællinger, maj, 2025\n", "\n\n\n", "Dato;06-05-2025\nSted;Gården\n\n", "sep=;\n", '"sep=;"\n'):
        assert read(written(tmp_path, top + row)).surveys["total"].tolist() == [4]
    assert read(written(tmp_path, "x\n" * 19 + row)).surveys["total"].tolist() == [4]


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-be", "utf-8-sig", "cp1252"])
def test_encodings_of_spreadsheets(tmp_path, encoding):
    mark = "\ufeff" if encoding == "utf-16-be" else ""
    head = "space_id\tdato\tstart_time\tantal\tkind\tvejr på dagen"
    row = f"{SPACES[0]}\t06-05-2025\t10:00\t12\tophold\tblæst"
    found = read(written(tmp_path, f"{mark}{head}\n{row}\n", encoding))
    assert found.surveys["total"].tolist() == [12] and found.layout.unread == ["vejr på dagen"]


def test_two_columns_of_a_name_are_refused_only_where_they_are_read(tmp_path):
    assert read(CASES / "dup.csv").layout.unread == ["bike rack", "bike rack (8)"]
    path = written(tmp_path, f"space_id,start,total,kind,total\n{SPACES[0]},{AT},4,staying,5\n")
    with pytest.raises(SourceFormatError, match="'total'"):
        read(path)


@pytest.mark.parametrize("ending", [",", ",,,", ", ,"])
def test_empty_cells_beyond_the_heading_say_nothing(tmp_path, ending):
    path = written(tmp_path, f"space_id,start,total,kind\n{SPACES[0]},{AT},4,staying{ending}\n")
    assert read(path).surveys["total"].tolist() == [4]


def test_a_place_stands_for_the_space_that_holds_it(tmp_path):
    assert read(CASES / "placeid.csv").surveys["location_id"].tolist() == [SPACES[1]]
    for name in ("way/121998995", "https://www.openstreetmap.org/way/121998995"):
        path = written(tmp_path, f"place_id,start,total,kind\n{name},{AT},4,staying\n")
        assert read(path).surveys["location_id"].tolist() == [SPACES[1]]


@pytest.mark.parametrize(
    "cell",
    [
        "53.568209, 13.260298", "(53.568209, 13.260298)", "53.568209,13.260298", "53,568209; 13,260298",
        "53,568209, 13,260298", "53.568209 13.260298", "POINT (13.260298 53.568209)",
        "0101000020E6100000AD6D8AC745852A407D259012BBC84A40", "0101000000AD6D8AC745852A407D259012BBC84A40",
    ],
)  # fmt: skip
def test_positions_as_maps_and_databases_write_them(tmp_path, cell):
    path = written(tmp_path, f'position,start,total,kind\n"{cell}",{AT},4,staying\n')
    here = gpd.GeoSeries([shapely.Point(13.260298, 53.568209)], crs=4326).to_crs(UTM33).iloc[0]
    assert read(path).surveys.geometry.iloc[0].distance(here) < 0.01


def test_words_for_a_position_give_way_to_degrees(tmp_path):
    found = read(CASES / "position_words.csv").surveys
    assert (found["unit"] == "place").all() and found.geometry.notna().all()
    head = "position,geopoint,start,total,kind\n"
    found = read(written(tmp_path, f"{head}north bench,53.568209 13.260298 0 4,{AT},4,staying\n")).surveys
    assert found.geometry.notna().all()


CLOCKS = {
    # day of a visit: why it is turned away
    "1899-12-31": ["clock_not_set"], "1900-01-01": ["clock_not_set"], "1904-01-01": ["clock_not_set"],
    "1949-12-31": ["clock_not_set"], "1970-01-01": ["clock_not_set"], "1980-01-01": ["clock_not_set"],
    "1970-01-02": [], "1975-06-01": [], "2025-05-06": [], "2099-05-06": ["to_come"],
}  # fmt: skip


@pytest.mark.parametrize("day", CLOCKS)
def test_a_visit_at_a_time_at_which_nobody_counted_is_turned_away(tmp_path, day):
    good = f"{SPACES[0]},{AT},staying,5\n"
    path = written(tmp_path, f"space_id,time,kind,total\n{good}{SPACES[1]},{day} 10:00,staying,7\n")
    assert reasons(read(path)) == CLOCKS[day]


def test_a_visit_of_today_is_none_of_the_future(tmp_path):
    today = f"{pd.Timestamp.now():%Y-%m-%d} 00:01"
    path = written(tmp_path, f"space_id,time,kind,total\n{SPACES[0]},{today},staying,5\n")
    assert reasons(read(path)) == []


def test_a_crowd_at_a_glance_is_a_slip_and_people_passing_are_not(tmp_path):
    rows = [f"{SPACES[0]},2025-05-0{day} 10:00,{n},{kind}" for day, n, kind in
            ((1, 1000, "staying"), (2, 1001, "staying"), (3, 1001, "moving"))]  # fmt: skip
    found = read(written(tmp_path, "\n".join(["space_id,start,total,kind", *rows])))
    assert sorted(found.surveys["total"]) == [1000, 1001] and reasons(found) == ["too_many_people"]


def test_a_number_that_follows_the_coordinates_is_no_number_of_people(tmp_path):
    rows = [f"2025-05-0{i} 10:00,{5936880 + 11 * i},moving,{53.5680 + i * 0.0001},13.26" for i in range(1, 6)]
    path = written(tmp_path, "\n".join(["start,people,kind,lat,lon", *rows]))
    with pytest.raises(SchemaError, match=r"'people'.*coordinates"):
        read(path)
    few = [f"2025-05-0{i} 10:00,{n},moving,{53.5680 + i * 0.0001},13.26" for i, n in enumerate([3, 9, 1, 4], start=1)]
    assert read(written(tmp_path, "\n".join(["start,people,kind,lat,lon", *few]))).surveys["total"].sum() == 17


@pytest.mark.parametrize(
    ("head", "row", "cell", "form"),
    [
        ("space_id,start,total,kind", f"{SPACES[0]},tirsdag morgen,4,staying", "tirsdag morgen", "2025-05-06 10:00"),
        ("position,start,total,kind", f"bag skuret,{AT},4,staying", "bag skuret", "POINT"),
        ("space_id,start,total,kind", f"{SPACES[0]},{AT},mange,staying", "mange", "12"),
    ],
)
def test_a_file_of_which_nothing_can_be_used_shows_the_cell_and_the_form_wanted(tmp_path, head, row, cell, form):
    with pytest.raises(EmptyAreaError, match=f"'{cell}'.*{form}"):
        read(written(tmp_path, f"{head}\n{row}\n"))


@pytest.mark.parametrize(
    "time",
    [
        "6 May 2025 10:00", "6. maj 2025 kl. 10.00", "May 6, 2025 10:00 AM", "06-maj-2025 10:00",
        "tirsdag d. 6. maj 2025 10:00", "Tuesday, 6 May 2025 10:00", "20250506T1000", "2025.05.06 10:00",
        "2025/05/06T10:00", "2025-05-06 10h00", "2025-05-06 10.00.00", "06.05.2025 10.00.00", "2025-05-06 kl. 10.00",
    ],
)  # fmt: skip
def test_months_by_name_and_clocks_in_many_ways(tmp_path, time):
    found = read(written(tmp_path, f'space_id,start,total,kind\n{SPACES[0]},"{time}",4,staying\n'))
    assert found.surveys["start"].tolist() == [pd.Timestamp(AT)]


@pytest.mark.parametrize("time", ["31. februar 2025 10:00", "6. foo 2025 10:00", "2025-13-06 10h00", "1746518400"])
def test_a_time_that_does_not_exist_is_told_with_its_cell(tmp_path, time):
    with pytest.raises(EmptyAreaError, match=f"found '{time}'"):
        read(written(tmp_path, f'space_id,start,total,kind\n{SPACES[0]},"{time}",4,staying\n'))


@pytest.mark.parametrize("encoding", ["utf-8-sig", "cp1252", "utf-16", "utf-32"])
@pytest.mark.parametrize("between", [";", "\t", "|"])
def test_signs_between_cells_and_encodings(tmp_path, between, encoding):
    lines = [["space_id", "start", "antal", "kind", "bemærkning"], [SPACES[0], AT, "4", "bevægelse", "gård"]]
    text = "\n".join(between.join(line) for line in lines)
    assert read(written(tmp_path, text, encoding)).surveys["kind"].tolist() == ["moving"]


def positioned(tmp_path, *rows):
    """Rows of (location, day, longitude) at one latitude; a thousandth of a degree is 66 m here."""
    lines = [f"{name},{day} 10:00,staying,4,53.568,{lon}" for name, day, lon in rows]
    return written(tmp_path, "\n".join(["location_id,start,kind,total,lat,lon", *lines]))


def test_a_phone_errs_and_a_location_that_moved_is_said(tmp_path):
    near = read(positioned(tmp_path, ("a", "2025-05-06", 13.2600), ("a", "2025-05-07", 13.2602)))
    assert near.notes == {} and len(set(near.surveys.geometry.to_wkb())) == 1
    rows = ("a", "2025-05-07", 13.261), ("a", "2025-05-06", 13.26), ("b", "2025-05-06", 13)
    moved = read(positioned(tmp_path, *rows))
    assert moved.notes == {"moved": 1}
    assert moved.surveys.geometry.to_crs(4326).x.round(4).tolist() == [13.26, 13.261, 13]


GROUND = gpd.GeoDataFrame(
    {"unmapped": [False, True]}, geometry=[shapely.box(80, 180, 130, 260), shapely.box(200, 180, 250, 260)],
    index=["space:room:9-22", "space:room:22-22"], crs=UTM33,
)  # fmt: skip


def grounded(tmp_path, *names):
    lines = [f"{name},2025-05-0{i} 10:00,staying,{i}" for i, name in enumerate(names, start=1)]
    path = written(tmp_path, "\n".join(["location_id,start,kind,total", *lines]))
    return study.read_observations([path], crs=UTM33, spaces=list(GROUND.index), ground=GROUND).observations


def test_a_count_at_ground_that_was_drawn_anew_is_counted_and_said(tmp_path):
    """Cell 10, 20 lies on the meeting space; 21, 20 and 20, 22 on the lawn, the first within 25 m of nothing else."""
    found = grounded(tmp_path, "space:room:9-22", "space:room:10-20", "space:room:21-20", "space:room:22-22", "x")
    assert reasons(found) == ["no_location"]
    assert found.surveys.groupby("location_id")["total"].sum().to_dict() == {GROUND.index[0]: 3, GROUND.index[1]: 7}
    assert found.notes["heirs"] == ["space:room:10-20 → space:room:9-22"]
    assert found.notes["unmapped"] == ["space:room:22-22"]


def test_ground_that_the_file_describes_itself_is_left_as_it_is(tmp_path):
    path = written(tmp_path, f"location_id,start,kind,total,x,y\nspace:room:10-20,{AT},staying,4,205,205\n")
    (tmp_path / "m.toml").write_text('crs = "EPSG:25833"')
    found = study.read_observations([path], crs=UTM33, ground=GROUND, mapping=tmp_path / "m.toml").observations
    assert found.notes == {} and found.surveys["location_id"].tolist() == ["space:room:10-20"]


KINDS = {"staying": "s", "moving": "m"}


@pytest.mark.parametrize(
    ("table", "read_as"),
    [
        ("sted;dato;klokkeslæt;antal personer;type\n{a};6-5-2026;10:15;4;ophold\n{b};26-5-2026;12.30;9;forbi", "s4 m9"),
        ("Sted;Dato;Tid;Antal;Slags\n{a};26-05-2026;10.15;4;Ophold\n{b};26-05-2026;12.30;6;forbipasserende", "s4 m6"),
        ("sted,dato,kl,stående,siddende,liggende\n{a},2026-05-06,10:15,2,3,0\n{b},2026-05-06,kl. 12,1,1,1", "s5 s3"),
        ("sted;starttid;sluttid;fodgængere;cyklister\n{a};2026-05-06 10:00;2026-05-06 10:10;20;31", "m51"),
        ("sted;tidspunkt;antal;kind\n{a};onsdag den 06-05-2026 10:15;4;ophold", "s4"),
        ("Ort;Datum;Uhrzeit;Anzahl;Art\n{a};06.05.2026;10:15;4;Aufenthalt\n{b};26.05.2026;14 Uhr;5;Passanten", "s4 m5"),
        ("paikka;pvm;klo;lukumäärä;kind\n{a};26.5.2026;10.15;4;staying", "s4"),
        ("sted,date,start_time,n,kind\n{a},2026-05-06,915,4,staying\n{a},2026-05-06,1015,5,staying", "s4 s5"),
        ("location_id,date,time,total,kind\n{a},2026-05-06,2 PM,4,staying\n{b},2026-05-06,9 am,5,staying", "s4 s5"),
        ("sted,start,total,kind\n{a},2026-05-06 10:00,ingen,staying\n{b},2026-05-06 10:00,None,staying", "s0 s0"),
        ("location_id,start,total,kind\n{a},2026-05-06 10:00:30,4,staying\n{a},2026-05-06 10:00:59,4,staying", "s4 s4"),
        ("location_id,start,kind,standing,sitting,lying\n{a},2026-05-06 10:00,staying,2,5,1", "s8"),
    ],
)  # fmt: skip
def test_counts_as_people_write_them(tmp_path, table, read_as):
    found = read(written(tmp_path, table.format(a=SPACES[0], b=SPACES[1])))
    seen = found.surveys.sort_values(["location_id", "start"], ascending=[False, True])
    assert " ".join(KINDS[kind] + str(n) for kind, n in zip(seen["kind"], seen["total"], strict=True)) == read_as
    assert reasons(found) == []


@pytest.mark.parametrize("column", ["observer", "Optæller", "surveyor"])
def test_codes_of_observers_are_read_and_names_are_not(tmp_path, column):
    head = f"location_id,start,total,kind,{column}\n"
    codes = read(written(tmp_path, f"{head}{SPACES[0]},{AT},4,staying,A\n{SPACES[0]},{AT},6,staying,B2\n"))
    assert codes.surveys["total"].tolist() == [5] and codes.notes == {"visits_paired": 1}
    names = read(written(tmp_path, f"{head}{SPACES[0]},{AT},4,staying,Anna\n{SPACES[0]},{AT},6,staying,B\n"))
    assert names.surveys["total"].tolist() == [10] and names.notes == {"named": 1}
    assert names.surveys["observer"].tolist() == [""] and "Anna" not in names.surveys.to_csv()


@pytest.mark.parametrize("length", ["10", "10 min", "10,0 minutter"])
def test_minutes_stand_for_an_end(tmp_path, length):
    table = f"location_id;start;varighed;total;kind\n{SPACES[0]};{AT};{length};4;moving\n"
    assert read(written(tmp_path, table)).surveys["minutes"].tolist() == [10]


def test_numbers_that_are_not_read_are_told_where_groups_are_added_up(tmp_path):
    rows = f"{SPACES[0]},{AT},staying,2,3\n{SPACES[1]},{AT},staying,2,4\n"
    found = read(written(tmp_path, f"location_id,start,kind,standing,perched\n{rows}"))
    assert found.surveys["total"].tolist() == [2, 2] and found.notes == {"unread_numbers": ["perched"]}
    assert read(written(tmp_path, f"location_id,start,kind,total,perched\n{rows}")).notes == {}


def test_a_time_in_another_zone_is_told_and_one_in_utc_is_turned_beside_others(tmp_path):
    rows = [f"{SPACES[0]},2026-05-06T10:15:00{zone},4,staying" for zone in ("Z", "+02:00", "-05:00")]
    found = read(written(tmp_path, "\n".join(["location_id,start,total,kind", *rows[:2]])))
    assert found.surveys["start"].dt.hour.tolist() == [10, 12] and found.notes == {}
    assert read(written(tmp_path, f"location_id,start,total,kind\n{rows[2]}\n")).notes == {"other_zone": 1}


def test_a_table_of_counts_without_times_is_told_so(tmp_path):
    with pytest.raises(SchemaError, match="times"):
        read(written(tmp_path, f"location_id,dato,total,kind\n{SPACES[0]},2026-05-06,4,staying\n"))
