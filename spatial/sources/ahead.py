"""Reading an extract in a process of its own, while this one makes itself ready.

Reading keeps one core busy and holds the interpreter; so do the imports of the libraries that the
rest of the way needs. Side by side, the second costs nothing. Nothing heavy is imported here
before the process has started.
"""

from __future__ import annotations

import gc
import os
import pickle
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from spatial.errors import SourceError, SpatialError
from spatial.sources.osm import Extract

if TYPE_CHECKING:
    from spatial.model import Estate, RawData

LAYERS = ("points", "lines", "areas")
# An interrupt from the keyboard is for the process that waits, which ends this one.
APART: dict[str, Any] = (
    {"process_group": 0}
    if os.name == "posix"
    else {"creationflags": getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0)}
)


@dataclass(frozen=True)
class Reading:
    """An extract that is being read; ``extract`` says where its file came from."""

    path: Path
    process: subprocess.Popen[bytes]
    extract: Extract | None = None

    def result(self) -> RawData:
        """Wait for what was read; raise what went wrong, as ``osm_file.read`` does."""
        import shapely

        from spatial.sources import osm_file

        answer, _ = self.process.communicate()
        if self.process.returncode:
            raise SourceError("ahead.stopped", path=self.path, code=self.process.returncode)
        found = pickle.loads(answer)
        if isinstance(found, SpatialError):
            raise found
        raw = _converted(found, shapely.from_wkb)
        osm_file.report(self.path, raw)
        return raw if self.extract is None else self.extract.described(raw)


@contextmanager
def reader() -> Iterator[Callable[[Path | Extract, Estate], Reading]]:
    """Start a process that can read one extract; give the function that asks it to.

    The process ends with the context, whatever happens in it.
    """
    process = subprocess.Popen(
        [sys.executable, "-m", "spatial.sources.ahead"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        **APART,
    )

    def ask(source: Path | Extract, estate: Estate) -> Reading:
        from spatial.model import Estate as Plain

        extract = source if isinstance(source, Extract) else Extract(source)
        path = extract.path

        if process.stdin is not None:
            with suppress(BrokenPipeError):  # result() says that the process has ended
                process.stdin.write(pickle.dumps((path, Plain(**vars(estate)))))
                process.stdin.close()
            process.stdin = None
        return Reading(path, process, extract)

    try:
        yield ask
    finally:
        process.kill()
        process.wait()
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                pipe.close()


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


def main() -> None:
    """Answer one request on standard input with the data, or the error, on standard output.

    The process lives for one answer: nothing is collected in between, and it leaves at once.
    """
    gc.disable()
    import shapely

    from spatial.sources import osm_file

    request = sys.stdin.buffer.read()
    if not request:
        return
    path, estate = pickle.loads(request)
    answer: RawData | SpatialError
    try:
        answer = _converted(osm_file.around(path, estate), shapely.to_wkb)
    except SpatialError as error:
        answer = error
    sys.stdout.buffer.write(pickle.dumps(answer, protocol=pickle.HIGHEST_PROTOCOL))
    sys.stdout.flush()
    os._exit(0)


if __name__ == "__main__":
    main()
