"""Run the program as a process of its own, line by line, and end it when that is wished. Nothing here needs QGIS."""

from __future__ import annotations

import os
import queue
import signal
import subprocess
import threading

STAGE = "progress: "
LOOK_S = 0.2
GRACE_S = 10
# What QGIS sets for its own Python and libraries, and what would lead another Python astray.
OF_QGIS = ("PYTHONHOME", "PYTHONPATH", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "DYLD_FALLBACK_LIBRARY_PATH")
OF_GDAL = ("GDAL_", "PROJ_", "OGR_", "QT_", "QGIS_")


class Cancelled(Exception):
    """The user did not want it any more."""


class Failed(Exception):
    """The program ended with an error; the message is what it said."""


def own_environment(environment):
    """Return the environment without what QGIS has put into it, asking for progress by line and UTF-8."""
    kept = {name: value for name, value in environment.items() if name not in OF_QGIS and not name.startswith(OF_GDAL)}
    return {**kept, "FAELLESRUM_PROGRESS": "lines", "PYTHONUTF8": "1"}


def run(command, *, on_stage, on_line, on_warning, cancelled):
    """Run a command and tell what it says while it says it; return all that it printed.

    Raises
    ------
    Cancelled, Failed
        If ``cancelled()`` became true; if the exit code is not 0.
    """
    child = subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        encoding="utf-8", errors="replace", env=own_environment(os.environ), creationflags=_without_window(),
    )  # fmt: skip
    lines = queue.Queue()
    readers = [threading.Thread(target=_read, args=pair, daemon=True)
               for pair in ((child.stdout, "said", lines), (child.stderr, "beside", lines))]  # fmt: skip
    for reader in readers:
        reader.start()
    said, held = [], []  # the last line beside is held back: where it is the error, it is told as one
    try:
        for stream, line in _as_they_come(lines, readers, cancelled):
            if line.startswith(STAGE):
                on_stage(line[len(STAGE) :])
            elif stream == "said":
                said.append(line)
                on_line(line)
            else:
                for earlier in held:
                    on_warning(earlier)
                held = [line]
    except Cancelled:
        _end(child)
        raise
    if child.wait():
        raise Failed(*held or [f"exit code {child.returncode}"])
    for line in held:
        on_warning(line)
    return "\n".join(said)


def _as_they_come(lines, readers, cancelled):
    while any(reader.is_alive() for reader in readers) or not lines.empty():
        if cancelled():
            raise Cancelled
        try:
            yield lines.get(timeout=LOOK_S)
        except queue.Empty:
            continue


def _read(stream, name, lines):
    with stream:
        for line in stream:
            lines.put((name, line.rstrip("\n")))


def _end(child):
    """Ask it to stop, as Ctrl+C does; where it does not, or cannot be asked, end it."""
    try:
        if os.name == "nt":
            child.terminate()
        else:
            child.send_signal(signal.SIGINT)
        child.wait(timeout=GRACE_S)
    except subprocess.TimeoutExpired:
        child.kill()
        child.wait()


def _without_window():
    return getattr(subprocess, "CREATE_NO_WINDOW", 0)
