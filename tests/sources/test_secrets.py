"""No login, key or other secret of an address in any file, line or log, whatever a service does with it."""

from __future__ import annotations

import gzip
import json
import logging
import sqlite3
import ssl
import subprocess
import sys
import zipfile
from contextlib import closing
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread
from urllib.parse import quote

import pytest
import shapely
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st
from pyproj import CRS

from spatial.cli.commands.sources import command as sources
from spatial.core.addresses import remember_address, secrets_of, shown_address, without_secrets
from spatial.core.errors import SourceUnavailable, SpatialError
from spatial.sources.catalogue import load
from spatial.sources.http import Transport
from spatial.sources.protocol import Area
from spatial.sources.protocols import postgis
from tests.sources.unruly import Reply, serving, told

DATA = Path(__file__).parents[1] / "data"
ESTATE, TOWN = DATA / "osm" / "estate.geojson", DATA / "osm" / "control.osm"
LOGIN = "bobby:S3CRET/PW+ø"
VALUES = ("SIGSECRET", "SASSECRET", "AUTHSECRET", "TICKSECRET", "TOKSECRET", "PLAINSECRET", "FRAGSECRET", "ANYSECRET")
SECRETS = ("bobby", "S3CRET", *VALUES, "LOCSECRET", "PARAMSECRET", "LOCUSER")
QUERY = "signature={}&sig={}&authkey={}&ticket={}&token={}&{}&other={}#{}".format(*VALUES[:6], VALUES[7], VALUES[6])
LOCATION = "http://LOCUSER:LOCSECRET@127.0.0.2:9/y?token=LOCSECRET"
ENTRY = """
[source."my.bench"]
title = {{ da = "Bænke", en = "Benches" }}
protocol = "{protocol}"
endpoint = "{endpoint}"
layer = "k101:legeplads"
licence = "x"
attribution = "x"
tags = "amenity=bench"
parameters = {{ subscription = "PARAMSECRET" }}
"""
BENCH = {
    "type": "FeatureCollection",
    "features": [
        {"type": "Feature", "properties": {}, "geometry": {"type": "Point", "coordinates": [12.3502, 55.6602]}}
    ],
}
ECHO = " ".join([*LOGIN.split(":"), *VALUES, "PARAMSECRET", quote(LOGIN, safe=":"), QUERY]).encode()
ANSWERS = {
    "bench": lambda: told(BENCH),
    "404": lambda: Reply(404, b"no " + ECHO, "text/plain"),
    "500": lambda: Reply(500, b"<html><p>" + ECHO + b"</p></html>", "text/html"),
    "sent on": lambda: Reply(302, headers={"Location": LOCATION}),
    "page": lambda: Reply(body=b"<html><title>" + ECHO + b"</title></html>", kind="text/html"),
    "refused": lambda: Reply(body=b"<ServiceException>" + ECHO + b"</ServiceException>", kind="text/xml"),
    "json": lambda: told({"error": {"message": ECHO.decode()}}),
}


def address_of(server, path="/x.geojson"):
    return f"http://{quote(LOGIN, safe=':')}@{server.address.removeprefix('http://')}{path}?{QUERY}"


def secrets_in(text):
    forms = [form for secret in SECRETS for form in (secret, secret.lower(), quote(secret))]
    return sorted({form for form in forms if form in text})


def everything(folder):
    """All bytes below a folder: files, their names, what is packed in them, and databases by cell."""
    texts = []
    for path in (path for path in folder.rglob("*") if path.is_file()):
        raw = path.read_bytes()
        texts += [str(path.relative_to(folder)), raw.decode("utf-8", "replace")]
        if zipfile.is_zipfile(path):
            with zipfile.ZipFile(path) as packed:
                texts += [packed.read(name).decode("utf-8", "replace") for name in packed.namelist()]
        if raw[:2] == b"\x1f\x8b":
            texts.append(gzip.decompress(raw).decode("utf-8", "replace"))
        if raw[:6] == b"SQLite":
            with closing(sqlite3.connect(path)) as database:
                names = [n for (n,) in database.execute("select name from sqlite_master where type='table'")]
                texts += [str(row) for n in names for row in database.execute(f'select * from "{n}"')]
    return "\n".join(texts)


