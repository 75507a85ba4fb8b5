"""Makes the tables of ``docs/towns.md`` from runs: ``python docs/make_towns.py [FOLDER]``.

What is said of a town in words is in ``docs/towns.toml``. FOLDER holds ``oesterbro.osm.pbf`` and
``almene_boliger_kk.geojson``, which are not part of the project; without it what the page says of Østerbro stays.
"""

from __future__ import annotations

import sys
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd

import spatial
from spatial.core.languages import texts
from spatial.core.model import ASPECTS, FLOATING
from spatial.places.naming import in_order, names_of
from spatial.reports.estate import carried_over
from spatial.scoring.ablation import ablate
from spatial.scoring.combining import aspect_weights, part_weights

DOCS = Path(__file__).parent
PAGE, WORDS, DATA = DOCS / "towns.md", DOCS / "towns.toml", DOCS.parent / "data"
HEADING, SHOWN, BY_KIND = "\n## ", 10, "By kind, over all of them"


def page(results: Mapping[str, spatial.Analysis]) -> str:
    """The page with new sections for the towns that were run; those of others stay as they are written."""
    said = tomllib.loads(WORDS.read_text(encoding="utf-8"))
    old = _sections(PAGE.read_text(encoding="utf-8")) if PAGE.exists() else {}
    new = {town["title"]: section(results[name], town) for name, town in said["town"].items() if name in results}
    if set(results) == set(said["town"]):
        new[BY_KIND] = by_kind(results.values()) + said["by_kind"]
    titles = (*(town["title"] for town in said["town"].values()), BY_KIND)
    parts = [new.get(title, old.get(title, "")) for title in titles]
    return "<!-- Made by docs/make_towns.py. -->\n" + said["head"] + "".join(part for part in parts if part)


def _sections(text: str) -> dict[str, str]:
    return {part.partition("\n")[0]: HEADING + part for part in text.split(HEADING)[1:]}


def section(result: spatial.Analysis, town: Mapping[str, str]) -> str:
    """What one town's run says: the first ten with reasons, the closed, and what decides."""
    spaces = result.meeting_spaces.iloc[in_order(result.meeting_spaces)]
    names = names_of(result, "en")
    parts = [town["title"], _counts(result, spaces), _first(result, spaces, names), _closed(spaces, names)]
    return HEADING + "\n\n".join([*(part for part in parts if part), _decides(result, spaces), town["laugh"]]) + "\n"


def by_kind(results: Iterable[spatial.Analysis]) -> str:
    """Median score of the spaces by what one comes for first; a bench that stands alone is a row of its own.

    A space of several towns counts once.
    """
    spaces = pd.concat(
        [result.meeting_spaces[["kinds", "place_count", "rank", "status", FLOATING]] for result in results]
    )
    spaces = spaces[~spaces.index.duplicated()]
    first = spaces["kinds"].str.split(";").str[0]
    alone = (first == "bench") & (spaces["place_count"] == 1)
    kinds = first.map({kind: said["title"].lower() for kind, said in texts("en")["kind"].items()}).mask(
        alone, "a bench alone"
    )
    found = (
        spaces[spaces["rank"].notna() | (spaces["status"] == "seat")].groupby(kinds)[FLOATING].agg(["count", "median"])
    )
    ordered = found.sort_values("median", ascending=False)
    rows = [(str(kind), f"{row['count']:.0f}", f"{row['median']:.2f}") for kind, row in ordered.iterrows()]
    return HEADING + BY_KIND + "\n\n" + table(("what one comes for", "spaces", "median score"), rows) + "\n\n"


def _counts(result: spatial.Analysis, spaces: pd.DataFrame) -> str:
    ranked, status = spaces["rank"].notna(), spaces["status"].value_counts()
    told = {"meeting space": "meeting spaces", "closed": "closed", "seat": "only a seat beside a road"}
    counts = ", ".join(f"{status[name]} {words}" for name, words in told.items() if name in status)
    free = len(result.layers["possible_spaces"])
    return f"{counts}; {ranked.sum()} ranked. On {free} lawns and squares nothing is mapped."


