"""The same file in any order of retries: at once, broken off, after an IBAN was assigned."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import os
import random
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import asyncpg
import msgspec
import pytest

from command_api.applicants import Applicants
from command_api.assessing import Assessor, Inspectors
from command_api.desk import Desk
from command_api.files import filing
from command_api.files.filing import Filed, Filing
from command_api.files.transactions import Line
from command_api.holders import AccountHolders
from command_api.problems import render_refusal
from contracts.commands import AssignIban, OpenAccount
from ledger.sequencer.queue import Accepted
from runtime.auth import Principal
from runtime.clock import SystemClock
from tests.conftest import DsnOf
from tests.orders.files import Wish, iban_of, payment_file
from tests.support.sequencing import sequencing
from tests.support.vault import opened_vault, pool_of

RUNS = 6
STEPS = 7
AT_ONCE_MAX = 6
CLERK = Principal(subject="clerk", tenant="acme")
PAYER, PAYEE, LATE = iban_of(101), iban_of(102), iban_of(103)


class Door:
    """A door in this process, whose clerk is interrupted."""

    def __init__(self, filing: Filing, desk: Desk, pool: asyncpg.Pool) -> None:
        self._filing = filing
        self._desk = desk
        self._pool = pool

    async def open(self, account_id: str, iban: str | None) -> None:
        command = OpenAccount(account_id=account_id, currency="EUR", account_type="liability", overdraft="unlimited")
        assert isinstance(await self._desk.submit(command, key=f"open-{account_id}", principal=CLERK), Accepted)
        if iban is not None:
            await self.assign(account_id, iban)

    async def assign(self, account_id: str, iban: str) -> None:
        command = AssignIban(account_id=account_id, iban=iban)
        assert isinstance(await self._desk.submit(command, key=f"iban-{account_id}", principal=CLERK), Accepted)

    async def send(self, body: bytes) -> bytes:
        filed = await self._filing.take(body, self._desk, key="file-1", principal=CLERK)
        assert isinstance(filed, Filed)
        return filed.report

    async def broken_off(self, body: bytes, *, after_s: float) -> None:
        """Send, and go away before the answer comes."""
        task = asyncio.create_task(self.send(body))
        await asyncio.sleep(after_s)
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task

    async def paid(self) -> Counter[str]:
        """How often each end-to-end id became a payment."""
        rows = await self._pool.fetch("SELECT event::text AS event FROM events")
        events = [msgspec.json.decode(row["event"]) for row in rows]
        return Counter(e["data"]["end_to_end_id"] for e in events if e["type"] == "payment_initiated")


@asynccontextmanager
async def counter(book: DsnOf) -> AsyncIterator[Door]:
    async with pool_of(book) as pool, opened_vault(book) as vault, sequencing(book, render=render_refusal) as asking:
        applicants = Applicants(pool, vault=vault, screener=None, clock=SystemClock())
        assessor = Assessor(Inspectors(holders=AccountHolders(pool), applicants=applicants, vault=vault))
        desk = Desk(sequencer=asking.sequencer, clock=SystemClock(), assessor=assessor)
        opened = Door(Filing(book=pool, assessor=assessor, vault=vault), desk, pool)
        for account_id, iban in (("payer", PAYER), ("payee", PAYEE), ("late", None)):
            await opened.open(account_id, iban)
        yield opened


async def any_order_of_retries_holds(book: DsnOf, seed: int) -> None:
    """Send one file again and again, each time in some way, and look at the answers and the book."""
    chance = random.Random(seed)
    kinds = {"IN": PAYEE, "LATE": LATE, "BAD": "DE00370400440532013000"}
    drawn = [chance.choice(list(kinds)) for _ in range(chance.randint(3, 12))]
    wishes = [Wish(f"{kind}-{number}", creditor=kinds[kind]) for number, kind in enumerate(drawn)]
    body = payment_file(PAYER, *wishes, message_id="M-1")
    async with counter(book) as door:
        answers: set[bytes] = set()
        assigned_at = chance.randrange(1, STEPS)
        for step in range(STEPS):
            if step == assigned_at:
                answers.add(await door.send(body))
                await door.assign("late", LATE)
            match chance.choice(["once", "at once", "broken off"]):
                case "once":
                    answers.add(await door.send(body))
                case "at once":
                    answers |= set(
                        await asyncio.gather(*(door.send(body) for _ in range(chance.randint(2, AT_ONCE_MAX))))
                    )
                case "broken off":
                    await door.broken_off(body, after_s=chance.random() * 0.05)
        answers.add(await door.send(body))

        assert len(answers) == 1, "the same file was answered in two ways"
        paid = await door.paid()
        assert max(paid.values(), default=0) <= 1, f"paid twice: {paid}"
        assert not any(name.startswith("BAD") for name in paid)
        inside = {wish.end_to_end_id for wish in wishes if wish.creditor == PAYEE}
        assert {name for name in paid if name.startswith("IN")} == inside


@pytest.mark.parametrize("seed", range(RUNS))
async def test_any_order_of_retries_gets_one_answer_and_pays_once(book_database: DsnOf, seed: int) -> None:
    await any_order_of_retries_holds(book_database, seed)


def key_by_sending(patch: pytest.MonkeyPatch) -> None:
    """Every sending gives its transactions keys of their own."""
    numbers = itertools.count()
    patch.setattr(Line, "place", property(lambda line: f"{next(numbers)}"))


def digest_by_sending(patch: pytest.MonkeyPatch) -> None:
    """What a transaction is recognised by is not the same in every sending."""
    patch.setattr(filing, "digest_of", lambda command: os.urandom(16))


def forget_where_it_stands(patch: pytest.MonkeyPatch) -> None:
    """All transactions of a file have one key."""
    patch.setattr(Line, "place", property(lambda line: "1.1"))


@pytest.mark.parametrize("plant", [key_by_sending, digest_by_sending, forget_where_it_stands])
async def test_a_planted_fault_is_found(
    plant: Callable[[pytest.MonkeyPatch], None], book_database: DsnOf, monkeypatch: pytest.MonkeyPatch
) -> None:
    plant(monkeypatch)

    with pytest.raises(AssertionError):
        await any_order_of_retries_holds(book_database, 1)
