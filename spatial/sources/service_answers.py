"""What a service's answer really is: data, an exception dressed as data, or a web page. Pure."""

from __future__ import annotations

import html
import json
import os
import re
import zipfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import IO, Any, NamedTuple

from spatial.core.addresses import without_secrets
from spatial.core.errors import SourceFormatError, SourceUnavailable
from spatial.core.messages import phrase

HEAD_BYTES = 8192
WORDS = 160
HTML = re.compile(rb"(?i)^\s*(<!--.*?-->\s*)*<(!doctype\s+html|html\b)", re.DOTALL)
EXCEPTION = re.compile(rb"<(?:[\w.-]+:)?(ServiceExceptionReport|ExceptionReport|ServiceException)\b")
TEXT = re.compile(rb"<(?:[\w.-]+:)?(?:ExceptionText|ServiceException)\b[^>]*>(.*?)</", re.DOTALL)
MATCHED = re.compile(rb'\bnumber(?:Matched|OfFeatures)\s*=\s*"(\d+)"')
NEXT_PAGE = re.compile(rb'<(?:[\w.-]+:)?FeatureCollection\b[^>]*\snext\s*=\s*"[^"]')
BOM = b"\xef\xbb\xbf \t\r\n"
# What JSON says of all that there is, and of an answer that was cut.
TOTALS = ("numberMatched", "totalFeatures", "numberOfFeatures")
OWN_TOTALS = ("count", "total", "totalCount", "total_rows")
# Where the numbers of a page stand when they do not stand at its top.
ABOUT_PAGES = ("meta", "metadata", "paging", "pagination", "page", "pageinfo", "info")
# Words by which services say that there is more: true, or an address or a mark of the next page.
MORE = (
    "exceededTransferLimit",
    "hasMore",
    "has_more",
    "hasNextPage",
    "moreAvailable",
    "truncated",
    "isTruncated",
    "partial",
)
NEXT = (
    "next",
    "nextLink",
    "@odata.nextLink",
    "odata.nextLink",
    "next_page",
    "nextPage",
    "nextPageToken",
    "next_cursor",
)
TRUNCATED = re.compile(rb"<(?:[\w.-]+:)?truncatedResponse\b")
DEPTH = 3
LIMIT_SAID = re.compile(
    rf'"(?:({"|".join(MORE)})"\s*:\s*"?true|({"|".join(map(re.escape, NEXT))})"\s*:\s*["{{])'.encode()
)
WHOLE_BYTES = 64 << 20
# Problem details (RFC 9457), and where services say what is wrong.
PROBLEM = ("title", "detail", "description")
REASONS = ("message", "title", "detail", "description", "text", "exceptionText", "details", "error", "errors")
RETURNED = re.compile(rb'\bnumberReturned\s*=\s*"(\d+)"')


class Counts(NamedTuple):
    """How many features a page announces in all, and how many it holds; None where it does not say.

    ``cut`` is the word by which it says that there are more.
    """

    matched: int | None
    returned: int | None
    cut: str = ""


def check_answer(body: bytes, name: str) -> None:
    """Raise if this is no data.

    Raises
    ------
    SourceFormatError
        If it is empty, or a web page.
    SourceUnavailable
        If it is an exception of a service, whatever the status that came with it.
    """
    head = body[:HEAD_BYTES]
    if not head.strip():
        raise SourceFormatError("answers.nothing", name=name)
    if HTML.match(head):
        raise SourceFormatError("answers.page", name=name, title=_title(head))
    if EXCEPTION.search(head):
        found = TEXT.search(body[: HEAD_BYTES * 4])
        raise SourceUnavailable(
            "answers.refuses",
            name=name,
            reason=without_secrets(_words(found[1])) if found else phrase("answers.no_reason"),
        )
    if head.lstrip(BOM)[:1] == b"{" and b'"features"' not in head:
        _check_json(body, name)


def _check_json(body: bytes, name: str) -> None:
    try:
        told = json.loads(body)
    except (ValueError, RecursionError):
        return
    if not isinstance(told, dict) or "features" in told:
        return
    error = told.get("error", told.get("exceptions"))
    problem = any(key in told for key in PROBLEM) and ("status" in told or "code" in told or "detail" in told)
    if error not in (None, []) or told.get("success") is False or problem:
        reason = without_secrets(_words(" ".join(_reasons(told if error in (None, []) else error)).encode()))
        raise SourceUnavailable("answers.refuses", name=name, reason=reason or phrase("answers.no_reason"))


def _reasons(told: Any) -> Iterator[str]:
    """What an error says of itself: a text, or what stands under the usual names, whichever way it is nested."""
    if isinstance(told, str):
        yield told
    elif isinstance(told, list):
        for one in told:
            yield from _reasons(one)
    elif isinstance(told, dict):
        found = [text for key in REASONS if key in told for text in _reasons(told[key])]
        yield from dict.fromkeys(found)
        if not found and "__type" in told:
            yield str(told["__type"])


def _title(head: bytes) -> str:
    found = re.search(rb"(?is)<title[^>]*>(.*?)</title>", head)
    words = _words(found[1]) if found else ""
    return f" ({without_secrets(words)})" if words else ""


