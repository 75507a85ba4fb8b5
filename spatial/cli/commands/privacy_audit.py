"""``faellesrum privacy-audit``: attack a publication of counts before it is shared."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click

from spatial.cli.commands import as_json, finished_run, with_options
from spatial.cli.help import language
from spatial.cli.options import READING, counts_as_said
from spatial.cli.paths import Read


@click.command("privacy-audit")
@finished_run
@click.argument("other", required=False, type=Read())
@click.option("--raw", multiple=True, type=Read())
@with_options(READING)
@language
@as_json
def command(folder: Path, other: Path | None, raw: tuple[Path, ...], lang: str, as_json: bool, **options: Any) -> None:
    """Attack a publication of counts: what could be worked out from its files."""
    import json

    from spatial.studies import privacy_audit
    from spatial.texts import privacy

    found = privacy_audit.audit(folder, raw=raw, other=other, options=counts_as_said(options))
    if as_json:
        click.echo(json.dumps([vars(attack) | {"held": attack.held} for attack in found], ensure_ascii=False, indent=1))
    else:
        click.echo(privacy.attacks_in_words([(attack.id, attack.found) for attack in found], lang=lang))
    if not all(attack.held for attack in found):
        sys.exit(1)
