"""The connection to Redis (or Valkey): short time-outs, few retries, one bounded pool.

Redis is disposable here, so a slow Redis must not make a request slow for long: better an error after SOCKET_TIMEOUT_S
than a queue of waiting requests. A command whose answer was lost is sent again: send only what may happen twice.
"""

from __future__ import annotations

from typing import Final

import redis.asyncio as redis
import stamina
from redis.asyncio.retry import Retry
from redis.backoff import ExponentialWithJitterBackoff
from redis.exceptions import AuthenticationError, BusyLoadingError
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import TimeoutError as RedisTimeoutError

CONNECT_WAIT_S: Final = 30.0
SOCKET_TIMEOUT_S: Final = 5.0
SOCKET_CONNECT_TIMEOUT_S: Final = 2.0
CONNECTIONS_MAX: Final = 32
POOL_WAIT_S: Final = 2.0
RETRIES_MAX: Final = 2
RETRY_PAUSE_FIRST_S: Final = 0.02
RETRY_PAUSE_MAX_S: Final = 0.2
IDLE_CHECK_S: Final = 15  # a connection unused for this long is pinged before it is used again


async def connect_redis(url: str) -> redis.Redis:
    """Open a pool and wait, for at most CONNECT_WAIT_S, until the server answers. Answers are bytes.

    Raises redis.exceptions.RedisError; a wrong password is reported at once.
    """
    pool = redis.BlockingConnectionPool.from_url(
        url,
        max_connections=CONNECTIONS_MAX,
        timeout=POOL_WAIT_S,
        socket_timeout=SOCKET_TIMEOUT_S,
        socket_connect_timeout=SOCKET_CONNECT_TIMEOUT_S,
        health_check_interval=IDLE_CHECK_S,
        retry=Retry(ExponentialWithJitterBackoff(cap=RETRY_PAUSE_MAX_S, base=RETRY_PAUSE_FIRST_S), RETRIES_MAX),
    )
    client = redis.Redis.from_pool(pool)
    try:
        async for attempt in stamina.retry_context(on=_is_passing, attempts=None, timeout=CONNECT_WAIT_S, wait_max=1.0):
            with attempt:
                await client.ping()
    except BaseException:
        await client.aclose()
        raise
    return client


def _is_passing(error: Exception) -> bool:
    """Whether waiting may cure it. A refused password is a ConnectionError too, and stays one."""
    passing = isinstance(error, RedisConnectionError | RedisTimeoutError | BusyLoadingError)
    return passing and not isinstance(error, AuthenticationError)
