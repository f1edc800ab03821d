"""Reports: named `.sql` files, each with a header that says what it takes and gives, run on the lake.

The header is read, checked and published: it is the catalogue, the check of the parameters and the description of the
columns. Lines: `title: …`, `description: …` (may repeat), `parameter: name type required|- text` and
`column: name type unit|- text`; types are text, date, position and text, integer, date, timestamp.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import msgspec

from contracts.views import AsOf, ReportDescription
from query_api.dating import Dating
from query_api.lake import Lake, LakeCursor, Value
from query_api.refusals import ReadRefused, Refusal
from query_api.rendering import JSON, RENDERERS
from runtime.sql_files import load_queries

ROWS_MAX: Final = 200_000
JSON_ROWS_MAX: Final = 20_000
AS_OF_POSITION: Final = "as_of_position"

_FOLDER: Final = Path(__file__).with_name("reports")
_LAKE_QUERIES: Final = load_queries(Path(__file__).parent / "sql" / "lake.sql")
_HEADER_LINE: Final = re.compile(r"-- (title|description|parameter|column): (.+)")


class Report(msgspec.Struct, frozen=True):
    """A report: its description and its statement."""

    description: ReportDescription
    sql: str


class Rendered(msgspec.Struct, frozen=True):
    """A report as bytes of one media type."""

    body: bytes
    as_of: AsOf


def load_reports() -> dict[str, Report]:
    """Read all reports by their public name (`trial-balance`). Raises ValueError for a header that cannot be read."""
    files = sorted(_FOLDER.glob("*.sql"))
    return {_name_of(file): Report(_describe(file), file.read_text(encoding="utf-8").rstrip(";\n ")) for file in files}


def bind_parameters(report: Report, given: Mapping[str, Value]) -> dict[str, Value]:
    """Give every parameter of the report its value or None.

    `given` has only what the client sent. Raises ReadRefused for one that the report does not understand, one that is
    missing, and a period that ends before it begins.
    """
    known = {parameter.name: parameter for parameter in report.description.parameters}
    for name in given:
        if name not in known:
            raise ReadRefused(
                Refusal.UNKNOWN_PARAMETER,
                f"report {report.description.name} has no parameter {name}; it takes {', '.join(known)}",
                parameter=name,
            )
    for name, parameter in known.items():
        if parameter.required and name not in given:
            raise ReadRefused(
                Refusal.MISSING_PARAMETER, f"report {report.description.name} needs {name}", parameter=name
            )
    return {name: given.get(name) for name in known}


async def run_report(
    lake: Lake, report: Report, bound: Mapping[str, Value], *, media_type: str, dating: Dating
) -> Rendered:
    """Run a report and render it. Raises ReadRefused (position_not_reached, report_too_large) and as the lake does."""
    rows_max = JSON_ROWS_MAX if media_type == JSON else ROWS_MAX

    def job(cursor: LakeCursor) -> Rendered:
        position = _pinned_position(cursor, bound)
        table = cursor.query(f"{report.sql}\nLIMIT {rows_max + 1}", {**bound, AS_OF_POSITION: position})
        if table.num_rows > rows_max:
            raise ReadRefused(
                Refusal.REPORT_TOO_LARGE,
                f"the report has more than {rows_max} rows as {media_type}; narrow the period, currency or account",
            )
        as_of = date_cursor(cursor, position, dating)
        return Rendered(RENDERERS[media_type](table, report.description, bound, as_of), as_of)

    return await lake.run(job)


def date_cursor(cursor: LakeCursor, position: int, dating: Dating) -> AsOf:
    """Date what was read from the lake at `position`."""
    recorded_at = cursor.query(_LAKE_QUERIES["read_recorded_at"], {AS_OF_POSITION: position}).column(0)[0].as_py()
    return dating.as_of(position, recorded_at, source="lake")


def _pinned_position(cursor: LakeCursor, bound: Mapping[str, Value]) -> int:
    asked = bound[AS_OF_POSITION]
    if not isinstance(asked, int):
        return cursor.position
    require_position(cursor, asked)
    return asked


def require_position(cursor: LakeCursor, position: int) -> None:
    """Refuse a position that the lake has not reached."""
    if position > cursor.position:
        raise ReadRefused(
            Refusal.POSITION_NOT_REACHED,
            f"the lake is at position {cursor.position}, before {position}",
            position=cursor.position,
        )


def _name_of(file: Path) -> str:
    return file.stem.replace("_", "-")


def _describe(file: Path) -> ReportDescription:
    lines: dict[str, list[str]] = {"title": [], "description": [], "parameter": [], "column": []}
    for kind, text in _HEADER_LINE.findall(file.read_text(encoding="utf-8")):
        lines[kind].append(text)
    try:
        return msgspec.convert(
            {
                "name": _name_of(file),
                "title": " ".join(lines["title"]),
                "description": " ".join(lines["description"]),
                "parameters": [_parameter(line) for line in lines["parameter"]],
                "columns": [_column(line) for line in lines["column"]],
            },
            ReportDescription,
        )
    except (ValueError, msgspec.ValidationError) as error:
        raise ValueError(f"{file.name}: header cannot be read: {error}") from error


def _parameter(line: str) -> dict[str, object]:
    name, kind, required, text = line.split(" ", 3)
    return {"name": name, "type": kind, "required": required == "required", "description": text}


def _column(line: str) -> dict[str, object]:
    name, kind, unit, text = line.split(" ", 3)
    return {"name": name, "type": kind, "unit": "" if unit == "-" else unit, "description": text}
