"""Tell in words and as JSON where a score comes from."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict

from spatial.core import languages
from spatial.core.languages import locale, texts
from spatial.core.model import CLOSED_AT, SHARES
from spatial.core.numbers import number as written
from spatial.plans.corrections import SOURCE_ID as CORRECTION
from spatial.scoring.explanation import Claim, Condition, Explanation, Part

# Of so many a count of homes or walks is told without decimals.
MANY = 100
UNIT_DECIMALS = {"m": 0, "h": 1, "count": 1, "share": 2, "ratio": 2, "index": 2, "m/ha": 0}


def explanation_in_words(
    explanation: Explanation, *, lang: str, lens: str | None = None, name: str | None = None
) -> str:
    """Say an explanation in Danish or English, for a terminal.

    ``lens`` is the resident lens it is about, ``name`` what the place is called.
    """
    words = texts(lang)
    say = words["explain"]
    known = {name: _number(share * 100, lang, 0) for name, share in _shares(explanation).items()}
    lines = [
        say["title" if name is None else "named"].format(id=explanation.place_id, name=name),
        *([words["lens_line"]["explained"].format(**words["lens"][lens])] if lens else []),
        say["total"].format(
            score=_number(explanation.score, lang),
            low=_number(explanation.low, lang),
            high=_number(explanation.high, lang),
        ),
        say["known"].format(**known, needed=_number(explanation.min_coverage * 100, lang, 0)),
        *_left_out(explanation, lang),
        *_conditions(explanation, lang),
    ]
    for aspect in explanation.aspects:
        title = words["aspect"][aspect.aspect]["title"]
        score = _number(aspect.score, lang)
        low, high, weight = (_number(value, lang) for value in (aspect.low, aspect.high, aspect.weight))
        terms = " + ".join(_number(part.contribution, lang) for part in aspect.parts)
        lines += [
            "",
            say["aspect"].format(title=title, score=score, low=low, high=high, weight=weight),
            *(_sentence(part, lang) for part in aspect.parts),
            "  " + say["aspect_sum"].format(terms=terms, score=score),
        ]
    lines += ["", _total(explanation, lang)]
    if explanation.claims:
        lines += ["", say["claims"], *(_claim(claim, explanation.claims, say) for claim in explanation.claims)]
    return "\n".join(lines)


def _number(value: float, lang: str, decimals: int = 3) -> str:
    return written(value, locale(lang), decimals)


def _shares(explanation: Explanation) -> dict[str, float]:
    """How much of what counts is known in which way; the shares sum to 1."""
    found = dict.fromkeys(SHARES, 0.0)
    share_of = {evidence: share for share, kinds in SHARES.items() for evidence in kinds}
    for aspect in explanation.aspects:
        for part in aspect.parts:
            found[share_of[part.evidence]] += aspect.weight * part.weight
    return found


def _left_out(explanation: Explanation, lang: str) -> list[str]:
    """What was not measured, a line for each model that was not given."""
    say = texts(lang)["explain"]
    titles: dict[str, list[str]] = {}
    for name, model in explanation.left_out.items():
        titles.setdefault(model, []).append(languages.indicator_texts(name, lang)["title"])
    return [
        say["left_out"].format(titles=", ".join(titles[model]), model=say[f"no_{model}"]) for model in sorted(titles)
    ]


def _conditions(explanation: Explanation, lang: str) -> list[str]:
    """The conditions, what they come to, and that the place is not ranked where that is too little."""
    if not explanation.conditions:
        return []
    say = texts(lang)["explain"]
    terms = " × ".join(_number(condition.judged, lang) for condition in explanation.conditions)
    lines = [
        "",
        say["conditions"],
        *(_condition(condition, lang) for condition in explanation.conditions),
        "  " + say["gate"].format(terms=terms, gate=_number(explanation.gate, lang)),
    ]
    return [*lines, "  " + say["closed"].format(limit=_number(CLOSED_AT, lang, 1))] if is_closed(explanation) else lines


def is_closed(explanation: Explanation) -> bool:
    """Whether the conditions hold so little that the place has no rank."""
    return bool(explanation.conditions) and explanation.gate <= CLOSED_AT


def _condition(condition: Condition, lang: str) -> str:
    words = texts(lang)
    return "  " + words["explain"]["condition"].format(
        title=languages.indicator_texts(condition.indicator, lang)["title"],
        answer=words["explain"][f"condition_{_answer(condition)}"],
        evidence=words["evidence"][condition.evidence]["title"].capitalize(),
        why=_why(condition, lang),
        source=condition.source_id,
        judged=_number(condition.judged, lang),
        low=_number(condition.judged_low, lang),
        high=_number(condition.judged_high, lang),
    )


def _answer(condition: Condition) -> str:
    if condition.evidence == "unknown":
        return "unknown"
    sure = condition.judged_low == condition.judged_high
    if condition.judged <= CLOSED_AT:
        return "no" if sure else "unlikely"
    return "yes" if sure else "likely"


def _total(explanation: Explanation, lang: str) -> str:
    """The aspects' factors, times the conditions where there are any."""
    say = texts(lang)["explain"]
    key, sign = ("product", " × ") if explanation.mean == "geometric" else ("sum", " + ")
    terms = sign.join(_number(aspect.factor, lang) for aspect in explanation.aspects)
    whole = key if not explanation.conditions else f"{key}_gate"
    gate, score = _number(explanation.gate, lang), _number(explanation.score, lang)
    return str(say[whole].format(terms=terms, gate=gate, score=score))


