"""Check a plan against the ground: what is understood of it, what is wrong, and what it does without saying so."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from spatial.analysis.inputs import Inputs, prepare_ground
from spatial.core.messages import Spoken
from spatial.core.model import Plan
from spatial.core.timing import Clock
from spatial.layers.canonical import canonical_layers
from spatial.layers.schema import CanonicalLayers
from spatial.plans import application, interpretation, side_effects, validation
from spatial.plans.drawn_edits import locate_drawn_edits
from spatial.settings import tags
from spatial.texts.plan_check import Checked


@dataclass(frozen=True)
class CheckedGround:
    """What was found of a plan, and the ground of today on which it is drawn."""

    told: Checked
    today: CanonicalLayers


def check_plan(
    inputs: Inputs, plan: Plan, unread: Sequence[Spoken] = (), tell: Callable[[str], None] | None = None
) -> CheckedGround:
    """Check a plan.

    Parameters
    ----------
    inputs
        What was read of the ground, without a plan.
    unread
        What could not be read of the plan: faults before all others.
    """
    rules, estate = tags.tag_rules(), inputs.estate
    raw = prepare_ground(inputs, rules, Clock(tell)).conflated.raw
    faults = [*unread, *validation.find_faults(raw, locate_drawn_edits(raw, plan), estate)]
    today, done = canonical_layers(raw, rules, estate.crs), None
    if not faults:
        after = application.apply_plan(raw, plan, estate)
        done = after, canonical_layers(after, rules, estate.crs)
    found = interpretation.interpret_plan(raw, plan, estate, today, done=done)
    unsaid = () if done is None else side_effects.side_effects(raw, plan, today, done)
    return CheckedGround(Checked(plan, found, faults, tuple(unsaid)), today)
