"""Customers who pay through every fault, and remember what they were told.

Each wish has its own key. An answer is `ok` (with its position) or `refused`; anything else is `unknown`, and the
customer repeats the same wish under the same key until it is one of the two. Afterwards the book must agree with every
one of these memories.
"""

from __future__ import annotations

import asyncio
import itertools
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx2
import msgspec

from tests.command_api.door import move
from tests.e2e.whole import Whole

CUSTOMERS = 6
ANSWER_WITHIN_S = 8.0
PAUSE_S = 0.02
REPEAT_PAUSE_S = 0.2
SETTLED_WITHIN_S = 60.0
REFUSED_EVERY = 10  # one wish of so many is for money that is not there


@dataclass
class Wish:
    """One wish and what its customer was told, in order."""

    key: str
    must_be_refused: bool
    told: list[str] = field(default_factory=list)
    position: int | None = None
    answer: bytes = b""

    @property
    def settled(self) -> bool:
        """Whether the customer knows."""
        return bool(self.told) and self.told[-1] in ("ok", "refused")


class Customers:
    """Traffic of many customers between two accounts of their own."""

    def __init__(self, whole: Whole, name: str, *, doors: Sequence[str] = ()) -> None:
        self._whole = whole
        self._doors = itertools.cycle(doors or [whole.stack.url("command-api")])
        self._client = httpx2.AsyncClient(
            headers=dict(whole.commands.headers), timeout=ANSWER_WITHIN_S, trust_env=False
        )
        self.payer, self.payee, self.poor = (f"{name}:{part}" for part in ("payer", "payee", "poor"))
        self.wishes: list[Wish] = []
        self._name = name
        self._stopping = False

    async def open_accounts(self) -> None:
        """Make the accounts, before any fault."""
        await self._whole.open_accounts(self.payer, self.payee)
        await self._whole.open_accounts(self.poor, overdraft="forbidden")

    async def pay_until_stopped(self, customer: int) -> None:
        """Wish after wish, the next one when the last is settled."""
        for number in itertools.count(1):
            wish = Wish(f"{self._name}-{customer}-{number}", number % REFUSED_EVERY == 0)
            self.wishes.append(wish)
            async with asyncio.timeout(SETTLED_WITHIN_S):
                await self._settle(wish)
            if self._stopping:
                return
            await asyncio.sleep(PAUSE_S)

    def stop(self) -> None:
        """Let everybody settle what they began, and go."""
        self._stopping = True

    async def close(self) -> None:
        """Close the connections."""
        await self._client.aclose()

    def settled(self) -> int:
        """How many wishes are settled so far."""
        return sum(wish.settled for wish in self.wishes)

    async def _settle(self, wish: Wish) -> None:
        body = move(self.poor if wish.must_be_refused else self.payer, self.payee)
        while not wish.settled:
            wish.told.append(await self._ask(wish, body))
            if not wish.settled:
                await asyncio.sleep(REPEAT_PAUSE_S)

    async def _ask(self, wish: Wish, body: dict[str, Any]) -> str:
        try:
            answer = await self._client.post(
                f"{next(self._doors)}/v1/transfers", json=body, headers={"idempotency-key": wish.key}
            )
        except httpx2.TransportError as fault:
            return f"unknown: {type(fault).__name__}"
        problem = {} if answer.status_code == 201 else msgspec.json.decode(answer.content)
        if answer.status_code == 201:
            wish.position, wish.answer = int(answer.headers["bursar-position"]), answer.content
            return "ok"
        if answer.status_code == 422:
            assert problem["code"] == "insufficient_funds", problem
            return "refused"
        assert answer.status_code == 503, answer.text
        assert problem["retryable"] is True
        assert "retry-after" in answer.headers
        return f"unknown: {problem['code']}"

    async def check(self) -> None:
        """Compare the book with every memory: each ok there once and as told, each refusal not there, nothing else."""
        async with self._whole.superuser() as connection:
            rows = await connection.fetch(
                "SELECT position, event FROM events WHERE event ->> 'key' LIKE $1", f"{self._name}-%"
            )
            balances = dict(
                await connection.fetch(
                    "SELECT account_id, posted_minor FROM accounts WHERE account_id = ANY ($1)",
                    [self.payer, self.payee, self.poor],
                )
            )
        booked = {msgspec.json.decode(row["event"])["key"]: row for row in rows}
        assert len(booked) == len(rows), "a wish was booked twice"
        assert all(wish.settled for wish in self.wishes)
        for wish in self.wishes:
            assert wish.told[-1] == ("refused" if wish.must_be_refused else "ok"), wish
            if wish.position is not None:
                row = booked.pop(wish.key)
                assert (row["position"], row["event"].encode()) == (wish.position, wish.answer), wish
        assert booked == {}, "the book has what nobody was told"
        paid = sum(wish.position is not None for wish in self.wishes)
        assert balances == {self.payer: -paid, self.payee: paid, self.poor: 0}

    def summary(self) -> Counter[str]:
        """How often customers were told what."""
        return Counter(told for wish in self.wishes for told in wish.told)


@asynccontextmanager
async def paying(whole: Whole, name: str, *, doors: Sequence[str] = ()) -> AsyncIterator[Customers]:
    """Traffic for the length of the block; afterwards every customer settles, and the book is compared."""
    customers = Customers(whole, name, doors=doors)
    await customers.open_accounts()
    tasks = [asyncio.create_task(customers.pay_until_stopped(number)) for number in range(CUSTOMERS)]
    try:
        yield customers
        customers.stop()
        await asyncio.gather(*tasks)
        await customers.check()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await customers.close()


async def until_paid(customers: Customers, more: int) -> None:
    """Wait until customers have settled some more wishes: proof that traffic goes on."""
    wanted = customers.settled() + more
    async with asyncio.timeout(SETTLED_WITHIN_S):
        while customers.settled() < wanted:
            await asyncio.sleep(PAUSE_S)
