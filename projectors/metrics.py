"""The projectors' figures for Prometheus. Every one carries the label `model`."""

from __future__ import annotations

from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

APPLY_BUCKETS_S: Final = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10)
LATENCY_BUCKETS_S: Final = (0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 3, 5, 10, 30)


class ProjectorMetrics:
    """All metrics of the process, registered once."""

    def __init__(self, registry: CollectorRegistry) -> None:
        model = ("model",)
        self.position = Gauge(
            "projectors_position", "Checkpoint of the read model: a position of the book.", model, registry=registry
        )
        self.lag_events = Gauge(
            "projectors_lag_events",
            "Events of the book that the read model has not applied; NaN while the book does not answer.",
            model,
            registry=registry,
        )
        self.lag_seconds = Gauge(
            "projectors_lag_seconds",
            "Age of the oldest event that the read model has not applied; NaN while the book does not answer.",
            model,
            registry=registry,
        )
        self.applied = Counter("projectors_applied", "Events applied to the read model.", model, registry=registry)
        self.batches = Counter("projectors_batches", "Batches by outcome.", ("model", "outcome"), registry=registry)
        self.apply_seconds = Histogram(
            "projectors_apply_seconds",
            "Time to apply one batch.",
            model,
            registry=registry,
            buckets=APPLY_BUCKETS_S,
        )
        self.commit_to_applied_seconds = Histogram(
            "projectors_commit_to_applied_seconds",
            "From an event's recorded_at to its being readable in the model. New events only, history is not counted.",
            model,
            registry=registry,
            buckets=LATENCY_BUCKETS_S,
        )
        self.halted = Gauge(
            "projectors_halted",
            "1 while the read model stands still before the event at position + 1, by category of the reason.",
            ("model", "category"),
            registry=registry,
        )
