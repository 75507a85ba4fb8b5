"""Sheets by Typst: tagged PDF (PDF/UA-1) and pictures of one template, its data and its drawings."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from typing import Any

from spatial.core.versions import SCHEMA_NAME, SCHEMA_VERSION, generator
from spatial.maps.lettering import FAMILY, legible, ours, own_folder, spare_folder

SVG = f'<svg xmlns="http://www.w3.org/2000/svg" font-family="{FAMILY}" '
MAIN, DATA = "main.typ", "data.json"
STANDARDS = ["ua-1"]
COLOURS, FAST_OCTREE, COMPRESSED = 256, 2, 4  # of a PNG: how Pillow finds them, and half the time for 7 % more bytes


@dataclass(frozen=True)
class Typeset:
    """Something to print: a template by package and name, what stands in it, and its drawings as SVG by name.

    ``data`` is given to the template as JSON, so that no text in it is ever read as markup.
    """

    template: tuple[str, str]
    data: Mapping[str, Any]
    drawings: Mapping[str, str] = field(default_factory=dict)

    def pdf(self) -> bytes:
        """Make the PDF: tagged, fonts embedded, the same bytes each time."""
        return self._compiled(format="pdf", pdf_standards=STANDARDS)

    def png(self, dpi: int) -> bytes:
        """Make a picture of the first page."""
        from io import BytesIO

        from PIL import Image
        from PIL.PngImagePlugin import PngInfo

        pages = self._compiled(format="png", ppi=dpi)
        # A sheet has few colours: counted, the file is a third as large.
        with Image.open(BytesIO(pages[0] if isinstance(pages, list) else pages)) as drawn:
            image = drawn.convert("RGB").quantize(COLOURS, method=FAST_OCTREE)
        file, about = BytesIO(), PngInfo()
        about.add_text("Software", "Fællesrum")
        about.add_text(SCHEMA_NAME, str(SCHEMA_VERSION))
        image.save(file, "PNG", dpi=(dpi, dpi), pnginfo=about, compress_level=COMPRESSED)
        return file.getvalue()

    def _compiled(self, **options: Any) -> Any:
        import typst

        package, name = self.template
        texts = {DATA: json.dumps(_legible({**self.data, "generator": generator()}), ensure_ascii=False)}
        texts |= {name: legible(drawing.replace("<svg ", SVG, 1)) for name, drawing in self.drawings.items()}
        sources = {
            MAIN: (files(package) / "templates" / name).read_text(encoding="utf-8"),
            "page.typ": (files("spatial.maps") / "templates" / "page.typ").read_text(encoding="utf-8"),
        }
        given = {name: text.encode() for name, text in (sources | texts).items()}
        spare = not all(map(ours, texts.values()))
        return typst.compile(given, font_paths=_fonts(spare), **options)


def load_fonts() -> None:
    """Load the typesetter and our fonts."""
    _fonts(False)


def _legible(value: Any) -> Any:
    if isinstance(value, str):
        return legible(value)
    if isinstance(value, Mapping):
        return {key: _legible(entry) for key, entry in value.items()}
    return [_legible(entry) for entry in value] if isinstance(value, list | tuple) else value


@cache
def _fonts(spare: bool) -> Any:
    import typst

    folders = [own_folder(), *([spare_folder()] if spare else [])]
    return typst.Fonts(include_system_fonts=False, include_embedded_fonts=False, font_paths=list(map(str, folders)))
