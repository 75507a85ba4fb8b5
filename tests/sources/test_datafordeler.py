"""Datafordeler by GraphQL: all pages, the right rows, and what it refuses in one line; and services that are closed."""

from __future__ import annotations

import io
import json
import zipfile
from dataclasses import replace
from pathlib import Path

import keyring
import numpy as np
import pandas as pd
import pytest
import shapely
from pyproj import CRS

from spatial.core.errors import ConfigError, IncompleteResult, SourceError, SourceFormatError, SourceUnavailable
from spatial.core.model import Estate, Features
from spatial.layers import canonical
from spatial.settings.tags import tag_rules
from spatial.sources import catalogue, closed_services, layers, service_check
from spatial.sources.http import Transport
from spatial.sources.protocol import Area
from spatial.sources.protocols import entity_files
from tests.command import call
from tests.sources import datafordeler
from tests.sources.unruly import PAGE, Reply
from tests.sources.unruly import serving as serving_get

UTM32 = CRS.from_epsg(25832)
X, Y = 723_900.0, 6_179_300.0
AREA = Area(shapely.box(X, Y, X + 100, Y + 100), UTM32)
CATALOGUE = catalogue.load()
ONCE = Transport(attempts=1)


def polygon(x, y, side=10):
    return {"wkt": shapely.box(X + x, Y + y, X + x + side, Y + y + side).wkt, "crs": 25832}


def point(x, y):
    return {"wkt": shapely.Point(X + x, Y + y).wkt, "crs": 25832}


# Five buildings around, one far away.
GEODKV = {"GEODKV_Bygning": [{"BBRUUID": f"b{k}", "geometri": polygon(k * 15, 20)} for k in range(5)]
          + [{"BBRUUID": "far", "geometri": polygon(5000, 0)}]}  # fmt: skip
# Stairwells 7 (three dwellings, a shop, one demolished), 9 (one dwelling), 11 (a shop alone); 13 is no longer in force.
DAR = {
    "DAR_Adressepunkt": [
        {"id_lokalId": f"p{number}", "position": point(*at)}
        for number, at in {"7": (5, 20), "9": (20, 20), "11": (35, 20), "13": (50, 20), "99": (5000, 0)}.items()
    ],
    "DAR_Husnummer": [
        {"id_lokalId": f"h{number}", "adgangspunkt": f"p{number}", "husnummertekst": number, "status": status}
        for number, status in {"7": "3", "9": "3", "11": "3", "13": "4", "99": "3"}.items()
    ],
    "DAR_Adresse": [
        {"id_lokalId": f"a{number}-{k}", "husnummer": f"h{number}"}
        for number, flats in {"7": 5, "9": 1, "11": 1, "13": 1, "99": 1}.items()
        for k in range(flats)
    ],
}
UNITS = {"a7-0": ("140", "6"), "a7-1": ("140", "6"), "a7-2": ("190", "6"), "a7-3": ("322", "6"), "a7-4": ("140", "10"),
         "a9-0": ("110", "6"), "a11-0": ("322", "6"), "a13-0": ("140", "6"), "a99-0": ("140", "6")}  # fmt: skip
BBR = {"BBR_Enhed": [
    {"id_lokalId": f"e-{address}", "adresseIdentificerer": address, "enh020EnhedensAnvendelse": use, "status": status}
    for address, (use, status) in UNITS.items()
]}  # fmt: skip
REGISTERS = {"/GEODKV/v1": GEODKV, "/DAR/v3": DAR, "/BBR/v3": BBR}


@pytest.fixture(autouse=True)
def key(monkeypatch):
    monkeypatch.setenv("DATAFORDELER_API_KEY", datafordeler.KEY)


def entry(name, server, **changes):
    source = CATALOGUE[name]
    path = "" if name == "bbr.enhed" else "/GEODKV/v1"
    return replace(source, endpoint=f"{server.address}{path}", page_size=2, **changes)


