"""Blocks of compiled work in threads, and one worker process beside this one.

Reading an extract and drawing on paper each keep one core busy; so do the imports of the libraries that the rest of
the way needs. Side by side, one of them costs nothing. The process does one thing after another, in the order in which
they are asked for. Nothing heavy is imported here.
"""

from __future__ import annotations

import ctypes
import gc
import os
import pickle
import signal
import struct
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from queue import SimpleQueue
from threading import Thread
from typing import IO, Any, Generic, TypeVar

import numpy as np

T = TypeVar("T")
LENGTH = struct.Struct("<Q")
# Of Linux: prctl(2).
PR_SET_PDEATHSIG = 1
# An interrupt from the keyboard is for the process that waits, which ends this one.
APART: dict[str, Any] = (
    {"process_group": 0}
    if os.name == "posix"
    else {"creationflags": getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0)}
)


class GoneError(Exception):
    """The process has ended without an answer; with its exit code."""

    def __init__(self, code: int) -> None:
        super().__init__(code)
        self.code = code


class Second:
    """A process that is running; see ``started``.

    Neither side waits to be heard: what is asked and what is answered passes through threads of this one.
    """

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self._process = process
        self._asked = 0
        self._answers: list[tuple[bool, Any]] = []
        self._said: SimpleQueue[bytes | None] = SimpleQueue()
        self._heard: SimpleQueue[bytes | None] = SimpleQueue()
        self._threads = [Thread(target=work, daemon=True) for work in (self._speak, self._listen)]
        for thread in self._threads:
            thread.start()

    def ask(self, work: Callable[..., T], *given: Any) -> Asked[T]:
        """Ask for ``work(*given)``; it must be a function of a module, and all of it must go through pickle."""
        self._asked += 1
        self._said.put(pickle.dumps((work, given), protocol=pickle.HIGHEST_PROTOCOL))
        return Asked(self, self._asked)

    def answer(self, number: int) -> Any:
        """Wait for one of the answers; raise what went wrong there, or ``GoneError``."""
        while len(self._answers) < number:
            self._answers.append(self._next())
        done, found = self._answers[number - 1]
        if not done:
            raise found
        return found

    def end(self) -> None:
        """End the process, whatever it is doing."""
        self._process.kill()
        self._process.wait()
        self._said.put(None)
        for thread in self._threads:
            thread.join()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                with suppress(BrokenPipeError):
                    pipe.close()

    def _next(self) -> tuple[bool, Any]:
        packed = self._heard.get()
        if packed is None:
            self._heard.put(None)  # for whoever asks again
            return False, GoneError(self._process.wait())
        done: bool
        done, found = pickle.loads(packed)
        return done, found

    def _speak(self) -> None:
        while (packed := self._said.get()) is not None:
            if self._process.stdin is not None:
                with suppress(BrokenPipeError):  # the answer will say that the process has ended
                    _send(self._process.stdin, packed)

    def _listen(self) -> None:
        packed: bytes | None = b""
        while packed is not None:
            packed = None if self._process.stdout is None else _received(self._process.stdout)
            self._heard.put(packed)


@dataclass(frozen=True)
class Asked(Generic[T]):
    """What was asked of the second process."""

    second: Second
    number: int

    def result(self) -> T:
        """Wait for it. Raises what went wrong there, or ``GoneError`` where the process has ended."""
        found: T = self.second.answer(self.number)
        return found


@contextmanager
def started() -> Iterator[Second]:
    """Start the process; it ends with the context, whatever happens in it."""
    process = subprocess.Popen(
        child_command("spatial.core.parallel"), stdin=subprocess.PIPE, stdout=subprocess.PIPE, **APART
    )
    second = Second(process)
    try:
        yield second
    finally:
        second.end()


def _send(pipe: IO[bytes], packed: bytes) -> None:
    pipe.write(LENGTH.pack(len(packed)))
    pipe.write(packed)
    pipe.flush()


def _received(pipe: IO[bytes]) -> bytes | None:
    """What was sent, or None where the other side has ended."""
    head = pipe.read(LENGTH.size)
    if len(head) < LENGTH.size:
        return None
    (length,) = LENGTH.unpack(head)
    packed = pipe.read(length)
    return None if len(packed) < length else packed


def main() -> None:
    """Do what is asked on standard input, one thing after another; answer on standard output.

    The process lives for a few answers: nothing is collected in between, and it leaves at once.
    """
    gc.disable()
    end_with_parent()
    answers, sys.stdout = sys.stdout.buffer, sys.stderr  # what a library prints is no answer
    requests: SimpleQueue[bytes] = SimpleQueue()
    Thread(target=_hear, args=(requests,), daemon=True).start()
    while True:
        work, given = pickle.loads(requests.get())
        try:
            answer = (True, work(*given))
        except Exception as error:
            answer = (False, error)
        with suppress(BrokenPipeError):
            _send(answers, pickle.dumps(answer, protocol=pickle.HIGHEST_PROTOCOL))


def _hear(requests: SimpleQueue[bytes]) -> None:
    """Take what is asked, also while something is being done; where nobody can ask any more, this process ends."""
    while (asked := _received(sys.stdin.buffer)) is not None:
        requests.put(asked)
    os._exit(0)


def child_command(module: str) -> list[str]:
    """How to start a module as a process that calls ``end_with_parent``."""
    return [sys.executable, "-P", "-m", module, str(os.getpid())]


def end_with_parent() -> None:
    """Let the system end this process when the one that started it by ``child_command`` ends, however it ends (Linux).

    Elsewhere the end of what is asked says so, which a library that holds Python's lock hears only when it lets go.
    """
    if not sys.platform.startswith("linux"):
        return
    with suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        if sys.argv[1:] != [str(os.getppid())]:  # it has ended already
            os._exit(0)


if __name__ == "__main__":
    main()

# As numba has it: workers of a batch set it to 1, being as many as there are processors.
VARIABLE = "NUMBA_NUM_THREADS"


def available_threads() -> int:
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
    wanted = available_threads() if threads is None else threads
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


@contextmanager
def gc_paused() -> Iterator[None]:
    """Pause Python's collector of cyclic garbage: it would go through all that is new, over and over."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()
