"""Numbers and names as a report says them, rounded to what they are worth."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import cached_property
from typing import Any

from spatial.model import Result
from spatial.render.naming import in_order, nearest_street, space_name
from spatial.strings import texts

ABOUT_FROM, ABOUT_STEP = 100, 10  # dwellings follow from floor area: beyond a hundred, tens are enough
SHORT_M, METRES_STEP = 20, 10
ONE = 0.05  # this near to one is one
NAME_MOST = 80  # letters of a name; longer ones are no names


class Words:
    """The words of one language, with the numbers put in."""

    def __init__(self, lang: str) -> None:
        self.lang = lang
        self.report = texts(lang, "report")
        self.shared = texts(lang)

    def say(self, key: str, **values: Any) -> str:
        """Return the text of the report under a key such as ``"answer.count"``, filled in."""
        found: Any = self.report
        for part in key.split("."):
            found = found[part]
        return str(found).format(**values) if values else str(found)

    def number(self, value: float, decimals: int = 0) -> str:
        """Return a number as the language writes it."""
        if not math.isfinite(value):
            return "–"
        form = self.shared["format"]
        text = f"{value:,.{decimals}f}"
        return text.translate(str.maketrans({",": form["thousands"], ".": form["decimal"]})).replace("-", "−")

    def hundred(self, share: float) -> str:
        """Return a score or share in [0, 1] as a whole number up to 100."""
        return self.number(share * 100)

    def percent(self, share: float) -> str:
        """Return a share in [0, 1] as whole percent."""
        return str(self.shared["format"]["percent"]).format(self.hundred(share))

    def spread(self, low: float, high: float) -> str:
        """Return an interval of scores or shares, such as "65–86"."""
        return f"{self.hundred(low)}–{self.hundred(high)}" if self._differ(low, high) else self.hundred(low)

    def _differ(self, low: float, high: float) -> bool:
        return self.hundred(low) != self.hundred(high)

    def quoted(self, text: str) -> str:
        """Return a text in the marks of the language."""
        return self.say("format.quote").format(text)

    def homes(self, count: float) -> str:
        """Return a number of dwellings."""
        return self.number(round(count / ABOUT_STEP) * ABOUT_STEP if count >= ABOUT_FROM else count)

    def join(self, items: Sequence[str]) -> str:
        """Join items to "a, b and c"."""
        if len(items) < 2:
            return "".join(items)
        return f"{', '.join(items[:-1])} {self.shared['format']['and']} {items[-1]}"

    def listed(self, items: Sequence[str]) -> str:
        """Join phrases that begin with a capital to "One; another"."""
        return "; ".join([*items[:1], *(item[:1].lower() + item[1:] for item in items[1:])])

    def date(self, iso: Any) -> str:
        """Return a date such as "9. februar 2016"."""
        try:
            day = datetime.fromisoformat(str(iso))
        except ValueError:
            return str(iso) if iso else self.say("head.unknown_date")
        head = self.report["head"]
        return str(head["date"]).format(day=day.day, month=head["months"][day.month - 1], year=day.year)

    def title(self, indicator: str) -> str:
        """Return the title of an indicator."""
        return str(self.shared["indicator"][indicator]["title"])

    def measured(self, indicator: str, value: float) -> str:
        """Return a measured value with its unit in words, as on the map."""
        about = self.shared["indicator"][indicator]
        text = self._forms[about["form"]](value)
        unit = about.get("unit_one") if abs(value - 1) < ONE else about.get("unit")
        return str(unit).replace("{}", text) if unit else text

    def changed(self, indicator: str, values: Sequence[float], *, unit: bool) -> str:
        """Return what was measured, a value or two bounds, to stand beside another: the unit with one of them."""
        about = self.shared["indicator"][indicator]
        shown = dict.fromkeys(self._forms[about["form"]](value) for value in values)
        first, *last = shown
        percent = str(self.shared["format"]["percent"]).format("")
        whole = self.measured(indicator, values[-1]).removeprefix(self.say("format.like"))
        text = whole if unit else [first, *last][-1].removesuffix(percent)
        return f"{first.removesuffix(percent)}–{text}" if last else text

    @cached_property
    def _forms(self) -> Mapping[str, Callable[[float], str]]:
        answer = self.shared["answer"]
        return {
            "percent": self.percent,
            "metres": lambda v: f"{self.number(v if v < SHORT_M else round(v / METRES_STEP) * METRES_STEP)} m",
            "count": lambda v: self.homes(v) if v >= ABOUT_FROM else self.number(v, int(bool(round(v, 1) % 1))),
            "ratio": lambda v: self.number(v, int(bool(round(v, 1) % 1))),
            "number": lambda v: self.number(v, int(v < 10 and bool(round(v, 1) % 1))),
            "yesno": lambda v: answer["yes" if v > 0.99 else "partly" if v > 0.01 else "no"],
        }


def shortened(name: str, most: int = NAME_MOST) -> str:
    """Return a name, or as much of its beginning as one reads, and "…".

    Examples
    --------
    >>> shortened("Legeplads ved Ringvejen", 12)
    'Legeplads…'
    """
    if len(name) <= most:
        return name
    cut = name[:most]
    return f"{cut.rpartition(' ')[0] or cut}…"


class Named:
    """Numbers and names of the meeting spaces of a result, as on its map and its sheet."""

    def __init__(self, result: Result, words: Words) -> None:
        spaces = result.meeting_spaces
        streets = nearest_street(spaces, result.layers.get("paths"))
        records = spaces.drop(columns="geometry").to_dict("records")
        self._words = words
        self.order = in_order(spaces)
        self.ids = [str(spaces.index[i]) for i in self.order]
        self.number = {identity: k for k, identity in enumerate(self.ids, 1)}
        self.name = {
            str(identity): shortened(space_name(record, street, words.lang))
            for identity, record, street in zip(spaces.index, records, streets, strict=True)
        }
        self._given = {str(i) for i, name in spaces["name"].items() if isinstance(name, str) and name}

    def inline(self, identity: str) -> str:
        """Return a name as it stands in a sentence."""
        name = self.name[identity]
        return name if identity in self._given else name[:1].lower() + name[1:]

    def both(self, identity: str) -> str:
        """Return name and number: "legeplads ved Ringvejen (nr. 3)"."""
        return self._words.say("place.named", number=self.number[identity], name=self.inline(identity))
