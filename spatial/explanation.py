"""Where a score comes from: every number behind it, in words and as data. Pure."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from difflib import get_close_matches

import numpy as np
import pandas as pd

from spatial import strings
from spatial.errors import InputError
from spatial.model import ASPECTS, Rubric
from spatial.phrases import phrase
from spatial.scoring import aspect_weights, combine, indicator_weights, judge_all
from spatial.strings import texts

UNIT_DECIMALS = {"m": 0, "h": 1, "count": 1, "share": 2, "ratio": 2, "index": 2, "m/ha": 0}
SUGGESTIONS = 3


@dataclass(frozen=True)
class Part:
    """One indicator's part in an aspect.

    ``contribution`` is weight × judged value; the contributions of an aspect sum to its score.
    """

    indicator: str
    value: float | None
    low: float | None
    high: float | None
    unit: str
    evidence: str
    rule: str
    source_id: str
    weight: float
    judged_low: float
    judged: float
    judged_high: float
    contribution: float


@dataclass(frozen=True)
class AspectPart:
    """One aspect's part in the floating potential.

    ``factor`` is score to the power of its weight; the factors multiply to the potential (of an
    arithmetic mean: weight × score, which sum to it).
    """

    aspect: str
    weight: float
    low: float
    score: float
    high: float
    factor: float
    parts: tuple[Part, ...]


@dataclass(frozen=True)
class Claim:
    """What one source says of one field of a place, and whether its word was taken."""

    field: str
    value: str
    source_id: str
    source_object: str
    used: bool


@dataclass(frozen=True)
class Explanation:
    """Every number behind the floating potential of one place, and what the sources say of it."""

    place_id: str
    low: float
    score: float
    high: float
    coverage: float
    min_coverage: float
    mean: str
    aspects: tuple[AspectPart, ...]
    left_out: Mapping[str, str] = field(default_factory=dict)
    claims: tuple[Claim, ...] = ()


def of(evidence: pd.DataFrame, rubric: Rubric, place_id: str, *, claims: pd.DataFrame | None = None) -> Explanation:
    """Compute a score again from the evidence, and keep every step.

    Parameters
    ----------
    evidence
        Long table of a run.
    rubric
        The resolved rubric of the run.
    claims
        Who said what of each place, as ``Result.claims``.

    Raises
    ------
    InputError
        If the run has no such place; near names are suggested.
    """
    rows = evidence[evidence["place_id"] == place_id]
    if not len(rows):
        near = get_close_matches(str(place_id), list(evidence["place_id"].unique()), SUGGESTIONS)
        hint = phrase("explanation.near", names=near) if near else phrase("explanation.see")
        raise InputError("explanation.unknown", place=place_id, hint=hint)
    judged = judge_all(rows, pd.Index([place_id]), rubric)
    within, across = indicator_weights(rubric, judged.indicators), aspect_weights(rubric)
    bounds = {name: getattr(judged, name)[0] @ within.T for name in ("low", "best", "high")}
    facts = rows.set_index("indicator")
    aspects = []
    for i, aspect in enumerate(ASPECTS):
        parts = tuple(
            _part(facts.loc[[name]].iloc[0], name, within[i, j], judged.low[0, j], judged.best[0, j], judged.high[0, j])
            for j, name in enumerate(judged.indicators)
            if within[i, j] > 0
        )
        score = float(bounds["best"][i])
        factor = score ** across[i] if rubric.mean == "geometric" else score * across[i]
        aspects.append(
            AspectPart(
                aspect, float(across[i]), float(bounds["low"][i]), score, float(bounds["high"][i]), float(factor), parts
            )
        )
    total = {name: float(combine(values, across, rubric.mean)) for name, values in bounds.items()}
    coverage = float(judged.known[0] @ (across @ within))
    return Explanation(
        place_id,
        total["low"],
        total["best"],
        total["high"],
        coverage,
        rubric.min_coverage,
        rubric.mean,
        tuple(aspects),
        rubric.left_out,
        _claims(claims, place_id),
    )


def _claims(claims: pd.DataFrame | None, place_id: str) -> tuple[Claim, ...]:
    if claims is None:
        return ()
    mine = claims[claims["object_id"] == place_id]
    columns = ["field", "value", "source_id", "source_object", "used"]
    return tuple(Claim(*row) for row in mine[columns].itertuples(index=False, name=None))


def _part(fact: pd.Series, name: str, weight: float, low: float, best: float, high: float) -> Part:
    def number(key: str) -> float | None:
        return None if np.isnan(fact[key]) else float(fact[key])

    return Part(
        name,
        number("value"),
        number("low"),
        number("high"),
        str(fact["unit"]),
        str(fact["evidence"]),
        str(fact["rule"]),
        str(fact["source_id"]),
        float(weight),
        float(low),
        float(best),
        float(high),
        float(weight * best),
    )


def text(explanation: Explanation, *, lang: str, lens: str | None = None) -> str:
    """Say an explanation in Danish or English, for a terminal; ``lens`` is the resident lens it is about."""
    words = texts(lang)
    say = words["explain"]

    def number(value: float, decimals: int = 3) -> str:
        return f"{value:.{decimals}f}".replace(".", words["format"]["decimal"])

    lines = [
        say["title"].format(id=explanation.place_id),
        *([words["lens_line"]["explained"].format(**words["lens"][lens])] if lens else []),
        say["total"].format(
            score=number(explanation.score), low=number(explanation.low), high=number(explanation.high)
        ),
        say["known"].format(
            share=number(explanation.coverage * 100, 0), needed=number(explanation.min_coverage * 100, 0)
        ),
    ]
    for model in sorted(set(explanation.left_out.values())):
        titles = [strings.about(name, lang)["title"] for name, lost in explanation.left_out.items() if lost == model]
        lines.append(say["left_out"].format(titles=", ".join(titles), model=say[f"no_{model}"]))
    for aspect in explanation.aspects:
        title = words["aspect"][aspect.aspect]["title"]
        lines += [
            "",
            say["aspect"].format(
                title=title,
                score=number(aspect.score),
                low=number(aspect.low),
                high=number(aspect.high),
                weight=number(aspect.weight),
            ),
        ]
        lines += [_sentence(part, lang) for part in aspect.parts]
        lines.append(
            "  "
            + say["aspect_sum"].format(
                terms=" + ".join(number(part.contribution) for part in aspect.parts), score=number(aspect.score)
            )
        )
    factors = [number(aspect.factor) for aspect in explanation.aspects]
    joined = say["product" if explanation.mean == "geometric" else "sum"]
    sign = " × " if explanation.mean == "geometric" else " + "
    lines += ["", joined.format(terms=sign.join(factors), score=number(explanation.score))]
    if explanation.claims:
        lines += ["", say["claims"], *(_claim(claim, explanation.claims, say) for claim in explanation.claims)]
    return "\n".join(lines)


def _claim(claim: Claim, all_: tuple[Claim, ...], say: Mapping[str, str]) -> str:
    """What a source says; of a word that was not taken, whose was, unless both say the same."""
    taken = next((other for other in all_ if other.field == claim.field and other.used), claim)
    pattern = say["claim" if claim.used or claim.value == taken.value else "claim_not_used"]
    return "  " + pattern.format(
        field=claim.field,
        value=claim.value,
        source=claim.source_id,
        object=claim.source_object,
        taken=taken.source_id,
    )


def _sentence(part: Part, lang: str) -> str:
    """One indicator: what was found, how it is known, how it is judged, what it adds."""
    words = texts(lang)
    say = words["explain"]

    def number(value: float, decimals: int) -> str:
        return f"{value:.{decimals}f}".replace(".", words["format"]["decimal"])

    whole = all(bound is None or float(bound).is_integer() for bound in (part.value, part.low, part.high))
    decimals, unit = 0 if whole and part.unit == "count" else UNIT_DECIMALS[part.unit], words["unit"][part.unit]
    if part.value is not None:
        found = f"{number(part.value, decimals)} {unit}".strip()
    elif part.low is not None and part.high is not None:
        found = (
            say["between"].format(low=number(part.low, decimals), high=number(part.high, decimals), unit=unit).strip()
        )
    else:
        found = say["no_value"]
    why = "; ".join(rule_text(rule, lang) for rule in part.rule.split(";"))
    return "  " + say["part"].format(
        title=strings.about(part.indicator, lang)["title"],
        found=found,
        evidence=words["evidence"][part.evidence]["title"],
        why=why,
        source=part.source_id,
        judged=number(part.judged, 3),
        low=number(part.judged_low, 3),
        high=number(part.judged_high, 3),
        weight=number(part.weight, 3),
        contribution=number(part.contribution, 3),
    )


def rule_text(rule: str, lang: str) -> str:
    """Say how a value came about; ``extract_edge_37pct_unseen`` says how much was not seen."""
    words = texts(lang)["rule"]
    if rule.startswith("extract_edge_"):
        return str(words["extract_edge"]).format(share=rule.removeprefix("extract_edge_").removesuffix("pct_unseen"))
    return strings.rule(rule, lang)


def as_json(explanation: Explanation) -> str:
    """Print an explanation as JSON, numbers in full."""
    return json.dumps(asdict(explanation), ensure_ascii=False, indent=1)
