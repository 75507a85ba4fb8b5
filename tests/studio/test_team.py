"""The studio for a team: over HTTPS or behind a proxy and no other way, by role, with comments and a log."""

from __future__ import annotations

import csv
import datetime
import http.client
import io
import ipaddress
import json
import re
import ssl
import threading
from dataclasses import replace

import geopandas as gpd
import numpy as np
import pyogrio
import pytest
import shapely

from spatial.analysis import run
from spatial.analysis.inputs import Options
from spatial.core.errors import InputError
from spatial.plans import reading
from spatial.studio import desk
from spatial.studio.kept import Kept
from spatial.studio.keys import INSIDE, MOST, WAITING, Keys
from spatial.studio.served import Served, origin_of
from spatial.studio.server import Server
from spatial.studio.session import Session
from tests.command import call
from tests.studio.test_server import BENCH, BLOCK, SPOT, wait_for

HOSTILE = "<script>window.hacked = 1</script>\n<img src=x onerror='window.hacked = 1'>"


def certificate(folder, name="127.0.0.1"):
    """A certificate of its own making for this machine: the paths of certificate and key."""
    x509 = pytest.importorskip("cryptography.x509")
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key, now = ec.generate_private_key(ec.SECP256R1()), datetime.datetime.now(datetime.UTC)
    called = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    names = x509.SubjectAlternativeName(
        [x509.IPAddress(ipaddress.ip_address("127.0.0.1")), x509.DNSName("faellesrum.example.dk")]
    )
    made = (
        x509.CertificateBuilder()
        .subject_name(called)
        .issuer_name(called)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(names, critical=False)
        .sign(key, hashes.SHA256())
    )
    paths = folder / "studio.pem", folder / "studio.key"
    paths[0].write_bytes(made.public_bytes(serialization.Encoding.PEM))
    form = serialization.PrivateFormat.PKCS8
    paths[1].write_bytes(key.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption()))
    return paths


@pytest.fixture(scope="module")
def pem(tmp_path_factory):
    return certificate(tmp_path_factory.mktemp("pem"))


def running(server):
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    wait_for(server.port)
    yield server
    server.ask_to_end()
    thread.join(20)
    assert not thread.is_alive()


@pytest.fixture
def server(table, pem, tmp_path):
    kept = Kept(tmp_path / "team.sqlite", "demo")
    yield from running(Server(Session(table, kept), "da", Served(port=0, certificate=pem[0], key=pem[1])))


class Member:
    """Somebody of the team: the address of a role opened once, over HTTPS that is checked."""

    def __init__(self, server, pem, address):
        self.port, self.host = server.port, f"127.0.0.1:{server.port}"
        self.trust, self.cookie = ssl.create_default_context(cafile=pem[0]), None
        self.origin, _, path = address.partition("/enter")
        self.entered = self.press(path)
        if self.entered.status == 303:
            self.cookie = self.entered.headers["set-cookie"].split(";")[0]

    def press(self, path):
        """Open an address, and press on the page that it is."""
        page = self.ask("GET", f"/enter{path.removeprefix('/enter')}")
        token = re.search(r'name="token" value="([\w-]+)"', page.content.decode())
        return page if token is None else self.ask("POST", "/enter", None, f"token={token[1]}")

    def ask(self, method, path, said=None, text=None, **headers):
        line = http.client.HTTPSConnection("127.0.0.1", self.port, timeout=60, context=self.trust)
        own = {"Host": self.host, **({"Cookie": self.cookie} if self.cookie else {})}
        own |= {"Origin": self.origin} if method == "POST" else {}
        try:
            line.request(method, path, text if said is None else json.dumps(said), {**own, **headers})
            answer = line.getresponse()
            answer.content = answer.read()
        finally:
            line.close()
        return answer


@pytest.fixture
def team(server, pem):
    return {role: Member(server, pem, address) for role, address in server.addresses.items()}


