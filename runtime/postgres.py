"""PostgreSQL connections: bounded waits, named sessions, one version floor.

Every session carries a statement and a lock timeout, so that no query can outlive the request that asked for it. What a
borrower of a pooled session sets lives in its transaction (SET LOCAL, locks of the transaction), never in the session.
At start the server may still be booting: connecting is retried for CONNECT_WAIT_S, but only for reasons that pass.
A wrong password or a missing database is reported at once.
"""

from __future__ import annotations

from typing import Any, Final

import asyncpg
import stamina

SERVER_MAJOR_MIN: Final = 18
CONNECT_WAIT_S: Final = 30.0  # a server recovering from a crash is back well within this
CONNECT_ATTEMPT_S: Final = 5.0
CONNECT_PAUSE_FIRST_S: Final = 0.1
CONNECT_PAUSE_MAX_S: Final = 1.0
STATEMENT_TIMEOUT_MS: Final = 10_000
LOCK_TIMEOUT_MS: Final = 5_000
IDLE_IN_TRANSACTION_TIMEOUT_MS: Final = 30_000  # a process that hangs inside a transaction must not hold its locks

_NOT_YET: Final = (
    OSError,  # refused, reset, and asyncio's TimeoutError
    asyncpg.CannotConnectNowError,
    asyncpg.TooManyConnectionsError,
    asyncpg.ConnectionDoesNotExistError,
)


class UnsupportedServer(RuntimeError):
    """The PostgreSQL server is older than this software was written and tested for."""


async def create_pool(
    dsn: str,
    *,
    application_name: str,
    size_min: int = 1,
    size_max: int = 8,
    statement_timeout_ms: int = STATEMENT_TIMEOUT_MS,
    lock_timeout_ms: int = LOCK_TIMEOUT_MS,
) -> asyncpg.Pool[asyncpg.Record]:
    """Open a pool and check the server's version.

    Raises UnsupportedServer, and after CONNECT_WAIT_S the last connection error.
    """
    session = _session_settings(application_name, statement_timeout_ms, lock_timeout_ms)
    async for attempt in _attempts():
        with attempt:
            pool = await asyncpg.create_pool(
                dsn,
                min_size=size_min,
                max_size=size_max,
                timeout=CONNECT_ATTEMPT_S,
                server_settings=session,
                reset=_nothing_to_reset,
            )
    try:
        async with pool.acquire() as connection:
            require_server_version(connection)
    except BaseException:
        await pool.close()
        raise
    return pool


async def connect(
    dsn: str,
    *,
    application_name: str,
    statement_timeout_ms: int = STATEMENT_TIMEOUT_MS,
    lock_timeout_ms: int = LOCK_TIMEOUT_MS,
) -> asyncpg.Connection[asyncpg.Record]:
    """Open one connection, as `create_pool` does. Pass 0 ms for a session that may take its time (migrations)."""
    session = _session_settings(application_name, statement_timeout_ms, lock_timeout_ms)
    async for attempt in _attempts():
        with attempt:
            connection = await asyncpg.connect(dsn, timeout=CONNECT_ATTEMPT_S, server_settings=session)
    try:
        require_server_version(connection)
    except UnsupportedServer:
        await connection.close()
        raise
    return connection


def require_server_version(connection: Any) -> None:
    """Raise UnsupportedServer below SERVER_MAJOR_MIN. Takes a connection or one acquired from a pool."""
    version = connection.get_server_version()
    if version.major < SERVER_MAJOR_MIN:
        raise UnsupportedServer(
            f"the server is PostgreSQL {version.major}.{version.minor}, at least {SERVER_MAJOR_MIN} is needed: "
            "upgrade it, or point the database URL at a newer server"
        )


async def _nothing_to_reset(_connection: Any) -> None:
    """Spare the round trip of asyncpg's own reset; a transaction left open it rolls back all the same."""


def _attempts() -> Any:
    return stamina.retry_context(
        on=_NOT_YET,
        attempts=None,
        timeout=CONNECT_WAIT_S,
        wait_initial=CONNECT_PAUSE_FIRST_S,
        wait_max=CONNECT_PAUSE_MAX_S,
    )


def _session_settings(application_name: str, statement_timeout_ms: int, lock_timeout_ms: int) -> dict[str, str]:
    return {
        "application_name": application_name,
        "statement_timeout": str(statement_timeout_ms),
        "lock_timeout": str(lock_timeout_ms),
        "idle_in_transaction_session_timeout": str(IDLE_IN_TRANSACTION_TIMEOUT_MS),
        "timezone": "UTC",
        "jit": "off",  # our statements are short; compiling one costs more than running it
    }
