"""A study of counts: frozen before anybody goes out, and what came of it held against what was frozen."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

import pandas as pd

from spatial.analysis import loading
from spatial.core import files
from spatial.core.errors import InputError
from spatial.core.model import FLOATING, Result
from spatial.core.outputs import whole_folder
from spatial.core.versions import code_digest, version
from spatial.fieldkit import kit as fieldkit_kit
from spatial.observations import design as designs
from spatial.observations import disclosure
from spatial.observations.design import Design, Deviations, Variances
from spatial.observations.facts import model_facts
from spatial.observations.model import Told
from spatial.observations.study import Observed, exact, middles, observe, plain, read_observations_for
from spatial.places.meeting_spaces import CLOSED
from spatial.places.naming import names_of
from spatial.reports import deposit, study_words
from spatial.reports.local_counts import exact_in_words
from spatial.reports.observations import keep_local
from spatial.settings.observation_columns import rules

DESIGN, TEXT, PLACES, ROUNDS = "design.json", "preregistration.md", "places.csv", "rounds.csv"
CELLS, RESULTS, REPORT = "counts.csv", "results.json", "report.md"
URN = "urn:sha256:"


@dataclass(frozen=True)
class Asked:
    """What the one who plans the study says of it."""

    title: str
    version: str
    authors: tuple[str, ...]
    day: str
    effect: float
    spread: Variances
    inside: bool
    worlds: int
    seed: int


@dataclass(frozen=True)
class Came:
    """What came of a study: the design, where it was not followed, and what the frozen analysis says."""

    design: Design
    deviations: Deviations
    told: Told
    observed: Observed


def plan_into(run: Path, out: Path, asked: Asked, *, lang: str) -> str:
    """Freeze a study of a finished run: write the folder to deposit, and say what it can show.

    Raises
    ------
    SpatialError
        If the run cannot be read, or holds too few places, or places whose scores are too much alike.
    """
    result = loading.read_run(run)
    spaces = result.meeting_spaces
    score = spaces[FLOATING][spaces["inside"].astype(bool)] if asked.inside else spaces[FLOATING]
    # Nobody is sent to count where not everybody may be.
    score = score[spaces["status"].reindex(score.index) != CLOSED]
    score = designs.worth_counting(score.astype("float64"))
    kit = fieldkit_kit.packed(fieldkit_kit.pack(result, only=set(score.index)))
    rounds = fieldkit_kit.rounds_of(kit, lang)
    with whole_folder(out) as draft:
        files.write_csv(rounds, draft / ROUNDS, index=False)
        files.write_csv(_places(result, score, lang), draft / PLACES, index=False)
        times = designs.times_of(fieldkit_kit.plan_of(kit))
        frozen = _frozen(asked, result, score, times, files.sha256_of(draft / ROUNDS))
        text = study_words.preregistration(frozen, result, left_out=len(spaces) - len(score), lang=lang)
        _write(draft, {DESIGN: frozen.text(), TEXT: text})
        deposit.describe(draft, _about(frozen, result, "planned", lang), lang=lang)
    return text


def _places(result: Result, score: pd.Series, lang: str) -> pd.DataFrame:
    """The places that will be visited, with all that the analysis knows of them beforehand."""
    known = plain(result).loc[score.index].rename_axis("location_id")
    names = names_of(result, lang)
    known.insert(0, "place", [names[i] for i in known.index])
    return known.reset_index()


def _frozen(asked: Asked, result: Result, score: pd.Series, times: pd.DataFrame, schedule: str) -> Design:
    k = int(rules().publish["k"])
    power = designs.power_of(score, times, asked.spread, effect=asked.effect, worlds=asked.worlds, seed=asked.seed, k=k)
    return Design(
        title=asked.title, version=asked.version, authors=asked.authors, frozen_on=asked.day,
        estate=result.estate.id, effect=asked.effect, visits=len(times), rounds=schedule,
        spread=asked.spread, power=power,
        places={str(i): float(value) for i, value in score.items()},
        k=k, join_m=float(rules().publish["join_m"]), program=version(), code=code_digest(),
    )  # fmt: skip


def report_on(
    study: Path,
    run: Path,
    counts: Sequence[Path],
    *,
    told_digest: str | None = None,
    exploratory: bool = False,
    mapping: Path | None = None,
    said: Mapping[str, str | None] = MappingProxyType({}),
) -> Came:
    """Carry out the frozen analysis on counts.

    Parameters
    ----------
    study
        The folder that ``plan_into`` wrote.
    told_digest
        The digest as it was told before the counts were made.
    exploratory
        Whether to go on where the analysis is no longer the one that was frozen.

    Raises
    ------
    SpatialError
        If a file cannot be read, the folder of the study was changed, or it is not what was frozen.
    """
    frozen = read_frozen(study, told_digest)
    result = loading.read_run(run)
    score = result.meeting_spaces[FLOATING].astype("float64")
    if not score.index.isin(list(frozen.places)).any():
        raise InputError("study.other_run", run=run, study=study, places=len(frozen.places))
    found = read_observations_for(result, counts, mapping=mapping, join_m=frozen.join_m, said=said)
    k = disclosure.smallest_count(frozen.k, frozen.title)
    observed = observe(result, found, k=k, k_reason=frozen.title, join_m=frozen.join_m)
    deviations = designs.deviations(frozen, score, observed.joined.visits, visits_told=found.observations.visits_told)
    if deviations.another and not exploratory:
        raise InputError("study.not_as_frozen", study=study, why=deviations.another)
    published = observed.publication
    spaces = plain(result)
    told = designs.frozen_analysis(frozen, published.cells, published.rates, spaces, middles(result.meeting_spaces))
    return Came(frozen, deviations, told, observed)


def read_frozen(study: Path, told_digest: str | None = None) -> Design:
    """The design in the folder of a study, if it is as it was frozen.

    Raises
    ------
    InputError
        If there is none, or a frozen file was changed since.
    """
    try:
        text = (study / DESIGN).read_text(encoding="utf-8")
        frozen = designs.read_design(text)
        said = json.loads((study / deposit.METADATA).read_text(encoding="utf-8"))["@graph"]
        identity = next(one["identifier"] for one in said if one["@id"] == "./")
        schedule = files.sha256_of(study / ROUNDS)
    except (OSError, ValueError, TypeError, KeyError, StopIteration) as error:
        raise InputError("study.unreadable", study=study) from error
    expected = {identity.removeprefix(URN), *([told_digest.lower()] if told_digest else [])}
    if text != frozen.text() or expected != {frozen.digest()}:
        raise InputError("study.altered", file=study / DESIGN, found=frozen.digest(), needed=sorted(expected))
    if schedule != frozen.rounds:
        raise InputError("study.altered", file=study / ROUNDS, found=schedule, needed=frozen.rounds)
    return frozen


def report_into(came: Came, out: Path | None, visits: Path | None, folders: Sequence[Path], *, lang: str) -> str:
    """Say what came of a study; write what may be published of it, and exact visits where they are asked for.

    Parameters
    ----------
    out
        Folder to deposit.
    visits
        A new file of the owner's, in none of ``folders`` and not in ``out``.
    """
    text, local = study_words.report(came.design, came.deviations, came.told, lang), ""
    if visits is not None:
        kept = exact(came.observed)
        keep_local(kept.visits, visits, *folders, *([out] if out else []))
        local = "\n\n" + exact_in_words(kept, lang)
    if out is not None:
        result = came.observed.result
        said = [one.said("en") for one in came.deviations.all]
        facts = {"deviations": said, "model": model_facts(came.told), "sha256": came.design.digest()}
        with whole_folder(out) as draft:
            files.write_csv(came.observed.cells, draft / CELLS, index=False)
            _write(draft, {DESIGN: came.design.text(), REPORT: text, RESULTS: json.dumps(facts, indent=1) + "\n"})
            deposit.describe(draft, _about(came.design, result, "reported", lang), lang=lang)
    return text + local


def _about(frozen: Design, result: Result, stage: str, lang: str) -> deposit.About:
    credit = "; ".join(dict.fromkeys(str(one["attribution"]) for one in result.manifest["sources"]))
    about = study_words.description(result, stage, lang)
    return deposit.About(
        frozen.title, about, frozen.version, frozen.authors, frozen.frozen_on, URN + frozen.digest(), credit
    )


def _write(folder: Path, texts_by_name: Mapping[str, str]) -> None:
    for name, text in texts_by_name.items():
        (folder / name).write_text(text, encoding="utf-8", newline="\n")
