"""What a user holds after a run: an estate that knows where it can be read from, and a result that explains itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from spatial.core import model
from spatial.core.errors import InputError
from spatial.core.model import WALK_LIMIT_M, Result, Rubric
from spatial.scoring import scores
from spatial.scoring import siting as scoring_siting
from spatial.scoring.judging import Judged, every_rule, judge_again, judge_all, reweighted
from spatial.settings import lenses as settings_lenses
from spatial.sources import boundaries, estates

if TYPE_CHECKING:
    import folium
    import networkx

    from spatial.analysis.observed import Observed
    from spatial.maps.plots import Plots
    from spatial.network.graph import Network


SEED = 20250201


@dataclass(frozen=True)
class Estate(model.Estate):
    """A housing estate that knows where it can be read from; see ``spatial.core.model.Estate``."""

    def __repr__(self) -> str:
        """Name the estate, its size and its coordinate system."""
        hectares = self.boundary.area / model.HECTARE_M2
        return (
            f"Estate({self.name!r}, {hectares:.1f} ha, {self.crs.to_string()}, margin {self.margin_m:.0f} m, "
            f"reach {self.reach_m:.0f} m)"
        )

    def _repr_html_(self) -> str:
        from spatial.maps import notebook

        return notebook.estate(self)

    @classmethod
    def from_file(
        cls, path: str | Path, *, name: str | None = None, margin_m: float = 250.0, reach_m: float = WALK_LIMIT_M
    ) -> Estate:
        """Read an estate's boundary from a file; see ``spatial.sources.boundaries.estate``."""
        return cls(**vars(boundaries.estate(path, name=name, margin_m=margin_m, reach_m=reach_m)))

    @classmethod
    def from_registry(  # noqa: PLR0913 (the public signature)
        cls,
        area: str,
        *,
        boundary: str | Path | None = None,
        name: str | None = None,
        parcels_table: str | Path | None = None,
        parcels: str | Path | None = None,
        year: int | None = None,
        allow_missing: bool = False,
        margin_m: float = 250.0,
        reach_m: float = WALK_LIMIT_M,
    ) -> Estate:
        """Make an area of the registry, such as ``"taastrupgaard"``, an estate; see ``spatial.sources.estates.read``.

        No polygon is bundled: the boundary comes from a file, or is built from the state's table
        of parcels and a layer of parcel polygons.
        """
        found = estates.read_estate(
            area,
            boundary=boundary,
            name=name,
            parcels_table=parcels_table,
            parcels=parcels,
            year=year,
            allow_missing=allow_missing,
            margin_m=margin_m,
            reach_m=reach_m,
        )
        return cls(**vars(found))


