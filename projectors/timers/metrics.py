"""The timers' figures for Prometheus."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge


class TimerMetrics:
    """All metrics of the process, registered once."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.registry = registry
        job = ("job",)
        self.leader = Gauge(
            "timers_leader", "1 while this process holds the lease and runs the jobs.", registry=registry
        )
        self.runs = Counter(
            "timers_runs", "Runs of jobs by result: ended, failed, fenced.", ("job", "result"), registry=registry
        )
        self.failing = Gauge(
            "timers_failing_runs", "Runs in a row that failed; 0 after one that ended.", job, registry=registry
        )
        self.ended_at = Gauge(
            "timers_last_ended_seconds",
            "When the job last ended a run here, in seconds since 1970.",
            job,
            registry=registry,
        )
        self.overdue_seconds = Gauge(
            "timers_overdue_oldest_seconds", "For how long the oldest subject of the last look had been due.", job,
            registry=registry,
        )  # fmt: skip
        self.refused = Gauge(
            "timers_refused", "Due subjects whose command was refused and that wait to be tried again.", job,
            registry=registry,
        )  # fmt: skip
        self.commands = Counter(
            "timers_commands", "Commands by reply: taken, replayed, refused, unanswered.", ("job", "reply"),
            registry=registry,
        )  # fmt: skip
