"""A local proxy between GDAL's clients and a service, so that one HTTP client asks for all.

So the transport's rules hold for GDAL too: its patience, its hosts, its silence about keys. GDAL
never sees a key, and what went wrong on any page is known, where GDAL would go on with what it has.
"""

from __future__ import annotations

import hashlib
import json
import logging
import re
import secrets
import subprocess
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import geopandas as gpd
import pyarrow as pa
import shapely

from spatial.core import parallel
from spatial.core.addresses import without_secrets
from spatial.core.errors import IncompleteResult, SourceError, SourceFormatError, SourceUnavailable, SpatialError
from spatial.core.files import scratch_folder, sha256_of_bytes
from spatial.core.messages import Phrase, phrase
from spatial.sources import service_answers
from spatial.sources.http import Key, Transport

log = logging.getLogger(__name__)

WHOLE_READ_S = 900.0
LOOPBACK = "127.0.0.1"
NEAR_LAYERS = 5
START = re.compile(r"(?i)[?&](?:startindex|offset|resultoffset)=(\d+)")
# GDAL: no patience of its own, no proxy but here, every page asked for, nothing broken passed over.
CONFIG = {
    "GDAL_HTTP_MAX_RETRY": "0",
    "GDAL_HTTP_TIMEOUT": str(int(WHOLE_READ_S)),
    "GDAL_HTTP_NETRC": "NO",
    "OGR_WFS_PAGING_ALLOWED": "ON",
    "OGR_WFS_LOAD_MULTIPLE_LAYER_DEFN": "NO",
    "GML_SKIP_CORRUPTED_FEATURES": "NO",
    "CPL_CURL_VERBOSE": "NO",
}


@dataclass
class Relay:
    """A door on this machine to one service; see the module. Used as a context manager.

    ``data`` is what marks a request for features: an error there makes the result incomplete,
    elsewhere it is GDAL trying what a service may lack. Each of ``boxes`` is what is added to such
    requests at one address, so that GDAL reads a layer that holds just what lies in the box:
    it drops nothing itself, and what it reads can be compared with what was announced.
    ``pages`` are the answers by box and question.
    """

    endpoint: str
    transport: Transport
    data: str
    boxes: Sequence[Mapping[str, str]] = ({},)
    key: Key | None = None
    pages: dict[tuple[int, str], service_answers.Counts] = field(default_factory=dict)
    errors: list[SpatialError] = field(default_factory=list)
    fatal: SpatialError | None = None
    digest: Any = field(default_factory=hashlib.sha256)
    retrieved_at: str | None = None

    def __enter__(self) -> Relay:
        self._secret = secrets.token_hex(8)
        self._seen: dict[tuple[int, str], int] = {}
        self._lock = threading.Lock()
        relay = self

        class Handler(_Handler):
            door = relay

        self._server = ThreadingHTTPServer((LOOPBACK, 0), Handler)
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    @property
    def port(self) -> int:
        """Port on the loopback address."""
        return int(self._server.server_address[1])

    def root(self, box: int) -> str:
        """What stands here for the service's scheme and host, where one box is asked for."""
        return f"http://{LOOPBACK}:{self.port}/{self._secret}/{box}"

    def address(self, box: int = 0) -> str:
        """What stands here for the endpoint, where one box is asked for."""
        return self.root(box) + urlsplit(self.endpoint).path.rstrip("/")

    def answer(self, target: str) -> tuple[int, str, bytes]:
        """Ask the service for what GDAL asks here; status, type and body of what GDAL is told."""
        own = re.fullmatch(rf"(?:http://{LOOPBACK}:{self.port})?/{self._secret}/(\d+)((?:[/?].*)?)", target)
        if own is None:
            return self._failed(self._stray(target), is_data=True)
        box, path = int(own[1]), own[2] or "/"
        is_data = self.data in path.lower()
        if self.fatal is not None:
            return 503, "text/plain", b"stopped"
        parts = urlsplit(self.endpoint)
        try:
            asked = _added(path, dict(parse_qsl(parts.query)) | dict(self.boxes[box] if is_data else {}))
            found = self.transport.get(f"{parts.scheme}://{parts.netloc}{asked}", key=self.key)
            service_answers.check_answer(found.body, parts.hostname or self.endpoint)
            if is_data:
                self._page(box, path, found.body)
        except SpatialError as error:
            return self._failed(error, is_data=is_data)
        self.retrieved_at = found.retrieved_at
        return 200, found.content_type, service_answers.relink_pages(found.body, self._links(box))

    def _links(self, box: int) -> dict[str, str]:
        host = urlsplit(self.endpoint).netloc.rpartition("@")[2]
        name = urlsplit(self.endpoint).hostname or host
        return {f"{scheme}://{at}/": f"{self.root(box)}/" for at in (host, name) for scheme in ("https", "http")}

    def _page(self, box: int, path: str, body: bytes) -> None:
        found = service_answers.feature_counts(body)
        digest = sha256_of_bytes(body)
        with self._lock:
            start = START.search(path)
            first = self._seen.setdefault((box, digest), 0 if start is None else int(start[1]))
            if found.returned != 0 and start is not None and int(start[1]) != first:
                raise IncompleteResult("relay.same_page", name=urlsplit(self.endpoint).hostname)
            self.pages[(box, path)] = found
            self.digest.update(body)

    def _stray(self, target: str) -> SourceError:
        host = urlsplit(target if "//" in target else f"//{target}").hostname
        return SourceUnavailable("relay.sent_on", name=urlsplit(self.endpoint).hostname, to=host)

    def _failed(self, error: SpatialError, *, is_data: bool) -> tuple[int, str, bytes]:
        with self._lock:
            self.errors.append(error)
            if is_data and self.fatal is None:
                self.fatal = error
        return 404, "text/plain", b"not available"