@dataclass(frozen=True)
class Analysis(Result):
    """A result that can explain and draw itself.

    In Jupyter it shows what was found in words (Danish, or as ``FAELLESRUM_LANG`` says); its map
    and its plots show themselves as well. ``streets`` is the walking network that was measured along; a finished run
    that was read back has none.
    """

    streets: Network | None = None

    def __repr__(self) -> str:
        """Name the estate and count what was found."""
        ranked = int(self.meeting_spaces["rank"].notna().sum())
        return (
            f"Analysis({self.estate.name!r}: {len(self.meeting_spaces)} meeting spaces of {len(self.places)} places, "
            f"{ranked} ranked)"
        )

    def _repr_html_(self) -> str:
        from spatial.maps import notebook

        return notebook.result(self)

    @property
    def plot(self) -> Plots:
        """Pictures by matplotlib: ``plot.ranking()``, ``plot.aspects(place)``, ``plot.uncertainty()``."""
        from spatial.maps.plots import Plots

        return Plots(self)

    def map(self, lang: str = "da", *, tiles: str | None = None) -> folium.Map:
        """Return the interactive map as a ``folium.Map``; nothing in it is requested from anywhere.

        Parameters
        ----------
        lang
            ``"da"`` or ``"en"``.
        tiles
            Address of an online base map, if the page may ask for one; see ``spatial.maps.web.page``.
        """
        from spatial.maps.web import page

        return page.build_map(self, lang=lang, tiles=tiles, **for_page(self))

    def network(self) -> networkx.MultiDiGraph:
        """Return the walking network that was measured along, as OSMnx has its own.

        ``osmnx.save_graphml``, ``osmnx.plot_graph``, ``osmnx.routing.shortest_path`` and whatever takes a
        ``networkx.MultiDiGraph`` take it. See ``spatial.network.export.to_networkx`` for its attributes.

        Returns
        -------
        networkx.MultiDiGraph
            In the estate's CRS, lengths in metres; each edge in both directions.

        Raises
        ------
        InputError
            If this result was read back from its folder, which does not hold the nodes of ways, or only scored.
        """
        from spatial.network import export

        if self.streets is None:
            raise InputError("result.no_network", name=self.estate.name)
        paths = self.layers["paths"]
        return export.to_networkx(self.streets, paths[paths["allowed"]], self.estate.name)

    def explain(self, place_id: str, lang: str = "da", *, lens: str | None = None) -> str:
        """Say in words where the score of a place or meeting space comes from.

        Parameters
        ----------
        lens
            Id of a resident lens; None is the ordinary result.

        Raises
        ------
        InputError
            If there is no such place or lens.
        """
        from spatial.scoring import explanation
        from spatial.texts import explanations

        evidence, rubric = self.through(lens)
        return explanations.explanation_in_words(
            explanation.explain_place(evidence, rubric, place_id, claims=self.claims), lang=lang, lens=lens
        )

    def sensitivity(self, *, level: str = "spaces", samples: int = 512) -> pd.DataFrame:
        """Which indicators the ranking hangs on: Sobol' indices; see ``spatial.scoring.sensitivity.sobol_table``.

        Parameters
        ----------
        level
            ``"places"`` or ``"spaces"``: what is ranked.
        samples
            Base samples, a power of two.

        Raises
        ------
        InputError
            If ``samples`` is no power of two, or the level is another.
        """
        from spatial.scoring import sensitivity as scoring_sensitivity

        tables_ = {"places": self.places, "spaces": self.meeting_spaces}
        if level not in tables_ or samples < 2 or samples & (samples - 1):
            raise InputError("analysis.sensitivity", level=level, samples=samples)
        index = tables_[level].index
        judged = self.judged[level].weighing(self.rubric)
        return scoring_sensitivity.sobol_table(
            judged, index, self.rubric, int(self.manifest.get("seed", SEED)), samples=samples
        )

    def unmapped_otherwise(self, *, level: str = "spaces") -> pd.DataFrame:
        """What changes if what is not mapped is not like what is; see ``scoring.sensitivity.unmapped_otherwise``.

        Parameters
        ----------
        level
            ``"places"`` or ``"spaces"``: what is ranked.
        """
        from spatial.scoring import sensitivity as scoring_sensitivity

        table = {"places": self.places, "spaces": self.meeting_spaces}[level]
        judged = self.judged[level].weighing(self.rubric)
        seed = int(self.manifest.get("seed", SEED))
        return scoring_sensitivity.unmapped_otherwise(judged, table.index, self.rubric, seed)

    @cached_property
    def shared_share(self) -> float:
        """Share of what scores of meeting spaces vary by that is common to all; see ``scoring.scores.shared_share``."""
        judged = self.judged["spaces"].weighing(self.rubric)
        return scores.shared_share(judged, self.meeting_spaces.index, self.rubric, int(self.manifest.get("seed", SEED)))

    def siting(self, *, most: int = scoring_siting.MOST) -> pd.DataFrame:
        """Where could a volunteer stand? The best choice of k meeting spaces, k = 1 … most.

        Best: most dwellings of the estate within a five-minute walk without steps, each counting by the
        floating potential of the worthiest chosen space within its reach. See ``spatial.scoring.siting.siting_curve``.

        Raises
        ------
        InputError
            If the result was read from a run that holds no reach.
        """
        return scoring_siting.siting_of_result(self, most=most)

    def observe(
        self,
        *files: str | Path,
        mapping: str | Path | None = None,
        by: str = "space",
        join_m: float | None = None,
    ) -> Observed:
        """Lay counts of people over this result, and hold its scores against them.

        Parameters
        ----------
        files
            Files or folders of any layout that ``faellesrum observe`` reads.
        mapping
            A file in TOML that says what the columns mean, where they carry other names.
        by
            ``"space"`` or ``"hexagon"``: what counts are published by.
        join_m
            Greatest distance in metres between a count and its meeting space. Default: the bundled 25.

        Raises
        ------
        SpatialError
            If a file cannot be read, or none of its rows can be used.
        """
        from spatial.analysis.observed import Observed
        from spatial.observations import study

        settings = None if mapping is None else Path(mapping)
        read = study.read_observations_for(self, [Path(file) for file in files], mapping=settings, join_m=join_m)
        return Observed(**vars(study.observe(self, read, by=by, join_m=join_m)))

    def through(self, lens: str | None) -> tuple[pd.DataFrame, Rubric]:
        """Evidence and rubric as one lens has them; None is the ordinary result."""
        if lens is None:
            return self.evidence, self.rubric
        seen = settings_lenses.named(self.lenses, lens)
        return settings_lenses.put_in(self.evidence, seen.evidence), settings_lenses.changed(self.rubric, seen.rules)

    @cached_property
    def judged(self) -> dict[str, Judged]:
        """Judged values of ``places`` and ``spaces``, of all rules of whatever weight."""
        rubric = every_rule(self.rubric)
        tables = {"places": self.places, "spaces": self.meeting_spaces}
        return {level: judge_all(self.evidence, table.index, rubric) for level, table in tables.items()}

    @cached_property
    def field_checks(self) -> pd.DataFrame:
        """What a visit would settle, the most consequential first; see ``scoring.field_checks``.

        ``space_rank_change`` is the expected change of rank of the meeting space that it moves most.
        """
        from spatial.scoring import field_checks as scoring_field_checks

        seed = int(self.manifest.get("seed", SEED))
        found = [
            scoring_field_checks.find_field_checks(
                self.judged[level].weighing(self.rubric), table.index, self.rubric, seed
            )
            for level, table in (("places", self.places), ("spaces", self.meeting_spaces))
        ]
        rooms = found[1].set_index(["object_id", "fact"])["rank_change"].rename("space_rank_change")
        return found[0].join(rooms, on=["object_id", "fact"])

    def rescore(
        self,
        *,
        aspects: Mapping[str, float] | None = None,
        indicators: Mapping[str, float] | None = None,
        ranges: bool = True,
    ) -> Analysis:
        """Score again with other weights; what was measured stays.

        Parameters
        ----------
        aspects, indicators
            New weights by name; what is not named keeps its own. The rubric's weights add up to
            one within each aspect, whatever is given.
        ranges
            Whether to draw rank ranges again; without, they are missing, and it is done several times
            as fast.

        Raises
        ------
        ConfigError
            If a name is unknown, a weight negative, or nothing is left to judge an aspect by.
        """
        rubric = reweighted(self.rubric, aspects=aspects, indicators=indicators)
        seed = int(self.manifest.get("seed", SEED))
        columns = [*scores.SCORE_COLUMNS, *scores.RANK_COLUMNS]
        judged = {level: table.weighing(rubric) for level, table in self.judged.items()}
        places, spaces = (
            table.assign(**scores.rescore(judged[level], table.index, rubric, seed, ranges=ranges)[columns])
            for level, table in (("places", self.places), ("spaces", self.meeting_spaces))
        )
        manifest = {**self.manifest, "rubric": _written(rubric, self.manifest.get("rubric"))}
        return replace(self, places=places, meeting_spaces=spaces, rubric=rubric, manifest=manifest)


