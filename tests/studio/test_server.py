"""The real server, asked over a socket: who may speak to it, what it draws, tells and gives away."""

from __future__ import annotations

import http.client
import json
import socket
import threading
import time
from contextlib import suppress

import pytest

from spatial.core.errors import InputError
from spatial.plans import reading
from spatial.studio.guard import MOST_BYTES
from spatial.studio.served import Served
from spatial.studio.server import Server
from spatial.studio.session import Session
from spatial.studio.strokes import plan_of

BLOCK = "osm:way/93691013"
SPOT = (13.260380, 53.569743)
BENCH = {"type": "Point", "coordinates": SPOT}


@pytest.fixture
def server(table):
    made = Server(Session(table), "da", Served(port=0))
    thread = threading.Thread(target=made.run, daemon=True)
    thread.start()
    wait_for(made.port)
    yield made
    made.ask_to_end()
    thread.join(20)
    assert not thread.is_alive()


def wait_for(port):
    for _ in range(200):
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        except OSError:
            time.sleep(0.05)
    pytest.fail("the server does not answer")


class Browser:
    """Asks as a browser does: with the cookie it was given, and the origin of the page."""

    def __init__(self, server, enter=True):
        self.server, self.host = server, f"127.0.0.1:{server.port}"
        self.cookie = None
        if enter:
            answer = self.ask("GET", server.address.partition(self.host)[2])
            assert answer.status == 303 and answer.headers["location"] == "/"
            self.cookie = answer.headers["set-cookie"].split(";")[0]
            self.rule = answer.headers["set-cookie"].lower()

    def ask(self, method, path, body=None, **headers):
        line = http.client.HTTPConnection("127.0.0.1", self.server.port, timeout=60)
        own = {"Host": self.host, **({"Cookie": self.cookie} if self.cookie else {})}
        own |= {"Origin": f"http://{self.host}"} if method == "POST" else {}
        own |= {name.replace("_", "-"): value for name, value in headers.items()}
        try:
            line.request(method, path, body, {name: value for name, value in own.items() if value is not None})
            answer = line.getresponse()
            answer.content = answer.read()
        finally:
            line.close()
        return answer

    def do(self, act, variant="A", **more):
        answer = self.ask("POST", "/api/do", json.dumps({"act": act, "variant": variant, **more}))
        return answer.status, json.loads(answer.content)


def test_the_token_opens_the_page_once_and_the_cookie_is_strict(server):
    browser = Browser(server, enter=False)
    path = server.address.partition(browser.host)[2]
    assert browser.ask("GET", "/").status == 401
    assert browser.ask("GET", "/enter?token=guess").status == 401
    known = Browser(server)
    assert "httponly" in known.rule and "samesite=strict" in known.rule
    assert known.ask("GET", "/").status == 200
    assert browser.ask("GET", path).status == 401  # used
    assert known.ask("GET", path).status == 303  # who is in stays in


def test_who_comes_before_the_server_answers_waits(table):
    early = Server(Session(table), "da", Served(port=0))
    line = socket.create_connection(("127.0.0.1", early.port), 5)
    line.sendall(f"GET /data.json HTTP/1.1\r\nHost: 127.0.0.1:{early.port}\r\n\r\n".encode())
    thread = threading.Thread(target=early.run, daemon=True)
    thread.start()
    line.settimeout(60)
    assert line.recv(100).startswith(b"HTTP/1.1 401")
    line.close()
    early.ask_to_end()
    thread.join(20)


def test_two_studios_of_one_browser_do_not_take_each_others_cookie(server, table):
    other = Server(Session(table), "da", Served(port=0))
    other.socket.close()
    assert Browser(server).cookie.partition("=")[0] == f"faellesrum_{server.port}" != f"faellesrum_{other.port}"


def test_another_origin_another_host_and_no_cookie_are_refused(server):
    browser = Browser(server)
    act = json.dumps({"act": "draw", "variant": "A", "tool": "bench", "geometry": BENCH})
    for wrong in ("http://evil.example", "null", f"https://127.0.0.1:{server.port}", None):
        assert browser.ask("POST", "/api/do", act, Origin=wrong).status == 403
    assert browser.ask("GET", "/data.json", Origin="http://evil.example").status == 403
    for wrong in ("evil.example", f"evil.example:{server.port}", "127.0.0.1"):
        assert browser.ask("GET", "/", Host=wrong).status == 421
    name = browser.cookie.partition("=")[0]
    for wrong in (f"{name}=guess", f"{name}=", "æ=1", f'{name}="\\377"', None):
        cookie = None if wrong is None else wrong.encode("latin-1")
        assert browser.ask("POST", "/api/do", act, Cookie=cookie).status == 401
    assert browser.do("undo")[1]["variants"][0]["done"] == 0
    assert server.desk.session.variant("A").steps == ()


