"""A server on loopback that speaks Overpass's dialect, over a real extract, and misbehaves when told to.

It understands queries such as ``node["key"="value"];`` in a union within ``[bbox:…]``, with all that they are made of
(``(._;>;);``) and JSON as output. What it serves is what the extract holds, no more.
"""

from __future__ import annotations

import json
import re
import socket
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import numpy as np
import osmium
import shapely

OSM_BASE = "2026-11-20T10:11:12Z"
STATUS_HEAD = "Connected as: 2130706433\nCurrent time: 2026-11-20T10:11:13Z\nAnnounced endpoint: none\n"
FREE = (
    STATUS_HEAD
    + "Rate limit: 2\n2 slots available now.\nCurrently running queries (pid, space limit, time limit, start time):\n"
)
QUERY = re.compile(
    r"\[out:json\]\[timeout:\d+\]\[maxsize:\d+\]\[bbox:([-\d.,]+)\];\s*\((.*)\);\s*\(\._;>;\);\s*out;", re.DOTALL
)
STATEMENT = re.compile(r'\s*(node|way|relation)((?:\["[^"]+"(?:="[^"]*")?\])+);\s*')
FILTER = re.compile(r'\["([^"]+)"(?:="([^"]*)")?\]')
STOCK_AGENTS = ("python-requests", "python-urllib", "OSMnx", "curl", "Wget")
BUSY = (
    "<html><body><p>Error: runtime error: open64: 0 Success /osm3s_osm_base Dispatcher_Client::request_read_and_idx::"
    "timeout. The server is probably too busy to handle your request.</p></body></html>"
)


class Extract:
    """An extract in memory, searched as Overpass does."""

    def __init__(self, path: Path) -> None:
        self.nodes: dict[int, dict[str, Any]] = {}
        self.ways: dict[int, dict[str, Any]] = {}
        self.relations: dict[int, dict[str, Any]] = {}
        self._answers: dict[str, list[dict[str, Any]]] = {}
        for thing in osmium.FileProcessor(str(path)):
            about: dict[str, Any] = {"id": thing.id, "tags": dict(thing.tags)}
            if thing.is_node():
                about |= {"type": "node", "lat": thing.lat, "lon": thing.lon}
                self.nodes[thing.id] = about
            elif thing.is_way():
                self.ways[thing.id] = about | {"type": "way", "nodes": [node.ref for node in thing.nodes]}
            else:
                kinds = {"n": "node", "w": "way", "r": "relation"}
                members = [{"type": kinds[m.type], "ref": m.ref, "role": m.role} for m in thing.members]
                self.relations[thing.id] = about | {"type": "relation", "members": members}

    @cached_property
    def _shapes(self) -> dict[int, Any]:
        shapes = {}
        for identity, way in self.ways.items():
            points = [(self.nodes[i]["lon"], self.nodes[i]["lat"]) for i in way["nodes"] if i in self.nodes]
            if points:
                shapes[identity] = shapely.LineString(points) if len(points) > 1 else shapely.Point(points[0])
        return shapes

    def inside(self, polygon: Any) -> dict[str, set[int]]:
        """Identities of what lies in or reaches into a polygon, by type."""
        ids = np.array(list(self.nodes), dtype=np.int64)
        xy = np.array([(node["lon"], node["lat"]) for node in self.nodes.values()])
        nodes = set(ids[shapely.intersects_xy(polygon, xy)].tolist())
        ways = {i for i, shape in self._shapes.items() if shapely.intersects(polygon, shape)}
        relations = {
            i
            for i, relation in self.relations.items()
            if any(m["ref"] in (ways if m["type"] == "way" else nodes) for m in relation["members"])
        }
        return {"node": nodes, "way": ways, "relation": relations}

    def answer(self, query: str) -> list[dict[str, Any]]:
        """Elements that a query asks for, with all that they are made of."""
        if query not in self._answers:
            self._answers[query] = self._searched(query)
        return self._answers[query]

    def _searched(self, query: str) -> list[dict[str, Any]]:
        found: dict[str, set[int]] = {"node": set(), "way": set(), "relation": set()}
        whole = QUERY.fullmatch(query)
        assert whole and not STATEMENT.sub("", whole[2]), query
        south, west, north, east = map(float, whole[1].split(","))
        near = self.inside(shapely.box(west, south, east, north))
        tables = {"node": self.nodes, "way": self.ways, "relation": self.relations}
        for kind, filters in STATEMENT.findall(whole[2]):
            wanted = FILTER.findall(filters)
            found[kind] |= {i for i in near[kind] if _has(tables[kind][i]["tags"], wanted)}
        for i in found["relation"]:
            for member in self.relations[i]["members"]:
                if member["type"] != "relation" and member["ref"] in tables[member["type"]]:
                    found[member["type"]].add(member["ref"])
        for i in found["way"]:
            found["node"].update(ref for ref in self.ways[i]["nodes"] if ref in self.nodes)
        return [tables[kind][i] for kind in ("node", "way", "relation") for i in sorted(found[kind])]


