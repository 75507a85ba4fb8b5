"""What a board is told: reports as documents, made of results. What they are drawn with is in ``render``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from spatial.render.document import Document


def make_ready() -> None:
    """Import what a report is made with, and read its template and its words."""
    from spatial.render import document_page
    from spatial.reports import estate  # noqa: F401
    from spatial.strings import LANGUAGES, texts

    document_page.make_ready()
    for lang in LANGUAGES:
        texts(lang, "report")


def drawn(document: Document, *, pdf: bool = False) -> dict[str, bytes]:
    """A report as ``.html``, and with ``pdf`` as ``.pdf`` too."""
    from spatial.render import document_page

    made = {".html": document_page.html(document).encode("utf-8")}
    if pdf:
        from spatial.render import document_pdf

        made[".pdf"] = document_pdf.pdf(document)
    return made


def write(document: Document, path: Path, *, pdf: bool = False) -> list[Path]:
    """Write a report as a page, and with ``pdf`` beside it as ``.pdf``; all or none.

    Returns
    -------
    list
        What was written.
    """
    from spatial.render import files

    page, *others = drawn(document, pdf=pdf).items()
    made = {path: page[1], **{path.with_suffix(ending): content for ending, content in others}}
    files.place(made)
    return list(made)
