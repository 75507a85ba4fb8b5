"""WFS, ArcGIS, SQL, CKAN and plain files behind servers that misbehave in each way there is."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
import shapely
from pyproj import CRS, Transformer

from spatial.core.errors import ConfigError, IncompleteResult, SourceFormatError, SourceUnavailable
from spatial.core.model import Estate
from spatial.sources import catalogue, gdal_services, layers
from spatial.sources.http import Transport
from tests.sources.unruly import EXCEPTION, PAGE, Reply, gml, serving, told, wfs

UTM32 = CRS.from_epsg(25832)
X, Y = 723_500.0, 6_179_500.0
ESTATE = Estate("e", "E", shapely.box(X - 100, Y - 100, X + 100, Y + 100), UTM32, margin_m=100, reach_m=400)
KNOWN = catalogue.load()
QUICK = Transport(connect_s=5, read_s=5, attempts=2, sleep=lambda seconds: None)
POINTS = [(i, X + i, Y) for i in range(5)]


def around(source, transport=QUICK):
    return layers.read_layer(source.id, ESTATE, catalogue=catalogue.Catalogue({source.id: source}), transport=transport)


def page_of(params, points=POINTS, matched=None):
    """The page that GetFeature asks for."""
    start, count = int(params.get("startindex", 0)), int(params.get("count", 1000))
    return Reply(body=gml(points[start : start + count], len(points) if matched is None else matched), kind="text/xml")


def legeplads(server, page_size=2, **more):
    return replace(
        KNOWN["kk.legeplads"],
        endpoint=f"{server.address}/ows",
        version="2.0.0",
        format=None,
        page_size=page_size,
        **more,
    )


# --- WFS ---


def test_a_wfs_is_read_page_by_page():
    with serving(wfs(page_of)) as server:
        raw = around(legeplads(server))
        starts = [p["STARTINDEX"] for _, p, _ in server.asked if "STARTINDEX" in p]
    assert raw.points.ids.tolist() == [f"kk.legeplads:{i}" for i in range(5)]
    assert raw.points.tags[0] == {"leisure": "playground", "name": "Plads 0"}
    assert shapely.get_coordinates(raw.points.geometry).tolist() == [[x, y] for _, x, y in POINTS]
    assert starts[:3] == ["0", "2", "4"]
    found = raw.provenance
    assert found.path == f"{server.address}/ows" and len(found.sha256) == 64 and found.licence == "CC BY 4.0"
    assert found.retrieved_at is not None and found.data_date == found.retrieved_at[:10]
    assert raw.extent.equals(ESTATE.context_area) and raw.repaired == {}


@pytest.mark.parametrize(
    ("later", "error", "words"),
    [
        (Reply(504), SourceUnavailable, "HTTP 504"),
        (Reply(403), SourceUnavailable, "HTTP 403"),
        (Reply(body=EXCEPTION, kind="text/xml"), SourceUnavailable, "refuses: Unknown layer"),
        (Reply(body=PAGE, kind="text/html"), SourceFormatError, "web page"),
        (Reply(body=b""), SourceFormatError, "with nothing"),
        (Reply(body=gml(POINTS, 5), stop_after=300), SourceUnavailable, "middle of an answer"),
        (Reply(body=gml([], 5)), IncompleteResult, "announces 5 features and delivers 2"),
    ],
)
def test_a_page_that_fails_is_never_a_part_taken_for_the_whole(later, error, words):
    def page(params):
        return page_of(params) if params.get("startindex", "0") == "0" else later

    with serving(wfs(page)) as server, pytest.raises(error, match=words):
        around(legeplads(server))


def test_a_server_that_ignores_paging_is_noticed():
    with serving(wfs(lambda params: Reply(body=gml(POINTS[:2], 5), kind="text/xml"))) as server:
        with pytest.raises(IncompleteResult, match="same page again"):
            around(legeplads(server))


def test_features_that_cannot_be_read_are_missed():
    """The page says that it holds three, and holds two."""
    pages = {True: Reply(body=gml(POINTS[:2], "unknown", 3), kind="text/xml"), False: page_of({}, [])}
    with serving(wfs(lambda params: pages[params.get("startindex", "0") == "0"])) as server:
        with pytest.raises(IncompleteResult, match=r"announces 3 .* delivers 2"):
            around(legeplads(server, page_size=1000))


def test_nothing_because_of_the_order_of_axes_is_asked_again():
    """A server that wants north, east gives nothing for east, north; and no error."""

    def page(params):
        return page_of(params, POINTS if params["bbox"].startswith("6178") else [])

    with serving(wfs(page)) as server:
        raw = around(legeplads(server))
    assert len(raw.points) == 5 and raw.repaired == {gdal_services.SWAPPED: 5}


def test_nothing_either_way_is_nothing():
    with serving(wfs(lambda params: page_of(params, []))) as server:
        raw = around(legeplads(server))
    assert len(raw.points) == 0 and raw.extent.equals(ESTATE.context_area)


def test_features_in_the_wrong_order_land_all_the_same():
    with serving(wfs(lambda params: page_of(params, [(i, y, x) for i, x, y in POINTS]))) as server:
        raw = around(legeplads(server))
    assert shapely.get_coordinates(raw.points.geometry).tolist() == [[x, y] for _, x, y in POINTS]
    assert any("axes swapped" in reason for reason in raw.repaired)


def test_a_layer_that_is_not_there_names_those_that_are():
    with serving(wfs(page_of)) as server, pytest.raises(SourceFormatError, match=r"no layer k101:lege.*k101:legeplads"):
        around(legeplads(server, layer="k101:lege"))


def test_a_wfs_that_is_none():
    for reply, words in (
        (Reply(404), "HTTP 404"),
        (Reply(body=PAGE), "web page"),
        (Reply(body=b"{}"), "cannot be read"),
    ):
        with serving(lambda path, params, reply=reply: reply) as server:
            with pytest.raises((SourceUnavailable, SourceFormatError), match=words):
                around(legeplads(server))


def test_a_key_goes_to_the_service_and_nowhere_else(monkeypatch, caplog):
    monkeypatch.setenv("TEST_FAELLESRUM_KEY", "s3cret42")
    caplog.set_level("DEBUG")
    with serving(wfs(page_of)) as server:
        raw = around(legeplads(server, key="TEST_FAELLESRUM_KEY"))
        assert {params.get("apikey") for _, params, _ in server.asked} == {"s3cret42"}
    assert "s3cret42" not in repr(raw.provenance)
    assert "s3cret42" not in "".join(r.getMessage() for r in caplog.records if r.name.startswith("spatial"))


def test_a_large_area_is_asked_for_in_parts():
    """No request may be for more than 0.3 km²; a feature on a seam counts once."""
    seam = [(1, X, Y), (2, X + 300, Y + 300)]
    with serving(wfs(lambda params: page_of(params, seam))) as server:
        raw = around(legeplads(server, max_area_km2=0.3))
        boxes = {p["BBOX"] for _, p, _ in server.asked if "BBOX" in p}
    assert len(boxes) == 9 and raw.points.ids.tolist() == ["kk.legeplads:1", "kk.legeplads:2"]


# --- ArcGIS ---


def arcgis(points, *, cut_always=False, size=2):
    def answer(path, params):
        if not path.endswith("/query"):
            return Reply(404)
        start = int(params.get("resultoffset", 0))
        rows = points[start : start + size]
        return told(
            {
                "objectIdFieldName": "OBJECTID",
                "geometryType": "esriGeometryPoint",
                "spatialReference": {"wkid": 25832},
                "fields": [
                    {"name": "OBJECTID", "type": "esriFieldTypeOID"},
                    {"name": "navn", "type": "esriFieldTypeString"},
                ],
                "exceededTransferLimit": cut_always or start + size < len(points),
                "features": [
                    {"attributes": {"OBJECTID": i, "navn": f"P {i}"}, "geometry": {"x": x, "y": y}} for i, x, y in rows
                ],
            }
        )

    return answer


def bench(server, **more):
    return catalogue.Source(
        id="vejle.test", title={"da": "x", "en": "x"}, protocol="arcgis", licence="CC BY 4.0", attribution="V",
        endpoint=f"{server.address}/rest/services/OPENDATA/MapServer/3", page_size=2, id_field="OBJECTID",
        mapping=catalogue.Mapped(tags={"amenity": "bench"}, fields=(catalogue.FieldRule("navn", ("name",)),)), **more,
    )  # fmt: skip


def test_arcgis_is_read_page_by_page():
    with serving(arcgis(POINTS)) as server:
        raw = around(bench(server))
        first = server.asked[0][1]
    assert raw.points.ids.tolist() == [f"vejle.test:{i}" for i in range(5)]
    assert raw.points.tags[4] == {"amenity": "bench", "name": "P 4"}
    assert shapely.get_coordinates(raw.points.geometry)[3].tolist() == [X + 3, Y]
    assert json.loads(first["geometry"])["xmin"] == pytest.approx(X - 600, abs=1) and first["outSR"] == "25832"


def test_arcgis_errors_have_status_200():
    with serving(lambda path, params: told({"error": {"code": 400, "message": "Invalid or missing input"}})) as server:
        with pytest.raises(SourceUnavailable, match="Invalid or missing input"):
            around(bench(server))


def test_arcgis_that_never_says_it_is_done():
    with serving(arcgis(POINTS, cut_always=True)) as server, pytest.raises(IncompleteResult, match="announces 6"):
        around(bench(server))


def test_arcgis_that_stops_before_its_end():
    def answer(path, params):
        return arcgis(POINTS)(path, params) if "resultoffset" not in params else Reply(504)

    with serving(answer) as server, pytest.raises((SourceUnavailable, IncompleteResult)):
        around(bench(server))


# --- SQL: GeoFA and its kin ---


def geofa(server, **more):
    return replace(KNOWN["geofa.punkt"], endpoint=f"{server.address}/api/v2/sql/fkg", **more)


def fac(rows, count=None, **more):
    features = [
        {
            "type": "Feature",
            "properties": {"objekt_id": f"{i}", "facil_ty_k": code, "off_kode": 1, "statuskode": "3"}
            | {"faellesrum_count": len(rows) if count is None else count, "betaling_k": "false"},
            "geometry": None if x is None else {"type": "MultiPoint", "coordinates": [[x, y]]},
        }
        for i, code, x, y in rows
    ]
    return told({"type": "FeatureCollection", "features": features, "success": True, **more})


def test_geofa_is_asked_in_its_own_words():
    with serving(lambda path, params: fac([(1, 1031, X, Y), (2, "1371.0", X + 9, Y), (3, 1371, None, None)])) as server:
        raw = around(geofa(server))
        path, params, _ = server.asked[0]
    assert path == "/api/v2/sql/fkg" and params["srs"] == "25832" and params["format"] == "geojson"
    assert params["q"].startswith(
        "SELECT *, count(*) OVER () AS faellesrum_count FROM fkg.t_5800_fac_pkt WHERE geometri &&"
    )
    assert raw.points.ids.tolist() == ["geofa.punkt:1", "geofa.punkt:2"]
    assert raw.points.tags == [{"leisure": "playground", "fee": "no"}, {"amenity": "bench", "fee": "no"}]
    assert shapely.get_coordinates(raw.points.geometry)[0].tolist() == [X, Y]
    assert raw.dropped == {"no geometry": 1} and raw.repaired == {} and "SELECT" not in raw.provenance.path


def test_geofa_in_another_crs_than_was_asked_for_is_known_by_where_it_lands():
    x, y = Transformer.from_crs(25832, 3857, always_xy=True).transform(X, Y)
    with serving(lambda path, params: fac([(1, 1031, x, y)])) as server:
        raw = around(geofa(server))
    assert shapely.get_coordinates(raw.points.geometry)[0] == pytest.approx((X, Y), abs=0.01)
    assert any("EPSG:3857" in reason for reason in raw.repaired)


def test_geofa_with_fewer_rows_than_it_counts():
    with serving(lambda path, params: fac([(1, 1031, X, Y)], count=1001)) as server:
        with pytest.raises(IncompleteResult, match="counts 1001 rows and delivers 1"):
            around(geofa(server))


@pytest.mark.parametrize(
    ("reply", "error", "words"),
    [
        (told({"success": False, "message": 'relation "fkg.x" does not exist'}), SourceUnavailable, "does not exist"),
        (Reply(body=PAGE), SourceFormatError, "web page"),
        (Reply(body=b"navn,x\n"), SourceFormatError, "no GeoJSON"),
        (told([1]), SourceFormatError, "no GeoJSON"),
        (Reply(500), SourceUnavailable, "HTTP 500"),
    ],
)
def test_geofa_that_fails(reply, error, words):
    with serving(lambda path, params: reply) as server, pytest.raises(error, match=words):
        around(geofa(server))


def test_geofa_with_nothing_here():
    with serving(lambda path, params: fac([])) as server:
        raw = around(geofa(server, filter="kommunekode=169"))
        assert "WHERE (kommunekode=169) AND geometri &&" in server.asked[0][1]["q"]
    assert len(raw.points) == 0 and raw.extent.equals(ESTATE.context_area)


def test_an_entry_that_cannot_be_asked():
    with serving(lambda path, params: fac([])) as server, pytest.raises(ConfigError, match="needed a layer"):
        around(geofa(server, layer=None))


# --- plain files and CKAN ---


def toilets(server, **more):
    return catalogue.Source(
        id="aarhus.test", title={"da": "x", "en": "x"}, protocol="geojson", licence="CC BY 4.0", attribution="A",
        endpoint=f"{server.address}/spatialmap?page=get_geojson_opendata", parameters={"datasource": "by_toiletter"},
        mapping=catalogue.Mapped(tags={"amenity": "toilets"}), **more,
    )  # fmt: skip


def collection(*points, **more):
    features = [{"type": "Feature", "properties": {}, "geometry": {"type": "Point", "coordinates": p}} for p in points]
    return told({"type": "FeatureCollection", "features": features, **more})


def test_a_plain_geojson_with_metres_and_no_crs():
    with serving(lambda path, params: collection([X, Y], [X + 9, Y])) as server:
        raw = around(toilets(server))
        assert server.asked[0][1] == {"page": "get_geojson_opendata", "datasource": "by_toiletter"}
    assert len(raw.points) == 2 and raw.repaired == {}
    assert raw.points.tags[0] == {"amenity": "toilets"}


def test_a_plain_geojson_that_is_a_page():
    with serving(lambda path, params: Reply(body=PAGE, kind="text/html")) as server:
        with pytest.raises(SourceFormatError, match=r"aarhus\.test \(127\.0\.0\.1\): .*web page"):
            around(toilets(server))
    with serving(lambda path, params: Reply(body=b'{"type": "FeatureColl')) as server:
        with pytest.raises(SourceFormatError, match=r"aarhus\.test \(127\.0\.0\.1\): cannot be read"):
            around(toilets(server))


def ckan(server, **more):
    return replace(
        toilets(server), protocol="ckan", endpoint=f"{server.address}/api/3/action", layer="49564091", **more
    )


def test_a_ckan_resource_is_found_and_read():
    def answer(path, params):
        if path == "/api/3/action/resource_show":
            return told({"success": True, "result": {"url": f"{server.address}/files/a.geojson", "format": "GeoJSON"}})
        return collection([X, Y]) if path == "/files/a.geojson" else Reply(404)

    with serving(answer) as server:
        raw = around(ckan(server))
    assert len(raw.points) == 1 and raw.provenance.path.endswith("/files/a.geojson")


def test_a_ckan_table_is_taken_as_its_dump():
    def answer(path, params):
        if path == "/api/3/action/resource_show":
            return told({"success": True, "result": {"url": "https://portal.invalid/x", "datastore_active": True}})
        assert (path, params) == ("/datastore/dump/49564091", {"format": "csv"})
        return Reply(body=f"_id,navn,x,y\n1,A,{X},{Y}\n".encode(), kind="text/csv; charset=utf-8")

    with serving(answer) as server:
        assert len(around(ckan(server)).points) == 1


def test_a_ckan_file_elsewhere_needs_to_be_named():
    reply = told({"success": True, "result": {"url": "https://files.invalid/a.geojson"}})
    with (
        serving(lambda path, params: reply) as server,
        pytest.raises(SourceUnavailable, match=r"files\.invalid.*hosts"),
    ):
        around(ckan(server))
    missing = told({"success": False, "error": {"message": "Not found"}}, status=404)
    with serving(lambda path, params: missing) as server, pytest.raises(SourceUnavailable, match="HTTP 404"):
        around(ckan(server))


def test_a_database_that_is_not_there(monkeypatch):
    source = replace(KNOWN["geofa.punkt"], protocol="postgis", endpoint=None, key="TEST_FAELLESRUM_DB")
    with pytest.raises(ConfigError, match="TEST_FAELLESRUM_DB"):
        around(source)
    monkeypatch.setenv("TEST_FAELLESRUM_DB", "postgresql://me:s3cret42@127.0.0.1:9/fkg")
    with pytest.raises(SourceUnavailable, match=r"127\.0\.0\.1:9/fkg\).*cannot be reached") as caught:
        around(source)
    assert "s3cret42" not in str(caught.value)
    monkeypatch.setenv("TEST_FAELLESRUM_DB", "mysql://x/y")
    with pytest.raises(ConfigError, match="postgresql://"):
        around(source)