def _has(tags: Mapping[str, str], filters: list[tuple[str, str]]) -> bool:
    return all(key in tags and value in ("", tags[key]) for key, value in filters)


@dataclass
class Request:
    """What the server was asked."""

    method: str
    path: str
    agent: str
    query: str
    login: str


@dataclass
class Server:
    """A running server. ``script`` holds what the next queries get; when it is empty they get data.

    An item of the script is a name of ``BEHAVIOURS`` or an HTTP status.
    """

    url: str
    extract: Extract | None
    script: list[str | int] = field(default_factory=list)
    statuses: list[str | int] = field(default_factory=list)
    requests: list[Request] = field(default_factory=list)
    running: int = 0
    most_running: int = 0
    delay_s: float = 0.0
    lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def queries(self) -> list[Request]:
        """The requests to the interpreter."""
        return [request for request in self.requests if request.path.endswith("/interpreter")]

    def document(self, query: str) -> dict[str, Any]:
        """The whole answer to a query."""
        head = {"timestamp_osm_base": OSM_BASE, "copyright": "The data is from www.openstreetmap.org; ODbL."}
        elements = [] if self.extract is None else self.extract.answer(query)
        return {"version": 0.6, "generator": "Overpass API 0.7.62", "osm3s": head, "elements": elements}


Handler = BaseHTTPRequestHandler
JSON, HTML = "application/json", "text/html; charset=utf-8"


def _send(handler: Handler, status: int, body: bytes, kind: str = JSON, headers: Mapping[str, str] | None = None):
    handler.send_response(status)
    handler.send_header("Content-Type", kind)
    handler.send_header("Content-Length", str(len(body)))
    for name, value in (headers or {}).items():
        handler.send_header(name, value)
    handler.end_headers()
    handler.wfile.write(body)


