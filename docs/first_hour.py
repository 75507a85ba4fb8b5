"""The first hour, to the letter: ``python docs/first_hour.py`` (``make first-hour``).

Takes a clean clone into a new folder, puts there the files that a user brings (here bundled ones
under the names that the pages use), and types every line of the ``sh`` blocks of README.md, of the
Danish quick guide and of the how-to on one's own estate, one after the other, each page in a new
shell. It stops at the first line that fails, and prints what each line took. ``make test`` is left
to the machine that runs all tests anyway; ``--with-tests`` runs it too.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PAGES = ("README.md", "docs/da/hurtig-guide.md", "docs/how-to/your-estate.md")
BLOCK = re.compile(r"^```sh\n(.*?)^```", re.M | re.S)
PYTHON = re.compile(r"^```python\n(.*?)^```", re.M | re.S)
# What the user brings, under the names that the pages use.
BROUGHT = {
    "estate.geojson": "data/reitbahnviertel.geojson",
    "denmark-latest.osm.pbf": "data/reitbahnviertel.osm.pbf",
    "facilities.geojson": "data/invented_facilities.geojson",
    "counts.csv": "data/invented_counts.csv",
}
LEFT_OUT = ("make test",)
MARK = "===first-hour==="


def lines_of(page: Path) -> list[str]:
    """What a page says to type, a line a command."""
    text = "".join(BLOCK.findall(page.read_text(encoding="utf-8")))
    typed = re.sub(r"\\\n\s*", "", text).splitlines()
    return [line for line in typed if line.strip()]


def follow(page: str, clone: Path, *, tests: bool) -> bool:
    """Type the lines of one page into one shell; a page begins in a new terminal."""
    script = ["set -e"]
    if page != PAGES[0]:
        script.append(". .venv/bin/activate")
    for line in lines_of(clone / page):
        if line.partition("#")[0].strip() in LEFT_OUT and not tests:
            print(f"{page}: left out: {line}")
            continue
        script += [f"echo '{MARK}' {_quoted(line)}", line]
    print(f"--- {page}", flush=True)
    process = subprocess.Popen(["bash", "-c", "\n".join(script)], cwd=clone, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    begun, now = time.monotonic(), ""
    for shown in process.stdout:
        if shown.startswith(MARK):
            _took(now, begun)
            begun, now = time.monotonic(), shown.removeprefix(MARK).strip()
            print(f"$ {now}", flush=True)
        else:
            print(f"    {shown.rstrip()[:150]}", flush=True)
    _took(now, begun)
    return process.wait() == 0


def python_of(page: str, clone: Path) -> bool:
    """Run the Python of a page as it stands."""
    code = "\n".join(PYTHON.findall((clone / page).read_text(encoding="utf-8")))
    print(f"--- {page}: python", flush=True)
    return subprocess.run([clone / ".venv" / "bin" / "python", "-c", code], cwd=clone).returncode == 0


def _took(line: str, begun: float) -> None:
    if line:
        print(f"    ({time.monotonic() - begun:.0f} s)", flush=True)


def _quoted(line: str) -> str:
    return "'" + line.replace("'", "'\\''") + "'"


def main() -> int:
    """Follow all pages in a clean clone."""
    with tempfile.TemporaryDirectory(prefix="first-hour-") as folder:
        clone = Path(folder) / "faellesrum"
        subprocess.run(["git", "clone", "--quiet", "--no-local", str(ROOT), str(clone)], check=True)
        begun = time.monotonic()
        for name, source in BROUGHT.items():
            shutil.copy2(clone / source, clone / name)
        well = all(follow(page, clone, tests="--with-tests" in sys.argv) for page in PAGES) and python_of(
            PAGES[0], clone
        )
        written = sorted(str(path.relative_to(clone)) for path in clone.glob("maps/*/map.html"))
        took = f"{(time.monotonic() - begun) / 60:.1f} minutes; maps: {written}"
        print(f"{'all lines done' if well else 'STOPPED'} after {took}")
    return 0 if well else 1


if __name__ == "__main__":
    sys.exit(main())