def test_all_pages_of_what_touches_the_area_come_and_nothing_else():
    with datafordeler.serving(REGISTERS) as server:
        found = layers.ask_service(entry("geodanmark.bygning", server), AREA, ONCE)
    assert found.table["BBRUUID"].tolist() == ["b0", "b1", "b2", "b3", "b4"]
    assert found.table.crs == UTM32 and found.whole_area and found.cut_off is None
    assert shapely.equals(found.table.geometry[1], shapely.box(X + 15, Y + 20, X + 25, Y + 30))
    assert len(server.asked) == 3  # pages of two


def test_the_key_is_in_no_address_that_is_shown():
    with datafordeler.serving(REGISTERS) as server:
        found = layers.ask_service(entry("geodanmark.bygning", server), AREA, ONCE)
    assert datafordeler.KEY not in found.origin + "".join(query for _, query in server.asked)


def test_dwellings_are_the_built_homes_behind_each_house_number_in_force():
    with datafordeler.serving(REGISTERS) as server:
        found = layers.ask_service(entry("bbr.enhed", server), AREA, ONCE)
    told = {row.husnummertekst: (row.boliger, row.geometry.coords[0]) for row in found.table.itertuples()}
    assert told == {"7": (3, (X + 5, Y + 20)), "9": (1, (X + 20, Y + 20)), "11": (0, (X + 35, Y + 20))}


def test_access_points_are_the_doors_and_bbr_says_how_many_live_behind_each():
    """One block with two stairwells, in which floor area says something else; the shop next door has nobody."""
    with datafordeler.serving(REGISTERS) as server:
        source = entry("bbr.enhed", server)
        raw = layers.as_raw_data(layers.ask_service(source, AREA, ONCE), source, AREA)
    assert [tags["dwellings"] for tags in raw.points.tags] == ["0", "3", "1"]
    found = canonical.canonical_layers(with_block(raw), tag_rules(), UTM32).dwellings
    assert {(p.x - X, n) for p, n in zip(found.geometry, found["dwellings"], strict=True)} == {(5, 3), (20, 1), (35, 0)}
    assert set(found["evidence"]) == {"observed"}
    # 300 m² on the ground with two doors and 140 m² with one, four floors each, 80 m² a dwelling.
    assert dict(zip([p.x - X for p in found.geometry], found["by_floor_area"], strict=True)) == pytest.approx(
        {5: 300 * 4 / 80 / 2, 20: 300 * 4 / 80 / 2, 35: 140 * 4 / 80}
    )


