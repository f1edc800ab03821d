"""Every metric of the write side, in one list."""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

_BATCH_BUCKETS = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000, 2_000, 5_000, 10_000)
_SECONDS_BUCKETS = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5)


class SequencerMetrics:
    """What the sequencer counts."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.position = Gauge("ledger_position", "Position of the last committed event.", registry=registry)
        self.commands_waiting = Gauge("ledger_commands_waiting_count", "Commands in the queue.", registry=registry)
        self.batch_commands = Histogram(
            "ledger_batch_commands_count", "Commands per commit.", buckets=_BATCH_BUCKETS, registry=registry
        )
        self.commit_seconds = Histogram(
            "ledger_commit_seconds", "Time to write and commit a batch.", buckets=_SECONDS_BUCKETS, registry=registry
        )
        self.outcomes = Counter("ledger_outcomes_total", "Answers given.", ["outcome"], registry=registry)
        self.rejections = Counter("ledger_rejections_total", "Refusals by reason.", ["reason"], registry=registry)
        self.conflicts = Counter(
            "ledger_conflicts_total", "Batches decided again because another process wrote first.", registry=registry
        )
        self.faults = Counter(
            "ledger_commit_faults_total", "Commits that failed, by error.", ["error"], registry=registry
        )


class RelayMetrics:
    """What the relay counts."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.position = Gauge("relay_position", "Last stream sequence.", registry=registry)
        self.lag_events = Gauge("relay_lag_events", "Events in the book but not in the stream.", registry=registry)
        self.lag_seconds = Gauge("relay_lag_seconds", "Age of the oldest event not in the stream.", registry=registry)
        self.published = Counter("relay_published_total", "Events published.", registry=registry)
        self.conflicts = Counter("relay_conflicts_total", "Pages another relay published first.", registry=registry)
        self.rebuilt = Counter("relay_streams_rebuilt_total", "Streams created anew from the book.", registry=registry)
