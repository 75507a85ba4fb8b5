"""What PDF/UA-1 asks of a file's structure, read back by pypdf, which did not write it."""

from __future__ import annotations

import io
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pypdf

HEADINGS = ("H1", "H2", "H3", "H4")
CONTENT = ("P", "LI", "TD", "TH", "Figure", "H1", "H2", "H3", "Lbl", "LBody", "Span", "Caption")


@dataclass
class Structure:
    """The elements of a file in the order of reading, and what is wrong with them."""

    lang: str
    title: str
    alts: list[str] = field(default_factory=list)
    headings: list[str] = field(default_factory=list)
    tags: Counter[str] = field(default_factory=Counter)
    faults: list[str] = field(default_factory=list)


def structure(document: bytes) -> Structure:
    """Read the structure tree of a PDF and check it."""
    reader = pypdf.PdfReader(io.BytesIO(document))
    root = reader.trailer["/Root"]
    found = Structure(str(root.get("/Lang", "")), str((reader.metadata or {}).get("/Title", "")))
    if not root.get("/MarkInfo", {}).get("/Marked"):
        found.faults.append("not marked")
    if not root.get("/ViewerPreferences", {}).get("/DisplayDocTitle"):
        found.faults.append("the title is not displayed")
    if b"<pdfuaid:part>1</pdfuaid:part>" not in root["/Metadata"].get_data():
        found.faults.append("does not say that it is PDF/UA-1")
    found.faults += [name for name, value in (("no language", found.lang), ("no title", found.title)) if not value]
    tree = root.get("/StructTreeRoot")
    if tree is None:
        return Structure(found.lang, found.title, faults=[*found.faults, "no structure tree"])
    roles = {str(name)[1:]: str(role)[1:] for name, role in tree.get("/RoleMap", {}).items()}
    level = 0
    for element, above in _elements(tree, ()):
        tag = str(element["/S"])[1:]
        tag = roles.get(tag, tag)
        found.tags[tag] += 1
        if tag == "Figure":
            found.alts.append(str(element.get("/Alt", "")))
            if not found.alts[-1].strip():
                found.faults.append("a figure without words")
        if tag in HEADINGS:
            if int(tag[1]) > level + 1:
                found.faults.append(f"{tag} after level {level}")
            level = int(tag[1])
            found.headings.append(tag)
        if tag == "Table" and not any(child["/S"] == "/TH" for child, _ in _elements(element, ())):
            found.faults.append("a table without header cells")
        if (tag in ("TD", "TH") and "TR" not in above) or (tag == "TR" and "Table" not in above):
            found.faults.append(f"{tag} in {above[-1]}")
        if tag == "LI" and above[-1] != "L":
            found.faults.append(f"{tag} in {above[-1]}")
    if found.headings[:1] != ["H1"] or found.headings.count("H1") != 1:
        found.faults.append(f"headings {found.headings}")
    found.faults += list(_unmarked(reader))
    return found


def _elements(of: Any, above: tuple[str, ...]) -> Iterator[tuple[Any, tuple[str, ...]]]:
    """Elements below one, with the tags of all above them."""
    children = of.get("/K", [])
    for child in children if isinstance(children, list) else [children]:
        child = child.get_object()
        if isinstance(child, dict) and "/S" in child:
            yield child, above
            yield from _elements(child, (*above, str(child["/S"])[1:]))


def _unmarked(reader: pypdf.PdfReader) -> Iterator[str]:
    """What is shown outside of all marked content: it is neither in the tree nor said to be decoration."""
    for number, page in enumerate(reader.pages, 1):
        depth = 0
        for _, operator in pypdf.generic.ContentStream(page.get_contents(), reader).operations:
            depth += {b"BDC": 1, b"BMC": 1, b"EMC": -1}.get(operator, 0)
            if operator in (b"Tj", b"TJ", b"f", b"f*", b"S", b"B", b"Do") and depth == 0:
                yield f"page {number}: {operator.decode()} outside of marked content"
                return
        if page.get("/StructParents") is None:
            yield f"page {number} is not in the structure tree"