def entity_files_in(folder, ending):
    """The same registers as downloads: per entity a zip, or a plain file."""
    for entity, rows in {**DAR, **BBR}.items():
        flat = [
            {name: value["wkt"] if isinstance(value, dict) else value for name, value in row.items()} for row in rows
        ]
        text = pd.DataFrame(flat).to_csv(index=False) if ending == ".csv" else json.dumps(flat, indent=1)
        with zipfile.ZipFile(folder / f"{entity}_0101_20260901.zip", "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr(f"{entity}{ending}", text)
            archive.writestr("metadata.xml", "<a/>")
    return folder


@pytest.mark.parametrize("ending", [".json", ".csv"])
@pytest.mark.parametrize("piece", [7, 1 << 20])
def test_entity_files_say_what_the_service_says(tmp_path, monkeypatch, ending, piece):
    monkeypatch.setattr(entity_files, "PIECE", piece)
    found = entity_files.read_dwellings(entity_files_in(tmp_path, ending), CATALOGUE["bbr.enhed"], AREA)
    told = {row.husnummertekst: (row.boliger, row.geometry.coords[0]) for row in found.table.itertuples()}
    assert told == {"7": (3, (X + 5, Y + 20)), "9": (1, (X + 20, Y + 20)), "11": (0, (X + 35, Y + 20))}
    assert found.table.crs == UTM32 and found.whole_area


def test_a_folder_of_entity_files_is_a_layer(tmp_path):
    estate = Estate("a", "A", AREA.polygon, UTM32, margin_m=10.0, reach_m=10.0)
    raw = layers.read_layer(f"bbr.enhed={entity_files_in(tmp_path, '.json')}", estate)
    assert [tags["dwellings"] for tags in raw.points.tags] == ["0", "3", "1"]


@pytest.mark.parametrize("cut", [": ", ", {", "]"])
def test_a_missing_or_half_entity_file_is_named(tmp_path, cut):
    whole = json.dumps(BBR["BBR_Enhed"])
    entity_files_in(tmp_path, ".json")
    path = tmp_path / "BBR_Enhed_0101_20260901.zip"
    (tmp_path / "BBR_Enhed_0101.json").write_text(whole[: whole.rindex(cut)], encoding="utf-8")
    path.unlink()
    with pytest.raises(SourceFormatError, match=r"BBR_Enhed_0101\.json"):
        entity_files.read_dwellings(tmp_path, CATALOGUE["bbr.enhed"], AREA)
    (tmp_path / "BBR_Enhed_0101.json").unlink()
    with pytest.raises(SourceUnavailable, match="Enhed of BBR"):
        entity_files.read_dwellings(tmp_path, CATALOGUE["bbr.enhed"], AREA)
    path.write_bytes(b"PK no archive")
    with pytest.raises(SourceFormatError, match="no whole entity file"):
        entity_files.read_dwellings(tmp_path, CATALOGUE["bbr.enhed"], AREA)


# --- entity files by the service that hands them out ---------------------------------------------


def handing_out(spoiled=None):
    """The service, as far as it is known: the newest whole file of an entity of one municipality, against a key."""

    def answer(path, params):
        if params.get("apikey") != datafordeler.KEY:
            return Reply(401)
        entity = f"{params['register']}_{params['latesttotalforentity']}"
        whole = {"type": "Current", "format": "JSON", "municipalitycode": "0101"}
        if path != "/FileDownloads/GetFile" or {**params, **whole} != params or entity not in {**DAR, **BBR}:
            return Reply(400, b'{"error": "no such file"}')
        packed = io.BytesIO()
        rows = [{k: v["wkt"] if isinstance(v, dict) else v for k, v in row.items()} for row in {**DAR, **BBR}[entity]]
        with zipfile.ZipFile(packed, "w") as archive:
            archive.writestr(f"{entity}.json", json.dumps(rows))
        return spoiled(entity) if spoiled and spoiled(entity) else Reply(body=packed.getvalue(), kind="application/zip")

    return serving_get(answer)


def own_catalogue(folder, server):
    """The bundled entry with the address of the imitation."""
    text = (Path(catalogue.__file__).parents[1] / "defaults" / "sources.toml").read_text(encoding="utf-8")
    begin = text.index('[source."bbr.enhed"]')
    entry = text[begin : text.index("[source.", text.index("boliger =", begin))]
    path = folder / "own.toml"
    path.write_text(entry.replace("https://api.datafordeler.dk", server.address), encoding="utf-8")
    return path


@pytest.mark.parametrize("municipality", ["0101", "101", "København"])
def test_the_files_of_a_municipality_are_downloaded_and_are_a_layer(tmp_path, municipality):
    words = ("sources", "download", "bbr.enhed", "--municipality", municipality, "--lang", "en")
    with handing_out() as server:
        done = call(*words, "--out", tmp_path / "files", "--catalogue", own_catalogue(tmp_path, server))
    assert done.code == 0, done.err
    assert f"--layer bbr.enhed={tmp_path / 'files'}" in done.out and datafordeler.KEY not in done.out + done.err
    estate = Estate("a", "A", AREA.polygon, UTM32, margin_m=10.0, reach_m=10.0)
    raw = layers.read_layer(f"bbr.enhed={tmp_path / 'files'}", estate)
    assert [tags["dwellings"] for tags in raw.points.tags] == ["0", "3", "1"]


@pytest.mark.parametrize(
    ("spoiled", "said"),
    [
        (lambda entity: Reply(404) if entity == "DAR_Adresse" else None, "404"),
        (lambda entity: Reply(body=b"PK half an archive") if entity == "BBR_Enhed" else None, "BBR_Enhed is no zip"),
        (lambda entity: Reply(body=PAGE, kind="text/html"), "DAR_Adressepunkt"),
    ],
)
def test_where_one_file_does_not_come_nothing_is_left(tmp_path, spoiled, said):
    words = ("sources", "download", "bbr.enhed", "--municipality", "0101", "--lang", "en")
    with handing_out(spoiled) as server:
        done = call(*words, "--out", tmp_path / "files", "--catalogue", own_catalogue(tmp_path, server))
    assert done.code != 0 and said in done.err and not (tmp_path / "files").exists(), done.err


@pytest.mark.parametrize(
    ("layer", "municipality", "said"),
    [("bbr.enhed", "Lilleby", "Lilleby"), ("kk.legeplads", "0101", "has no entity files"), ("bbr.enhed", "²", "²")],
)
def test_what_cannot_be_downloaded_is_said_before_anything_is_asked(tmp_path, layer, municipality, said):
    words = ("sources", "download", layer, "--municipality", municipality, "--lang", "en")
    done = call(*words, "--out", tmp_path / "files")
    assert done.code != 0 and said in done.err and not (tmp_path / "files").exists()


class KeyRing(keyring.backend.KeyringBackend):
    """A key-ring of this test's own."""

    priority = 1

    def __init__(self, kept):
        super().__init__()
        self.kept = kept

    def get_password(self, service, username):
        return self.kept.get((service, username))

    def set_password(self, service, username, password):
        self.kept[service, username] = password


@pytest.fixture
def key_ring(monkeypatch):
    before = keyring.get_keyring()
    yield lambda kept: keyring.set_keyring(KeyRing(kept))
    keyring.set_keyring(before)


def test_the_key_comes_from_the_environment_else_from_the_systems_key_ring(key_ring, monkeypatch):
    key_ring({})
    keyring.set_password("faellesrum", "DATAFORDELER_API_KEY", datafordeler.KEY)  # as its own command line does
    with datafordeler.serving(REGISTERS) as server:
        source = entry("geodanmark.bygning", server)
        monkeypatch.setenv("DATAFORDELER_API_KEY", "a-key-that-is-not-known")
        with pytest.raises(SourceUnavailable):
            layers.ask_service(source, AREA, ONCE)
        monkeypatch.delenv("DATAFORDELER_API_KEY")
        assert len(layers.ask_service(source, AREA, ONCE).table) == 5
        key_ring({})
        with pytest.raises(ConfigError, match="key-ring"):
            layers.ask_service(source, AREA, ONCE)


def with_block(raw):
    """The same with two buildings behind the doors."""
    shapes = [shapely.box(X, Y + 20, X + 30, Y + 30), shapely.box(X + 31, Y + 20, X + 45, Y + 30)]
    tags = [{"building": "apartments"}, {"building": "apartments"}]
    ids, geometry = np.array(["osm:way/1", "osm:way/2"], dtype=object), np.array(shapes, dtype=object)
    return replace(raw, areas=Features(ids, tags, geometry))


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"id_field": "BBRUUID2"}, "HC0020"),  # another version of the schema
        ({"layer": "GEODKV_Bygninger"}, "HC0020"),
        ({"id_field": "bygningsår"}, "HC0011"),
    ],
)
def test_what_the_register_refuses_is_said_with_its_code_and_what_to_do(changes, said):
    with datafordeler.serving(REGISTERS) as server, pytest.raises(SourceUnavailable, match=said) as refused:
        layers.ask_service(entry("geodanmark.bygning", server, **changes), AREA, ONCE)
    assert "geodanmark.bygning" in str(refused.value) and "\n" not in refused.value.said("da")


