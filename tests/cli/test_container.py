"""What the image asks of a studio: its health check, on one that runs and on none."""

import json
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
STUDIO = [sys.executable, "-c", "from spatial.cli.main import run_and_leave; run_and_leave()", "studio", "--no-browser"]
SOON_S = 120


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def healthy(port: int) -> bool:
    text = (ROOT / "Containerfile").read_text(encoding="utf-8")
    words = json.loads(text[text.index("CMD [", text.index("HEALTHCHECK")) + 4 :].splitlines()[0])
    assert words[0] == "python" and "8745" in words[-1]
    return (
        subprocess.run([sys.executable, "-c", words[-1].replace("8745", str(port))], capture_output=True).returncode
        == 0
    )


@pytest.mark.long
def test_a_studio_that_runs_is_healthy_and_none_is_not():
    port = free_port()
    assert not healthy(port)
    studio = subprocess.Popen([*STUDIO, "--port", str(port)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        end = time.monotonic() + SOON_S
        while not healthy(port):
            assert studio.poll() is None and time.monotonic() < end
            time.sleep(0.5)
    finally:
        studio.kill()
        studio.wait()
    assert not healthy(port)