def called(tmp_path, *args, **environment):
    """A command in a process of its own, with all its streams."""
    folder = str(Path(__file__).parents[2])
    done = subprocess.run(
        [sys.executable, "-c", "from spatial.cli.main import main; main()", *map(str, args)],
        capture_output=True,
        text=True,
        check=False,
        env={
            "PATH": "/usr/bin:/bin",
            "HOME": str(tmp_path / "home"),
            "PYTHONPATH": folder,
            "FAELLESRUM_CACHE": str(tmp_path / "cache"),
            "FAELLESRUM_SOURCES": str(tmp_path / "my.toml"),
            "CPL_DEBUG": "ON",
            "CPL_CURL_VERBOSE": "YES",
            **environment,
        },
    )
    return done.returncode, done.stdout + done.stderr


def entry(tmp_path, endpoint, protocol="geojson"):
    (tmp_path / "my.toml").write_text(ENTRY.format(protocol=protocol, endpoint=endpoint), encoding="utf-8")


@pytest.mark.parametrize("command", ["run", "fetch"])
def test_a_run_with_a_layer_behind_a_login_tells_of_host_and_path_alone(tmp_path, command):
    out = tmp_path / "out"
    with serving(lambda path, params: told(BENCH)) as server:
        entry(tmp_path, address_of(server))
        town = ["--boundary", ESTATE, "--osm", TOWN]
        code, said = called(tmp_path, "--debug", command, *town, "--layer", "my.bench", "--out", out)
        assert code == 0, said
        shown = f"{server.address}/x.geojson"
        asked = server.asked
    assert asked[0][1]["sig"] == "SASSECRET" and asked[0][1]["subscription"] == "PARAMSECRET"
    assert asked[0][2]["authorization"].startswith("Basic ")
    written = everything(tmp_path / "out") + everything(tmp_path / "home" if (tmp_path / "home").exists() else out)
    assert shown in written
    assert not secrets_in(written) and not secrets_in(said)
    assert asked[0][2]["authorization"].removeprefix("Basic ") not in written + said


@pytest.mark.parametrize(
    ("protocol", "answer"),
    [("geojson", answer) for answer in ANSWERS]
    + [(protocol, "404") for protocol in ("wfs", "arcgis", "ogcapi")]
    + [(protocol, answer) for protocol in ("wfs", "sql", "ckan", "wcs") for answer in ("refused", "page", "json")],
)
def test_a_service_that_tells_our_secrets_back_is_not_quoted(tmp_path, answer, protocol):
    with serving(lambda path, params: ANSWERS[answer]()) as server:
        entry(tmp_path, address_of(server), protocol)
        args = ["check", "my.bench", "--json", "--catalogue", str(tmp_path / "my.toml")]
        done = CliRunner().invoke(sources, args)
        assert done.exception is None or isinstance(done.exception, SpatialError), done.exception
        assert not secrets_in(done.output + str(done.exception)), done.output + str(done.exception)
        assert server.asked


@pytest.mark.parametrize("reply", [Reply(body=b"x", pause_s=1), Reply(body=b"x" * 99, stop_after=3), Reply(429)])
def test_a_service_that_does_not_answer(caplog, reply):
    caplog.set_level(logging.DEBUG)
    with serving(lambda path, params: reply) as server, pytest.raises(SourceUnavailable) as caught:
        Transport(read_s=0.3, attempts=2, sleep=lambda seconds: None).get(address_of(server))
    error: BaseException | None = caught.value
    while error is not None:
        assert not secrets_in(repr(error) + str(error))
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    assert not secrets_in(caplog.text)


@pytest.mark.parametrize("lang", ["da", "en"])
@pytest.mark.parametrize("answer", ["404", "sent on"])
def test_the_command_says_what_failed_and_no_secret(tmp_path, lang, answer):
    with serving(lambda path, params: ANSWERS[answer]()) as server:
        entry(tmp_path, address_of(server))
        code, said = called(tmp_path, "--debug", "sources", "check", "my.bench", "--lang", lang)
    assert code == 1 and "127.0.0.1/x.geojson" in said
    assert not secrets_in(said), said


