"""Who must be named on what is drawn from their data."""

from __future__ import annotations

from typing import Any

from spatial.model import NOT_STATED, Result


def named_sources(result: Result) -> list[dict[str, Any]]:
    """Sources of a result that name who made them, in the order of the manifest."""
    found = result.manifest.get("sources") or ()
    return [dict(source) for source in found if source.get("attribution") not in (None, "", NOT_STATED)]


def lines(result: Result) -> list[str]:
    """One line an attribution, with its licence: "© OpenStreetMap contributors (ODbL 1.0)"."""
    found: dict[str, str] = {}
    for source in named_sources(result):
        licence = source.get("licence")
        in_brackets = f" ({licence})" if licence not in (None, "", NOT_STATED) else ""
        found.setdefault(source["attribution"], f"{source['attribution']}{in_brackets}")
    return list(found.values())
