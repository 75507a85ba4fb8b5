"""What is put on the table when nobody has said: an estate, its boundary and its extract, chosen on a page.

Whatever the page sends is read as what strangers send. Nothing is asked of anybody else before a clear yes.
"""

from __future__ import annotations

import ctypes
import hashlib
import json
import logging
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from shapely.geometry import mapping

from spatial.analysis.inputs import InputFiles, Inputs, Options
from spatial.core.errors import InputError, SpatialError
from spatial.core.languages import carried
from spatial.core.model import WALK_LIMIT_M, Estate
from spatial.osm.extract import LIVE, find_extract
from spatial.sources import boundaries, catalogue, estates
from spatial.studio import opening
from spatial.studio.kept import Kept
from spatial.studio.looking import Table
from spatial.studio.session import Session
from spatial.studio.strokes import drawn_shape, rounded
from spatial.studio.things import to_degrees, transformer_of

log = logging.getLogger(__name__)
MOST_LETTERS, MOST_CORNERS, MOST_LAYERS = 500, 5000, 40
# What a map file may be called that is dropped on the page; one file holds it all.
ENDINGS = (".geojson", ".json", ".gpkg", ".kml", ".gml", ".fgb", ".zip")
EXTRACTS = (".osm.pbf", ".pbf", ".osm", ".osm.gz", ".osm.bz2")
# Layers that an estate may be read with; models, timetables and files are named on the command line.
ASKED = ("sql", "wfs", "arcgis", "geojson", "ogcapi", "ckan")
# What was raised so long ago and is not there was swallowed.
SWALLOWED_S = 1.0
AREAS, BEFORE = ("Polygon", "MultiPolygon"), ".json"


@dataclass(frozen=True)
class Wish:
    """An estate that somebody wants on the table.

    ``boundary`` is a GeoJSON polygon in longitude and latitude, ``osm`` the path of an extract or ``"overpass"``,
    ``area`` an id of the registry; ``agreed``: others may be asked.
    """

    name: str
    boundary: Mapping[str, Any]
    osm: str
    area: str | None = None
    layers: tuple[str, ...] = ()
    agreed: bool = False


@dataclass(frozen=True)
class Setup:
    """What the command line said for whatever is opened: see the options of ``faellesrum studio``."""

    lang: str
    demo: tuple[Path, Path]
    area: str | None = None
    osm: str | None = None
    layers: tuple[str, ...] = ()
    files: Mapping[str, Any] = field(default_factory=dict)
    rubric: Path | None = None
    plain_unknowns: bool = False
    tags: Path | None = None
    kept: Path | None = None
    margin_m: float = 250.0
    reach_m: float = WALK_LIMIT_M


def wish_of(data: Mapping[str, Any]) -> Wish:
    """Read what the page wishes.

    Raises
    ------
    InputError
        If a part of it is none: which, what was found and what was needed.
    """
    area, layers = data.get("area"), data.get("layers", [])
    if not isinstance(layers, list) or len(layers) > MOST_LAYERS or not set(map(str, layers)) <= set(askable()):
        raise InputError("studio.part", part="layers", found=str(layers)[:40], needed=", ".join(askable()))
    wish = Wish(
        _text(data, "name"),
        mapping(drawn_shape(data.get("boundary"), AREAS, MOST_CORNERS)),
        _text(data, "osm"),
        None if area is None else estates.find_area(_text(data, "area")).id,
        tuple(sorted(set(map(str, layers)))),
        data.get("agreed") is True,
    )
    if (wish.osm == LIVE or wish.layers) and not wish.agreed:
        raise InputError("studio.not_agreed")
    if wish.osm != LIVE:
        check_extract(wish.osm)
    return wish


def check_extract(osm: str) -> Path:
    """The extract of this path.

    Raises
    ------
    InputError
        If it is no extract on this machine.
    """
    path = Path(osm).expanduser()
    if not path.name.endswith(EXTRACTS) or not path.is_file():
        raise InputError("studio.no_extract", path=osm, needed=", ".join(EXTRACTS))
    return path