def _written(rubric: Rubric, before: Mapping[str, Any] | None) -> dict[str, Any]:
    """A rubric as the manifest has it; of one that was written before, only the weights are new."""
    if before is None or list(before["rules"]) != list(rubric.rules):
        return asdict(rubric)
    rules = {name: {**before["rules"][name], "weight": rule.weight} for name, rule in rubric.rules.items()}
    return {**before, "aspect_weights": dict(rubric.aspect_weights), "rules": rules}


def for_page(result: Analysis) -> dict[str, Any]:
    """What the page needs to score again by itself: judged values, also through the lenses.

    All rules of the rubric are judged, of whatever weight: a reader may raise one.
    """
    from spatial.maps.web.score_payload import Seen

    tables = {"places": result.places, "spaces": result.meeting_spaces}
    lenses = []
    for lens in result.lenses:
        rubric = settings_lenses.changed(result.rubric, lens.rules)
        weights = {name: rule.weight for name, rule in rubric.rules.items()}
        served = (lens.served_low, lens.served, lens.served_high)
        measured = set(lens.evidence["indicator"].unique())
        rows = lens.evidence
        if not measured.issuperset(lens.rules):
            rows = settings_lenses.put_in(result.evidence, rows)
        found = {
            level: judge_again(judged, rows, tables[level].index, rubric, sorted(measured | set(lens.rules)))
            for level, judged in result.judged.items()
        }
        lenses.append(Seen(lens.id, served, weights, found))
    return {"judged": result.judged, "lenses": lenses}
