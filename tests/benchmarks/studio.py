"""How long it takes from a stroke to its scores in the studio, and to the lenses.

    python -m tests.benchmarks.studio [TIMES] [EXTRACT.osm.pbf BOUNDARY.geojson]

In this process, without a browser: the stroke checked, the estate looked at, homes told apart, the example told, all
of it encoded. Each stroke is drawn, looked at and undone, at other spots each time. The median and the 95th percentile,
and the median of processor time, which other work on the machine moves less.
"""

from __future__ import annotations

import json
import random
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import shapely

import spatial
from spatial.analysis import run
from spatial.analysis.inputs import InputFiles, Inputs
from spatial.core.errors import InputError
from spatial.studio.looking import Table
from spatial.studio.session import Session
from spatial.studio.sight import sight_of
from spatial.studio.telling import Addresses
from tests.benchmarks import processes, whole_run

TIMES, SEED, WARM = 20, 1, 2
Act = Callable[[], object]


def acts(session: Session) -> dict[str, Act]:
    """One way of drawing a kind, at a spot at random."""
    dice, estate = random.Random(SEED), session.table.estate
    left, bottom, right, top = estate.boundary.bounds
    houses = session.table.start.look.view.measured_from.buildings
    blocks = [str(name) for name in houses.index[houses.intersects(estate.boundary).to_numpy()]]

    def spot() -> shapely.Point:
        return shapely.Point(dice.uniform(left, right), dice.uniform(bottom, top))

    def drawn(tool: str, shape: shapely.Geometry) -> object:
        return session.draw("A", tool, session.ground.to_degrees(shape))

    def path() -> object:
        here = spot()
        return drawn("path", shapely.LineString([here, (here.x + 40, here.y + 25)]))

    return {
        "a bench": lambda: drawn("bench", spot()),
        "a table": lambda: drawn("table", spot()),
        "a path": path,
        "a block demolished": lambda: session.remove("A", dice.choice(blocks)),
    }


def fitting(act: Act) -> None:
    """Draw until something fits."""
    while True:
        try:
            act()
            return
        except InputError:
            continue


def measured(session: Session, addresses: Addresses, act: Act) -> tuple[float, float, float]:
    """Seconds until the scores are told, until the lenses are, and of processor time until the scores."""
    table, begin, spent = session.table, time.perf_counter(), time.process_time()
    fitting(act)
    seen = table.look(session.variant("A").strokes)
    found = table.differ(seen)
    json.dumps(sight_of(table, seen, found, addresses), default=list)
    scores, processor = time.perf_counter() - begin, time.process_time() - spent
    table.through_lenses(seen, found)
    lenses = time.perf_counter() - begin
    session.undo("A")
    return scores, lenses, processor


def studio(times: int, extract: Path, boundary: Path) -> list[dict[str, object]]:
    """One row a kind of stroke."""
    run.load_compiled()
    session = Session(Table(Inputs.read(spatial.Estate.from_file(boundary), InputFiles(extract))))
    addresses, rows = Addresses.of(session.ground.raw), []
    for name, act in acts(session).items():
        found = [measured(session, addresses, act) for _ in range(WARM + times)][WARM:]
        scores, lenses, processor = zip(*found, strict=True)
        rows.append(
            {
                "stroke": name,
                "to the scores, median": f"{statistics.median(scores) * 1e3:.0f} ms",
                "95 %": f"{np.percentile(scores, 95) * 1e3:.0f} ms",
                "processor": f"{statistics.median(processor) * 1e3:.0f} ms",
                "to the lenses, median": f"{statistics.median(lenses) * 1e3:.0f} ms",
            }
        )
    return rows


def main(arguments: list[str]) -> None:
    """Print the table."""
    times = int(arguments.pop(0)) if arguments and arguments[0].isdigit() else TIMES
    extract, boundary = map(Path, arguments) if arguments else whole_run.DEMO
    print(processes.table(studio(times, extract, boundary)))


if __name__ == "__main__":
    main(sys.argv[1:])
