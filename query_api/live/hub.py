"""The producer of live updates: one per process, whoever listens and however many.

It is woken by the announcement that `wallets` has applied events, reads the new ones once, and hands the same bytes to
every client; at most every TICK_S, so that a busy ledger makes larger frames and not more of them. What a payment's
news says can then be read from `wallets` as well. A slow look stands in for lost announcements. While nobody listens
it reads nothing.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager, suppress
from typing import Final

import structlog
from msgspec import Struct, ValidationError, structs
from nats.aio.client import Client as NatsClient
from nats.aio.msg import Msg

from contracts.envelope import Envelope, UnknownEvent
from contracts.overview import Alert, Overview
from contracts.read_models import WALLETS
from contracts.subjects import applied_subject
from query_api.book import Book
from query_api.live import frames
from query_api.live.client import SHUTDOWN, LiveAnswer, LiveClient
from query_api.live.news import alerts_between, payments_in
from query_api.metrics import QueryMetrics
from query_api.overview.snapshot import Overviews
from query_api.refusals import ReadRefused, Refusal, SourceDown
from query_api.wallets import Wallets
from runtime.clock import Clock
from runtime.shutdown import Shutdown, end_all

TICK_S: Final = 0.2
LOOK_S: Final = 1.0  # without an announcement
OVERVIEW_S: Final = 1.0
HEARTBEAT_S: Final = 15.0
STREAM_S_MAX: Final = 900.0  # then the client comes back, with a token that is looked at anew
EVENTS_MAX: Final = 5_000  # told at once; of more the clients are told that they were skipped
EVENTS_PER_PAGE: Final = 1_000
PER_SUBJECT_MAX: Final = 32

_log = structlog.get_logger(__name__)


class LiveSources(Struct, frozen=True, kw_only=True):
    """Where news come from."""

    wallets: Wallets
    book: Book
    overviews: Overviews


class Hub:
    """All clients of this process and what they are told."""

    def __init__(
        self, sources: LiveSources, *, ledger: str, clients_max: int, clock: Clock, metrics: QueryMetrics
    ) -> None:
        self._sources = sources
        self._ledger = ledger
        self._clients_max = clients_max
        self._clock = clock
        self._metrics = metrics
        self._clients: set[LiveClient] = set()
        self._subjects: Counter[str] = Counter()
        self._is_closed = False
        self._woken = asyncio.Event()
        self._position: int | None = None  # up to which payments were told
        self._told: Overview | None = None
        self._alerts: tuple[Alert, ...] = ()
        self._overview_at = self._heartbeat_at = clock.monotonic()

    async def listen(self, nats: NatsClient) -> None:
        """Be woken by announcements; kept over reconnects."""

        async def wake(_: Msg) -> None:
            self._woken.set()

        await nats.subscribe(applied_subject(self._ledger, WALLETS), cb=wake)

    def join(self, topics: frozenset[str], *, subject: str, life_s: float) -> LiveAnswer:
        """Take a client in. Raises ReadRefused when there are too many, or the process is stopping."""
        if self._is_closed:
            raise ReadRefused(Refusal.TOO_BUSY, "this process is stopping; come back")
        if len(self._clients) >= self._clients_max:
            raise ReadRefused(Refusal.TOO_BUSY, f"{self._clients_max} clients are listening already")
        if self._subjects[subject] >= PER_SUBJECT_MAX:
            raise ReadRefused(Refusal.TOO_BUSY, f"you have {PER_SUBJECT_MAX} streams open already")
        client = LiveClient(topics, subject=subject, farewell=frames.ended)
        self._clients.add(client)
        self._subjects[subject] += 1
        self._metrics.live_clients.set(len(self._clients))
        self._woken.set()
        return LiveAnswer(client, first=self._first, leave=self._leave, life_s=min(life_s, STREAM_S_MAX))

    async def run(self, shutdown: Shutdown) -> None:
        """Tell news until a shutdown is requested, then end all streams."""

        async def wake_at_the_end() -> None:
            await shutdown.wait()
            self._woken.set()

        asked = asyncio.create_task(wake_at_the_end())
        try:
            while not shutdown.requested:
                await self._wait()
                if self._clients and not shutdown.requested:
                    await self._tick()
                    await asyncio.wait({asked}, timeout=TICK_S)
        finally:
            asked.cancel()
            self.close()

    def close(self) -> None:
        """End all streams and take nobody in any more."""
        self._is_closed = True
        for client in tuple(self._clients):
            client.end(SHUTDOWN)

    def _leave(self, client: LiveClient) -> None:
        if client in self._clients:
            self._clients.discard(client)
            self._subjects[client.subject] -= 1
            if not self._subjects[client.subject]:
                del self._subjects[client.subject]
            self._metrics.live_clients.set(len(self._clients))
            self._metrics.live_ended.labels(client.reason or "left").inc()

    async def _first(self, client: LiveClient) -> bytes:
        """Write what a stream begins with: where it stands, and a fresh snapshot, also after an interruption."""
        snapshot = await self._sources.overviews.current(at_least=self._position or 0)
        if self._position is None:
            self._position = snapshot.position
        first = frames.begin(snapshot.position, client.topics)
        if frames.OVERVIEW in client.topics:
            return first + frames.overview(snapshot)
        if frames.ALERTS in client.topics:
            return first + frames.alerts(alerts_between((), snapshot.alerts), snapshot.position)
        return first

    async def _wait(self) -> None:
        """Return when there may be news: soon after an announcement, and after LOOK_S at the latest."""
        if not self._clients:
            self._position = None
        with suppress(TimeoutError):
            async with asyncio.timeout(LOOK_S if self._clients else None):
                await self._woken.wait()
        self._woken.clear()

    async def _tick(self) -> None:
        """Read once what is new and hand it to everybody."""
        parts: dict[str, bytes] = {}
        try:
            if self._is_wanted(frames.PAYMENTS):
                parts[frames.PAYMENTS] = await self._payments()
            else:
                self._position = None
            if self._clock.monotonic() - self._overview_at >= OVERVIEW_S:
                parts |= await self._overview()
        except (SourceDown, ReadRefused) as down:
            _log.warning("live_source_down", detail=str(down))
        now = self._clock.monotonic()
        beats = now - self._heartbeat_at >= HEARTBEAT_S
        if beats:
            self._heartbeat_at = now
        by_topics: dict[frozenset[str], bytes] = {}
        for client in tuple(self._clients):
            frame = by_topics.get(client.topics)
            if frame is None:
                frame = by_topics[client.topics] = frames.joined(parts, client.topics)
            client.offer(frame or (frames.HEARTBEAT if beats else b""))

    def _is_wanted(self, *topics: str) -> bool:
        return any(topic in client.topics for client in self._clients for topic in topics)

    async def _payments(self) -> bytes:
        """Read the events that `wallets` has applied since the last time."""
        reached = (await self._sources.wallets.read_checkpoint()).position
        told = self._position
        if told is None:
            self._position = reached
            return b""
        if reached <= told:  # nothing new; or the model is being built again, and its past is no news
            return b""
        if reached - told > EVENTS_MAX:
            self._position = reached
            return frames.skipped(told + 1, reached)
        events = await self._events(told, reached)
        self._position = reached
        try:
            news = payments_in(events)
        except (UnknownEvent, ValidationError):  # of a newer program: it must not end the news for everybody
            _log.exception("live_event_unreadable", first=told + 1, last=reached)
            return frames.skipped(told + 1, reached)
        now = self._clock.now()
        for item in news:
            self._metrics.live_delay_seconds.observe(max(0.0, (now - item.recorded_at).total_seconds()))
        return frames.payments(news)

    async def _events(self, told: int, reached: int) -> list[Envelope]:
        """Read the events between two positions, page by page; EVENTS_MAX bounds them."""
        events: list[Envelope] = []
        while told < reached:
            page = await self._sources.book.read_events_between(told, reached, limit=EVENTS_PER_PAGE)
            if not page:
                raise SourceDown("PostgreSQL: it lacks events that the read model has; a replica that is behind?")
            events += page
            told = page[-1].position
        return events

    async def _overview(self) -> dict[str, bytes]:
        """Make the overview, and say what changed since the last one."""
        self._overview_at = self._clock.monotonic()
        if not self._is_wanted(frames.OVERVIEW, frames.ALERTS):
            return {}
        snapshot = await self._sources.overviews.current()
        news = list(alerts_between(self._alerts, snapshot.alerts))
        self._alerts = snapshot.alerts
        parts = {frames.ALERTS: frames.alerts(news, snapshot.position)} if news else {}
        if self._told is None or not _say_the_same(self._told, snapshot):
            self._told = snapshot
            parts[frames.OVERVIEW] = frames.overview(snapshot)
        return parts


@asynccontextmanager
async def producing(hub: Hub, shutdown: Shutdown) -> AsyncIterator[None]:
    """Run the producer around a block. A process whose producer fails is stopped: its streams would only look alive."""
    running = asyncio.create_task(hub.run(shutdown))

    def report(task: asyncio.Task[None]) -> None:
        if not task.cancelled() and task.exception() is not None:
            _log.error("live_producer_failed", exc_info=task.exception())
            shutdown.request("the live producer failed")

    running.add_done_callback(report)
    try:
        yield
    finally:
        await end_all([running])


def topics_of(asked: str | None, allowed: Iterable[str]) -> frozenset[str]:
    """Return the topics that are asked for; without a wish all that the caller may see."""
    return frozenset(allowed if asked is None else asked.split(","))


def _say_the_same(one: Overview, other: Overview) -> bool:
    return structs.replace(one, as_of=other.as_of) == other
