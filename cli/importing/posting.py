"""Sends what was read to the command API: accounts first, then their transfers in batches.

Nothing is remembered here between two runs. Every account and every line has its idempotency key, so an import that was
killed anywhere is simply run again: what is in the book answers as a replay.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

import msgspec

from cli.client import BatchResult, BursarClient, Problem
from cli.importing.mapping import Mapping
from cli.importing.movements import Movement, account_item
from cli.importing.refusals import RefusalReport
from cli.importing.source import RawLine
from cli.importing.tally import Tally
from contracts.commands import BatchItem, OpenAccount
from contracts.rejections import Rejection

ACCOUNTS_PER_BATCH_MAX: Final = 1_000
ATTEMPTS_MAX: Final = 100
COMPARISONS_AT_ONCE_MAX: Final = 8
VISIBLE_WITHIN_S: Final = 10.0
VISIBLE_POLL_S: Final = 0.1

_TAKEN: Final = {Rejection.ACCOUNT_ALREADY_EXISTS, Rejection.IDEMPOTENCY_KEY_REUSED}
_TERMS: Final = ("account_type", "currency", "overdraft", "credit_limit_minor", "max_balance_minor")


class ImportStopped(Exception):
    """The import cannot go on; what was booked so far stays. The text says cause and remedy."""


class ReadLine(NamedTuple):
    """A line that became a movement."""

    line: RawLine
    movement: Movement


_items: Final = msgspec.json.Decoder(BatchItem)


class AccountOpener:
    """Opens each account once, before the first transfer that needs it."""

    def __init__(self, mapping: Mapping, *, commands: BursarClient, queries: BursarClient, tally: Tally) -> None:
        self._mapping = mapping
        self._commands = commands
        self._queries = queries
        self._tally = tally
        self._known: set[str] = set()

    async def ensure(self, accounts: Iterable[OpenAccount]) -> None:
        """Return when all of them are open on the mapping's terms. Raises ImportStopped if one has others."""
        fresh = list({a.account_id: a for a in accounts if a.account_id not in self._known}.values())
        for start in range(0, len(fresh), ACCOUNTS_PER_BATCH_MAX):
            await self._open(fresh[start : start + ACCOUNTS_PER_BATCH_MAX])
        self._known.update(account.account_id for account in fresh)

    async def _open(self, accounts: Sequence[OpenAccount]) -> None:
        results = await self._commands.send_batch([account_item(self._mapping, account) for account in accounts])
        taken: list[OpenAccount] = []
        for account, result in zip(accounts, results, strict=True):
            if result.position is not None:
                self._tally.reached(result.position)
                self._tally.accounts_opened += not result.replayed
            elif result.problem is not None and result.problem.code in _TAKEN:
                taken.append(account)
            else:
                why = result.problem.detail if result.problem else f"status {result.status}"
                raise ImportStopped(f"account {account.account_id} cannot be opened: {why}")
        gate = asyncio.Semaphore(COMPARISONS_AT_ONCE_MAX)
        await asyncio.gather(*(self._compare(account, gate) for account in taken))

    async def _compare(self, wanted: OpenAccount, gate: asyncio.Semaphore) -> None:
        """Accept an account that somebody opened otherwise, but on the same terms."""
        async with gate, asyncio.timeout(VISIBLE_WITHIN_S):
            answer = await self._queries.get(f"/v1/accounts/{wanted.account_id}")
            while answer.status == 404:  # opened a moment ago, not yet in the read model; ends with the time-out
                await asyncio.sleep(VISIBLE_POLL_S)
                answer = await self._queries.get(f"/v1/accounts/{wanted.account_id}")
        found = msgspec.json.decode(answer.require().content)
        other = [f"{term} {found[term]!r} instead of {getattr(wanted, term)!r}" for term in _TERMS
                 if found[term] != getattr(wanted, term)]  # fmt: skip
        if other:
            raise ImportStopped(
                f"account {wanted.account_id} is already open on other terms than the mapping's: {', '.join(other)}. "
                "Change the mapping's terms, or the template of its account ids."
            )


class TransferPoster:
    """Posts the transfers of read lines and settles each with the tally or the report."""

    def __init__(self, commands: BursarClient, *, tally: Tally, report: RefusalReport) -> None:
        self._commands = commands
        self._tally = tally
        self._report = report

    async def post(self, chunk: Sequence[ReadLine]) -> None:
        """Return when every line is settled. Raises Unreachable and ApiRefused."""
        unsettled = [(read, read.movement.item) for read in chunk]
        for attempt in range(1, ATTEMPTS_MAX + 1):
            results = await self._commands.send_batch([item for _, item in unsettled])
            answered = zip(unsettled, results, strict=True)
            again = [read for (read, _), result in answered if not self._settled(read, result, attempt)]
            if not again:
                return
            unsettled = [(read, _under_next_key(read.movement, attempt + 1)) for read in again]

    def _settled(self, read: ReadLine, result: BatchResult, attempt: int) -> bool:
        """Count one answer; False when the line deserves another attempt under the next key.

        A refusal is kept under its key for ever. If an earlier import was refused for a reason that may have gone since
        (a frozen account, a date in the future), the line is tried again as attempt 2, 3, ... of the same line. Only a
        line whose earlier keys are all refused for good gets that far, so it can never be booked twice.
        """
        if result.position is not None:
            self._tally.booked(read.movement, position=result.position, replayed=result.replayed)
            return True
        problem = result.problem or Problem(status=result.status)
        if result.replayed and problem.retryable and attempt < ATTEMPTS_MAX:
            return False
        self._tally.refused += 1
        self._report.refuse(read.line, problem.code, problem.detail)
        return True


def _under_next_key(movement: Movement, attempt: int) -> bytes:
    item = _items.decode(movement.item)
    return msgspec.json.encode(msgspec.structs.replace(item, idempotency_key=f"{movement.key}#{attempt}"))
