"""Vaults on a real database, and keys that are random enough for the ring and the same in every run.

async with opened_vault(book_database) as vault:                       # as bursar_writer
    sealed = await vault.seal("customer_1", {"name": "Ada"})
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

import asyncpg

from runtime.clock import Clock, FixedClock
from runtime.postgres import create_pool
from runtime.vault import KeyRing, Vault
from runtime.vault.key_cache import KeyCache

DsnOf = Callable[[str], str]


def key_for(name: str) -> bytes:
    """32 bytes that look random and are the same in every run."""
    return sha256(f"only for tests: {name}".encode()).digest()


def ring_of(*kek_ids: str, active: str | None = None) -> KeyRing:
    """A ring of test keys with one index secret for all."""
    return KeyRing(
        [(kek_id, key_for(kek_id)) for kek_id in kek_ids or ("k1",)],
        index_secret=key_for("the index"),
        active_id=active,
    )


@asynccontextmanager
async def pool_of(dsn_of: DsnOf, role: str = "bursar_writer") -> AsyncIterator[asyncpg.Pool[Any]]:
    """A small pool of one role."""
    pool = await create_pool(dsn_of(role), application_name="tests", size_max=4)
    try:
        yield pool
    finally:
        await pool.close()


@asynccontextmanager
async def opened_vault(
    dsn_of: DsnOf,
    *,
    role: str = "bursar_writer",
    ring: KeyRing | None = None,
    ledger: str = "main",
    reread: Callable[[], KeyRing] | None = None,
    clock: Clock | None = None,
    cache: Callable[[Clock], KeyCache] = KeyCache,
) -> AsyncIterator[Vault]:
    """A vault with a pool of its own, as another process would have it."""
    clock = clock or FixedClock(datetime(2026, 3, 2, tzinfo=UTC))
    async with pool_of(dsn_of, role) as pool:
        yield Vault(pool, ring or ring_of(), ledger=ledger, reread=reread, cache=cache(clock))
