"""What stands between a rail and its counterparty: a deadline, a bulkhead and a circuit breaker, one set per rail.

*Deadline*: every call has an end, whatever the other side does, one byte a second included.
*Bulkhead*: at most so many calls at once and so many that wait; a rail that hangs cannot take the others' places.
*Breaker*: after some failures in a row nothing is sent for a while; then one call tries, and decides.

All three answer `Unknown(sent=False)` at once instead of making anybody wait.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Annotated, Any, Final

import httpx2
import msgspec
import structlog
from msgspec import Meta
from purgatory import AsyncCircuitBreakerFactory
from purgatory.domain.model import HALF_OPENED, OpenedState
from purgatory.service._async.circuitbreaker import AsyncCircuitBreaker

from projectors.rails.metrics import BREAKER_VALUES, RailMetrics
from projectors.rails.rail import RailAnswer, Unknown
from runtime.clock import Clock

CONNECT_WITHIN_S: Final = 2.0
DETAIL_CHARS_MAX: Final = 200

# Raised before a byte of the request has left, so nothing can have been executed.
_NOTHING_SENT: Final = (httpx2.ConnectError, httpx2.ConnectTimeout, httpx2.PoolTimeout)

_log = structlog.get_logger(__name__)

Exchange = Callable[[], Awaitable[RailAnswer]]


class RailLimits(msgspec.Struct, frozen=True, kw_only=True):
    """The bounds of one rail."""

    answer_within_s: Annotated[float, Meta(gt=0, le=60)] = 10.0
    concurrency_max: Annotated[int, Meta(ge=1, le=1000)] = 32
    waiting_max: Annotated[int, Meta(ge=0, le=10_000)] = 256
    wait_s: Annotated[float, Meta(ge=0, le=60)] = 1.0
    failures_to_open: Annotated[int, Meta(ge=1, le=1000)] = 5
    open_for_s: Annotated[float, Meta(gt=0, le=3600)] = 15.0


class Unusable(Exception):
    """An answer that cannot be believed: wrong status, shape or ids. The text says which, without its content."""


class _Failed(Exception):
    """Carries an answer that counts as a failure through the breaker."""

    def __init__(self, answer: Unknown) -> None:
        super().__init__(answer.detail)
        self.answer = answer


class Guard:
    """The bounds of one rail at work."""

    def __init__(self, rail: str, *, limits: RailLimits, metrics: RailMetrics, clock: Clock) -> None:
        self.limits = limits
        self._rail = rail
        self._metrics = metrics
        self._clock = clock
        self._places = asyncio.Semaphore(limits.concurrency_max)
        self._waiting = 0
        self._is_trying = False
        self._factory = AsyncCircuitBreakerFactory(
            default_threshold=limits.failures_to_open,
            default_ttl=limits.open_for_s,
        )
        self._factory.add_listener(self._show)
        self._breaker: AsyncCircuitBreaker | None = None
        metrics.breaker.labels(rail).set(BREAKER_VALUES["closed"])

    async def ask(self, call: str, exchange: Exchange, *, within_s: float) -> RailAnswer:
        """Run one exchange inside the bounds; returns its answer, or Unknown. Raises only what is our own mistake."""
        began = self._clock.monotonic()
        answer = await self._bounded(exchange, min(within_s, self.limits.answer_within_s))
        self._metrics.seconds.labels(self._rail, call).observe(self._clock.monotonic() - began)
        self._metrics.answers.labels(self._rail, call, type(answer).__name__).inc()
        if isinstance(answer, Unknown):
            _log.warning("rail_answer_unknown", rail=self._rail, call=call, sent=answer.sent, detail=answer.detail)
        return answer

    def note_own_delay(self, milliseconds: str | None) -> None:
        """Record what the counterparty says about its own part; anything else than a number is passed over."""
        if milliseconds is not None and milliseconds.isascii() and milliseconds.isdecimal() and len(milliseconds) < 10:
            self._metrics.counterparty_seconds.labels(self._rail).observe(int(milliseconds) / 1000)

    async def _bounded(self, exchange: Exchange, within_s: float) -> RailAnswer:
        async with self._place() as has_place:
            if not has_place:
                return Unknown("not sent: the rail is busy", sent=False)
            return await self._unless_open(exchange, within_s)

    @asynccontextmanager
    async def _place(self) -> AsyncIterator[bool]:
        """Hold one of the rail's places, waiting for it within bounds; yields whether there was one."""
        if self._places.locked() and self._waiting >= self.limits.waiting_max:
            yield False
            return
        self._waiting += 1
        try:
            async with asyncio.timeout(self.limits.wait_s):
                await self._places.acquire()
        except TimeoutError:
            yield False
            return
        finally:
            self._waiting -= 1
        try:
            with self._metrics.in_flight.labels(self._rail).track_inprogress():
                yield True
        finally:
            self._places.release()

    async def _unless_open(self, exchange: Exchange, within_s: float) -> RailAnswer:
        breaker = await self._the_breaker()
        if breaker.context.state == HALF_OPENED and self._is_trying:
            return Unknown("not sent: the circuit is open, and one call is trying it", sent=False)
        tries = False
        try:
            async with breaker:
                tries = self._is_trying = breaker.context.state == HALF_OPENED
                return await _answered(exchange, within_s)
        except OpenedState as refused:
            refused.with_traceback(None)  # one object is raised each time and would collect the frames of all callers
            return Unknown("not sent: the circuit is open", sent=False)
        except _Failed as failed:
            return failed.answer
        finally:
            if tries:
                self._is_trying = False

    async def _the_breaker(self) -> AsyncCircuitBreaker:
        if self._breaker is None:
            self._breaker = await self._factory.get_breaker(self._rail)
        return self._breaker

    def _show(self, _circuit: str, kind: str, event: Any) -> None:
        if kind == "state_changed":
            self._metrics.breaker.labels(self._rail).set(BREAKER_VALUES[event.state])
            _log.info("rail_breaker_changed", rail=self._rail, state=event.state)


async def _answered(exchange: Exchange, within_s: float) -> RailAnswer:
    """Run the exchange; raises _Failed with what counts against the counterparty."""
    try:
        async with asyncio.timeout(within_s):
            answer = await exchange()
    except TimeoutError:
        raise _Failed(Unknown(f"no answer within {within_s:.3g} s")) from None
    except _NOTHING_SENT as error:
        raise _Failed(Unknown(f"not sent: {type(error).__name__}", sent=False)) from error
    except (httpx2.HTTPError, httpx2.StreamError, OSError) as error:
        raise _Failed(Unknown(f"connection: {type(error).__name__}")) from error
    except Unusable as error:
        raise _Failed(Unknown(f"unusable answer: {error}"[:DETAIL_CHARS_MAX])) from error
    if isinstance(answer, Unknown):
        raise _Failed(answer)
    return answer
