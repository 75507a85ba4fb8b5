"""How long it takes from a stroke to its scores in the studio, to the tiers, and to the lenses.

    python -m tests.benchmarks.studio [TIMES] [EXTRACT.osm.pbf BOUNDARY.geojson]
    python -m tests.benchmarks.studio memory [TIMES]

In this process, without a browser: the stroke checked, the estate looked at, homes told apart, all of it encoded; then
the draws made, the example told and the tables encoded. Each stroke is drawn, looked at and undone, at other spots each
time. The median and the 95th percentile, the median of processor time, which other work on the machine moves less, and
the 95th percentile as a share of a whole look in the same run. With ``memory``, what the process holds after so many
strokes against after the first.
"""

from __future__ import annotations

import gc
import json
import random
import resource
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
from spatial.studio.sight import glance_of, sight_of
from spatial.studio.telling import Addresses
from tests.benchmarks import processes, whole_run

TIMES, SEED, WARM = 20, 1, 2
# Of the strokes of a long sitting so many stay, up to so many at a time.
KEPT, MOST = 0.2, 8
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


def measured(session: Session, addresses: Addresses, act: Act) -> tuple[float, float, float, float]:
    """Seconds until the scores are told, the tiers, and the lenses; and of processor time until the scores."""
    table, begin, spent = session.table, time.perf_counter(), time.process_time()
    fitting(act)
    seen = table.glance(session.variant("A").strokes)
    found = table.differ(seen)
    json.dumps(glance_of(table, seen, found, addresses))
    scores, processor = time.perf_counter() - begin, time.process_time() - spent
    json.dumps(sight_of(table, table.ranked(seen), found, addresses), default=list)
    tiers = time.perf_counter() - begin
    table.through_lenses(seen, found)
    lenses = time.perf_counter() - begin
    session.undo("A")
    return scores, tiers, lenses, processor


def opened(extract: Path, boundary: Path) -> Session:
    """The estate on the table, in a session."""
    run.load_compiled()
    return Session(Table(Inputs.read(spatial.Estate.from_file(boundary), InputFiles(extract))))


def whole_look_s(session: Session) -> float:
    """Seconds of a look at a bench that finds everything anew: the median of three."""
    fitting(acts(session)["a bench"])
    edits, spent = session.table.plan(session.variant("A").strokes).edits, []
    for _ in range(3):
        begin = time.perf_counter()
        session.table.what_if.after(*edits, whole=True)
        spent.append(time.perf_counter() - begin)
    session.undo("A")
    return statistics.median(spent)


def memory(times: int, extract: Path, boundary: Path) -> list[dict[str, object]]:
    """What the process holds after the first round of strokes, and after so many strokes that stay, move on and go."""
    session, dice = opened(extract, boundary), random.Random(SEED)
    addresses, draw = Addresses.of(session.ground.raw), acts(session)
    kinds, rows, first = list(draw), [], 0.0
    for number in range(1, times + 1):
        measured(session, addresses, draw[kinds[number % len(kinds)]])
        if dice.random() < KEPT:
            fitting(draw[dice.choice(kinds[:3])])
        if len(session.variant("A").strokes) > MOST:
            session.undo("A")
        if number == len(kinds) or number == times or number % 100 == 0:
            gc.collect()
            held = int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize() / 2**20
            first = first or held
            rows.append({"strokes": number, "held": f"{held:.0f} MB", "of the first": f"{held / first:.2f}"})
    return rows


def studio(times: int, extract: Path, boundary: Path) -> list[dict[str, object]]:
    """One row a kind of stroke."""
    session = opened(extract, boundary)
    addresses, rows = Addresses.of(session.ground.raw), []
    whole = whole_look_s(session)
    for name, act in acts(session).items():
        found = [measured(session, addresses, act) for _ in range(WARM + times)][WARM:]
        scores, tiers, lenses, processor = zip(*found, strict=True)
        rows.append(
            {
                "stroke": name,
                "to the scores, median": f"{statistics.median(scores) * 1e3:.0f} ms",
                "95 %": f"{np.percentile(scores, 95) * 1e3:.0f} ms",
                "95 %, of a whole look": f"{np.percentile(scores, 95) / whole:.2f}",
                "processor": f"{statistics.median(processor) * 1e3:.0f} ms",
                "to the tiers, median": f"{statistics.median(tiers) * 1e3:.0f} ms",
                "to the lenses, median": f"{statistics.median(lenses) * 1e3:.0f} ms",
            }
        )
    return rows


def main(arguments: list[str]) -> None:
    """Print the table."""
    asked = memory if arguments[:1] == ["memory"] else studio
    arguments = arguments[asked is memory :]
    times = int(arguments.pop(0)) if arguments and arguments[0].isdigit() else TIMES
    extract, boundary = map(Path, arguments) if arguments else whole_run.DEMO
    print(processes.table(asked(times, extract, boundary)))


if __name__ == "__main__":
    main(sys.argv[1:])
