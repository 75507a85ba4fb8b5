"""A second process, for work that holds the interpreter while this one does other work.

Reading an extract and drawing on paper each keep one core busy; so do the imports of the libraries that the rest of
the way needs. Side by side, one of them costs nothing. The process does one thing after another, in the order in which
they are asked for. Nothing heavy is imported here.
"""

from __future__ import annotations

import gc
import os
import pickle
import struct
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import IO, Any, Generic, TypeVar

T = TypeVar("T")
LENGTH = struct.Struct("<Q")
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
    """A process that is running; see ``started``."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self._process = process
        self._asked = 0
        self._answers: list[tuple[bool, Any]] = []

    def ask(self, work: Callable[..., T], *given: Any) -> Asked[T]:
        """Ask for ``work(*given)``; it must be a function of a module, and all of it must go through pickle."""
        self._asked += 1
        if self._process.stdin is not None:
            with suppress(BrokenPipeError):  # the answer will say that the process has ended
                _send(self._process.stdin, (work, given))
        return Asked(self, self._asked)

    def answer(self, number: int) -> Any:
        """Wait for one of the answers; raise what went wrong there, or ``GoneError``."""
        while len(self._answers) < number:
            self._answers.append(self._next())
        done, found = self._answers[number - 1]
        if not done:
            raise found
        return found

    def _next(self) -> tuple[bool, Any]:
        answer = None if self._process.stdout is None else _received(self._process.stdout)
        if answer is None:
            return False, GoneError(self._process.wait())
        done: bool
        done, found = answer
        return done, found


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
        [sys.executable, "-P", "-m", "spatial.second"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, **APART
    )
    try:
        yield Second(process)
    finally:
        process.kill()
        process.wait()
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                with suppress(BrokenPipeError):
                    pipe.close()


def _send(pipe: IO[bytes], what: Any) -> None:
    packed = pickle.dumps(what, protocol=pickle.HIGHEST_PROTOCOL)
    pipe.write(LENGTH.pack(len(packed)))
    pipe.write(packed)
    pipe.flush()


def _received(pipe: IO[bytes]) -> Any:
    """What was sent, or None where the other side has ended."""
    head = pipe.read(LENGTH.size)
    if len(head) < LENGTH.size:
        return None
    (length,) = LENGTH.unpack(head)
    packed = pipe.read(length)
    return None if len(packed) < length else pickle.loads(packed)


def main() -> None:
    """Do what is asked on standard input, one thing after another; answer on standard output.

    The process lives for a few answers: nothing is collected in between, and it leaves at once.
    """
    gc.disable()
    answers, sys.stdout = sys.stdout.buffer, sys.stderr  # what a library prints is no answer
    while (asked := _received(sys.stdin.buffer)) is not None:
        work, given = asked
        try:
            answer = (True, work(*given))
        except Exception as error:
            answer = (False, error)
        with suppress(BrokenPipeError):
            _send(answers, answer)
    os._exit(0)


if __name__ == "__main__":
    main()
