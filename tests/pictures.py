"""Pictures that tests take and people look at: kept in `tests/artefacts`, or where `FAELLESRUM_PICTURES` says."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from playwright.sync_api import Page

VARIABLE = "FAELLESRUM_PICTURES"
FOLDER = Path(__file__).with_name("artefacts")
taken: list[Path] = []


def keep(page: Page, name: str) -> Path:
    """Keep a picture of what a page shows."""
    folder = Path(os.environ.get(VARIABLE) or FOLDER)
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}.png"
    page.screenshot(path=path)
    taken.append(path)
    return path
