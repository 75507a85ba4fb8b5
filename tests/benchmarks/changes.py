"""How long a change takes: other weights, and one edit looked at from what is known against a whole look.

    python -m tests.benchmarks.changes

On the bundled estate, in this process; medians of nine.
"""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import shapely

import spatial
from spatial.analysis import run
from spatial.analysis.inputs import InputFiles, Inputs
from spatial.core.model import Edit
from spatial.studies import what_if
from tests.benchmarks import processes, whole_run

TIMES = 9
OTHER = {"neutrality": 2.0}


def median_s(work: Callable[[], Any]) -> float:
    """Seconds of the middle of several runs, after one that warms up."""
    work()
    spent = []
    for _ in range(TIMES):
        begin = time.perf_counter()
        work()
        spent.append(time.perf_counter() - begin)
    return statistics.median(spent)


def started() -> what_if.WhatIf:
    """The bundled estate, looked at once."""
    extract, boundary = whole_run.DEMO
    estate = spatial.Estate.from_file(boundary)
    run.load_compiled()
    return what_if.WhatIf(Inputs.read(estate, InputFiles(extract)))


def edits(known: what_if.WhatIf) -> dict[str, Edit]:
    """One edit of each kind, in the middle of the estate."""
    view = known.before.view
    here = view.rooms.geometry.iloc[0].centroid
    nodes, lines = view.measured_from.path_nodes, view.raw.lines
    way = next(str(i) for i, tags in zip(lines.ids, lines.tags, strict=True) if tags.get("highway") == "footway")
    link = shapely.LineString([(here.x - 45, here.y - 3), (here.x + 45, here.y + 4)])
    gate = str(nodes.index[nodes["locked"]][0])
    return {
        "a bench": Edit("1", "add", "place", tags={"amenity": "bench"}, geometry=here),
        "a gate opened": Edit("1", "change", "gate", target=gate, tags={"access": "yes", "foot": "yes"}),
        "a link": Edit("1", "add", "path", tags={"highway": "footway"}, geometry=link),
        "light": Edit("1", "change", "path", target=way, tags={"lit": "yes"}),
        "a block gone": Edit("1", "remove", "building", target="osm:way/93691013"),
    }


def looks() -> list[dict[str, object]]:
    """One row an edit: from what is known, anew, and how many times as fast."""
    known = started()
    rows = []
    for name, edit in edits(known).items():
        quick = median_s(lambda edit=edit: known.gain(known.after(edit)))
        whole = median_s(lambda edit=edit: known.gain(known.after(edit, whole=True)))
        rows.append(
            {"change": name, "from what is known": f"{quick * 1e3:.0f} ms", "anew": f"{whole * 1e3:.0f} ms",
             "times as fast": f"{whole / quick:.1f}"}
        )  # fmt: skip
    return rows


def weights() -> list[dict[str, object]]:
    """Other weights, with and without rank ranges drawn again."""
    extract, boundary = whole_run.DEMO
    result = spatial.analyse(spatial.Estate.from_file(boundary), osm=extract)
    with tempfile.TemporaryDirectory() as name:
        spatial.save(result, Path(name) / "out")
        kept = spatial.load(Path(name) / "out")
    rows = {"scores and ranks": False, "with rank ranges": True}
    return [
        {"other weights": name, "time": f"{median_s(partial(kept.rescore, aspects=OTHER, ranges=drawn)) * 1e3:.0f} ms"}
        for name, drawn in rows.items()
    ]


if __name__ == "__main__":
    print(processes.table(looks()))
    print(f"\n{processes.table(weights())}")
