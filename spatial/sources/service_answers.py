"""What a service's answer really is: data, an exception dressed as data, or a web page. Pure."""

from __future__ import annotations

import json
import re
from typing import Any, NamedTuple

from spatial.core.errors import SourceFormatError, SourceUnavailable
from spatial.core.messages import phrase

HEAD_BYTES = 8192
WORDS = 160
HTML = re.compile(rb"(?i)^\s*(<!--.*?-->\s*)*<(!doctype\s+html|html\b)", re.DOTALL)
EXCEPTION = re.compile(rb"<(?:[\w.-]+:)?(ServiceExceptionReport|ExceptionReport|ServiceException)\b")
TEXT = re.compile(rb"<(?:[\w.-]+:)?(?:ExceptionText|ServiceException)\b[^>]*>(.*?)</", re.DOTALL)
MATCHED = re.compile(rb'\bnumber(?:Matched|OfFeatures)\s*=\s*"(\d+)"')
RETURNED = re.compile(rb'\bnumberReturned\s*=\s*"(\d+)"')


class Counts(NamedTuple):
    """How many features a page announces in all, and how many it holds; None where it does not say."""

    matched: int | None
    returned: int | None
    cut: bool = False


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
            "answers.refuses", name=name, reason=_words(found[1]) if found else phrase("answers.no_reason")
        )
    if head.lstrip()[:1] == b"{" and any(word in head for word in (b'"error"', b'"success"', b'"exception')):
        _check_json(body, name)


def _check_json(body: bytes, name: str) -> None:
    try:
        told = json.loads(body)
    except (ValueError, RecursionError):
        return
    if not isinstance(told, dict) or "features" in told:
        return
    error = told.get("error", told.get("exceptions"))
    if error not in (None, []) or told.get("success") is False:
        reason = error.get("message") if isinstance(error, dict) else told.get("message", error)
        raise SourceUnavailable(
            "answers.refuses", name=name, reason=_words(str(reason).encode()) if reason else phrase("answers.no_reason")
        )


def _title(head: bytes) -> str:
    found = re.search(rb"(?is)<title[^>]*>(.*?)</title>", head)
    words = _words(found[1]) if found else ""
    return f" ({words})" if words else ""


def _words(text: bytes) -> str:
    plain = re.sub(r"<[^>]*>", " ", text.decode("utf-8", "replace"))
    return " ".join(plain.split())[:WORDS].rstrip(" .;")


def feature_counts(body: bytes) -> Counts:
    """Read what a page of features says of its number: GML, GeoJSON, or ArcGIS's JSON."""
    head = body[:HEAD_BYTES]
    if head.lstrip()[:1] == b"<":
        matched, returned = MATCHED.search(head), RETURNED.search(head)
        return Counts(int(matched[1]) if matched else None, int(returned[1]) if returned else None)
    try:
        told = json.loads(body)
    except (ValueError, RecursionError):
        return Counts(None, None)
    if not isinstance(told, dict) or not isinstance(told.get("features"), list):
        return Counts(None, None)
    nested = told.get("properties")
    cut = told.get("exceededTransferLimit") or (isinstance(nested, dict) and nested.get("exceededTransferLimit"))
    matched = next((told[k] for k in ("numberMatched", "totalFeatures") if isinstance(told.get(k), int)), None)
    return Counts(matched, len(told["features"]), bool(cut))


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
