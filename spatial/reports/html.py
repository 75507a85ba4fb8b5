"""A document as one HTML file: no script, no request, ready to print."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from importlib.resources import files
from typing import Any

from spatial.core.versions import generator
from spatial.maps.svg import Figure, drawn
from spatial.reports.document import Document, Heading, Table

RANGE = re.compile(r"(?<=\d)–(?=\d)")


def html(document: Document) -> str:
    """Render a document as a whole page."""
    from markupsafe import Markup

    count = 0

    def draw(figure: Figure, small: bool = False) -> Any:
        nonlocal count
        count += 1
        return Markup(drawn(figure, f"f{count}", wide=not small))

    style = Markup((files("spatial.reports") / "templates" / "document" / "page.css").read_text(encoding="utf-8"))
    sections = list(_sections(document))
    page: str = _template().render(doc=document, sections=sections, style=style, draw=draw, generator=generator())
    return page


def _sections(document: Document) -> Iterator[dict[str, Any]]:
    """The blocks under each heading; what stands before the first has none."""
    section: dict[str, Any] = {"heading": None, "blocks": []}
    for block in document.blocks:
        if isinstance(block, Heading):
            if section["blocks"] or section["heading"]:
                yield section
            section = {"heading": block, "blocks": []}
            continue
        whole = sum(column.share for column in block.columns) if isinstance(block, Table) else 0.0
        section["blocks"].append({"is": type(block).__name__, "it": block, "whole": whole})
    yield section


def _tied(value: Any) -> Any:
    """Keep a range such as "65–86" on one line."""
    return RANGE.sub("\u2060–\u2060", value) if type(value) is str else value


@cache
def _template() -> Any:
    from jinja2 import Environment, StrictUndefined

    environment = Environment(
        autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True, finalize=_tied
    )
    source = (files("spatial.reports") / "templates" / "document" / "page.html.j2").read_text(encoding="utf-8")
    return environment.from_string(source)
