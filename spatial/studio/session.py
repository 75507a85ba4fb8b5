"""A sitting at the table, without a server: variants of an estate, drawn on, kept at once, and looked at."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from functools import cached_property
from typing import Any

import shapely
from shapely.geometry.base import BaseGeometry

from spatial.analysis.inputs import Inputs, prepare_ground
from spatial.core.errors import InputError
from spatial.core.timing import Clock
from spatial.layers.conflation import Conflated
from spatial.plans.correction_files import Corrections
from spatial.plans.corrections import apply_corrections
from spatial.settings.tags import tag_rules
from spatial.studio import pencil
from spatial.studio.comments import MOST_COMMENTS, MOST_NAME, MOST_SAID, Comment, checked_text
from spatial.studio.correcting import CORRECTIONS, corrections_of, stroke_of_correction, with_corrections
from spatial.studio.history import Variant
from spatial.studio.kept import MEMORY, Kept, now
from spatial.studio.looking import Table
from spatial.studio.strokes import Stroke, checked_phase, rounded
from spatial.studio.things import Ground, Thing
from spatial.studio.tools import FIELDS, drawn_with, tool_of, verbs

FIRST = "A"
MOST_VARIANTS, MOST_LETTERS = 30, 60


@dataclass(frozen=True)
class Drawn:
    """What became of a stroke: the variant, the stroke, and what to mind of it (keys of ``[studio.remark]``)."""

    variant: Variant
    stroke: Stroke | None
    remarks: tuple[str, ...] = ()


class Session:
    """Variants of an estate on the table.

    Parameters
    ----------
    table
        The estate.
    kept
        Where each step is kept; None: in memory alone.
    given
        What was read, without the corrections that are kept; None: what the table has.
    """

    def __init__(self, table: Table, kept: Kept | None = None, given: Inputs | None = None) -> None:
        self.kept, self._given = kept or Kept(MEMORY, table.estate.name), given or table.inputs
        self.lay(table)
        self._variants = {variant.name: variant for variant in self.kept.variants()}
        self.comments = tuple(self.kept.comments())
        if CORRECTIONS not in self._variants:
            self._keep(None, Variant(CORRECTIONS))
        if not self.variants:
            self._keep(None, Variant(FIRST))

    def lay(self, table: Table) -> None:
        """Put the estate on the table as it is by now."""
        self.table = table
        self.ground = Ground(table.what_if.start.conflated.raw, table.estate)

    @property
    def variants(self) -> tuple[Variant, ...]:
        """All variants, in the order in which they were made."""
        return tuple(variant for name, variant in self._variants.items() if name != CORRECTIONS)

    @property
    def corrections(self) -> Variant:
        """The history of what was put right."""
        return self._variants[CORRECTIONS]

    def variant(self, name: str) -> Variant:
        """The variant of this name.

        Raises
        ------
        InputError
            If there is none.
        """
        if name not in self._variants or name == CORRECTIONS:
            raise InputError("studio.no_variant", name=name, known=[one.name for one in self.variants])
        return self._variants[name]

    def _history(self, name: str) -> Variant:
        return self.corrections if name == CORRECTIONS else self.variant(name)

    def draw(self, name: str, tool: str, geometry: BaseGeometry, values: Mapping[str, Any] | None = None) -> Drawn:
        """Draw a new thing with a tool, in longitude and latitude; ``values`` are its answers, by field.

        Raises
        ------
        InputError
            If it cannot be, with all that is wrong in words; then nothing is changed.
        """
        variant = self.variant(name)
        stroke = drawn_with(tool, variant.free_name(tool), geometry, values or {})
        return self._put(variant, pencil.snapped(stroke, self.ground))

    def remove(self, name: str, identity: str) -> Drawn:
        """Take away a thing that is there, or one that was drawn."""
        variant = self.variant(name)
        drawn = variant.about(identity)
        if drawn is not None and drawn.action == "add":
            return self._checked(variant, variant.drop(drawn.feature), None)
        thing = self._thing(identity)
        feature = drawn.feature if drawn is not None else variant.free_name("remove")
        return self._put(variant, Stroke(feature, "remove", thing.layer, identity))

    def do(self, name: str, identity: str, verb: str) -> Drawn:
        """Do to a thing what a verb says: open it, close it, light it, cut it down."""
        variant, known = self.variant(name), verbs()
        thing, drawn = self._meant(variant, identity)
        fitting = [one.name for one in known.values() if thing.layer in one.layers]
        if verb not in fitting:
            raise InputError("studio.part", part="verb", found=verb, needed=", ".join(fitting) or "-")
        tags = known[verb].tags
        if drawn is not None and drawn.action != "remove":
            return self._put(variant, replace(drawn, tags={**drawn.tags, **tags}))
        feature = variant.free_name("change") if drawn is None else drawn.feature
        return self._put(variant, Stroke(feature, "change", thing.layer, identity, tags))

    def move(self, name: str, identity: str, to: tuple[float, float]) -> Drawn:
        """Move a thing so that its middle lies there."""
        variant = self.variant(name)
        thing, drawn = self._meant(variant, identity)
        here = shapely.point_on_surface(thing.geometry)
        step = shapely.get_coordinates(self.ground.to_metres(shapely.Point(to))) - shapely.get_coordinates(here)
        moved = shapely.transform(thing.geometry, lambda xy: xy + step)
        shape = rounded(self.ground.to_degrees(moved))
        if drawn is not None and drawn.action != "remove":
            return self._put(variant, replace(drawn, geometry=shape))
        feature = variant.free_name("move") if drawn is None else drawn.feature
        return self._put(variant, Stroke(feature, "change", thing.layer, identity, geometry=shape))

    def correct(self, says: str, said: Mapping[str, Any], at: tuple[float, float] | None = None) -> Drawn:
        """Put something on the map right: what it ``says``, of which ``object``, with which ``value``, and ``by`` whom.

        Raises
        ------
        InputError
            If it cannot be, with all that is wrong in words; then nothing is changed.
        """
        taken = [one.feature for one in (self._given.corrections or Corrections(())).each]
        feature = self.corrections.free_name(says, taken)
        stroke = stroke_of_correction(feature, says, {**said, "on": date.today().isoformat()}, at)
        return self._checked(self.corrections, self.corrections.put(stroke), stroke)

    @property
    def corrected(self) -> Inputs:
        """What was read, with all that was put right."""
        return with_corrections(self._given, corrections_of(self.corrections.strokes))

    def pointed_at(self, name: str, at: tuple[float, float], within_m: float) -> list[Thing]:
        """What lies where somebody points, in longitude and latitude: what was drawn first, then what is there."""
        here = self.ground.to_metres(shapely.Point(at))
        strokes = self.variant(name).strokes
        shapes = {one.identity: self.ground.to_metres(one.geometry) for one in strokes if one.geometry is not None}
        drawn = [
            (float(shapely.distance(shapes[one.identity], here)), one) for one in strokes if one.geometry is not None
        ]
        near = sorted((away, one.identity, one) for away, one in drawn if away <= within_m)
        own = [Thing(key, one.layer, None, one.tags, shapes[key]) for _, key, one in near]
        gone = {one.target for one in strokes if one.target is not None}
        return own + [thing for thing in self.ground.at(*at, within_m) if thing.identity not in gone]

    def answer(self, name: str, identity: str, values: Mapping[str, Any]) -> Drawn:
        """Answer again what was asked of a drawn thing: its name, its homes, its storeys."""
        variant = self.variant(name)
        drawn = variant.about(identity)
        tool = None if drawn is None else tool_of(drawn)
        if drawn is None or tool is None or drawn.geometry is None:
            raise InputError("studio.no_thing", found=identity)
        new = drawn_with(tool.name, drawn.feature, drawn.geometry, values)
        kept = {key: value for key, value in drawn.tags.items() if key not in FIELDS.values()}
        return self._put(variant, replace(drawn, tags={**new.tags, **kept}))

    def phase(self, name: str, feature: str, phase: str) -> Drawn:
        """Say in which phase a stroke is carried out; an empty text: in the first."""
        variant = self.variant(name)
        drawn = next((one for one in variant.strokes if one.feature == feature), None)
        if drawn is None:
            raise InputError("studio.no_thing", found=feature)
        stroke = replace(drawn, phase=checked_phase(phase))
        return self._checked(variant, variant.put(stroke), stroke)

    def drop(self, name: str, feature: str) -> Drawn:
        """Take one stroke back, whenever it was made."""
        variant = self._history(name)
        return self._checked(variant, variant.drop(feature), None)

    def undo(self, name: str) -> Drawn:
        """Take the last step back."""
        variant = self._history(name)
        return Drawn(self._keep(variant, variant.undo()), None)

    def redo(self, name: str) -> Drawn:
        """Take the step again that was taken back last."""
        variant = self._history(name)
        return Drawn(self._keep(variant, variant.redo()), None)

    def copy(self, name: str, new: str) -> Drawn:
        """Copy a variant, with all of its steps, under a new name."""
        self._check_name(new)
        variant = self.variant(name)
        return Drawn(self._keep(None, Variant(new.strip(), variant.steps, variant.at)), None)

    def begin(self, new: str) -> Drawn:
        """Begin an empty variant."""
        self._check_name(new)
        return Drawn(self._keep(None, Variant(new.strip())), None)

    def rename(self, name: str, new: str) -> Drawn:
        """Give a variant another name."""
        self._check_name(new)
        variant = self.variant(name)
        return Drawn(self._keep(variant, replace(variant, name=new.strip())), None)

    def forget(self, name: str) -> None:
        """Forget a variant; the last one is left as an empty one."""
        self.variant(name)
        self.kept.forget(name)
        del self._variants[name]
        if not self.variants:
            self._keep(None, Variant(FIRST))

    def comment(self, role: str, by: str, text: str, at: tuple[float, float]) -> Comment:
        """Pin a comment to a spot, and to the meeting space that lies there.

        Raises
        ------
        InputError
            If there is nothing to read in it, too much, or too many are there already.
        """
        if len(self.comments) >= MOST_COMMENTS:
            raise InputError("studio.comments", most=MOST_COMMENTS)
        said = checked_text("by", by.replace("\n", " "), MOST_NAME), checked_text("text", text, MOST_SAID)
        spaces = self.table.start.result.meeting_spaces
        there = spaces.index[shapely.intersects(spaces.geometry.to_numpy(), self.ground.to_metres(shapely.Point(at)))]
        made = Comment(len(self.comments) + 1, now(), role, *said, *at, str(there[0]) if len(there) else None)
        self.kept.comment(made)
        self.comments = (*self.comments, made)
        return made

    def settle(self, number: int, settled: bool) -> None:
        """Mark a comment as settled, or as open again."""
        found = next((one for one in self.comments if one.number == number), None)
        if found is None:
            raise InputError("studio.no_thing", found=f"#{number}")
        made = replace(found, settled=settled)
        self.kept.comment(made)
        self.comments = tuple(made if one is found else one for one in self.comments)

    def close(self) -> None:
        """Close the file in which it is kept."""
        self.kept.close()

    def _check_name(self, new: str) -> None:
        name = new.strip()
        if not 0 < len(name) <= MOST_LETTERS or not name.isprintable():
            raise InputError("studio.part", part="name", found=name[:MOST_LETTERS], needed=f"1–{MOST_LETTERS}")
        if name in self._variants:
            raise InputError("studio.same_variant", name=name)
        if len(self.variants) >= MOST_VARIANTS:
            raise InputError("studio.variants", most=MOST_VARIANTS)

    def _thing(self, identity: str) -> Thing:
        found = self.ground.thing(identity)
        if found is None:
            raise InputError("studio.no_thing", found=identity)
        return found

    def _meant(self, variant: Variant, identity: str) -> tuple[Thing, Stroke | None]:
        """The thing as it stands in a variant, and the stroke about it."""
        drawn = variant.about(identity)
        if drawn is not None and drawn.geometry is not None:
            shape = self.ground.to_metres(drawn.geometry)
            return Thing(identity, drawn.layer, None, drawn.tags, shape), drawn
        return self._thing(identity), drawn

    def _put(self, variant: Variant, stroke: Stroke) -> Drawn:
        drawn = self._checked(variant, variant.put(stroke), stroke)
        return replace(drawn, remarks=tuple(pencil.remarks(stroke, self.ground, drawn.variant.strokes)))

    def _checked(self, before: Variant, after: Variant, stroke: Stroke | None) -> Drawn:
        if after.name == CORRECTIONS:
            apply_corrections(self._as_read, corrections_of(after.strokes), self.table.estate)
        else:
            pencil.check_strokes(after.strokes, self.table.plan(after.strokes), self.ground)
        return Drawn(self._keep(before, after), stroke)

    @property
    def ground_as_read(self) -> Ground:
        """What lies there before anything is put right at this table."""
        return self._ground_as_read if self.corrections.strokes else self.ground

    @cached_property
    def _ground_as_read(self) -> Ground:
        return Ground(self._as_read.raw, self.table.estate)

    @cached_property
    def _as_read(self) -> Conflated:
        """What is there before anything is put right at this table."""
        return prepare_ground(self._given, tag_rules(), Clock(None)).conflated

    def _keep(self, before: Variant | None, after: Variant) -> Variant:
        """Keep a variant on disk, then here: what cannot be kept has not been done."""
        if before != after:
            self.kept.keep(before, after)
        if before is None or before.name == after.name:
            self._variants[after.name] = after
        else:
            self._variants = {
                after.name if name == before.name else name: after if name == before.name else one
                for name, one in self._variants.items()
            }
        return after
