"""Reports as the lake answers them: parameters checked and bound, one statement, one position, rows in a fixed order.

Asked again at the same position a report gives the same bytes, whatever was booked in between: nothing in a statement
depends on the clock (ages count to $as_of_at, the time of the position), and every statement orders its rows fully.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, datetime
from pathlib import Path
from typing import Any, Final

import msgspec
import pyarrow as pa

from contracts.views import AsOf
from query_api.comparing import COMPARE_TO, compare
from query_api.dating import Dating
from query_api.drilling import AS_OF_POSITION
from query_api.formats import Dated, Format, render
from query_api.lake import Lake, LakeCursor, Value
from query_api.refusals import ReadRefused, Refusal
from query_api.report_files import FROM, TO, Report
from runtime.sql_files import load_queries

ROWS_MAX: Final = 200_000
JSON_ROWS_MAX: Final = 20_000

_LAKE_QUERIES: Final = load_queries(Path(__file__).parent / "sql" / "lake.sql")
_NAMED_IN_SQL: Final = re.compile(r"\$(\w+)")
_AS_OF_AT: Final = "as_of_at"  # the time of the position, for the statements that count ages


class Rendered(msgspec.Struct, frozen=True):
    """A report as bytes of one media type."""

    body: bytes
    as_of: AsOf


class Prepared(msgspec.Struct, frozen=True, kw_only=True):
    """A report with everything that it is asked with. ``shown``: the parameters as the answer repeats them."""

    report: Report
    bound: dict[str, Any]
    shown: dict[str, str | int]

    @property
    def position(self) -> int | None:
        """The position that was asked for; None: the newest."""
        asked: int | None = self.bound.get(AS_OF_POSITION)
        return asked


def prepare(report: Report, given: Mapping[str, Value]) -> Prepared:
    """Give every parameter of the report its value, its default or None, and make its comparison if one is asked for.

    `given` has only what the client sent. Raises ReadRefused for one that the report does not understand, one that is
    missing, and a period that ends before it begins.
    """
    name = report.description.name
    known = {parameter.name: parameter for parameter in report.description.parameters}
    for sent in given:
        if sent not in known and not (sent == COMPARE_TO and report.description.compares):
            raise ReadRefused(
                Refusal.UNKNOWN_PARAMETER,
                f"report {name} has no parameter {sent}; it takes {', '.join(known)}",
                parameter=sent,
            )
    for wanted, parameter in known.items():
        if parameter.required and wanted not in given:
            raise ReadRefused(Refusal.MISSING_PARAMETER, f"report {name} needs {wanted}", parameter=wanted)
    bound: dict[str, Any] = {key: given.get(key, parameter.default) for key, parameter in known.items()}
    first, last = bound.get(FROM), bound.get(TO)
    if isinstance(first, date) and isinstance(last, date) and last < first:
        raise ReadRefused(Refusal.CONTRADICTING_PARAMETERS, f"`to` ({last}) is before `from` ({first})", parameter=TO)
    shown = {key: _shown(value) for key, value in bound.items() if value is not None}
    other = given.get(COMPARE_TO)
    if isinstance(other, str):
        compared = compare(report, bound, other)
        report, bound, shown = compared.report, bound | compared.bound, {**shown, COMPARE_TO: compared.period}
    return Prepared(report=report, bound=bound, shown=shown)


async def run_report(lake: Lake, prepared: Prepared, *, written_as: Format, dating: Dating) -> Rendered:
    """Run a report and render it. Raises ReadRefused (position_not_reached, report_too_large) and as the lake does."""
    rows_max = JSON_ROWS_MAX if written_as.name == "json" else ROWS_MAX

    def job(cursor: LakeCursor) -> Rendered:
        dated = date_report(cursor, prepared, dating)
        table: pa.Table = cursor.query(
            f"{prepared.report.sql}\nLIMIT {rows_max + 1}", statement_parameters(prepared, dated.as_of)
        )
        if table.num_rows > rows_max:
            raise ReadRefused(
                Refusal.REPORT_TOO_LARGE,
                f"the report has more than {rows_max} rows as {written_as.name}; narrow the period, currency or "
                "account, or ask for an export",
            )
        return Rendered(render(table, dated, written_as), dated.as_of)

    return await lake.run(job)


def date_report(cursor: LakeCursor, prepared: Prepared, dating: Dating) -> Dated:
    """Settle at which position a report is answered. Raises ReadRefused (position_not_reached)."""
    position = cursor.position
    if prepared.position is not None:
        require_position(cursor, prepared.position)
        position = prepared.position
    as_of = date_cursor(cursor, position, dating)
    if prepared.position is not None:  # an age would make each answer another one
        as_of = msgspec.structs.replace(as_of, age_s=None)
    return Dated(prepared.report, prepared.bound, prepared.shown, as_of)


def statement_parameters(prepared: Prepared, as_of: AsOf) -> dict[str, Any]:
    """Give the parameters that the statement names, and no others."""
    values = {**prepared.bound, AS_OF_POSITION: as_of.position, _AS_OF_AT: as_of.recorded_at}
    named = set(_NAMED_IN_SQL.findall(prepared.report.sql))
    return {name: value for name, value in values.items() if name in named}


def date_cursor(cursor: LakeCursor, position: int, dating: Dating) -> AsOf:
    """Date what was read from the lake at `position`."""

    def read() -> datetime | None:
        for query in ("read_recent_recorded_at", "read_recorded_at"):
            found = cursor.query(_LAKE_QUERIES[query], {AS_OF_POSITION: position}).column(0)[0].as_py()
            if isinstance(found, datetime):
                return found
        return None

    return dating.as_of(position, cursor.remember_time(position, read), source="lake")


def require_position(cursor: LakeCursor, position: int) -> None:
    """Refuse a position that the lake has not reached."""
    if position > cursor.position:
        raise ReadRefused(
            Refusal.POSITION_NOT_REACHED,
            f"the lake is at position {cursor.position}, before {position}",
            position=cursor.position,
        )


def _shown(value: object) -> str | int:
    return value if isinstance(value, int) else str(value)
