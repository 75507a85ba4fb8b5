"""The session behind the server: looks in a thread of their own, stale ones given up, and news to all who listen."""

from __future__ import annotations

import asyncio
import json
import logging
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from functools import cached_property, partial
from typing import Any

from spatial.core.errors import InputError, SpatialError
from spatial.studio.answering import said_of
from spatial.studio.correcting import CORRECTIONS
from spatial.studio.exports import Found
from spatial.studio.history import Strokes, Variant
from spatial.studio.looking import Difference, Seen, Table
from spatial.studio.session import Session
from spatial.studio.sight import first_sight, glance_of, lens_summary, sight_of, state_of, summary
from spatial.studio.telling import Addresses

log = logging.getLogger(__name__)
# News that nobody fetches are not kept for ever: a page that is behind asks for the state again.
MOST_NEWS = 100
HEARTBEAT_S = 15.0
# How much the log tells of an act, and of how many that were refused.
REFUSED, MOST_ABOUT, MOST_REFUSED = "refused", 200, 1000
About = dict[str, Any]
Tell = Callable[[str], None]


class StaleError(Exception):
    """The next stroke is there: nobody wants this look any more."""


class Desk:
    """A session, and who looks on.

    Parameters
    ----------
    session
        The sitting.
    lang
        Language in which the page opens.
    """

    def __init__(self, session: Session, lang: str) -> None:
        self.session, self.lang = session, lang
        # One after the other: looks use all processors, and shapely may not prepare a shape in two threads.
        self._one = ThreadPoolExecutor(1, thread_name_prefix="look")
        self._listeners: set[asyncio.Queue[str | None]] = set()
        self._wanted: dict[str, int] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._refusals = 0
        self._first: tuple[Table, bytes] | None = None
        self._found: tuple[tuple[Table, Variant], Found] | None = None

    @property
    def first(self) -> bytes:
        """All that the page shows at first, as JSON."""
        table = self.session.table
        if self._first is None or self._first[0] is not table:
            self._first = table, _json(first_sight(table, self.lang)).encode()
        return self._first[1]

    @cached_property
    def _addresses(self) -> Addresses:
        return Addresses.of(self.session.ground.raw)

    def state(self) -> dict[str, Any]:
        """The variants as they stand."""
        session = self.session
        (corrections,) = state_of([session.corrections], session.ground_as_read)
        return {
            "variants": state_of(session.variants, session.ground),
            "corrections": corrections,
            "comments": [asdict(one) for one in session.comments],
        }

    def refused(self, role: str, act: str, variant: str = "") -> None:
        """Note what was asked for and refused; of one process so many, lest somebody fill the disk with them."""
        self._refusals += 1
        if self._refusals <= MOST_REFUSED:
            self.session.kept.note(role, REFUSED, variant, act[:MOST_ABOUT])

    # --- news ----------------------------------------------------------------------------------

    async def listen(self) -> AsyncIterator[str]:
        """What happens from now on, as server-sent events; the state first."""
        queue: asyncio.Queue[str | None] = asyncio.Queue(MOST_NEWS + 1)
        self._listeners.add(queue)
        try:
            yield _event("state", self.state())
            while True:
                try:
                    news = await asyncio.wait_for(queue.get(), HEARTBEAT_S)
                except TimeoutError:
                    news = ": still here\n\n"
                if news is None:
                    return
                yield news
        finally:
            self._listeners.discard(queue)

    @property
    def listening(self) -> int:
        """How many pages listen."""
        return len(self._listeners)

    def tell(self, kind: str, data: dict[str, Any]) -> None:
        """Tell all who listen."""
        text = _event(kind, data)
        for queue in self._listeners:
            if queue.qsize() < MOST_NEWS:
                queue.put_nowait(text)

    def hang_up(self) -> None:
        """Tell all who listen that nothing more comes."""
        for queue in self._listeners:
            if not queue.full():
                queue.put_nowait(None)

    # --- looks ---------------------------------------------------------------------------------

    def look(self, name: str) -> None:
        """Look at a variant as it stands now, or read all anew as it was corrected; what it was before is given up."""
        number = self._wanted[name] = self._wanted.get(name, 0) + 1
        work = self._laid if name == CORRECTIONS else self._looked
        about = {"variant": name, "number": number}
        task = asyncio.get_running_loop().create_task(self._done(about, work))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _done(self, about: About, work: Callable[[About, Tell], Awaitable[None]]) -> None:
        """Do some work until it is stale, and tell what went wrong with it."""

        def stale_by_now(stage: str) -> None:
            if self._wanted.get(about["variant"]) != about["number"]:
                raise StaleError

        try:
            await work(about, stale_by_now)
        except StaleError:
            return
        except SpatialError as error:
            self.tell("failed", {**about, "said": said_of(error)})
        except Exception:  # a look that fails must not end the sitting
            log.exception("look")
            self.tell("failed", {**about, "said": said_of(InputError("studio.unforeseen"))})

    async def _looked(self, about: About, tell: Tell) -> None:
        begin, strokes = time.perf_counter(), self.session.variant(about["variant"]).strokes
        seen, found, glance = await self.apart(lambda: self._glance(strokes, tell))
        self.tell("glance", {**about, **glance, "seconds": round(time.perf_counter() - begin, 3)})
        sight = await self.apart(lambda: self._sight(seen, found, tell))
        self.tell("look", {**about, **sight})
        lenses = await self.apart(lambda: self._through(seen, found, tell))
        self.tell("lenses", {**about, "lenses": lenses})
        phases = await self.apart(lambda: self._phases(strokes, tell))
        self.tell("phases", {**about, "phases": phases})

    async def _laid(self, about: About, tell: Tell) -> None:
        """Lay the table anew, with all that was put right; pages then begin again."""
        inputs, old = self.session.corrected, self.session.table
        new = await self.apart(lambda: old.again(inputs, tell))
        self.session.lay(new)
        self.tell("table", {})

    def _glance(self, strokes: Strokes, tell: Tell) -> tuple[Seen, Difference, dict[str, Any]]:
        table = self.session.table
        tell("begin")
        seen = table.glance(strokes, tell)
        found = table.differ(seen)
        return seen, found, glance_of(table, seen, found, self._addresses)

    def _sight(self, seen: Seen, found: Difference, tell: Tell) -> dict[str, Any]:
        tell("ranks")
        table = self.session.table
        return sight_of(table, table.ranked(seen), found, self._addresses)

    def _through(self, seen: Seen, found: Difference, tell: Tell) -> list[dict[str, Any]]:
        tell("lenses")
        return [lens_summary(lens) for lens in self.session.table.through_lenses(seen, found, tell).lenses]

    def _phases(self, strokes: Strokes, tell: Tell) -> list[dict[str, Any]]:
        tell("phases")
        found = self.session.table.through_phases(strokes, tell)
        return [{"name": name, **summary(one)} for name, one in found]

    def found(self, variant: Variant) -> Found:
        """A variant looked at as a run does; the last one is kept, for its next file."""
        key = (self.session.table, variant)
        if self._found is None or self._found[0] != key:
            self._found = key, Found(*key)
        return self._found[1]

    async def compare(self) -> list[dict[str, Any]]:
        """All variants side by side, in numbers."""
        table = self.session.table

        def numbers(strokes: Strokes) -> dict[str, Any]:
            seen = table.glance(strokes)
            return summary(table.through_lenses(seen, table.differ(seen)))

        return [
            {"name": one.name, "drawn": len(one.strokes), **await self.apart(partial(numbers, one.strokes))}
            for one in self.session.variants
        ]

    async def apart(self, work: Callable[[], Any]) -> Any:
        """Do what takes a while in the thread of looks."""
        return await asyncio.get_running_loop().run_in_executor(self._one, work)

    def close(self) -> None:
        """Give up what is being looked at, and close the file."""
        self.session.close()
        self._wanted.clear()
        self._one.shutdown(wait=False, cancel_futures=True)


def _json(data: Any) -> str:
    return json.dumps(data, ensure_ascii=False, separators=(",", ":"), allow_nan=False)


def _event(kind: str, data: dict[str, Any]) -> str:
    return f"event: {kind}\ndata: {_json(data)}\n\n"