# --- where it is served --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("wish", "said"),
    [
        ({"host": "0.0.0.0"}, "--certificate"),
        ({"host": "192.0.2.7"}, "--behind-proxy"),
        ({"host": "faellesrum.example.dk"}, "--certificate"),
        ({"host": ""}, "--certificate"),
        ({"proxy": "http://faellesrum.example.dk"}, "https"),
        ({"proxy": "https://faellesrum.example.dk/studio"}, "https://faellesrum.example.dk"),
        ({"proxy": "https://a@faellesrum.example.dk"}, "https"),
        ({"proxy": "https://"}, "https"),
        ({"proxy": "https://faellesrum.example.dk:port"}, "https"),
    ],
)
def test_where_others_could_read_along_it_is_refused_in_one_line(wish, said):
    with pytest.raises(InputError) as refused:
        Served(**wish)
    for lang in ("da", "en", "de"):
        assert said in refused.value.said(lang) and "\n" not in refused.value.said(lang)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--host", "0.0.0.0"], "--host 0.0.0.0"),
        (["--behind-proxy", "http://faellesrum.example.dk"], "--behind-proxy 'http://faellesrum.example.dk'"),
        (["--behind-proxy", "https://faellesrum.example.dk"], "--boundary"),
        (["--certificate", "none.pem"], "--key"),
    ],
)
def test_the_command_refuses_in_one_line_before_it_reads_anything(options, said):
    done = call("studio", "--no-browser", "--port", "0", *options)
    assert done.code != 0 and done.out == "" and said in done.err.strip().splitlines()[-1]


def test_a_certificate_that_is_none_is_refused_in_one_line(pem, tmp_path):
    other = certificate(tmp_path)
    text = tmp_path / "text.pem"
    text.write_text("no certificate")
    pairs = [(pem[0], None), (None, pem[1]), (pem[0], other[1]), (text, pem[1]), (tmp_path / "none.pem", pem[1])]
    for cert, key in pairs:
        with pytest.raises(InputError) as refused:
            Served(certificate=cert, key=key)
        assert "\n" not in refused.value.said("en")
    for wrong in ({"proxy": "https://faellesrum.example.dk"}, {"host": "0.0.0.0"}, {"host": "::"}):
        with pytest.raises(InputError):
            Served(certificate=pem[0], key=pem[1], **wrong)


def test_the_origin_is_what_a_browser_says():
    assert origin_of("https://Fællesrum.example.dk:443/") == "https://xn--fllesrum-j0a.example.dk"
    assert origin_of("https://[2001:DB8::1]:8443") == "https://[2001:db8::1]:8443"
    assert Served().origins(8745) == ("http://127.0.0.1:8745", "http://localhost:8745")
    assert Served(host="::1").origins(8745) == ("http://[::1]:8745",)


def test_behind_a_proxy_host_and_origin_are_exactly_its_own(table):
    for server in running(Server(Session(table), "da", Served(port=0, proxy="https://faellesrum.example.dk"))):
        assert server.address.startswith("https://faellesrum.example.dk/enter?token=")

        def ask(path, *, method="GET", host="faellesrum.example.dk", port=server.port, body="{}", **headers):
            line = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
            line.request(method, path, body if method == "POST" else None, {"Host": host, **headers})
            answer = line.getresponse()
            answer.read()
            line.close()
            return answer

        path = server.address.removeprefix("https://faellesrum.example.dk")
        for host in (f"127.0.0.1:{server.port}", "localhost", "faellesrum.example.dk:443", "evil.example"):
            told = {"X-Forwarded-Host": "faellesrum.example.dk", "Forwarded": "host=faellesrum.example.dk"}
            assert ask(path, host=host, **told).status == 421
        assert ask(path).status == 200 and "set-cookie" not in ask(path).headers
        token = path.removeprefix("/enter?")
        for origin in ("null", "https://evil.example"):
            assert ask("/enter", method="POST", body=token, Origin=origin).status == 403
        entered = ask("/enter", method="POST", body=token, Origin="https://faellesrum.example.dk")
        rule = entered.headers["set-cookie"]
        assert entered.status == 303 and rule.startswith("__Host-") and "; Secure" in rule
        known = {"Cookie": rule.split(";")[0]}
        for origin in ("http://faellesrum.example.dk", f"http://127.0.0.1:{server.port}", "null"):
            assert ask("/api/compare", method="POST", Origin=origin, **known).status == 403
        assert ask("/api/compare", method="POST", Origin="https://faellesrum.example.dk", **known).status == 200


# --- roles ---------------------------------------------------------------------------------------


