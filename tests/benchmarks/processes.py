"""Measure whole processes: wall time and peak memory of a command, each run in a fresh one.

This module and those that use it to start others import nothing heavy: a process started from a
large one would inherit its peak memory.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

PROJECT = Path(__file__).resolve().parents[2]
RUNS = 3
MB = 1024 * 1024


@dataclass(frozen=True)
class Measured:
    """One run, or the median of several; ``said`` is the JSON on the last line of its output."""

    wall_s: float
    peak_mb: float
    said: Mapping[str, Any]


class CommandError(RuntimeError):
    """The command did not do its work; its last words are the message."""


def run(command: Sequence[str], *, env: Mapping[str, str] | None = None) -> Measured:
    """Run once, from the project's root."""
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        began = time.perf_counter()
        process = subprocess.Popen(command, stdout=out, stderr=err, cwd=PROJECT, env={**os.environ, **(env or {})})
        _, status, usage = os.wait4(process.pid, 0)
        wall_s = time.perf_counter() - began
        process.returncode = os.waitstatus_to_exitcode(status)
        out.seek(0)
        err.seek(0)
        said, complaint = out.read().decode(), err.read().decode()
    if process.returncode:
        words = (complaint or said).strip().splitlines() or ["it said nothing"]
        raise CommandError(f"exit status {process.returncode}: {words[-1]}")
    # Kilobytes on Linux, bytes on macOS.
    peak = usage.ru_maxrss * (1 if sys.platform == "darwin" else 1024)
    return Measured(wall_s, peak / MB, _last_json(said))


def median(command: Sequence[str], *, runs: int = RUNS) -> Measured:
    """Run several times; medians of time and memory, the output of the last run."""
    every = [run(command) for _ in range(runs)]
    return Measured(
        statistics.median(one.wall_s for one in every),
        statistics.median(one.peak_mb for one in every),
        every[-1].said,
    )


def python(module: str, *arguments: object) -> list[str]:
    """Command that runs a module with this Python."""
    return [sys.executable, "-m", module, *map(str, arguments)]


def import_seconds(statement: str) -> float:
    """Seconds that an import takes in a fresh process, without Python's own start."""
    code = (
        "import json, time; began = time.perf_counter()\n"
        f"{statement}\n"
        "print(json.dumps({'seconds': time.perf_counter() - began}))"
    )
    every = [run([sys.executable, "-c", code]).said["seconds"] for _ in range(RUNS)]
    return float(statistics.median(every))


def _last_json(text: str) -> Mapping[str, Any]:
    for line in reversed(text.strip().splitlines()):
        if line.startswith("{"):
            return dict(json.loads(line))
    return {}


def table(rows: Sequence[Mapping[str, object]]) -> str:
    """Markdown table; a row may lack some of the columns."""
    if not rows:
        return "(nothing measured)"
    head = list(dict.fromkeys(key for row in rows for key in row))
    body = [[_cell(row.get(key)) for key in head] for row in rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in [head, ["---"] * len(head), *body])


def _cell(value: object) -> str:
    if value is None:
        return ""
    return f"{value:.3g}" if isinstance(value, float) else str(value)


def times(value: float) -> str:
    """A ratio, as it is read."""
    return f"{value:.2g} ×" if value < 10 else f"{value:.0f} ×"
