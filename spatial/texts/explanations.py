"""Tell in words and as JSON where a score comes from."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict

from spatial.core import languages
from spatial.core.languages import texts
from spatial.scoring.explanation import Claim, Explanation, Part

UNIT_DECIMALS = {"m": 0, "h": 1, "count": 1, "share": 2, "ratio": 2, "index": 2, "m/ha": 0}


def explanation_in_words(explanation: Explanation, *, lang: str, lens: str | None = None) -> str:
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
        titles = [
            languages.indicator_texts(name, lang)["title"]
            for name, lost in explanation.left_out.items()
            if lost == model
        ]
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
    why = "; ".join(rule_in_words(rule, lang) for rule in part.rule.split(";"))
    return "  " + say["part"].format(
        title=languages.indicator_texts(part.indicator, lang)["title"],
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


def rule_in_words(rule: str, lang: str) -> str:
    """Say how a value came about; ``extract_edge_37pct_unseen`` says how much was not seen."""
    words = texts(lang)["rule"]
    if rule.startswith("extract_edge_"):
        return str(words["extract_edge"]).format(share=rule.removeprefix("extract_edge_").removesuffix("pct_unseen"))
    return languages.rule_text(rule, lang)


def explanation_as_json(explanation: Explanation) -> str:
    """Print an explanation as JSON, numbers in full."""
    return json.dumps(asdict(explanation), ensure_ascii=False, indent=1)
