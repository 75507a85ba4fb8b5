"""What an answer really is, whatever the status that came with it."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spatial.core.errors import SourceError, SourceFormatError, SourceUnavailable
from spatial.sources import service_answers
from tests.sources.unruly import EXCEPTION, OLD_EXCEPTION, PAGE, gml


@pytest.mark.parametrize(
    ("body", "error", "words"),
    [
        (b"", SourceFormatError, "with nothing"),
        (b"  \n", SourceFormatError, "with nothing"),
        (PAGE, SourceFormatError, r"web page \(Log ind\)"),
        (b"<!-- a --><HTML>", SourceFormatError, "web page"),
        (EXCEPTION, SourceUnavailable, "refuses: Unknown layer k101:nope;"),
        (OLD_EXCEPTION, SourceUnavailable, r"refuses: msWFSGetFeature\(\): bad;"),
        (b'{"error":{"code":400,"message":"Invalid URL"}}', SourceUnavailable, "refuses: Invalid URL"),
        (b'{"success":false,"message":"relation does not exist"}', SourceUnavailable, "relation does not exist"),
        (b'{"exceptions":[{"code":"x","text":"y"}]}', SourceUnavailable, "refuses"),
    ],
)
def test_no_data(body, error, words):
    with pytest.raises(error, match=rf"a\.dk: .*{words}"):
        service_answers.check_answer(body, "a.dk")


@pytest.mark.parametrize(
    "body",
    [
        gml([(1, 2.0, 3.0)], 1),
        b'{"type":"FeatureCollection","features":[]}',
        b'{"success":true,"type":"FeatureCollection","features":[{"properties":{"error":"no"}}]}',
        b'{"help":"x","success":true,"result":{}}',
        b"navn,x,y\n1,2,3\n",
        b"PK\x03\x04zip",
    ],
)
def test_data(body):
    assert service_answers.check_answer(body, "a.dk") is None


@pytest.mark.parametrize(
    ("body", "counts"),
    [
        (gml([(1, 2.0, 3.0)], 40), (40, 1, "")),
        (gml([], "unknown"), (None, 0, "")),
        (b'<wfs:FeatureCollection numberOfFeatures="7">', (7, None, "")),
        (b'{"features":[1,2],"numberMatched":9,"numberReturned":2}', (9, 2, "")),
        (b'{"features":[1],"totalFeatures":"unknown"}', (None, 1, "")),
        (b'{"features":[1],"exceededTransferLimit":true}', (None, 1, "exceededTransferLimit")),
        (b'{"features":[],"properties":{"exceededTransferLimit":true}}', (None, 0, "exceededTransferLimit")),
        (b"\x00\x01", (None, None, "")),
    ],
)
def test_counts(body, counts):
    assert tuple(service_answers.feature_counts(body)) == counts


def test_links_are_turned_and_values_are_not():
    told = {
        "links": [{"rel": "next", "href": "https://a.dk/items?x=1"}, {"href": "https://b.dk/"}],
        "features": [{"properties": {"href": "https://a.dk/home"}}],
    }
    found = json.loads(
        service_answers.relink_pages(json.dumps(told).encode(), {"https://a.dk/": "http://127.0.0.1/s/"})
    )
    assert [link["href"] for link in found["links"]] == ["http://127.0.0.1/s/items?x=1", "https://b.dk/"]
    assert found["features"] == told["features"]
    for body in (b"{broken", b"<xml/>", b'{"href": '):
        assert service_answers.relink_pages(body, {"a": "b"}) == body


@given(st.binary(max_size=300))
def test_any_bytes_are_data_or_one_of_our_errors(body):
    try:
        service_answers.check_answer(body, "a.dk")
    except SourceError as error:
        assert "\n" not in str(error)
    service_answers.feature_counts(body)
    service_answers.relink_pages(body, {"https://a.dk/": "x"})
