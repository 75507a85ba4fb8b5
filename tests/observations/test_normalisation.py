"""Files of every known layout come out as one table; what cannot be used says why, by row."""

from __future__ import annotations

import json

import geopandas as gpd
import numpy as np
import openpyxl
import pandas as pd
import pytest
import shapely
from pyproj import CRS

from spatial.core.errors import ConfigError, CRSError, EmptyAreaError, SchemaError, SourceFormatError, SourceUnavailable
from spatial.observations import study
from spatial.observations.normalisation import COLUMNS
from spatial.observations.times import parse
from spatial.settings.observation_columns import rules
from tests.observed import table

UTM32 = CRS.from_epsg(25832)
HERE = (12.57, 55.70)
HEAD = ["survey_id", "location_id", "start", "stop", "kind", "count", "lon", "lat"]


def rows(*cells):
    return [list(map(str, row)) for row in cells]


def read(path, **options):
    return study.read_observations([path], crs=UTM32, **options).observations


def reasons(found):
    return {(int(r.row), r.reason) for r in found.rejected.itertuples()}


# --- layouts ----------------------------------------------------------------------------


def geojson(shape):
    return shapely.to_geojson(shape)


def protocol(folder):
    """The Public Life Data Protocol's component tables: two visits to a square, one to a street, one with nobody."""
    folder.mkdir()
    square, street = shapely.box(*HERE, HERE[0] + 0.001, HERE[1] + 0.001), shapely.LineString([HERE, (12.571, 55.70)])
    table(
        folder / "locations.csv",
        [["a", "sq", geojson(square), "area"], ["a", "st", geojson(street), "line"]],
        ["agency_id", "location_id", "location_geometry", "location_type"],
    )
    table(
        folder / "surveys.csv",
        [
            ["s", "sq", "1", "20260504:1000", "20260504:1010", "absolute", "analog", "Karen"],
            ["s", "sq", "2", "20260504:1200", "20260504:1210", "absolute", "analog", "Karen"],
            ["s", "sq", "3", "20260504:1400", "20260504:1410", "absolute", "analog", "Karen"],
            ["s", "st", "4", "20260504:1000", "20260504:1020", "absolute", "analog", "Karen"],
        ],
        ["study_id", "location_id", "survey_id", "survey_time_start", "survey_time_stop", "survey_representation",
         "survey_method", "survey_surveor_name"],
    )  # fmt: skip
    table(
        folder / "gender.csv",
        [["1", "1", "4", "1", "3", "0"], ["2", "1", "2", "2", "0", "0"], ["4", "1", "30", "10", "20", "0"]],
        ["survey_id", "row_id", "row_total", "gender_male", "gender_female", "gender_unknown"],
    )
    table(
        folder / "posture.csv",
        [["1", "1", "3", "3", "0"], ["1", "2", "2", "0", "2"], ["2", "1", "2", "2", "0"]],
        ["survey_id", "row_id", "row_total", "posture_standing", "posture_sitting_formal"],
    )
    table(folder / "mode.csv", [["4", "1", "30", "25", "5"]],
          ["survey_id", "row_id", "row_total", "mode_pedestrian", "mode_bicyclist"])  # fmt: skip
    return folder


