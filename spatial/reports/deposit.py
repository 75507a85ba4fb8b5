"""A folder that can be deposited: what each file holds, what each column means, and how it is cited.

References
----------
RO-Crate 1.1, doi 10.5281/zenodo.4541002; Citation File Format 1.2.0, doi 10.5281/zenodo.5171937.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from spatial.core import files
from spatial.core.languages import texts
from spatial.core.versions import generator

METADATA, CITATION, DICTIONARY = "ro-crate-metadata.json", "CITATION.cff", "dictionary.csv"
CRATE = "https://w3id.org/ro/crate/1.1"
# Places and scores are made from OpenStreetMap, whose licence follows them.
LICENCE = "https://opendatacommons.org/licenses/odbl/1-0/"
FORMATS = {".csv": "text/csv", ".json": "application/json", ".md": "text/markdown", ".cff": "application/yaml"}
# The table that stays with those who counted; it is described, and never in the folder.
VISITS = ("location_id", "start", "total", "observer", "weather", "temperature_c", "sun", "unit_id", "time_of_day",
          "week", "season", "floating", "seats", "footfall", "area")  # fmt: skip
LOCAL = "visits.csv"


@dataclass(frozen=True)
class About:
    """What is said of the folder as a whole; ``identity`` tells this content from any other."""

    title: str
    description: str
    version: str
    authors: Sequence[str]
    day: str
    identity: str
    credit: str


def describe(folder: Path, about: About, *, lang: str) -> None:
    """Write the dictionary of columns, the citation and the metadata of the files that lie in a folder."""
    files.write_csv(_dictionary(folder, lang), folder / DICTIONARY, index=False)
    (folder / CITATION).write_text(_citation(about), encoding="utf-8", newline="\n")
    crate = json.dumps(_crate(folder, about, lang), ensure_ascii=False, indent=1)
    (folder / METADATA).write_text(crate + "\n", encoding="utf-8", newline="\n")


def _dictionary(folder: Path, lang: str) -> pd.DataFrame:
    """One row a column: the file it is in, and what it means."""
    columns = {path.name: list(pd.read_csv(path, nrows=0)) for path in sorted(folder.glob("*.csv"))}
    meaning = texts(lang)["study"]["column"]
    rows = [(file, name, meaning[name]) for file, names in {**columns, LOCAL: VISITS}.items() for name in names]
    return pd.DataFrame(rows, columns=["file", "column", "meaning"])


def _citation(about: About) -> str:
    """The citation; a text in JSON's quotes is one in YAML's."""
    said: Mapping[str, Any] = {
        "cff-version": "1.2.0", "message": about.description, "type": "dataset", "title": about.title,
        "version": about.version, "date-released": about.day, "license": "ODbL-1.0",
        "authors": [{"name": name} for name in about.authors],
    }  # fmt: skip
    return "".join(f"{key}: {json.dumps(value, ensure_ascii=False)}\n" for key, value in said.items())


def _crate(folder: Path, about: About, lang: str) -> dict[str, Any]:
    """The metadata as JSON-LD: the folder, its files, and who made it."""
    what = texts(lang)["study"]["file"]
    parts = [
        {"@id": path.name, "@type": "File", "name": path.name, "description": what[path.name],
         "encodingFormat": FORMATS[path.suffix], "contentSize": str(path.stat().st_size)}
        for path in sorted(folder.iterdir()) if path.suffix in FORMATS and path.name != METADATA
    ]  # fmt: skip
    people = [{"@id": f"#author-{n}", "@type": "Person", "name": name} for n, name in enumerate(about.authors, 1)]
    root = {
        "@id": "./", "@type": "Dataset", "name": about.title, "description": about.description,
        "version": about.version, "datePublished": about.day, "identifier": about.identity,
        "license": {"@id": LICENCE}, "author": [{"@id": one["@id"]} for one in people],
        "hasPart": [{"@id": one["@id"]} for one in parts],
    }  # fmt: skip
    head = {"@id": METADATA, "@type": "CreativeWork", "conformsTo": {"@id": CRATE}, "about": {"@id": "./"},
            "description": generator()}  # fmt: skip
    licence = {"@id": LICENCE, "@type": "CreativeWork", "name": "Open Database License 1.0",
               "description": about.credit}  # fmt: skip
    return {"@context": f"{CRATE}/context", "@graph": [head, root, *parts, *people, licence]}
