"""Carrying out what was decided: destroying the keys of an erased customer's data, and writing down the proof.

The decision is in the book before anything is destroyed. Until the proof is there too, the customer is ``erasing``, and
this task finds them: at the start of the process, when a decision was made, and every SWEEP_S. Doing it twice, in one
process or in two, gives the first proof again and one event.
"""

from __future__ import annotations

import asyncio
from typing import Any, Final

import asyncpg
import msgspec
import structlog

from command_api.desk import Desk
from contracts.commands import KeysDestroyed, RecordErasure
from ledger.domain.customers.life_cycle import Customer
from ledger.sequencer.queue import Declined, Unavailable
from ledger.store.load import QUERIES
from runtime.auth import Principal
from runtime.shutdown import Shutdown
from runtime.vault import Vault, VaultError

SWEEP_S: Final = 60.0
RETRY_S: Final = 2.0
PAGE_CUSTOMERS: Final = 100  # at once; the next page follows without a pause
BY_CHARS_MAX: Final = 200
BURSAR: Final = Principal(subject="bursar:erasures", tenant="bursar")
NOT_NOW: Final = (Unavailable, VaultError, OSError, asyncpg.PostgresError, asyncpg.InterfaceError)

_decode: Final = msgspec.json.Decoder(Customer).decode
_log = structlog.get_logger(__name__)


class Erasures:
    """The task that destroys."""

    def __init__(self, book: asyncpg.Pool[Any], vault: Vault, desk: Desk) -> None:
        self._book = book
        self._vault = vault
        self._desk = desk

    async def run(self, shutdown: Shutdown) -> None:
        """Sweep until the process stops; a sweep that failed is repeated soon."""
        while not shutdown.requested:
            self._desk.erasure_wanted.clear()
            try:
                more = await self.sweep() == PAGE_CUSTOMERS
                pause_s = 0.0 if more else SWEEP_S
            except NOT_NOW as fault:
                _log.warning("erasure_put_off", detail=type(fault).__name__, retry_s=RETRY_S)
                pause_s = RETRY_S
            await self._rest(shutdown, pause_s)

    async def _rest(self, shutdown: Shutdown, pause_s: float) -> None:
        """Wait for a decision, the end of the pause, or the end of the process."""
        waiting = [asyncio.create_task(self._desk.erasure_wanted.wait()), asyncio.create_task(shutdown.wait())]
        try:
            await asyncio.wait(waiting, timeout=pause_s, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in waiting:
                task.cancel()
            await asyncio.gather(*waiting, return_exceptions=True)

    async def sweep(self) -> int:
        """Carry out what was decided, a page of it; return how many. Raises what NOT_NOW names."""
        rows = await self._book.fetch(QUERIES["find_erasing_customers"], PAGE_CUSTOMERS)
        for row in rows:
            await self.carry_out(_decode(row["state"]))
        return len(rows)

    async def carry_out(self, customer: Customer) -> None:
        """Destroy the keys of every data subject of a customer, then record it. Raises what NOT_NOW names."""
        named = customer.customer_id
        destroyed = []
        for subject in customer.erasing:
            proof = await self._vault.destroy(subject, by=_said(customer.erased_by), reason=f"erasure of {named}")
            destroyed.append(KeysDestroyed(subject=subject, key_nos=proof.key_nos, destroyed_at=proof.destroyed_at))
        command = RecordErasure(customer_id=named, destroyed=tuple(destroyed))
        outcome = await self._desk.submit(command, key=f"erasure:{named}", principal=BURSAR)
        if isinstance(outcome, Declined):
            _log.error("erasure_not_recorded", customer_id=named)
        else:
            _log.info("customer_erased", customer_id=named, subjects=len(destroyed), replayed=outcome.replayed)


def _said(subject: str | None) -> str:
    """Who decided, as the vault can keep it."""
    text = "".join(letter for letter in subject or "" if letter.isprintable())[:BY_CHARS_MAX]
    return text if text.strip() else "bursar"