def test_show_and_list_tell_the_address_alone(tmp_path):
    entry(tmp_path, f"https://{LOGIN}@host.example/x?{QUERY}")
    for args in (["show", "my.bench"], ["show", "my.bench", "--json"], ["list", "--json"]):
        code, said = called(tmp_path, "sources", *args)
        assert code == 0 and "my.bench" in said and not secrets_in(said)
    assert json.loads(called(tmp_path, "sources", "show", "my.bench", "--json")[1])["endpoint"].startswith("https://")


def test_a_certificate_that_is_not_trusted(tmp_path):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(DATA / "self_signed.pem")
    server = HTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    Thread(target=server.serve_forever, daemon=True).start()
    entry(tmp_path, f"https://{quote(LOGIN, safe=':')}@127.0.0.1:{server.server_port}/x?{QUERY}")
    code, said = called(tmp_path, "--debug", "sources", "check", "my.bench", "--lang", "en")
    server.shutdown()
    server.server_close()
    assert code == 1 and "certificate" in said and not secrets_in(said)


@pytest.mark.parametrize(
    "args",
    [
        ["run", "--boundary", ESTATE, "--osm", "URL", "--out", "o"],
        ["run", "--boundary", "URL", "--osm", TOWN, "--out", "o"],
        ["run", "--boundary", ESTATE, "--osm", TOWN, "--terrain", "URL", "--out", "o"],
        ["run", "--boundary", ESTATE, "--osm", TOWN, "--layer", "my.bench=URL", "--out", "o"],
        ["sources", "show", "my.bench", "--catalogue", "URL"],
        ["sources", "show", "URL"],
        ["observe", "URL", "URL"],
    ],
)  # fmt: skip
def test_an_address_in_the_place_of_a_file(tmp_path, args):
    address = f"http://{LOGIN.replace('/', '')}@127.0.0.1:9/x.osm.pbf?{QUERY}"
    entry(tmp_path, "https://host.example/x")
    place = [str(one).replace("URL", address) if one != "o" else tmp_path / "o" for one in args]
    code, said = called(tmp_path, "--debug", *place)
    assert code != 0 and not secrets_in(said), said


def test_overpass_with_a_login_and_a_key(tmp_path):
    with serving(lambda path, params: ANSWERS["404"]()) as server:
        code, said = called(
            tmp_path, "--debug", "run", "--boundary", DATA / "osm" / "estate.geojson", "--osm", "overpass", "--out",
            tmp_path / "o", "--lang", "en", FAELLESRUM_OVERPASS_URL=address_of(server, "/api/interpreter"),
        )  # fmt: skip
    paths = {path for path, _, _ in server.asked}
    assert code == 1 and paths <= {"/api/status", "/api/interpreter"} and "127.0.0.1" in said
    assert not secrets_in(said) and not secrets_in(everything(tmp_path / "cache"))


@pytest.mark.parametrize("address", ["postgresql://bobby:S3CRET%2FPW@127.0.0.1:9/fkg?sslpassword=TOKSECRET"])
def test_a_database_that_cannot_be_reached(tmp_path, address, monkeypatch):
    monkeypatch.setenv("TEST_DB", address)
    path = tmp_path / "my.toml"
    path.write_text(ENTRY.format(protocol="postgis", endpoint=address).replace("parameters", 'key = "TEST_DB"\n#'))
    source = load(path)["my.bench"]
    with pytest.raises(SourceUnavailable, match=r"\(postgresql://127\.0\.0\.1:9/fkg\)") as caught:
        postgis.fetch(source, Area(shapely.box(0, 0, 1, 1), CRS.from_epsg(25832)))
    assert not secrets_in(str(caught.value) + caught.value.said("da"))


# --- the law ---

WORD = st.text(st.sampled_from("abcdefghijkXYZ0123456789-._~!$%+ ø@:/?#&="), min_size=4, max_size=12)


