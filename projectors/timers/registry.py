"""Which deadlines the timers watch, and which other jobs there are.

A context whose records have a `due_at` adds a line to DEADLINES. A job of another kind is named in JOBS, as
"module:function" of a function `build(supplies: Supplies) -> Job`, so that a context can use this package while this
package lists it.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Sequence
from datetime import UTC
from typing import Any, Final, cast

import msgspec

from projectors.reactors.commands import CommandClient, Reply
from projectors.timers.deadlines import HOLDS, Deadline, DueSubjects, watch_job
from projectors.timers.jobs import Job
from projectors.timers.metrics import TimerMetrics
from projectors.timers.settings import Settings

DEADLINES: Final[tuple[Deadline, ...]] = (
    HOLDS,
    Deadline(kind="payment", states=("scheduled",), name="payment_start", path="/v1/payments/{subject}/start"),
    Deadline(
        kind="payment",
        states=("awaiting_authorisation", "awaiting_payer"),
        name="payment_expiry",
        path="/v1/payments/{subject}/expire",
    ),
    Deadline(
        kind="standing_order",
        path="/v1/standing-orders/{subject}/issue",
        body=lambda _, due_at: {"occurrence_on": due_at.astimezone(UTC).date().isoformat()},
    ),
    Deadline(
        kind="customer",
        states=("verified",),
        name="reverification",
        path="/v1/customers/{subject}/expire-verification",
    ),
    Deadline(
        kind="merchant",
        name="settlement",
        path="/v1/merchants/{subject}/close-settlement",
        body=lambda _, due_at: {"cut_off_at": due_at.isoformat()},
    ),
)
JOBS: Final[tuple[str, ...]] = (
    "projectors.reconciliation.timed:build",
    "projectors.timers.rescreening:build",
    "projectors.clearing.watch:build",
    "projectors.auditor.timed:build",
)


class Supplies(msgspec.Struct, frozen=True, kw_only=True):
    """What a job is built from; ``pool`` connects as bursar_reactor."""

    settings: Settings
    commands: CommandClient
    pool: Any
    metrics: TimerMetrics


def build_jobs(
    supplies: Supplies, *, deadlines: Sequence[Deadline] = DEADLINES, names: Sequence[str] = JOBS
) -> list[Job]:
    """Build every job. Raises ImportError, AttributeError for a name that leads nowhere."""
    subjects = DueSubjects(supplies.pool)

    async def send(path: str, body: dict[str, Any], key: str) -> Reply:
        return await supplies.commands.send(path, body, key=key)

    watches = [watch_job(deadline, subjects, send, metrics=supplies.metrics) for deadline in deadlines]
    return [*watches, *(find_builder(name)(supplies) for name in names)]


def find_builder(name: str) -> Callable[[Supplies], Job]:
    """Return the function that a name stands for."""
    module, _, function = name.partition(":")
    return cast(Callable[[Supplies], Job], getattr(importlib.import_module(module), function))
