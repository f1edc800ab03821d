"""The risk model in Redis: one script call per batch moves counters and checkpoint together."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import msgspec

from contracts.risk import PaymentFact
from contracts.risk_features import (
    DISTINCT_MAX,
    DISTINCT_WINDOW_S,
    FIGURE_MAX,
    MEMORY_S,
    PAYMENT_MEMORY_S,
    RINGS,
    RiskKeys,
    amount_step,
)
from projectors.apply import Outcome
from projectors.events import Batch
from projectors.feed import Pace
from projectors.redis_model import RedisModel
from projectors.risk.facts import facts_of

BATCH_EVENTS_MAX: Final = 200  # a payment costs about forty commands, and the score at the door waits meanwhile
PACE: Final = Pace(events_max=BATCH_EVENTS_MAX, linger_s=0.005)

APPLY_LUA: Final = (Path(__file__).parent / "apply.lua").read_text(encoding="utf-8")
LAYOUT: Final = {
    "rings": [tuple(ring) for ring in RINGS],
    "figure_max": FIGURE_MAX,
    "memory_s": MEMORY_S,
    "payment_s": PAYMENT_MEMORY_S,
    "distinct_s": DISTINCT_WINDOW_S,
    "distinct_max": DISTINCT_MAX,
}
_pack: Final = msgspec.msgpack.Encoder().encode


class RiskTarget:
    """The risk model of one ledger."""

    def __init__(
        self, redis_url: str, keys: RiskKeys, *, script: str = APPLY_LUA, layout: dict[str, Any] = LAYOUT
    ) -> None:
        self._keys = keys
        self._layout = layout
        self._model = RedisModel(redis_url, name="risk", checkpoint=keys.checkpoint, script=script)

    async def checkpoint(self) -> int:
        """Return the model's position. Raises Fenced, TargetUnreachable."""
        return await self._model.position()

    def fold(self, batch: Batch) -> Batch:
        """Return the batch with what it says of payments."""
        return batch._replace(folded=self._pack(facts_of(batch.events)))

    async def apply(self, batch: Batch) -> Outcome:
        """Apply what the batch says of payments, and move the checkpoint, in one script call."""
        folded = self.fold(batch).folded if batch.folded is None else batch.folded
        recorded_at = batch.events[-1].envelope.recorded_at
        return await self._apply(folded, first=batch.first, last=batch.last, recorded_at=recorded_at)

    async def apply_facts(
        self, facts: Iterable[PaymentFact], *, first: int, last: int, recorded_at: datetime
    ) -> Outcome:
        """Apply the facts that the events from `first` to `last` teach. Raises TargetUnreachable."""
        return await self._apply(self._pack(facts), first=first, last=last, recorded_at=recorded_at)

    def _pack(self, facts: Iterable[PaymentFact]) -> bytes:
        return _pack(([_packed(fact) for fact in facts], self._layout))

    async def _apply(self, folded: bytes | None, *, first: int, last: int, recorded_at: datetime) -> Outcome:
        return await self._model.apply(
            1, self._keys.checkpoint, self._keys.prefix, first, last, recorded_at.isoformat(), folded
        )

    async def close(self) -> None:
        """Close the connections."""
        await self._model.close()


def _packed(fact: PaymentFact) -> dict[str, Any]:
    """Write a fact as the script reads it."""
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
