"""What a comparison adds up: how much there is on each side, sums by currency, and a hash that no order changes."""

from __future__ import annotations

from hashlib import blake2b
from typing import Final

from contracts.projections import Sums

HASH_BITS: Final = 128
DIFFERENCES_SHOWN: Final = 20


class Tally:
    """One side of a comparison while it is being added up. Adding is commutative, so slices come in any order."""

    def __init__(self) -> None:
        self._counts: dict[str, int] = {}
        self._sums: dict[str, int] = {}
        self._hash = 0

    def count(self, kind: str, number: int = 1) -> None:
        """Count things of a kind."""
        self._counts[kind] = self._counts.get(kind, 0) + number

    def sum(self, label: str, amount_minor: int) -> None:
        """Add to a sum."""
        self._sums[label] = self._sums.get(label, 0) + amount_minor

    def take(self, name: str, digest: str) -> None:
        """Add a thing to the hash, by its name and the digest of what it holds."""
        taken = blake2b(f"{name}={digest}".encode(), digest_size=HASH_BITS // 8).digest()
        self._hash = (self._hash + int.from_bytes(taken, "big")) % (1 << HASH_BITS)

    def sums(self) -> Sums:
        """Give what was added up."""
        return Sums(
            counts=dict(sorted(self._counts.items())),
            sums_minor=dict(sorted(self._sums.items())),
            hash=f"{self._hash:0{HASH_BITS // 4}x}",
        )
