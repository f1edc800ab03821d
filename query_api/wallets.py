"""Reading `wallets`: balances above all, which are asked for most and therefore read many at a time."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final

from redis.asyncio import Redis

from contracts.read_models import WALLETS, Checkpoint, WalletsKeys
from query_api.redis_model import RedisModel, readable
from query_api.refusals import SourceDown
from query_api.sources import Source
from runtime.clock import Clock

BATCH_ACCOUNTS_MAX: Final = 128  # keeps one script call well below a millisecond
BATCHES_IN_FLIGHT_MAX: Final = 1  # while one is on its way the next fills: under load batches grow, calls do not
GATHER_TURNS: Final = 4  # a request needs that many from the socket to here
BALANCE_FIELDS: Final = ("currency", "scale", "normal_side", "posted_minor", "held_minor")

Balance = list[bytes]


class Wallets(RedisModel[WalletsKeys]):
    """The active version of the `wallets` read model of one ledger. All methods raise SourceDown."""

    def __init__(self, redis: Source[Redis], *, ledger: str, clock: Clock) -> None:
        super().__init__(redis, ledger=ledger, model=WALLETS, keys_of=WalletsKeys, clock=clock)
        self._balances = ReadBatcher(self._read_balances)

    async def read_balance(self, account_id: str) -> tuple[Checkpoint, Balance]:
        """Read BALANCE_FIELDS of an account; the first is None when the model does not know it."""
        return await self._balances.read(account_id)

    async def _read_balances(self, account_ids: list[str]) -> list[tuple[Checkpoint, Balance]]:
        checkpoint, *balances = await self._call(
            "read_fields",
            lambda keys: [keys.checkpoint, *(keys.account(account_id) for account_id in account_ids)],
            lambda keys: BALANCE_FIELDS,
        )
        as_read = readable(checkpoint)
        return [(as_read, balance) for balance in balances]


class ReadBatcher:
    """Joins the balance reads that arrive while others are on their way into one call."""

    def __init__(self, read_many: Callable[[list[str]], Awaitable[list[tuple[Checkpoint, Balance]]]]) -> None:
        self._read_many = read_many
        self._waiting: list[tuple[str, asyncio.Future[tuple[Checkpoint, Balance]]]] = []
        self._in_flight: set[asyncio.Task[None]] = set()
        self._is_scheduled = False

    async def read(self, account_id: str) -> tuple[Checkpoint, Balance]:
        """Read one account's balance as part of the next batch."""
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[tuple[Checkpoint, Balance]] = loop.create_future()
        self._waiting.append((account_id, answer))
        if not self._is_scheduled:
            self._is_scheduled = True
            loop.call_soon(self._gather, loop, GATHER_TURNS)
        return await answer

    def _gather(self, loop: asyncio.AbstractEventLoop, turns: int) -> None:
        """Let the loop turn a few times first: what is at the sockets already joins, an idle loop loses nothing."""
        if turns:
            loop.call_soon(self._gather, loop, turns - 1)
        else:
            self._is_scheduled = False
            self._send()

    def _send(self) -> None:
        while self._waiting and len(self._in_flight) < BATCHES_IN_FLIGHT_MAX:
            batch, self._waiting = self._waiting[:BATCH_ACCOUNTS_MAX], self._waiting[BATCH_ACCOUNTS_MAX:]
            task = asyncio.create_task(self._run(batch))
            self._in_flight.add(task)
            task.add_done_callback(self._finish)

    def _finish(self, task: asyncio.Task[None]) -> None:
        self._in_flight.discard(task)
        if not self._is_scheduled:
            self._send()

    async def _run(self, batch: list[tuple[str, asyncio.Future[tuple[Checkpoint, Balance]]]]) -> None:
        try:
            found = await self._read_many([account_id for account_id, _ in batch])
        except BaseException as error:
            # Whatever it is, it belongs to those who asked; without this they would wait for ever.
            for _, answer in batch:
                if not answer.done():
                    answer.set_exception(SourceDown("Redis: cancelled") if _is_cancelled(error) else error)
            if _is_cancelled(error):
                raise
            return
        for (_, answer), balance in zip(batch, found, strict=True):
            if not answer.done():  # its request may have been cancelled meanwhile
                answer.set_result(balance)


def _is_cancelled(error: BaseException) -> bool:
    return isinstance(error, asyncio.CancelledError)
