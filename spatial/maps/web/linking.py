"""Joins ES modules into one script, since a page that is opened from a folder may not import any.

Each module keeps a scope of its own; what it exports lies in one namespace, from which the others take what
they import. Comments are left out. Of the language's ways to import and export only those are allowed that
this needs no parser for, and whatever else is refused: ``import { a, b } from "./other.js";`` on one line, and
``export`` before ``function``, ``function*``, ``class`` or a ``const`` of one name.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from graphlib import CycleError, TopologicalSorter
from importlib.resources.abc import Traversable
from typing import NamedTuple

NAMESPACE = "faellesrum"
COMMENT = re.compile(r"^ *//.*\n|/\*\*(?s:.*?)\*/ *", re.MULTILINE)
BLANK_LINE = re.compile(r"^\s*\n", re.MULTILINE)
INDENT = re.compile(r"^ +", re.MULTILINE)  # no string goes on to a next line
IMPORT = re.compile(r'^import \{ (\w+(?:, \w+)*) \} from "\./(\w+\.js)";\n', re.MULTILINE)
EXPORT = re.compile(r"^export (?=(?:function\*?|class|const) (\w+))", re.MULTILINE)
NOT_LINKED = re.compile(r"^\s*(?:import|export)\b.*|\bimport\b *[(.].*|`.*|.*</script.*", re.MULTILINE | re.IGNORECASE)


class Module(NamedTuple):
    """A module without its imports and exports: what it takes from which other, what it gives, and its code."""

    imports: dict[str, list[str]]
    exports: list[str]
    code: str


def parse_module(text: str) -> Module:
    """Take a module apart.

    Raises
    ------
    ValueError
        If it imports or exports in a way that is not allowed, or holds a template string.
    """
    code = INDENT.sub("", BLANK_LINE.sub("", COMMENT.sub("", text)))
    imports = {name: names.split(", ") for names, name in IMPORT.findall(code)}
    exports = EXPORT.findall(code)
    code = EXPORT.sub("", IMPORT.sub("", code))
    refused = NOT_LINKED.search(code)
    if refused:
        raise ValueError(f"cannot be linked: {refused[0].strip()}")
    return Module(imports, exports, code)


def link_modules(folder: Traversable, entries: Iterable[str]) -> str:
    """Join the modules ``entries`` of a folder, and all that they import, into one script.

    Parameters
    ----------
    folder
        Where all of them lie.
    entries
        File names, such as ``map.js``.

    Returns
    -------
    str
        A script with one global name, `NAMESPACE`, that holds what the modules export.

    Raises
    ------
    ValueError
        If a module cannot be linked, imports what is not exported or in a circle, or exports what another does.
    """
    modules = dict(_modules(folder, entries))
    owners: dict[str, str] = {}
    for name, module in modules.items():
        for exported in module.exports:
            if owners.setdefault(exported, name) != name:
                raise ValueError(f"{exported} is exported by {owners[exported]} and by {name}")
        for other, names in module.imports.items():
            missing = set(names) - set(modules[other].exports)
            if missing:
                raise ValueError(f"{name} imports {', '.join(sorted(missing))}, which {other} does not export")
    try:
        order = list(TopologicalSorter({name: module.imports for name, module in modules.items()}).static_order())
    except CycleError as error:
        raise ValueError(f"modules import each other: {', '.join(error.args[1])}") from error
    return "\n".join([f"var {NAMESPACE} = {{}};", *(_scope(modules[name]) for name in order)])


def _modules(folder: Traversable, entries: Iterable[str]) -> Iterator[tuple[str, Module]]:
    """Read the entries and all that they import, each once."""
    waiting, read = list(entries), set[str]()
    while waiting:
        name = waiting.pop(0)
        if name in read:
            continue
        read.add(name)
        try:
            module = parse_module((folder / name).read_text(encoding="utf-8"))
        except ValueError as error:
            raise ValueError(f"{name} {error}") from error
        waiting += module.imports
        yield name, module


def _scope(module: Module) -> str:
    """The code of a module in a scope of its own."""
    imported = [f"const {{ {', '.join(names)} }} = {NAMESPACE};\n" for names in module.imports.values()]
    exported = f"Object.assign({NAMESPACE}, {{ {', '.join(module.exports)} }});\n" if module.exports else ""
    return "".join(['(function () {\n"use strict";\n', *imported, module.code, exported, "})();"])
