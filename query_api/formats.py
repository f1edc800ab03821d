"""The formats of reports, and a report's table as bytes of one. Pure functions; they run in the lake's threads.

JSON and the schema's metadata of Parquet and Arrow carry `as_of`; so does XLSX on a sheet of its own. CSV has no place
for it (the HTTP headers have it). The same table and `as_of` give the same bytes, in every format.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from io import BytesIO
from typing import IO, Any, NamedTuple, Protocol

import pyarrow as pa

from contracts.views import AsOf
from query_api.report_files import Report


class Dated(NamedTuple):
    """What is written with a table: the report, what it was asked with, and as of when."""

    report: Report
    bound: Mapping[str, Any]
    shown: Mapping[str, str | int]
    as_of: AsOf


class Writer(Protocol):
    """Writes a table piece by piece; `close` writes what belongs behind the last row, and leaves the stream open."""

    def write(self, rows: pa.RecordBatch) -> None:
        """Append rows."""
        ...

    def close(self) -> None:
        """End it."""
        ...


class Format(NamedTuple):
    """A format: its name in `format=`, its media type and ending, and what begins one. ``rows_max``: its own bound."""

    name: str
    media_type: str
    ending: str
    begin: Callable[[IO[bytes], pa.Schema, Dated], Writer]
    rows_max: int | None = None


def render(table: pa.Table, dated: Dated, written_as: Format) -> bytes:
    """Write a whole table."""
    buffer = BytesIO()
    writer = written_as.begin(buffer, table.schema, dated)
    for batch in table.to_batches():
        writer.write(batch)
    writer.close()
    return buffer.getvalue()
