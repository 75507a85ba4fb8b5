"""The blocks of an ``.osm.pbf`` file: where they are, what is in them, unpacked and decoded several at a time."""

from __future__ import annotations

import struct
import zlib
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, TypeVar

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from spatial.phrases import phrase
from spatial.sources import _pbf_decode as decode

T = TypeVar("T")
Ints = npt.NDArray[np.int64]

# Limits of the format: https://wiki.openstreetmap.org/wiki/PBF_Format
MAX_HEADER_BYTES = 64 * 1024
MAX_BLOB_BYTES = 32 * 1024 * 1024
AHEAD = 6  # blocks that are being unpacked while one is used
NODES, DENSE, WAYS, RELATIONS = 1, 2, 3, 4
RANK = {NODES: 0, DENSE: 0, WAYS: 1, RELATIONS: 2}
STRINGS, GROUP, GRANULARITY, LAT_OFFSET, LON_OFFSET = 1, 2, 17, 19, 20
RAW, RAW_SIZE, ZLIB = 1, 2, 3
MAX_LON, MAX_LAT = 1_800_000_000, 900_000_000  # in 1e-7 degrees


@dataclass(frozen=True)
class Blob:
    """Where the packed bytes of a block lie in its file; blocks are numbered from 0."""

    number: int
    at: int
    size: int


@dataclass(frozen=True)
class Block:
    """An unpacked block: its bytes, its texts, and the groups of elements in it as (kind, begin, end)."""

    buffer: npt.NDArray[np.uint8]
    texts: pa.BinaryArray
    groups: tuple[tuple[int, int, int], ...]
    scale: Ints

    @property
    def ranks(self) -> set[int]:
        """Which kinds of element are in it: 0 nodes, 1 ways, 2 relations."""
        return {RANK[kind] for kind, _, _ in self.groups if kind in RANK}

    def spans(self, begin: int, end: int, number: int) -> Ints:
        """Begin and end of the messages in a group."""
        found = decode.fields(self.buffer, begin, end)
        return found[(found[:, 0] == number) & (found[:, 2] >= 0), 1:]

    def having(self, words: Iterable[str]) -> npt.NDArray[np.bool_]:
        """Which of the texts are one of these words."""
        wanted = pa.array([word.encode() for word in words], pa.binary())
        found: npt.NDArray[np.bool_] = pc.is_in(self.texts, value_set=wanted).to_numpy(zero_copy_only=False)
        return found

    def text(self, number: int) -> str:
        """One of the texts."""
        return str(self.texts[number].as_py().decode())


def blobs(path: Path) -> list[Blob]:
    """Places of all blocks of data, in the order of the file; nothing is unpacked.

    Raises
    ------
    ValueError
        If the file is not in the format, or ends too early.
    """
    found: list[Blob] = []
    size = path.stat().st_size
    with path.open("rb") as file:
        while prefix := file.read(4):
            kind, length = _header(file, prefix)
            at = file.tell()
            if length < 0 or length > MAX_BLOB_BYTES or at + length > size:
                raise ValueError(phrase("pbf_file.ends"))
            if kind == b"OSMData":
                found.append(Blob(len(found), at, length))
            file.seek(length, 1)
    return found


def _header(file: BinaryIO, prefix: bytes) -> tuple[bytes, int]:
    if len(prefix) != struct.calcsize(">I"):
        raise ValueError(phrase("pbf_file.ends"))
    (length,) = struct.unpack(">I", prefix)
    content = file.read(length) if length <= MAX_HEADER_BYTES else b""
    if not content or len(content) != length:
        raise ValueError(phrase("pbf_file.no_block"))
    kind, data = b"", -1
    for number, a, b in decode.fields(np.frombuffer(content, np.uint8), 0, length):
        if number == 1 and b >= 0:
            kind = content[a:b]
        elif number == 3:
            data = int(a)
    return kind, data


