"""The webhooks' figures for Prometheus. No label names an endpoint: whose it is, is none of the scraper's business."""

from __future__ import annotations

from typing import Final

from prometheus_client import CollectorRegistry, Counter, Histogram

AGE_BUCKETS_S: Final = (0.1, 0.5, 1, 2, 5, 10, 60, 600, 3_600, 21_600, 86_400, 259_200)


class WebhookMetrics:
    """All metrics of the webhooks, registered once."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.delivered = Counter(
            "projectors_webhooks_delivered", "Deliveries that a receiver answered with 2xx.", registry=registry
        )
        self.failed = Counter(
            "projectors_webhooks_failed", "Attempts that failed and are made again.", registry=registry
        )
        self.dead = Counter("projectors_webhooks_dead", "Deliveries given up; they can be replayed.", registry=registry)
        self.age_seconds = Histogram(
            "projectors_webhooks_age_seconds",
            "From an event's recorded_at to its delivery.",
            registry=registry,
            buckets=AGE_BUCKETS_S,
        )
