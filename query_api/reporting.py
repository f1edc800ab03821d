"""Reports as the routes ask for them: by name, as fresh as wanted, or refused."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from contracts.read_models import LAKE
from contracts.report_views import ReportDescription
from contracts.views import AsOf
from query_api.dating import Dating
from query_api.formats import Format
from query_api.freshness import Fresh, Freshness
from query_api.lake import Lake, LakeMissing
from query_api.refusals import ReadRefused, Refusal, SourceDown
from query_api.report_files import load_reports
from query_api.reports import Prepared, Rendered, prepare, run_report


class _Reached(NamedTuple):
    as_of: AsOf


class Reporting:
    """All reports of one ledger."""

    def __init__(self, lake: Lake, *, freshness: Freshness, dating: Dating) -> None:
        self._lake = lake
        self._freshness = freshness
        self._dating = dating
        self._reports = load_reports()

    @property
    def descriptions(self) -> tuple[ReportDescription, ...]:
        """The catalogue."""
        return tuple(report.description for report in self._reports.values())

    def prepare(self, name: str, given: Mapping[str, Any]) -> Prepared:
        """Check and bind the parameters given. Raises ReadRefused."""
        report = self._reports.get(name)
        if report is None:
            raise ReadRefused(
                Refusal.REPORT_NOT_FOUND, f"there is no report {name}; there are {', '.join(self._reports)}"
            )
        return prepare(report, given)

    async def reached(self, fresh: Fresh) -> int:
        """Read how far the lake is, once it is as far as asked. Raises ReadRefused."""

        async def read() -> _Reached:
            try:
                return _Reached(self._dating.as_of(await self._lake.read_position(), None, source="lake"))
            except SourceDown as down:
                raise ReadRefused(Refusal.SOURCE_UNAVAILABLE, str(down)) from down

        return (await self._freshness.read(read, fresh, model=LAKE)).as_of.position

    async def run(self, name: str, given: Mapping[str, Any], *, written_as: Format, fresh: Fresh) -> Rendered:
        """Run a report with the parameters given. Raises ReadRefused."""
        prepared = self.prepare(name, given)
        if prepared.position is not None:
            fresh = fresh.exactly(prepared.position)

        async def read() -> Rendered:
            try:
                return await run_report(self._lake, prepared, written_as=written_as, dating=self._dating)
            except LakeMissing as missing:
                raise ReadRefused(Refusal.SOURCE_UNAVAILABLE, str(missing), position=0) from missing
            except SourceDown as down:
                raise ReadRefused(Refusal.SOURCE_UNAVAILABLE, str(down)) from down

        return await self._freshness.read(read, fresh, model=LAKE)