def test_component_tables_of_the_protocol_count_the_same_people_once(tmp_path):
    found = read(protocol(tmp_path / "p"))
    got = found.surveys.reset_index().set_index(["location_id", "start"])["total"]
    assert got.to_dict() == {
        ("sq", pd.Timestamp("2026-05-04 10:00")): 5,  # posture says 5, gender 4: the larger
        ("sq", pd.Timestamp("2026-05-04 12:00")): 2,
        ("sq", pd.Timestamp("2026-05-04 14:00")): 0,  # no row at all: nobody was there
        ("st", pd.Timestamp("2026-05-04 10:00")): 30,
    }
    assert found.notes == {"tables_disagree": 1}
    assert found.surveys.groupby("location_id")["kind"].unique().map(list).to_dict() == {
        "sq": ["staying"], "st": ["moving"],
    }  # fmt: skip
    assert found.surveys.groupby("location_id")["unit"].first().to_dict() == {"sq": "area", "st": "line"}
    assert found.surveys["minutes"].tolist() == [10, 10, 10, 20]
    assert found.layout.dropped == {"surveyor": ["survey_surveor_name"]}
    assert (found.rows_read, found.rows_used, found.rows_rejected) == (7, 7, 0)
    nobody = found.surveys[found.surveys["total"] == 0].iloc[0]
    assert nobody["posture_standing"] == 0 and np.isnan(found.surveys.iloc[0]["age_65_plus"])


def test_a_workbook_reads_as_the_folder_does(tmp_path):
    folder = protocol(tmp_path / "p")
    book = openpyxl.Workbook()
    book.remove(book.active)
    for file in sorted(folder.glob("*.csv")):
        sheet = book.create_sheet(file.stem)
        for cells in pd.read_csv(file, header=None, dtype=str, keep_default_na=False).to_numpy().tolist():
            sheet.append([int(cell) if cell.isdigit() else cell for cell in cells])
    book.save(tmp_path / "book.xlsx")
    one, other = read(folder), read(tmp_path / "book.xlsx")
    pd.testing.assert_frame_equal(one.surveys.drop(columns="geometry"), other.surveys.drop(columns="geometry"))
    assert all(a.equals(b) for a, b in zip(one.surveys.geometry, other.surveys.geometry, strict=True))


def test_one_table_of_staying_people(tmp_path):
    path = table(
        tmp_path / "single.csv",
        rows(
            ("Torvet", geojson(shapely.Point(HERE)), "20260504:1000", "20260504:1010", "absolute", 2, 2, ""),
            ("Torvet", geojson(shapely.Point(HERE)), "20260504:1000", "20260504:1010", "absolute", 1, "", 1),
        ),
        ["location_name_primary", "location_geometry", "survey_time_start", "survey_time_stop",
         "survey_representation", "row_total", "posture_standing", "posture_lying"],
    )  # fmt: skip
    found = read(path)
    assert found.surveys["total"].sum() == 3 and set(found.surveys["kind"]) == {"staying"}


def test_soparc_scans_sum_their_levels_and_know_programmes(tmp_path):
    path = table(
        tmp_path / "soparc.csv",
        rows(
            ("A1", "2026-05-04", "10:30", 3, 2, 1, 0, 4, "yes", HERE[0], HERE[1]),
            ("A1", "2026-05-04", "12:30", 0, 0, 0, 0, 0, "no", HERE[0], HERE[1]),
        ),
        ["target_area", "date", "scan_time", "sedentary", "walking", "vigorous", "black", "white", "organized", "lon",
         "lat"],
    )  # fmt: skip
    found = read(path)
    assert found.surveys["total"].tolist() == [6, 0] and found.surveys["organised"].tolist() == [1, 0]
    assert found.surveys["stop"].isna().all() and set(found.surveys["kind"]) == {"staying"}
    assert found.layout.dropped == {"race": ["black", "white"]}
    assert not {"black", "white"} & set(found.surveys)