def test_a_body_of_a_gigabyte_is_refused_before_it_is_read(server):
    browser = Browser(server)
    assert browser.ask("POST", "/api/do", b"{}", Content_Length=str(1 << 30)).status == 413
    assert browser.ask("POST", "/api/do", b"{}", Content_Length="-1").status in (400, 413)


def test_a_body_without_a_length_or_of_another_is_refused_and_not_read(server):
    browser, sent = Browser(server), 0
    line = socket.create_connection(("127.0.0.1", server.port), 30)
    head = ["POST /api/do HTTP/1.1", f"Host: {browser.host}", f"Origin: http://{browser.host}"]
    head += [f"Cookie: {browser.cookie}", "Transfer-Encoding: chunked", "", ""]
    piece = b"10000\r\n" + b" " * 0x10000 + b"\r\n"
    with suppress(OSError), line:
        line.sendall("\r\n".join(head).encode())
        while sent < 1 << 30:
            line.sendall(piece)
            sent += 0x10000
    assert sent < 100 * MOST_BYTES
    assert browser.ask("GET", "/").status == 200


def test_every_answer_forbids_foreign_scripts_and_frames(server):
    browser = Browser(server)
    for path in ("/", "/page.css", "/page.js", "/data.json", "/nothing", "/api/plan.gpkg?variant=A"):
        answer = browser.ask("GET", path)
        policy = answer.headers["content-security-policy"]
        assert "default-src 'none'" in policy and "unsafe" not in policy and "frame-ancestors 'none'" in policy
        assert answer.headers["x-content-type-options"] == "nosniff" and answer.headers["server"] is None
        assert answer.headers["cache-control"] == "no-store"
    page = browser.ask("GET", "/").content.decode().replace('xmlns="http://www.w3.org/2000/svg"', "")
    assert "http:" not in page and "https:" not in page and "style=" not in page and "<script>" not in page


def test_what_is_no_question_is_answered_in_one_line(server):
    browser = Browser(server)
    bodies = [b"", b"[]", b"{", b"nul", b"[" * 100000, b'{"act": 1}', b'{"act": "burn", "variant": "A"}', b"\xff\xfe"]
    bodies += [json.dumps({"act": "draw", "variant": "B", "tool": "bench", "geometry": BENCH}).encode()]
    bodies += [json.dumps({"act": "draw", "variant": "A", "tool": "moon", "geometry": BENCH}).encode()]
    bodies += [json.dumps({"act": "draw", "variant": "A", "tool": "path", "geometry": BENCH}).encode()]
    bodies += [b'{"act": "move", "variant": "A", "id": "osm:way/93691013", "to": [NaN, 1]}']
    for body in bodies:
        answer = browser.ask("POST", "/api/do", body)
        said = json.loads(answer.content)["said"]
        assert (
            answer.status == 422 and set(said) == {"da", "en", "de"} and all("\n" not in one for one in said.values())
        )
    for path in ("/api/at", "/api/at?lon=x&lat=1&within=5&variant=A", "/api/at?lon=1&lat=nan&within=5&variant=A"):
        assert browser.ask("GET", path).status == 422
    assert browser.ask("GET", "/api/plan.exe?variant=A").status == 404
    assert browser.ask("GET", "/api/secret.html?variant=A").status == 404
    assert server.desk.session.variant("A").steps == ()


def events(server, browser, until, most=60.0):
    """What is told, up to the first event of a kind; each as (kind, data)."""
    line = http.client.HTTPConnection("127.0.0.1", server.port, timeout=most)
    line.request("GET", "/api/events", headers={"Host": browser.host, "Cookie": browser.cookie})
    answer, kind = line.getresponse(), ""
    while True:
        text = answer.readline().decode().rstrip("\n")
        if text.startswith("event: "):
            kind = text[7:]
        elif text.startswith("data: "):
            yield kind, json.loads(text[6:])
            if kind == until:
                line.close()
                return


