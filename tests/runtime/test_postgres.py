"""Connections to PostgreSQL: limits on every session, patience at start, a version floor."""

from __future__ import annotations

import asyncio
import time
from types import SimpleNamespace

import asyncpg
import pytest

from cli.devstack import Servers
from runtime import postgres


async def test_every_session_of_a_pool_is_named_and_bounded(owner_dsn: str) -> None:
    """A pool's sessions carry the application's name, UTC and both timeouts."""
    pool = await postgres.create_pool(
        owner_dsn, application_name="tests", statement_timeout_ms=1234, lock_timeout_ms=567
    )
    async with pool.acquire() as connection:
        settings = [
            await connection.fetchval("SELECT current_setting($1)", name)
            for name in ("application_name", "statement_timeout", "lock_timeout", "timezone")
        ]
    await pool.close()

    assert settings == ["tests", "1234ms", "567ms", "UTC"]


async def test_a_statement_that_runs_too_long_is_stopped_by_the_server(owner_dsn: str) -> None:
    """The statement timeout really ends a statement."""
    connection = await postgres.connect(owner_dsn, application_name="tests", statement_timeout_ms=50)
    try:
        with pytest.raises(asyncpg.QueryCanceledError):
            await connection.execute("SELECT pg_sleep(5)")
    finally:
        await connection.close()


async def test_connecting_waits_for_a_server_that_is_still_starting(killable: Servers) -> None:
    """A server that is down and comes back is connected to without an error."""
    await killable.stop_one("postgres")
    connecting = asyncio.create_task(postgres.connect(killable.postgres_dsn("bursar_owner"), application_name="tests"))
    await asyncio.sleep(0.2)
    assert not connecting.done()
    await killable.start_one("postgres")
    connection = await connecting
    answer = await connection.fetchval("SELECT 1")
    await connection.close()

    assert answer == 1


async def test_connecting_gives_up_after_a_bounded_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """A server that never answers is an error after CONNECT_WAIT_S, not a hang."""
    monkeypatch.setattr(postgres, "CONNECT_WAIT_S", 0.3)
    started = time.monotonic()
    with pytest.raises(OSError, match="Connect call failed"):
        await postgres.connect("postgresql://nobody@127.0.0.1:1/none", application_name="tests")

    assert time.monotonic() - started < 3


async def test_a_wrong_database_is_reported_at_once(owner_dsn: str) -> None:
    """What waiting cannot cure is not waited for."""
    started = time.monotonic()
    with pytest.raises(asyncpg.InvalidCatalogNameError):
        await postgres.create_pool(owner_dsn.replace("runtime_", "missing_"), application_name="tests")

    assert time.monotonic() - started < 2


def test_a_server_that_is_too_old_is_refused_with_both_versions() -> None:
    """The message names the version found and the version needed."""
    old = SimpleNamespace(get_server_version=lambda: SimpleNamespace(major=17, minor=10))

    with pytest.raises(postgres.UnsupportedServer, match=r"PostgreSQL 17\.10, at least 18"):
        postgres.require_server_version(old)