def _words(text: bytes) -> str:
    plain = html.unescape(re.sub(r"<!\[CDATA\[|\]\]>|<[^>]*>", " ", text.decode("utf-8", "replace")))
    return " ".join(without_secrets(plain).split())[:WORDS].rstrip(" .;")


def feature_counts(body: bytes) -> Counts:
    """Read what a page of features says of its number: GML, GeoJSON, or ArcGIS's JSON."""
    head = body[:HEAD_BYTES].lstrip(BOM)
    if head[:1] == b"<":
        matched, returned = (int(found[1]) if (found := word.search(head)) else None for word in (MATCHED, RETURNED))
        return Counts(matched, returned, "next" if NEXT_PAGE.search(head) else "")
    try:
        told = json.loads(body.lstrip(BOM))
    except (ValueError, RecursionError):
        return Counts(None, None)
    if not isinstance(told, dict) or not isinstance(told.get("features"), list):
        return Counts(None, None)
    about = list(_about(told))
    own = [told, *(one for key, one in told.items() if key.lower() in ABOUT_PAGES and isinstance(one, dict))]
    said = [one.get(key) for one in about for key in TOTALS] + [one.get(key) for one in own for key in OWN_TOTALS]
    limited = next((key for key in MORE for one in about if str(one.get(key)).lower() == "true"), "")
    cut = limited or next(filter(None, map(_leads_on, about)), "")
    return Counts(max(filter(None, map(_whole, said)), default=None), len(told["features"]), cut)


def _about(told: dict[str, Any], depth: int = 0) -> Iterator[dict[str, Any]]:
    """What an answer says of itself: the object, and those in it that are no features."""
    yield told
    for key, value in told.items():
        if isinstance(value, dict) and key not in ("crs", "links") and depth < DEPTH:
            yield from _about(value, depth + 1)


def _whole(value: Any) -> int | None:
    if isinstance(value, bool) or not isinstance(value, int | str):
        return None
    return int(value) if str(value).isdigit() else None


def _leads_on(about: dict[str, Any]) -> str:
    """By what it says that there is a further page: a link of that meaning, or an address under such a name."""
    links = about.get("links")
    linked = isinstance(links, list) and any(
        isinstance(link, dict) and link.get("rel") in ("next", ["next"]) and link.get("href") for link in links
    )
    own = next((key for key in NEXT if isinstance(about.get(key), str | dict) and about[key]), "")
    return "next" if linked else own


def what_is_cut(counts: Counts) -> str | None:
    """By what an answer that stands alone shows that it holds not all, in its own words; None where it does not."""
    if counts.matched is not None and counts.returned is not None and counts.matched > counts.returned:
        return f"{counts.matched} > {counts.returned}"
    return counts.cut or None


def cut_in_file(path: Path) -> str | None:
    """By what an answer that was saved in a file, or in a zip, shows that it holds not all; None where it does not."""
    if not path.is_file():
        return None
    if not zipfile.is_zipfile(path):
        with path.open("rb") as stream:
            return _cut_in(stream, path.stat().st_size)
    # What Python cannot unpack, GDAL may.
    with suppress(zipfile.BadZipFile, NotImplementedError, RuntimeError), zipfile.ZipFile(path) as archive:
        for one in archive.infolist():
            if not one.is_dir():
                with archive.open(one) as stream:
                    if cut := _cut_in(stream, one.file_size):
                        return cut
    return None


def _cut_in(stream: IO[bytes], size: int) -> str | None:
    """By what an answer of this many bytes shows that it holds not all."""
    head = stream.read(HEAD_BYTES)
    first = head.lstrip(BOM)[:1]
    if first == b"{" and size <= WHOLE_BYTES:
        return what_is_cut(feature_counts(head + stream.read(WHOLE_BYTES)))
    if first != b"{":
        return _cut_in_xml(head, stream, size) if first == b"<" else None
    stream.seek(-HEAD_BYTES, os.SEEK_END)
    found = LIMIT_SAID.search(head + stream.read())
    return None if found is None else (found[1] or found[2]).decode()


def _cut_in_xml(head: bytes, stream: IO[bytes], size: int) -> str | None:
    """By what GML shows that it holds not all: in its beginning, or in its last words."""
    stream.seek(max(size - HEAD_BYTES, 0))
    return what_is_cut(feature_counts(head)) or ("truncatedResponse" if TRUNCATED.search(stream.read()) else None)


def relink_pages(body: bytes, become: dict[str, str]) -> bytes:
    """The same JSON with the beginnings of its ``href`` links replaced; anything else as it is."""
    if body.lstrip()[:1] != b"{" or b'"href"' not in body:
        return body
    try:
        return json.dumps(_relink(json.loads(body), become)).encode()
    except (ValueError, RecursionError):
        return body


def _relink(value: Any, become: dict[str, str]) -> Any:
    if isinstance(value, list):
        return [_relink(item, become) for item in value]
    if not isinstance(value, dict):
        return value
    found = {key: item if key in ("features", "properties") else _relink(item, become) for key, item in value.items()}
    href = found.get("href")
    if isinstance(href, str):
        found["href"] = next((new + href[len(old) :] for old, new in become.items() if href.startswith(old)), href)
    return found
