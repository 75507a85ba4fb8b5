"""Records the first run on a terminal as text: ``python docs/record_first_run.py``.

Runs the commands in a terminal of its own and writes what it showed to ``docs/how-to/first-run.md``.
Of the line that tells the stage and vanishes, each stage is kept once.
"""

from __future__ import annotations

import os
import pty
import re
import shlex
import subprocess
import sys
import tempfile
from pathlib import Path

DOCS = Path(__file__).resolve().parent
PAGE = DOCS / "how-to" / "first-run.md"
BIN = Path(sys.executable).parent
COMMANDS = (
    "faellesrum demo --out maps/demo",
    "ls maps/demo",
    "faellesrum explain maps/demo osm:way/157841252 --lang en",
    "faellesrum --lang en explian maps/demo",
    "faellesrum siting maps/demo --most 3 --lang en",
)
STAGE = re.compile(r"[⠀-⣿] (.+?) (\d:\d\d:\d\d)")
ESCAPES = re.compile(r"\x1b\[[0-9;?]*[a-zA-Z]")
HEAD = """# The first run, as a terminal shows it

Recorded by `docs/record_first_run.py` on the bundled estate; nothing is left out. The line that tells the stage
stays where it is and vanishes at the end; here each stage is shown once, with the time at which it began. Times do not
travel.

```console
"""


def record(command: str, folder: Path) -> str:
    """What a terminal shows of one command."""
    mine, theirs = pty.openpty()
    env = {**os.environ, "PATH": f"{BIN}:{os.environ['PATH']}", "TERM": "xterm", "NO_COLOR": "1", "COLUMNS": "110"}
    process = subprocess.Popen(
        shlex.split(command), stdin=theirs, stdout=theirs, stderr=theirs, cwd=folder, env=env, close_fds=True
    )
    os.close(theirs)
    shown = b""
    while part := _read(mine):
        shown += part
    os.close(mine)
    process.wait()
    return _plain(shown.decode().replace("\r\n", "\n").replace(f"{DOCS.parent}{os.sep}", ""))


def _read(terminal: int) -> bytes:
    try:
        return os.read(terminal, 65536)
    except OSError:  # the other end is closed
        return b""


def _plain(shown: str) -> str:
    """Each stage once, and then what stays on the screen."""
    text = ESCAPES.sub("", shown)
    stages: dict[str, str] = {}
    for name, time in STAGE.findall(text):
        stages.setdefault(name, time)
    stays = [line.rpartition("\r")[2].rstrip() for line in STAGE.sub("", text).split("\n")]
    kept = [line for line in stays if line.strip()]
    return "\n".join([*(f"  {name}  {time}" for name, time in stages.items()), *kept])


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as name:
        parts = [f"$ {command}\n{record(command, Path(name))}\n" for command in COMMANDS]
    PAGE.write_text(HEAD + "\n".join(parts) + "```\n", encoding="utf-8")
    print(PAGE)