def block(path: Path, blob: Blob) -> Block:
    """Read and unpack a block.

    Raises
    ------
    ValueError, zlib.error
        If its bytes are not what the format says.
    """
    with path.open("rb") as file:
        file.seek(blob.at)
        content = _unpacked(file.read(blob.size))
    buffer = np.frombuffer(content, np.uint8)
    texts = pa.array([], pa.binary())
    groups, scale = [], np.array([decode.GRANULARITY_NANODEG, 0, 0], dtype=np.int64)
    fields = decode.fields(buffer, 0, len(buffer))
    known = np.isin(fields[:, 0], (STRINGS, GROUP, GRANULARITY, LAT_OFFSET, LON_OFFSET))
    for number, a, b in fields[known].tolist():
        if number == STRINGS and b >= 0:
            at, data = decode.texts(buffer, a, b)
            texts = pa.BinaryArray.from_buffers(pa.binary(), len(at) - 1, [None, pa.py_buffer(at), pa.py_buffer(data)])
        elif number == GROUP and b >= 0:
            groups += [(kind, c, d) for kind, c, d in _kinds(buffer, a, b)]
        elif number in (GRANULARITY, LAT_OFFSET, LON_OFFSET) and b == -1:
            scale[{GRANULARITY: 0, LAT_OFFSET: 1, LON_OFFSET: 2}[number]] = a
    return Block(buffer, texts, tuple(groups), scale)


def _kinds(buffer: npt.NDArray[np.uint8], begin: int, end: int) -> list[tuple[int, int, int]]:
    """A group by its kinds of element; dense nodes with the bounds of their own message."""
    found = decode.fields(buffer, begin, end)
    dense = found[(found[:, 0] == DENSE) & (found[:, 2] >= 0)]
    packed = [(DENSE, int(a), int(b)) for _, a, b in dense.tolist()]
    plain = [kind for kind in (NODES, WAYS, RELATIONS) if (found[:, 0] == kind).any()]
    return packed + [(kind, begin, end) for kind in plain]


def _unpacked(content: bytes) -> bytes:
    found = decode.fields(np.frombuffer(content, np.uint8), 0, len(content)).tolist()
    size = next((a for number, a, b in found if number == RAW_SIZE and b == -1), MAX_BLOB_BYTES)
    for number, a, b in found:
        if number == RAW and b >= 0:
            return content[a:b]
        if number == ZLIB and b >= 0:
            unpacker = zlib.decompressobj()
            data = unpacker.decompress(content[a:b], min(size, MAX_BLOB_BYTES) + 1)
            if len(data) > MAX_BLOB_BYTES or not unpacker.eof:
                raise ValueError(phrase("pbf_file.size"))
            return data
    raise ValueError(phrase("pbf_file.packing"))


def nodes_of(found: Block, wanted: npt.NDArray[np.bool_]) -> Iterator[tuple[Any, ...]]:
    """Nodes of a block, group by group: see ``_pbf_decode.dense``; what lies nowhere on Earth has no position."""
    for kind, begin, end in found.groups:
        if kind == DENSE:
            answer = decode.dense(found.buffer, begin, end, found.scale, wanted)
        elif kind == NODES:
            answer = decode.nodes(found.buffer, found.spans(begin, end, NODES), found.scale, wanted)
        else:
            continue
        lon, lat = answer[1], answer[2]
        nowhere = (np.abs(lon.astype(np.int64)) > MAX_LON) | (np.abs(lat.astype(np.int64)) > MAX_LAT)
        lon[nowhere], lat[nowhere] = decode.NOWHERE, decode.NOWHERE
        yield answer


def in_order(work: Callable[[Blob], T], todo: Sequence[Blob], pool: Executor) -> Iterator[T]:
    """Results of some work on blocks, in their order; only a few are ahead of what is used."""
    running: deque[Any] = deque()
    for blob in todo:
        running.append(pool.submit(work, blob))
        if len(running) > AHEAD:
            yield running.popleft().result()
    while running:
        yield running.popleft().result()


def first_of(path: Path, every: Sequence[Blob], rank: int) -> int:
    """Number of the first block that holds a kind of element or a later one, in a sorted file."""
    low, high = 0, len(every)
    while low < high:
        middle = (low + high) // 2
        if max(block(path, every[middle]).ranks, default=0) >= rank:
            high = middle
        else:
            low = middle + 1
    return low
