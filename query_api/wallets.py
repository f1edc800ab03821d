"""Reading the Redis read model: every call returns data and checkpoint of one moment.

Redis runs one script at a time, and a projector moves data and checkpoint in one script, so what a script reads here is
exact as of the checkpoint it returns. A Redis that failed is left alone for PAUSE_AFTER_FAILURE_S, so that a frozen
server costs one request a wait, and not each of them.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any, Final

import msgspec
from redis.asyncio import Redis
from redis.exceptions import RedisError

from contracts.read_models import WALLETS, WALLETS_VERSION, Checkpoint, Fields, WalletsKeys, checkpoint_of
from contracts.subjects import active_version_key
from query_api.refusals import SourceDown
from query_api.sources import Source
from runtime.clock import Clock

READ_TIMEOUT_S: Final = 0.5
PAUSE_AFTER_FAILURE_S: Final = 0.5
ACTIVE_VERSION_AGE_S: Final = 1.0  # a switch of versions is noticed within this
BATCH_ACCOUNTS_MAX: Final = 128  # keeps one script call well below a millisecond
BATCHES_IN_FLIGHT_MAX: Final = 1  # while one is on its way the next fills: under load batches grow, calls do not
GATHER_TURNS: Final = 4  # a request needs that many from the socket to here
BALANCE_FIELDS: Final = ("currency", "scale", "normal_side", "posted_minor", "held_minor")

_SCRIPTS: Final = Path(__file__).with_name("lua")

Balance = list[bytes]


class Page(msgspec.Struct, frozen=True):
    """Members of a sorted set with the hash behind each (none for members that have no hash), and one hash beside."""

    checkpoint: Checkpoint
    beside: Fields
    members: list[bytes]
    hashes: list[Fields]


class Wallets:
    """The active version of the `wallets` read model of one ledger. All methods raise SourceDown."""

    def __init__(self, redis: Source[Redis], *, ledger: str, clock: Clock) -> None:
        self._redis = redis
        self._ledger = ledger
        self._clock = clock
        self._scripts = {file.stem: file.read_text(encoding="utf-8") for file in _SCRIPTS.glob("*.lua")}
        self._registered: dict[str, Any] = {}
        self._keys = WalletsKeys(ledger)
        self._keys_until = 0.0
        self._resting_until = 0.0
        self._balances = ReadBatcher(self._read_balances)

    @property
    def version(self) -> int:
        """The version that answered last."""
        return self._keys.version

    async def read_checkpoint(self) -> Checkpoint:
        """Read how far the model is."""
        [checkpoint] = await self._call("read_hashes", lambda keys: [keys.checkpoint])
        return _checkpoint(checkpoint)

    async def read_balance(self, account_id: str) -> tuple[Checkpoint, Balance]:
        """Read BALANCE_FIELDS of an account; the first is None when the model does not know it."""
        return await self._balances.read(account_id)

    async def read_hash(self, key_of: Callable[[WalletsKeys], str]) -> tuple[Checkpoint, Fields]:
        """Read one hash; empty when there is none."""
        checkpoint, fields = await self._call("read_hashes", lambda keys: [keys.checkpoint, key_of(keys)])
        return _checkpoint(checkpoint), _pairs(fields)

    async def read_page(
        self,
        index_of: Callable[[WalletsKeys], str],
        zrange: Sequence[str | int],
        *,
        hash_of: Callable[[WalletsKeys, str], str] | None = None,
        beside: Callable[[WalletsKeys], str] | None = None,
    ) -> Page:
        """Read a range of a sorted set (arguments as ZRANGE takes them), its members' hashes and the hash `beside`."""

        def keys_of(keys: WalletsKeys) -> list[str]:
            return [keys.checkpoint, index_of(keys), (beside or index_of_nothing)(keys)]

        def arguments_of(keys: WalletsKeys) -> list[str | int]:
            return ["" if hash_of is None else hash_of(keys, ""), *zrange]

        checkpoint, fields, members, hashes = await self._call("read_page", keys_of, arguments_of)
        return Page(_checkpoint(checkpoint), _pairs(fields), members, [_pairs(flat) for flat in hashes])

    async def _read_balances(self, account_ids: list[str]) -> list[tuple[Checkpoint, Balance]]:
        checkpoint, *balances = await self._call(
            "read_fields",
            lambda keys: [keys.checkpoint, *(keys.account(account_id) for account_id in account_ids)],
            lambda keys: BALANCE_FIELDS,
        )
        as_read = _checkpoint(checkpoint)
        return [(as_read, balance) for balance in balances]

    async def _call(
        self,
        script: str,
        keys_of: Callable[[WalletsKeys], list[str]],
        arguments_of: Callable[[WalletsKeys], Sequence[str | int]] = lambda keys: (),
    ) -> list[Any]:
        redis = self._redis.get()
        if self._clock.monotonic() < self._resting_until:
            raise SourceDown("Redis: did not answer a moment ago")
        try:
            async with asyncio.timeout(READ_TIMEOUT_S):
                keys = await self._active_keys(redis)
                found: list[Any] = await self._script(redis, script)(keys=keys_of(keys), args=arguments_of(keys))
                return found
        except (RedisError, OSError) as error:
            self._resting_until = self._clock.monotonic() + PAUSE_AFTER_FAILURE_S
            raise SourceDown(f"Redis: does not answer ({type(error).__name__})") from error

    async def _active_keys(self, redis: Redis) -> WalletsKeys:
        if self._clock.monotonic() >= self._keys_until:
            active = await redis.get(active_version_key(self._ledger, WALLETS))
            self._keys = WalletsKeys(self._ledger, WALLETS_VERSION if active is None else int(active))
            self._keys_until = self._clock.monotonic() + ACTIVE_VERSION_AGE_S
        return self._keys

    def _script(self, redis: Redis, name: str) -> Any:
        if name not in self._registered:
            self._registered[name] = redis.register_script(self._scripts[name])
        return self._registered[name]


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


def index_of_nothing(keys: WalletsKeys) -> str:
    """Name a key that never exists, for scripts that take an optional hash."""
    return f"{keys.prefix}nothing"


def _is_cancelled(error: BaseException) -> bool:
    return isinstance(error, asyncio.CancelledError)


def _pairs(flat: list[bytes]) -> Fields:
    items = iter(flat)
    return dict(zip(items, items, strict=True))


def _checkpoint(flat: list[bytes]) -> Checkpoint:
    checkpoint = checkpoint_of(_pairs(flat))
    if checkpoint.fence is not None:
        raise SourceDown("Redis: the read model is being rebuilt")
    return checkpoint
