"""What never changes about the accounts, by id: learnt from the events that opened them, forgotten when unused."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable
from typing import Final

import msgspec

from contracts.envelope import decode_envelope
from contracts.events import AccountOpened
from projectors.book import Book
from projectors.events import decode_event

ACCOUNTS_MAX: Final = 100_000  # about 100 MB; the ones used least recently are asked for again


class UnknownAccount(Exception):
    """An event moves an account that the book does not know. The book itself would not have allowed it."""


class AccountDirectory:
    """Facts about accounts, read through from the book."""

    def __init__(self, book: Book) -> None:
        self._book = book
        self._known: OrderedDict[str, AccountOpened] = OrderedDict()

    async def facts(self, account_ids: Iterable[str], opened: dict[str, AccountOpened]) -> dict[str, AccountOpened]:
        """Return the facts about these accounts; ``opened`` are those that the caller's own events establish.

        Raises UnknownAccount, and what the book raises.
        """
        facts = dict(opened)
        missing = []
        for account_id in account_ids:
            if account_id in self._known:
                self._known.move_to_end(account_id)
                facts[account_id] = self._known[account_id]
            elif account_id not in facts:
                missing.append(account_id)
        if missing:
            facts.update(await self._look_up(missing))
        self._remember(facts)
        return facts

    async def _look_up(self, account_ids: list[str]) -> dict[str, AccountOpened]:
        found: dict[str, AccountOpened] = {}
        for body in await self._book.read_opening_events(account_ids):
            event = decode_event(decode_envelope(body).position, body, ledger=self._book.ledger)
            if isinstance(event.data, AccountOpened):
                found[event.data.account_id] = msgspec.structs.replace(event.data, metadata=None)
        unknown = sorted(set(account_ids) - found.keys())
        if unknown:
            raise UnknownAccount(f"the book has no account {unknown[0]!r} ({len(unknown)} unknown in all)")
        return found

    def _remember(self, facts: dict[str, AccountOpened]) -> None:
        for account_id, account in facts.items():
            self._known[account_id] = account
        while len(self._known) > ACCOUNTS_MAX:  # shrinks by one with every turn
            self._known.popitem(last=False)
