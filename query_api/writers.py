"""Tables as JSON, CSV, Parquet and Arrow, written batch by batch: an export never has a whole table in memory."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import IO, Any, Final

import msgspec
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
import pyarrow.parquet

from contracts.report_views import ReportView
from query_api.drilling import drill_links
from query_api.formats import Dated, Format
from query_api.spreadsheet import SHEET_ROWS_MAX, SpreadsheetWriter

# What a spreadsheet takes for a formula: such a character first, after blanks too, in full width too; or a control
# character that some programs skip.
_FORMULA_START: Final = r"^(\s*[=+\-@＝＋－＠]|[\t\r\n])"
_AS_OF_KEY: Final = b"bursar.as_of"
_ROWS_HERE: Final = b'"rows":[]'


class JsonWriter:
    """Writes ReportView: what stands before the rows, the rows, and what stands behind them."""

    def __init__(self, stream: IO[bytes], schema: pa.Schema, dated: Dated) -> None:
        description = dated.report.description
        view = ReportView(
            report=description.name,
            title=description.title,
            parameters=dict(dated.shown),
            columns=description.columns,
            rows=(),
            as_of=dated.as_of,
        )
        head, _, self._tail = msgspec.json.encode(view).rpartition(_ROWS_HERE)
        stream.write(head + _ROWS_HERE[:-1])
        self._stream = stream
        self._names = schema.names
        self._dated = dated
        self._drills: list[bytes] = []
        self._is_first = True

    def write(self, rows: pa.RecordBatch) -> None:
        """Append rows."""
        values = list(zip(*(_json_values(column) for column in rows.columns), strict=True))
        if not values:
            return
        separator = b"" if self._is_first else b","
        self._is_first = False
        self._stream.write(separator + msgspec.json.encode(values)[1:-1])
        links = drill_links(
            self._dated.report.drills, self._names, values, self._dated.bound, self._dated.as_of.position
        )
        if links:
            self._drills.append(msgspec.json.encode(links)[1:-1])

    def close(self) -> None:
        """Write the links and as_of."""
        drill = b'],"drill":[' + b",".join(self._drills) + b"]"
        self._stream.write(drill + self._tail.partition(b'"drill":[]')[2])


class CsvWriter:
    """Writes CSV (RFC 4180) with a header line; texts that a spreadsheet would run get an apostrophe in front."""

    def __init__(self, stream: IO[bytes], schema: pa.Schema, dated: Dated) -> None:
        self._texts = [number for number, field in enumerate(schema) if pa.types.is_string(field.type)]
        self._writer = pyarrow.csv.CSVWriter(stream, schema)

    def write(self, rows: pa.RecordBatch) -> None:
        """Append rows."""
        for number in self._texts:
            harmless = pc.replace_substring_regex(rows.column(number), _FORMULA_START, r"'\1")
            rows = rows.set_column(number, rows.schema.field(number), harmless)
        self._writer.write_batch(rows)

    def close(self) -> None:
        """End it."""
        self._writer.close()


class ParquetWriter:
    """Writes a Parquet file."""

    def __init__(self, stream: IO[bytes], schema: pa.Schema, dated: Dated) -> None:
        self._schema = _dated(schema, dated)
        self._writer = pyarrow.parquet.ParquetWriter(stream, self._schema, compression="zstd")

    def write(self, rows: pa.RecordBatch) -> None:
        """Append rows."""
        self._writer.write_batch(rows.cast(self._schema))

    def close(self) -> None:
        """Write the footer."""
        self._writer.close()


class ArrowWriter:
    """Writes an Arrow IPC stream."""

    def __init__(self, stream: IO[bytes], schema: pa.Schema, dated: Dated) -> None:
        self._schema = _dated(schema, dated)
        sink: Any = stream  # the stubs want a class where any file will do
        self._writer = pa.ipc.new_stream(sink, self._schema)

    def write(self, rows: pa.RecordBatch) -> None:
        """Append rows."""
        self._writer.write_batch(rows.cast(self._schema))

    def close(self) -> None:
        """Write the end of the stream."""
        self._writer.close()


FORMATS: Final[dict[str, Format]] = {
    one.name: one
    for one in (
        Format("json", "application/json", "json", JsonWriter),
        Format("csv", "text/csv", "csv", CsvWriter),
        Format("parquet", "application/vnd.apache.parquet", "parquet", ParquetWriter),
        Format("arrow", "application/vnd.apache.arrow.stream", "arrows", ArrowWriter),
        Format(
            "xlsx",
            "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
            "xlsx",
            SpreadsheetWriter,
            SHEET_ROWS_MAX,
        ),
    )
}
BY_MEDIA_TYPE: Final = {one.media_type: one for one in FORMATS.values()}


def _dated(schema: pa.Schema, dated: Dated) -> pa.Schema:
    return schema.with_metadata({_AS_OF_KEY: msgspec.json.encode(dated.as_of)})


def _json_values(column: pa.Array[Any]) -> Sequence[object]:
    """Give a column's values as JSON has them: whole numbers and texts as they are, the rest by its type."""
    kind = column.type
    if pa.types.is_decimal(kind):
        return _whole_numbers(column)
    if pa.types.is_date(kind):
        return pc.cast(column, pa.string()).to_pylist()  # YYYY-MM-DD
    if pa.types.is_timestamp(kind):
        return [None if moment is None else _iso(moment) for moment in column.to_pylist()]
    return column.to_pylist()


def _whole_numbers(column: pa.Array[Any]) -> Sequence[object]:
    """Give sums, whatever their size: nearly all fit into 64 bits, where they are read much faster."""
    try:
        return pc.cast(column, pa.int64()).to_pylist()
    except pa.ArrowInvalid:
        return [None if value is None else int(value) for value in column.to_pylist()]


def _iso(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")
