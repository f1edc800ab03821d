"""Rotation of the key-encryption key: every data key is wrapped anew; no sealed text is touched.

It goes through the table page by page, each page one statement. A rotation that was killed is simply started again:
what is already under the active key is not looked at twice.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any, Final

import asyncpg
import msgspec

from runtime.vault.ring import KeyRing
from runtime.vault.sealing import Place, unwrap_key, wrap_key
from runtime.vault.vault import QUERIES

KEYS_PER_PAGE: Final = 500


class RotationProgress(msgspec.Struct, frozen=True, kw_only=True):
    """After each page: keys wrapped anew so far, and the last one looked at."""

    rewrapped: int
    subject: str
    key_no: int


class VaultState(msgspec.Struct, frozen=True, kw_only=True):
    """How many keys each key-encryption key wraps, and how many subjects are erased."""

    active: str
    keys_by_kek: dict[str, int]
    erased_subjects: int

    @property
    def waiting(self) -> int:
        """How many keys the active key-encryption key does not wrap yet."""
        return sum(count for kek_id, count in self.keys_by_kek.items() if kek_id != self.active)


async def rotate_keks(
    pool: asyncpg.Pool[Any], ring: KeyRing, *, ledger: str = "main", keys_per_page: int = KEYS_PER_PAGE
) -> AsyncIterator[RotationProgress]:
    """Wrap every data key with the ring's active KEK, yielding after each page.

    Ends after one way through the table. Raises KekMissing or KekWrong; the pages before stay done.
    """
    rewrapped, after = 0, ("", 0)
    while True:  # ends because every page begins after the last key of the page before
        page = await pool.fetch(QUERIES["read_keys_to_rewrap"], ring.active_id, *after, keys_per_page)
        if not page:
            return
        fresh = [_rewrapped(row, ring, ledger) for row in page]
        columns = [[row[name] for row in page] for name in ("subject", "key_no", "wrapped_key")]
        done = await pool.execute(QUERIES["rewrap_keys"], *columns, fresh, ring.active_id)
        rewrapped += int(done.split()[-1])
        after = (page[-1]["subject"], page[-1]["key_no"])
        yield RotationProgress(rewrapped=rewrapped, subject=after[0], key_no=after[1])


async def read_state(pool: asyncpg.Pool[Any], ring: KeyRing) -> VaultState:
    """Count what each KEK wraps. Needs the role bursar_writer or the owner."""
    rows = await pool.fetch(QUERIES["count_keys_by_kek"])
    return VaultState(
        active=ring.active_id,
        keys_by_kek={row["kek_id"]: row["keys"] for row in rows},
        erased_subjects=await pool.fetchval(QUERIES["count_destroyed"]),
    )


def _rewrapped(row: Any, ring: KeyRing, ledger: str) -> bytes:
    place = Place(ledger, row["subject"], row["key_no"])
    key = unwrap_key(ring.kek(row["kek_id"]), place, row["wrapped_key"])
    return wrap_key(ring.kek(ring.active_id), place, key)
