"""The process as an operator starts it: ready when level, honest when not, gone when asked."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import asyncpg
import httpx2
import pytest

from contracts.read_models import account_of
from projectors.run import PREFIX, Settings
from runtime.settings import SettingsError, load_settings
from tests.projectors.places import Place, until
from tests.support.book import RandomBook

STOP_WITHIN_S = 15.0
MAIN = (
    "import asyncio, os, sys; from runtime.settings import load_settings; from projectors.run import *;"
    "sys.exit(asyncio.run(run(load_settings(Settings, os.environ, prefix=PREFIX))))"
)


def _free_port() -> int:
    with socket.socket() as chosen:
        chosen.bind(("127.0.0.1", 0))
        return int(chosen.getsockname()[1])


class Process:
    """The running process and its operations port."""

    def __init__(self, process: asyncio.subprocess.Process, port: int) -> None:
        self.process = process
        self._at = f"http://127.0.0.1:{port}"

    async def get(self, path: str) -> httpx2.Response:
        async with httpx2.AsyncClient(trust_env=False) as client:
            return await client.get(self._at + path)

    async def ready(self) -> bool:
        try:
            return (await self.get("/health/ready")).status_code == 200
        except httpx2.TransportError:
            return False

    async def reasons(self) -> dict[str, str]:
        reasons: dict[str, str] = (await self.get("/health/ready")).json()["reasons"]
        return reasons


@asynccontextmanager
async def running(place: Place, **changed: str) -> AsyncIterator[Process]:
    port = _free_port()
    settings = {
        "LEDGER": place.ledger,
        "DATABASE_URL": place.reader_dsn,
        "NATS_URL": place.servers.nats_url,
        "REDIS_URL": place.servers.redis_url,
        "LAKE_DIR": str(place.lake_dir),
        "PORT": str(port),
        "LAKE_FLUSH_S": "0.1",
        **changed,
    }
    environ = {name: value for name, value in os.environ.items() if not name.startswith(PREFIX)}
    environ |= {PREFIX + name: value for name, value in settings.items()}
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", MAIN, env=environ, cwd=Path(__file__).parents[2], stderr=asyncio.subprocess.DEVNULL
    )
    try:
        yield Process(process, port)
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def _wallets_at(place: Place, position: int) -> bool:
    return bool(await place.redis.hget(place.keys.checkpoint, "position") == str(position).encode())


def _at(place: Place, position: int) -> Callable[[], Awaitable[bool]]:
    return lambda: _wallets_at(place, position)


async def _lag_is_told(process: Process) -> bool:
    return 'projectors_lag_events{model="lake"}' in (await process.get("/metrics")).text


async def test_both_models_are_built_shown_and_left_in_order(place: Place) -> None:
    book = RandomBook(seed=4, ledger=place.ledger)
    await place.record(book.write(600))
    async with running(place) as process:
        await until(process.ready, "the process is ready")
        await until(_at(place, book.position), "wallets is level")
        await until(lambda: _lag_is_told(process), "the lag is in the metrics")
        metrics = (await process.get("/metrics")).text
        assert f'projectors_position{{model="wallets"}} {float(book.position)}' in metrics
        assert 'projectors_commit_to_applied_seconds_count{model="wallets"}' in metrics
        process.process.send_signal(signal.SIGTERM)
        assert await asyncio.wait_for(process.process.wait(), STOP_WITHIN_S) == 0
    for account in book.accounts.values():
        state = account_of(account.account_id, await place.redis.hgetall(place.keys.account(account.account_id)))
        assert state.posted_minor == account.posted_minor


async def test_a_dead_redis_does_not_stop_the_lake(place: Place) -> None:
    book = RandomBook(seed=4, ledger=place.ledger)
    await place.record(book.write(100))
    async with running(place, REDIS_URL="redis://127.0.0.1:1/0") as process:

        async def only_the_models_in_redis_are_missing() -> bool:
            try:
                reasons = await process.reasons()
            except httpx2.TransportError:
                return False
            metrics = (await process.get("/metrics")).text
            level = f'projectors_position{{model="lake"}} {float(book.position)}' in metrics
            return level and set(reasons) == {"wallets", "desk", "risk"}

        await until(only_the_models_in_redis_are_missing, "the lake is level without Redis")


async def test_a_dead_nats_stops_nothing(place: Place) -> None:
    book = RandomBook(seed=4, ledger=place.ledger)
    await place.record(book.write(100))
    async with running(place, NATS_URL="nats://127.0.0.1:1") as process:
        await until(process.ready, "the process is ready without NATS")
        await place.record(book.write(20))
        await until(_at(place, book.position), "a new event is applied without NATS")


async def test_the_database_of_another_ledger_stops_the_start(place: Place) -> None:
    async with running(place, LEDGER="another") as process:
        assert await asyncio.wait_for(process.process.wait(), STOP_WITHIN_S) == 1


async def test_killed_in_the_middle_it_continues_exactly(place: Place) -> None:
    book = RandomBook(seed=4, ledger=place.ledger)
    await place.record(book.write(3000))
    for _ in range(3):
        async with running(place) as process:
            before = await place.redis.hget(place.keys.checkpoint, "position")

            async def moved(before: Any = before) -> bool:
                return bool(await place.redis.hget(place.keys.checkpoint, "position") != before)

            await until(moved, "something was applied")
            process.process.kill()
            await process.process.wait()
            await place.record(book.write(100))
    async with running(place) as process:
        await until(_at(place, book.position), "wallets is level")
        await until(process.ready, "the process is ready")
    for account in book.accounts.values():
        state = account_of(account.account_id, await place.redis.hgetall(place.keys.account(account.account_id)))
        assert (state.posted_minor, state.held_minor) == (account.posted_minor, account.held_minor)


def test_a_misspelt_setting_stops_the_start() -> None:
    with pytest.raises(SettingsError, match="PROJECTORS_LAKE_DIR"):
        load_settings(Settings, {"PROJECTORS_LAKE_DRI": "/tmp"}, prefix=PREFIX)


async def test_the_reader_may_not_write(place: Place) -> None:
    """The process runs as a role that could not change the book if it tried."""
    connection = await asyncpg.connect(place.reader_dsn)
    try:
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.execute("DELETE FROM events")
    finally:
        await connection.close()
