"""The rails' figures for Prometheus. Every one carries the label `rail`."""

from __future__ import annotations

from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

SECONDS_BUCKETS: Final = (0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20)
BREAKER_VALUES: Final = {"closed": 0, "half-opened": 1, "opened": 2}


class RailMetrics:
    """All metrics of the rails of one process, registered once."""

    def __init__(self, registry: CollectorRegistry) -> None:
        rail = ("rail",)
        self.breaker = Gauge(
            "projectors_rail_breaker",
            "Circuit breaker of the rail: 0 closed, 1 half-open, 2 open.",
            rail,
            registry=registry,
        )
        self.in_flight = Gauge(
            "projectors_rail_in_flight", "Calls to the counterparty that have no answer yet.", rail, registry=registry
        )
        self.answers = Counter(
            "projectors_rail_answers",
            "Answers by call (send, inquire) and kind (Accepted, Rejected, Pending, Unknown, NotFound).",
            ("rail", "call", "answer"),
            registry=registry,
        )
        self.seconds = Histogram(
            "projectors_rail_seconds",
            "From a call to its answer, waiting for a free place included.",
            ("rail", "call"),
            registry=registry,
            buckets=SECONDS_BUCKETS,
        )
        self.counterparty_seconds = Histogram(
            "projectors_rail_counterparty_seconds",
            "What the counterparty says it took itself (answer header bank-delay-ms).",
            rail,
            registry=registry,
            buckets=SECONDS_BUCKETS,
        )
