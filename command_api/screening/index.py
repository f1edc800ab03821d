"""Which listed names are worth comparing: a filter over all of them that a name of everyday length passes in well
under a millisecond.

Every name is kept as 256 bits, one set for each pair of neighbouring letters in its words (the edges of a word count
as letters). A listed name is a candidate when it shares SHARED_MIN of the bits of whichever name has fewer. Any letter
may be wrong, the first one too: no part of a name has to be right for the rest to be found. The limit is a share and
not a rank, so that adding names to the list never pushes one out.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Final
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from command_api.screening.scoring import Words

SHARED_MIN: Final = 0.65
BITS: Final = 256
_PARTS: Final = BITS // 64
_EDGE: Final = "\x00"
_WORDS_KEPT: Final = 262_144


class NameIndex:
    """Listed names in the order given, found by number."""

    def __init__(self, names: Sequence[Words]) -> None:
        self.names = tuple(names)
        packed = b"".join(_signature(name.words).to_bytes(BITS // 8, "little") for name in self.names)
        by_name = np.frombuffer(packed, dtype="<u8").reshape(len(self.names), _PARTS)
        self._parts = tuple(np.ascontiguousarray(by_name[:, part]) for part in range(_PARTS))
        self._counts = _count(self._parts)

    def candidates(self, name: Words) -> list[int]:
        """Return the numbers of the names that are worth comparing, ascending."""
        if not self.names:
            return []
        signature = _signature(name.words)
        asked = [np.uint64((signature >> (64 * part)) & (2**64 - 1)) for part in range(_PARTS)]
        shared = _count(tuple(part & bits for part, bits in zip(self._parts, asked, strict=True)))
        fewer = np.minimum(self._counts, signature.bit_count())
        return list(map(int, np.flatnonzero(shared >= SHARED_MIN * fewer)))


def _count(parts: Sequence[NDArray[np.uint64]]) -> NDArray[np.int16]:
    total = np.zeros(parts[0].shape, dtype=np.int16)
    for part in parts:
        total += np.bitwise_count(part)
    return total


def _signature(words: Sequence[str]) -> int:
    bits = 0
    for word in words:
        bits |= _bits_of(word)
    return bits


@lru_cache(maxsize=_WORDS_KEPT)
def _bits_of(word: str) -> int:
    edged = f"{_EDGE}{word}{_EDGE}"
    bits = 0
    for place in range(len(edged) - 1):
        bits |= 1 << (crc32(edged[place : place + 2].encode()) % BITS)
    return bits
