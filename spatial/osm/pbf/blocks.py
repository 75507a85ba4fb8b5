"""The blocks of an ``.osm.pbf`` file: where they are, what is in them, unpacked and decoded several at a time."""

from __future__ import annotations

import struct
import zlib
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, BinaryIO, TypeVar

import numpy as np
import numpy.typing as npt

from spatial.core.messages import phrase
from spatial.osm.pbf import decode
from spatial.osm.pbf.kernels import NO_BYTES, Kernels, fields, of_size
from spatial.osm.pbf.protobuf import Column, Messages
from spatial.osm.pbf.ragged import Ints

T = TypeVar("T")

# Limits of the format: https://wiki.openstreetmap.org/wiki/PBF_Format
MAX_HEADER_BYTES = 64 * 1024
MAX_BLOB_BYTES = 32 * 1024 * 1024
AHEAD = 6  # blocks that are being unpacked while one is used
NODES, DENSE, WAYS, RELATIONS = 1, 2, 3, 4
RANK = {NODES: 0, DENSE: 0, WAYS: 1, RELATIONS: 2}
STRINGS, GROUP = 1, 2
SCALE = {17: "granularity", 19: "lat_offset", 20: "lon_offset"}
RAW, RAW_SIZE, ZLIB = 1, 2, 3
REQUIRED, OPTIONAL = 4, 5  # features of a file, in its header
READ = ("OsmSchema-V0.6", "DenseNodes")
ON_WAYS = "LocationsOnWays"


@dataclass(frozen=True)
class Blob:
    """Where the packed bytes of a block lie in its file; blocks are numbered from 0."""

    number: int
    at: int
    size: int


@dataclass(frozen=True)
class Block:
    """An unpacked block: its bytes and texts, and by groups the kind of elements, and where each begins and ends."""

    messages: Messages
    texts: list[bytes]
    groups: tuple[tuple[int, Ints], ...]
    scale: decode.Scale

    @property
    def ranks(self) -> set[int]:
        """Which kinds of element are in it: 0 nodes, 1 ways, 2 relations."""
        return {RANK[kind] for kind, _ in self.groups}

    @cached_property
    def words(self) -> list[str]:
        """Its texts as words; bytes that are no UTF-8 stand as lone surrogates."""
        return [text.decode(errors="surrogateescape") for text in self.texts]

    @cached_property
    def _foreign(self) -> npt.NDArray[np.bool_]:
        """Which of its texts are no UTF-8."""
        return np.array([not text.isascii() and not _is_utf8(text) for text in self.texts], dtype=bool)

    def check_texts(self, tags: decode.Tags) -> None:
        """Make sure that all texts of some tags are UTF-8.

        Raises
        ------
        ValueError
            If one of them is not.
        """
        for numbers in (tags.keys, tags.values):
            foreign = numbers[self._foreign[numbers]]
            if len(foreign):
                raise ValueError(phrase("pbf_file.text", text=str(self.texts[int(foreign[0])])[2:-1]))

    def dictionaries(self, tags: decode.Tags) -> list[dict[str, str]]:
        """Tags as dictionaries; raises as ``check_texts``."""
        self.check_texts(tags)
        return tags.words(self.words)

    def having(self, words: Iterable[str]) -> npt.NDArray[np.bool_]:
        """Which of the texts are one of these words."""
        wanted = frozenset(word.encode() for word in words)
        return np.array([text in wanted for text in self.texts], dtype=bool)

    def nodes(self, wanted: npt.NDArray[np.bool_]) -> Iterator[decode.Nodes]:
        """Nodes, group by group; what lies nowhere on Earth has no position."""
        for kind, spans in self.groups:
            if kind == DENSE:
                for begin, end in spans.tolist():
                    yield decode.dense(self.messages, begin, end, self.scale, wanted)
            elif kind == NODES:
                yield decode.nodes(self.messages, spans, self.scale, wanted)

    def ways(self) -> Iterator[decode.Ways]:
        """Ways, group by group."""
        for kind, spans in self.groups:
            if kind == WAYS:
                yield decode.ways(self.messages, spans, len(self.texts))

    def relations(self) -> Iterator[decode.Relations]:
        """Relations, group by group."""
        for kind, spans in self.groups:
            if kind == RELATIONS:
                yield decode.relations(self.messages, spans, len(self.texts))

    def stamps(self, info: Column, elements: Ints) -> Ints:
        """Seconds since 1970 of the last edit of some elements; 0 where it is not said."""
        return decode.stamps(self.messages, info, elements)