def test_kobo_and_odk_exports_carry_their_groups_and_meta_columns(tmp_path):
    path = table(
        tmp_path / "kobo.csv",
        rows(
            ("2026-05-04T10:31:00.000+02:00", "2026-05-04T10:45:00.000+02:00", "staying", 4, "55.70 12.57 0 4.5",
             "karen", "u1", "hej"),
            ("2026-05-04T12:31:00.000+02:00", "2026-05-04T12:45:00.000+02:00", "staying", 0, "55.70 12.57 0 4.5",
             "karen", "u2", ""),
        ),
        ["start", "end", "visit/kind", "visit/row_total", "visit/geopoint", "_submitted_by", "_uuid", "visit/notes"],
    )  # fmt: skip
    found = read(path)
    assert found.surveys["total"].tolist() == [4, 0] and found.surveys["minutes"].tolist() == [14, 14]
    assert found.surveys["start"].dt.hour.tolist() == [10, 12]
    here = gpd.GeoSeries([shapely.Point(HERE)], crs=4326).to_crs(UTM32).iloc[0]
    assert found.surveys.geometry.distance(here).max() < 1e-6
    assert found.layout.dropped == {"free_text": ["visit/notes"], "surveyor": ["_submitted_by"]}
    odk = table(
        tmp_path / "odk.csv",
        rows(("2026-05-04T08:31:00.000Z", "2026-05-04T08:45:00.000Z", "staying", 4, 55.7, 12.57)),
        ["start", "end", "visit-kind", "visit-row_total", "_geolocation_latitude", "_geolocation_longitude"],
    )
    assert read(odk).surveys["start"].dt.hour.tolist() == [10]  # UTC became Danish summer time


KOBO_HEAD = ["start", "end", "visit/kind", "visit/row_total", "visit/geopoint", "_submitted_by", "visit/notes"]
KOBO_ROWS = [
    ["2026-05-04T10:31:00.000+02:00", "2026-05-04T10:45:00.000+02:00", "staying", 4, "55.70 12.57 0 4.5", "karen", "x"],
    ["2026-05-04T12:31:00.000+02:00", "2026-05-04T12:45:00.000+02:00", "staying", 0, "55.70 12.57 0 4.5", "karen", ""],
]


def kobo_csv(path):
    return table(path, rows(*KOBO_ROWS), KOBO_HEAD)


def kobo_xlsx(path):
    """KoboToolbox's workbook: one sheet, numbers as numbers."""
    book = openpyxl.Workbook()
    book.active.title = "Counts"
    for cells in [KOBO_HEAD, *KOBO_ROWS]:
        book.active.append(cells)
    book.save(path)
    return path


def kobo_geojson(path):
    """KoboToolbox's GeoJSON: the answers as properties, the point as geometry with its height."""
    features = [
        {
            "type": "Feature",
            "geometry": {"type": "Point", "coordinates": [*HERE, 0]},
            "properties": {key: value for key, value in zip(KOBO_HEAD, cells, strict=True) if key != "visit/geopoint"},
        }
        for cells in KOBO_ROWS
    ]
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features}), encoding="utf-8")
    return path


@pytest.mark.parametrize(("write", "suffix"), [(kobo_csv, "csv"), (kobo_xlsx, "xlsx"), (kobo_geojson, "geojson")])
def test_the_three_exports_of_kobo_read_alike(write, suffix, tmp_path):
    found = read(write(tmp_path / f"kobo.{suffix}")).surveys
    assert found["total"].tolist() == [4, 0] and found["minutes"].tolist() == [14, 14]
    assert found["start"].dt.hour.tolist() == [10, 12] and set(found["kind"]) == {"staying"}
    here = gpd.GeoSeries([shapely.Point(HERE)], crs=4326).to_crs(UTM32).iloc[0]
    assert found.geometry.distance(here).max() < 1e-6
    assert not {"visit/notes", "_submitted_by", "notes"} & set(found)


def test_qfield_geopackage(tmp_path):
    places = gpd.GeoDataFrame(
        {"count": [3, 0], "kind": ["staying", "staying"],
         "start": pd.to_datetime(["2026-05-04 10:00", "2026-05-04 11:00"]),
         "stop": pd.to_datetime(["2026-05-04 10:10", "2026-05-04 11:10"])},
        geometry=gpd.points_from_xy([725000.0, 725010.0], [6177000.0, 6177000.0]), crs=25832,
    )  # fmt: skip
    places.to_file(tmp_path / "field.gpkg", layer="counts")
    found = read(tmp_path / "field.gpkg")
    assert found.surveys["total"].tolist() == [3, 0] and found.surveys.geometry.x.tolist() == [725000.0, 725010.0]


