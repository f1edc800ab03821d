"""The reactors' figures for Prometheus."""

from __future__ import annotations

from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

PERFORM_BUCKETS_S: Final = (0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30)


class ReactorMetrics:
    """All metrics of the task table and its workers, registered once."""

    def __init__(self, registry: CollectorRegistry) -> None:
        reactor = ("reactor",)
        self.waiting = Gauge(
            "reactors_waiting", "Tasks that are not done yet; NaN while the table is out of reach.", reactor,
            registry=registry,
        )  # fmt: skip
        self.parked = Gauge(
            "reactors_parked", "Tasks that a person has to look at; what is behind them under the same key waits.",
            reactor, registry=registry,
        )  # fmt: skip
        self.parked_seconds = Gauge(
            "reactors_parked_oldest_seconds", "For how long the oldest parked task has been parked.", reactor,
            registry=registry,
        )  # fmt: skip
        self.overdue_seconds = Gauge(
            "reactors_overdue_oldest_seconds", "For how long the oldest waiting task has been due.", reactor,
            registry=registry,
        )  # fmt: skip
        self.results = Counter(
            "reactors_results", "Attempts by what became of them: done, again, parked, handed_back, fenced, unkept.",
            ("reactor", "kind", "result"), registry=registry,
        )  # fmt: skip
        self.perform_seconds = Histogram(
            "reactors_perform_seconds", "Time of one attempt at a task.", reactor, registry=registry,
            buckets=PERFORM_BUCKETS_S,
        )  # fmt: skip
