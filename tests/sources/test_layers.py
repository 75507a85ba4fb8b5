"""Layers around an estate, from files of every format and in every disorder."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

import geopandas as gpd
import numpy as np
import pyogrio
import pytest
import shapely
from pyproj import CRS, Transformer

from spatial.core.errors import ConfigError, CRSError, EmptyAreaError, InputError, SourceFormatError, SourceUnavailable
from spatial.core.model import Estate
from spatial.settings import tags as settings_tags
from spatial.sources import boundaries, catalogue, layers, vector_files
from spatial.sources.protocol import Area

UTM32 = CRS.from_epsg(25832)
X, Y = 723_500.0, 6_179_500.0
ESTATE = Estate("e", "E", shapely.box(X - 100, Y - 100, X + 100, Y + 100), UTM32, margin_m=100, reach_m=400)
CATALOGUE = catalogue.load()
ROWS = {
    "objekt_id": ["a", "b", "c", "d"],
    "navn": ["Bænken i gården", "Ålegård", "Langt væk", "Parkering"],
    "facil_ty_k": ["1371", "1031.0", "1371", "1351"],
}
POINTS = [(X, Y), (X + 100, Y), (X + 5000, Y), (X, Y + 10)]


def rows(crs: object = 25832) -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame(ROWS, geometry=[shapely.Point(p) for p in POINTS], crs=25832).to_crs(crs)


def read(path: Path, source: str = "geofa.punkt"):
    return layers.read_layer(f"{source}={path}", ESTATE)


def written(tmp_path: Path, suffix: str, table: gpd.GeoDataFrame, **options: object) -> Path:
    path = tmp_path / f"layer{suffix}"
    if suffix == ".parquet":
        table.to_parquet(path)
    elif suffix == ".csv":
        frame = table.drop(columns="geometry").assign(x=table.geometry.x, y=table.geometry.y)
        frame.to_csv(path, index=False, **options)
    else:
        table.to_file(path, **options)
    return path


FORMATS = [".gpkg", ".geojson", ".shp", ".fgb", ".tab", ".parquet", ".csv"]


@pytest.mark.parametrize("suffix", FORMATS)
def test_every_format_gives_the_same_objects(tmp_path, suffix):
    table = rows(4326) if suffix == ".geojson" else rows()
    options = {"driver": "MapInfo File"} if suffix == ".tab" else {}
    raw = read(written(tmp_path, suffix, table, **options))
    assert raw.points.ids.tolist() == ["geofa.punkt:a", "geofa.punkt:b"]
    assert raw.points.tags == [
        {"amenity": "bench", "name": "Bænken i gården"},
        {"leisure": "playground", "name": "Ålegård"},
    ]
    assert shapely.get_coordinates(raw.points.geometry) == pytest.approx(np.array(POINTS[:2]), abs=0.01)
    assert raw.dropped == {"facil_ty_k 1351 is not used": 1}
    assert raw.repaired == {}


def test_provenance_is_whole(tmp_path):
    path = written(tmp_path, ".gpkg", rows())
    raw = read(path)
    found = raw.provenance
    assert (found.source_id, found.path, found.licence) == ("geofa.punkt", str(path), "CC BY 4.0")
    assert found.attribution == CATALOGUE["geofa.punkt"].attribution and not found.complete
    assert found.sha256 == vector_files.map_file_digest(path) and len(found.sha256) == 64
    assert read(written(tmp_path, ".geojson", rows(4326))).provenance.sha256 != found.sha256


def test_the_digest_of_a_shapefile_is_of_all_its_files(tmp_path):
    path = written(tmp_path, ".shp", rows())
    before = vector_files.map_file_digest(path)
    dbf = path.with_suffix(".dbf")
    dbf.write_bytes(dbf.read_bytes().replace(b"1371", b"1031"))
    assert vector_files.map_file_digest(path) != before


def test_the_extent_is_the_box_of_the_file(tmp_path):
    raw = read(written(tmp_path, ".gpkg", rows()))
    assert raw.extent.bounds == pytest.approx((X, Y, X + 5000, Y + 10), abs=1.01)


def geojson(tmp_path: Path, features: list[dict[str, object]], **more: object) -> Path:
    path = tmp_path / "layer.geojson"
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features, **more}), encoding="utf-8")
    return path


def feature(geometry: object, **properties: object) -> dict[str, object]:
    return {"type": "Feature", "properties": {"facil_ty_k": 1371, **properties}, "geometry": geometry}


def point(x: float = X, y: float = Y) -> dict[str, object]:
    return {"type": "Point", "coordinates": [x, y]}


LON, LAT = Transformer.from_crs(UTM32, 4326, always_xy=True).transform(X, Y)
URN = {"crs": {"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::25832"}}}
NUMBER = {"crs": {"type": "name", "properties": {"name": "EPSG:25832"}}}
WRONG = {"crs": {"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::25833"}}}


@pytest.mark.parametrize(
    ("geometry", "crs", "warning"),
    [
        (point(), URN, None),
        (point(), NUMBER, None),
        (point(), {}, None),
        (point(), WRONG, "EPSG:25832"),
        (point(Y, X), URN, "axes swapped"),
        (point(LON, LAT), {}, None),
        (point(LAT, LON), {}, "axes swapped"),
        (point(LON, LAT), URN, "EPSG:4326"),
    ],
)
def test_a_crs_declared_by_urn_by_number_wrongly_or_not_at_all(tmp_path, geometry, crs, warning):
    raw = read(geojson(tmp_path, [feature(geometry)], **crs))
    assert shapely.get_coordinates(raw.points.geometry)[0] == pytest.approx((X, Y), abs=0.05)
    assert [reason for reason in raw.repaired if warning is not None and warning in reason] == list(raw.repaired)
    assert bool(raw.repaired) == (warning is not None)


def test_mixed_multi_and_missing_geometry(tmp_path):
    ring = [[X, Y], [X + 9, Y], [X + 9, Y + 9], [X, Y]]
    shapes = [
        point(),
        {"type": "MultiPoint", "coordinates": [[X + 20, Y], [X + 22, Y]]},
        {"type": "Polygon", "coordinates": [ring]},
        {"type": "LineString", "coordinates": ring[:2]},
        None,
    ]
    path = geojson(tmp_path, [feature(shape, objekt_id=f"{i}") for i, shape in enumerate(shapes)], **URN)
    raw = read(path)
    assert [len(part) for part in (raw.points, raw.lines, raw.areas)] == [2, 1, 1]
    assert raw.dropped == {"no geometry": 1} and sum(raw.repaired.values()) == 1
    assert raw.lines.node_ids is None


def test_latin_1_and_mangled_text(tmp_path):
    text = (
        rows().drop(columns="geometry").assign(x=[p[0] for p in POINTS], y=[p[1] for p in POINTS]).to_csv(index=False)
    )
    (tmp_path / "latin.csv").write_bytes(text.encode("latin-1"))
    raw = read(tmp_path / "latin.csv")
    assert raw.points.tags[0]["name"] == "Bænken i gården" and raw.repaired == {vector_files.REREAD: 4}
    mangled = rows().assign(navn=[name.encode().decode("latin-1") for name in ROWS["navn"]])
    raw = read(written(tmp_path, ".gpkg", mangled))
    assert raw.points.tags[1]["name"] == "Ålegård" and vector_files.UNMANGLED in raw.repaired


def test_a_shapefile_without_its_encoding(tmp_path):
    path = written(tmp_path, ".shp", rows(), encoding="ISO-8859-1")
    path.with_suffix(".cpg").unlink()
    assert read(path).points.tags[0]["name"] == "Bænken i gården"
    path = written(tmp_path, ".shp", rows(), encoding="UTF-8")
    path.with_suffix(".cpg").unlink()
    assert read(path).points.tags[0]["name"] == "Bænken i gården"


def test_a_csv_with_decimal_commas_and_danish_names(tmp_path):
    path = tmp_path / "layer.csv"
    path.write_text(f'facil_ty_k;øst;nord\n1371;"{X:.1f}";"{Y:.1f}"\n'.replace(".", ","), encoding="utf-8")
    raw = read(path)
    assert shapely.get_coordinates(raw.points.geometry).tolist() == [[X, Y]]


def test_a_csv_with_wkt(tmp_path):
    path = tmp_path / "layer.csv"
    path.write_text(f"facil_ty_k,geometri\n1371,POINT ({X} {Y})\n", encoding="utf-8")
    assert shapely.get_coordinates(read(path).points.geometry).tolist() == [[X, Y]]


def test_the_stops_of_a_timetable(tmp_path):
    lon, lat = Transformer.from_crs(UTM32, 4326, always_xy=True).transform(X, Y)
    path = tmp_path / "GTFS.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("agency.txt", "agency_id,agency_name\n1,A\n")
        archive.writestr(
            "stops.txt",
            f"stop_id,stop_name,stop_lat,stop_lon,wheelchair_boarding\n86,Ålegård St.,{lat},{lon},1\n87,Væk,57,9,0\n",
        )
    raw = read(path, "rejseplanen.stop")
    assert raw.points.ids.tolist() == ["rejseplanen.stop:86"] and raw.repaired == {}
    assert raw.points.tags == [{"public_transport": "platform", "name": "Ålegård St.", "wheelchair": "yes"}]
    assert shapely.get_coordinates(raw.points.geometry)[0] == pytest.approx((X, Y), abs=0.01)
    assert settings_tags.tag_rules().stop.first(raw.points.tags[0]) == "stop"


def test_a_large_file_is_read_near_the_estate_only(tmp_path, monkeypatch):
    path = written(tmp_path, ".gpkg", rows())
    whole = read(path)
    monkeypatch.setattr(vector_files, "READ_WHOLE_BYTES", 0)
    near = vector_files.read_map_file(path, CATALOGUE["geofa.punkt"], Area(ESTATE.context_area, UTM32))
    assert len(near.table) == 3 and near.bounds == pytest.approx((X, Y, X + 5000, Y + 10))
    assert read(path).points.ids.tolist() == whole.points.ids.tolist()


def test_several_layers_in_one_file(tmp_path):
    path = tmp_path / "many.gpkg"
    pyogrio.write_dataframe(rows(), path, layer="t_5800_fac_pkt")
    pyogrio.write_dataframe(rows(), path, layer="other")
    assert len(read(path).points) == 2
    with pytest.raises(SourceFormatError, match=r"layers t_5800_fac_pkt, other, and not one named k101:legeplads"):
        read(path, "kk.legeplads")


def test_files_that_are_none(tmp_path):
    with pytest.raises(SourceUnavailable, match="no such file"):
        read(tmp_path / "none.gpkg")
    empty = tmp_path / "empty.geojson"
    empty.touch()
    with pytest.raises(SourceFormatError, match="empty file"):
        read(empty)
    for name, text in (("a.geojson", "<html>Login</html>"), ("b.gpkg", "not a database"), ("c.parquet", "PAR?")):
        path = tmp_path / name
        path.write_text(text, encoding="utf-8")
        with pytest.raises(SourceFormatError, match=f"{name}.*cannot be read"):
            read(path)
    plain = tmp_path / "plain.csv"
    plain.write_text("a,b\n1,2\n", encoding="utf-8")
    with pytest.raises(SourceFormatError, match="without geometry"):
        read(plain)


def test_a_layer_of_another_town(tmp_path):
    away = rows().set_geometry(gpd.GeoSeries.from_xy([574_000.0] * 4, [6_225_000.0] * 4, crs=25832))
    with pytest.raises(EmptyAreaError, match=r"lies elsewhere.*15\d km away"):
        read(written(tmp_path, ".gpkg", away))


def test_an_empty_layer_is_not_an_error(tmp_path):
    raw = read(written(tmp_path, ".gpkg", rows().iloc[:0]))
    assert len(raw.points) == 0 and raw.extent.area > 0


def test_a_crs_without_a_place_on_earth(tmp_path):
    wkt = 'LOCAL_CS["somewhere",UNIT["metre",1]]'
    table = rows().set_crs(None, allow_override=True).set_crs(wkt)
    path = tmp_path / "layer.gpkg"
    pyogrio.write_dataframe(table, path)
    assert any("EPSG:25832" in reason for reason in read(path).repaired)
    far = table.set_geometry(gpd.GeoSeries.from_xy([5e7] * 4, [5e7] * 4, crs=wkt))
    pyogrio.write_dataframe(far, tmp_path / "far.gpkg")
    with pytest.raises(CRSError, match="declare it"):
        read(tmp_path / "far.gpkg")


def test_what_is_asked_for_is_understood():
    assert layers.split("kk.legeplads") == ("kk.legeplads", None)
    for text in ("", "=a.gpkg", "kk.legeplads="):
        with pytest.raises(InputError, match="SOURCE_ID=FILE"):
            layers.split(text)
    with pytest.raises(InputError, match=r"kk\.legeplads"):
        layers.read_layer("kk.legepladser=x", ESTATE)


def test_a_layer_that_no_service_is_asked_for(tmp_path):
    path = tmp_path / "own.toml"
    path.write_text(
        '[source."my.file"]\ntitle={da="a",en="b"}\nprotocol="file"\nlicence="CC0"\nattribution="me"\n',
        encoding="utf-8",
    )
    with pytest.raises(ConfigError, match=r"my\.file=FILE"):
        layers.read_layer("my.file", ESTATE, catalogue=catalogue.load(path))


def test_the_order_of_rows_does_not_matter(tmp_path):
    table = rows().drop(columns="objekt_id")
    one = read(written(tmp_path, ".gpkg", table))
    other = read(written(tmp_path, ".fgb", table.iloc[::-1]))
    assert one.points.ids.tolist() == other.points.ids.tolist() and one.points.tags == other.points.tags


# --- the real files of Copenhagen ---

REAL = {
    "kk.legeplads": ("copenhagen/legeplads.geojson", 136),
    "kk.parkregister": ("copenhagen/parkregister.geojson", 361 - 12),
    "kk.boldbaner": ("copenhagen/boldbaner.geojson", 18),
    "kk.kulturhus": ("copenhagen/kulturhus.geojson", 29),
    "kk.bibliotek": ("copenhagen/biblioteker.geojson", 20),
    "kk.almene_boliger": ("copenhagen/almene_boliger_kk.geojson", 506),
    "kk.baenke": ("benches-dk/benches.geojson", 2124),
}
KINDS = {"kk.legeplads": "playground", "kk.boldbaner": "pitch", "kk.baenke": "bench"}


@pytest.fixture(scope="module")
def copenhagen(shared_data: Path) -> dict[str, object]:
    """Every object of the municipal files: an area that holds the whole city."""
    city = Estate("kbh", "Kbh", shapely.box(X - 50, Y - 50, X + 50, Y + 50), UTM32, reach_m=25_000)
    return {name: layers.read_layer(f"{name}={shared_data / file}", city) for name, (file, _) in REAL.items()}


@pytest.mark.shared
@pytest.mark.parametrize("name", REAL)
def test_all_rows_of_the_municipal_files_are_read(name, copenhagen):
    raw = copenhagen[name]
    found = [identity for part in (raw.points, raw.lines, raw.areas) for identity in part.ids]
    assert len(found) == len(set(found)) == REAL[name][1]
    assert raw.provenance.licence == "CC BY 4.0" and all(identity.startswith(f"{name}:") for identity in found)
    matcher = settings_tags.tag_rules().kind
    if name in KINDS:
        assert {matcher.first(tags) for tags in raw.points.tags} == {KINDS[name]}


@pytest.mark.shared
def test_public_housing_of_copenhagen(copenhagen):
    """Counts from the file's own description: 53,273 family dwellings, Vognmandsmarken 305, Mjølnerparken 606."""
    areas = copenhagen["kk.almene_boliger"].areas
    assert sum(int(tags.get("dwellings:family", 0)) for tags in areas.tags) == 53_273
    by_name = {tags["name"]: tags for tags in areas.tags if "name" in tags}
    vognmandsmarken = next(tags for name, tags in by_name.items() if name.endswith("Vognmandsmarken"))
    assert vognmandsmarken["dwellings"] == "305" and vognmandsmarken["operator"] == "Boligforeningen AAB"
    assert settings_tags.tag_rules().ground.first(vognmandsmarken) == "residential"


