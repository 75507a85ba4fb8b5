"""HTTP that goes wrong in every way: one clear error each, bounded patience, and no key anywhere."""

from __future__ import annotations

import logging

import pytest

from spatial.core.errors import ConfigError, SourceError, SourceFormatError, SourceUnavailable
from spatial.sources import http
from spatial.sources.http import Key, Transport
from tests.sources.unruly import PAGE, Reply, serving, told

SECRET = "s3cret/KEY+42"
KEY = Key("TEST_FAELLESRUM_KEY", "apikey")


@pytest.fixture
def waits() -> list[float]:
    return []


@pytest.fixture
def asking(waits) -> Transport:
    return Transport(connect_s=2, read_s=0.5, whole_s=3, attempts=3, sleep=waits.append)


@pytest.mark.parametrize(
    ("status", "words", "attempts"),
    [
        (401, "wants a key", 1),
        (403, "refuses access", 1),
        (404, "nothing at this address", 1),
        (406, "our kind of request", 1),
        (400, "refuses the request", 1),
        (429, "too many requests", 3),
        (500, "trouble of its own", 3),
        (504, "trouble of its own", 3),
    ],
)
def test_every_status_is_one_clear_error_after_bounded_attempts(asking, waits, status, words, attempts):
    reply = Reply(status, b"<html><head><title>x</title></head><p>Sorry <b>no</b></p></html>", "text/html")
    with serving(lambda path, params: reply) as server:
        with pytest.raises(SourceUnavailable, match=rf"127\.0\.0\.1/wfs: .*{words}.*HTTP {status}: Sorry no") as caught:
            asking.get(f"{server.address}/wfs")
        assert len(server.asked) == attempts and len(waits) == attempts - 1
        assert "\n" not in str(caught.value)


def test_pauses_grow_and_too_many_requests_are_given_half_a_minute(asking, waits):
    with serving(lambda path, params: Reply(429)) as server, pytest.raises(SourceUnavailable):
        asking.get(server.address)
    assert all(30 <= wait <= 60 for wait in waits)
    waits.clear()
    with serving(lambda path, params: Reply(503, headers={"Retry-After": "7"})) as server, pytest.raises(SourceError):
        asking.get(server.address)
    assert waits[0] == pytest.approx(7)
    waits.clear()
    with serving(lambda path, params: Reply(503, headers={"Retry-After": "99999"})) as server:
        with pytest.raises(SourceError):
            asking.get(server.address)
    assert waits == [60, 60]


def test_what_passes_passes(asking, waits):
    replies = iter([Reply(504), Reply(502), told({"ok": True})])
    with serving(lambda path, params: next(replies)) as server:
        answer = asking.get(server.address, {"a": "b"})
    assert answer.body == b'{"ok": true}' and answer.url == server.address and len(waits) == 2
    assert answer.retrieved_at.endswith("+00:00") and answer.content_type == "application/json"


def test_a_time_out_before_and_in_the_middle_of_an_answer(asking, waits):
    with serving(lambda path, params: Reply(body=b"x" * 9, pause_s=1)) as server:
        with pytest.raises(SourceUnavailable, match=r"does not answer in time.*3 attempts"):
            asking.get(server.address)
    with serving(lambda path, params: Reply(body=b"x" * 100_000, stall_s=1)) as server:
        with pytest.raises(SourceUnavailable, match=r"middle of an answer|in time"):
            asking.get(server.address)
    assert len(waits) == 4


def test_an_answer_that_is_cut_off_is_not_taken_for_whole(asking):
    with serving(lambda path, params: Reply(body=b"x" * 1000, stop_after=300)) as server:
        with pytest.raises(SourceUnavailable, match="middle of an answer"):
            asking.get(server.address)


def test_an_answer_that_drips_for_ever(waits):
    patient = Transport(read_s=5, whole_s=0.2, attempts=1, sleep=waits.append)
    with serving(lambda path, params: Reply(body=b"x" * 200_000, stall_s=0.5)) as server:
        with pytest.raises(SourceUnavailable, match="in time"):
            patient.get(server.address)


def test_an_answer_larger_than_any_layer(asking, monkeypatch):
    monkeypatch.setattr(http, "MAX_BYTES", 1000)
    with serving(lambda path, params: Reply(body=b"x" * 5000)) as server:
        with pytest.raises(SourceFormatError, match="more than"):
            asking.get(server.address)


