"""Where the command begins: until it can answer an interrupt in words, an interrupt just ends it.

The other modules take a tenth of a second to import; an interrupt in that time would show a traceback.
"""

from __future__ import annotations

import signal


def run() -> None:
    """Run the command and leave; see ``spatial.cli.main.run_and_leave``."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    from spatial.cli import main

    signal.signal(signal.SIGINT, signal.default_int_handler)
    main.run_and_leave()
