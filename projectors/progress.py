"""How one read model is doing: what health, metrics and the log say about it, kept in one place."""

from __future__ import annotations

from collections import deque
from datetime import datetime
from typing import Final, Literal

from contracts.projections import Visibility
from projectors.events import Batch
from projectors.metrics import ProjectorMetrics

READY_LAG_EVENTS_MAX: Final = 10_000
READY_LAG_S_MAX: Final = 30.0
VISIBLE_EVENTS_MAX: Final = 4096  # newest events whose way from commit to readable is remembered

Status = Literal["starting", "following", "waiting", "halted"]


class Progress:
    """Position, state and lag of one version of a read model. Only the one that serves has metrics."""

    def __init__(self, model: str, metrics: ProjectorMetrics, *, is_serving: bool = True) -> None:
        self.model = model
        self.is_serving = is_serving
        self.position = 0
        self.applied_count = 0
        self.status: Status = "starting"
        self.category: str | None = None
        self.reason: str | None = "it has not reached its store yet"
        self.lag_events = 0
        self.lag_s = 0.0
        self._visible_s: deque[float] = deque(maxlen=VISIBLE_EVENTS_MAX)
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
        self.cover(batch.last, len(batch.events), seconds=seconds)
        if self.is_serving and batch.caught_up:
            for event in batch.events:
                took_s = max(0.0, (now - event.envelope.recorded_at).total_seconds())
                self._visible_s.append(took_s)
                self._latency.observe(took_s)

    def cover(self, last: int, events: int, *, seconds: float) -> None:
        """Note that so many events up to ``last`` were applied."""
        self._become("following")
        self._move_to(last)
        self.applied_count += events
        if self.is_serving:
            self._applied.inc(events)
            self._apply_seconds.observe(seconds)

    def serve(self, is_serving: bool) -> None:
        """Note that readers were pointed at this version, or away from it."""
        if is_serving and not self.is_serving:
            self.is_serving = True
            self._position_gauge.set(self.position)
            self._become(self.status, self.category, self.reason)
        self.is_serving = is_serving

    def visible(self) -> Visibility | None:
        """Say how long the newest events took from commit to readable; None before there was one."""
        if not self._visible_s:
            return None
        ordered = sorted(self._visible_s)
        last = len(ordered) - 1
        p50, p99, p999 = (round(ordered[round(last * share)], 6) for share in (0.5, 0.99, 0.999))
        return Visibility(p50=p50, p99=p99, p999=p999, events=len(ordered))

    def rest(self) -> None:
        """Note that there is nothing to apply."""
        self._become("following")

    def count(self, outcome: str) -> None:
        """Count a batch by what became of it."""
        if self.is_serving:
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
        if not self.is_serving:
            return
        self._metrics.lag_events.labels(self.model).set(events)
        self._metrics.lag_seconds.labels(self.model).set(seconds)

    def lag_unknown(self) -> None:
        """Note that the book does not answer: an old figure would look like health."""
        if not self.is_serving:
            return
        self._metrics.lag_events.labels(self.model).set(float("nan"))
        self._metrics.lag_seconds.labels(self.model).set(float("nan"))

    def failure(self) -> tuple[str, int, str] | None:
        """Say what keeps the model from moving: category, position of the event, reason; None when nothing does."""
        if self.status == "halted":
            return self.category or "bug", self.position + 1, self.reason or ""
        if self.status == "waiting":
            return "unreachable", self.position + 1, self.reason or ""
        return None

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
        if self.is_serving and self.category is not None and self.category != category:
            self._metrics.halted.labels(self.model, self.category).set(0)
        if self.is_serving and category is not None:
            self._metrics.halted.labels(self.model, category).set(1)
        self.status, self.category, self.reason = status, category, reason

    def _move_to(self, position: int) -> None:
        self.position = position
        if self.is_serving:
            self._position_gauge.set(position)
