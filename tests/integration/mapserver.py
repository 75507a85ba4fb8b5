"""A real MapServer on loopback: its CGI program behind a few lines of HTTP."""

from __future__ import annotations

import os
import subprocess
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from tests.integration import servers

MAPFILE = """
MAP
  NAME "test"
  EXTENT 100000 5500000 1500000 7500000
  UNITS METERS
  SHAPEPATH "{folder}"
  PROJECTION "init=epsg:{epsg}" END
  OUTPUTFORMAT
    NAME "geojson"
    DRIVER "OGR/GEOJSON"
    MIMETYPE "application/json"
    FORMATOPTION "STORAGE=stream"
    FORMATOPTION "FORM=SIMPLE"
  END
  OUTPUTFORMAT
    NAME "GTiff"
    DRIVER "GDAL/GTiff"
    MIMETYPE "image/tiff"
    IMAGEMODE FLOAT32
    EXTENSION "tif"
  END
  WEB METADATA
    "ows_title" "test"
    "ows_onlineresource" "http://somewhere.invalid/wfs?"
    "ows_srs" "EPSG:{epsg} EPSG:4326"
    "ows_enable_request" "*"
    {metadata}
  END END
  {layers}
END
"""
LAYER = """
  LAYER
    NAME "{name}"
    TYPE {kind}
    STATUS ON
    CONNECTIONTYPE OGR
    CONNECTION "{file}"
    DATA "{name}"
    PROJECTION "init=epsg:{epsg}" END
    METADATA
      "ows_title" "{name}"
      "gml_include_items" "all"
      "gml_featureid" "{identity}"
      "gml_types" "auto"
      "wfs_getfeature_formatlist" "geojson"
      "wfs_use_default_extent_for_getfeature" "false"
    END
    TEMPLATE "none"
  END
"""

RASTER = """
  LAYER
    NAME "dhm_terraen"
    TYPE RASTER
    STATUS ON
    DATA "{file}"
    PROJECTION "init=epsg:{epsg}" END
    METADATA
      "ows_title" "dhm_terraen"
      "wcs_label" "dhm_terraen"
      "wcs_formats" "GTiff"
      "wcs_srs" "EPSG:{epsg}"
    END
  END
"""


@contextmanager
def serving(
    folder: Path, layers: Sequence[tuple[str, str, str]], *, epsg: int, metadata: str = "", raster: Path | None = None
) -> Iterator[Any]:
    """Serve layers (name, POINT or POLYGON, id field) of ``<name>.gpkg``, and a raster; yields the server.

    It has ``address`` and ``requests``, the query strings it was asked.
    """
    text = "".join(
        LAYER.format(name=name, kind=kind, identity=identity, file=f"{name}.gpkg", epsg=epsg)
        for name, kind, identity in layers
    )
    text += "" if raster is None else RASTER.format(file=raster, epsg=epsg)
    mapfile = folder / "test.map"
    mapfile.write_text(MAPFILE.format(folder=folder, epsg=epsg, layers=text, metadata=metadata), encoding="utf-8")
    config = folder / "mapserver.conf"
    config.write_text(f'CONFIG\n  ENV\n    "MS_MAP_PATTERN" "^{folder}/"\n  END\nEND\n', encoding="utf-8")
    with _http(str(servers.mapserver()), mapfile, config) as server:
        yield server


@contextmanager
def _http(executable: str, mapfile: Path, config: Path) -> Iterator[Any]:
    requests: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            query = self.path.partition("?")[2]
            requests.append(query)
            environment = {
                "PATH": os.environ["PATH"],
                "REQUEST_METHOD": "GET",
                "QUERY_STRING": query,
                "SERVER_NAME": "127.0.0.1",
                "SERVER_PORT": "80",
                "SCRIPT_NAME": "/wfs",
                "MS_MAPFILE": str(mapfile),
                "MAPSERVER_CONFIG_FILE": str(config),
            }
            done = subprocess.run([executable], env=environment, capture_output=True, check=False)
            head, _, body = done.stdout.partition(b"\r\n\r\n")
            fields = dict(line.split(": ", 1) for line in head.decode().splitlines() if ": " in line)
            self.send_response(int(fields.pop("Status", "200").split()[0]))
            for name, value in fields.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    server.requests = requests  # type: ignore[attr-defined]
    server.address = f"http://127.0.0.1:{server.server_port}/wfs"  # type: ignore[attr-defined]
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