@pytest.mark.shared
def test_the_department_without_a_place_is_counted(copenhagen):
    assert copenhagen["kk.almene_boliger"].dropped == {"no geometry": 1}


@pytest.mark.shared
def test_staff_age_and_owner_of_the_playgrounds(copenhagen):
    tags = copenhagen["kk.legeplads"].points.tags
    assert sum(tag["supervised"] == "yes" for tag in tags) == 27
    assert sum(tag.get("operator:type") == "public" for tag in tags) == 132
    assert copenhagen["kk.legeplads"].provenance.data_date == "2025-05-29"


@pytest.mark.shared
def test_the_parks_of_oesterbro_whichever_way_they_are_asked_for(shared_data):
    """Reading with a box, as for an estate, finds just what reading everything finds there."""
    folder = shared_data / "copenhagen"
    estate = boundaries.estate(folder / "almene_boliger_kk.geojson", name="103, Vognmandsmarken")
    raw = layers.read_layer(f"kk.parkregister={folder / 'parkregister.geojson'}", estate)
    table = gpd.read_file(folder / "parkregister.geojson")
    wanted = table[table.intersects(estate.context_area) & (table["parktype"] != "Planlagte grønne områder")]
    assert sorted(raw.areas.ids) == sorted(f"kk.parkregister:{int(i)}" for i in wanted["areal_id"])
