"""From the book to the stream: one page at a time, asserted by sequence, resumed from what the stream says."""

import asyncio
import time
from datetime import datetime
from typing import Final

import asyncpg
import msgspec
import structlog
from msgspec import Struct
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.errors import Error as NatsError

from contracts.subjects import events_subject, poke_subject, stream_name
from ledger.metrics import RelayMetrics
from ledger.store.load import QUERIES
from runtime.clock import Clock
from runtime.jetstream import (
    JetStreamRefused,
    PublishFailed,
    StreamSpec,
    WrongLastSequence,
    ensure_stream,
    last_sequence,
    publish_batch,
    publish_one,
)
from runtime.shutdown import Shutdown

PAGE_EVENTS: Final = 1_000  # the server's limit for one atomic batch
BATCH_EVENTS_MIN: Final = 4  # fewer are faster one by one: a batch costs a fixed staging step
POLL_S: Final = 0.1  # safety net for a poke that got lost
REREAD_S: Final = 5.0  # how long a silent loss of the stream's tail can last
PAUSE_AFTER_FAULT_S: Final = 0.25
PUBLISH_TIMEOUT_S: Final = 10.0
REFILL_EVENTS_MAX: Final = 1_000_000  # a lost stream is a window on the book again, not the whole of it

FAULTS: Final = (OSError, NatsError, JetStreamRefused, PublishFailed, asyncpg.PostgresError, asyncpg.InterfaceError)

log = structlog.get_logger(__name__)


class StreamAhead(RuntimeError):
    """The stream holds positions that the book does not: the book was restored from a backup, or they do not belong."""


class _Recorded(Struct):
    recorded_at: datetime


class Relay:
    """Keeps one ledger's stream equal to its book."""

    def __init__(
        self,
        *,
        ledger: str,
        book: asyncpg.Pool,
        nats: Client,
        clock: Clock,
        metrics: RelayMetrics,
        refill_events_max: int = REFILL_EVENTS_MAX,
    ) -> None:
        self._ledger = ledger
        self._stream = stream_name(ledger)
        self._subject = events_subject(ledger)
        self._book = book
        self._nats = nats
        self._clock = clock
        self._metrics = metrics
        self._refill_events_max = refill_events_max
        self._poked = asyncio.Event()
        self._last: int | None = None
        self._read_at = 0.0
        self.halted: str | None = None

    async def run(self, shutdown: Shutdown) -> None:
        """Publish until asked to stop; a fault costs a pause, never an event."""
        await self._nats.subscribe(poke_subject(self._ledger), cb=self._on_poke)
        while not shutdown.requested:
            self._poked.clear()
            try:
                moved = await self._publish_page()
                self.halted = None
            except WrongLastSequence:
                self._metrics.conflicts.inc()
                self._last = None
                moved = True
            except StreamAhead as ahead:
                self._halt(str(ahead))
                moved = False
            except FAULTS as fault:
                log.warning("relay_fault", kind=type(fault).__name__, error=str(fault))
                self._halt(f"{type(fault).__name__}: {fault}")
                await asyncio.sleep(PAUSE_AFTER_FAULT_S)
                moved = False
            if not moved:
                await self._rest(shutdown)

    async def _on_poke(self, message: Msg) -> None:
        self._poked.set()

    def _halt(self, reason: str) -> None:
        self.halted = reason
        self._last = None

    async def _rest(self, shutdown: Shutdown) -> None:
        try:
            async with asyncio.timeout(POLL_S):
                await self._poked.wait()
        except TimeoutError:
            pass  # the poll is the net below the poke

    async def _publish_page(self) -> bool:
        """Publish the next page of the book; False when the stream is level with it."""
        last = await self._last_sequence()
        rows = await self._book.fetch(QUERIES["read_events_page"], last, PAGE_EVENTS)
        await self._show(last, rows)
        if not rows:
            return False
        if rows[0]["position"] != last + 1 or rows[-1]["position"] != last + len(rows):
            raise StreamAhead(f"the book has no gapless page after position {last}; run `bursar verify`")
        bodies = [row["event"].encode() for row in rows]
        if len(bodies) < BATCH_EVENTS_MIN:
            for body in bodies:
                last = await publish_one(
                    self._nats, self._subject, body, expected_last=last, timeout_s=PUBLISH_TIMEOUT_S
                )
        else:
            last = await publish_batch(
                self._nats, self._subject, bodies, expected_last=last, timeout_s=PUBLISH_TIMEOUT_S
            )
        if last != rows[-1]["position"]:
            raise StreamAhead(f"the stream gave sequence {last} to position {rows[-1]['position']}")
        self._last = last
        self._metrics.published.inc(len(rows))
        self._metrics.position.set(last)
        return True

    async def _last_sequence(self) -> int:
        """The stream's last sequence, read from the stream at least every REREAD_S and after every doubt."""
        if self._last is not None and time.monotonic() - self._read_at < REREAD_S:
            return self._last
        head = await self._book.fetchval(QUERIES["read_head_position"]) or 0
        await ensure_stream(
            self._nats,
            StreamSpec(
                name=self._stream,
                subjects=(self._subject,),
                first_sequence=max(1, head - self._refill_events_max + 1),
                description=f"The book of ledger {self._ledger}; sequence = position.",
            ),
        )
        last = await last_sequence(self._nats, self._stream)
        # Read the head again: another relay may have published what was committed meanwhile.
        if last > head and last > (head := await self._book.fetchval(QUERIES["read_head_position"])):
            raise StreamAhead(
                f"the stream ends at {last}, the book at {head}: was the book restored from a backup? "
                f"Delete stream {self._stream} once the book is known to be right; it is refilled from the book"
            )
        self._last, self._read_at = last, time.monotonic()
        return last

    async def _show(self, last: int, rows: list[asyncpg.Record]) -> None:
        is_all = len(rows) < PAGE_EVENTS
        head = last + len(rows) if is_all else await self._book.fetchval(QUERIES["read_head_position"])
        self._metrics.lag_events.set(head - last)
        lag_s = 0.0
        if rows:
            oldest = msgspec.json.decode(rows[0]["event"], type=_Recorded).recorded_at
            lag_s = max(0.0, (self._clock.now() - oldest).total_seconds())
        self._metrics.lag_seconds.set(lag_s)
        self._metrics.position.set(last)
