"""Whose account it is: a small memory in front of one look-up, because the answer never changes."""

from __future__ import annotations

from collections import OrderedDict
from typing import Any, Final

import asyncpg

from ledger.store.load import QUERIES

HOLDERS_KEPT_MAX: Final = 50_000


class AccountHolders:
    """Customers by account id."""

    def __init__(self, book: asyncpg.Pool[Any]) -> None:
        self._book = book
        self._known: OrderedDict[str, str | None] = OrderedDict()

    async def customer_of(self, account_id: str) -> str | None:
        """The customer of an account; None for one of the institution's own, and for one that does not exist yet."""
        if account_id in self._known:
            self._known.move_to_end(account_id)
            return self._known[account_id]
        row = await self._book.fetchrow(QUERIES["read_customer_of_account"], account_id)
        if row is None:
            return None
        self._known[account_id] = row["customer_id"]
        if len(self._known) > HOLDERS_KEPT_MAX:
            self._known.popitem(last=False)
        return self._known[account_id]
