"""Whose account it is: a small memory in front of one look-up, because the answer never changes."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from typing import Any, Final

import asyncpg

from ledger.store.load import QUERIES

HOLDERS_KEPT_MAX: Final = 50_000


class AccountHolders:
    """Customers by account id. One question is under way at a time; who asks meanwhile is answered by the next."""

    def __init__(self, book: asyncpg.Pool[Any]) -> None:
        self._book = book
        self._known: OrderedDict[str, str | None] = OrderedDict()
        self._one_at_a_time = asyncio.Lock()
        self._wanted: set[str] = set()
        self._next: asyncio.Task[dict[str, str | None]] | None = None

    async def customer_of(self, account_id: str) -> str | None:
        """The customer of an account; None for one of the institution's own, and for one that does not exist yet.

        Raises OSError and asyncpg's errors when PostgreSQL does not answer.
        """
        if account_id in self._known:
            self._known.move_to_end(account_id)
            return self._known[account_id]
        self._wanted.add(account_id)
        if self._next is None:
            self._next = asyncio.create_task(self._look_up())
        return (await asyncio.shield(self._next)).get(account_id)

    async def _look_up(self) -> dict[str, str | None]:
        async with self._one_at_a_time:
            wanted, self._wanted, self._next = list(self._wanted), set(), None
            rows = await self._book.fetch(QUERIES["read_customers_of_accounts"], wanted)
        found: dict[str, str | None] = {row["account_id"]: row["customer_id"] for row in rows}
        self._known.update(found)
        while len(self._known) > HOLDERS_KEPT_MAX:  # ends: each turn removes one
            self._known.popitem(last=False)
        return found
