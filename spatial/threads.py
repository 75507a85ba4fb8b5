"""Compiled work in parts, in threads that stay: starting a thread takes as long as a small part of the work."""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from itertools import pairwise

import numpy as np

# As numba has it: workers of a batch set it to 1, being as many as there are processors.
VARIABLE = "NUMBA_NUM_THREADS"


def available() -> int:
    """How many threads to use: what ``NUMBA_NUM_THREADS`` says, else one a processor."""
    said = os.environ.get(VARIABLE, "")
    return max(1, int(said)) if said.isdigit() else os.cpu_count() or 1


def in_blocks(work: Callable[[int, int], object], count: int, *, blocks: int, threads: int | None = None) -> None:
    """Run ``work(begin, end)`` over even blocks of rows, several at once.

    Parameters
    ----------
    work
        Fills rows of its own; it must release the interpreter, and not call this again.
    count
        How many rows there are.
    blocks
        How many blocks to make of them.
    threads
        At most so many at once; by default ``available()``.
    """
    cuts = np.linspace(0, count, blocks + 1).astype(int).tolist()
    parts = [(begin, end) for begin, end in pairwise(cuts) if end > begin]
    wanted = available() if threads is None else threads
    if wanted == 1 or len(parts) < 2:
        for part in parts:
            work(*part)
    elif threads is None:
        list(_pool(wanted).map(lambda part: work(*part), parts))
    else:
        with ThreadPoolExecutor(threads) as pool:
            list(pool.map(lambda part: work(*part), parts))


@cache
def _pool(threads: int) -> ThreadPoolExecutor:
    return ThreadPoolExecutor(threads, thread_name_prefix="faellesrum")


# A process that is forked has none of the threads.
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_pool.cache_clear)
