"""A network that delays, cuts, corrupts and floods; certificates nobody vouches for; keys that stay where they are."""

from __future__ import annotations

import json
import random
import re
import shutil
import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from spatial.core.errors import SourceError, SourceUnavailable, SpatialError
from spatial.sources import catalogue, http, layers
from spatial.sources.http import Key, Transport
from tests.command import COMMAND, NEAR, boundary, call, town
from tests.hostile.readers import ESTATE
from tests.sources.unruly import Reply, gml, serving, wfs

# Made once for these tests by `openssl req -x509`; it vouches for nothing and opens nothing.
SELF_SIGNED = Path(__file__).parents[1] / "data" / "self_signed.pem"
KEY = "Zx9-marked-key-7Qp"
X, Y = ESTATE.boundary.centroid.x, ESTATE.boundary.centroid.y
POINTS = [(i, X + i, Y) for i in range(40)]
Bend = Callable[[bytes, socket.socket], None]


@contextmanager
def bent(port: int, bend: Bend) -> Iterator[str]:
    """A proxy before a server on loopback: what the server answers is passed on as ``bend`` does it."""
    door = socket.create_server(("127.0.0.1", 0))
    door.settimeout(0.1)
    open_ = threading.Event()

    def pass_on(client: socket.socket) -> None:
        with suppress(OSError), client, socket.create_connection(("127.0.0.1", port)) as server:
            client.settimeout(20)
            asked = b""
            while b"\r\n\r\n" not in asked:
                piece = client.recv(65536)
                if not piece:
                    return
                asked += piece
            server.sendall(re.sub(rb"(?i)connection: keep-alive", b"Connection: close", asked))
            server.shutdown(socket.SHUT_WR)
            answer = b""
            while piece := server.recv(65536):
                answer += piece
            bend(answer, client)  # until who asked has had enough

    def serve() -> None:
        while not open_.is_set():
            try:
                client, _ = door.accept()
            except TimeoutError:
                continue
            except OSError:
                return  # the door was closed
            threading.Thread(target=pass_on, args=(client,), daemon=True).start()

    threading.Thread(target=serve, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{door.getsockname()[1]}"
    finally:
        open_.set()
        door.close()


def delays(answer: bytes, client: socket.socket) -> None:
    """Each piece comes after a while."""
    for i in range(0, len(answer), 2000):
        time.sleep(0.02)
        client.sendall(answer[i : i + 2000])


def hangs(answer: bytes, client: socket.socket) -> None:
    """Half of it comes, and the rest never."""
    client.sendall(answer[: len(answer) // 2])
    time.sleep(3)


def cuts(answer: bytes, client: socket.socket) -> None:
    """Half of it comes, and the line is dead."""
    client.sendall(answer[: len(answer) // 2])


def resets(answer: bytes, client: socket.socket) -> None:
    """The line is torn down at once."""
    client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")


def floods(answer: bytes, client: socket.socket) -> None:
    """It never ends."""
    client.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: text/xml\r\n\r\n")
    while True:
        client.sendall(b" " * 65536)


def floods_heads(answer: bytes, client: socket.socket) -> None:
    """The heads of the answer never end."""
    client.sendall(b"HTTP/1.1 200 OK\r\n")
    while True:
        client.sendall(b"X-Much: " + b"x" * 4000 + b"\r\n")


def swells(answer: bytes, client: socket.socket) -> None:
    """A small packed answer unfolds to gigabytes."""
    import zlib

    squeezer = zlib.compressobj(9, zlib.DEFLATED, 31)
    body = b"".join(squeezer.compress(b" " * 50_000_000) for _ in range(15)) + squeezer.flush()
    head = f"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: {len(body)}\r\n\r\n"
    client.sendall(head.encode() + body)


def garbage(answer: bytes, client: socket.socket) -> None:
    """What comes is no HTTP."""
    client.sendall(random.Random(1).randbytes(5000))


def page(params: dict[str, str]) -> Reply:
    start, count = int(params.get("startindex", 0)), int(params.get("count", 1000))
    return Reply(body=gml(POINTS[start : start + count], len(POINTS)), kind="text/xml")


def asked_through(address: str):
    known = catalogue.load()["kk.legeplads"]
    source = replace(known, endpoint=f"{address}/ows", version="2.0.0", format=None)
    quick = Transport(connect_s=2, read_s=1, whole_s=4, attempts=2, sleep=lambda seconds: None)
    return layers.read_layer(source.id, ESTATE, catalogue=catalogue.Catalogue({source.id: source}), transport=quick)


@pytest.mark.parametrize("bend", [hangs, cuts, resets, floods, floods_heads, swells, garbage])
def test_a_bad_line_is_one_clear_error_in_bounded_time(bend, monkeypatch):
    monkeypatch.setattr(http, "MAX_BYTES", 20 << 20)
    with serving(wfs(page)) as server, bent(server.server_port, bend) as address:
        begun = time.monotonic()
        with pytest.raises(SourceError) as caught:
            asked_through(address)
        assert time.monotonic() - begun < 60
    assert "\n" not in str(caught.value) and "127.0.0.1" in str(caught.value)


def test_a_slow_line_is_as_good_as_a_fast_one():
    with serving(wfs(page)) as server:
        straight = asked_through(server.address)
        with bent(server.server_port, delays) as address:
            slow = asked_through(address)
    assert slow.points.ids.tolist() == straight.points.ids.tolist()
    assert len(slow.points.ids) == len(POINTS)


@pytest.mark.parametrize("seed", range(12))
def test_a_line_that_corrupts_gives_an_error_or_whole_features(seed):
    """Some bytes of the body change. What is not noticed are other digits: for that there is https."""
    draw = random.Random(seed)

    def corrupts(answer: bytes, client: socket.socket) -> None:
        head, _, body = answer.partition(b"\r\n\r\n")
        changed = bytearray(body)
        for _ in range(draw.randint(1, 6)):
            changed[draw.randrange(len(changed))] = draw.randrange(256)
        client.sendall(head + b"\r\n\r\n" + bytes(changed))

    with serving(wfs(page)) as server, bent(server.server_port, corrupts) as address:
        try:
            found = asked_through(address)
        except SpatialError as error:
            assert "\n" not in str(error)
        else:
            assert len(found.points.ids) <= len(POINTS)


# --- who is asked ---


@contextmanager
def https() -> Iterator[tuple[str, list[str]]]:
    """A server whose certificate nobody vouches for; the requests that reached it."""
    reached: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            reached.append(self.path)
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(SELF_SIGNED)
    server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    server.handle_error = lambda *_: None  # type: ignore[method-assign]
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
    try:
        yield f"https://127.0.0.1:{server.server_port}", reached
    finally:
        server.shutdown()
        server.server_close()


def test_a_certificate_that_nobody_vouches_for_is_refused_before_anything_is_said(monkeypatch):
    monkeypatch.setenv("MARKED_KEY", KEY)
    monkeypatch.delenv("REQUESTS_CA_BUNDLE", raising=False)
    with https() as (address, reached):
        with pytest.raises(SourceUnavailable, match="no valid certificate") as caught:
            Transport(attempts=1).get(f"{address}/x", key=Key("MARKED_KEY", "apikey"))
        assert reached == [] and KEY not in str(caught.value)
        # The server itself works: who trusts its certificate gets an answer.
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(SELF_SIGNED))
        assert Transport(attempts=1).get(f"{address}/x").body == b""
        assert reached == ["/x"]


def test_certificates_are_checked_everywhere():
    code = Path(__file__).parents[2] / "spatial"
    for path in code.rglob("*.py"):
        text = path.read_text(encoding="utf-8")
        assert not re.search(r"verify\s*=\s*False|CERT_NONE|_create_unverified|UNSAFESSL", text), path


def test_a_file_cannot_make_us_ask_a_server(tmp_path):
    """GDAL follows what a virtual file names; a file that somebody sent is not one we follow."""
    from tests.hostile.readers import READERS

    with serving(lambda path, params: Reply(body=b"{}")) as server:
        link = f"/vsicurl/{server.address}/x.geojson"
        wild = {
            "a.geojson": f"<OGRVRTDataSource><OGRVRTLayer name='x'><SrcDataSource>{link}</SrcDataSource></OGRVRTLayer>"
            "</OGRVRTDataSource>",
            "b.vrt": f"<OGRVRTDataSource><OGRVRTLayer name='x'><SrcDataSource>{link}</SrcDataSource></OGRVRTLayer>"
            "</OGRVRTDataSource>",
            "c.geojson": f"<OGRWFSDataSource><URL>{server.address}/</URL></OGRWFSDataSource>",
            "d.json": json.dumps({"type": "gdal_streamed_alg", "command_line": f"gdal vector read {link}"}),
        }
        for name, text in wild.items():
            (tmp_path / name).write_text(text)
            for reader in ("boundary", "layer", "plan"):
                with pytest.raises(SpatialError):
                    READERS[reader](tmp_path / name)
        cells = f"<SimpleSource><SourceFilename>/vsicurl/{server.address}/x.tif</SourceFilename></SimpleSource>"
        (tmp_path / "e.vrt").write_text(
            f'<VRTDataset rasterXSize="900" rasterYSize="900"><SRS>EPSG:25832</SRS><GeoTransform>{X - 450}, 1, 0, '
            f'{Y + 450}, 0, -1</GeoTransform><VRTRasterBand dataType="Float32" band="1">{cells}</VRTRasterBand>'
            "</VRTDataset>"
        )
        with pytest.raises(SpatialError):
            READERS["terrain"](tmp_path / "e.vrt")
        assert server.asked == []


# --- keys ---


def catalogue_of(folder: Path, address: str) -> Path:
    path = folder / "sources.toml"
    path.write_text(
        '[source."my.layer"]\ntitle = { da = "x", en = "y" }\nprotocol = "geojson"\nlicence = "CC0"\n'
        f'attribution = "me"\nendpoint = "{address}/layer.geojson"\ntags = "leisure=playground"\n'
        'key = "MARKED_KEY"\nkey_parameter = "apikey"\n'
    )
    return path


def everything(folder: Path) -> Iterator[tuple[Path, bytes]]:
    for path in folder.rglob("*"):
        if path.is_file():
            yield path, path.read_bytes()


@pytest.mark.parametrize("trouble", [None, 403, 500])
def test_a_marked_key_is_in_no_output_log_or_cache(trouble, tmp_path, monkeypatch, caplog):
    layer = boundary(tmp_path / "layer.json").read_bytes()

    def answer(path: str, params: dict[str, str]) -> Reply:
        echoed = f"the key {params.get('apikey')} is bad".encode()
        return Reply(body=layer) if trouble is None else Reply(status=trouble, body=echoed, kind="text/plain")

    monkeypatch.setenv("MARKED_KEY", KEY)
    monkeypatch.setenv("FAELLESRUM_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(http, "ATTEMPTS", 1)
    area, extract = boundary(tmp_path / "estate.geojson"), town(tmp_path / "town.osm")
    with serving(answer) as server, caplog.at_level("DEBUG"):
        monkeypatch.setenv("FAELLESRUM_SOURCES", str(catalogue_of(tmp_path, server.address)))
        monkeypatch.setattr(Transport.__init__, "__kwdefaults__", {**Transport.__init__.__kwdefaults__, "attempts": 1})
        given = ("--boundary", area, "--osm", extract, "--layer", "my.layer", *NEAR)
        said = [
            call("--debug", "run", *given, "--out", tmp_path / "out"),
            call("--debug", "fetch", *given, "--out", tmp_path / "frozen"),
            call("--debug", "sources", "check", "my.layer"),
        ]
        assert any(params.get("apikey") == KEY for _, params, _ in server.asked), "the service gets it"
    assert (said[0].code == 0) is (trouble is None), said[0].err
    for one in said:
        assert KEY not in one.out + one.err
    assert KEY not in caplog.text
    met = 0
    for path, content in everything(tmp_path):
        met += 1
        assert KEY.encode() not in content, path
    assert met > (20 if trouble is None else 3)


# --- offline ---


@pytest.mark.integration
def test_a_run_offline_opens_no_connection_whatever_the_library(tmp_path):
    """As the kernel sees it: no socket to the internet is connected or written to by any process of the run."""
    if shutil.which("strace") is None:
        pytest.fail("strace is not installed: make integration installs it")
    area, extract = boundary(tmp_path / "estate.geojson"), town(tmp_path / "town.osm")
    log = tmp_path / "calls"
    given = ["--boundary", area, "--osm", extract, *map(str, NEAR), "--offline", "--out", tmp_path / "out"]
    done = subprocess.run(
        ["strace", "-f", "-e", "trace=connect,sendto,sendmsg", "-o", log, COMMAND, "run", *given],
        capture_output=True, text=True, timeout=500,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    calls = log.read_text()
    assert not re.search(r"AF_INET6?", calls), calls[:2000]
    assert "exited with 0" in calls