@pytest.mark.parametrize("comma", [",", ";"])
def test_plain_points_through_a_mapping_file(tmp_path, comma):
    text = f"hvornår{comma}antal{comma}øst{comma}nord\n04-05-2026 kl. 10.30{comma}3{comma}725000{comma}6177000\n"
    (tmp_path / "punkter.csv").write_text(text, encoding="cp1252")
    (tmp_path / "mapping.toml").write_text(
        'kind = "staying"\ncrs = "EPSG:25832"\n[columns]\nstart = "hvornår"\ntotal = "antal"\nx = "øst"\ny = "nord"\n',
        encoding="utf-8",
    )
    found = read(tmp_path / "punkter.csv", mapping=tmp_path / "mapping.toml")
    assert found.surveys["total"].tolist() == [3] and found.surveys["unit"].tolist() == ["place"]
    assert found.surveys["start"].tolist() == [pd.Timestamp("2026-05-04 10:30")]
    with pytest.raises(CRSError, match="without a CRS"):
        (tmp_path / "bare.toml").write_text(
            'kind = "staying"\n[columns]\nstart = "hvornår"\ntotal = "antal"\nx = "øst"\ny = "nord"\n', encoding="utf-8"
        )
        read(tmp_path / "punkter.csv", mapping=tmp_path / "bare.toml")


def test_geojson_points(tmp_path):
    feature = {"type": "Feature", "geometry": {"type": "Point", "coordinates": HERE},
               "properties": {"count": 2, "time": "2026-05-04T10:00:00", "kind": "staying"}}  # fmt: skip
    path = tmp_path / "points.geojson"
    path.write_text(json.dumps({"type": "FeatureCollection", "features": [feature]}))
    assert read(path).surveys["total"].tolist() == [2]


def test_the_canonical_table_is_documented_column_by_column(tmp_path):
    found = read(protocol(tmp_path / "p"))
    assert [*found.surveys.columns] == [*COLUMNS, *rules().categories, "geometry"]
    import pathlib

    text = (pathlib.Path(__file__).parents[2] / "docs" / "observations.md").read_text(encoding="utf-8")
    for name in [*COLUMNS, *rules().categories]:
        assert f"`{name}`" in text, name


# --- hostile input ----------------------------------------------------------------------


def hostile(tmp_path):
    good = ("v", "", "2026-05-04 10:00", "2026-05-04 10:10", "staying", 3, *HERE)

    def bad(**cells):
        row = dict(zip(HEAD, good, strict=True)) | {"survey_id": f"v{len(lines)}"} | cells
        lines.append(list(map(str, row.values())))

    lines: list[list[str]] = []
    bad()  # row 2: good
    bad(start="04-05-2026 10:00")  # 3
    bad(stop="2026-05-04 09:50")  # 4
    bad(count=-3)  # 5
    bad(count="mange")  # 6
    bad(lon=9.2, lat=56.1)  # 7
    bad(lon="", lat="")  # 8
    lines.append(lines[0])  # 9
    bad(lon=725000, lat=6177000)  # 10
    bad(kind="sidder")  # 11
    bad(count=2.5)  # 12
    bad(count="")  # 13
    bad(start="")  # 14
    bad(stop="2026-05-06 10:10")  # 15
    bad(start="2026-05-04 10:75")  # 16
    bad(location_id="unknown place", lon="", lat="")  # 17
    bad(count=0)  # 18: good
    lines.append(["v99", "", "2026-05-04 10:00"])  # 19
    return table(tmp_path / "hostile.csv", lines, HEAD)


