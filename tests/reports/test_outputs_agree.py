"""Every name, number and first sentence of a run, read back from each file that it writes: all say the same."""

import contextlib
import csv
import io
import json
import re
import socket
import sqlite3
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

import openpyxl
import PIL.Image
import pyarrow.parquet
import pyogrio
import pypdf
import pytest

import spatial
from spatial.core.languages import texts
from spatial.reports import office
from tests.amount import long
from tests.command import call
from tests.maps import fixtures
from tests.maps.reading import Page

PROJECT = Path(__file__).parents[2]
COMMAND = Path(sys.executable).with_name("faellesrum")
RESIDENTS = ("map.html", "report.html", "scores.csv", "places.xlsx", "places-excel.csv", "board.docx", "board.pptx")
POINTS = ("score", "low", "high")
SPREAD = re.compile(r"(\d+) \((\d+)(?:–(\d+))?\)")


@pytest.fixture(scope="module", params=["da", long("en")])
def run(request, demo_result, tmp_path_factory):
    """A folder that a run has written, and its language."""
    folder = tmp_path_factory.mktemp("agree") / "run"
    spatial.save(demo_result, folder, lang=request.param, pdf=True)
    office.write_office(spatial.load(folder), folder, ("excel-csv", "pptx", "docx"))
    return folder, request.param


@pytest.fixture(scope="module")
def planned(tmp_path_factory):
    """A run with the invented plan and its phases, with the sheet for the meeting and the field kit."""
    out = tmp_path_factory.mktemp("planned") / "run"
    plan = str(PROJECT / "data" / "invented_plan.geojson")
    for command in (
        ["demo", "--plan", plan, "--phases", "--pdf", "--out", str(out)],
        ["report", str(out), "--sheet", "--pdf"],
        ["fieldkit", str(out)],
    ):
        assert call(*command).code == 0, command
    return out


@pytest.fixture(scope="module")
def told(run):
    """What ``scores.csv`` says of each meeting space: id → name, number, points, and their bounds."""
    with (run[0] / "scores.csv").open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["kind"] == "meeting_space"]
    assert len(rows) > 10
    return {
        row["place_id"]: (
            row["name"],
            int(float(row["rank"])) if row["rank"] else None,
            *(round(float(row[f"floating{end}"]) * 100) for end in ("", "_low", "_high")),
        )
        for row in rows
    }


@pytest.fixture(scope="module")
def sentences(run):
    """The first sentences, as the workbook has them."""
    folder, lang = run
    sheet = openpyxl.load_workbook(folder / "places.xlsx")[texts(lang)["workbook"]["about"]]
    found = [cell.value for cell in sheet["A"]][2:6]
    assert len(found) == 4 and "Reitbahnviertel" in found[0]
    return found


