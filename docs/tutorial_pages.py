"""Tutorials from the notebooks: run, turned into pages, each map in a file of its own beside its page."""

from __future__ import annotations

import importlib.util
import re
from html import unescape
from pathlib import Path
from types import ModuleType

import nbformat
from nbconvert import MarkdownExporter

DOCS = Path(__file__).resolve().parent
FOLDER = "tutorials"
MAP = re.compile(r'<iframe srcdoc="(.*?)"', re.S)
NOTEBOOK_LINK = re.compile(r"\]\((\w+)\.ipynb\)")


def pages() -> dict[str, str | bytes]:
    """Pages, pictures and maps by their place."""
    runner = _runner()
    found: dict[str, str | bytes] = {}
    titles = []
    for source in runner.every():
        text, files = page(runner.run(source))
        found |= {f"{FOLDER}/{source.stem}.md": text, **{f"{FOLDER}/{name}": data for name, data in files.items()}}
        titles.append((source.stem, text.partition("\n")[0].lstrip("# ")))
    links = "\n".join(f"- [{title}]({stem}.md)" for stem, title in titles)
    head = "# Tutorials\n\nNotebooks, run when this site was built. They lie in `notebooks/`."
    found[f"{FOLDER}/index.md"] = f"{head}\n\n{links}\n"
    return found


def page(executed: Path) -> tuple[str, dict[str, str | bytes]]:
    """One notebook with its outputs as Markdown, and the files beside it."""
    notebook = nbformat.read(executed, as_version=4)
    files: dict[str, str | bytes] = {}
    for number, cell in enumerate(notebook.cells):
        for output in cell.get("outputs", []):
            html = output.get("data", {}).get("text/html")
            if html:
                output["data"]["text/html"] = _framed(html, f"{executed.stem}-{number}", files)
                output["data"].pop("text/plain", None)
    text, resources = MarkdownExporter().from_notebook_node(notebook)
    for name, data in resources["outputs"].items():
        files[f"{executed.stem}-{name}"] = data
        text = text.replace(f"]({name})", f"]({executed.stem}-{name})")
    return NOTEBOOK_LINK.sub(r"](\1.md)", text), files


def _framed(html: str, name: str, files: dict[str, str | bytes]) -> str:
    """An output for the page; a map goes to a file of its own, so that the page stays light."""
    found = MAP.search(html)
    if found:
        files[f"{name}.html"] = unescape(found[1])
        return f'<iframe class="map" title="Map" loading="lazy" src="{name}.html"></iframe>\n'
    flat = re.sub(r"<style.*?</style>", "", html, flags=re.S)
    return '<div class="output">' + re.sub(r"\s*\n\s*", " ", flat).strip() + "</div>\n"


def _runner() -> ModuleType:
    spec = importlib.util.spec_from_file_location("run_notebooks", DOCS / "run_notebooks.py")
    assert spec and spec.loader
    found = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(found)
    return found
