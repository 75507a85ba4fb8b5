"""``faellesrum compare``: what is different after a plan, or after each of several."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from spatial.commands import as_json, language

if TYPE_CHECKING:
    from spatial.analysis import Analysis
    from spatial.comparison import Comparison


@click.command()
@click.argument("before", metavar="BEFORE", type=click.Path(path_type=Path))
@click.argument("after", metavar="AFTER...", type=click.Path(path_type=Path), nargs=-1, required=True)
@language
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    help="Folder for tables, a layer for QGIS, and map.html with before and after side by side.",
)
@as_json
def command(before: Path, after: tuple[Path, ...], lang: str, out: Path | None, as_json: bool) -> None:
    """Say which meeting spaces go, come and change, and whose daily walk gets worse.

    BEFORE and AFTER are the folders of finished runs for one estate, the second with --plan. Several plans
    are laid side by side. A run with --phases is followed through its phases.

    \b
    faellesrum compare maps/today maps/plan-a --out maps/plan-a-differences
    faellesrum compare maps/today maps/plan-a maps/plan-b maps/plan-c
    """
    from spatial import outputs, plan_words

    today = outputs.load(before)
    compared = [_Compared(today, folder) for folder in after]
    if out is not None:
        for one, folder in zip(compared, _folders(after, out), strict=True):
            one.write(folder, lang)
    said = [one.said() for one in compared]
    beside = _side_by_side(compared, after)
    if beside is not None and out is not None:
        _write_beside(beside, out)
    if as_json:
        _print_json(said, beside)
        return
    shown = ["\n".join(one.text(data, lang)) for one, data in zip(compared, said, strict=True)]
    if beside is not None:
        shown.append(plan_words.alternatives_text(plan_words.alternatives(beside), lang=lang))
    click.echo("\n\n".join(shown))


class _Compared:
    """One plan: read, compared, and followed through its phases where its run holds them."""

    def __init__(self, today: Analysis, folder: Path) -> None:
        from spatial import comparison, outputs, timeline, turning
        from spatial.sources import finished

        self.today, self.then = today, outputs.load(folder)
        self.found: Comparison = comparison.compare(today, self.then)
        self.turn = turning.of(today, self.then, self.found.homes)
        phases = [finished.read(folder / name) for name in (self.then.manifest.get("plan") or {}).get("folders", [])]
        self.timeline = timeline.of(today, [*phases, self.then]) if phases else None

    def said(self) -> dict[str, Any]:
        from spatial import differences, plan_words

        found = differences.of(self.found, self.today, self.then)
        found["turn"] = plan_words.turn(self.turn, self.today)
        if self.timeline is not None:
            found["timeline"] = plan_words.timeline(self.timeline)
        return found

    def text(self, said: dict[str, Any], lang: str) -> list[str]:
        from spatial import differences, indicators, plan_words

        units = {name: spec.unit for name, spec in indicators.registry().items()}
        verdict = [] if said["keeps_share"] is None else [plan_words.turn_text(said["turn"], lang=lang)]
        phases = [plan_words.timeline_text(said["timeline"], lang=lang)] if "timeline" in said else []
        return [differences.text(said, units, lang=lang, verdict=verdict + phases)]

    def write(self, folder: Path, lang: str) -> None:
        from spatial import before_after
        from spatial.render import changes, files, web_map

        found = self.found
        with files.whole(folder) as draft:
            changes.write(
                found.spaces, found.homes, found.items, found.causes, (self.today, self.then), draft, lang=lang
            )
            drawn, options = before_after.for_map(self.then, self.today, found)
            web_map.render(drawn, draft / "map.html", lang=lang, **options)
            if self.timeline is not None:
                changes.write_timeline(self.timeline.phases, self.timeline.spaces, draft)


def _folders(after: tuple[Path, ...], out: Path) -> list[Path]:
    """Where to write each comparison: ``out`` itself, or, of several, a folder in it for each."""
    return [out] if len(after) == 1 else [out / name for name in _names(after)]


def _names(after: tuple[Path, ...]) -> list[str]:
    """A name for each folder: its own, with a number where several have the same."""
    own = [folder.resolve().name for folder in after]
    return [name if own.count(name) == 1 else f"{name}-{own[: k + 1].count(name)}" for k, name in enumerate(own)]


def _side_by_side(compared: list[_Compared], after: tuple[Path, ...]) -> Any:
    from spatial import alternatives

    if len(compared) == 1:
        return None
    return alternatives.side_by_side({name: one.found for name, one in zip(_names(after), compared, strict=True)})


def _write_beside(table: Any, out: Path) -> None:
    from spatial.render import files

    with files.whole(out) as draft:
        table.to_csv(draft / "plans.csv", encoding="utf-8", lineterminator="\n")


def _print_json(said: list[dict[str, Any]], beside: Any) -> None:
    from spatial import differences, plan_words

    whole = said[0] if beside is None else {"plans": said, "side_by_side": plan_words.alternatives(beside)}
    click.echo(differences.as_json(whole))
