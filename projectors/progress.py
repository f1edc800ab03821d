"""How one read model is doing: what health, metrics and the log say about it, kept in one place."""

from __future__ import annotations

from datetime import datetime
from typing import Final, Literal

from projectors.events import Batch
from projectors.metrics import ProjectorMetrics

READY_LAG_EVENTS_MAX: Final = 10_000
READY_LAG_S_MAX: Final = 30.0

Status = Literal["starting", "following", "waiting", "halted"]


class Progress:
    """Position, state and lag of one read model, with its metrics."""

    def __init__(self, model: str, metrics: ProjectorMetrics) -> None:
        self.model = model
        self.position = 0
        self.applied_count = 0
        self.status: Status = "starting"
        self.category: str | None = None
        self.reason: str | None = "it has not reached its store yet"
        self.lag_events = 0
        self.lag_s = 0.0
        self._metrics = metrics
        self._position_gauge = metrics.position.labels(model)
        self._applied = metrics.applied.labels(model)
        self._apply_seconds = metrics.apply_seconds.labels(model)
        self._latency = metrics.commit_to_applied_seconds.labels(model)

    def resume(self, position: int) -> None:
        """Follow from a checkpoint that was just read. A halt is over only when an event got applied."""
        self._move_to(position)
        if self.status != "halted":
            self._become("following")

    def advance(self, batch: Batch, *, seconds: float, now: datetime) -> None:
        """Note an applied batch."""
        self._become("following")
        self._move_to(batch.last)
        self.applied_count += len(batch.events)
        self._applied.inc(len(batch.events))
        self._apply_seconds.observe(seconds)
        if batch.caught_up:
            for event in batch.events:
                self._latency.observe(max(0.0, (now - event.envelope.recorded_at).total_seconds()))

    def rest(self) -> None:
        """Note that there is nothing to apply."""
        self._become("following")

    def count(self, outcome: str) -> None:
        """Count a batch by what became of it."""
        self._metrics.batches.labels(self.model, outcome).inc()

    def fail(self, reason: str) -> None:
        """Note trouble that passes by itself."""
        self._become("waiting", None, reason)

    def halt(self, category: str, reason: str) -> None:
        """Note that the model stands still before the event at ``position + 1``."""
        self._become("halted", category, reason)

    def lag(self, events: int, seconds: float) -> None:
        """Note how far behind the book the model is; NaN seconds and the last known events when nobody knows."""
        self.lag_events, self.lag_s = events, seconds
        self._metrics.lag_events.labels(self.model).set(events)
        self._metrics.lag_seconds.labels(self.model).set(seconds)

    def lag_unknown(self) -> None:
        """Note that the book does not answer: an old figure would look like health."""
        self._metrics.lag_events.labels(self.model).set(float("nan"))
        self._metrics.lag_seconds.labels(self.model).set(float("nan"))

    async def why_not_ready(self) -> str | None:
        """Say what keeps the model from serving fresh answers, None when nothing does."""
        if self.status == "halted":
            return f"halted at position {self.position + 1} ({self.category}): {self.reason}"
        if self.status != "following":
            return f"{self.status}: {self.reason}"
        if self.lag_events > READY_LAG_EVENTS_MAX or self.lag_s > READY_LAG_S_MAX:
            return f"behind: at position {self.position}, {self.lag_events} events ({self.lag_s:.0f} s) to go"
        return None

    def _become(self, status: Status, category: str | None = None, reason: str | None = None) -> None:
        if self.category is not None and self.category != category:
            self._metrics.halted.labels(self.model, self.category).set(0)
        if category is not None:
            self._metrics.halted.labels(self.model, category).set(1)
        self.status, self.category, self.reason = status, category, reason

    def _move_to(self, position: int) -> None:
        self.position = position
        self._position_gauge.set(position)
