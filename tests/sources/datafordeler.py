"""Datafordeler's GraphQL on loopback, by what is known of it and not by how the program asks.

A key in the query; one field at the root (DAF-GQL-0010), two times (DAF-GQL-0009), ASCII (HC0011), at most a thousand
rows a page, opaque cursors, filters by ``eq``, ``in`` and ``intersects``, errors as JSON.
"""

from __future__ import annotations

import base64
import json
import re
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import shapely

KEY = "loopback-key"
LARGEST_PAGE = 1000
ENTITY = re.compile(
    r"^\s*(?:query\s*)?\{\s*(\w+)\s*\((.*)\)\s*\{\s*nodes\s*\{(.*?)\}\s*pageInfo\s*\{[^}]*\}\s*\}\s*\}\s*$", re.S
)
CONDITION = re.compile(r"(\w+):\s*\{\s*(eq|in|intersects):\s*(\[[^\]]*\]|\{[^}]*\}|\"[^\"]*\")")
Rows = Mapping[str, Mapping[str, list[dict[str, Any]]]]


class RefusalError(Exception):
    """An error of the service, with its code."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


def answer(query: str, register: Mapping[str, list[dict[str, Any]]]) -> dict[str, Any]:
    """What the service says to a query, or the refusal."""
    if not query.isascii():
        raise RefusalError("HC0011", "Unexpected character.")
    if "__schema" in query:
        raise RefusalError("HC0046", "Introspection is not allowed for the current request.")
    found = ENTITY.match(query)
    if found is None:
        raise RefusalError("DAF-GQL-0010", "Only one root field is allowed.")
    entity, arguments, asked = found.groups()
    if not {"registreringstid", "virkningstid"} <= set(re.findall(r"(\w+):\s*\"\d{4}-\d\d-\d\dT", arguments)):
        raise RefusalError("DAF-GQL-0009", "Both registreringstid and virkningstid must be given.")
    if entity not in register:
        raise RefusalError("HC0020", f"The field `{entity}` does not exist on the type `Query`.")
    fields = selection(re.findall(r"\w+|[{}]", asked))
    for name in fields:
        if not all(name in row for row in register[entity]):
            raise RefusalError("HC0020", f"The field `{name}` does not exist on the type `{entity}`.")
    rows = [row for row in register[entity] if all(matches(row, *one) for one in CONDITION.findall(arguments))]
    first = int(re.search(r"first:\s*(\d+)", arguments)[1])
    if first > LARGEST_PAGE:
        raise RefusalError("HC0051", "The maximum allowed items per page were exceeded.")
    after = re.search(r'after:\s*"([^"]*)"', arguments)
    begin = int(base64.b64decode(after[1]).decode().removeprefix("row ")) if after else 0
    page = rows[begin : begin + first]
    cursor = base64.b64encode(f"row {begin + len(page)}".encode()).decode()
    info = {"hasNextPage": begin + first < len(rows), "endCursor": cursor}
    return {"data": {entity: {"nodes": [chosen(row, fields) for row in page], "pageInfo": info}}}


def selection(words: list[str]) -> dict[str, Any]:
    """The fields that are asked for, and those of each."""
    found: dict[str, Any] = {}
    while words:
        word = words.pop(0)
        if word == "}":
            break
        found[word] = {}
        if words[:1] == ["{"]:
            words.pop(0)
            found[word] = selection(words)
    return found


def chosen(row: Any, fields: Mapping[str, Any]) -> Any:
    """A row with the fields that are asked for alone."""
    if isinstance(row, list):
        return [chosen(one, fields) for one in row]
    return {name: chosen(row[name], inner) for name, inner in fields.items()} if fields else row


def matches(row: Mapping[str, Any], name: str, how: str, value: str) -> bool:
    if how == "intersects":
        box = shapely.from_wkt(re.search(r'wkt:\s*"([^"]*)"', value)[1])
        assert re.search(r"crs:\s*25832\b", value)
        return bool(shapely.intersects(shapely.from_wkt(row[name]["wkt"]), box))
    return row[name] in (json.loads(value) if how == "in" else [json.loads(value)])


@contextmanager
def serving(registers: Rows, *, spoil: Any = None) -> Iterator[Any]:
    """Serve registers by path (``/DAR/v3``); ``spoil`` may change a status and a body."""
    asked: list[tuple[str, str]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            parts = urlsplit(self.path)
            said = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            asked.append((parts.path, said["query"]))
            status, body = self.answered(parts.path, dict(parse_qsl(parts.query)), said["query"])
            if spoil is not None:
                status, body = spoil(len(asked), status, body)
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def answered(self, path: str, params: Mapping[str, str], query: str) -> tuple[int, bytes]:
            if params.get("apikey") != KEY and params.get("apiKey") != KEY:
                return 401, b""
            if path not in registers:
                return 404, b""
            try:
                return 200, json.dumps(answer(query, registers[path])).encode()
            except RefusalError as refusal:
                error = {"message": str(refusal), "extensions": {"code": refusal.code}}
                return 400, json.dumps({"errors": [error]}).encode()

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.asked, server.address = asked, f"http://127.0.0.1:{server.server_port}"  # type: ignore[attr-defined]
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
