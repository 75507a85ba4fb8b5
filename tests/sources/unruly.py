"""A server on loopback that answers as it is told, well or badly; and the dialects it speaks."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit


@dataclass
class Reply:
    """One answer. ``stop_after`` cuts the body short; ``pause_s`` is waited before it, ``stall_s`` in its middle."""

    status: int = 200
    body: bytes = b""
    kind: str = "application/json"
    headers: dict[str, str] = field(default_factory=dict)
    stop_after: int | None = None
    pause_s: float = 0.0
    stall_s: float = 0.0


Answering = Callable[[str, dict[str, str]], Reply]


@contextmanager
def serving(answer: Answering) -> Iterator[Any]:
    """Serve; yields the server with ``address`` and ``asked``: path, parameters and headers of each request."""
    asked: list[tuple[str, dict[str, str], dict[str, str]]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            params = dict(parse_qsl(parts.query, keep_blank_values=True))
            asked.append((parts.path, params, {k.lower(): v for k, v in self.headers.items()}))
            reply = answer(parts.path, {name.lower(): value for name, value in params.items()})
            time.sleep(reply.pause_s)
            self.send_response(reply.status)
            for name, value in {"Content-Type": reply.kind, **reply.headers}.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(reply.body)))
            self.end_headers()
            half = len(reply.body) // 2 if reply.stall_s else 0
            try:
                self.wfile.write(reply.body[:half])
                self.wfile.flush()
                time.sleep(reply.stall_s)
                self.wfile.write(reply.body[half : reply.stop_after])
            except OSError:
                pass

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    server.asked = asked  # type: ignore[attr-defined]
    server.address = f"http://127.0.0.1:{server.server_port}"  # type: ignore[attr-defined]
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()


def told(data: Any, **more: Any) -> Reply:
    """An answer in JSON."""
    return Reply(body=json.dumps(data).encode(), **more)


EXCEPTION = b"""<?xml version="1.0"?><ows:ExceptionReport xmlns:ows="http://www.opengis.net/ows/1.1" version="2.0.0">
<ows:Exception exceptionCode="InvalidParameterValue"><ows:ExceptionText>Unknown layer k101:nope</ows:ExceptionText>
</ows:Exception></ows:ExceptionReport>"""
OLD_EXCEPTION = b"""<?xml version='1.0'?><ServiceExceptionReport version="1.2.0"><ServiceException code="x">
msWFSGetFeature(): bad</ServiceException></ServiceExceptionReport>"""
PAGE = b"<!DOCTYPE html>\n<html><head><title>Log ind</title></head><body>Hej</body></html>"

# --- a WFS 2.0 of a few points, in the words of GeoServer ----------------------------------------------------------

CAPABILITIES = """<?xml version="1.0"?>
<wfs:WFS_Capabilities version="2.0.0" xmlns:wfs="http://www.opengis.net/wfs/2.0" xmlns:ows="http://www.opengis.net/ows/1.1">
<ows:OperationsMetadata>
<ows:Operation name="GetFeature"><ows:Parameter name="outputFormat"><ows:AllowedValues>
<ows:Value>application/gml+xml; version=3.2</ows:Value></ows:AllowedValues></ows:Parameter></ows:Operation>
<ows:Constraint name="ImplementsResultPaging"><ows:NoValues/><ows:DefaultValue>TRUE</ows:DefaultValue></ows:Constraint>
</ows:OperationsMetadata>
<wfs:FeatureTypeList><wfs:FeatureType xmlns:k101="http://k101"><wfs:Name>k101:legeplads</wfs:Name>
<wfs:DefaultCRS>urn:ogc:def:crs:EPSG::25832</wfs:DefaultCRS></wfs:FeatureType></wfs:FeatureTypeList>
</wfs:WFS_Capabilities>"""
SCHEMA = """<?xml version="1.0"?>
<xsd:schema xmlns:k101="http://k101" xmlns:gml="http://www.opengis.net/gml/3.2"
 xmlns:xsd="http://www.w3.org/2001/XMLSchema" elementFormDefault="qualified" targetNamespace="http://k101">
<xsd:import namespace="http://www.opengis.net/gml/3.2" schemaLocation="http://schemas.opengis.net/gml/3.2.1/gml.xsd"/>
<xsd:complexType name="legepladsType"><xsd:complexContent><xsd:extension base="gml:AbstractFeatureType"><xsd:sequence>
<xsd:element maxOccurs="1" minOccurs="0" name="legeplads_id" nillable="true" type="xsd:int"/>
<xsd:element maxOccurs="1" minOccurs="0" name="navn" nillable="true" type="xsd:string"/>
<xsd:element maxOccurs="1" minOccurs="0" name="geom" nillable="true" type="gml:PointPropertyType"/>
</xsd:sequence></xsd:extension></xsd:complexContent></xsd:complexType>
<xsd:element name="legeplads" substitutionGroup="gml:AbstractFeature" type="k101:legepladsType"/></xsd:schema>"""


def gml(points: list[tuple[int, float, float]], matched: int | str, returned: int | None = None) -> bytes:
    """A page of features: id, and position in EPSG:25832."""
    members = "".join(
        f'<wfs:member><k101:legeplads gml:id="legeplads.{i}"><k101:legeplads_id>{i}</k101:legeplads_id>'
        f'<k101:navn>Plads {i}</k101:navn><k101:geom><gml:Point srsName="urn:ogc:def:crs:EPSG::25832">'
        f"<gml:pos>{x} {y}</gml:pos></gml:Point></k101:geom></k101:legeplads></wfs:member>"
        for i, x, y in points
    )
    return (
        '<?xml version="1.0"?><wfs:FeatureCollection xmlns:wfs="http://www.opengis.net/wfs/2.0" '
        'xmlns:gml="http://www.opengis.net/gml/3.2" xmlns:k101="http://k101" timeStamp="2026-01-01T00:00:00Z" '
        f'numberMatched="{matched}" numberReturned="{len(points) if returned is None else returned}">'
        f"{members}</wfs:FeatureCollection>"
    ).encode()


def wfs(feature_page: Callable[[dict[str, str]], Reply]) -> Answering:
    """A WFS that describes itself well and answers GetFeature as it is told."""

    def answer(path: str, params: dict[str, str]) -> Reply:
        request = params.get("request", "").lower()
        if request == "getcapabilities":
            return Reply(body=CAPABILITIES.encode(), kind="text/xml")
        if request == "describefeaturetype":
            return Reply(body=SCHEMA.encode(), kind="text/xml")
        return feature_page(params)

    return answer