def test_each_address_lets_one_browser_in_over_https(server, team, pem):
    assert list(server.addresses) == ["edit", "comment", "look"]
    for role, member in team.items():
        rule = member.entered.headers["set-cookie"]
        assert rule.startswith("__Host-") and {"HttpOnly", "Secure", "SameSite=strict"} <= set(rule.split("; "))
        assert json.loads(member.ask("GET", "/api/role").content) == {"role": role, "shared": True}
        assert Member(server, pem, server.addresses[role]).entered.status == 401
    with pytest.raises((OSError, http.client.HTTPException)):  # not in the clear
        plain = http.client.HTTPConnection("127.0.0.1", server.port, timeout=10)
        plain.request("GET", "/")
        plain.getresponse()


def test_a_preview_of_links_uses_no_address_up(server, pem):
    address = server.addresses["look"]
    preview = Member(server, pem, server.addresses["comment"])
    preview.cookie = None
    path = address.removeprefix(preview.origin)
    for method in ("GET", "HEAD", "GET"):
        page = preview.ask(method, path)
        assert page.status == 200 and "set-cookie" not in page.headers
    assert page.headers.get_all("content-security-policy") == [page.headers["content-security-policy"]]
    assert "form-action 'self'" in page.headers["content-security-policy"]
    assert "script" not in page.content.decode() and "default-src 'none'" in page.headers["content-security-policy"]
    assert preview.ask("POST", "/enter", None, "token=guess").status == 401
    assert preview.ask("POST", "/enter", None, "token=" + "x" * 3000).status == 401
    assert Member(server, pem, address).entered.status == 303
    assert preview.ask("GET", path).status == 401  # used by now


def test_who_came_and_who_was_invited_come_in_after_a_new_start_and_no_secret_is_kept(table, pem, tmp_path):
    path, port = tmp_path / "team.sqlite", 0
    addresses, cookies = [], []
    for start in range(3):
        kept = Kept(path, "demo")
        if start == 2:
            kept.drop_keys()
        served = Served(port=port, certificate=pem[0], key=pem[1])
        for server in running(Server(Session(table, kept), "da", served)):
            port = server.port
            if start == 0:
                member = Member(server, pem, server.addresses["comment"])
                addresses, cookies = [server.addresses["look"]], [member.cookie]
            else:
                guest = Member(server, pem, addresses[0])
                assert guest.entered.status == (303 if start == 1 else 401)
                guest.cookie = cookies[0]
                assert guest.ask("GET", "/api/role").status == (200 if start == 1 else 401)
                if start == 1:
                    assert json.loads(guest.ask("GET", "/api/role").content)["role"] == "comment"
        content = b"".join(one.read_bytes() for one in tmp_path.glob("team.sqlite*"))
        for secret in (addresses[0].partition("token=")[2], cookies[0].partition("=")[2]):
            assert secret.encode() not in content


def test_an_address_of_long_ago_lets_nobody_in(tmp_path):
    kept = Kept(tmp_path / "team.sqlite", "demo")
    secret = Keys(kept).made(WAITING, "edit")
    assert Keys(kept).role(WAITING, secret) == "edit" and Keys(kept).role(INSIDE, secret) is None
    kept._base.execute("UPDATE key SET at = '2020-01-01T00:00:00+00:00'")
    assert Keys(kept).role(WAITING, secret) is None


def test_of_too_many_addresses_the_oldest_are_forgotten():
    keys = Keys()
    made = [keys.made(WAITING, "look") for _ in range(MOST[WAITING] + 3)]
    assert [keys.role(WAITING, one) for one in made[:4]] == [None, None, None, "look"]
    assert keys.role(WAITING, made[-1]) == "look"


MAY = {"look": {"/api/look", "/api/compare"}, "comment": {"/api/look", "/api/compare", "/api/comment"}}


