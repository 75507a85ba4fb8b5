"""The survey forms as XLSForm: what KoboToolbox, ODK and Enketo read, in Danish and English.

They ask for numbers and for facts about places. There is no field for a name, a text, a picture or
a position, and no meta question for device or user.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from spatial.core.languages import FALLBACK, LANGUAGES, texts

if TYPE_CHECKING:
    from openpyxl import Workbook

    from spatial.fieldkit.forms import Form


LABELS = {code: f"{texts(code)['map']['language']} ({code})" for code in LANGUAGES}
POSTURES = ("posture_standing", "posture_sitting_formal", "posture_sitting_informal", "posture_lying")
AGES = ("age_0_14", "age_15_24", "age_25_64", "age_65_plus")
MODES = ("mode_pedestrian", "mode_bicyclist")
DOINGS = ("activity_conversing", "activity_consuming", "activity_recreation_active", "activity_cultural")
GROUPS = ("group_1", "group_2", "group_3_7", "group_8_plus")
WEATHER = ("sun", "clouds", "rain", "snow")
TALKING = ("activity_conversing", "chance_encounters")
OBSERVERS = tuple("ABCDEFGH")
# What XML cannot hold, whatever it is escaped as: https://www.w3.org/TR/xml/#charsets
NO_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
MOST = 2000  # people in one count
SURVEY = ("type", "name", *(f"label::{LABELS[lang]}" for lang in LANGUAGES), "required", "relevant", "constraint",
          *(f"constraint_message::{LABELS[lang]}" for lang in LANGUAGES), "default", "appearance")  # fmt: skip
CHOICES = ("list_name", "name", *(f"label::{LABELS[lang]}" for lang in LANGUAGES))


def counts(stops: Sequence[Mapping[str, Any]], path: Path, *, title: str, version: str, lang: str) -> None:
    """Write the form for counting people at the stops.

    Parameters
    ----------
    stops
        ``id`` and, by language, ``name`` of each meeting space, in the order of the round.
    """
    many = f". >= 0 and . <= {MOST}"
    rows = [
        _question("select_one observer", "observer_code", "observer", required=True, appearance="minimal"),
        _question("select_one space", "location_id", "where", required=True, appearance="minimal"),
        _question("select_one kind", "kind", "kind", required=True),
        _question("dateTime", "survey_time_start", "start", required=True, default="now()"),
        _question("integer", "row_total", "total", required=True, limit=(many, "number")),
    ]
    rows += [*_categories(), *_together(many), *_at_last()]
    say = {code: texts(code)["fieldkit"]["form"] for code in LANGUAGES}
    choices = [
        *({"list_name": "space", "name": stop["id"]} | _labels(stop["name"]) for stop in stops),
        *_choices("kind", ("staying", "moving"), say),
        *_choices("yes_no", ("no", "yes"), say),
        *_choices("weather", WEATHER, say),
        *({"list_name": "observer", "name": code} | _labels(dict.fromkeys(LANGUAGES, code)) for code in OBSERVERS),
    ]
    _save(rows, choices, path, title=title, identity="faellesrum_counts", version=version, lang=lang)


def _categories() -> list[dict[str, str]]:
    """Questions of how many are standing, of an age, on a bicycle: no more in a group than there are people."""
    rows = []
    shown = (("posture", POSTURES, "staying"), ("age", AGES, None), ("mode", MODES, "moving"))
    for group, names, kind in shown:
        relevant = "${row_total} > 0" + (f" and ${{kind}} = '{kind}'" if kind else "")
        rows.append(_question("begin_group", group, group, relevant=relevant))
        for i, name in enumerate(names):
            sum_so_far = " + ".join([".", *(f"coalesce(${{{other}}}, 0)" for other in names[:i])])
            limit = f". >= 0 and {sum_so_far} <= ${{row_total}}"
            rows.append(_question("integer", name, name, limit=(limit, "sum")))
        rows.append({"type": "end_group"})
    return rows


def _together(many: str) -> list[dict[str, str]]:
    """Questions of who is together: people talking and meeting by chance, and groups by their size."""
    rows = [_question("begin_group", "together", "together", relevant="${row_total} > 0 and ${kind} = 'staying'")]
    for name in TALKING:
        rows.append(_question("integer", name, name, limit=(". >= 0 and . <= ${row_total}", "sum")))
    rows += [_question("integer", name, name, limit=(many, "number")) for name in GROUPS]
    return [*rows, {"type": "end_group"}]


def _at_last() -> list[dict[str, str]]:
    """What is asked when all are counted: an arranged event, when it ended, and the weather."""
    return [
        _question("select_one yes_no", "organised", "organised", required=True, relevant="${kind} = 'staying'"),
        _question("dateTime", "survey_time_stop", "stop", required=True, default="now()",
                  relevant="${kind} = 'moving'", limit=(". > ${survey_time_start}", "stop")),
        _question("select_one weather", "weather", "weather"),
        _question("select_one yes_no", "in_sun", "sun"),
        _question("integer", "temperature_c", "temperature", limit=(". >= -30 and . <= 45", "temperature")),
    ]  # fmt: skip


def checks(
    asked: Sequence[Mapping[str, Any]], answers: Mapping[str, Any], path: Path, *, title: str, version: str, lang: str
) -> None:
    """Write the form for checking facts at the stops.

    Parameters
    ----------
    asked
        ``id`` (``object#fact``), ``fact`` and, by language, ``name`` of each check.
    answers
        By fact, the tag's key and the values that may be answered.
    """
    facts = sorted({check["fact"] for check in asked})
    rows = [
        _question("date", "checked_on", "checked_on", required=True, default="today()"),
        _question("select_one check", "check", "check", required=True, appearance="minimal"),
    ]
    choices = [{"list_name": "check", "name": check["id"]} | _labels(check["name"]) for check in asked]
    for fact in facts:
        label = {lang_: texts(lang_)["fact"][fact]["question"] for lang_ in LANGUAGES}
        shown = " or ".join(f"${{check}} = '{check['id']}'" for check in asked if check["fact"] == fact)
        question = {"type": f"select_one {fact}", "name": f"answer_{fact}", "required": "yes", "relevant": shown}
        rows.append(question | _labels(label))
        for value in answers[fact]["values"]:
            label = {code: _answer(value, code) for code in LANGUAGES}
            choices.append({"list_name": fact, "name": value} | _labels(label))
    _save(rows, choices, path, title=title, identity="faellesrum_checks", version=version, lang=lang)


def _answer(value: str, lang: str) -> str:
    """An answer in words: one of those of the forms, or a kind of place."""
    words = texts(lang)
    found: str = words["fieldkit"]["form"]["answer"].get(value) or words["kind"][value]["title"]
    return found


def choices(form: Form, path: Path, *, title: str, version: str, lang: str) -> None:
    """Write a form of choices."""
    say = {code: texts(code)["fieldkit"]["answers"]["unlike"] for code in LANGUAGES}
    rows: list[dict[str, str]] = []
    options: list[dict[str, str]] = []
    for field in form.fields:
        unlike = {"constraint": f". != ${{{field.unlike}}}"} if field.unlike else {}
        message = {f"constraint_message::{LABELS[code]}": say[code] for code in LANGUAGES} if field.unlike else {}
        row = {"type": f"select_one {field.name}_", "name": field.name, "required": "yes"}
        rows.append(row | unlike | message | _labels(field.label))
        options += [{"list_name": f"{field.name}_", "name": name} | _labels(text) for name, text in field.options]
    _save(rows, options, path, title=title, identity=f"faellesrum_{form.name}", version=version, lang=lang)


def _labels(by_language: Mapping[str, str]) -> dict[str, str]:
    return {f"label::{LABELS[lang]}": by_language[lang] for lang in LANGUAGES}


def _choices(name: str, values: Sequence[str], say: Mapping[str, Mapping[str, Any]]) -> list[dict[str, str]]:
    return [
        {"list_name": name, "name": value} | _labels({lang: say[lang]["answer"][value] for lang in LANGUAGES})
        for value in values
    ]


def _question(
    kind: str, name: str, text: str, *, required: bool = False, relevant: str = "",
    limit: tuple[str, str] = ("", ""), default: str = "", appearance: str = "",
) -> dict[str, str]:  # fmt: skip
    """One row of the sheet ``survey``; ``limit`` is its constraint, and the key of what breaking it says."""
    constraint, message = limit
    row = {"type": kind, "name": name, "required": "yes" if required else "", "relevant": relevant,
           "constraint": constraint, "default": default, "appearance": appearance}  # fmt: skip
    for lang in LANGUAGES:
        say = texts(lang)["fieldkit"]["form"]
        row[f"label::{LABELS[lang]}"] = say["question"][text]
        row[f"constraint_message::{LABELS[lang]}"] = say["message"][message] if message else ""
    return row


def _save(
    rows: Sequence[Mapping[str, str]], choices: Sequence[Mapping[str, str]], path: Path, *,
    title: str, identity: str, version: str, lang: str,
) -> None:  # fmt: skip
    from openpyxl import Workbook

    book = Workbook()
    book.remove(book.active)
    _sheet(book, "survey", SURVEY, rows)
    _sheet(book, "choices", CHOICES, choices)
    settings = {
        "form_title": title,
        "form_id": identity,
        "version": version,
        "default_language": LABELS.get(lang, LABELS[FALLBACK]),
    }
    _sheet(book, "settings", tuple(settings), [settings])
    book.save(path)


def _sheet(book: Workbook, name: str, columns: Sequence[str], rows: Sequence[Mapping[str, str]]) -> None:
    sheet = book.create_sheet(name)
    sheet.append(list(columns))
    for row in rows:  # control signs, which XML does not have, become the sign for a sign that is lost
        sheet.append([NO_XML.sub("\ufffd", row.get(column, "")) or None for column in columns])
    for row in sheet.iter_rows():  # a name that begins with = is a name, not a formula
        for cell in row:
            if isinstance(cell.value, str):
                cell.data_type = "s"
