"""The licence of each package that is needed to run: ``make licences`` writes ``docs/licences.md`` and fails on GPL."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

PROJECT = Path(__file__).parents[1]
PAGE = PROJECT / "docs" / "licences.md"
# Copyleft that would bind a program that uses the package; LGPL and MPL do not.
BINDING = re.compile(r"(?i)(?<!lesser )(?<!L)\bA?GPL|general public license|affero|\bSSPL\b")
LESSER = re.compile(r"(?i)LGPL|lesser general public")
HEAD = """# Licences of what is needed to run

Made by `make licences` (pip-licenses) from `requirements.lock`. None is GPL or AGPL: `make licences` fails on them.

| package | licence |
|---|---|
"""


def needed() -> list[str]:
    """Names of all packages of the run-time lock that are for this platform."""
    text = (PROJECT / "requirements.lock").read_text(encoding="utf-8")
    return re.findall(r"(?m)^([A-Za-z0-9_.-]+)(?:\[.*?\])?==", text)


def binds(licence: str) -> bool:
    """Whether a licence is GPL or AGPL and gives no other choice.

    Examples
    --------
    >>> binds("GPL-3.0"), binds("LGPL-2.1"), binds("MIT OR GPL-2.0"), binds("GNU Affero General Public License v3")
    (True, False, False, True)
    """
    choices = re.split(r"(?i)\bor\b|;", licence)
    return all(bool(BINDING.search(one)) and not LESSER.search(one) for one in choices)


def told() -> dict[str, str]:
    """Licence by package, as pip-licenses reads it."""
    command = [Path(sys.executable).with_name("pip-licenses"), "--from=mixed", "--format=json", "--packages", *needed()]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return {one["Name"]: one["License"] for one in json.loads(done.stdout)}


def main() -> None:
    """Write the page; exit 1 where a licence binds, or is not said."""
    found = told()
    rows = [
        f"| {name} | {licence.splitlines()[0]} |"
        for name, licence in sorted(found.items(), key=lambda one: one[0].lower())
    ]
    PAGE.write_text(HEAD + "\n".join(rows) + "\n", encoding="utf-8")
    bad = [f"{name}: {licence}" for name, licence in found.items() if binds(licence)]
    silent = [name for name, licence in found.items() if licence.strip().upper() in ("", "UNKNOWN", "LICENSE")]
    print(f"{len(found)} packages, {len(bad)} with GPL or AGPL, {len(silent)} that do not say: {', '.join(silent)}")
    if bad:
        sys.exit("\n".join(bad))


if __name__ == "__main__":
    main()