def askable() -> dict[str, catalogue.Source]:
    """Layers of the catalogue that can be ticked, by id."""
    return {name: one for name, one in catalogue.load().items() if one.protocol in ASKED}


def areas_of_file(name: str, content: bytes) -> list[dict[str, Any]]:
    """The areas of a map file that was dropped: name and boundary in longitude and latitude.

    Raises
    ------
    SpatialError
        If it is no map file, or none of its areas can be used.
    """
    ending = next((one for one in ENDINGS if name.lower().endswith(one)), None)
    if ending is None:
        raise InputError("studio.no_boundary", found=name[-40:], needed=", ".join(ENDINGS))
    with TemporaryDirectory() as folder:
        path = Path(folder) / f"boundary{ending}"
        path.write_bytes(content)
        try:
            found = boundaries.read_areas(path)
        except SpatialError as error:
            raise _named(error, path, name) from error
    used = [(called, one) for called, one in found if isinstance(one, Estate)]
    if not used:
        raise next(_named(one, path, name) for _, one in found if isinstance(one, SpatialError))
    stem = Path(name).name[: -len(ending)]
    return [{"name": called.replace("boundary", stem, 1), "boundary": in_degrees(one)} for called, one in used]


@dataclass(frozen=True)
class _Renamed:
    """What is wrong with a file, by the name under which it was dropped."""

    error: SpatialError
    path: Path
    name: str

    def said(self, lang: str) -> str:
        """Say it in ``"da"`` or ``"en"``."""
        return self.error.said(lang).replace(str(self.path), Path(self.name).name)


def _named(error: SpatialError, path: Path, name: str) -> InputError:
    return InputError("studio.pencil", faults=_Renamed(error, path, name))


def estate_of(wish: Wish, setup: Setup) -> Estate:
    """The estate of a wish; its boundary is kept as a file, which a run takes as well."""
    text = json.dumps({"type": "Feature", "properties": {"name": wish.name}, "geometry": wish.boundary}, sort_keys=True)
    digest = hashlib.sha256(text.encode()).hexdigest()[: opening.LETTERS]
    path = opening.folder() / "boundaries" / f"{digest}.geojson"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return estates.read_estate(wish.area, boundary=path, margin_m=setup.margin_m, reach_m=setup.reach_m)


class CancelledError(BaseException):
    """Nobody wants this estate any more. No ``Exception``: what guards against those on the way lets it through."""