def test_what_a_role_may_not_do_is_refused_in_a_sentence_and_not_done(server, team):
    routes = server._rooms.app.routes
    asking = [route.path for route in routes if "POST" in route.methods]
    assert len(asking) >= 6
    for role, member in team.items():
        for path in asking:
            answer = member.ask("POST", path, {"act": "draw", "variant": "B"})
            assert (answer.status == 403) == (role != "edit" and path not in MAY[role]), (role, path)
        for method in ("PUT", "PATCH", "DELETE", "OPTIONS"):
            answer = member.ask(method, "/api/do", {}, Origin=member.origin)
            assert answer.status == (405 if role == "edit" else 403)
        assert member.ask("GET", "/api/out/log.csv").status == (200 if role == "edit" else 403)
        for path in ("/", "/data.json", "/page.js", "/api/comments.geojson"):
            assert member.ask("GET", path).status == 200
    drawing = {"act": "draw", "variant": "A", "tool": "bench", "geometry": BENCH}
    refused = team["look"].ask("POST", "/api/do", drawing)
    assert "giver kun lov til at se med" in json.loads(refused.content)["said"]["da"]
    assert server.desk.session.variant("A").steps == ()
    assert team["edit"].ask("POST", "/api/do", drawing).status == 200


def test_who_draws_lets_others_in_and_is_not_made_less_by_an_address(server, team, pem):
    address = json.loads(team["edit"].ask("POST", "/api/invite", {"role": "look"}).content)["address"]
    assert team["edit"].ask("GET", address.removeprefix(team["edit"].origin)).status == 303
    assert json.loads(team["edit"].ask("GET", "/api/role").content)["role"] == "edit"
    guest = Member(server, pem, address)  # nobody took it
    assert json.loads(guest.ask("GET", "/api/role").content)["role"] == "look"
    assert team["edit"].ask("POST", "/api/invite", {"role": "owner"}).status == 422
    more = json.loads(team["edit"].ask("POST", "/api/invite", {"role": "comment"}).content)["address"]
    raised = guest.press(more.removeprefix(guest.origin))
    guest.cookie = raised.headers["set-cookie"].split(";")[0]
    assert json.loads(guest.ask("GET", "/api/role").content)["role"] == "comment"


# --- comments ------------------------------------------------------------------------------------


def pinned(member, **said):
    return member.ask("POST", "/api/comment", {"by": "Vicevært", "text": "Her er mørkt", "at": SPOT, **said})


def test_a_comment_is_told_kept_and_settled(server, team, table, pencil, tmp_path):
    space = table.start.result.meeting_spaces.geometry.iloc[0]
    spot = pencil(space.representative_point())
    answer = pinned(team["comment"], text=HOSTILE, at=[spot.x, spot.y])
    (one,) = json.loads(answer.content)["comments"]
    assert one["text"] == HOSTILE and one["by"] == "Vicevært" and one["role"] == "comment" and one["settled"] is False
    assert one["space"] == table.start.result.meeting_spaces.index[0]
    assert abs(datetime.datetime.fromisoformat(one["at"]).timestamp() - datetime.datetime.now().timestamp()) < 60
    assert team["comment"].ask("POST", "/api/settle", {"number": 1, "settled": True}).status == 403
    for wrong in (2, 0, "1", None, 1e9):
        assert team["edit"].ask("POST", "/api/settle", {"number": wrong, "settled": True}).status == 422
    assert team["edit"].ask("POST", "/api/settle", {"number": 1, "settled": True}).status == 200
    assert [one.settled for one in server.desk.session.comments] == [True]
    server.desk.session.close()
    (kept,) = Kept(tmp_path / "team.sqlite", "demo").comments()
    assert kept == server.desk.session.comments[0] and kept.settled is True


def test_a_comment_that_is_none_or_too_long_is_refused_and_nothing_is_kept(server, team):
    wrong = [{"text": ""}, {"text": " \u200b\u202e\n"}, {"text": "x" * 2001}, {"by": ""}, {"by": "x" * 61}, {"text": 1}]
    wrong += [{"at": None}, {"at": [1]}, {"at": [float("nan"), 1]}, {"at": [1000, 1000]}]
    for said in wrong:
        assert pinned(team["comment"], **said).status == 422, said
    assert server.desk.session.comments == ()
    assert pinned(team["comment"], text="x" * 2000, by="x" * 60).status == 200


def test_the_page_with_a_hostile_comment_has_it_only_as_data(server, team):
    pinned(team["comment"], text=HOSTILE, by="<b>x</b>")
    for path in ("/", "/page.js", "/data.json"):
        assert b"hacked" not in team["edit"].ask("GET", path).content


