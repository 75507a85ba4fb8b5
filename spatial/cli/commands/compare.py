"""``faellesrum compare``: what is different after a plan, or after each of several."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from spatial.cli.commands import as_json
from spatial.cli.help import language
from spatial.cli.paths import Read, WrittenFolder, force

if TYPE_CHECKING:
    from spatial.studies.plan_review import PlanReview


@click.command()
@click.argument("before", type=Read())
@click.argument("after", type=Read(), nargs=-1, required=True)
@language
@click.option("--out", type=WrittenFolder())
@force
@click.option("--pdf", is_flag=True)
@click.option("--order", is_flag=True)
@as_json
def command(
    before: Path, after: tuple[Path, ...], lang: str, out: Path | None, pdf: bool, order: bool, as_json: bool
) -> None:
    """Say which meeting spaces go, come and change, and whose daily walk gets worse."""
    from spatial.analysis import storage
    from spatial.studies.plan_review import PlanReview
    from spatial.texts import alternatives as texts_alternatives
    from spatial.texts import phase_order as texts_order

    today = storage.load(before)
    reviews = [PlanReview.read(today, folder) for folder in after]
    changes = [review.changes for review in reviews]
    beside = _side_by_side(reviews, after)
    plans = [] if beside is None else texts_alternatives.alternatives_as_data(beside)
    orders = [_ordered(review, folder, lang) for review, folder in zip(reviews, after, strict=True)] if order else []
    for found, change in zip(orders, changes, strict=False):
        change["order"] = texts_order.order_as_data(found)
    if out is not None:
        for review, folder in zip(reviews, _folders(after, out), strict=True):
            review.write(folder, lang, pdf=pdf, alternatives=plans)
    if beside is not None and out is not None:
        _write_beside(beside, out)
    if out is not None:
        for found, folder in zip(orders, _folders(after, out), strict=False):
            _write_orders(found, folder)
    if as_json:
        _print_json(changes, beside)
        return
    shown = [review.text(lang) for review in reviews]
    shown += [
        texts_order.order_in_words(change["order"], review.after.manifest["plan"]["phases"], lang=lang)
        for review, change in zip(reviews, changes, strict=True)
        if order
    ]
    if beside is not None:
        shown.append(texts_alternatives.alternatives_in_words(plans, lang=lang))
    click.echo("\n\n".join(shown))


def _ordered(review: PlanReview, folder: Path, lang: str) -> Any:
    """The orders of a plan's phases, tried with what its run rested on."""
    from spatial.cli.console import progress
    from spatial.core.errors import InputError
    from spatial.core.languages import texts
    from spatial.studies import phase_order

    if not review.after.manifest.get("plan"):
        raise InputError("commands.no_plan", folder=folder)
    say = texts(lang)["phase_order"]["trying"]
    with progress(lang) as tell:
        inputs = phase_order.read_inputs_again(review.after, folder)
        plain = not review.today.manifest.get("unknowns")
        return phase_order.propose_order(inputs, review.today, lambda n: tell(say.format(n=n)), plain_unknowns=plain)


def _write_orders(found: Any, folder: Path) -> None:
    from spatial.core import files, outputs
    from spatial.texts import phase_order

    with outputs.whole_folder(folder) as draft:
        files.write_csv(phase_order.order_table(found), draft / "phase_orders.csv", index=False)


def _folders(after: tuple[Path, ...], out: Path) -> list[Path]:
    """Where to write each comparison: ``out`` itself, or, of several, a folder in it for each."""
    return [out] if len(after) == 1 else [out / name for name in _names(after)]


def _names(after: tuple[Path, ...]) -> list[str]:
    """A name for each folder: its own, with a number where several have the same."""
    own = [folder.resolve().name for folder in after]
    return [name if own.count(name) == 1 else f"{name}-{own[: k + 1].count(name)}" for k, name in enumerate(own)]


def _side_by_side(reviews: list[PlanReview], after: tuple[Path, ...]) -> Any:
    from spatial.plans import alternatives

    if len(reviews) == 1:
        return None
    names = _names(after)
    return alternatives.compare_alternatives(
        {name: (review.comparison, review.answer) for name, review in zip(names, reviews, strict=True)}
    )


def _write_beside(table: Any, out: Path) -> None:
    from spatial.core import files, outputs

    with outputs.whole_folder(out) as draft:
        files.write_csv(table, draft / "plans.csv")


def _print_json(changes: list[dict[str, Any]], beside: Any) -> None:
    from spatial.texts import alternatives as texts_alternatives
    from spatial.texts import plans as texts_plans

    whole = changes[0]
    if beside is not None:
        whole = {"plans": changes, "side_by_side": texts_alternatives.alternatives_as_data(beside)}
    click.echo(texts_plans.changes_as_json(whole))
