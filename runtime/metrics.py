"""Prometheus metrics: one registry per process, passed along, and its text for whoever scrapes.

No default registry: what a process shows is what its composition root registered.
"""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, GCCollector, PlatformCollector, ProcessCollector
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest


def create_registry() -> CollectorRegistry:
    """Return a registry that already shows memory, CPU, open files and garbage collection of this process."""
    registry = CollectorRegistry(auto_describe=True)
    ProcessCollector(registry=registry)
    PlatformCollector(registry=registry)
    GCCollector(registry=registry)
    return registry


def nats_error_counter(registry: CollectorRegistry) -> Counter:
    """Count what the NATS client reports only in its error callback: lost messages and failed callbacks."""
    return Counter("runtime_nats_errors_total", "Errors reported by the NATS client.", registry=registry)


def metrics_payload(registry: CollectorRegistry) -> tuple[bytes, str]:
    """Return the exposition text and its content type."""
    return generate_latest(registry), CONTENT_TYPE_LATEST
