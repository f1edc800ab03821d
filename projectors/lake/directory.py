"""What never changes about the accounts, by id: learnt from the events that opened them, forgotten when unused."""

from __future__ import annotations

from collections.abc import Collection
from itertools import islice
from typing import Final

import msgspec

from contracts.events import AccountOpened
from projectors.book import Book
from projectors.events import decode_event

ACCOUNTS_MAX: Final = 100_000  # about 100 MB; the ones learnt first are asked for again


class UnknownAccount(Exception):
    """An event moves an account that the book does not know. The book itself would not have allowed it."""


class AccountDirectory:
    """Facts about accounts, read through from the book."""

    def __init__(self, book: Book) -> None:
        self._book = book
        self._known: dict[str, AccountOpened] = {}  # those that were learnt last at the end

    async def facts(self, account_ids: Collection[str], opened: dict[str, AccountOpened]) -> dict[str, AccountOpened]:
        """Return the facts about these accounts; ``opened`` are those that the caller's own events establish.

        Raises UnknownAccount, and what the book raises.
        """
        self._known |= opened
        missing = [account_id for account_id in account_ids if account_id not in self._known]
        if missing:
            self._known |= await self._look_up(missing)
        facts = {account_id: self._known[account_id] for account_id in account_ids} | opened
        self._forget()
        return facts

    async def _look_up(self, account_ids: list[str]) -> dict[str, AccountOpened]:
        found: dict[str, AccountOpened] = {}
        for position, body in await self._book.read_opening_events(account_ids):
            event = decode_event(position, body, ledger=self._book.ledger)
            if isinstance(event.data, AccountOpened):
                found[event.data.account_id] = msgspec.structs.replace(event.data, metadata=None)
        unknown = sorted(set(account_ids) - found.keys())
        if unknown:
            raise UnknownAccount(f"the book has no account {unknown[0]!r} ({len(unknown)} unknown in all)")
        return found

    def _forget(self) -> None:
        """Keep the ACCOUNTS_MAX that were learnt last: what was used last is more to the point, and dearer to know."""
        if len(self._known) > ACCOUNTS_MAX:
            self._known = dict(islice(self._known.items(), len(self._known) - ACCOUNTS_MAX, None))
