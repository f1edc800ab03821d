"""Telling the table, again and again, how everything is that this process keeps."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Final

import structlog

from contracts.projections import FIRST_VERSION
from projectors.control.table import ControlUnreachable, Report, Reports
from projectors.progress import Progress

REPORT_PERIOD_S: Final = 1.0

_log = structlog.get_logger(__name__)


async def report_for_ever(table: Reports, reports: Callable[[], Sequence[Report]]) -> None:
    """Report every REPORT_PERIOD_S; ends by cancellation. What is not kept is said again with the next one."""
    while True:  # ends by cancellation
        await asyncio.sleep(REPORT_PERIOD_S)
        try:
            await table.keep(reports())
        except ControlUnreachable as trouble:
            _log.warning("reports_unkept", detail=str(trouble))


def report_of(progress: Progress) -> Report:
    """Say how something is that has one version, as reactors have."""
    return Report(
        model=progress.model,
        version=FIRST_VERSION,
        state="live" if progress.failure() is None else "stopped",
        position=progress.position,
        failure=progress.failure(),
        visible=progress.visible(),
    )
