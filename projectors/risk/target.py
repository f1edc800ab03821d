"""The risk model in Redis: one script call per batch moves counters and checkpoint together; a window is many."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from contracts.risk import PaymentFact
from contracts.risk_features import RiskKeys
from projectors.apply import Outcome
from projectors.events import Batch
from projectors.feed import Pace
from projectors.history.messages import Folded
from projectors.redis_model import RedisModel
from projectors.risk.facts import facts_of
from projectors.risk.packing import LAYOUT, WINDOW_EVENTS, Call, RiskFold, pack_facts
from runtime.clock import Clock, SystemClock

BATCH_EVENTS_MAX: Final = 200  # a payment costs up to thirty commands, and the score at the door waits meanwhile
PACE: Final = Pace(events_max=BATCH_EVENTS_MAX, linger_s=0.005)

APPLY_LUA: Final = (Path(__file__).parent / "apply.lua").read_text(encoding="utf-8")


class RiskTarget:
    """The risk model of one ledger."""

    window_events = WINDOW_EVENTS

    def __init__(
        self,
        redis_url: str,
        keys: RiskKeys,
        *,
        script: str = APPLY_LUA,
        layout: dict[str, Any] = LAYOUT,
        clock: Clock | None = None,
    ) -> None:
        self._keys = keys
        self._layout = layout
        self._clock = clock or SystemClock()
        self._model = RedisModel(redis_url, name="risk", checkpoint=keys.checkpoint, script=script)

    @property
    def window_fold(self) -> RiskFold:
        """What a worker does with a window."""
        return RiskFold(int(self._clock.now().timestamp()), self._layout)

    async def checkpoint(self) -> int:
        """Return the model's position. Raises Fenced, TargetUnreachable."""
        return await self._model.position()

    def fold(self, batch: Batch) -> Batch:
        """Return the batch with what it says of payments."""
        return batch._replace(folded=pack_facts(facts_of(batch.events), self._layout))

    async def apply(self, batch: Batch) -> Outcome:
        """Apply what the batch says of payments, and move the checkpoint, in one script call."""
        folded = self.fold(batch).folded if batch.folded is None else batch.folded
        recorded_at = batch.events[-1].envelope.recorded_at
        return await self._apply(folded, first=batch.first, last=batch.last, recorded_at=recorded_at)

    async def apply_window(self, window: Folded) -> Outcome:
        """Apply a window in many calls, each of which moves the checkpoint. Raises TargetUnreachable."""
        calls: list[Call] = window.payload
        outcome = Outcome.GAP
        for call in calls:
            outcome = await self._apply(call.packed, first=call.first, last=call.last, recorded_at=call.recorded_at)
            if outcome is not Outcome.APPLIED:
                break
        return outcome

    async def apply_facts(
        self, facts: Iterable[PaymentFact], *, first: int, last: int, recorded_at: datetime
    ) -> Outcome:
        """Apply the facts that the events from `first` to `last` teach. Raises TargetUnreachable."""
        return await self._apply(pack_facts(facts, self._layout), first=first, last=last, recorded_at=recorded_at)

    async def _apply(self, folded: bytes | None, *, first: int, last: int, recorded_at: datetime) -> Outcome:
        return await self._model.apply(
            1, self._keys.checkpoint, self._keys.prefix, first, last, recorded_at.isoformat(), folded
        )

    async def close(self) -> None:
        """Close the connections."""
        await self._model.close()