def _part(handler: Handler, body: bytes, wait_s: float = 0.0) -> None:
    """Announce all of a body and send half of it."""
    handler.send_response(200)
    handler.send_header("Content-Type", JSON)
    handler.send_header("Content-Length", str(len(body)))
    handler.end_headers()
    handler.wfile.write(body[: len(body) // 2])
    handler.wfile.flush()
    time.sleep(wait_s)
    handler.close_connection = True


def _hang_up(handler: Handler) -> None:
    handler.connection.shutdown(socket.SHUT_RDWR)
    handler.close_connection = True


def _unannounced(handler: Handler, body: bytes) -> None:
    """Send half of a body without saying how long it is, and close."""
    handler.send_response(200)
    handler.send_header("Content-Type", JSON)
    handler.send_header("Connection", "close")
    handler.end_headers()
    handler.wfile.write(body[: len(body) // 2])
    handler.close_connection = True


def _partial(document: dict[str, Any], remark: str) -> bytes:
    half = document["elements"][: len(document["elements"]) // 2]
    return json.dumps(document | {"elements": half, "remark": remark}).encode()


TIMED_OUT = 'runtime error: Query timed out in "query" at line 2 after 181 seconds.'
NO_MEMORY = "runtime error: Query run out of memory using about 2048 MB of RAM."
XML_REMARK = (
    '<?xml version="1.0" encoding="UTF-8"?><osm version="0.6" generator="Overpass API"><meta osm_base="x"/>'
    f"<remark> {TIMED_OUT} </remark></osm>"
)
BEHAVIOURS: dict[str, Callable[[Handler, dict[str, Any]], None]] = {
    "remark": lambda handler, document: _send(handler, 200, _partial(document, TIMED_OUT)),
    "memory": lambda handler, document: _send(handler, 200, _partial(document, NO_MEMORY)),
    "xml remark": lambda handler, document: _send(handler, 200, XML_REMARK.encode(), "application/osm3s+xml"),
    "html": lambda handler, document: _send(handler, 200, b"<html><body>Please log in</body></html>", HTML),
    "busy": lambda handler, document: _send(handler, 200, BUSY.encode(), HTML),
    "empty": lambda handler, document: _send(handler, 200, json.dumps(document | {"elements": []}).encode()),
    "nothing": lambda handler, document: _send(handler, 200, b""),
    "truncated": lambda handler, document: _part(handler, json.dumps(document).encode()),
    "cut": lambda handler, document: _unannounced(handler, json.dumps(document).encode()),
    "stalled": lambda handler, document: _part(handler, json.dumps(document).encode(), 3.0),
    "other": lambda handler, document: _send(handler, 200, b'{"hello": "world"}'),
    "broken element": lambda handler, document: _send(
        handler, 200, json.dumps(document | {"elements": [{"type": "node", "id": 1}]}).encode()
    ),
    "refused": lambda handler, document: _hang_up(handler),
    "retry after": lambda handler, document: _send(handler, 429, b"", HTML, {"Retry-After": "77"}),
    "redirect": lambda handler, document: _send(handler, 302, b"", HTML, {"Location": "https://elsewhere.invalid/"}),
}


def _handler(server: Server) -> type[BaseHTTPRequestHandler]:
    class Speaks(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            self._note("")
            found = server.statuses.pop(0) if server.statuses else FREE
            if isinstance(found, int):
                _send(self, found, b"", HTML)
            else:
                _send(self, 200, found.encode(), "text/plain")

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            query = parse_qs(body).get("data", [""])[0]
            self._note(query)
            with server.lock:
                server.running += 1
                server.most_running = max(server.most_running, server.running)
            try:
                self._reply(query)
            finally:
                with server.lock:
                    server.running -= 1

        def _reply(self, query: str) -> None:
            if any(stock in self.headers.get("User-Agent", "") for stock in STOCK_AGENTS):
                _send(self, 406, b"Not Acceptable", HTML)
                return
            time.sleep(server.delay_s)
            behaviour = server.script.pop(0) if server.script else None
            if behaviour is None:
                _send(self, 200, json.dumps(server.document(query)).encode())
            elif isinstance(behaviour, int):
                _send(self, behaviour, f"<html><body>Error {behaviour}</body></html>".encode(), HTML)
            else:
                BEHAVIOURS[behaviour](self, server.document(query))

        def _note(self, query: str) -> None:
            agent = self.headers.get("User-Agent", "")
            login = self.headers.get("Authorization", "")
            server.requests.append(Request(self.command, self.path, agent, query, login))

        def log_message(self, *args: Any) -> None:
            pass

    return Speaks


@contextmanager
def overpass(extract: Extract | None) -> Iterator[Server]:
    """Run a server on a free port of loopback."""
    server = Server("", extract)
    http = ThreadingHTTPServer(("127.0.0.1", 0), _handler(server))
    http.daemon_threads = True
    server.url = f"http://127.0.0.1:{http.server_address[1]}/api"
    thread = threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        http.shutdown()
        thread.join()
        http.server_close()
