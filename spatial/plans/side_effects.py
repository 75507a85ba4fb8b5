"""What a plan does to the ground without saying so: fences it cuts, ways it shortens, places it builds over. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely

from spatial.core.model import Plan, RawData
from spatial.layers.schema import CanonicalLayers
from spatial.plans.drawn_edits import locate_drawn_edits
from spatial.plans.things import Ground, Numbered, Thing, number_edits

HOLE, CUT, GONE, THROUGH, ON = EFFECTS = ("hole", "cut", "gone", "through", "on")
# Less than so many metres of a line, or square metres of a place, is not worth a word.
TOLD_M, TOLD_M2 = 1.0, 1.0
WAYS, BUILT = ("path", "road"), ("building", "road", "path")


@dataclass(frozen=True)
class SideEffect:
    """One thing that a plan does without saying so.

    ``thing`` and its id ``object_id`` are what it is done to, ``edit`` the edit that does it, where one alone does;
    ``amount`` the metres or square metres.
    """

    effect: str
    object_id: str
    thing: Thing
    edit: Numbered | None
    amount: float


def side_effects(
    raw: RawData, plan: Plan, today: CanonicalLayers, done: tuple[RawData, CanonicalLayers]
) -> list[SideEffect]:
    """Find what a plan does that none of its edits says.

    Parameters
    ----------
    raw, today
        Raw data before the plan and the canonical layers made of it.
    done
        The same after the plan.
    """
    plan = locate_drawn_edits(raw, plan)
    ground = Ground(raw)
    said = {edit.target for edit in plan.edits if edit.target}
    edits = [(Numbered(k, edit.feature, ground.of_edit(edit)), edit) for k, edit in number_edits(plan.edits)]
    return [
        *_shorter("barriers", ground, edits, said, today, done[1]),
        *_shorter("paths", ground, edits, said, today, done[1]),
        *_built_on(ground, edits, said, today),
    ]


def _shorter(
    layer: str,
    ground: Ground,
    edits: Sequence[tuple[Numbered, Any]],
    said: set[str],
    today: CanonicalLayers,
    after: CanonicalLayers,
) -> Iterator[SideEffect]:
    """Fences and ways of which less is there afterwards."""
    was, then = (_lengths(getattr(layers, layer)) for layers in (today, after))
    for identity in sorted(was):
        lost = was[identity] - then.get(identity, 0.0)
        if lost <= TOLD_M or identity in said:
            continue
        by = next((one for one, edit in edits if _crosses(edit, ground.by_id[identity][1])), None)
        effect = GONE if identity not in then else HOLE if layer == "barriers" and by is not None else CUT
        yield SideEffect(effect, identity, ground.thing(identity), by, float(lost))


def _lengths(table: Any) -> dict[str, float]:
    ids = table.index.astype(str)
    return {str(name): float(metres) for name, metres in table.geometry.length.groupby(ids).sum().items()}


def _crosses(edit: Any, shape: Any) -> bool:
    """Whether a new way leads through a line."""
    new = edit.action == "add" and edit.layer in WAYS and edit.geometry is not None
    return bool(new and shapely.intersects(edit.geometry, shape))


def _built_on(
    ground: Ground, edits: Sequence[tuple[Numbered, Any]], said: set[str], today: CanonicalLayers
) -> Iterator[SideEffect]:
    """Places on which something is built that are neither taken away nor moved."""
    places = today.place_objects
    areas = places[(shapely.get_dimensions(places.geometry.to_numpy()) == 2) & ~places.index.isin(said)]
    tree = shapely.STRtree(areas.geometry.to_numpy())
    for one, edit in edits:
        if edit.action != "add" or edit.layer not in BUILT or edit.geometry is None or edit.exact:
            continue
        for row in np.sort(tree.query(edit.geometry, predicate="intersects")):
            shared = shapely.intersection(areas.geometry.iloc[row], edit.geometry)
            effect, amount, told = (
                (ON, shared.area, TOLD_M2) if edit.layer == "building" else (THROUGH, shared.length, TOLD_M)
            )
            if amount > told:
                identity = str(areas.index[row])
                yield SideEffect(effect, identity, ground.thing(identity), one, float(amount))
