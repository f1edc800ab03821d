"""What an operator of the query API watches: who answers, how long freshness takes, how long the lake takes."""

from __future__ import annotations

from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

WAIT_BUCKETS_S: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.0, 5.0, 10.0)
LAKE_BUCKETS_S: Final = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)


class QueryMetrics:
    """The metrics of one process; children are made once, because looking one up costs more than counting."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.registry = registry
        self._fallbacks = Counter(
            "query_api_fallbacks",
            "Questions that a source could not answer and that were passed on.",
            ["source"],
            registry=registry,
        )
        self._waits = Histogram(
            "query_api_position_wait_seconds",
            "Time that requests waited for min_position, by outcome.",
            ["outcome"],
            buckets=WAIT_BUCKETS_S,
            registry=registry,
        )
        self.reached = self._waits.labels("reached")
        self.not_reached = self._waits.labels("not_reached")
        self.lake_seconds = Histogram(
            "query_api_lake_query_seconds",
            "Time that lake queries took, waiting for a thread included.",
            buckets=LAKE_BUCKETS_S,
            registry=registry,
        )
        self.logins = Counter(
            "query_api_logins",
            "Logins with a browser, by outcome.",
            ["outcome"],
            registry=registry,
        )
        self.live_clients = Gauge(
            "query_api_live_clients", "Clients that listen to the live stream.", registry=registry
        )
        self.live_ended = Counter(
            "query_api_live_ended", "Live streams that ended, by why.", ["reason"], registry=registry
        )
        self.live_delay_seconds = Histogram(
            "query_api_live_delay_seconds",
            "Time from the commit of a payment's event until it was told live.",
            buckets=WAIT_BUCKETS_S,
            registry=registry,
        )
        self.redis_failed = self._fallbacks.labels("redis")
        self.book_failed = self._fallbacks.labels("postgresql")
        self.lake_failed = self._fallbacks.labels("lake")