def test_the_exported_plan_carries_comments_and_a_run_finds_the_same(server, team, table, tmp_path):
    drawing = {"variant": "A", "tool": "bench", "geometry": BENCH}
    team["edit"].ask("POST", "/api/do", {"act": "draw", **drawing})
    team["edit"].ask("POST", "/api/do", {"act": "remove", "variant": "A", "id": BLOCK})
    plain, more = tmp_path / "plain.gpkg", tmp_path / "more.gpkg"
    plain.write_bytes(team["look"].ask("GET", "/api/plan.gpkg?variant=A").content)
    pinned(team["comment"], text=HOSTILE)
    more.write_bytes(team["look"].ask("GET", "/api/plan.gpkg?variant=A").content)
    assert set(pyogrio.list_layers(more)[:, 0]) == {"plan", "comments"}
    layer = gpd.read_file(more, layer="comments")
    assert layer["text"].tolist() == [HOSTILE] and shapely.get_coordinates(layer.geometry).tolist() == [list(SPOT)]
    assert reading.read_plan(plain, table.estate).edits == reading.read_plan(more, table.estate).edits
    beside = json.loads(team["look"].ask("GET", "/api/comments.geojson").content)["features"]
    assert [one["properties"]["text"] for one in beside] == [HOSTILE]
    assert beside[0]["geometry"]["coordinates"] == list(SPOT)
    # The run with the file finds the scores that the table shows.
    shown = table.glance(server.desk.session.variant("A").strokes).result.meeting_spaces["floating"]
    today = Options(judged_by=table.what_if.before.rubric)
    after = run.run(replace(table.inputs, plan=reading.read_plan(more, table.estate)), today)
    assert np.sort(after.meeting_spaces["floating"]) == pytest.approx(np.sort(shown), abs=1e-9)


def test_a_layer_called_comments_that_is_a_plan_is_read(server, team, table, tmp_path):
    team["edit"].ask("POST", "/api/do", {"act": "draw", "variant": "A", "tool": "bench", "geometry": BENCH})
    path = tmp_path / "plan.gpkg"
    path.write_bytes(team["edit"].ask("GET", "/api/plan.gpkg?variant=A").content)
    rows = gpd.read_file(path, layer="plan")
    rows.to_file(tmp_path / "other.gpkg", layer="comments", driver="GPKG")
    assert len(reading.read_plan(tmp_path / "other.gpkg", table.estate).edits) == 1


# --- the log -------------------------------------------------------------------------------------


def test_the_log_says_when_which_role_did_what_as_harmless_csv(server, team):
    team["edit"].ask("POST", "/api/do", {"act": "draw", "variant": "A", "tool": "bench", "geometry": BENCH})
    team["edit"].ask("POST", "/api/do", {"act": "draw", "variant": "A", "tool": "moon", "geometry": BENCH})  # refused
    team["edit"].ask("POST", "/api/do", {"act": "copy", "variant": "A", "name": "=1+1"})
    team["edit"].ask("POST", "/api/do", {"act": "undo", "variant": "=1+1"})
    pinned(team["comment"])
    team["edit"].ask("POST", "/api/settle", {"number": 1, "settled": True})
    team["look"].ask("GET", "/api/plan.geojson?variant=A")
    team["look"].ask("POST", "/api/do", {"act": "undo", "variant": "A"})  # refused
    rows = list(csv.DictReader(io.StringIO(team["edit"].ask("GET", "/api/out/log.csv").content.decode())))
    assert [(row["role"], row["act"], row["variant"], row["about"]) for row in rows] == [
        ("edit", "draw", "A", "bench bench-1"),
        ("edit", "refused", "A", "draw moon"),
        ("edit", "copy", "A", "'=1+1"),
        ("edit", "undo", "'=1+1", ""),
        ("comment", "comment", "", "#1"),
        ("edit", "settle", "", "#1"),
        ("look", "export", "A", "plan.geojson"),
        ("look", "refused", "", "POST /api/do"),
    ]
    moments = [datetime.datetime.fromisoformat(row["at"]) for row in rows]
    assert moments == sorted(moments) and all(one.tzinfo for one in moments)


def test_refusals_do_not_fill_the_disk(server, team, monkeypatch):
    monkeypatch.setattr(desk, "MOST_REFUSED", 3)
    for _ in range(5):
        assert team["look"].ask("POST", "/api/do", {"act": "undo", "variant": "A"}).status == 403
    assert [row[2] for row in server.desk.session.kept.log()] == ["refused"] * 3
