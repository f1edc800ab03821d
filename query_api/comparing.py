"""One report for two periods or dates: its rows matched by key, each figure with the one before and the change."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any, Final

import msgspec

from contracts.report_views import ReportColumn, ReportDescription
from query_api.periods import YEAR_BEFORE, Period, read_period
from query_api.refusals import ReadRefused, Refusal
from query_api.report_files import AS_OF_DATE, FROM, TO, Report
from runtime.sql_files import load_queries

COMPARE_TO: Final = "compare_to"
SUMMED: Final = ("minor", "count")  # units in which a row that is not there counts as zero

_TEMPLATE: Final = load_queries(Path(__file__).parent / "sql" / "comparison.sql")["compare"]


class Compared(msgspec.Struct, frozen=True):
    """A report made into its comparison. ``bound``: parameters of the second period, under names of their own."""

    report: Report
    bound: dict[str, Any]
    period: str


def compare(report: Report, bound: Mapping[str, Any], compare_to: str) -> Compared:
    """Make the comparison of a report with another period. Raises ReadRefused."""
    other = _other_period(report.description, bound, compare_to)
    if report.description.compares == "period":
        renamed, period = {FROM: other.first, TO: other.last}, str(other)
    else:
        renamed, period = {AS_OF_DATE: other.last}, str(other.last)
    before = report.sql
    for name in renamed:
        before = re.sub(rf"\$\b{name}\b", f"${_renamed(name)}", before)
    keys, figures = report.description.keys, _figures(report.description)
    columns = [f"COALESCE(now.{key}, before.{key}) AS {key}" for key in keys]
    for figure in figures:
        now, past = (_value(source, figure) for source in ("now", "before"))
        columns += [
            f"{now} AS {figure.name}",
            f"{past} AS {figure.name}_before",
            f"{now} - {past} AS {figure.name}_change",
        ]
    sql = _TEMPLATE.format(
        now=report.sql,
        before=before,
        columns=",\n       ".join(columns),
        matching=" AND ".join(f"now.{key} IS NOT DISTINCT FROM before.{key}" for key in keys),
        order=", ".join(f"{number} NULLS LAST" for number in range(1, len(keys) + 1)),
    )
    columns_shown = _columns(report.description, figures)
    shown = {column.name for column in columns_shown}
    description = msgspec.structs.replace(report.description, columns=columns_shown)
    drills = tuple(drill for drill in report.drills if drill.columns <= shown)
    return Compared(
        msgspec.structs.replace(report, description=description, sql=sql, drills=drills),
        {_renamed(name): value for name, value in renamed.items()},
        period,
    )


def _other_period(description: ReportDescription, bound: Mapping[str, Any], compare_to: str) -> Period:
    if description.compares is None:
        raise ReadRefused(
            Refusal.INVALID_PARAMETER, f"report {description.name} compares nothing", parameter=COMPARE_TO
        )
    first, last = bound.get(FROM), bound.get(TO)
    asked = Period(first, last) if isinstance(first, date) and isinstance(last, date) else None
    day = bound.get(AS_OF_DATE)
    if description.compares == "date" and compare_to == YEAR_BEFORE and isinstance(day, date):
        asked = Period(day, day)
    try:
        return read_period(compare_to, asked=asked)
    except ValueError as error:
        raise ReadRefused(Refusal.INVALID_PARAMETER, f"{COMPARE_TO}: {error}", parameter=COMPARE_TO) from error


def _figures(description: ReportDescription) -> list[ReportColumn]:
    return [
        column for column in description.columns if column.type == "integer" and column.name not in description.keys
    ]


def _columns(description: ReportDescription, figures: list[ReportColumn]) -> tuple[ReportColumn, ...]:
    named = {column.name: column for column in description.columns}
    columns = [named[key] for key in description.keys]
    for figure in figures:
        columns += [
            figure,
            msgspec.structs.replace(figure, name=f"{figure.name}_before", description=f"{figure.description}, before"),
            msgspec.structs.replace(figure, name=f"{figure.name}_change", description=f"{figure.description}: change"),
        ]
    return tuple(columns)


def _value(source: str, figure: ReportColumn) -> str:
    return f"COALESCE({source}.{figure.name}, 0)" if figure.unit in SUMMED else f"{source}.{figure.name}"


def _renamed(name: str) -> str:
    return f"compare_{name}"
