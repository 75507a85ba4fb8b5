"""Holds a payload against the types that the scripts of the page give it, in payload.js."""

import json
import re
from functools import cache
from importlib.resources import files

TOKEN = re.compile(r'"[^"]*"|\w+|[][|(){}<>,:]')
TAG = re.compile(r"@(typedef|property) \{(.+?)\} (\[?)(\w+)")
PLAIN = {"string": str, "number": (int, float), "boolean": bool, "null": type(None)}


def faults(data):
    """Where a payload is not what payload.js says, as ``path: value``; an empty list if it is."""
    return list(_faults(json.loads(json.dumps(data)), ("name", "Payload"), "payload", types()))


@cache
def types():
    """The typedefs of payload.js by name."""
    return parse((files("spatial.maps.web") / "scripts" / "payload.js").read_text(encoding="utf-8"))


def parse(text):
    """Typedefs by name: ``("object", {property: (optional, type)})``, or any other type."""
    named, current = {}, None
    for tag, kind, bracket, name in TAG.findall(text):
        if tag == "property":
            named[current][1][name] = (bool(bracket), _Reader(kind).union())
        else:
            current = name
            named[name] = ("object", {}) if kind == "object" else _Reader(kind).union()
    return named


class _Reader:
    """The part of the language of types that payload.js is written in."""

    def __init__(self, text):
        self.tokens = TOKEN.findall(text)

    def take(self, *expected):
        token = self.tokens.pop(0)
        assert not expected or token in expected, (token, expected)
        return token

    def union(self):
        options = [self.array()]
        while self.tokens and self.tokens[0] == "|":
            self.take("|")
            options.append(self.array())
        return options[0] if len(options) == 1 else ("union", options)

    def array(self):
        kind = self.single()
        while self.tokens[:2] == ["[", "]"]:
            del self.tokens[:2]
            kind = ("array", kind)
        return kind

    def single(self):
        token = self.take()
        if token == "(":
            inner = self.union()
            self.take(")")
            return inner
        if token == "[":
            items = [self.union()]
            while self.take(",", "]") == ",":
                items.append(self.union())
            return ("tuple", items)
        if token == "{":  # { [key: string]: T }
            for expected in ("[", "key", ":", "string", "]", ":"):
                self.take(expected)
            inner = self.union()
            self.take("}")
            return ("record", inner)
        if token == "Record":
            for expected in ("<", "string", ","):
                self.take(expected)
            inner = self.union()
            self.take(">")
            return ("record", inner)
        return ("literal", token.strip('"')) if token.startswith('"') else ("name", token)


def _faults(value, kind, where, named):
    what, detail = kind
    if what == "name" and detail in PLAIN:
        fits = isinstance(value, PLAIN[detail]) and (detail == "boolean" or not isinstance(value, bool))
        yield from [] if fits else [f"{where}: {value!r:.40} is no {detail}"]
    elif what == "name":
        yield from _faults(value, named[detail], where, named)
    elif what == "literal":
        yield from [] if value == detail else [f"{where}: {value!r:.40} is not {detail}"]
    elif what == "union":
        if all(any(True for _ in _faults(value, option, where, named)) for option in detail):
            nested = [option for option in detail if option != ("name", "null")]
            yield from _faults(value, nested[0], where, named) if len(nested) == 1 else [f"{where}: {value!r:.40}"]
    elif not isinstance(value, dict if what in ("record", "object") else list):
        yield f"{where}: {value!r:.40} is no {what}"
    elif what == "record":
        for key, item in value.items():
            yield from _faults(item, detail, f"{where}.{key}", named)
    elif what == "object":
        yield from (f"{where}.{key}: not in payload.js" for key in value.keys() - detail)
        for key, (optional, item) in detail.items():
            if key in value:
                yield from _faults(value[key], item, f"{where}.{key}", named)
            elif not optional:
                yield f"{where}.{key}: missing"
    else:
        kinds = detail if what == "tuple" else [detail] * len(value)
        yield from [f"{where}: {len(value)} items"] if len(kinds) != len(value) else []
        for i, (item, each) in enumerate(zip(value, kinds, strict=False)):
            yield from _faults(item, each, f"{where}[{i}]", named)
