"""A call in a process of its own, with bounds of memory and time; what came of it.

The processes are forked from one that has imported everything, so that each costs a few milliseconds. POSIX only.
"""

from __future__ import annotations

import importlib
import multiprocessing
import resource
import signal
import time
import traceback
from dataclasses import dataclass
from typing import Any

MEMORY_MB, CPU_S, WALL_S = 2048, 60, 240
PRELOADED = ["tests.hostile.readers", "pandas", "geopandas", "rasterio", "openpyxl", "osmium"]


@dataclass(frozen=True)
class Outcome:
    """How a call ended.

    ``kind`` is ``"done"``, ``"refused"`` (one of our errors), ``"escaped"`` (any other), or ``"died"``;
    ``text`` is what it said; ``peak_mb`` how much memory the process held beyond what it began with.
    """

    kind: str
    text: str
    peak_mb: float
    cpu_s: float


def run(function: str, *arguments: Any, memory_mb: int = MEMORY_MB, cpu_s: int = CPU_S) -> Outcome:
    """Call ``"module:function"`` in a process of its own.

    Parameters
    ----------
    memory_mb, cpu_s
        How much more address space, and how much time of a processor, it may use.
    """
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(PRELOADED)
    ours, theirs = context.Pipe(duplex=False)
    process = context.Process(target=_call, args=(theirs, function, arguments, memory_mb, cpu_s), daemon=True)
    process.start()
    theirs.close()
    try:
        found = ours.recv() if ours.poll(WALL_S) else None
    except EOFError:
        found = None
    finally:
        ours.close()
    if found is None:
        process.kill() if process.is_alive() and process.exitcode is None else None
    process.join(10)
    if found is None:
        return Outcome("died", f"exit code {process.exitcode}", 0.0, 0.0)
    return Outcome(*found)


def _call(pipe: Any, function: str, arguments: tuple[Any, ...], memory_mb: int, cpu_s: int) -> None:
    from spatial.core.errors import SpatialError

    signal.signal(signal.SIGINT, signal.SIG_IGN)
    begun, before_mb = time.process_time(), _status_mb("VmRSS")
    _bound(resource.RLIMIT_AS, int((_status_mb("VmSize") + memory_mb) * 2**20))
    _bound(resource.RLIMIT_CPU, cpu_s)
    module, _, name = function.partition(":")
    try:
        kind, text = "done", str(getattr(importlib.import_module(module), name)(*arguments))
    except SpatialError as error:
        kind, text = "refused", str(error)
    except BaseException as error:
        kind = "escaped"
        text = f"{type(error).__name__}: {error}\n{''.join(traceback.format_tb(error.__traceback__)[-4:])}"
    pipe.send((kind, text, max(0.0, _status_mb("VmHWM") - before_mb), time.process_time() - begun))
    pipe.close()


def _bound(what: int, value: int) -> None:
    resource.setrlimit(what, (value, resource.getrlimit(what)[1]))


def _status_mb(name: str) -> float:
    """A line of ``/proc/self/status``, in MB."""
    with open("/proc/self/status", encoding="ascii") as file:
        return next(int(line.split()[1]) / 1024 for line in file if line.startswith(f"{name}:"))