@dataclass(frozen=True)
class File:
    """An extract, and the way in which its bytes are gone through."""

    path: Path
    kernels: Kernels

    def blobs(self) -> list[Blob]:
        """Places of all blocks of data, in the order of the file; only the header before them is unpacked.

        Raises
        ------
        ValueError
            If the file is not in the format, or ends too early; if a block is of another kind, or the header says that
            objects are told in a way that is not read here.
        """
        places: list[Blob] = []
        header: Blob | None = None
        size = self.path.stat().st_size
        with self.path.open("rb") as file:
            while prefix := file.read(4):
                kind, length = _header(file, prefix)
                at = file.tell()
                if length < 0 or length > MAX_BLOB_BYTES or at + length > size:
                    raise ValueError(phrase("pbf_file.ends"))
                if kind != (b"OSMHeader" if header is None else b"OSMData"):
                    raise ValueError(phrase("pbf_file.kind", kind=str(kind)[2:-1]))
                if header is None:
                    header = Blob(0, at, length)
                else:
                    places.append(Blob(len(places), at, length))
                file.seek(length, 1)
        if header is not None:
            self._check_features(header)
        return places

    def _check_features(self, header: Blob) -> None:
        """Make sure that objects are told once, as they are now, and positions on nodes alone."""
        messages = Messages(self._content(header), self.kernels)
        for number, a, b in messages.fields(0, len(messages.content)).tolist():
            feature = messages.content[a:b].decode(errors="replace") if b >= 0 else ""
            if (number == REQUIRED and feature not in READ) or (number == OPTIONAL and feature == ON_WAYS):
                raise ValueError(phrase("pbf_file.feature", feature=feature))

    def block(self, blob: Blob) -> Block:
        """Read and unpack a block.

        Raises
        ------
        ValueError, zlib.error
            If its bytes are not what the format says.
        """
        messages = Messages(self._content(blob), self.kernels)
        texts: list[bytes] = []
        groups: list[tuple[int, Ints]] = []
        scale = decode.Scale()
        for number, a, b in messages.fields(0, len(messages.content)).tolist():
            if number == STRINGS and b >= 0:
                texts = _texts(messages, a, b)
            elif number == GROUP and b >= 0:
                groups += _kinds(messages, a, b)
            elif number in SCALE and b == NO_BYTES:
                scale = scale._replace(**{SCALE[number]: a})
        return Block(messages, texts, tuple(groups), scale)

    def first_of(self, every: Sequence[Blob], rank: int) -> int:
        """Number of the first block that holds a kind of element or a later one, in a sorted file."""
        low, high = 0, len(every)
        while low < high:
            middle = (low + high) // 2
            if self._rank(every[middle]) >= rank:
                high = middle
            else:
                low = middle + 1
        return low

    def _rank(self, blob: Blob) -> int:
        """Rank of the last kind of element in a block, told by how its groups begin."""
        messages = Messages(self._content(blob), self.kernels)
        begins = [a for number, a, b in messages.fields(0, len(messages.content)).tolist() if number == GROUP and b > a]
        return max((RANK.get(messages.content[a] >> 3, 0) for a in begins), default=0)

    def _content(self, blob: Blob) -> bytes:
        with self.path.open("rb") as file:
            file.seek(blob.at)
            return _unpacked(file.read(blob.size))


def opened(path: Path) -> File:
    """Return an extract, to be gone through in the way that is quicker for its size."""
    return File(path, of_size(path.stat().st_size))


def _header(file: BinaryIO, prefix: bytes) -> tuple[bytes, int]:
    if len(prefix) != struct.calcsize(">I"):
        raise ValueError(phrase("pbf_file.ends"))
    (length,) = struct.unpack(">I", prefix)
    content = file.read(length) if length <= MAX_HEADER_BYTES else b""
    if not content or len(content) != length:
        raise ValueError(phrase("pbf_file.no_block"))
    kind, data = b"", -1
    for number, a, b in fields(content, 0, length).tolist():
        if number == 1 and b >= 0:
            kind = content[a:b]
        elif number == 3:
            data = a
    return kind, data


def _texts(messages: Messages, begin: int, end: int) -> list[bytes]:
    rows = messages.fields(begin, end)
    if (rows[:, 2] < 0).any():
        raise ValueError("pbf_decode.no_text")
    return [messages.content[a:b] for a, b in rows[:, 1:].tolist()]


def _kinds(messages: Messages, begin: int, end: int) -> list[tuple[int, Ints]]:
    """A group by its kinds of element."""
    rows = messages.fields(begin, end)
    rows = rows[rows[:, 2] >= 0]
    return [(kind, rows[rows[:, 0] == kind, 1:]) for kind in RANK if (rows[:, 0] == kind).any()]


def _unpacked(content: bytes) -> bytes:
    fields_of = fields(content, 0, len(content)).tolist()
    size = next((a for number, a, b in fields_of if number == RAW_SIZE and b == NO_BYTES), MAX_BLOB_BYTES)
    for number, a, b in fields_of:
        if number == RAW and b >= 0:
            return content[a:b]
        if number == ZLIB and b >= 0:
            unpacker = zlib.decompressobj()
            data = unpacker.decompress(content[a:b], max(0, min(size, MAX_BLOB_BYTES)) + 1)
            if len(data) > MAX_BLOB_BYTES or not unpacker.eof:
                raise ValueError(phrase("pbf_file.size"))
            return data
    raise ValueError(phrase("pbf_file.packing"))


def _is_utf8(text: bytes) -> bool:
    try:
        text.decode()
    except UnicodeDecodeError:
        return False
    return True


def in_order(work: Callable[[Blob], T], todo: Sequence[Blob], threads: int) -> Iterator[T]:
    """Results of some work on blocks, in their order; only a few are ahead of what is used."""
    if threads == 1:
        yield from map(work, todo)
        return
    running: deque[Any] = deque()
    with ThreadPoolExecutor(threads) as pool:
        for blob in todo:
            running.append(pool.submit(work, blob))
            if len(running) > AHEAD:
                yield running.popleft().result()
        while running:
            yield running.popleft().result()
