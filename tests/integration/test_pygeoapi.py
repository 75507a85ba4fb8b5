"""A real OGC API Features server."""

from __future__ import annotations

import os
import socket
import subprocess
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest

from spatial.core.errors import SourceFormatError, SourceUnavailable
from spatial.sources import catalogue, layers
from tests.integration.conftest import entry, need

pytestmark = pytest.mark.integration
CONFIG = """
server:
  bind: {{host: 127.0.0.1, port: {port}}}
  url: {url}
  mimetype: application/json; charset=UTF-8
  encoding: utf-8
  languages: [en-US]
  limits: {{default_items: 10, max_items: 50}}
  map: {{url: "https://tile.invalid/", attribution: none}}
logging: {{level: ERROR}}
metadata:
  identification: {{title: t, description: t, keywords: [t], keywords_type: theme, terms_of_service: x, url: "http://a.invalid"}}
  license: {{name: CC0, url: "http://a.invalid"}}
  provider: {{name: t, url: "http://a.invalid"}}
  contact: {{name: t}}
resources:
  legeplads:
    type: collection
    title: legeplads
    description: legeplads
    keywords: [t]
    links: []
    extents: {{spatial: {{bbox: [5, 50, 20, 60], crs: "http://www.opengis.net/def/crs/OGC/1.3/CRS84"}}}}
    providers:
      - {{type: feature, name: GeoJSON, data: "{data}", id_field: nr}}
"""


def _free_port() -> int:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        return int(listening.getsockname()[1])


@pytest.fixture(scope="module")
def address(demo, tmp_path_factory):
    program = str(need("pygeoapi"))
    folder: Path = tmp_path_factory.mktemp("pygeoapi")
    port = _free_port()
    url = f"http://127.0.0.1:{port}"
    (folder / "config.yml").write_text(
        CONFIG.format(port=port, url=url, data=demo.folder / "legeplads.geojson"), encoding="utf-8"
    )
    environment = {
        **os.environ,
        "PYGEOAPI_CONFIG": str(folder / "config.yml"),
        "PYGEOAPI_OPENAPI": str(folder / "openapi.yml"),
    }
    make = [program, "openapi", "generate", str(folder / "config.yml"), "--output-file", str(folder / "openapi.yml")]
    subprocess.run(make, env=environment, check=True, capture_output=True)
    with (folder / "log").open("w") as log:
        process = subprocess.Popen([program, "serve"], env=environment, stdout=log, stderr=log)
        try:
            _wait(url)
            yield url
        finally:
            process.terminate()
            process.wait(timeout=30)


def _wait(url: str) -> None:
    for _ in range(240):
        try:
            with urllib.request.urlopen(url, timeout=5):
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.25)
    pytest.fail("pygeoapi does not start")


def around(source, demo):
    return layers.read_layer(source.id, demo.estate, catalogue=catalogue.Catalogue({source.id: source}))


def test_all_pages(address, demo):
    raw = around(entry("legeplads", protocol="ogcapi", endpoint=f"{address}/"), demo)
    assert set(raw.points.ids) == demo.expected["legeplads"] and raw.dropped == {} and raw.repaired == {}
    assert raw.points.tags[0]["name"].endswith("æøå")


def test_a_collection_or_a_service_that_is_not_there(address, demo):
    with pytest.raises((SourceFormatError, SourceUnavailable), match=r"legepladser|404|has no layer"):
        around(entry("legeplads", protocol="ogcapi", endpoint=address, layer="legepladser"), demo)
    with pytest.raises(SourceUnavailable, match="HTTP 404"):
        around(entry("legeplads", protocol="ogcapi", endpoint=f"{address}/nowhere"), demo)
