"""What the site has beside the pages that are written by hand: reference from the registries, tutorials from notebooks.

MkDocs calls these hooks (``mkdocs.yml``); nothing of what they make is kept in the repository.
"""

from __future__ import annotations

import importlib.util
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import latex2mathml.converter
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

DOCS = Path(__file__).resolve().parent
ROOT = DOCS.parent
INDICATORS = "indicators/"
MATH = re.compile(r"^```math\n(.*?)^```$", re.M | re.S)
INLINE = re.compile(r"\$`([^`]+)`\$")
# Links to files of the repository that are no pages: the text stays.
OUTSIDE = re.compile(r"\[([^\]]+)\]\(((?:\.\./)+[^)]+)\)")
PAGES_OUTSIDE = {"PRIVACY.md": "privacy.md"}


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the pages that are made."""
    for name, content in made():
        files.append(File.generated(config, name, content=content))
    return files


def made() -> Iterator[tuple[str, str | bytes]]:
    """Every page and picture that is made, by its place in the site."""
    reference, tutorials = module("reference_pages"), module("tutorial_pages")
    yield from reference.pages().items()
    yield from tutorials.pages().items()
    yield "privacy.md", (ROOT / "PRIVACY.md").read_text(encoding="utf-8")
    for name in ("demo", "demo-desk-da"):
        yield f"pictures/{name}.png", (ROOT / "maps" / "gallery" / f"{name}.png").read_bytes()


def module(name: str) -> ModuleType:
    """A Python file beside this one."""
    spec = importlib.util.spec_from_file_location(name, DOCS / f"{name}.py")
    assert spec and spec.loader
    found = importlib.util.module_from_spec(spec)
    sys.modules[name] = found
    spec.loader.exec_module(found)
    return found


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Write formulas as MathML, which browsers draw themselves, and mend links that leave the pages."""
    text = MATH.sub(lambda found: formula(found[1], "block"), markdown)
    text = INLINE.sub(lambda found: formula(found[1], "inline"), text)
    depth = page.file.src_uri.count("/")
    return OUTSIDE.sub(lambda found: _link(found[1], found[2], depth, files), text)


def formula(latex: str, display: str) -> str:
    """A formula as MathML; nothing is asked for from elsewhere."""
    lines = [latex2mathml.converter.convert(line, display=display) for line in latex.strip().split("\\\\\n")]
    # In a span: a line that begins with <math would be taken for a block.
    return "\n\n".join(lines) if display == "block" else f"<span>{lines[0]}</span>"


def _link(text: str, target: str, depth: int, files: Files) -> str:
    """A link out of its folder: kept within the site, turned to the page it means, or only its text."""
    up, rest = target.count("../"), target.replace("../", "")
    if up <= depth:
        return f"[{text}]({target})"
    page = PAGES_OUTSIDE.get(rest)
    return f"[{text}]({'../' * depth}{page})" if page else text
