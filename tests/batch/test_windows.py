"""What Windows does not have is not imported at the head of a module."""

from __future__ import annotations

import subprocess
import sys

# Modules of Python that only POSIX systems have.
POSIX_ONLY = ("fcntl", "grp", "posix", "pwd", "resource", "termios")
EVERY_MODULE = """
import importlib, pkgutil, sys
for name in {names}:
    sys.modules[name] = None
import spatial
for module in pkgutil.walk_packages(spatial.__path__, "spatial."):
    importlib.import_module(module.name)
from spatial.batch import area
print(area._peak_mb())
"""


def test_every_module_is_imported_without_what_only_posix_has():
    """`posix` itself is what `os` is made of on this machine, and is left in place."""
    code = EVERY_MODULE.format(names=[name for name in POSIX_ONLY if name != "posix"])
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr[-2000:]
    assert done.stdout.split() == ["nan"]
