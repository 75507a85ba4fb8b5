"""Numbers of homes that a plan knows of what it demolishes: they hold today, too. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from spatial.core.model import Features, Plan, RawData
from spatial.plans.drawn_edits import locate_drawn_edits
from spatial.plans.things import FLATS


def known_dwellings(raw: RawData, plan: Plan) -> dict[str, str]:
    """How many homes a plan says of each building that it takes away, by id.

    An outline that is drawn around several buildings says nothing of each.
    """
    located = locate_drawn_edits(raw, plan)
    return {
        edit.target: edit.tags[FLATS]
        for edit in located.edits
        if edit.action == "remove" and edit.target and edit.tags.get(FLATS, "").isdigit()
    }


def with_dwellings(raw: RawData, known: Mapping[str, str]) -> RawData:
    """The data in which these buildings have these numbers of homes."""
    if not known or not set(known) & set(map(str, raw.areas.ids)):
        return raw
    return replace(raw, areas=_said(raw.areas, known))


def _said(areas: Features, known: Mapping[str, str]) -> Features:
    tags = [
        {**own, FLATS: known[str(name)]} if str(name) in known else own
        for name, own in zip(areas.ids, areas.tags, strict=True)
    ]
    return replace(areas, tags=tags)
