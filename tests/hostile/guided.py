# ruff: noqa: E501 - a seed reads best on a line
"""Our own parsers under a fuzzer that is guided by what the bytes it made ran through: ``make fuzz-guided``.

atheris (libFuzzer for Python) counts branches and keeps each input that reached a new one. Numba is off, so that
the decoder of ``.osm.pbf`` is Python too: a place beyond the buffer is then an IndexError and no crash.
Linux only. ``python -m tests.hostile.guided TARGET SECONDS``; without a target, all of them in turn.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
import warnings
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

SEED = 1
RUNS = re.compile(r"Done (\d+) runs")
NEW = re.compile(r"cov: (\d+)")
MOST_BYTES = 4096

Try = Callable[[bytes], Any]


def _pbf(folder: Path) -> tuple[Try, list[bytes], tuple[type[Exception], ...]]:
    import numpy as np

    from spatial.osm.pbf import blocks
    from tests.hostile import fuzz

    path = folder / "a.osm.pbf"
    fuzz._uncompressed(path)
    seeds = [path.read_bytes()]

    def once(data: bytes) -> None:
        path.write_bytes(data)
        file = blocks.opened(path)
        for blob in file.blobs():
            block = file.block(blob)
            list(block.nodes(np.ones(len(block.texts), dtype=bool)))
            list(block.ways())
            list(block.relations())

    return once, seeds, (ValueError, zlib.error)


def _positions(folder: Path) -> tuple[Try, list[bytes], tuple[type[Exception], ...]]:
    import pandas as pd

    from spatial.settings.observation_columns import Mapped
    from spatial.sources import text_tables

    def once(data: bytes) -> None:
        text = data.decode("utf-8", "replace")
        first, _, second = text.partition("|")
        text_tables.positions_of_rows(pd.DataFrame({"wkt": [text]}), Mapped(), "x")
        text_tables.positions_of_rows(pd.DataFrame({"lon": [first], "lat": [second]}), Mapped(), "x")

    seeds = [b"POINT (12.5 55.7)", b"55.7 12.5 0 4.2;55.8 12.5 0 1", b"12,5|55.7", b"SRID=25832;POLYGON ((0 0,1 0,1 1,0 0))",
             b'"geometry": {"type": "Point", "coordinates": [12.5, 55.7]} }']  # fmt: skip
    return once, seeds, ()


def _times(folder: Path) -> tuple[Try, list[bytes], tuple[type[Exception], ...]]:
    import pandas as pd

    from spatial.observations import times

    def once(data: bytes) -> None:
        times.parse(pd.Series(data.decode("utf-8", "replace").split("\n")), zone="Europe/Copenhagen")

    seeds = [b"20180802:0820\n20180802 0820", b"2024-05-01T12:00:00.5Z\n2024-05-01T12:00+02:00", b"1-5-2024 kl. 12.30",
             b"1.5.2024 12:30:00\n5/13/2024 1:00", b"2024/05/01 12:00"]  # fmt: skip
    return once, seeds, ()


def _parcels(folder: Path) -> tuple[Try, list[bytes], tuple[type[Exception], ...]]:
    from spatial.sources import parcels
    from tests.hostile import fuzz

    path = folder / "parcels.csv"

    def once(data: bytes) -> None:
        path.write_bytes(data)
        parcels._rows(path)

    return once, [fuzz.PARCELS.encode(), fuzz.PARCELS.replace(";", "\t").encode("cp1252")], ()


def _answers(folder: Path) -> tuple[Try, list[bytes], tuple[type[Exception], ...]]:
    from spatial.sources import service_answers

    def once(data: bytes) -> None:
        service_answers.feature_counts(data)
        service_answers.relink_pages(data, {"https://a.example/": "http://127.0.0.1:1/"})
        service_answers.check_answer(data, "x")

    seeds = [b'{"features": [], "numberMatched": 3, "links": [{"href": "https://a.example/x"}]}', b"<html><title>x</title>",
             b'{"error": {"message": "no"}}', b'<x:ExceptionReport><ExceptionText>no</ExceptionText></x:ExceptionReport>',
             b'<wfs:FeatureCollection numberMatched="3" numberReturned="1">']  # fmt: skip
    return once, seeds, ()


def _overpass(folder: Path) -> tuple[Try, list[bytes], tuple[type[Exception], ...]]:
    from spatial.osm import overpass_answers

    path = folder / "a.osm.pbf"

    def once(data: bytes) -> None:
        path.unlink(missing_ok=True)
        overpass_answers.write(overpass_answers.parsed(data, "x"), path, (12.0, 55.0, 13.0, 56.0), "x")

    seeds = [b'{"osm3s": {"timestamp_osm_base": "2024-05-01T00:00:00Z"}, "elements": [{"type": "node", "id": 1, "lat": 55.5, '
             b'"lon": 12.5, "tags": {"a": "b"}}, {"type": "way", "id": 2, "nodes": [1, 1]}, {"type": "relation", "id": 3, '
             b'"members": [{"type": "way", "ref": 2, "role": ""}]}]}', b'{"remark": "timed out", "elements": []}',
             b"<html><body>too busy</body>", b"<osm><remark>runtime error</remark></osm>"]  # fmt: skip
    return once, seeds, (overpass_answers.PassingError,)


def _plan(folder: Path) -> tuple[Try, list[bytes], tuple[type[Exception], ...]]:
    from spatial.plans import reading
    from tests.hostile import fuzz
    from tests.hostile.readers import ESTATE

    path = folder / "plan.toml"

    def once(data: bytes) -> None:
        path.write_bytes(data)
        reading.read_plan(path, ESTATE)

    return once, [fuzz.PLAN.encode()], ()


def _frozen(folder: Path) -> tuple[Try, list[bytes], tuple[type[Exception], ...]]:
    from spatial.analysis import snapshot
    from tests.hostile import fuzz

    path = folder / "inputs" / "inputs.json"
    path.parent.mkdir()
    fuzz._frozen(path)
    seeds = [path.read_bytes()]

    def once(data: bytes) -> None:
        path.write_bytes(data)
        snapshot.read_snapshot(path.parent)

    return once, seeds, ()


def _finished(folder: Path) -> tuple[Try, list[bytes], tuple[type[Exception], ...]]:
    import json

    from spatial.analysis import loading
    from tests.hostile import fuzz

    path = folder / "manifest.json"
    fuzz._finished(path)
    found = json.loads(path.read_bytes())
    rules = found["rubric"]["rules"]
    found["rubric"]["rules"] = dict(list(rules.items())[:2])  # what is short is broken sooner
    seeds = [json.dumps(found).encode()]

    def once(data: bytes) -> None:
        path.write_bytes(data)
        loading.lenses(folder)
        loading.terrain(folder)
        loading.observed(folder)
        loading.read_run(folder)

    return once, seeds, ()


# What is fuzzed, and the modules whose branches guide.
TARGETS: dict[str, tuple[Callable[[Path], Any], list[str]]] = {
    "pbf": (_pbf, [f"spatial.sources.{name}" for name in ("_pbf_file", "_pbf_decode", "_protobuf", "_kernels")]),
    "positions": (_positions, ["spatial.sources.text_tables"]),
    "times": (_times, ["spatial.observations.times"]),
    "parcels": (_parcels, ["spatial.sources.parcels"]),
    "answers": (_answers, ["spatial.sources.service_answers", "json"]),
    "overpass": (_overpass, ["spatial.osm.overpass", "json"]),
    "plan": (_plan, ["spatial.plans.reading", "tomllib"]),
    "frozen": (_frozen, ["spatial.analysis.snapshot", "spatial.analysis.snapshot", "json"]),
    "finished": (_finished, ["spatial.analysis.loading", "json"]),
}


def fuzz_one(name: str, seconds: int) -> None:
    """Fuzz one parser; whatever is none of our errors, or one of more than a line, ends the process."""
    os.environ["NUMBA_DISABLE_JIT"] = "1"
    import atheris

    make, modules = TARGETS[name]
    with atheris.instrument_imports(include=modules, enable_loader_override=False):
        for module in modules:
            __import__(module)
    from spatial.core.errors import SpatialError

    warnings.simplefilter("ignore")
    with tempfile.TemporaryDirectory() as scratch:
        folder, corpus = Path(scratch, "at"), Path(scratch, "corpus")
        folder.mkdir(), corpus.mkdir()
        once, seeds, allowed = make(folder)
        for i, seed in enumerate(seeds):
            (corpus / str(i)).write_bytes(seed)

        def one_input(data: bytes) -> None:
            try:
                once(data)
            except SpatialError as error:
                assert "\n" not in str(error).replace(str(folder), ""), str(error)
            except allowed:
                pass

        longest = max(MOST_BYTES, 2 * max(map(len, seeds)))
        options = [
            f"-max_total_time={seconds}",
            f"-seed={SEED}",
            f"-max_len={longest}",
            "-rss_limit_mb=4096",
            "-timeout=30",
        ]
        atheris.Setup([sys.argv[0], *options, f"-artifact_prefix={tempfile.gettempdir()}/guided-{name}-", str(corpus)],
                      one_input)  # fmt: skip
        atheris.Fuzz()


def main() -> None:
    """Fuzz all parsers, each in a process of its own, and say how often each was run."""
    if len(sys.argv) == 3:
        fuzz_one(sys.argv[1], int(sys.argv[2]))
        return
    failed = False
    for name in TARGETS:
        done = subprocess.run([sys.executable, "-m", __spec__.name, name, sys.argv[1]], capture_output=True, text=True)
        runs, branches = RUNS.findall(done.stderr), NEW.findall(done.stderr)
        print(f"{name}: {runs[-1] if runs else 0} runs, {branches[-1] if branches else 0} branches", flush=True)
        if done.returncode:
            failed = True
            print(done.stdout[-2000:], done.stderr[-3000:])
    sys.exit(failed)


if __name__ == "__main__":
    main()
