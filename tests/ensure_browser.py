"""Find a Chromium for the tests that draw pages, or install one: `python -m tests.ensure_browser`.

In this order: the executable that FAELLESRUM_BROWSER names, a Chromium or Chrome on PATH, the one
that playwright has installed; then apt-get as root, then playwright's own download. If none of
them works the command fails and says what to install.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

VARIABLE = "FAELLESRUM_BROWSER"
NAMES = (
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
    "microsoft-edge",
)
MISSING = (
    "No browser for the map tests: install Chromium (Debian, Ubuntu: apt-get install chromium) "
    f"or run `playwright install chromium`, or name an executable in {VARIABLE}."
)


def _starts(executable: str) -> bool:
    # Some systems put a script of this name on PATH that only says how to install the browser.
    try:
        answer = subprocess.run([executable, "--version"], capture_output=True, timeout=60)
    except (OSError, subprocess.TimeoutExpired):
        return False
    return answer.returncode == 0


def _of_playwright() -> str | None:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        path = playwright.chromium.executable_path
    return path if Path(path).exists() else None


def find_browser() -> str | None:
    """Path of a Chromium that starts, or None."""
    named = os.environ.get(VARIABLE)
    if named:
        return named if _starts(named) else None
    on_path = (shutil.which(name) for name in NAMES)
    return next((path for path in on_path if path and _starts(path)), None) or _of_playwright()


def _apt() -> None:
    if shutil.which("apt-get") is None or os.geteuid() != 0:
        return
    quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    install = ["apt-get", "install", "-y", "-q", "--no-install-recommends", "chromium"]
    for command in (["apt-get", "update", "-q"], install):
        subprocess.run(command, env=quiet, stdin=subprocess.DEVNULL, stdout=sys.stderr)


def _playwright_download() -> None:
    command = [sys.executable, "-m", "playwright", "install", "chromium"]
    subprocess.run(command, stdin=subprocess.DEVNULL, stdout=sys.stderr)


def main() -> int:
    """Print the path of the browser, after installing it where it was missing."""
    path = find_browser()
    for install in (_apt, _playwright_download):
        if path is None and not os.environ.get(VARIABLE):
            install()
            path = find_browser()
    if path is None:
        print(MISSING, file=sys.stderr)
        return 1
    print(f"browser: {path}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
