"""The connection to Redis: waits for a start, not for a wrong password."""

from __future__ import annotations

import asyncio
import time
from urllib.parse import urlsplit

import pytest
from redis.exceptions import AuthenticationError
from redis.exceptions import ConnectionError as RedisConnectionError

from cli.devstack import Servers
from runtime import redis_client


async def test_answers_are_bytes(servers: Servers) -> None:
    client = await redis_client.connect_redis(servers.redis_url)
    await client.set("runtime:test", "1")
    assert await client.get("runtime:test") == b"1"
    await client.delete("runtime:test")
    await client.aclose()


async def test_connecting_waits_for_a_server_that_is_still_starting(killable: Servers) -> None:
    await killable.stop_one("valkey")
    connecting = asyncio.create_task(redis_client.connect_redis(killable.redis_url))
    await asyncio.sleep(0.2)
    assert not connecting.done()
    await killable.start_one("valkey")
    client = await connecting
    assert await client.ping()
    await client.aclose()


async def test_a_lost_connection_is_replaced(killable: Servers) -> None:
    client = await redis_client.connect_redis(killable.redis_url)
    await killable.kill("valkey")
    async with asyncio.timeout(10):
        assert await client.ping()
    await client.aclose()


async def test_a_wrong_password_is_reported_at_once(servers: Servers) -> None:
    address = urlsplit(servers.redis_url)
    started = time.monotonic()
    with pytest.raises(AuthenticationError):
        await redis_client.connect_redis(f"redis://:wrong@{address.hostname}:{address.port}")

    assert time.monotonic() - started < 2


async def test_nobody_there_is_an_error_after_a_bounded_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(redis_client, "CONNECT_WAIT_S", 0.3)
    with pytest.raises(RedisConnectionError):
        await redis_client.connect_redis("redis://127.0.0.1:1")