def test_each_bad_row_is_named_and_the_totals_add_up(tmp_path):
    middle = gpd.GeoSeries([shapely.Point(HERE)], crs=4326).to_crs(UTM32).iloc[0]
    found = read(hostile(tmp_path), area=middle.buffer(1000))
    assert reasons(found) == {
        (3, "other_time_format"), (4, "stop_before_start"), (5, "negative_count"), (6, "not_a_count"),
        (7, "outside"), (8, "no_geometry"), (9, "duplicate"), (10, "not_degrees"), (11, "bad_kind"),
        (12, "not_a_count"), (13, "no_count"), (14, "no_time"), (15, "too_long"), (16, "bad_time"),
        (17, "no_location"), (19, "ragged"),
    }  # fmt: skip
    assert sorted(found.surveys["total"]) == [0, 3]
    assert (found.rows_read, found.rows_used, found.rows_rejected) == (18, 2, 16)


def test_staying_and_moving_never_share_a_rate(tmp_path):
    path = table(
        tmp_path / "mixed.csv",
        rows(
            ("s", "2026-05-04 10:00", "2026-05-04 10:10", 3, 3, "", *HERE),
            ("s", "2026-05-04 10:00", "2026-05-04 10:10", 5, "", 5, *HERE),
            ("t", "2026-05-04 10:00", "2026-05-04 10:10", 5, 2, 3, *HERE),
        ),
        ["survey_id", "start", "stop", "count", "posture_standing", "mode_pedestrian", "lon", "lat"],
    )
    found = read(path)
    assert reasons(found) == {(4, "mixed")}
    assert sorted(zip(found.surveys["kind"], found.surveys["total"], strict=True)) == [("moving", 5), ("staying", 3)]


def test_a_file_that_does_not_say_whether_people_stayed_is_refused(tmp_path):
    path = table(tmp_path / "p.csv", rows(("2026-05-04 10:00", 3, *HERE)), ["start", "count", "lon", "lat"])
    with pytest.raises(SchemaError, match=r"stayed or moved.*mapping file"):
        read(path)


def test_a_location_without_geometry_turns_its_rows_away(tmp_path):
    folder = protocol(tmp_path / "p")
    text = (folder / "locations.csv").read_text().splitlines()
    (folder / "locations.csv").write_text("\n".join([text[0], "a,sq,,area", text[2]]))
    found = read(folder)
    by = found.rejected.set_index(["table", "row"])["reason"].to_dict()
    assert by["locations", 2] == "no_geometry" and by["posture", 2] == "location_no_geometry"
    assert set(found.surveys["location_id"]) == {"st"}
    assert found.rows_read == found.rows_used + found.rows_rejected == 7
    assert by["surveys", 4] == "no_location"  # the visit with nobody there has no place either


def test_more_of_a_group_than_people_and_relative_counts(tmp_path):
    path = table(
        tmp_path / "g.csv",
        rows(
            ("2026-05-04 10:00", 3, 4, "absolute", *HERE),
            ("2026-05-04 11:00", 3, 3, "relative", *HERE),
            ("2026-05-04 12:00", 3, 3, "absolute", *HERE),
        ),
        ["start", "count", "posture_standing", "survey_representation", "lon", "lat"],
    )
    found = read(path)
    assert reasons(found) == {(2, "more_than_total"), (3, "relative")} and len(found.surveys) == 1


