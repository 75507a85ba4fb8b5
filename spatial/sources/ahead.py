"""Reading an extract in a second process, while this one makes itself ready."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from spatial.errors import SourceError
from spatial.second import Asked, GoneError, Second
from spatial.sources.osm import Extract

if TYPE_CHECKING:
    from spatial.model import Estate, RawData

LAYERS = ("points", "lines", "areas")


@dataclass(frozen=True)
class Reading:
    """An extract that is being read; ``extract`` says where its file came from."""

    extract: Extract
    asked: Asked[RawData]

    def result(self) -> RawData:
        """Wait for what was read; raise what went wrong, as ``osm_file.read`` does."""
        import shapely

        from spatial.sources import osm_file

        try:
            found = self.asked.result()
        except GoneError as gone:
            raise SourceError("ahead.stopped", path=self.extract.path, code=gone.code) from gone
        raw = _converted(found, shapely.from_wkb)
        osm_file.report(self.extract.path, raw)
        return self.extract.described(raw)


def read(source: Path | Extract, estate: Estate, second: Second) -> Reading:
    """Ask a second process to read an extract around an estate."""
    from spatial.model import Estate as Plain

    extract = source if isinstance(source, Extract) else Extract(source)
    return Reading(extract, second.ask(_packed, extract.path, Plain(**vars(estate))))


def make_ready() -> None:
    """Import what reading needs."""
    import shapely  # noqa: F401

    from spatial.sources import surroundings  # noqa: F401


def _packed(path: Path, estate: Estate) -> RawData:
    """What lies around the estate, with its geometries as WKB, which travels faster."""
    import shapely

    from spatial.sources import surroundings

    return _converted(surroundings.read(path, estate), shapely.to_wkb)


def _converted(raw: RawData, convert: Callable[[Any], Any]) -> RawData:
    """The same data with every geometry converted, between shapely and WKB."""
    import numpy as np

    layers = {name: getattr(raw, name) for name in LAYERS}
    return replace(
        raw,
        **{
            name: replace(layer, geometry=np.asarray(convert(layer.geometry), dtype=object))
            for name, layer in layers.items()
        },
    )