def test_a_stroke_is_kept_told_to_all_and_looked_at(server):
    browser, heard = Browser(server), []
    listener = threading.Thread(target=lambda: heard.extend(events(server, browser, "lenses")))
    listener.start()
    for _ in range(200):
        if heard or server.desk.listening:
            break
        time.sleep(0.02)
    status, told = browser.do("draw", tool="table", geometry=BENCH)
    assert status == 200 and told["feature"] == "table-1" and told["remarks"] == []
    listener.join(60)
    kinds = [kind for kind, _ in heard]
    assert kinds[0] == "state" and kinds[-4:] == ["state", "glance", "look", "lenses"]
    glance, look = heard[-3][1], heard[-2][1]
    assert glance["number"] == look["number"] and glance["seconds"] > 0
    assert [set(map(str, row["tiers"])) for row in glance["spaces"]] == [{"None"}] * len(glance["spaces"])
    assert {row["before"]: row["scores"] for row in glance["spaces"]}.items() <= {
        row["before"]: row["scores"] for row in look["spaces"]
    }.items() and glance["spaces"]
    assert look["variant"] == "A" and "plan:table-1" in look["tables"]["places"]["id"]
    assert [lens["id"] for lens in heard[-1][1]["lenses"]]


def test_only_the_last_of_many_strokes_is_looked_at_to_the_end(server):
    browser, heard = Browser(server), []

    def listen():
        for kind, data in events(server, browser, "lenses"):
            heard.append((kind, data))

    listener = threading.Thread(target=listen)
    listener.start()
    while not server.desk.listening:
        time.sleep(0.02)
    for number in range(6):
        here = {"type": "Point", "coordinates": [SPOT[0] + number * 2e-5, SPOT[1]]}
        assert browser.do("draw", tool="bench", geometry=here)[0] == 200
    listener.join(60)
    looks = [data for kind, data in heard if kind == "look"]
    assert looks[-1]["number"] == 6 and len(looks) < 6
    assert [data["number"] for kind, data in heard if kind == "lenses"] == [6]


def test_the_plan_is_given_away_as_the_file_that_a_run_takes(server, table, tmp_path):
    browser = Browser(server)
    assert browser.ask("GET", "/api/plan.geojson?variant=A").status == 422  # nothing is drawn
    browser.do("draw", tool="bench", geometry=BENCH)
    browser.do("remove", id=BLOCK)
    browser.do("copy", name="Uden blokken æ")
    strokes = server.desk.session.variant("Uden blokken æ").strokes
    for ending in ("geojson", "gpkg"):
        answer = browser.ask("GET", f"/api/plan.{ending}?variant=Uden%20blokken%20%C3%A6")
        assert answer.status == 200 and "attachment" in answer.headers["content-disposition"]
        path = tmp_path / f"plan.{ending}"
        path.write_bytes(answer.content)
        assert reading.read_plan(path, table.estate).edits == plan_of(strokes, "plan", table.estate).edits
        assert len(strokes) == 2


def test_pointing_finds_what_is_there_and_what_was_drawn(server, table, pencil):
    browser = Browser(server)
    house = pencil(table.what_if.before.view.measured_from.buildings.geometry.loc[BLOCK].centroid)
    where = f"/api/at?variant=A&lon={house.x}&lat={house.y}&within=5"
    found = json.loads(browser.ask("GET", where).content)["things"]
    assert BLOCK in [thing["id"] for thing in found]
    browser.do("remove", id=BLOCK)
    found = json.loads(browser.ask("GET", where).content)["things"]
    assert BLOCK not in [thing["id"] for thing in found]


def test_variants_are_compared_in_numbers(server):
    browser = Browser(server)
    browser.do("draw", tool="table", geometry=BENCH)
    browser.do("copy", name="B")
    browser.do("remove", variant="B", id=BLOCK)
    answer = json.loads(browser.ask("POST", "/api/compare", "{}").content)["variants"]
    assert [(row["name"], row["drawn"]) for row in answer] == [("A", 1), ("B", 2)]
    assert answer[0]["dwellings"]["demolished"] == 0 < answer[1]["dwellings"]["demolished"]


def test_a_port_that_is_taken_is_one_line(server, table):
    with pytest.raises(InputError) as refused:
        Server(Session(table), "da", Served(port=server.port))
    assert str(server.port) in str(refused.value) and "\n" not in refused.value.said("da")


def test_what_nobody_foresaw_is_said_in_a_sentence_and_the_sitting_goes_on(server, monkeypatch):
    def fall(*arguments):
        raise ZeroDivisionError

    monkeypatch.setattr(server.desk.session.table, "glance", fall)
    told, tell = [], server.desk.tell
    monkeypatch.setattr(server.desk, "tell", lambda kind, data: (told.append((kind, data)), tell(kind, data)))
    browser = Browser(server)
    assert browser.do("draw", tool="bench", geometry=BENCH)[0] == 200
    for _ in range(200):
        if any(kind == "failed" for kind, _ in told):
            break
        time.sleep(0.05)
    said = next(data["said"] for kind, data in told if kind == "failed")
    assert "uventet fejl" in said["da"] and "unforeseen" in said["en"] and "ZeroDivision" not in str(said)
    assert browser.do("undo")[0] == 200
