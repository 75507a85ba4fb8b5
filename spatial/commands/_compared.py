"""A plan compared with today, for the commands that tell it, write its tables and its report."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from spatial.analysis import Analysis
    from spatial.comparison import Comparison
    from spatial.model import Result
    from spatial.render.document import Document

REPORT = "plan.html"


class Compared:
    """One plan against today, followed through its phases where they are given; the last of them is ``then``."""

    def __init__(self, today: Analysis, then: Analysis, phases: Sequence[Result] = ()) -> None:
        from spatial import comparison, timeline, turning

        self.today, self.then = today, then
        self.found: Comparison = comparison.compare(today, then)
        self.turn = turning.of(today, then, self.found.homes)
        self.timeline = timeline.of(today, [*phases, then]) if phases else None

    @classmethod
    def read(cls, today: Analysis, folder: Path) -> Compared:
        """Compare a finished run, and those of its phases that it names."""
        from spatial import outputs
        from spatial.sources import finished

        then = outputs.load(folder)
        phases = [finished.read(folder / name) for name in (then.manifest.get("plan") or {}).get("folders", [])]
        return cls(today, then, phases)

    @cached_property
    def said(self) -> dict[str, Any]:
        """What is different, as plain data."""
        from spatial import differences, plan_words

        found = differences.of(self.found, self.today, self.then)
        found["turn"] = plan_words.turn(self.turn, self.today)
        if self.timeline is not None:
            found["timeline"] = plan_words.timeline(self.timeline)
        return found

    def _verdict(self, lang: str) -> list[str]:
        """What would turn the verdict, where there is one."""
        from spatial import plan_words

        return [] if self.said["keeps_share"] is None else [plan_words.turn_text(self.said["turn"], lang=lang)]

    def text(self, lang: str) -> str:
        """What is different, in words."""
        from spatial import differences, indicators, plan_words

        units = {name: spec.unit for name, spec in indicators.registry().items()}
        phases = [plan_words.timeline_text(self.said["timeline"], lang=lang)] if self.timeline is not None else []
        return differences.text(self.said, units, lang=lang, verdict=self._verdict(lang) + phases)

    def report(self, lang: str, plans: Sequence[dict[str, Any]] = (), own: str = "") -> Document:
        """The report of the plan for the board; ``plans`` side by side, of which this is ``own``."""
        from spatial import before_after
        from spatial.reports import plan

        return plan.document(
            self.today,
            before_after.judged_alike(self.today, self.then),
            self.found,
            self.then.field_checks,
            lang=lang,
            verdict=self._verdict(lang),
            phases=self.said.get("timeline"),
            plans=plans,
            own=own,
        )

    def write(
        self,
        folder: Path,
        lang: str,
        *,
        pdf: bool = False,
        with_map: bool = True,
        plans: Sequence[dict[str, Any]] = (),
    ) -> None:
        """Write tables, a map layer, the map and the report of the plan into a folder: all or none.

        Of several ``plans`` this is the one with the name of the folder.
        """
        from spatial import before_after, reports
        from spatial.render import changes, files, web_map

        found = self.found
        with files.whole(folder) as draft:
            changes.write(
                found.spaces, found.homes, found.items, found.causes, (self.today, self.then), draft, lang=lang
            )
            if with_map:
                drawn, options = before_after.for_map(self.then, self.today, found)
                web_map.render(drawn, draft / "map.html", lang=lang, **options)
            if self.timeline is not None:
                changes.write_timeline(self.timeline.phases, self.timeline.spaces, draft)
            reports.write(self.report(lang, plans, folder.name), draft / REPORT, pdf=pdf)
