"""Reports as the routes ask for them: by name, as fresh as wanted, or refused."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from contracts.read_models import LAKE
from contracts.views import ReportDescription
from query_api.dating import Dating
from query_api.freshness import Fresh, Freshness
from query_api.lake import Lake, LakeMissing
from query_api.refusals import ReadRefused, Refusal, SourceDown
from query_api.reports import AS_OF_POSITION, Rendered, bind_parameters, load_reports, run_report


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

    async def run(self, name: str, given: Mapping[str, Any], *, media_type: str, fresh: Fresh) -> Rendered:
        """Run a report with the parameters given. Raises ReadRefused."""
        report = self._reports.get(name)
        if report is None:
            raise ReadRefused(
                Refusal.REPORT_NOT_FOUND, f"there is no report {name}; there are {', '.join(self._reports)}"
            )
        bound = bind_parameters(report, given)
        if AS_OF_POSITION in given:
            fresh = fresh.exactly(given[AS_OF_POSITION])

        async def read() -> Rendered:
            try:
                return await run_report(self._lake, report, bound, media_type=media_type, dating=self._dating)
            except LakeMissing as missing:
                raise ReadRefused(Refusal.SOURCE_UNAVAILABLE, str(missing), position=0) from missing
            except SourceDown as down:
                raise ReadRefused(Refusal.SOURCE_UNAVAILABLE, str(down)) from down

        return await self._freshness.read(read, fresh, model=LAKE)