def _added(path: str, params: Mapping[str, str]) -> str:
    """The request with parameters added that it does not have yet."""
    has = {name.lower() for name, _ in parse_qsl(urlsplit(path).query, keep_blank_values=True)}
    missing = {name: value for name, value in params.items() if name.lower() not in has}
    return f"{path}{'&' if '?' in path else '?'}{urlencode(missing, safe=':,/')}" if missing else path


class _Handler(BaseHTTPRequestHandler):
    door: Relay

    def do_GET(self) -> None:
        status, kind, body = self.door.answer(self.path)
        self._reply(status, kind, body)

    def do_HEAD(self) -> None:
        self._reply(405, "text/plain", b"")

    def do_CONNECT(self) -> None:
        self._reply(*self.door.answer(self.path))

    def _reply(self, status: int, kind: str, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind or "application/octet-stream")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        """Stay silent: a request line may hold anything."""


def read(
    relay: Relay,
    connection: Callable[[str], str],
    *,
    layer: str | None,
    options: Mapping[str, str] | None = None,
    config: Mapping[str, str] | None = None,
    limit: int | None = None,
) -> list[gpd.GeoDataFrame]:
    """Read a layer by GDAL through a relay, a table for each of the relay's boxes.

    Parameters
    ----------
    connection
        What GDAL opens, by the address that stands for the endpoint.
    layer
        Its name with or without prefix; None for the only one.
    limit
        Greatest number of rows of a table.

    Raises
    ------
    SourceError
        What went wrong on any page, or between GDAL and us.
    """
    name = urlsplit(relay.endpoint).hostname or relay.endpoint
    with scratch_folder() as folder:
        outs = [folder / f"{i}.arrow" for i in range(len(relay.boxes))]
        job = {
            "connections": [connection(relay.address(i)) for i in range(len(relay.boxes))],
            "layer": layer,
            "options": dict(options or {}),
            "config": {**CONFIG, "GDAL_HTTP_PROXY": f"http://{LOOPBACK}:{relay.port}", **(config or {})},
            "limit": limit,
            "outs": [str(out) for out in outs],
        }
        told = _run(job, relay)
        if relay.fatal is not None:
            raise relay.fatal
        if "error" in told:
            if relay.errors:
                raise relay.errors[0]
            raise _cannot(name, told, layer)
        return [_table(out, **about) for out, about in zip(outs, told["tables"], strict=True)]


def _table(path: Path, *, geometry: str, crs: str | None) -> gpd.GeoDataFrame:
    with pa.OSFile(str(path)) as file:
        frame = pa.ipc.open_file(file).read_all().to_pandas()
    shapes = shapely.from_wkb(frame.pop(geometry).to_numpy())
    return gpd.GeoDataFrame(frame, geometry=shapes, crs=crs)


def _run(job: Mapping[str, Any], relay: Relay) -> dict[str, Any]:
    name = urlsplit(relay.endpoint).hostname
    try:
        done = subprocess.run(
            parallel.child_command("spatial.sources.gdal_process"),
            input=json.dumps(job),
            capture_output=True,
            text=True,
            timeout=WHOLE_READ_S,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise SourceUnavailable("relay.too_long", name=name, most_s=WHOLE_READ_S) from None
    for line in done.stderr.splitlines():
        log.debug("gdal: %s", without_secrets(line))
    try:
        told: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    except (ValueError, IndexError):
        return {"error": "", "status": done.returncode}
    return told


def _cannot(name: str, told: Mapping[str, Any], layer: str | None) -> SourceFormatError:
    layers = told.get("layers")
    if layers is None:
        said = (
            phrase("relay.ended", status=told["status"])
            if "status" in told
            else Phrase(without_secrets(str(told["error"])), {})
        )
        return SourceFormatError("relay.unreadable", name=name, cause=said)
    word = (layer or "").rpartition(":")[2].lower()
    near = [n for n in layers if word and (word in n.lower() or n.rpartition(":")[2].lower() in word)] or list(layers)
    return SourceFormatError("relay.no_layer", name=name, layer=layer, n=len(layers), near=near[:NEAR_LAYERS])
