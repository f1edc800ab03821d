"""Making exports, one at a time: the worker of a process, and what it does with one.

The statement runs once to count its rows and once to give them, batch by batch, straight into the file. What is
written depends on the record alone: an attempt that was interrupted is made again, and gives the same bytes.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from typing import IO, Any, Final

import duckdb
import msgspec
import pyarrow as pa
import structlog

from query_api.dating import Dating
from query_api.exports.records import ExportFolder, ExportRecord
from query_api.formats import Format
from query_api.lake import Lake, LakeCursor
from query_api.refusals import ReadRefused, SourceDown
from query_api.reports import Prepared, date_report, statement_parameters
from query_api.writers import FORMATS
from runtime.clock import Clock

LOOK_PERIOD_S: Final = 1.0  # for work that another process left, and for what has expired
ATTEMPTS_MAX: Final = 3
PROGRESS_PERIOD_S: Final = 0.5
BATCH_ROWS: Final = 20_000

Prepare = Callable[[ExportRecord], Prepared]

_log = structlog.get_logger(__name__)


class TooMuch(Exception):
    """An export is larger than it may be; the text says than what."""


class ExportWorker:
    """Takes exports in the order in which they were asked for, for as long as the process lives."""

    def __init__(self, folder: ExportFolder, lake: Lake, prepare: Prepare, *, dating: Dating, clock: Clock) -> None:
        self._folder = folder
        self._lake = lake
        self._prepare = prepare
        self._dating = dating
        self._clock = clock
        self._asked = asyncio.Event()

    def wake(self) -> None:
        """Say that there is something new to do."""
        self._asked.set()

    async def run(self) -> None:
        """Make exports and delete expired ones; ends by cancellation."""
        while True:  # ends by cancellation
            try:
                await asyncio.to_thread(self._folder.remove_expired, self._clock.now())
                await self._make_all()
            except OSError as error:  # a disk that is full or gone; it may come back
                _log.error("exports_folder_failed", error=str(error))
            try:
                async with asyncio.timeout(LOOK_PERIOD_S):
                    await self._asked.wait()
            except TimeoutError:
                pass
            self._asked.clear()

    async def _make_all(self) -> None:
        for record in await asyncio.to_thread(self._folder.all):
            if record.status in ("queued", "running"):
                with self._folder.claimed(record.export_id) as is_mine:
                    if is_mine:
                        await self._make(record.export_id)

    async def _make(self, export_id: str) -> None:
        """Make one that is claimed. It is read again: another process may have finished it before the claim."""
        record = await asyncio.to_thread(self._folder.read, export_id)
        if record is None:  # it expired meanwhile, and claiming it left a file
            self._folder.remove(export_id)
            return
        if record.status not in ("queued", "running"):
            return
        if record.attempts >= ATTEMPTS_MAX:
            self._end(record, failure=f"interrupted {ATTEMPTS_MAX} times")
            return
        record = msgspec.structs.replace(
            record, status="running", attempts=record.attempts + 1, rows=0, rows_total=None, bytes=0
        )
        self._folder.write(record)
        try:
            writing = Writing(self._folder, record, self._prepare(record), dating=self._dating, clock=self._clock)
            await self._lake.run(writing)
            self._folder.write(msgspec.structs.replace(writing.record, status="done"))
        except (ReadRefused, SourceDown, TooMuch, duckdb.Error, pa.ArrowException) as error:
            self._end(record, failure=str(error).partition("\n")[0])
        except OSError as error:
            self._end(record, failure=f"the file cannot be written ({error.strerror or type(error).__name__})")
        except Exception as bug:  # one export that cannot be made must not stop the next ones
            _log.error("export_bug", export_id=export_id, exc_info=bug)
            self._end(record, failure="a fault of this program; its log says more")

    def _end(self, record: ExportRecord, *, failure: str) -> None:
        self._folder.partial_of(record.export_id).unlink(missing_ok=True)
        self._folder.write(msgspec.structs.replace(record, status="failed", failure=failure))
        _log.warning("export_failed", export_id=record.export_id, report=record.report, failure=failure)


class Writing:
    """A job for the lake: counts, then writes the file, and says in the record how far it is."""

    def __init__(
        self, folder: ExportFolder, record: ExportRecord, prepared: Prepared, *, dating: Dating, clock: Clock
    ) -> None:
        self.record = record
        self._folder = folder
        self._prepared = prepared
        self._dating = dating
        self._clock = clock
        self._say_at = 0.0

    def __call__(self, cursor: LakeCursor) -> None:
        """Write the whole file; from the beginning, when the lake's files changed under a first attempt."""
        written_as = FORMATS[self.record.format]
        dated = date_report(cursor, self._prepared, self._dating)
        parameters = statement_parameters(self._prepared, dated.as_of)
        total = cursor.count(self._prepared.report.sql, parameters)
        if written_as.rows_max is not None and total > written_as.rows_max:
            raise TooMuch(f"{total} rows are more than {written_as.name} takes ({written_as.rows_max})")
        self.record = msgspec.structs.replace(self.record, rows=0, rows_total=total)
        partial = self._folder.partial_of(self.record.export_id)
        room = self._folder.bytes_max - self._folder.bytes_used()
        with partial.open("wb") as file:
            bounded = BoundedFile(file, room)
            self._write_rows(
                cursor.stream(self._prepared.report.sql, parameters, BATCH_ROWS), bounded, written_as, dated
            )
            file.flush()
            os.fsync(file.fileno())
        self.record = msgspec.structs.replace(self.record, bytes=partial.stat().st_size)
        partial.replace(self._folder.file_of(self.record.export_id))

    def _write_rows(self, rows: pa.RecordBatchReader, file: Any, written_as: Format, dated: Any) -> None:
        writer = written_as.begin(file, rows.schema, dated)
        for batch in rows:
            writer.write(batch)
            self.record = msgspec.structs.replace(self.record, rows=self.record.rows + batch.num_rows)
            if self._clock.monotonic() >= self._say_at:
                self._say_at = self._clock.monotonic() + PROGRESS_PERIOD_S
                self._folder.write(self.record)
        writer.close()


class BoundedFile:
    """A file that takes so many bytes and no more. What it does not have itself it asks the file."""

    def __init__(self, file: IO[bytes], bytes_max: int) -> None:
        self._file = file
        self._bytes_max = bytes_max

    def write(self, data: bytes) -> int:
        """Append. Raises TooMuch."""
        written = self._file.write(data)
        if self._file.tell() > self._bytes_max:
            raise TooMuch("the exports' share of the disk is full; narrow the report, or wait for exports to expire")
        return written

    def __getattr__(self, name: str) -> Any:
        return getattr(self._file, name)