def test_what_is_closed_stands_in_no_order_and_has_no_more_than_its_condition_leaves(run):
    with (run[0] / "scores.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    aside = [row for row in rows if row["status"] in ("closed", "seat", "possible")]
    assert {row["status"] for row in aside} >= {"closed", "possible"}
    for row in aside:
        assert {row[name] for name in ("rank", "tier", "top10_share", "rank_p05", "rank_p95")} == {""}
    assert all(float(row["floating"]) <= 0.3 for row in aside if row["status"] == "closed")


def judged(told):
    """What tables for people say: of what is not open to everybody, or no meeting space, no points."""
    return {i: entry if entry[1] is not None else (*entry[:2], None, None, None) for i, entry in told.items()}


def ranked(told):
    return sorted((entry for entry in told.values() if entry[1] is not None), key=lambda entry: entry[1])


def test_geopackage_and_workbook(run, told):
    folder, lang = run
    table = pyogrio.read_dataframe(folder / "places.gpkg", layer="meeting_spaces", read_geometry=False)
    found = {
        row.space_id: (
            row.name, None if row.rank != row.rank else int(row.rank),
            *(round(value * 100) for value in (row.floating, row.floating_low, row.floating_high)),
        )
        for row in table.itertuples(index=False)
    }  # fmt: skip
    assert found == told
    say = texts(lang)["workbook"]
    head, *rows = openpyxl.load_workbook(folder / "places.xlsx")[say["spaces"]].iter_rows(values_only=True)
    column = {key: head.index(title) for key, title in say["column"].items() if title in head}
    assert {
        row[column["id"]]: (
            row[column["name"]],
            row[column["number"]],
            *(row[column[key]] if row[column[key]] is None else round(row[column[key]]) for key in POINTS),
        )
        for row in rows
    } == judged(told)


def test_csv_for_excel(run, told):
    folder, lang = run
    text = (folder / "places-excel.csv").read_text(encoding="utf-8-sig")
    say = texts(lang)["workbook"]["column"]
    assert {
        row[say["id"]]: (
            row[say["name"]],
            int(row[say["number"]]) if row[say["number"]] else None,
            *(int(row[say[key]]) if row[say[key]] else None for key in POINTS),
        )
        for row in csv.DictReader(io.StringIO(text), delimiter=";" if lang == "da" else ",")
    } == judged(told)


def test_report(run, told, sentences):
    folder, lang = run
    page, say = Page((folder / "report.html").read_text(encoding="utf-8")), texts(lang, "report")
    assert page.items[:3] == [" ".join(sentence.split()) for sentence in sentences[:3]]
    assert sentences[3] in (folder / "report.html").read_text(encoding="utf-8")
    found = []
    for name, spread, *_ in page.tables[say["all"]["caption"]][1:]:
        number, _, rest = name.partition(". ")
        rest = rest.removesuffix(f" ({say['place']['outside']})")
        best, low, high = SPREAD.fullmatch(spread).groups()
        found.append((rest, int(number), int(best), int(low), int(high or low)))
    assert found == ranked(told)


def test_sheet(run, told, sentences):
    folder, _ = run
    pages = pypdf.PdfReader(folder / "sitemap.pdf").pages
    text = " ".join(" ".join(page.extract_text() for page in pages).split())
    assert sentences[0] in text
    at = 0
    for name, _, best, low, high in ranked(told):
        row = f"{name} {best} {low}–{high}"
        assert row in text[at:], row
        at = text.index(row, at)


def rows_on_board(found, told):
    """The table of slide and Word page: number, name, tier, points with their spread."""
    rows = found[1:]
    assert len(rows) == 8
    for (number, name, _, points), expected in zip(rows, ranked(told), strict=False):
        best, low, high = re.findall(r"\d+", points)
        assert (name, int(number), int(best), int(low), int(high)) == expected


def test_slide(run, told, sentences):
    from pptx import Presentation

    (slide,) = Presentation(run[0] / "board.pptx").slides
    said = [shape.text_frame.text for shape in slide.shapes if shape.has_text_frame]
    text = " ".join(" ".join(said).split())
    assert all(" ".join(sentence.split()) in text for sentence in sentences)
    (table,) = [shape.table for shape in slide.shapes if shape.has_table]
    rows_on_board([[cell.text for cell in row.cells] for row in table.rows], told)


def test_word_page(run, told, sentences):
    import docx

    page = docx.Document(run[0] / "board.docx")
    said = [" ".join(paragraph.text.split()) for paragraph in page.paragraphs]
    assert all(" ".join(sentence.split()) in said for sentence in sentences)
    (table,) = page.tables
    rows_on_board([[cell.text for cell in row.cells] for row in table.rows], told)


@pytest.mark.browser
def test_map(run, told, sentences, browser):
    folder, _ = run
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    page.goto((folder / "map.html").as_uri())
    page.wait_for_selector(fixtures.READY)
    assert page.locator("#fr-summary p").all_inner_texts() == sentences[:3]
    assert sentences[3] in page.locator("#fr-meta").inner_text()
    page.evaluate("window.dispatchEvent(new Event('beforeprint'))")
    found = {}
    for item in page.locator(".fr-item").all():
        numbers = item.locator(".fr-number")
        rank = item.locator(".fr-rank").inner_text()
        name = item.locator(".fr-name").evaluate("e => e.firstChild.textContent")
        if not numbers.count():  # what is not open to everybody is named, and not judged
            found[item.get_attribute("data-space")] = name
            continue
        best, low, high = re.findall(r"\d+", numbers.inner_text())
        found[item.get_attribute("data-space")] = (name, int(rank), int(best), int(low), int(high))
    page.close()
    assert found == {i: entry if entry[1] is not None else entry[0] for i, entry in told.items()}


def test_explain_and_what_the_run_says(run, told):
    folder, lang = run
    first = next(i for i, entry in told.items() if entry[1] == 1)
    command = [COMMAND, "explain", str(folder), first, "--lang", lang]
    said = subprocess.run(command, capture_output=True, text=True, cwd=PROJECT, timeout=300)
    if said.returncode or not said.stdout:
        pytest.fail(said.stderr)
    assert said.stdout.splitlines()[0] == f"{told[first][0]} ({first})"


def insides(path):
    """A file as it is, and all that is packed in it: archives, streams of PDF, Parquet, databases with their blobs."""
    yield "", path.read_bytes()
    if path.suffix in (".xlsx", ".docx", ".pptx"):
        with zipfile.ZipFile(path) as pack:
            yield from ((name, pack.read(name)) for name in pack.namelist())
    elif path.suffix == ".pdf":
        yield from streams(pypdf.PdfReader(path))
    elif path.suffix == ".parquet":
        table = pyarrow.parquet.read_table(path)
        yield "table", str(table.schema.metadata).encode() + table.to_pandas().to_csv().encode()
    elif path.suffix == ".gpkg":
        with contextlib.closing(sqlite3.connect(path)) as database:
            tables = [name for (name,) in database.execute("select name from sqlite_master where type = 'table'")]
            for name in tables:
                for row in database.execute(f'select * from "{name}"'):
                    yield name, b"\n".join(cell if isinstance(cell, bytes) else str(cell).encode() for cell in row)
    elif path.suffix == ".png":
        with PIL.Image.open(path) as picture:
            yield "about", str(picture.info).encode()


def streams(reader):
    """Every object of a PDF, its stream unpacked, and the text of its pages."""
    for number in range(1, len(reader.xref_objStm) + sum(map(len, reader.xref.values())) + 1):
        with contextlib.suppress(pypdf.errors.PdfReadError):
            found = reader.get_object(number)
            yield str(number), str(found).encode()
            if hasattr(found, "get_data"):
                yield str(number), found.get_data()
    yield from ((f"page {k}", page.extract_text().encode()) for k, page in enumerate(reader.pages, 1))


def unpaths(named, folder):
    """What in the files below a folder names one of these; the manifest says for who asks later what was read."""
    looked, found = set(), []
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        if path.name == "manifest.json":
            assert json.loads(path.read_text(encoding="utf-8"))
            continue
        looked.add(path.name)
        for part, content in insides(path):
            found += [(path.name, part, each) for each in named if each.encode() in content]
    return looked, found


def of_the_machine(*more):
    """Folders of this machine, its user's home, and its name where that says something."""
    host = socket.gethostname()
    return (
        str(PROJECT),
        str(Path.home()) + "/",
        tempfile.gettempdir() + "/",
        *map(str, more),
        *([host] * (len(host) > 8)),
    )


def test_no_file_that_is_handed_out_names_a_path_of_the_machine(run):
    folder, _ = run
    looked, found = unpaths(of_the_machine(folder), folder)
    assert found == []
    assert set(RESIDENTS) <= looked


def test_nor_does_a_plan_its_phases_or_the_field_kit(planned):
    looked, found = unpaths(of_the_machine(planned), planned)
    assert found == []
    assert {"plan.html", "plan.pdf", "meeting.html", "meeting.pdf", "sheets.pdf", "counts.xlsx", "field.gpkg"} <= looked


def test_paths_would_be_found_wherever_they_are_packed(tmp_path):
    """The search is tried on a workbook, a database and a PDF that do name a path."""
    book, database = openpyxl.Workbook(), sqlite3.connect(tmp_path / "a.gpkg")
    book.active["A1"] = "see /home/somebody/plan.tif"
    book.save(tmp_path / "a.xlsx")
    with contextlib.closing(database):
        database.execute("create table t (one text, two blob)")
        database.execute("insert into t values (null, ?)", (b"\x00/home/somebody/plan.tif\x00",))
        database.commit()
    writer = pypdf.PdfWriter()
    page = writer.add_blank_page(100, 100)
    packed = pypdf.generic.DecodedStreamObject()
    packed.set_data(b"% /home/somebody/plan.tif")
    page[pypdf.generic.NameObject("/Contents")] = writer._add_object(packed.flate_encode())
    writer.write(tmp_path / "a.pdf")
    _, found = unpaths(("/home/somebody/",), tmp_path)
    assert {name for name, *_ in found} == {"a.xlsx", "a.gpkg", "a.pdf"}


# --- a plan, and every row ------------------------------------------------------------------------


def test_every_row_has_a_name_and_no_two_things_share_one(run):
    """In tables and layers; a space of one place is called as that place is."""
    folder, _ = run
    with (folder / "scores.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert all(row["name"] for row in rows)
    spaces = [row["name"] for row in rows if row["kind"] == "meeting_space"]
    assert len(spaces) == len(set(spaces))
    called = {}
    for layer in ("meeting_spaces", "places", "possible_spaces"):
        table = pyogrio.read_dataframe(folder / "places.gpkg", layer=layer, read_geometry=False)
        assert table["name"].notna().all() and (table["name"] != "").all(), layer
        assert table["name"].is_unique, layer
        called[layer] = set(table["name"])
    assert not called["possible_spaces"] & (called["meeting_spaces"] | called["places"])
    with (folder / "field_checks.csv").open(encoding="utf-8", newline="") as file:
        checked = {row["name"] for row in csv.DictReader(file)}
    assert checked and "" not in checked and checked <= set.union(*called.values())


def test_a_plan_is_told_with_the_same_numbers_on_paper_page_and_sheet(planned):
    """The sentences that come first in the report of a plan stand in its PDF and on the sheet for the meeting."""
    whole = Page((planned / "plan.html").read_text(encoding="utf-8"))
    told = [" ".join(item.split()) for item in whole.items[:4]]
    assert len(told) == 4 and all(re.search(r"\d", item) for item in told)
    for name in ("plan.pdf", "meeting.pdf"):
        pages = pypdf.PdfReader(planned / name).pages
        said = squeezed(" ".join(page.extract_text() for page in pages))
        assert [item for item in told if squeezed(item) not in said] == [], name
    sheet = " ".join((planned / "meeting.html").read_text(encoding="utf-8").split())
    assert all(item in sheet for item in told)


def squeezed(text):
    """Without what breaking into lines adds."""
    return re.sub(r"[\s\u00ad\u2060]+", "", text)
