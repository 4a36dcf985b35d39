"""Reading a model that is packed in 4 bits: blocks of 32 weights, each with one scale."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from graphmem.errors import EmbedderError

Array: TypeAlias = NDArray[np.float32]
_BLOCK = np.dtype([("scale", "<f2"), ("pairs", "u1", 16)])
BLOCK = 32
_MAGIC = b"E5S1"


class _Cursor:
    """Numbers read one after the other."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.at = 0

    def take(self, form: str) -> tuple[Any, ...]:
        found = struct.unpack_from(f"<{form}", self.data, self.at)
        self.at += struct.calcsize(f"<{form}")
        return found

    def array(self, kind: str, count: int) -> NDArray[Any]:
        found = np.frombuffer(self.data, kind, count, self.at)
        self.at += found.nbytes
        return found


class Tensors:
    """The weights by name."""

    def __init__(self, cursor: _Cursor) -> None:
        self._data = cursor.data
        self._where: dict[str, tuple[int, int]] = {}
        for _ in range(cursor.take("i")[0]):
            name = bytes(cursor.array("u1", cursor.take("H")[0])).decode()
            _, _, offset, size = cursor.take("BIQQ")
            self._where[name] = (offset, size)

    def plain(self, name: str) -> Array:
        """Return numbers as they are."""
        offset, size = self._where[name]
        return np.frombuffer(self._data, "<f4", size // 4, offset)

    def blocks(self, name: str, width: int) -> NDArray[Any]:
        """Return a matrix in blocks, a row for each output."""
        offset, size = self._where[name]
        return np.frombuffer(self._data, _BLOCK, size // _BLOCK.itemsize, offset).reshape(-1, width // BLOCK)


@dataclass(frozen=True, slots=True, kw_only=True)
class Packed:
    """A whole encoder with its vocabulary: pieces with their scores, and how characters are spelled before it.

    `width` counts the numbers of a token, `wide` those between the halves of a layer; `window` the tokens that it
    reads, with the two that frame them. The rows of `words` stay packed.
    """

    width: int
    wide: int
    depth: int
    heads: int
    window: int
    tiny: float
    pieces: tuple[tuple[str, float], ...]
    spellings: dict[int, str]
    start: int
    end: int
    unknown: int
    words: NDArray[Any]
    places: Array
    kind: Array
    tensors: Tensors


def nibbles(blocks: NDArray[Any]) -> NDArray[np.uint8]:
    """Return the numbers from 0 to 15 of blocks, eight being zero: the low halves of the bytes, then the high ones."""
    pairs: NDArray[np.uint8] = blocks["pairs"]
    return np.concatenate([pairs & np.uint8(15), pairs >> np.uint8(4)], axis=-1)


def unpacked(blocks: NDArray[Any]) -> Array:
    """Return the weights of rows of blocks."""
    weights = nibbles(blocks).astype(np.float32) - 8
    weights *= blocks["scale"].astype(np.float32)[..., None]
    return weights.reshape(*blocks.shape[:-1], -1)


def read_packed(data: bytes) -> Packed:
    """Read an encoder; raises EmbedderError for what is none."""
    if data[: len(_MAGIC)] != _MAGIC:
        raise EmbedderError("this file is no packed model.")
    cursor = _Cursor(data)
    cursor.at = len(_MAGIC) + 4
    width, depth, heads, wide, _, window, _ = cursor.take("7i")
    tiny, _ = cursor.take("fi")
    count, start, end, _, unknown = cursor.take("5i")
    (length,) = cursor.take("Q")
    offsets = cursor.array("<u4", count + 1).tolist()
    scores = cursor.array("<f4", count).tolist()
    letters = bytes(cursor.array("u1", length))
    pieces = tuple(
        (letters[first:past].decode(), score)
        for first, past, score in zip(offsets[:-1], offsets[1:], scores, strict=True)
    )
    spellings = _spellings(cursor)
    tensors = Tensors(cursor)
    return Packed(
        width=width,
        wide=wide,
        depth=depth,
        heads=heads,
        window=window,
        tiny=tiny,
        pieces=pieces,
        spellings=spellings,
        start=start,
        end=end,
        unknown=unknown,
        words=tensors.blocks("emb.word", width),
        places=tensors.plain("emb.pos").reshape(-1, width),
        kind=tensors.plain("emb.type")[:width],
        tensors=tensors,
    )


def _spellings(cursor: _Cursor) -> dict[int, str]:
    count, _ = cursor.take("iI")
    spellings: dict[int, str] = {}
    for _ in range(count):
        character, length = cursor.take("IB")
        spellings[character] = "".join(map(chr, cursor.take(f"{length}I")))
    return spellings
