"""Whether runs of the same inputs wrote the same tables, byte for byte: ``python -m tests.same_bytes DIR DIR...``."""

from __future__ import annotations

import hashlib
import sys
from pathlib import Path

TABLES = ("scores.csv", "lenses.csv", "field_checks.csv", "evidence.parquet", "lens_evidence.parquet", "facts.parquet",
          "lineage.parquet", "reach.parquet")  # fmt: skip


def differing(folders: list[Path]) -> list[str]:
    """Names of tables that are not the same in all folders; Parquet by what it holds, as it names its writer."""
    import pandas as pd

    def what(path: Path) -> str:
        if path.suffix == ".parquet":
            return hashlib.sha256(pd.read_parquet(path).to_csv(index=False).encode()).hexdigest()
        return hashlib.sha256(path.read_bytes()).hexdigest()

    return [name for name in TABLES if len({what(folder / name) for folder in folders}) > 1]


if __name__ == "__main__":
    other = differing([Path(folder) for folder in sys.argv[1:]])
    if other:
        sys.exit(f"not the same: {', '.join(other)}")
    print(f"{len(TABLES)} tables are the same in {len(sys.argv) - 1} runs")
