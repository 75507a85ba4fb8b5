"""What the page is told: all of the map once, and after each look what it changes. Plain data."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import shapely

from spatial.analysis import manifest
from spatial.core.model import FLOATING, Result
from spatial.maps.web.payload import RULES, payload, payload_of_look
from spatial.maps.web.stairs_payload import FINISHED, TODAY, Moment, encode_stairs
from spatial.plans.home_changes import KEEPING, LensChange, levels
from spatial.plans.validation import is_planned
from spatial.scoring.tiers import tier_words
from spatial.settings.tags import tag_rules
from spatial.studio.history import Variant
from spatial.studio.looking import Difference, Seen, Table
from spatial.studio.strokes import Stroke, as_feature
from spatial.studio.telling import Addresses, tell_example
from spatial.studio.things import Ground, Thing
from spatial.studio.tools import answers_of, tools, verbs

WORTH_POINTS = 0.5


def ground_sight(table: Table, lang: str) -> dict[str, Any]:
    """The estate as it is: ground, places and texts."""
    found = table.start.result
    said = manifest.describe_run(table.inputs, table.options, table.what_if.start, found.rubric, {})
    warned = {"warnings": manifest.warnings_of(table.inputs, table.start.look.view.places)}
    whole = replace(table.whole, manifest={**said, **warned})
    return {**payload(whole, lang, also=("studio", "lens_as", RULES)), "reach": None}


def first_sight(table: Table, lang: str) -> dict[str, Any]:
    """Everything the page shows at first: the estate as it is, and tools."""
    own = {
        "tools": [
            {"id": one.name, "layer": one.layer, "shape": one.shape, "fields": one.fields} for one in tools().values()
        ],
        "verbs": [{"id": one.name, "layers": one.layers} for one in verbs().values()],
        "kinds": list(tag_rules().kinds),
    }
    return {**ground_sight(table, lang), "studio": own}


def state_of(variants: Sequence[Variant], ground: Ground) -> list[dict[str, Any]]:
    """The variants as the page draws and lists them; ``about`` is the thing that a stroke names, as it lies there."""
    return [
        {
            "name": one.name,
            "strokes": [{**as_feature(stroke), "about": _about(stroke, ground)} for stroke in one.strokes],
            "done": one.at,
            "undone": len(one.steps) - one.at,
        }
        for one in variants
    ]


def _about(stroke: Stroke, ground: Ground) -> dict[str, Any] | None:
    thing = None if stroke.target is None else ground.thing(stroke.target)
    return None if thing is None else thing_as_data(thing, ground)


def glance_of(table: Table, seen: Seen, found: Difference, addresses: Addresses) -> dict[str, Any]:
    """What is told of a look before anything is drawn anew: scores, and who gains and loses."""
    return {
        "sum": summary(found),
        "spaces": space_changes(table.start.result, seen.result, found),
        "doors": doors(found, Ground(seen.look.view.raw, table.estate), addresses),
    }


def sight_of(table: Table, seen: Seen, found: Difference, addresses: Addresses) -> dict[str, Any]:
    """What a look changes on the page, once its order is known."""
    now = Moment(FINISHED, "", seen.result, seen.names)
    # Without strokes there is nothing but today, which the page has.
    through = {} if seen is table.start else {"stairs": encode_stairs([_today(table), now])[0]}
    return {
        "tables": {**payload_of_look(seen.result, seen.names), **through},
        "spaces": space_changes(table.start.result, seen.result, found),
        "example": {lang: tell_example(table.start, seen, found, addresses, lang) for lang in table.languages},
    }


def _today(table: Table) -> Moment:
    return Moment(TODAY, "", table.whole, table.start.names)


def summary(found: Difference) -> dict[str, Any]:
    """What the strokes do to the homes, in numbers: points of 100, and dwellings."""
    before, after, tenth_before, tenth_after = (_points(level) for level in levels(found.homes))
    return {
        "points": found.gain.points,
        "dwellings": found.dwellings,
        "median": [before, after],
        "tenth": [tenth_before, tenth_after],
        "lenses": [lens_summary(lens) for lens in found.lenses],
    }


def lens_summary(lens: LensChange) -> dict[str, Any]:
    """What they do to the homes as one lens has it."""
    return {
        "id": lens.id,
        "dwellings": lens.dwellings,
        "median": [_points(lens.median_before), _points(lens.median_after)],
    }


def thing_as_data(thing: Thing, ground: Ground) -> dict[str, Any]:
    """A thing that was pointed at, as the page shows it: what it is, where, and how long or large."""
    shape = thing.geometry
    return {
        "id": thing.identity,
        "layer": thing.layer,
        "kind": thing.kind,
        "name": thing.tags.get("name"),
        "address": thing.address,
        "length_m": round(shape.length) if shapely.get_dimensions(shape) == 1 else None,
        "area_m2": round(shape.area) if shapely.get_dimensions(shape) == 2 else None,
        "answers": answers_of(thing.tags) if is_planned(thing.identity) else {},
        "geometry": shapely.geometry.mapping(ground.to_degrees(shape)),
    }


def _points(score: float) -> float | None:
    return None if np.isnan(score) else round(100 * score, 2)


def space_changes(before: Result, after: Result, found: Difference) -> list[dict[str, Any]]:
    """Meeting spaces that go, come, or move by half a point or into another tier: rows of both tables, and scores.

    Without tiers in one of them, tiers are not told.
    """
    old, new = before.meeting_spaces, after.meeting_spaces
    told = all(table["tier"].notna().any() for table in (old, new))
    tiers = [tier_words(table["tier"] if told else table["tier"].mask(table["tier"].notna())) for table in (old, new)]
    rows: list[dict[str, Any]] = []
    for name in old.index:
        heir = found.spaces.get(str(name))
        was = 100 * float(old.at[name, FLOATING])
        then = None if heir is None else 100 * float(new.at[heir, FLOATING])
        tier: list[Any] = [tiers[0].at[name], None if heir is None else tiers[1].at[heir]]
        if then is None or abs(then - was) >= WORTH_POINTS or tier[0] != tier[1]:
            state = "lost" if then is None else "changed"
            rows.append({"state": state, "before": str(name), "after": heir, "scores": [was, then], "tiers": tier})
    heirs = set(found.spaces.values())
    for name in (name for name in new.index if str(name) not in heirs):
        scores = [None, 100 * float(new.at[name, FLOATING])]
        rows.append(
            {"state": "new", "before": None, "after": str(name), "scores": scores, "tiers": [None, tiers[1].at[name]]}
        )
    return rows


def doors(found: Difference, ground: Ground, addresses: Addresses) -> list[dict[str, Any]]:
    """Stairwells whose homes win, lose, go or come, those that lose most first."""
    moved = found.homes[(found.homes["state"] != KEEPING).to_numpy()]
    at = shapely.get_coordinates([ground.to_degrees(point) for point in moved.geometry]).round(6).tolist()
    return [
        {
            "at": spot,
            "address": addresses.near(row.geometry),
            "dwellings": round(float(row.dwellings), 2),
            "before": _points(row.best_before),
            "after": _points(row.best_after),
            "state": row.state,
        }
        for spot, row in zip(at, moved.itertuples(), strict=True)
    ]