@pytest.mark.parametrize(
    ("name", "content", "error", "match"),
    [
        ("no.csv", None, SourceUnavailable, "no such file"),
        ("empty.csv", b"", EmptyAreaError, "no rows"),
        ("head.csv", b"start,count\n", EmptyAreaError, "no rows"),
        ("zero.csv", b"a\0b\n", SourceFormatError, "zero bytes"),
        ("twice.csv", b"start,start\n1,2\n", SourceFormatError, "'start'"),
        ("book.xlsx", b"not a zip", SourceFormatError, "cannot be read"),
        ("map.gpkg", b"not a database", SourceFormatError, "cannot be read"),
        ("words.docx", b"x", SourceFormatError, "known kind"),
        ("none.csv", b"start,lon,lat\n2026-05-04 10:00,12,55\n", SchemaError, "count of people"),
        ("when.csv", b"survey_id,row_total\n1,3\n", SchemaError, "without times"),
        ("bad.csv", b"start,count,kind,lon,lat\nx,3,staying,12.57,55.7\n", EmptyAreaError, "none of 1 rows"),
    ],
)
def test_a_file_that_cannot_be_used_says_so(tmp_path, name, content, error, match):
    if content is not None:
        (tmp_path / name).write_bytes(content)
    with pytest.raises(error, match=match) as caught:
        read(tmp_path / name)
    assert name in str(caught.value) and "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "match"),
    [
        ("kind = 1", "kind"), ('kind = "sitting"', "staying"), ("colour = 2", "colour"), ("x = ", "not valid TOML"),
        ('[columns]\nheight = "h"', "height"), ('time_zone = "Mars/Base"', "Mars"), ("columns = 3", "columns"),
        ("[columns]\nstart = 3", "start"),
    ],
)  # fmt: skip
def test_a_mapping_file_is_checked(tmp_path, text, match):
    (tmp_path / "m.toml").write_text(text)
    with pytest.raises(ConfigError, match=match):
        read(tmp_path / "x.csv", mapping=tmp_path / "m.toml")


@pytest.mark.parametrize(
    ("written", "hour"),
    [
        ("20260504:1000", 10), ("2026-05-04 10:00", 10), ("2026-05-04T10:00:30.5+02:00", 10),
        ("2026-05-04T08:00:00Z", 10), ("2026-01-04T08:00:00Z", 9), ("04-05-2026 kl. 10.00", 10),
        ("4/5/2026 10:00", 10), ("13/5/2026 10:00", 10), ("5/13/2026 10:00", 10), ("04.05.2026 10:00", 10),
        ("20260504 1000", 10), ("20260504:2460", None), ("2026-02-30 10:00", None), ("ten o'clock", None),
    ],
)  # fmt: skip
def test_times(written, hour):
    times, faults = parse(pd.Series([written]), zone="Europe/Copenhagen")
    assert faults[0] == ("bad_time" if hour is None else "")
    assert hour is None or times[0].hour == hour


def test_the_day_comes_before_the_month_unless_the_file_shows_otherwise():
    times, faults = parse(pd.Series(["5/4/2026 10:00", "5/13/2026 10:00", "5/14/2026 9:00"]), zone="UTC")
    assert times.dt.day.tolist() == [4, 13, 14] and (faults == "").all()
    assert parse(pd.Series(["5/4/2026 10:00"]), zone="UTC")[0].dt.day.tolist() == [5]


def test_sensitive_columns_are_kept_apart_only_when_asked(tmp_path):
    left = study.read_observations([protocol(tmp_path / "p")], crs=UTM32).left
    assert left["text"].unique().tolist() == ["Karen"] and left["why"].unique().tolist() == ["surveyor"]


def test_the_same_visit_in_two_files_counts_once(tmp_path):
    for name in ("a.csv", "b.csv"):
        table(tmp_path / name, rows(("v", "x", "2026-05-04 10:00", "2026-05-04 10:10", "staying", 3, *HERE)), HEAD)
    found = study.read_observations([tmp_path / "a.csv", tmp_path / "b.csv"], crs=UTM32).observations
    assert found.surveys["total"].tolist() == [3] and found.notes == {"visits_twice": 1}


def test_the_order_of_rows_changes_nothing(tmp_path):
    folder = protocol(tmp_path / "p")
    one = read(folder).surveys
    for file in folder.glob("*.csv"):
        head, *body = file.read_text().splitlines()
        file.write_text("\n".join([head, *reversed(body)]))
    pd.testing.assert_frame_equal(one, read(folder).surveys)
