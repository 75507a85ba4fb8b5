"""Facts settled on the spot: the answer of a field check becomes a tag, observed and dated. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Protocol

import pandas as pd

from spatial.core.model import CLAIM_COLUMNS, Features, RawData
from spatial.layers.conflation import Conflated

SOURCE_ID = "field_check"


class Answer(Protocol):
    """A tag of an object, found on a day (ISO 8601), in a row of a file."""

    @property
    def row(self) -> int:
        """Row in the file."""

    @property
    def object_id(self) -> str:
        """The object."""

    @property
    def key(self) -> str:
        """Key of the tag."""

    @property
    def value(self) -> str:
        """Value of the tag."""

    @property
    def checked_on(self) -> str:
        """Day of the visit."""


def apply_field_answers(
    one: Conflated, answers: Sequence[Answer], source: str = SOURCE_ID
) -> tuple[Conflated, tuple[int, ...]]:
    """Put answers in the place of tags; of several to one question the latest counts, an empty one takes the tag away.

    Returns
    -------
    settled, unknown
        The sources with the tags as they were found, each claimed by ``source`` with its day;
        and the rows whose object is not among them.
    """
    latest: dict[tuple[str, str], Answer] = {}
    for answer in sorted(answers, key=lambda a: (a.checked_on, a.row)):
        latest[answer.object_id, answer.key] = answer
    tags: dict[str, dict[str, str]] = {}
    for (identity, key), answer in sorted(latest.items()):
        tags.setdefault(identity, {})[key] = answer.value
    there = {str(i) for part in ("points", "lines", "areas") for i in getattr(one.raw, part).ids} & set(tags)
    claims = pd.DataFrame(
        [(i, key, a.value, source, a.checked_on, True) for (i, key), a in sorted(latest.items()) if i in there],
        columns=list(CLAIM_COLUMNS),
    )
    told = _own_claims(one.raw, there - set(one.claims["object_id"]))
    settled = replace(
        one,
        raw=with_tags(one.raw, tags),
        claims=_claims(pd.concat([one.claims, told], ignore_index=True) if len(told) else one.claims, claims),
        sources={**one.sources, **{i: {**one.sources.get(i, {}), **dict.fromkeys(tags[i], source)} for i in there}},
    )
    return settled, tuple(sorted(answer.row for answer in answers if answer.object_id not in there))


def with_tags(raw: RawData, tags: Mapping[str, Mapping[str, str]]) -> RawData:
    """The same objects, with these tags, by identity, in the place of their own; an empty one is taken away."""

    def put(part: Features) -> Features:
        return replace(part, tags=[_put(own, tags.get(str(i))) for i, own in zip(part.ids, part.tags, strict=True)])

    return replace(raw, points=put(raw.points), lines=put(raw.lines), areas=put(raw.areas))


def _put(own: Mapping[str, str], new: Mapping[str, str] | None) -> dict[str, str]:
    return dict(own) if not new else {key: value for key, value in {**own, **new}.items() if value != ""}


def _own_claims(raw: RawData, objects: set[str]) -> pd.DataFrame:
    """What an object's own source says of it, for those of which nobody else has said anything yet."""
    rows = [
        (str(i), key, value, str(i).partition(":")[0], str(i), True)
        for part in (raw.points, raw.lines, raw.areas)
        for i, tags in zip(part.ids, part.tags, strict=True)
        if str(i) in objects
        for key, value in tags.items()
    ]
    return pd.DataFrame(rows, columns=list(CLAIM_COLUMNS))


def _claims(before: pd.DataFrame, new: pd.DataFrame) -> pd.DataFrame:
    """Claims with the new ones after them; what they overrule is no longer used."""
    if not len(new) or not len(before):
        return new if len(new) else before
    overruled = pd.MultiIndex.from_frame(before[["object_id", "field"]]).isin(
        pd.MultiIndex.from_frame(new[["object_id", "field"]])
    )
    return pd.concat([before.assign(used=before["used"] & ~overruled), new], ignore_index=True)
