"""Counts laid over a run, as a user holds them: told in words, and shown in a notebook."""

from __future__ import annotations

from dataclasses import dataclass

from spatial.core.languages import default_language
from spatial.maps import notebook
from spatial.observations import study
from spatial.observations.facts import observation_facts
from spatial.reports import observations as observation_report


@dataclass(frozen=True, repr=False)
class Observed(study.Observed):
    """Observations laid over a finished run, as ``spatial.observations.study.Observed`` has them."""

    def text(self, lang: str = "da") -> str:
        """Say in words what the counts show of the scores, and what they do not."""
        facts = observation_facts(self)
        return "\n".join([*observation_report.reading(facts, lang), *observation_report.shows(facts, lang)])

    def _repr_html_(self) -> str:
        return notebook.observed(self.text(default_language()))
