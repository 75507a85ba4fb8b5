"""From one machine to a country, a continent, the planet: `python -m tests.benchmarks.scale MEASURED.json`.

The arithmetic is core seconds of the pass (by megabytes of extract) plus those of the areas (by their number). Whether
that many workers can be kept busy is checked by a simulation: areas of measured cost, drawn with a seed, handed out
one by one by a scheduler that needs a moment for each, to whichever worker is free.
"""

from __future__ import annotations

import heapq
import json
import random
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.benchmarks import processes

SEED = 11
S_PER_H = 3600.0
SIMULATED = 100_000  # areas at most; more say the same


@dataclass(frozen=True)
class Unit:
    """Measured costs of one unit: see ``docs/scale.md`` for where they come from."""

    pass_s_per_mb: float = 0.0
    area_s: float = 0.0
    hand_out_s: float = 0.001
    result_mb: float = 0.0
    partition_mb: float = 0.0
    euro_per_core_h: float = 0.04


@dataclass(frozen=True)
class Region:
    """What there is to do: megabytes of extract, and areas."""

    name: str
    extract_mb: float
    areas: int


def core_hours(region: Region, unit: Unit) -> float:
    """The pass and the areas."""
    return (region.extract_mb * unit.pass_s_per_mb + region.areas * unit.area_s) / S_PER_H


def makespan(seconds: Sequence[float], workers: int, *, hand_out_s: float = 0.0) -> float:
    """When the last task ends, if each goes to the worker that is free first, in this order.

    Examples
    --------
    >>> makespan([3.0, 1.0, 1.0, 1.0], 2)
    3.0
    >>> makespan([1.0, 1.0, 1.0, 3.0], 2)  # what is long began last
    4.0
    >>> makespan([1.0, 1.0], 2, hand_out_s=0.5)  # the second task leaves the scheduler after 1 s
    2.0
    """
    free = [0.0] * workers
    heapq.heapify(free)
    end = 0.0
    for i, cost in enumerate(seconds):
        begin = max(heapq.heappop(free), (i + 1) * hand_out_s)
        heapq.heappush(free, begin + cost)
        end = max(end, begin + cost)
    return end


def drawn(measured: Sequence[float], count: int) -> list[float]:
    """Costs of so many areas, drawn from the measured ones with a seed; the largest first, as a batch does it."""
    chance = random.Random(SEED)
    return sorted(chance.choices(sorted(measured), k=count), reverse=True)


def efficiency(seconds: Sequence[float], workers: int, hand_out_s: float) -> float:
    """Share of the workers' time that is work."""
    return sum(seconds) / (workers * makespan(seconds, workers, hand_out_s=hand_out_s))


def arithmetic(regions: Sequence[Region], unit: Unit) -> list[dict[str, object]]:
    """One row a region."""
    return [
        {
            "region": region.name,
            "extract, GB": f"{region.extract_mb / 1000:,.1f}",
            "areas": f"{region.areas:,}",
            "pass, core h": f"{region.extract_mb * unit.pass_s_per_mb / S_PER_H:,.2f}",
            "areas, core h": f"{region.areas * unit.area_s / S_PER_H:,.1f}",
            "results, GB": f"{region.areas * unit.result_mb / 1000:,.1f}",
            "partitions, GB": f"{region.areas * unit.partition_mb / 1000:,.1f}",
            "money, €": f"{core_hours(region, unit) * unit.euro_per_core_h:,.2f}",
        }
        for region in regions
    ]


def simulated(measured: Sequence[float], areas: int, unit: Unit, workers: Sequence[int]) -> list[dict[str, object]]:
    """One row a number of workers: when the areas are done, and how busy the workers are."""
    costs = drawn(measured, min(areas, SIMULATED))
    rows = []
    for count in workers:
        end = makespan(costs, count, hand_out_s=unit.hand_out_s)
        busy = efficiency(costs, count, unit.hand_out_s)
        rows.append(
            {"areas": f"{len(costs):,}", "workers": count, "minutes": f"{end / 60:,.1f}", "busy": f"{busy:.0%}"}
        )
    return rows


def main(arguments: Sequence[str]) -> None:
    """Print the arithmetic and the simulation; the unit costs are those given as JSON beside the seconds."""
    said = json.loads(Path(arguments[0]).read_text(encoding="utf-8"))
    unit = Unit(**said["unit"])
    regions = [Region(**region) for region in said["regions"]]
    print(processes.table(arithmetic(regions, unit)))
    for region in regions:
        print(f"\n{processes.table(simulated(said['seconds'], region.areas, unit, said['workers']))}")


if __name__ == "__main__":
    main(sys.argv[1:])
