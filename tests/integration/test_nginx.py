"""The recipe of the handbook: the studio behind nginx from Debian's packages, on loopback, with a certificate."""

from __future__ import annotations

import http.client
import json
import os
import re
import shutil
import socket
import ssl
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.studio.test_server import BENCH, wait_for
from tests.studio.test_team import certificate

pytestmark = pytest.mark.integration
HANDBOOK = Path(__file__).parents[2] / "docs" / "how-to"
NAME = "faellesrum.example.dk"
AROUND = """
daemon off; pid {folder}/pid; error_log {folder}/error.log; {user}
events {{}}
http {{
    client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy; fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi;
    {site}
}}
"""


def site():
    """The site of the handbook, the same in both languages."""
    found = {re.search(r"```nginx\n(.*?)```", (HANDBOOK / name).read_text("utf-8"), re.S)[1] for name in PAGES}
    assert len(found) == 1
    return found.pop()


PAGES = ("drawing-table.md", "studio.md")


def free_port():
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return found.getsockname()[1]


@pytest.fixture(scope="module")
def entrance(demo_data, tmp_path_factory):
    """The address for who draws, the port of nginx, and the certificate."""
    folder = tmp_path_factory.mktemp("nginx")
    program = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")
    assert program is not None, "install nginx-light (Debian, Ubuntu: apt-get install nginx-light)"
    pem, key = certificate(folder)
    front, behind = free_port(), free_port()
    changed = {
        "listen 443": f"listen 127.0.0.1:{front}",
        "127.0.0.1:8745": f"127.0.0.1:{behind}",
        "/etc/ssl/faellesrum.pem": str(pem),
        "/etc/ssl/private/faellesrum.key": str(key),
    }
    text = site()
    for there, here in changed.items():
        assert text.count(there) == 1
        text = text.replace(there, here)
    user = "user root;" if os.geteuid() == 0 else ""
    (folder / "nginx.conf").write_text(AROUND.format(folder=folder, site=text, user=user))
    line = [sys.executable, "-c", "from spatial.cli.start import run; run()", "studio", "--no-browser"]
    line += ["--port", str(behind), "--kept", str(folder / "table.sqlite"), "--behind-proxy", f"https://{NAME}:{front}"]
    line += ["--boundary", str(demo_data / "reitbahnviertel.geojson"), "--osm"]
    studio = subprocess.Popen([*line, str(demo_data / "reitbahnviertel.osm.pbf")], stdout=subprocess.PIPE, text=True)
    nginx = subprocess.Popen([program, "-p", folder, "-e", folder / "error.log", "-c", folder / "nginx.conf"])
    try:
        said = [studio.stdout.readline() for _ in range(3)]
        wait_for(front)
        yield [re.search(r"https://\S+", one)[0] for one in said], front, pem
    finally:
        for process in (nginx, studio):
            process.terminate()
            process.wait(30)
        studio.stdout.close()


class Visitor:
    """A browser that takes this machine for the server of the name."""

    def __init__(self, front, pem):
        self.front, self.trust, self.host = front, ssl.create_default_context(cafile=pem), f"{NAME}:{front}"
        self.cookie = {}

    def line(self):
        made = http.client.HTTPSConnection(NAME, self.front, timeout=60)
        made.sock = self.trust.wrap_socket(
            socket.create_connection(("127.0.0.1", self.front), 60), server_hostname=NAME
        )
        return made

    def ask(self, method, path, body=None, **headers):
        line = self.line()
        own = {"Host": self.host, **self.cookie, **({"Origin": f"https://{self.host}"} if method == "POST" else {})}
        line.request(method, path, body, {**own, **{name.replace("_", "-"): each for name, each in headers.items()}})
        answer = line.getresponse()
        answer.content = answer.read()
        line.close()
        return answer


def test_the_recipe_lets_in_by_role_tells_at_once_and_refuses_the_rest(entrance):
    addresses, front, pem = entrance
    draws, comments, looks = (Visitor(front, pem) for _ in addresses)
    for visitor, address in zip((draws, comments, looks), addresses, strict=True):
        origin, enter, rest = address.partition("/enter")
        assert origin == f"https://{NAME}:{front}"
        assert visitor.ask("GET", enter + rest).status == 200  # a preview of links uses nothing up
        answer = visitor.ask("POST", enter, rest.removeprefix("?"))
        assert answer.status == 303 and answer.headers["location"] == "/"
        rule = answer.headers["set-cookie"]
        assert rule.startswith("__Host-") and {"Secure", "HttpOnly", "SameSite=strict"} <= set(rule.split("; "))
        visitor.cookie = {"Cookie": rule.split(";")[0]}
        assert visitor.ask("GET", "/").status == 200
    line = looks.line()
    line.request("GET", "/api/events", headers={"Host": looks.host, **looks.cookie})
    heard = line.getresponse()
    assert heard.readline() == b"event: state\n"  # the first news, while the answer goes on
    act = json.dumps({"act": "draw", "variant": "A", "tool": "bench", "geometry": BENCH})
    begin = time.monotonic()
    assert draws.ask("POST", "/api/do", act).status == 200
    told = [heard.readline() for _ in range(4)]
    assert any(b"bench-1" in one for one in told) and time.monotonic() - begin < 30  # not held back for an hour
    line.close()
    assert looks.ask("POST", "/api/do", act).status == comments.ask("POST", "/api/do", act).status == 403
    said = json.dumps({"by": "Vicevært", "text": "Her er mørkt", "at": BENCH["coordinates"]})
    assert [each.ask("POST", "/api/comment", said).status for each in (comments, looks)] == [200, 403]
    assert draws.ask("GET", "/api/plan.gpkg?variant=A").content.startswith(b"SQLite")
    assert draws.ask("POST", "/api/do", act, Origin="https://evil.example").status == 403
    for wrong in ("evil.example", NAME, f"127.0.0.1:{front}"):
        assert draws.ask("GET", "/", Host=wrong, X_Forwarded_Host=draws.host).status == 421
    assert draws.ask("POST", "/api/do", b"{}", Content_Length=str(1 << 30)).status == 413
    assert Visitor(front, pem).ask("GET", "/").status == 401


def test_the_unit_of_the_recipe_is_one_that_systemd_reads(tmp_path):
    program = shutil.which("systemd-analyze")
    if program is None:
        pytest.skip("systemd-analyze is not there: the unit was not read")
    units = {re.search(r"```ini\n(.*?)```", (HANDBOOK / name).read_text("utf-8"), re.S)[1] for name in PAGES}
    assert len(units) == 1
    path = tmp_path / "faellesrum.service"
    text = units.pop().replace("/opt/faellesrum/bin/faellesrum", "/bin/true").replace("User=faellesrum", "User=root")
    path.write_text(text, encoding="utf-8")
    done = subprocess.run([program, "verify", "--man=no", path], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0 and "faellesrum.service" not in done.stderr, done.stderr
