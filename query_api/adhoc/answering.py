"""A result as bytes, within bounds: JSON as contracts/sql_views.py describes it, or what reports can be had as."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any, Final

import duckdb
import msgspec
import pyarrow as pa

from contracts.report_views import ReportDescription
from contracts.sql_views import SqlColumn
from query_api.adhoc.jobs import ANSWER_BYTES_MAX, Job, Reply
from query_api.formats import Dated
from query_api.formats import render as render_table
from query_api.report_files import Report
from query_api.writers import FORMATS

BATCH_ROWS: Final = 512
ROW_ROOM_BYTES: Final = 4_096  # kept free for what stands around the rows

JSON: Final = FORMATS["json"].media_type
_FORMATS: Final = {FORMATS[name].media_type: FORMATS[name] for name in ("csv", "parquet", "arrow")}
MEDIA_TYPES: Final = (JSON, *_FORMATS)  # in order of preference

# The writers of reports describe their columns; a question's are in its own result.
_NO_REPORT: Final = Report(ReportDescription(name="sql", title="", description="", parameters=(), columns=()), "")


class TooLarge(Exception):
    """One row alone is larger than an answer may be."""


def render(relation: duckdb.DuckDBPyRelation, job: Job, elapsed_ms: Any) -> Reply:
    """Read a result up to the limits and write it. `elapsed_ms` is called once the rows are there. Raises TooLarge."""
    columns = tuple(
        SqlColumn(name=name, type=str(kind)) for name, kind in zip(relation.columns, relation.types, strict=True)
    )
    reader = relation.to_arrow_reader(BATCH_ROWS)
    if job.media_type == JSON:
        return _json(reader, columns, job, elapsed_ms)
    batches, truncated = _bounded(reader, job.rows_max)
    table = pa.Table.from_batches(batches, schema=reader.schema)
    body = render_table(table, Dated(_NO_REPORT, {}, {}, job.as_of), _FORMATS[job.media_type])
    if len(body) > ANSWER_BYTES_MAX:
        raise TooLarge
    return Reply(outcome="answered", body=body, rows=table.num_rows, truncated=truncated)


def _json(reader: pa.RecordBatchReader, columns: tuple[SqlColumn, ...], job: Job, elapsed_ms: Any) -> Reply:
    whole = [column.type in ("HUGEINT", "UHUGEINT") for column in columns]
    rows: list[bytes] = []
    room, truncated = ANSWER_BYTES_MAX - ROW_ROOM_BYTES, False
    for row in _rows(reader):
        if len(rows) == job.rows_max:
            truncated = True
            break
        text = msgspec.json.encode(
            [int(v) if is_whole and v is not None else _plain(v) for v, is_whole in zip(row, whole, strict=True)]
        )
        room -= len(text) + 1
        if room < 0:
            if not rows:
                raise TooLarge
            truncated = True
            break
        rows.append(text)
    parts = {
        "columns": msgspec.json.encode(columns),
        "rows": b"[" + b",".join(rows) + b"]",
        "truncated": msgspec.json.encode(truncated),
        "position": msgspec.json.encode(job.as_of.position),
        "elapsed_ms": msgspec.json.encode(elapsed_ms()),
        "as_of": msgspec.json.encode(job.as_of),
    }
    body = b"{" + b",".join(b'"%s":%s' % (name.encode(), part) for name, part in parts.items()) + b"}"
    return Reply(outcome="answered", body=body, rows=len(rows), truncated=truncated)


def _rows(reader: pa.RecordBatchReader) -> Iterator[tuple[Any, ...]]:
    for batch in reader:
        yield from zip(*(column.to_pylist() for column in batch.columns), strict=True)


def _bounded(reader: pa.RecordBatchReader, rows_max: int) -> tuple[list[pa.RecordBatch], bool]:
    batches: list[pa.RecordBatch] = []
    left, room = rows_max, ANSWER_BYTES_MAX
    for batch in reader:
        room -= batch.nbytes
        if room < 0:
            if not batches:
                raise TooLarge
            return batches, True
        if batch.num_rows > left:
            return [*batches, batch.slice(0, left)], True
        batches.append(batch)
        left -= batch.num_rows
    return batches, False


def _plain(value: Any) -> Any:
    """Write a value as JSON has it: what is exact stays exact, as text where JSON has no type for it."""
    match value:
        case Decimal():
            return format(value, "f")
        case datetime():
            return (value.astimezone(UTC) if value.tzinfo else value).isoformat().replace("+00:00", "Z")
        case date() | time():
            return value.isoformat()
        case timedelta():
            return str(value)
        case bytes():
            return value.hex()
        case Mapping():
            return {str(name): _plain(part) for name, part in value.items()}
        case list() | tuple():
            return [_plain(part) for part in value]
        case None | bool() | int() | float() | str():
            return value
        case _:
            return str(value)
