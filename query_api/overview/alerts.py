"""What a person should look at, from the figures. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final

from msgspec import Struct

from contracts.overview import Alert, ModelLag

# Further behind than this a read model does not serve fresh answers; the projectors' own readiness says the same.
LAG_EVENTS_MAX: Final = 10_000
LAG_S_MAX: Final = 30.0


class Figures(Struct, frozen=True, kw_only=True):
    """What alerts are made from. ``…_since``: since when the oldest of them has been waiting."""

    parked: int = 0
    parked_since: datetime | None = None
    in_review: int = 0
    breaks: int = 0
    breaks_since: datetime | None = None
    lag: Sequence[ModelLag] = ()
    unavailable: Mapping[str, str] = {}


def alerts_of(figures: Figures, *, now: datetime) -> tuple[Alert, ...]:
    """Say what is not as it should be, the worst first."""
    found = [*_sources(figures), *_queues(figures), *_behind(figures, now)]
    order = ("critical", "warning", "info")
    return tuple(sorted(found, key=lambda alert: (order.index(alert.severity), alert.key)))


def _sources(figures: Figures) -> Iterator[Alert]:
    for name, why in figures.unavailable.items():
        yield Alert(
            key=f"source_unavailable:{name}",
            severity="critical",
            kind="source_unavailable",
            text=f"{name} does not answer: {why}",
            since=None,
            link="/v1/status",
        )


def _queues(figures: Figures) -> Iterator[Alert]:
    if figures.parked:
        yield Alert(
            key="payments_parked",
            severity="critical",
            kind="payments_parked",
            text=f"{_counted(figures.parked, 'payment')} stuck on a rail, waiting for a person",
            since=figures.parked_since,
            link="/v1/payments?queue=parked",
        )
    if figures.breaks:
        yield Alert(
            key="breaks_open",
            severity="warning",
            kind="breaks_open",
            text=f"{_counted(figures.breaks, 'break')} between the book and a bank's statement",
            since=figures.breaks_since,
            link="/v1/breaks",
        )
    if figures.in_review:
        yield Alert(
            key="payments_in_review",
            severity="info",
            kind="payments_in_review",
            text=f"{_counted(figures.in_review, 'payment')} held for review",
            since=None,
            link="/v1/payments?queue=review",
        )


def _behind(figures: Figures, now: datetime) -> Iterator[Alert]:
    for lag in figures.lag:
        events, seconds = lag.events or 0, lag.seconds or 0.0
        if events > LAG_EVENTS_MAX or seconds > LAG_S_MAX:
            yield Alert(
                key=f"model_behind:{lag.model}",
                severity="warning",
                kind="model_behind",
                text=f"{lag.model} is behind the book",
                since=now - timedelta(seconds=seconds),
                link="/v1/status",
            )


def _counted(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"
