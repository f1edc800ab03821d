"""Answers about reports: the catalogue, a report, and the exports of reports."""

from datetime import datetime
from typing import Annotated, Literal

from msgspec import Meta, Struct

from contracts.views import AsOf

FormatName = Annotated[Literal["json", "csv", "parquet", "arrow", "xlsx"], Meta(description="Format of the answer.")]
ExportStatus = Literal["queued", "running", "done", "failed"]


class ReportParameter(Struct, frozen=True, kw_only=True):
    """A query parameter that a report understands, and what it is when it is not given."""

    name: str
    type: Literal["text", "date", "position", "integer"]
    required: bool
    default: int | None = None
    description: str


class ReportColumn(Struct, frozen=True, kw_only=True):
    """A column of a report, in order. ``unit``: minor, count, permille, ms, days, or empty."""

    name: str
    type: Literal["text", "integer", "date", "timestamp"]
    unit: str
    description: str


class ReportDescription(Struct, frozen=True, kw_only=True):
    """What a report is about, what it takes and what it gives.

    ``compares``: what ``compare_to`` names, a period or a date; null: the report compares nothing. ``keys``: the
    columns by which rows are matched then.
    """

    name: str
    title: str
    description: str
    parameters: tuple[ReportParameter, ...]
    columns: tuple[ReportColumn, ...]
    compares: Literal["period", "date"] | None = None
    keys: tuple[str, ...] = ()


class ReportFormat(Struct, frozen=True, kw_only=True):
    """A format of reports: what ``format`` and ``Accept`` call it."""

    name: str
    media_type: str


class ReportCatalogue(Struct, frozen=True, kw_only=True):
    """All reports, and the media types and formats each can be had in."""

    reports: tuple[ReportDescription, ...]
    media_types: tuple[str, ...]
    formats: tuple[ReportFormat, ...]


class DrillLink(Struct, frozen=True, kw_only=True):
    """Where the entries behind a figure are: ask ``path`` with ``parameters``."""

    path: str
    parameters: dict[str, str | int]


class ReportView(Struct, frozen=True, kw_only=True):
    """A report as JSON: one array per row, in the order of ``columns``. Sums are exact integers of any size.

    ``drill``: one link per row, in the same order, null where nothing lies behind; empty where a report has none.
    """

    report: str
    title: str
    parameters: dict[str, str | int]
    columns: tuple[ReportColumn, ...]
    rows: tuple[tuple[str | int | None, ...], ...]
    drill: tuple[DrillLink | None, ...] = ()
    as_of: AsOf


class ExportAsked(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An export to make: a report with its parameters, as its own route takes them, and how to write it."""

    report: Annotated[str, Meta(pattern=r"^[a-z][a-z-]{0,39}\Z", description="A name from the catalogue.")]
    parameters: Annotated[dict[str, str | int], Meta(max_length=32)] = {}
    format: FormatName = "csv"


class ExportView(Struct, frozen=True, kw_only=True):
    """An export. Its answer is as of ``as_of_position`` and never another one.

    ``progress`` is the share of rows that are written; ``link`` needs no token and is good until ``expires_at``;
    ``failure`` says why there is none.
    """

    export_id: str
    status: ExportStatus
    report: str
    parameters: dict[str, str | int]
    format: FormatName
    as_of_position: int
    progress: float
    rows: int
    rows_total: int | None
    bytes: int
    link: str | None
    failure: str | None
    created_at: datetime
    expires_at: datetime
