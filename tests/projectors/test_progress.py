"""What a read model says about itself."""

from __future__ import annotations

from prometheus_client import CollectorRegistry

from projectors.metrics import ProjectorMetrics
from projectors.progress import READY_LAG_EVENTS_MAX, Progress


async def test_a_halt_is_not_over_because_it_was_tried_again() -> None:
    """Each retry reads the checkpoint first; in between the model must not look well."""
    registry = CollectorRegistry()
    progress = Progress("wallets", ProjectorMetrics(registry))
    progress.resume(39)
    assert await progress.why_not_ready() is None
    progress.halt("unknown_event", "event 40 is new")
    progress.resume(39)
    assert await progress.why_not_ready() == "halted at position 40 (unknown_event): event 40 is new"
    labels = {"model": "wallets", "category": "unknown_event"}
    assert registry.get_sample_value("projectors_halted", labels) == 1
    progress.rest()
    assert await progress.why_not_ready() is None
    assert registry.get_sample_value("projectors_halted", labels) == 0


async def test_a_model_far_behind_is_not_ready_and_says_how_far() -> None:
    progress = Progress("lake", ProjectorMetrics(CollectorRegistry()))
    progress.resume(5)
    progress.lag(READY_LAG_EVENTS_MAX + 1, 2.0)
    assert await progress.why_not_ready() == "behind: at position 5, 10001 events (2 s) to go"
