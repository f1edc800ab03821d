"""A report's table as bytes: JSON, CSV, Parquet or an Arrow stream. Pure functions; they run in the lake's threads.

JSON and the schema's metadata carry `as_of`; CSV has no place for it (the HTTP headers have it).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from io import BytesIO
from typing import Final

import msgspec
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
import pyarrow.parquet

from contracts.views import AsOf, ReportDescription, ReportView

JSON: Final = "application/json"
CSV: Final = "text/csv"
PARQUET: Final = "application/vnd.apache.parquet"
ARROW: Final = "application/vnd.apache.arrow.stream"

# What a spreadsheet takes for a formula when a text begins with it.
_FORMULA_START: Final = r"^([=+\-@\t\r])"
_AS_OF_KEY: Final = b"bursar.as_of"

Bound = Mapping[str, object]
Renderer = Callable[[pa.Table, ReportDescription, Bound, AsOf], bytes]


def render_json(table: pa.Table, report: ReportDescription, bound: Bound, as_of: AsOf) -> bytes:
    """Render as ReportView."""
    columns = [[_json_value(value) for value in column.to_pylist()] for column in table.columns]
    view = ReportView(
        report=report.name,
        title=report.title,
        parameters={name: _parameter(value) for name, value in bound.items() if value is not None},
        columns=report.columns,
        rows=tuple(zip(*columns, strict=True)),
        as_of=as_of,
    )
    return msgspec.json.encode(view)


def render_csv(table: pa.Table, report: ReportDescription, bound: Bound, as_of: AsOf) -> bytes:
    """Render as CSV (RFC 4180) with a header line; texts that a spreadsheet would run get an apostrophe in front."""
    for index, field in enumerate(table.schema):
        if pa.types.is_string(field.type):
            harmless = pc.replace_substring_regex(table.column(index), _FORMULA_START, r"'\1")
            table = table.set_column(index, field, harmless)
    buffer = BytesIO()
    pyarrow.csv.write_csv(table, buffer)
    return buffer.getvalue()


def render_parquet(table: pa.Table, report: ReportDescription, bound: Bound, as_of: AsOf) -> bytes:
    """Render as a Parquet file."""
    buffer = BytesIO()
    pyarrow.parquet.write_table(_dated(table, as_of), buffer, compression="zstd")
    return buffer.getvalue()


def render_arrow(table: pa.Table, report: ReportDescription, bound: Bound, as_of: AsOf) -> bytes:
    """Render as an Arrow IPC stream."""
    buffer = BytesIO()
    dated = _dated(table, as_of)
    with pa.ipc.new_stream(buffer, dated.schema) as stream:
        stream.write_table(dated)
    return buffer.getvalue()


RENDERERS: Final[Mapping[str, Renderer]] = {
    JSON: render_json,
    CSV: render_csv,
    PARQUET: render_parquet,
    ARROW: render_arrow,
}


def _dated(table: pa.Table, as_of: AsOf) -> pa.Table:
    return table.replace_schema_metadata({_AS_OF_KEY: msgspec.json.encode(as_of)})


def _json_value(value: object) -> object:
    match value:
        case Decimal():
            return int(value)
        case datetime():
            return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
        case date():
            return value.isoformat()
        case _:
            return value


def _parameter(value: object) -> str | int:
    return value if isinstance(value, int) else str(value)
