"""Work in blocks: every row once, whatever the threads; and after a fork."""

from __future__ import annotations

import multiprocessing
import sys

import numpy as np
import pytest

from spatial.core import parallel


@pytest.mark.parametrize("allowed", [None, 1, 3])
@pytest.mark.parametrize(("count", "blocks"), [(0, 4), (1, 4), (10, 4), (1000, 7)])
def test_each_row_is_worked_on_once(count, blocks, allowed):
    rows = np.zeros(count, dtype=int)

    def work(begin, end):
        rows[begin:end] += 1

    parallel.in_blocks(work, count, blocks=blocks, threads=allowed)
    assert (rows == 1).all()


def test_what_fails_in_a_thread_is_heard_of():
    def work(begin, end):
        raise ZeroDivisionError(begin)

    with pytest.raises(ZeroDivisionError):
        parallel.in_blocks(work, 10, blocks=2)


@pytest.mark.parametrize(("said", "used"), [("1", 1), ("6", 6), ("0", 1)])
def test_a_worker_of_a_batch_uses_one_thread(monkeypatch, said, used):
    monkeypatch.setenv("NUMBA_NUM_THREADS", said)
    assert parallel.available_threads() == used


def _sum_in_blocks(found):
    parts = np.zeros(4)

    def work(begin, end):
        parts[begin:end] = np.arange(begin, end)

    parallel.in_blocks(work, 4, blocks=4)
    found.put(parts.sum())


@pytest.mark.skipif(sys.platform == "win32", reason="no fork there")
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_a_process_that_is_forked_has_threads_of_its_own():
    parallel.in_blocks(lambda begin, end: None, 4, blocks=4)
    context = multiprocessing.get_context("fork")
    found = context.SimpleQueue()
    child = context.Process(target=_sum_in_blocks, args=(found,))
    child.start()
    child.join(30)
    assert child.exitcode == 0
    assert found.get() == 6
