"""What an answer really is, whatever the status that came with it."""

from __future__ import annotations

import json
import zipfile

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


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b'{"type":"FeatureCollection","exceededTransferLimit":true,"features":[1]}', "exceededTransferLimit"),
        (b'\xef\xbb\xbf{"features":[1],"properties":{"exceededTransferLimit":"true"}}', "exceededTransferLimit"),
        (b'{"features":[1],"metadata":{"about":{"exceededTransferLimit":true}}}', "exceededTransferLimit"),
        (b'{"features":[1,2],"numberMatched":9,"numberReturned":2}', "9 > 2"),
        (b'{"features":[1,2],"totalFeatures":"9"}', "9 > 2"),
        (b'{"features":[1,2],"count":9,"next":"https://a.dk/?page=2"}', "9 > 2"),
        (b'{"features":[1],"links":[{"rel":"self","href":"x"},{"rel":"next","href":"y"}]}', "next"),
        (b'{"features":[1],"_links":{"next":{"href":"y"}}}', "next"),
        (b'<wfs:FeatureCollection numberMatched="40" numberReturned="10">', "40 > 10"),
        (b'<wfs:FeatureCollection numberMatched="unknown" numberReturned="10" next="http://a.dk/?x=1">', "next"),
        (b'{"features":[1],"links":[{"rel":["next"],"href":"y"}]}', "next"),
        (b'{"features":[1],"@odata.nextLink":"https://a.dk/?skip=1"}', "@odata.nextLink"),
        (b'{"features":[1],"nextPageToken":"abc"}', "nextPageToken"),
        (b'{"features":[1],"hasMore":true}', "hasMore"),
        (b'{"features":[1],"meta":{"has_more":true}}', "has_more"),
        (b'{"features":[1],"truncated":"True"}', "truncated"),
        (b'{"features":[1],"partial":true}', "partial"),
        (b'{"features":[1],"meta":{"total":500,"count":1}}', "500 > 1"),
        (b'{"features":[1],"pageInfo":{"hasNextPage":true}}', "hasNextPage"),
        (b'<wfs:FeatureCollection numberMatched="unknown"><wfs:truncatedResponse/>', "truncatedResponse"),
        (b'{"features":[1],"hasMore":false,"truncated":false,"nextPageToken":"","meta":{"total":1}}', None),
        (b'{"features":[1],"properties":{"total":500,"truncated":"a tree"}}', None),
        (b'{"features":[1],"exceededTransferLimit":false,"numberMatched":1,"next":null,"links":[]}', None),
        (b'{"features":[{"properties":{"exceededTransferLimit":true,"next":"x","count":7}}]}', None),
        (b'<wfs:FeatureCollection numberMatched="10" numberReturned="10">', None),
        (b"navn,x,y\n1,2,3\n", None),
        (b"", None),
    ],
)
def test_a_saved_answer_that_was_cut_off_is_known(body, said, tmp_path):
    path = tmp_path / "saved"
    path.write_bytes(body)
    assert service_answers.cut_in_file(path) == said
    with zipfile.ZipFile(tmp_path / "saved.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.mkdir("data")
        archive.writestr("data/readme.txt", "saved on Monday")
        archive.write(path, "data/saved.json")
    assert service_answers.cut_in_file(tmp_path / "saved.zip") == said


def test_an_archive_that_python_cannot_unpack_says_nothing(tmp_path):
    """The method of compression is one that is not known (99: AES)."""
    path = tmp_path / "saved.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a.json", '{"exceededTransferLimit":true,"features":[]}')
    data = bytearray(path.read_bytes())
    for mark, at in ((b"PK\3\4", 8), (b"PK\1\2", 10)):
        data[data.index(mark) + at] = 99
    path.write_bytes(data)
    assert service_answers.cut_in_file(path) is None


def test_a_large_saved_answer_is_looked_at_at_both_ends(tmp_path, monkeypatch):
    monkeypatch.setattr(service_answers, "WHOLE_BYTES", 100)
    path = tmp_path / "saved"
    for head, tail, said in (
        (b'"exceededTransferLimit": true,', b"", "exceededTransferLimit"),
        (b"", b',"exceededTransferLimit":true', "exceededTransferLimit"),
        (b'"exceededTransferLimit":false,', b"", None),
    ):
        path.write_bytes(b"{" + head + b'"features":[' + b"1," * 20_000 + b"1]" + tail + b"}")
        assert service_answers.cut_in_file(path) == said


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b'{"type":"about:blank","title":"Bad bbox","status":400,"detail":"x1 > x2"}', "Bad bbox x1 > x2"),
        (b'{"code":"NotFound","description":"Collection b not found"}', "Collection b not found"),
        (b'{"error":{"code":499,"message":"Token Required","details":["sign in"]}}', "Token Required sign in"),
        (b'{"exceptions":[{"code":"X","text":"no such layer"}]}', "no such layer"),
        (b'{"success":false,"error":{"__type":"Not Found Error","message":"Not found"}}', "Not found"),
        (b"<ExceptionReport><ExceptionText><![CDATA[a &lt; b]]></ExceptionText></ExceptionReport>", "a < b"),
        (b'{"error":{"message":"bad request ?token=abcdefgh12345"}}', "token=***"),
    ],
)
def test_what_a_service_says_reaches_the_user_without_secrets(body, words):
    with pytest.raises(SourceUnavailable) as caught:
        service_answers.check_answer(body, "a.dk")
    assert words in str(caught.value) and "abcdefgh12345" not in str(caught.value)
