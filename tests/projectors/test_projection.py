"""The loop around a target: whatever happens to the store or the book, the model ends up level with the book."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

import pytest
import structlog
from deltalake import DeltaTable
from prometheus_client import CollectorRegistry

from contracts.read_models import account_of
from contracts.subjects import applied_subject
from projectors.announce import announcer
from projectors.apply import Projection, Target
from projectors.feed import Feed, Pace
from projectors.lag import watch_lag
from projectors.lake.directory import AccountDirectory
from projectors.lake.target import LakeTarget
from projectors.metrics import ProjectorMetrics
from projectors.progress import Progress
from projectors.rebuild import drop_keys, drop_lake
from projectors.wallets.target import PACE, WalletsTarget
from runtime.clock import SystemClock
from tests.projectors.places import Place, until
from tests.support.book import RandomBook
from tests.support.book_store import store_raw_event
from tests.support.plain_book import TRACE


@dataclass
class Running:
    """A projection at work, and what it says about itself."""

    progress: Progress
    registry: CollectorRegistry

    async def reaches(self, position: int) -> None:
        await until(lambda: self._is_at(position), f"{self.progress.model} reaches {position}")

    async def says(self, text: str) -> None:
        await until(lambda: self._says(text), f"{self.progress.model} says {text!r}")

    async def _is_at(self, position: int) -> bool:
        return self.progress.position == position and await self.progress.why_not_ready() is None

    async def _says(self, text: str) -> bool:
        return text in (await self.progress.why_not_ready() or "")


@asynccontextmanager
async def projecting(
    place: Place, target: Target, *, model: str = "wallets", pace: Pace = PACE
) -> AsyncIterator[Running]:
    registry = CollectorRegistry()
    progress = Progress(model, ProjectorMetrics(registry))
    feed = Feed(place.book, lambda: place.nc, pace=pace)
    projection = Projection(place.book, feed, target, progress=progress, clock=SystemClock())
    announce = announcer(lambda: place.nc, ledger=place.ledger, model=model)
    tasks = [
        asyncio.create_task(projection.run(announce)),
        asyncio.create_task(watch_lag(place.book, [progress], clock=SystemClock())),
    ]
    try:
        yield Running(progress, registry)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await feed.close()


@pytest.fixture
async def wallets(place: Place) -> AsyncIterator[WalletsTarget]:
    target = WalletsTarget(place.servers.redis_url, place.keys)
    yield target
    await target.close()


async def posted(place: Place, account_id: str) -> int:
    return account_of(account_id, await place.redis.hgetall(place.keys.account(account_id))).posted_minor


async def require_balances(place: Place, book: RandomBook) -> None:
    for account_id, account in book.accounts.items():
        assert await posted(place, account_id) == account.posted_minor


async def test_a_new_model_is_built_and_kept_up(place: Place, wallets: WalletsTarget) -> None:
    book = RandomBook(seed=2, ledger=place.ledger)
    await place.record(book.write(1200))
    async with projecting(place, wallets) as running:
        await running.reaches(book.position)
        lines = book.write(20)
        await place.record(lines)
        await running.reaches(book.position)
        await require_balances(place, book)
        assert running.registry.get_sample_value("projectors_position", {"model": "wallets"}) == book.position
        applied = running.registry.get_sample_value("projectors_applied_total", {"model": "wallets"})
        assert applied == book.position


async def test_every_checkpoint_is_announced(place: Place, wallets: WalletsTarget) -> None:
    book = RandomBook(seed=2, ledger=place.ledger)
    heard: list[int] = []

    async def hear(message: object) -> None:
        heard.append(int(message.data))  # type: ignore[attr-defined]

    await place.nc.subscribe(applied_subject(place.ledger, "wallets"), cb=hear)
    await place.record(book.write(40))
    async with projecting(place, wallets) as running:
        await running.reaches(book.position)
        await place.nc.flush()
    assert heard[0] == 0
    assert heard[-1] == book.position


async def test_an_event_is_logged_under_the_trace_of_the_request_that_caused_it(
    place: Place, wallets: WalletsTarget
) -> None:
    book = RandomBook(seed=2, ledger=place.ledger)
    structlog.reset_defaults()  # a command that ran in this process may have set a level
    with structlog.testing.capture_logs() as lines:
        await place.record(book.write(5))
        async with projecting(place, wallets) as running:
            await running.reaches(book.position)
    trace_id = TRACE.split("-")[1]
    of_event = [line for line in lines if line["event"] == "event_applied"]
    assert [line["position"] for line in of_event] == list(range(1, book.position + 1))
    assert {line["trace_id"] for line in of_event} == {trace_id}
    assert next(line["trace_id"] for line in lines if line["event"] == "batch_applied") == trace_id


async def test_a_redis_flushed_while_nothing_happens_is_built_again(place: Place, wallets: WalletsTarget) -> None:
    book = RandomBook(seed=2, ledger=place.ledger)
    await place.record(book.write(200))
    async with projecting(place, wallets) as running:
        await running.reaches(book.position)
        await place.redis.flushdb()
        await until(lambda: _exists(place, place.keys.checkpoint), "the model is back")
        await running.reaches(book.position)
        await require_balances(place, book)


async def _exists(place: Place, key: str) -> bool:
    return bool(await place.redis.exists(key))


async def test_a_killed_redis_is_caught_up_with(place: Place, wallets: WalletsTarget) -> None:
    book = RandomBook(seed=2, ledger=place.ledger)
    await place.record(book.write(200))
    async with projecting(place, wallets) as running:
        await running.reaches(book.position)
        await place.servers.kill("valkey", wait=False)
        await place.record(book.write(100))
        await running.reaches(book.position)
        await require_balances(place, book)


async def test_a_stopped_redis_is_waited_for_and_named(place: Place, wallets: WalletsTarget) -> None:
    book = RandomBook(seed=2, ledger=place.ledger)
    await place.record(book.write(50))
    async with projecting(place, wallets) as running:
        await running.reaches(book.position)
        await place.servers.stop_one("valkey")
        try:
            await place.record(book.write(10))
            await running.says("Redis")
        finally:
            await place.servers.start_one("valkey")
        await running.reaches(book.position)
        await require_balances(place, book)


async def test_a_rebuild_while_running_starts_from_the_first_event(place: Place, wallets: WalletsTarget) -> None:
    book = RandomBook(seed=2, ledger=place.ledger)
    await place.record(book.write(300))
    stray = place.keys.account("customers:stray:eur")
    async with projecting(place, wallets) as running:
        await running.reaches(book.position)
        await place.redis.hset(stray, "posted_minor", "1")
        other = place.keys.prefix.replace("wallets", "wallets2") + "keep"
        await place.redis.set(other, "1")
        assert await drop_keys(place.servers.redis_url, place.keys, model="wallets") > 10
        await until(lambda: _exists(place, place.keys.checkpoint), "the model is back")
        await running.reaches(book.position)
        await require_balances(place, book)
        assert not await place.redis.exists(stray)
        assert await place.redis.exists(other)


async def test_an_unfinished_rebuild_stands_still_and_says_so(place: Place, wallets: WalletsTarget) -> None:
    book = RandomBook(seed=2, ledger=place.ledger)
    await place.record(book.write(50))
    await place.redis.hset(place.keys.checkpoint, "fence", "rebuild")
    async with projecting(place, wallets) as running:
        await running.says("bursar rebuild wallets")
        assert not await place.redis.exists(place.keys.totals)


async def test_a_model_of_another_book_is_refused(place: Place, wallets: WalletsTarget) -> None:
    """The book was restored from an older backup, or the model belongs to a wiped one."""
    await place.record(RandomBook(seed=2, ledger=place.ledger).write(50))
    await place.redis.hset(place.keys.checkpoint, mapping={"position": "900", "recorded_at": "2026-01-05T08:00:00Z"})
    async with projecting(place, wallets) as running:
        await running.says("built from another book")


async def test_an_unknown_event_halts_the_model_until_it_can_be_read(
    place: Place, wallets: WalletsTarget, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("projectors.apply.HALT_RETRY_S", 0.2)
    book = RandomBook(seed=2, ledger=place.ledger)
    lines = book.write(60)
    await place.record(lines[:39])
    bad = lines[39]
    await store_raw_event(place.connection, 40, bad.body.replace(b'"version":1', b'"version":2', 1))
    async with projecting(place, wallets) as running:
        await running.says("halted at position 40 (unknown_event)")
        halted = {"model": "wallets", "category": "unknown_event"}
        assert running.registry.get_sample_value("projectors_halted", halted) == 1
        assert running.registry.get_sample_value("projectors_position", {"model": "wallets"}) == 39
        await store_raw_event(place.connection, 41, lines[40].body)
        await running.says("halted at position 40")
        # What a deployment that can read the event looks like from here.
        await place.connection.execute("ALTER TABLE events DISABLE TRIGGER events_append_only")
        await place.connection.execute("UPDATE events SET event = $1 WHERE position = 40", bad.body.decode())
        await running.reaches(41)
        assert running.registry.get_sample_value("projectors_halted", halted) == 0


async def test_a_bug_in_a_model_halts_it_and_is_named(place: Place) -> None:
    class Broken:
        async def checkpoint(self) -> int:
            return 0

        async def apply(self, batch: object) -> None:
            raise KeyError("surprise")

    await place.record(RandomBook(seed=2, ledger=place.ledger).write(10))
    async with projecting(place, Broken()) as running:  # type: ignore[arg-type]
        await running.says("(bug): event ")


def _lake(place: Place) -> LakeTarget:
    return LakeTarget(place.lake_dir, AccountDirectory(place.book), clock=SystemClock())


def _delete(place: Place) -> None:
    shutil.rmtree(place.lake_dir)


def _drop(place: Place) -> None:
    assert drop_lake(place.lake_dir) > 0


@pytest.mark.parametrize("lose", [_delete, _drop])
async def test_a_lake_that_is_gone_is_built_again(place: Place, lose: Callable[[Place], None]) -> None:
    book = RandomBook(seed=2, ledger=place.ledger)
    await place.record(book.write(500))
    pace = Pace(events_max=200, linger_s=0.1)
    async with projecting(place, _lake(place), model="lake", pace=pace) as running:
        await running.reaches(book.position)
        before = DeltaTable(place.lake_dir / "entries").to_pyarrow_table().num_rows
        lose(place)
        await until(lambda: _has(place, before), "the lake has its rows again")
        await running.reaches(book.position)


async def _has(place: Place, rows: int) -> bool:
    path = place.lake_dir / "entries"
    return (
        path.exists() and DeltaTable.is_deltatable(str(path)) and DeltaTable(path).to_pyarrow_table().num_rows == rows
    )