def test_a_key_that_is_wrong_or_missing_is_said_as_such(monkeypatch):
    with datafordeler.serving(REGISTERS) as server:
        monkeypatch.setenv("DATAFORDELER_API_KEY", "expired")
        with pytest.raises(SourceUnavailable, match="DATAFORDELER_API_KEY") as refused:
            layers.ask_service(entry("geodanmark.bygning", server), AREA, ONCE)
        assert "expired" not in str(refused.value) and "closed" not in str(refused.value)
        monkeypatch.delenv("DATAFORDELER_API_KEY")
        with pytest.raises(ConfigError, match="DATAFORDELER_API_KEY"):
            layers.ask_service(entry("geodanmark.bygning", server), AREA, ONCE)


def test_half_a_page_and_pages_that_lead_nowhere_are_no_answer():
    def halved(n, status, body):
        return status, body[: len(body) // 2] if n == 2 else body

    def circling(n, status, body):
        told = json.loads(body)
        told["data"]["GEODKV_Bygning"]["pageInfo"] = {"hasNextPage": True, "endCursor": "cm93IDI="}  # row 2
        return status, json.dumps(told).encode()

    with datafordeler.serving(REGISTERS, spoil=halved) as server, pytest.raises(SourceError, match="no JSON"):
        layers.ask_service(entry("geodanmark.bygning", server), AREA, ONCE)
    with (
        datafordeler.serving(REGISTERS, spoil=circling) as server,
        pytest.raises(IncompleteResult, match="not all came"),
    ):
        layers.ask_service(entry("geodanmark.bygning", server), AREA, ONCE)


def test_a_server_that_stumbles_is_asked_again():
    def stumbling(n, status, body):
        return (503, b"busy") if n == 1 else (status, body)

    with datafordeler.serving(REGISTERS, spoil=stumbling) as server:
        patient = Transport(attempts=2, sleep=lambda seconds: None)
        found = layers.ask_service(entry("geodanmark.bygning", server), AREA, patient)
    assert len(found.table) == 5


def test_an_area_without_houses_is_an_empty_layer():
    nowhere = Area(shapely.box(X + 900, Y, X + 950, Y + 50), UTM32)
    with datafordeler.serving(REGISTERS) as server:
        for name in ("geodanmark.bygning", "bbr.enhed"):
            assert len(layers.ask_service(entry(name, server), nowhere, ONCE).table) == 0


# --- closed services ----------------------------------------------------------------------------


def test_no_entry_asks_a_service_that_is_closed():
    assert [name for name, source in CATALOGUE.items() if closed_services.closed(source.endpoint or "")] == []


@pytest.mark.parametrize("status", [401, 404, 410])
def test_a_closed_service_is_told_from_a_wrong_key(monkeypatch, status):
    """Of an own entry that still asks it, whatever it answers; an open one says what it answered."""
    with serving_get(lambda path, params: Reply(status)) as server:
        own = replace(CATALOGUE["aarhus.toilet"], id="own.layer", endpoint=f"{server.address}/BBR", key=None)
        with pytest.raises(SourceUnavailable) as open_one:
            service_check.check_service(own, area=AREA, transport=ONCE)
        gone = {"begins": [server.address], "since": "2026-07-01", "da": "spørg GraphQL", "en": "ask by GraphQL"}
        monkeypatch.setattr(
            closed_services, "closed", lambda address: gone if address.startswith(server.address) else None
        )
        with pytest.raises(SourceUnavailable) as closed_one:
            service_check.check_service(own, area=AREA, transport=ONCE)
    assert "closed" not in str(open_one.value) and str(status) in str(open_one.value)
    assert "closed on 2026-07-01; ask by GraphQL" in str(closed_one.value)
    assert "lukket 2026-07-01; spørg GraphQL" in closed_one.value.said("da")
    assert "2026-07-01" in closed_one.value.said("de")