@given(user=WORD, password=WORD, name=WORD, value=WORD, fragment=WORD)
def test_what_is_shown_of_an_address_is_without_its_secrets(user, password, name, value, fragment):
    user, password, name, value, fragment = (quote(one, safe="") for one in (user, password, name, value, fragment))
    address = f"https://{user}:{password}@host.example:8443/wfs/path?{name}={value}#{fragment}"
    assert shown_address(address) == "https://host.example:8443/wfs/path"
    said = without_secrets(f"{address} {user} says {password}; {value}, {fragment}", secrets_of(address))
    known = "https://host.example:8443/wfs/path says ***"
    assert not [secret for secret in (user, password, value, fragment) if secret in said and secret not in known]


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("https://u:p@ss@h.dk/x", "https://h.dk/x"),
        ("https://u:pa/ss@h.dk/x", "https://***"),
        ("https://u:pa?ss@h.dk/x", "https://***"),
        ("//u:p@h.dk/x?y", "//h.dk/x"),
        ("http:/u:p@h.dk/x?y", "http:/h.dk/x"),
        ("https://h.dk/x;jsessionid=ABC/y", "https://h.dk/x/y"),
        ("https://h.dk", "https://h.dk"),
        ("https://[::1]:80/x?y", "https://[::1]:80/x"),
        ("host=h user=u password='a b'", "***"),
        ("postgresql:///fkg?password=x", "postgresql:///fkg"),
        ("data/counts.csv", "data/counts.csv"),
        ("C:\\data\\counts.csv", "C:\\data\\counts.csv"),
        ("", ""),
    ],
)
def test_on_paper(address, shown):
    assert shown_address(address) == shown


KEY = "Hemmelig42"
SAID = [
    f"https://u:{KEY}@h.dk/x", f"https://{KEY}@h.dk/x", f"https://u:p%40{KEY}@[::1]:80/x", f"HTTPS://U:{KEY}@H.DK/x",
    f"https://user%3A{KEY}@h.dk/x", f"wss://u:{KEY}@h", f"ftp://u:{KEY}@h/x", f"s3://AK:{KEY}@bucket/x",
    f"https://h.dk/x?sv=2020&se=2025&sr=b&sp=r&sig={KEY}%3D", f"https://h.dk/x?X-Amz-Signature={KEY}",
    f"https://h.dk/x?url=https%3A%2F%2Fu%3A{KEY}%40h", f"https://h.dk/x?{KEY}", f"https://h.dk/x?foo[{KEY}]=1",
    f"https://h/x?a='{KEY}'", f"https://h.dk/x#access_token={KEY}", f"https://h.dk/x;jsessionid={KEY}?a=1",
    f"http_proxy=http://u:{KEY}@proxy:3128", f"ProxyError('http://u:{KEY}@proxy:3128')", f"/vsicurl/https://u:{KEY}@h/x",
    f"WFS:https://h/x?token={KEY}", f"PG:host=h password='{KEY} x' user=u", f"postgresql://u:{KEY}@h/db",
    f"HTTPConnectionPool(host='h'): Max retries exceeded with url: /x?sig={KEY}", f"url: /wfs?service=WFS&ticket={KEY}",
    f"Authorization: Basic {KEY}==", f"authorization: Bearer {KEY}", f"Cookie: session={KEY}", f"X-Api-Key: {KEY}",
    f'{{"token": "{KEY}"}}', f'{{"error": {{"password": "{KEY}", "code": 1}}}}', f"access_token: {KEY}",
]  # fmt: skip


@pytest.mark.parametrize("said", SAID)
def test_what_others_say_of_a_secret_is_not_said_on(said):
    """It was not read by us: only the form tells it."""
    assert KEY not in without_secrets(said)


def test_words_that_are_no_secrets_stay():
    for said in (
        "the password is needed",
        "key of the layer: kk.bench",
        "a ticket for 20 kr.",
        "C:\\data\\x.csv",
        "12:30",
    ):
        assert without_secrets(said) == said


def test_a_secret_that_was_read_is_taken_out_of_what_is_said_later():
    remember_address("https://karla:Fynsk%20Sommer@h.dk/x?sig=q1w2e3r4#z")
    said = without_secrets("karla / Fynsk Sommer / Fynsk%20Sommer / Fynsk+Sommer / sig q1w2e3r4 / a karlakarla")
    assert said == "*** / *** / *** / *** / sig *** / a karlakarla"
