"""Runs the notebooks from a clean kernel: ``python docs/run_notebooks.py [NOTEBOOK...]``.

What they leave, outputs and pictures included, goes to ``build/notebooks``; the notebooks
themselves stay without outputs. A notebook is not run again while its copy there is newer than it,
the package and the data.
"""

from __future__ import annotations

import sys
from pathlib import Path

import nbformat
from nbclient import NotebookClient

ROOT = Path(__file__).resolve().parent.parent
NOTEBOOKS, EXECUTED = ROOT / "notebooks", ROOT / "build" / "notebooks"
CELL_SECONDS = 300
SUFFIXES = {".py", ".toml", ".js", ".css", ".j2", ".geojson", ".csv", ".pbf"}


def every() -> list[Path]:
    """All notebooks, in their order."""
    return sorted(NOTEBOOKS.glob("[0-9]*.ipynb"))


def run(path: Path) -> Path:
    """Run one notebook and write it with its outputs, whole or not at all."""
    target = EXECUTED / path.name
    if target.is_file() and target.stat().st_mtime > newest(path):
        return target
    notebook = nbformat.read(path, as_version=4)
    place = {"metadata": {"path": str(NOTEBOOKS)}}
    NotebookClient(notebook, timeout=CELL_SECONDS, kernel_name="python3", resources=place).execute()
    EXECUTED.mkdir(parents=True, exist_ok=True)
    draft = target.with_suffix(".part")
    nbformat.write(notebook, draft)
    draft.replace(target)
    return target


def newest(notebook: Path) -> float:
    """When a notebook, or anything that it runs on, was changed last."""
    files = [path for name in ("spatial", "data") for path in (ROOT / name).rglob("*") if path.suffix in SUFFIXES]
    return max(path.stat().st_mtime for path in (notebook, *files))


if __name__ == "__main__":
    for given in [Path(name) for name in sys.argv[1:]] or every():
        print(run(given))
