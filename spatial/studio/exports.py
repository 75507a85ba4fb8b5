"""What is taken away from the table, made as by a run with the plan: map, report, site map, tables, field kit."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from tempfile import TemporaryDirectory

from spatial.analysis import before_after, run
from spatial.analysis.result import Analysis
from spatial.core.errors import InputError
from spatial.core.files import without_hours
from spatial.studies.plan_review import PlanReview, review_plan
from spatial.studio.history import Variant
from spatial.studio.looking import Table


@dataclass(frozen=True)
class Found:
    """A variant as a run finds it, once it is asked for; one in which nothing is drawn is the estate as it is."""

    table: Table
    variant: Variant

    @cached_property
    def review(self) -> PlanReview | None:
        """The review of the plan; None where nothing is drawn."""
        table, variant = self.table, self.variant
        if not variant.strokes:
            return None
        return review_plan(replace(table.inputs, plan=table.plan(variant.strokes, variant.name)), table.options)

    @cached_property
    def result(self) -> Analysis:
        """What is there with all that is drawn."""
        return run.run(self.table.inputs, self.table.options) if self.review is None else self.review.after


def _map(found: Found, lang: str) -> bytes:
    from spatial.maps.web import page

    review = found.review
    both = (None, None) if review is None else (review.today, review.comparison)
    drawn, options = before_after.for_map(found.result, *both)
    return page.map_page(drawn, lang=lang, **options)


def _report(ending: str) -> Callable[[Found, str], bytes]:
    def report(found: Found, lang: str) -> bytes:
        from spatial.reports import estate, sections

        result = found.result
        document = (
            estate.estate_document(result, result.field_checks, lang=lang)
            if found.review is None
            else found.review.report(lang)
        )
        with TemporaryDirectory() as folder:
            path = Path(folder) / "report.html"
            sections.write_document(document, path, pdf=ending == ".pdf")
            return path.with_suffix(ending).read_bytes()

    return report


def _sitemap(found: Found, lang: str) -> bytes:
    from spatial.maps.sheet import sitemap

    return sitemap.typeset_sitemap(found.result, lang=lang).pdf()


def _tables(found: Found, lang: str) -> bytes:
    from spatial.maps import workbook

    return workbook.workbook(found.result, lang)


def _field_kit(found: Found, lang: str) -> bytes:
    from spatial.fieldkit import kit

    with TemporaryDirectory() as folder:
        inside = Path(folder) / "fieldkit"
        inside.mkdir()
        kit.render_kit(kit.packed(kit.pack(found.result)), inside, lang=lang)
        return without_hours(Path(shutil.make_archive(str(inside), "zip", inside)).read_bytes())


def _board(found: Found, lang: str) -> bytes:
    from spatial.studio import board, page

    if not found.variant.strokes:
        raise InputError("studio.nothing_drawn")
    return page.board_page(board.board_sight(found.table, found.variant, lang))


# By name of the file: how it is made.
MAKERS: Mapping[str, Callable[[Found, str], bytes]] = {
    "map.html": _map,
    "board.html": _board,
    "report.html": _report(".html"),
    "report.pdf": _report(".pdf"),
    "sitemap.pdf": _sitemap,
    "places.xlsx": _tables,
    "fieldkit.zip": _field_kit,
}
