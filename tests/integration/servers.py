"""Find the real servers that the integration tests start, or install them: `python -m tests.integration.servers`.

As root, or where sudo asks for no password, Debian's and Ubuntu's packages are installed; pygeoapi goes into a virtual
environment of its own. What is missing then is said by name, and the command fails.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

PYGEOAPI = "pygeoapi==0.21.0"
PYGEOAPI_HOME = Path(sys.prefix) / "pygeoapi"
MAPSERVER = ("/usr/lib/cgi-bin/mapserv", "/usr/bin/mapserv", "/usr/libexec/mapserver")
POSTGRES = Path("/usr/lib/postgresql")


def mapserver() -> Path | None:
    """MapServer's CGI program."""
    found = (Path(place) for place in (*MAPSERVER, shutil.which("mapserv") or "") if place)
    return next((path for path in found if path.exists()), None)


def postgres() -> Path | None:
    """Folder of the programs of the newest PostgreSQL that has PostGIS."""
    for folder in sorted(POSTGRES.glob("*/bin"), key=lambda path: int(path.parent.name), reverse=True):
        control = Path("/usr/share/postgresql") / folder.parent.name / "extension" / "postgis.control"
        if (folder / "initdb").exists() and control.exists():
            return folder
    return None


def pygeoapi() -> Path | None:
    """Program of pygeoapi."""
    path = PYGEOAPI_HOME / "bin" / "pygeoapi"
    return path if path.exists() else None


class Need(NamedTuple):
    """A program, how it is found, and Debian's packages that hold it."""

    name: str
    find: Callable[[], Path | None]
    packages: tuple[str, ...]


NEEDS = (
    Need("MapServer", mapserver, ("cgi-mapserver", "mapserver-bin")),
    Need("PostgreSQL with PostGIS", postgres, ("postgresql-postgis",)),
    Need("pygeoapi", pygeoapi, ()),
)


def _as_root() -> list[str] | None:
    """What goes before a command so that it is run as root; None where that is not possible."""
    if shutil.which("apt-get") is None:
        return None
    if os.geteuid() == 0:
        return []
    sudo = shutil.which("sudo")
    if sudo and subprocess.run([sudo, "-n", "true"], capture_output=True, check=False).returncode == 0:
        return [sudo, "-n", "DEBIAN_FRONTEND=noninteractive"]
    return None


def _install(packages: list[str]) -> None:
    before = _as_root()
    if not packages or before is None:
        return
    quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    install = ["apt-get", "install", "-y", "-q", "--no-install-recommends", *packages]
    for command in (["apt-get", "update", "-q"], install):
        subprocess.run([*before, *command], env=quiet, stdin=subprocess.DEVNULL, stdout=sys.stderr, check=False)


def _install_pygeoapi() -> None:
    commands = (
        [sys.executable, "-m", "venv", str(PYGEOAPI_HOME)],
        [str(PYGEOAPI_HOME / "bin" / "python"), "-m", "pip", "install", "-q", PYGEOAPI],
    )
    for command in commands:
        if subprocess.run(command, stdin=subprocess.DEVNULL, stdout=sys.stderr, check=False).returncode:
            return


def missing() -> list[Need]:
    """What is not there."""
    return [need for need in NEEDS if need.find() is None]


def explain(need: Need) -> str:
    """What to do about a program that is not there."""
    how = f"apt-get install {' '.join(need.packages)}" if need.packages else f"{PYGEOAPI} in {PYGEOAPI_HOME}"
    return f"{need.name} is not there; `make integration` installs it on Debian and Ubuntu as root: {how}"


def main() -> int:
    """Install what is missing; say what still is."""
    _install([package for need in missing() for package in need.packages])
    if pygeoapi() is None:
        _install_pygeoapi()
    for need in missing():
        print(f"integration: {explain(need)}", file=sys.stderr)
    for need in NEEDS:
        if need not in missing():
            print(f"integration: {need.name}: {need.find()}")
    return 1 if missing() else 0


if __name__ == "__main__":
    raise SystemExit(main())
