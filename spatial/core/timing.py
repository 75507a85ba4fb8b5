"""How long each stage takes, told to whoever listens."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager


class Clock:
    """Time per stage, told to whoever listens."""

    def __init__(
        self, progress: Callable[[str], None] | None = None, seconds: Mapping[str, float] | None = None
    ) -> None:
        self.seconds: dict[str, float] = dict(seconds or {})
        self._tell = progress or (lambda stage: None)

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Time a stage, and tell its name as it begins."""
        self._tell(name)
        begin = time.perf_counter()
        yield
        passed = time.perf_counter() - begin
        self.seconds[name] = round(self.seconds.get(name, 0.0) + passed, 4)
