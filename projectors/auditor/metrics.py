"""The auditor's figures for Prometheus, beside those of the timers. Every one of a side carries the label `side`."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge


class AuditMetrics:
    """All metrics of the auditor, registered once."""

    def __init__(self, registry: CollectorRegistry) -> None:
        side = ("side",)
        self.differences = Gauge(
            "timers_audit_differences", "Values that are not what the book says, and known.", side, registry=registry
        )
        self.position = Gauge(
            "timers_audit_position", "Position up to which the side was compared.", side, registry=registry
        )
        self.to_sweep = Gauge(
            "timers_audit_sweep_positions", "Positions that this sweep has not compared yet.", side, registry=registry
        )
        self.waiting = Gauge(
            "timers_audit_waiting", "1 while the side cannot be compared; the log says why.", side, registry=registry
        )
        self.late = Gauge(
            "timers_audit_late",
            "1 while a sweep is not round within its period, or new positions were left to the next.",
            side,
            registry=registry,
        )
        self.compared = Counter("timers_audit_compared", "Values compared with the book.", side, registry=registry)
        self.heals = Counter(
            "timers_audit_heals", "Repairs by result: healed, refused, failed.", ("result",), registry=registry
        )
