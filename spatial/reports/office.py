"""A run in the formats of office programs: workbook, CSV for Excel, slide, and a page to write on."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from spatial.core.model import Result
from spatial.maps import workbook
from spatial.reports.slide import slide
from spatial.reports.word_page import word_page

WRITERS: Mapping[str, tuple[str, Callable[[Result, str], bytes]]] = {
    "xlsx": ("places.xlsx", workbook.workbook),
    "excel-csv": ("places-excel.csv", workbook.excel_csv),
    "pptx": ("board.pptx", slide),
    "docx": ("board.docx", word_page),
}


def write_office(result: Result, folder: Path, formats: Iterable[str]) -> list[Path]:
    """Write a run in formats of ``WRITERS``, in the language of the run; return the files."""
    lang = str(result.manifest.get("lang", "da"))
    made = []
    for form in formats:
        name, write = WRITERS[form]
        made.append(folder / name)
        made[-1].write_bytes(write(result, lang))
    return made
