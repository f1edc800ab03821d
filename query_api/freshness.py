"""Read your writes: "at least position N" waits briefly for a read model, then says how far it is.

A waiter is woken by the projector's announcement on core NATS and then reads again: the answer's own position decides,
never the announcement, because announcements can be lost and a checkpoint can go back (a rebuild, a Redis failover).
A slow poll stands in for lost announcements and for NATS being away.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Annotated, Final, Protocol, TypeVar

import structlog
from msgspec import Meta, Struct
from nats.aio.client import Client
from nats.aio.msg import Msg

from contracts.read_models import READ_MODELS
from contracts.subjects import applied_subject, poke_subject
from contracts.views import AsOf
from query_api.metrics import QueryMetrics
from query_api.refusals import ReadRefused, Refusal
from runtime.clock import Clock

WAIT_DEFAULT_MS: Final = 2_000
WAIT_MAX_MS: Final = 10_000
POLL_S: Final = 0.2
WAITERS_MAX: Final = 1_000  # requests that may wait at once; one more is told to come back
POSITION_MAX: Final = 2**63 - 1
ANNOUNCED_DIGITS_MAX: Final = 19
BOOK: Final = "book"  # what commits are announced for, beside the read models

MinPosition = Annotated[
    int,
    Meta(ge=0, le=POSITION_MAX, description="Answer only from this position of the book on; waits up to `wait_ms`."),
]
WaitMs = Annotated[int, Meta(ge=0, le=WAIT_MAX_MS, description="How long to wait for `min_position`.")]
StaleOk = Annotated[
    bool, Meta(description="When `min_position` is not reached in time, answer with what there is instead of 503.")
]

_log = structlog.get_logger(__name__)


class Fresh(Struct, frozen=True):
    """How fresh an answer must be and how long that may take."""

    min_position: int | None = None
    wait_ms: int = WAIT_DEFAULT_MS
    stale_ok: bool = False

    def exactly(self, position: int) -> "Fresh":
        """Wait for `position` only: an answer at a past position never changes, so a later one adds nothing."""
        return Fresh(position, self.wait_ms)


class Dated(Protocol):
    """Any view."""

    @property
    def as_of(self) -> AsOf:
        """How current it is."""
        ...


V = TypeVar("V", bound=Dated)


class Freshness:
    """Waits for positions. `listen` once NATS is there; without it waiting still works, by polling."""

    def __init__(self, *, ledger: str, clock: Clock, metrics: QueryMetrics) -> None:
        self._ledger = ledger
        self._clock = clock
        self._metrics = metrics
        self._waiting: dict[str, list[tuple[int, asyncio.Event]]] = {name: [] for name in (BOOK, *READ_MODELS)}
        self._waiters = 0

    async def listen(self, nats: Client) -> None:
        """Subscribe to the announcements of the book and of every read model; kept over reconnects."""
        await nats.subscribe(poke_subject(self._ledger), cb=self._heard(BOOK))
        for model in READ_MODELS:
            await nats.subscribe(applied_subject(self._ledger, model), cb=self._heard(model))

    async def read(self, read: Callable[[], Awaitable[V]], fresh: Fresh, *, model: str) -> V:
        """Read until the answer is as fresh as asked.

        Raises ReadRefused: `position_not_reached`, `too_busy`, and what `read` raises. "Not found" counts only once
        the model is as far as asked.
        """
        wanted = fresh.min_position
        if wanted is None:
            return await read()
        began = self._clock.monotonic()
        deadline = began + fresh.wait_ms / 1000
        while True:  # ends at the deadline at the latest
            answer, refused = await _attempt(read)
            position = answer.as_of.position if answer is not None else _position_of(refused)
            left_s = deadline - self._clock.monotonic()
            if position >= wanted or left_s <= 0:
                outcome = self._metrics.reached if position >= wanted else self._metrics.not_reached
                outcome.observe(self._clock.monotonic() - began)
            if position >= wanted or (left_s <= 0 and fresh.stale_ok):
                if answer is None:
                    raise refused  # type: ignore[misc]  # one of the two is set
                return answer
            if left_s <= 0:
                raise ReadRefused(
                    Refusal.POSITION_NOT_REACHED,
                    f"position {wanted} was not reached within {fresh.wait_ms} ms; now at {position}",
                    position=position,
                )
            await self._announced(model, wanted, timeout_s=min(left_s, POLL_S))

    async def _announced(self, model: str, position: int, *, timeout_s: float) -> None:
        """Return when `model` or the book announced `position`, or after `timeout_s`."""
        if self._waiters >= WAITERS_MAX:
            raise ReadRefused(Refusal.TOO_BUSY, f"{WAITERS_MAX} requests are waiting for a position already")
        waiter = (position, asyncio.Event())
        self._waiters += 1
        self._waiting[model].append(waiter)
        try:
            async with asyncio.timeout(timeout_s):
                await waiter[1].wait()
        except TimeoutError:
            pass  # the caller reads again either way
        finally:
            self._waiters -= 1
            self._waiting[model].remove(waiter)

    def _heard(self, model: str) -> Callable[[Msg], Awaitable[None]]:
        async def wake(message: Msg) -> None:
            if len(message.data) > ANNOUNCED_DIGITS_MAX or not message.data.isdigit():
                _log.warning("announcement_unreadable", model=model)
                return
            position = int(message.data)
            for wanted, event in self._waiting[model]:
                if wanted <= position:
                    event.set()

        return wake


async def _attempt(read: Callable[[], Awaitable[V]]) -> tuple[V | None, ReadRefused | None]:
    """Read; a refusal that knows its position is an answer that may change."""
    try:
        return await read(), None
    except ReadRefused as refused:
        if refused.position is None:
            raise
        return None, refused


def _position_of(refused: ReadRefused | None) -> int:
    return 0 if refused is None or refused.position is None else refused.position
