"""Dating an answer: from a position and its time to `as_of`."""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct

from contracts.views import AsOf, Source
from runtime.clock import Clock

AGE_DECIMALS = 3


class Dating(Struct, frozen=True):
    """Makes the `as_of` of answers about one ledger."""

    ledger: str
    clock: Clock

    def as_of(self, position: int, recorded_at: datetime | None, *, source: Source) -> AsOf:
        """Date an answer that contains everything up to `position`, recorded at `recorded_at`."""
        age_s = None if recorded_at is None else self._age_s(recorded_at)
        return AsOf(ledger=self.ledger, position=position, recorded_at=recorded_at, age_s=age_s, source=source)

    def _age_s(self, recorded_at: datetime) -> float:
        # Two machines' clocks may disagree by a little; an answer from the future is simply new.
        return max(0.0, round((self.clock.now() - recorded_at).total_seconds(), AGE_DECIMALS))
