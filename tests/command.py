"""The command, called in this process as its script does, and a made-up town to call it on."""

from __future__ import annotations

import atexit
import contextlib
import hashlib
import io
import json
import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from unittest import mock

import shapely

from spatial.cli import main
from spatial.core import parallel
from spatial.core.marks import MARK
from tests.osm_xml import degrees, write

COMMAND = Path(sys.executable).with_name("faellesrum")
FILES = [
    MARK,
    "evidence.parquet",
    "facts.parquet",
    "field_checks.csv",
    "lens_evidence.parquet",
    "lens_homes.parquet",
    "lenses.csv",
    "lineage.parquet",
    "manifest.json",
    "map.html",
    "places.gpkg",
    "places.xlsx",
    "reach.parquet",
    "report.html",
    "scores.csv",
    "sitemap.pdf",
    "sitemap.png",
]
# Homes are counted within 800 m.
NEAR = ("--margin", 50, "--reach", 900)


@dataclass(frozen=True)
class Outcome:
    """What a call of the command left: exit code and texts."""

    code: int
    out: str
    err: str


# What changes on the way, and the second process does not ask for or sets by itself.
PASSING = ("PYTEST_CURRENT_TEST", "LANGUAGE", "GDAL_CURL_CA_BUNDLE", "PROJ_CURL_CA_BUNDLE")


def surroundings() -> tuple[str, dict[str, str]]:
    """The folder and the environment that a process begins with."""
    return os.getcwd(), {name: value for name, value in os.environ.items() if name not in PASSING}


class Helper:
    """The second process of the command, kept from call to call: its imports take longer than a small run does.

    Where a test has changed the folder or the environment, a process of its own is started as the command does.
    """

    def __init__(self) -> None:
        self._start, self._usual = parallel.started, surroundings()
        self._kept: parallel.Second | None = None

    @contextlib.contextmanager
    def lent(self) -> Iterator[parallel.Second]:
        if surroundings() != self._usual:
            with self._start() as other:
                yield other
            return
        if self._kept is None:
            opened = contextlib.ExitStack()
            self._kept = opened.enter_context(self._start())
            atexit.register(opened.close)
        try:
            yield self._kept
        finally:
            self._settle(self._kept)

    def _settle(self, second: parallel.Second) -> None:
        """Wait for what nobody waited for, and forget all answers; a process that has gone is not lent again."""
        try:
            second.ask(os.getpid).result()
        except parallel.GoneError:
            self._kept = None
        second._answers = [(True, None)] * len(second._answers)


HELPER = Helper()


def call(*args: object) -> Outcome:
    """Call the command in this process, as its script does."""
    out, err, code = io.StringIO(), io.StringIO(), 0
    argv, sys.argv = sys.argv, ["faellesrum", *map(str, args)]
    lent = mock.patch.object(parallel, "started", HELPER.lent)
    try:
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err), lent:
            main.main()
    except SystemExit as stop:
        code = int(stop.code or 0)
    finally:
        sys.argv = argv
    return Outcome(code, out.getvalue(), err.getvalue())


def digests(folder: Path) -> dict[str, str]:
    """Digest of every file under a folder, hidden ones included."""
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def boundary(path: Path, shape=None) -> Path:
    """A GeoJSON file with a shape in degrees."""
    shape = lon_lat(-60, -60, 60, 60) if shape is None else shape
    feature = {"type": "Feature", "properties": {"name": "Bøgen"}, "geometry": None}
    if shape:
        feature["geometry"] = json.loads(shapely.to_geojson(shape))
    path.write_text(json.dumps({"type": "FeatureCollection", "features": [feature]}))
    return path


def lon_lat(west, south, east, north):
    return shapely.box(*degrees(west, south), *degrees(east, north))


def town(path: Path, places: dict | None = None) -> Path:
    """Two blocks of flats, a street, a path with a bench, a table and a playground beside it."""
    nodes = {
        1: (-50, 20), 2: (-10, 20), 3: (-10, 32), 4: (-50, 32),
        5: (10, 20), 6: (50, 20), 7: (50, 32), 8: (10, 32),
        10: (-150, 0), 11: (-30, 0), 12: (0, 0), 13: (150, 0), 14: (0, -60),
        15: (-30, 20, {"entrance": "main"}),
    }  # fmt: skip
    flats = {"building": "apartments", "building:levels": "4"}
    ways = {
        1: ((1, 15, 2, 3, 4, 1), flats), 2: ((5, 6, 7, 8, 5), flats),
        3: ((10, 11, 12, 13), {"highway": "residential", "lit": "yes"}),
        4: ((12, 14), {"highway": "footway"}), 5: ((11, 15), {"highway": "footway"}),
    }  # fmt: skip
    if places is not None:
        nodes |= places
    else:
        nodes |= {
            20: (5, -20, {"amenity": "bench"}), 21: (8, -30, {"leisure": "picnic_table"}),
            22: (-20, -40), 23: (-8, -40), 24: (-8, -28), 25: (-20, -28),
            26: (40, -50, {"amenity": "bench", "name": "=1+1, \"x\"\nÆ"}),
        }  # fmt: skip
        ways[6] = ((22, 23, 24, 25, 22), {"leisure": "playground"})
    return write(path, nodes, ways, bounds=(-1200, -1200, 1200, 1200))


def run_town(inputs, out, *args) -> Outcome:
    return call("run", "--boundary", inputs[0], "--osm", inputs[1], *NEAR, "--out", out, *args)
