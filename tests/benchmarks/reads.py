"""Reading: how soon a commit is visible, and what a balance costs beside a bare handler."""

import asyncio
import itertools
import random
import socket
import statistics
import sys
import time
from bisect import bisect_left
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any, Final

import msgspec
from nats.aio.msg import Msg

from contracts.subjects import applied_subject
from runtime.jetstream import connect_nats
from tests.benchmarks.commands import CLIENTS, WALLETS, Bank
from tests.benchmarks.load import request_bytes, run_load

VISIBLE_RATE: Final = 500.0
VISIBLE_S: Final = 10.0
SETTLE_S: Final = 15.0
POLL_S: Final = 0.05
READS_S: Final = 3.0
READ_ROUNDS: Final = 3
MODELS: Final = ("wallets", "lake")


class _Recorded(msgspec.Struct):
    position: int
    recorded_at: datetime


class Watch:
    """When a read model announced which position, as seen by another process."""

    def __init__(self) -> None:
        self.positions: list[int] = []
        self.instants: list[datetime] = []

    async def on_announcement(self, message: Msg) -> None:
        """Note one announcement."""
        position = int(message.data)
        if not self.positions or position > self.positions[-1]:
            self.positions.append(position)
            self.instants.append(datetime.now(UTC))

    def has_reached(self, position: int) -> bool:
        """Whether the model announced ``position`` or more."""
        return bool(self.positions) and self.positions[-1] >= position

    def delay_s(self, event: _Recorded) -> float:
        """From the event's record in the book to the first announcement that covers it."""
        return (self.instants[bisect_left(self.positions, event.position)] - event.recorded_at).total_seconds()


async def bench_visibility(bank: Bank, nats_url: str) -> dict[str, Any]:
    """Commit to visible, per read model, at VISIBLE_RATE single transfers per second (open loop)."""
    nats = await connect_nats(nats_url, name="bench", on_closed=lambda: None)
    watches = {model: Watch() for model in MODELS}
    for model, watch in watches.items():
        await nats.subscribe(applied_subject("main", model), cb=watch.on_announcement)
    await _caught_up(bank, watches)
    requests = itertools.islice(bank.random_singles(), int(VISIBLE_RATE * VISIBLE_S))
    result = await run_load(bank.url, requests, connections=CLIENTS, rate=VISIBLE_RATE, keep_bodies=True)
    events = [msgspec.json.decode(body, type=_Recorded) for body in result.bodies]
    last = max(event.position for event in events)
    deadline = time.monotonic() + SETTLE_S
    while time.monotonic() < deadline and not all(watch.has_reached(last) for watch in watches.values()):
        await asyncio.sleep(POLL_S)
    await nats.close()
    return {
        "rate_per_s": VISIBLE_RATE,
        "events": len(events),
        **{model: _delays([watch.delay_s(event) for event in events]) for model, watch in watches.items()},
    }


async def _caught_up(bank: Bank, watches: dict[str, Watch]) -> None:
    """Let the models work off what opened the bank: one more transfer, and everybody past it."""
    marker = await run_load(bank.url, itertools.islice(bank.random_singles(), 1), connections=1, keep_bodies=True)
    await _all_reach(watches, msgspec.json.decode(marker.bodies[0], type=_Recorded).position)


async def _all_reach(watches: dict[str, Watch], position: int) -> None:
    deadline = time.monotonic() + SETTLE_S
    while not all(watch.has_reached(position) for watch in watches.values()):
        assert time.monotonic() < deadline, f"not every model reached {position} within {SETTLE_S} s"
        await asyncio.sleep(POLL_S)


def _delays(seconds: list[float]) -> dict[str, float]:
    ordered = sorted(seconds)
    shares = (("p50_ms", 0.5), ("p99_ms", 0.99), ("p999_ms", 0.999))
    return {name: round(1_000 * ordered[int(share * (len(ordered) - 1))], 1) for name, share in shares}


async def bench_balance(bank: Bank, query_url: str, token: str) -> dict[str, Any]:
    """GET a balance against a bare Litestar handler in a process of its own, rounds interleaved."""
    chance = random.Random(7)

    def balances() -> Iterator[bytes]:
        for _ in itertools.count():
            account_id = bank.wallet(chance.randrange(WALLETS))
            yield request_bytes("GET", f"{query_url}/v1/accounts/{account_id}/balance", token=token)

    ours: list[float] = []
    bare: list[float] = []
    p99: list[float] = []
    async with bare_server() as bare_url:
        for _ in range(READ_ROUNDS):
            result = await run_load(query_url, balances(), connections=CLIENTS, seconds=READS_S)
            assert set(result.statuses) == {200}, result.statuses
            ours.append(result.rate)
            p99.append(result.quantile_ms(0.99))
            plain = itertools.repeat(request_bytes("GET", f"{bare_url}/bare", token=token))
            bare.append((await run_load(bare_url, plain, connections=CLIENTS, seconds=READS_S)).rate)
    return {
        "per_s": round(statistics.median(ours)),
        "p99_ms": round(statistics.median(p99), 2),
        "baseline_per_s": round(statistics.median(bare)),
        "ratio": round(statistics.median(ours) / statistics.median(bare), 3),
    }


@asynccontextmanager
async def bare_server() -> AsyncIterator[str]:
    """The baseline: a Litestar handler that returns a constant, in a process of its own like the query API."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    process = await asyncio.create_subprocess_exec(sys.executable, "-m", "tests.benchmarks.bare_handler", str(port))
    try:
        await _until_open(port)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        await process.wait()


async def _until_open(port: int) -> None:
    deadline = time.monotonic() + SETTLE_S
    while time.monotonic() < deadline:
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", port)
        except OSError:
            await asyncio.sleep(POLL_S)
        else:
            writer.close()
            return
    raise TimeoutError(f"nothing listens on port {port}")
