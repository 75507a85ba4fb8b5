"""Tables as CSV that a spreadsheet shows and does not run.

Names are written by strangers, and a spreadsheet takes a cell that begins with ``=`` for a formula,
which may start programs or ask servers. Such texts get an apostrophe before them (OWASP, "CSV
Injection"); numbers are numbers, also below zero.

References
----------
https://owasp.org/www-community/attacks/CSV_Injection
"""

from __future__ import annotations

from pathlib import Path
from typing import IO, Any

import pandas as pd

# What a spreadsheet takes for the beginning of a formula; the last two in full width.
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")  # noqa: RUF001
MARK = "'"


def harmless(value: Any) -> Any:
    """Return a cell as a spreadsheet may have it: a text that is no formula, anything else as it is.

    Examples
    --------
    >>> harmless("=1+1"), harmless("Plads"), harmless(-1.5)
    ("'=1+1", 'Plads', -1.5)
    """
    return MARK + value if isinstance(value, str) and value.lstrip(" ").startswith(FORMULA) else value


def write(table: pd.DataFrame, target: Path | IO[str], *, index: bool = True, index_label: str | None = None) -> None:
    """Write a table in UTF-8, lines ending in a line feed, texts harmless."""
    shown = table.copy(deep=False)
    for name in shown.columns:
        if shown[name].dtype == object or isinstance(shown[name].dtype, pd.StringDtype | pd.CategoricalDtype):
            shown[name] = shown[name].astype(object).map(harmless, na_action="ignore")
    if index and shown.index.dtype == object:
        shown.index = shown.index.map(harmless)
    shown.to_csv(target, index=index, index_label=index_label, encoding="utf-8", lineterminator="\n")