def _first(result: spatial.Analysis, spaces: pd.DataFrame, names: Mapping[str, str]) -> str:
    carried = carried_over(result.evidence, result.meeting_spaces.index, result.rubric)
    titles = {name: part["title"].lower() for name, part in texts("en")["indicator"].items()}
    gate = result.evidence.query("indicator == 'legal_access'").set_index("place_id")["value"]
    rows = [
        (
            f"{row['tier']}",
            names[str(identity)],
            f"{row[FLOATING]:.2f}",
            f"{row[f'{FLOATING}_low']:.2f}–{row[f'{FLOATING}_high']:.2f}",
            f"{gate[identity]:.2f}",
            ", ".join(titles[name] for name in carried[str(identity)].lifts) or "nothing above the others",
            ", ".join(titles[name] for name in carried[str(identity)].holds) or "nothing known",
        )
        for identity, row in spaces[spaces["rank"].notna()].head(SHOWN).iterrows()
    ]
    return table(("tier", "place", "score", "low–high", "right to be there", "carried by", "held back by"), rows)


def _closed(spaces: pd.DataFrame, names: Mapping[str, str]) -> str:
    """Closed places are told as context, by no score."""
    closed = [names[str(identity)] for identity in spaces.index[spaces["status"] == "closed"]]
    return f"Closed, and so not ranked: {'; '.join(closed)}." if closed else ""


def _decides(result: spatial.Analysis, spaces: pd.DataFrame) -> str:
    """Variance by part, width of intervals, and how well one thing alone reproduces the order."""
    ranked = spaces[spaces["rank"].notna()]
    width = (ranked[f"{FLOATING}_high"] - ranked[f"{FLOATING}_low"]).mean()
    alone = {name.removeprefix("by_"): value for name, value in vars(ablate(spaces, result.evidence)).items()}
    told = ", ".join(f"{name} {'says nothing' if value is None else f'{value:.2f}'}" for name, value in alone.items())
    shares = ", ".join(f"{name.replace('_', ' ')} {share:.0%}" for name, share in variance(result, ranked).items())
    return (
        f"Intervals are {width:.2f} wide on average. The logarithm of the scores varies by {shares}. "
        f"One thing alone gives the order with a correlation of: {told}."
    )


def variance(result: spatial.Analysis, ranked: pd.DataFrame) -> dict[str, float]:
    """Shares of the variance of log scores that go with each aspect and the conditions; they add up to 1.

    The score is a product of powers, so its logarithm is a sum of parts, and a part's share is its covariance with it.
    """
    judged = result.judged["spaces"].weighing(result.rubric).at(result.meeting_spaces.index.get_indexer(ranked.index))
    parts = judged.best @ part_weights(result.rubric, judged).T
    logs = np.log(np.clip(parts, 1e-9, None))
    logs[:, : len(ASPECTS)] *= aspect_weights(result.rubric)
    of = np.column_stack([logs[:, : len(ASPECTS)], logs[:, len(ASPECTS) :].sum(axis=1)])
    total = of.sum(axis=1)
    if len(total) < 2 or total.var() == 0:
        return {}
    shares = [float(np.cov(part, total, ddof=0)[0, 1] / total.var()) for part in of.T]
    return dict(zip((*ASPECTS, "conditions"), shares, strict=True))


def table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table in Markdown."""
    return "\n".join(f"| {' | '.join(cells)} |" for cells in (columns, ["---"] * len(columns), *rows))


def bundled() -> dict[str, spatial.Analysis]:
    """Runs of the towns that ship with the project."""
    return {
        name: spatial.analyse(spatial.Estate.from_file(DATA / f"{name}.geojson"), osm=DATA / f"{name}.osm.pbf")
        for name in ("reitbahnviertel", "helsinki")
    }


def departments(folder: Path) -> dict[str, spatial.Analysis]:
    """Runs of the departments of Østerbro that ``towns.toml`` names."""
    grounds = gpd.read_file(folder / "almene_boliger_kk.geojson").to_crs(25832)
    of = grounds["afdelingsnavn"].fillna("")
    wanted = [
        name for name, town in tomllib.loads(WORDS.read_text(encoding="utf-8"))["town"].items() if "ground" in town
    ]
    return {
        name: spatial.analyse(
            spatial.Estate(
                id=name, name=name, boundary=grounds[of.str.contains(name, regex=False)].union_all(), crs=grounds.crs
            ),
            osm=folder / "oesterbro.osm.pbf",
        )
        for name in wanted
    }


if __name__ == "__main__":
    found = bundled() | (departments(Path(sys.argv[1])) if len(sys.argv) > 1 else {})
    PAGE.write_text(page(found), encoding="utf-8")
