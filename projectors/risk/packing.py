"""Facts as the script of the risk model reads them, and what a worker does with a window of history."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from datetime import datetime
from typing import Any, Final, NamedTuple

import msgspec

from contracts.risk import PaymentFact
from contracts.risk_features import (
    DISTINCT_MAX,
    DISTINCT_WINDOW_S,
    FIGURE_MAX,
    MEMORY_S,
    PAYMENT_MEMORY_S,
    RINGS,
    amount_step,
)
from projectors.book import Book
from projectors.events import Event
from projectors.risk.facts import TEACHES, facts_of

WINDOW_EVENTS: Final = 50_000
CALL_FACTS_MAX: Final = 60  # about three milliseconds of Redis' time; larger calls cost more for each fact, not less

LAYOUT: Final = {
    "rings": [tuple(ring) for ring in RINGS],
    "figure_max": FIGURE_MAX,
    "memory_s": MEMORY_S,
    "payment_s": PAYMENT_MEMORY_S,
    "distinct_s": DISTINCT_WINDOW_S,
    "distinct_max": DISTINCT_MAX,
}
_pack: Final = msgspec.msgpack.Encoder().encode


class Call(NamedTuple):
    """One call of the script: it moves the model from ``first`` to ``last``."""

    first: int
    last: int
    recorded_at: datetime
    packed: bytes


class RiskFold(msgspec.Struct, frozen=True):
    """What a worker does with a window: cut it into calls. ``now_s``: a second that is not in the future.

    Who met whom is asked about the last day only, so older meetings are left out: a third of what a payment costs.
    """

    now_s: int
    layout: dict[str, Any]

    async def fold(self, book: Book, pages: AsyncIterator[list[Event]]) -> list[Call]:
        """Give the calls, in order; together they end where the window does."""
        calls = _Calls(self)
        async for page in pages:
            for event in page:
                calls.take(event)
        return calls.end()


class _Calls:
    """The calls of a window while its events come in."""

    def __init__(self, fold: RiskFold) -> None:
        self._fold = fold
        self._done: list[Call] = []
        self._facts: list[PaymentFact] = []
        self._first: Event | None = None
        self._last: Event | None = None

    def take(self, event: Event) -> None:
        if self._first is None:
            self._first = event
        self._last = event
        if type(event.data) in TEACHES:
            self._facts += facts_of((event,))
            if len(self._facts) >= CALL_FACTS_MAX:
                self._finish()

    def end(self) -> list[Call]:
        self._finish()
        return self._done

    def _finish(self) -> None:
        """End a call, where there is one."""
        if self._first is None or self._last is None:
            return
        since = self._fold.now_s - DISTINCT_WINDOW_S
        packed = pack_facts(self._facts, self._fold.layout, met_since=since)
        self._done.append(Call(self._first.position, self._last.position, self._last.envelope.recorded_at, packed))
        self._facts, self._first = [], None


def pack_facts(facts: Iterable[PaymentFact], layout: dict[str, Any], *, met_since: int | None = None) -> bytes:
    """Write facts as the script reads them. ``met_since``: older meetings do not count; None for news, where all do."""
    return _pack(([_packed(fact) for fact in facts], layout, met_since))


def _packed(fact: PaymentFact) -> dict[str, Any]:
    packed: dict[str, Any] = {"position": fact.position, "kind": fact.kind, "id": fact.payment_id, "at": fact.at}
    if fact.kind == "initiated":
        packed["payment"] = {
            "customer": fact.customer_id,
            "payee": fact.payee_id,
            "device": fact.device_id,
            "currency": fact.currency,
            "amount": min(fact.amount_minor, FIGURE_MAX),
            "step": str(amount_step(fact.amount_minor)),
        }
    return packed