def test_nobody_there(asking, waits):
    with pytest.raises(SourceUnavailable, match="cannot be reached"):
        asking.get("http://127.0.0.1:9/wfs")
    with pytest.raises(SourceUnavailable, match="cannot be reached"):
        asking.get("http://no-such-host.invalid/wfs")
    with pytest.raises(ConfigError, match="https://"):
        asking.get("ftp://example.org/x")


def test_we_introduce_ourselves(asking, monkeypatch):
    with serving(lambda path, params: told({})) as server:
        asking.get(server.address)
        monkeypatch.setenv(http.USER_AGENT_VARIABLE, "Boligforening/1 (post@example.org)")
        asking.get(server.address)
    agents = [headers["user-agent"] for _, _, headers in server.asked]
    assert agents[0].startswith("faellesrum/") and agents[1] == "Boligforening/1 (post@example.org)"


# --- redirects ---


def test_a_redirect_within_the_host_is_followed_with_the_key(asking, monkeypatch):
    monkeypatch.setenv(KEY.variable, SECRET)

    def answer(path, params):
        return told({}) if path == "/new" else Reply(301, headers={"Location": "/new?x=1"})

    with serving(answer) as server:
        assert SECRET not in asking.get(f"{server.address}/old", key=KEY).url
    assert [(path, params.get("apikey")) for path, params, _ in server.asked] == [("/old", SECRET), ("/new", SECRET)]


def test_a_redirect_to_another_host_is_refused_and_gets_no_key(asking, monkeypatch):
    monkeypatch.setenv(KEY.variable, SECRET)
    with serving(lambda path, params: told({})) as other:
        elsewhere = other.address.replace("127.0.0.1", "localhost")

        def answer(path, params):
            return Reply(302, headers={"Location": f"{elsewhere}/x?apikey={params.get('apikey', '')}"})

        with serving(answer) as server:
            with pytest.raises(
                SourceUnavailable, match=r"sends us on to http://localhost, which is not conf"
            ) as caught:
                asking.get(server.address, key=KEY)
            assert SECRET not in str(caught.value) and other.asked == []
            asking.get(server.address, key=KEY, hosts=["localhost"])
    assert len(other.asked) == 1 and SECRET not in str(other.asked)


def test_round_in_circles(asking):
    with serving(lambda path, params: Reply(302, headers={"Location": "/"})) as server:
        with pytest.raises(SourceUnavailable, match="circles"):
            asking.get(server.address)
    assert len(server.asked) == http.MAX_REDIRECTS + 1


def test_no_login_from_a_netrc_file(asking, monkeypatch, tmp_path):
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login me password hidden\n", encoding="utf-8")
    monkeypatch.setenv("NETRC", str(netrc))
    with serving(lambda path, params: told({})) as server:
        asking.get(server.address)
    assert "authorization" not in server.asked[0][2]


# --- keys ---


@pytest.mark.parametrize(
    "reply",
    [
        Reply(403, SECRET.encode()),
        Reply(503, b"?apikey=s3cret%2FKEY%2B42"),
        Reply(body=b"x" * 99, stop_after=3),
        Reply(404),
    ],
)
def test_a_key_is_sent_and_shown_nowhere(asking, monkeypatch, caplog, reply):
    monkeypatch.setenv(KEY.variable, f" {SECRET}\n")
    caplog.set_level(logging.INFO)
    with serving(lambda path, params: reply) as server, pytest.raises(SourceUnavailable) as caught:
        asking.get(f"{server.address}/wfs", {"q": "1"}, key=KEY)
    assert {params["apikey"] for _, params, _ in server.asked} == {SECRET}
    error: BaseException | None = caught.value
    while error is not None:
        assert "s3cret" not in repr(error)
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    assert "s3cret" not in caplog.text


def test_a_missing_key_names_the_variable(asking, monkeypatch):
    monkeypatch.delenv(KEY.variable, raising=False)
    with pytest.raises(ConfigError, match=f"{KEY.variable}.*set the variable"):
        asking.get("http://127.0.0.1:9", key=KEY)


def test_a_web_page_is_an_answer_like_any_other_here(asking):
    with serving(lambda path, params: Reply(body=PAGE, kind="text/html")) as server:
        assert asking.get(server.address).body == PAGE