class Opening:
    """An estate on its way to the table, in a thread of its own, once the one before it has ended."""

    # One that waits for a server of others hears only when that answers: so long it is waited for.
    PATIENCE_S = 3.0

    def __init__(self, wish: Wish, setup: Setup, after: Opening | None = None) -> None:
        self.stages: list[str] = []
        self.failed: SpatialError | None = None
        self.session: Session | None = None
        self._wish, self._setup, self._after, self._unwanted = wish, setup, after, threading.Event()
        # Nothing is raised while it is held; when it was raised.
        self._calm = threading.RLock()
        self._raised: float | None = None
        self._thread = threading.Thread(target=self._work, name="opening", daemon=True)
        self._thread.start()

    @property
    def running(self) -> bool:
        """Whether it is on its way."""
        return not self.unwanted and self.failed is None and self.session is None

    @property
    def unwanted(self) -> bool:
        """Whether it was given up."""
        return self._unwanted.is_set()

    def cancel(self) -> None:
        """Give it up; what is being done ends as soon as Python takes its next step there."""
        self._unwanted.set()
        with self._calm:
            if self.session is not None:
                self.session.close()
            elif self._thread.is_alive() and self._raised is None:
                self._raised = time.monotonic()
                raised_in(self._thread, CancelledError)

    def tell(self, stage: str) -> None:
        """Note that a stage begins."""
        self._check()
        self.stages.append(stage)

    def _check(self) -> None:
        """End what is not wanted, if that is not on its way already; what C calls back may have swallowed it."""
        with self._calm:
            if self.unwanted and (self._raised is None or time.monotonic() - self._raised > SWALLOWED_S):
                self._raised = time.monotonic()
                raise CancelledError

    def _work(self) -> None:
        try:
            self._open()
        except CancelledError:
            return
        except SpatialError as error:
            self.failed = error
        except Exception:  # whatever goes wrong, the page is there for another try
            log.exception("opening")
            self.failed = InputError("studio.unforeseen")

    def _open(self) -> None:
        wish, setup = self._wish, self._setup
        self.tell("start")
        if self._after is not None:
            self._after._thread.join(self.PATIENCE_S)
            self._after = None
        estate = estate_of(wish, setup)
        osm = find_extract(wish.osm if wish.osm == LIVE else check_extract(wish.osm), estate, tell=self.tell)
        layers = (*setup.layers, *wish.layers)
        inputs = Inputs.read(estate, InputFiles(osm, layers=layers, **setup.files), self.tell)
        name = opening.name_of(inputs)
        kept = None
        try:
            with self._calm:  # a file that is half open would stay so
                self._check()
                kept = Kept(setup.kept or opening.place_for(name), name)
            session = opening.session_of(inputs, kept, self._lay)
            self.tell("scores")
            with self._calm:
                self._check()  # given up by now, nobody would close it
                remember(name, wish)
                self.session = session
        except BaseException:
            if kept is not None:
                kept.close()
            raise

    def _lay(self, inputs: Inputs) -> Table:
        setup = self._setup
        how = Options(setup.rubric, plain_unknowns=setup.plain_unknowns, tags=setup.tags)
        return Table(inputs, how, self.tell, languages=carried(setup.lang))


def raised_in(thread: threading.Thread, error: type[BaseException]) -> None:
    """Raise an error in a thread, before the next step that Python takes in it."""
    ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread.ident or 0), ctypes.py_object(error))


def remember(name: str, wish: Wish) -> None:
    """Note what was opened, to be found again."""
    said = {"opened": datetime.now(UTC).isoformat(timespec="seconds"), "wish": asdict(wish)}
    opening.place_for(name).with_suffix(BEFORE).write_text(json.dumps(said), encoding="utf-8")


def before() -> Iterator[tuple[str, str, Wish]]:
    """What was opened before, the last first: a key, the moment, and the wish. What cannot be read is left out."""
    found = []
    for path in opening.folder().glob(f"*{BEFORE}"):
        try:
            said = json.loads(path.read_text(encoding="utf-8"))
            found.append((str(said["opened"]), path.stem, wish_of(said["wish"])))
        except (OSError, ValueError, TypeError, KeyError, SpatialError):
            continue
    yield from ((key, opened, wish) for opened, key, wish in sorted(found, key=lambda one: one[:2], reverse=True))


def demo_wish(setup: Setup) -> Wish:
    """The bundled estate."""
    boundary, osm = setup.demo
    estate = boundaries.estate(boundary)
    return Wish(estate.name, in_degrees(estate), str(osm))


def extracts(setup: Setup, known: Sequence[Wish]) -> list[str]:
    """Extracts that may be meant: the one named, those used before, and those that lie here."""
    here = sorted(str(path) for path in Path.cwd().glob("*.osm.pbf"))
    named = [*([setup.osm] if setup.osm not in (None, LIVE) else []), *(wish.osm for wish in known), *here]
    return [one for one in dict.fromkeys(map(str, named)) if one != LIVE]


def in_degrees(estate: Estate) -> dict[str, Any]:
    """The boundary of an estate as GeoJSON in longitude and latitude."""
    found: dict[str, Any] = mapping(rounded(to_degrees(estate.boundary, transformer_of(estate))))
    return found


def _text(data: Mapping[str, Any], part: str) -> str:
    found = data.get(part)
    if not isinstance(found, str) or not 0 < len(found.strip()) <= MOST_LETTERS or not found.isprintable():
        raise InputError("studio.part", part=part, found=str(found)[:40], needed=f"1–{MOST_LETTERS}")
    return found.strip()
