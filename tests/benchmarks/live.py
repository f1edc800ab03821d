"""Live updates for many: how long after the commit 500 listening clients hear of a payment, some of whom do not read.

Every client receives everything; a sample of them reads each event and compares clocks, the others only take the bytes,
so that the measuring does not become what is measured.
"""

from __future__ import annotations

import asyncio
import re
import socket
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from typing import Any, Final
from urllib.parse import urlsplit

import httpx2

from cli.devstack import DevStack
from query_api.overview.snapshot import SHARED_S
from tests.benchmarks.commands import CLIENTS, Bank
from tests.benchmarks.load import run_load
from tests.benchmarks.payments import Payers
from tests.support.event_stream import EventStream, event_stream

LISTENERS: Final = 500
SAMPLED: Final = 20
SLOW: Final = 25  # of them never read
SUBJECTS: Final = 50  # one person has a bounded number of streams
SLOW_BUFFER_BYTES: Final = 4096
RATE: Final = 200.0
SECONDS: Final = 25.0
STARTED_WITHIN_S: Final = 60.0
TAIL_S: Final = 3.0
OVERVIEWS: Final = 100


class _Taker(asyncio.Protocol):
    """A client that takes whatever comes, or nothing at all."""

    def __init__(self, request: bytes, *, reads: bool) -> None:
        self._request = request
        self._reads = reads
        self.bytes = 0

    def connection_made(self, transport: Any) -> None:
        self.transport = transport
        transport.write(self._request)

    def data_received(self, data: bytes) -> None:
        self.bytes += len(data)
        if not self._reads:
            self.transport.pause_reading()


async def bench_live(bank: Bank, payers: Payers, stack: DevStack) -> dict[str, Any]:
    """200 payments a second while everybody listens."""
    url = stack.url("query-api")
    tokens = [stack.token(subject=f"listener{number}") for number in range(SUBJECTS)]
    async with AsyncExitStack() as opened:
        sampled = [
            await opened.enter_async_context(
                event_stream(f"{url}/v1/live?topics=payments", {"authorization": f"Bearer {tokens[number]}"})
            )
            for number in range(SAMPLED)
        ]
        others = range(LISTENERS - SAMPLED)
        takers = [await _take(url, tokens[number % SUBJECTS], reads=number >= SLOW) for number in others]
        for stream in sampled:
            await stream.until("started", within_s=STARTED_WITHIN_S)
        async with asyncio.timeout(STARTED_WITHIN_S):
            while not all(taker.bytes for taker in takers):
                await asyncio.sleep(0.1)
        hearing = [asyncio.create_task(_hear(stream)) for stream in sampled]
        result = await run_load(
            bank.url, payers.between_wallets(), connections=CLIENTS, seconds=SECONDS, rate=RATE, keep_bodies=True
        )
        await asyncio.sleep(TAIL_S)
        let_go = await _slow_let_go(url)
        for task in hearing:
            task.cancel()
        heard = await asyncio.gather(*hearing)
        for taker in takers:
            taker.transport.abort()
    delays = sorted(delay for delays in heard for delay in delays)
    return {
        "listeners": LISTENERS,
        "slow": SLOW,
        "asked_per_s": round(result.rate, 1),
        "payments": len(result.bodies),
        "heard_by_each": [min(map(len, heard)), max(map(len, heard))],
        "p50_ms": round(1000 * delays[len(delays) // 2]),
        "p99_ms": round(1000 * delays[int(0.99 * (len(delays) - 1))]),
        "let_go": let_go,
        "overview_p50_ms": await _overview_ms(url, tokens[0]),
    }


async def _hear(stream: EventStream) -> list[float]:
    """Collect how long after its commit each payment was heard of, until cancelled."""
    delays: list[float] = []
    try:
        async for told in stream.events():
            if told.name == "payment":
                recorded_at = datetime.fromisoformat(told.data["recorded_at"])
                delays.append((datetime.now(UTC) - recorded_at).total_seconds())
    except asyncio.CancelledError:
        pass
    return delays


async def _slow_let_go(url: str) -> dict[str, int]:
    """How many streams the server ended, by why."""
    async with httpx2.AsyncClient() as client:
        text = (await client.get(f"{url}/metrics")).text
    found = re.findall(r'^query_api_live_ended_total\{reason="(\w+)"\} ([0-9.]+)', text, re.MULTILINE)
    return {reason: int(count.partition(".")[0]) for reason, count in found}


async def _take(url: str, token: str, *, reads: bool) -> _Taker:
    parts = urlsplit(url)
    request = f"GET /v1/live HTTP/1.1\r\nhost: {parts.netloc}\r\nauthorization: Bearer {token}\r\n\r\n".encode()
    connection = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    if not reads:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, SLOW_BUFFER_BYTES)
    connection.setblocking(False)
    loop = asyncio.get_running_loop()
    await loop.sock_connect(connection, (parts.hostname, parts.port))
    _, taker = await loop.create_connection(lambda: _Taker(request, reads=reads), sock=connection)
    return taker


async def _overview_ms(url: str, token: str) -> float:
    """The median of overviews that are made anew: each is asked for after the shared one is too old."""
    times: list[float] = []
    async with httpx2.AsyncClient(headers={"authorization": f"Bearer {token}"}) as client:
        for _ in range(OVERVIEWS):
            await asyncio.sleep(SHARED_S)
            began = asyncio.get_running_loop().time()
            (await client.get(f"{url}/v1/overview")).raise_for_status()
            times.append(asyncio.get_running_loop().time() - began)
    return round(1000 * sorted(times)[len(times) // 2], 1)
