"""Running a report over a bank's lake, as tests of reports do."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import msgspec
from prometheus_client import CollectorRegistry

from contracts.report_views import DrillLink, ReportView
from query_api.dating import Dating
from query_api.lake import Lake, LakeLimits
from query_api.metrics import QueryMetrics
from query_api.parameters import report_question
from query_api.report_files import load_reports
from query_api.reports import prepare, run_report
from query_api.writers import FORMATS
from runtime.clock import FixedClock, SystemClock

DATING = Dating("main", FixedClock(datetime(2026, 3, 2, tzinfo=UTC)))
METRICS = QueryMetrics(CollectorRegistry())
REPORTS = load_reports()
PATIENCE_S = 120.0  # a busy machine is no reason for a test to fail


def open_lake(folder: Path, limits: LakeLimits | None = None) -> Lake:
    """A reader of the lake in a folder."""
    return Lake(folder, clock=SystemClock(), limits=limits or LakeLimits(timeout_s=PATIENCE_S), metrics=METRICS)


async def run(lake: Lake, name: str, written_as: str = "json", dating: Dating = DATING, /, **given: object) -> bytes:
    """Run a report; `from_` stands for `from`."""
    prepared = prepare(REPORTS[name], {key.rstrip("_"): value for key, value in given.items()})
    return (await run_report(lake, prepared, written_as=FORMATS[written_as], dating=dating)).body


async def view_of(lake: Lake, name: str, **given: object) -> ReportView:
    """Run a report and read its JSON."""
    return msgspec.json.decode(await run(lake, name, **given), type=ReportView)


async def rows_of(lake: Lake, name: str, *columns: str, **given: object) -> list[tuple[object, ...]]:
    """Run a report and keep some columns."""
    return columns_of(await view_of(lake, name, **given), *columns)


def columns_of(view: ReportView, *columns: str) -> list[tuple[object, ...]]:
    """Keep some columns of a report."""
    places = [[column.name for column in view.columns].index(name) for name in columns]
    return [tuple(row[place] for place in places) for row in view.rows]


async def behind(lake: Lake, link: DrillLink) -> ReportView:
    """Follow a link into another report, as a client does: with texts."""
    assert link.path.startswith("/v1/reports/")
    name = link.path.rpartition("/")[2]
    return await view_of(lake, name, **report_question(name, link.parameters))