def _claim(claim: Claim, all_: tuple[Claim, ...], say: Mapping[str, str]) -> str:
    """What a source says; of a word that was not taken, whose was, unless both say the same."""
    taken = next((other for other in all_ if other.field == claim.field and other.used), claim)
    pattern = say["claim" if claim.used or claim.value == taken.value else "claim_not_used"]
    told = {"field": claim.field, "value": claim.value, "taken": _whose(taken, say)}
    return "  " + pattern.format(**told, word=_whose(claim, say, whole=True))


def _whose(claim: Claim, say: Mapping[str, str], *, whole: bool = False) -> str:
    """Whose word a claim is: a source and its object, or who corrected it and when."""
    if claim.source_id == CORRECTION:
        day, _, by = claim.source_object.partition(", ")
        return say["correction"].format(by=by, day=day)
    return f"{claim.source_id}: {claim.source_object}" if whole else claim.source_id


def _sentence(part: Part, lang: str) -> str:
    """One indicator: what was found, how it is known, how it is judged, what it adds."""
    words = texts(lang)
    say = words["explain"]
    bounds = [bound for bound in (part.value, part.low, part.high) if bound is not None]
    whole = part.unit == "count" and (all(float(b).is_integer() for b in bounds) or max(bounds, default=0.0) >= MANY)
    decimals, unit = 0 if whole else UNIT_DECIMALS[part.unit], words["unit"][part.unit]
    if part.value is not None:
        found = f"{_number(part.value, lang, decimals)} {unit}".strip()
    elif part.low is not None and part.high is not None:
        low, high = _number(part.low, lang, decimals), _number(part.high, lang, decimals)
        found = say["between"].format(low=low, high=high, unit=unit).strip()
    else:
        found = say["no_value"]
    return "  " + say["part"].format(
        title=languages.indicator_texts(part.indicator, lang)["title"],
        found=found,
        evidence=words["evidence"][part.evidence]["title"].capitalize(),
        why=_why(part, lang),
        source=part.source_id,
        judged=_number(part.judged, lang),
        low=_number(part.judged_low, lang),
        high=_number(part.judged_high, lang),
        weight=_number(part.weight, lang),
        contribution=_number(part.contribution, lang),
    )


def _why(condition: Condition, lang: str) -> str:
    return "; ".join(rule_in_words(rule, lang) for rule in condition.rule.split(";"))


def rule_in_words(rule: str, lang: str) -> str:
    """Say how a value came about; ``extract_edge_37pct_unseen`` says how much was not seen."""
    words = texts(lang)["rule"]
    if rule.startswith("extract_edge_"):
        return str(words["extract_edge"]).format(share=rule.removeprefix("extract_edge_").removesuffix("pct_unseen"))
    return languages.rule_text(rule, lang)


def explanation_as_json(explanation: Explanation) -> str:
    """Print an explanation as JSON, numbers in full."""
    return json.dumps(asdict(explanation), ensure_ascii=False, indent=1)
