"""DuckDB over the lake's Delta tables: bounded queries, off the event loop, all pinned to one position.

A `Snapshot` is an in-memory DuckDB that can read the files of one version of the tables and nothing else; queries use
cursors of it, so that one refreshed meanwhile disturbs nobody. A file that vanished under a query (by compaction or a
rebuild) makes the query run once more on a fresh snapshot.
"""

from __future__ import annotations

import asyncio
import os.path
import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from pathlib import Path
from typing import Any, Final, TypeVar

import duckdb
import pyarrow as pa
import structlog
from deltalake import DeltaTable
from deltalake.exceptions import DeltaError
from msgspec import Struct

from contracts.lake import LakeColumn
from contracts.read_models import (
    ENTRIES_TABLE,
    LAKE_FIRST_VERSION,
    LAKE_POINTER,
    LAKE_TABLES,
    LAKE_TXN_APP,
    LAKE_WRITE_ORDER,
    lake_version_folder,
)
from query_api.metrics import QueryMetrics
from query_api.refusals import ReadRefused, Refusal, SourceDown
from query_api.rollup import Rollup, entries_files, rollup_definitions
from runtime.clock import Clock
from runtime.pointers import read_pointer
from runtime.sql_files import load_queries

SNAPSHOT_AGE_S: Final = 0.2  # how long a snapshot is used before the tables are looked at again
SWITCH_PATIENCE_S: Final = 5.0  # a version that is behind what was answered before is not followed for so long
QUERIES_AT_ONCE_MAX: Final = 2
QUERIES_WAITING_MAX: Final = 16
QUERY_TIMEOUT_S: Final = 10.0
TIMES_MAX: Final = 256  # positions whose time one snapshot remembers
INTERRUPT_GRACE_S: Final = 1.0

_VIEWS: Final = [
    view
    for file in ("lake_views.sql", "lake_things.sql")
    for view in load_queries(Path(__file__).parent / "sql" / file).values()
]
_DUCKDB_TYPES: Final = {
    "int64": "BIGINT",
    "int16": "SMALLINT",
    "string": "VARCHAR",
    "date": "DATE",
    "timestamp": "TIMESTAMPTZ",
}
_NO_MEMORY: Final = "the query needs more memory than it may have; narrow it, or ask for an export"
_LAKE_FAILED: Final = (OSError, DeltaError, duckdb.IOException, duckdb.PermissionException)

_SUMS: Final = {"months": "months_of_files", "days": "days_of_files"}

_log = structlog.get_logger(__name__)

T = TypeVar("T")
Value = str | int | None | object


class LakeLimits(Struct, frozen=True, kw_only=True):
    """What one process may spend on the lake."""

    memory_mb: int = 512
    threads: int = 2
    timeout_s: float = QUERY_TIMEOUT_S
    spill_dir: Path | None = None  # where a query may put aside what does not fit into memory; None: nowhere
    spill_mb: int = 0


Files = Mapping[str, tuple[str, ...]]  # by table


class Snapshot:
    """The lake at `position`. Used by one job at a time per cursor, from worker threads."""

    def __init__(self, database: duckdb.DuckDBPyConnection, position: int, files: Files) -> None:
        self.position = position
        self._database = database
        self._files = files
        self._recorded_at: dict[int, datetime | None] = {}

    def cursor(self) -> LakeCursor:
        """Open a session of its own."""
        return LakeCursor(self._database.cursor(), self.position, self._files, self._recorded_at)


class LakeCursor:
    """Runs queries at one position of the lake."""

    def __init__(
        self,
        session: duckdb.DuckDBPyConnection,
        position: int,
        files: Files,
        recorded_at: dict[int, datetime | None],
    ) -> None:
        self.position = position
        self._session = session
        self._files = files
        self._recorded_at = recorded_at

    def remember_time(self, position: int, read: Callable[[], datetime | None]) -> datetime | None:
        """Give when a position was recorded; what was read once of this snapshot is not read again."""
        if position not in self._recorded_at:
            if len(self._recorded_at) >= TIMES_MAX:
                self._recorded_at.clear()
            self._recorded_at[position] = read()
        return self._recorded_at[position]

    def query(self, sql: str, parameters: Mapping[str, Value]) -> pa.Table:
        """Run a statement to its end. Every parameter must be one that the statement names."""
        table: pa.Table = self._session.sql(sql, params=dict(parameters)).to_arrow_table()
        return table

    def files_below(self, folder: Path) -> Files:
        """Name the files of each table as they are called inside `folder`."""
        below = folder.resolve()
        return {table: tuple(os.path.relpath(file, below) for file in files) for table, files in self._files.items()}

    def count(self, sql: str, parameters: Mapping[str, Value]) -> int:
        """Count the rows that a statement would give."""
        rows: Any = self._session.sql(sql, params=dict(parameters))
        return int(rows.aggregate("count(*)").fetchall()[0][0])

    def stream(self, sql: str, parameters: Mapping[str, Value], batch_rows: int) -> pa.RecordBatchReader:
        """Run a statement and give its rows as they come, so many at a time; read them before the job ends."""
        rows: pa.RecordBatchReader = self._session.sql(sql, params=dict(parameters)).to_arrow_reader(batch_rows)
        return rows

    def interrupt(self) -> None:
        """Stop what is running, from another thread."""
        self._session.interrupt()


Job = Callable[[LakeCursor], T]


class Lake:
    """The lake of one ledger. `run` raises SourceDown and ReadRefused (`too_busy`, `query_timeout`)."""

    def __init__(self, folder: Path, *, clock: Clock, limits: LakeLimits, metrics: QueryMetrics) -> None:
        self._folder = folder
        self._metrics = metrics
        self._clock = clock
        self._limits = limits
        self._pool = ThreadPoolExecutor(max_workers=QUERIES_AT_ONCE_MAX, thread_name_prefix="lake")
        self._asked = 0
        self._opening = threading.Lock()
        self._snapshot: Snapshot | None = None
        self._rollup = Rollup()
        self._versions: tuple[object, ...] = ()
        self._look_again_at = 0.0
        self._patient_until: float | None = None
        self.version = LAKE_FIRST_VERSION

    @property
    def folder(self) -> Path:
        """Where the ledger's tables are."""
        return self._folder

    async def read_position(self) -> int:
        """Read how far the lake is; one that is not there yet is at 0."""
        try:
            return await self.run(lambda cursor: cursor.position)
        except LakeMissing:
            return 0

    async def run(self, job: Job[T]) -> T:
        """Run a job in a worker thread on a current snapshot, within the time limit."""
        if self._asked >= QUERIES_AT_ONCE_MAX + QUERIES_WAITING_MAX:
            raise ReadRefused(Refusal.TOO_BUSY, f"{self._asked} queries are running or waiting already")
        run = _Run(self._current_snapshot, job)
        self._asked += 1
        working: asyncio.Future[T] = asyncio.get_running_loop().run_in_executor(self._pool, run)
        working.add_done_callback(self._count_finished)
        try:
            with self._metrics.lake_seconds.time():
                async with asyncio.timeout(self._limits.timeout_s):
                    return await asyncio.shield(working)
        except TimeoutError as error:
            raise ReadRefused(
                Refusal.QUERY_TIMEOUT, f"the query took longer than {self._limits.timeout_s:g} s; ask for less"
            ) from error
        finally:
            if not working.done():
                run.cancel()
                # The thread is waited for, so that a query that was given up does not pile up behind the next ones.
                await asyncio.wait([working], timeout=INTERRUPT_GRACE_S)

    def close(self) -> None:
        """Let the worker threads end; nothing may be running."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _count_finished(self, working: asyncio.Future[T]) -> None:
        self._asked -= 1
        if not working.cancelled() and working.exception() is not None:
            _log.debug("lake_query_failed", error=type(working.exception()).__name__)

    def _current_snapshot(self, *, fresh: bool) -> Snapshot:
        """Return the snapshot of the newest version. Runs in worker threads, one at a time."""
        with self._opening:
            now = self._clock.monotonic()
            if self._snapshot is not None and not fresh and now < self._look_again_at:
                return self._snapshot
            version = read_pointer(self._folder / LAKE_POINTER, default=LAKE_FIRST_VERSION)
            folder = self._folder / lake_version_folder(version)
            # The table committed last is looked at first, so the others are never behind it.
            tables = {name: _open_table(folder / name) for name in reversed(LAKE_WRITE_ORDER)}
            self._look_again_at = now + SNAPSHOT_AGE_S
            if self._snapshot is not None and version != self.version and not self._may_switch(tables, now):
                return self._snapshot
            self._patient_until = None
            if version != self.version:
                self.version, self._rollup = version, Rollup()
            versions = tuple((table.metadata().id, table.version()) for table in tables.values())
            if self._snapshot is None or fresh or versions != self._versions or self._rollup.has_more:
                self._snapshot = self._open_snapshot(tables)
                self._versions = versions
            return self._snapshot

    def _may_switch(self, tables: Mapping[str, DeltaTable], now: float) -> bool:
        """Tell whether the version that serves now is as far as what was answered from the one before."""
        assert self._snapshot is not None
        if self._patient_until is None:
            self._patient_until = now + SWITCH_PATIENCE_S
        return _position_of(tables) >= self._snapshot.position or now >= self._patient_until

    def _open_snapshot(self, tables: Mapping[str, DeltaTable]) -> Snapshot:
        position = _position_of(tables)
        database = duckdb.connect(
            config={"memory_limit": f"{self._limits.memory_mb}MB", "threads": self._limits.threads}
        )
        files = {
            name: tuple(uri.removeprefix("file://") for uri in table.file_uris()) for name, table in tables.items()
        }
        rollup = self._sum_entries(database, tables[ENTRIES_TABLE], position)
        self._lock_down(database)
        for definition in (*define_views(files, position), *rollup):
            database.execute(definition)
        for name in _SUMS.values():
            database.unregister(name)
        return Snapshot(database, position, files)

    def _sum_entries(self, database: duckdb.DuckDBPyConnection, table: DeltaTable, position: int) -> list[str]:
        """Sum what can be summed of the entries, and write the definitions that build upon it."""
        root = (self._folder / lake_version_folder(self.version)).resolve() / ENTRIES_TABLE
        columns = LAKE_TABLES[ENTRIES_TABLE]
        uris = {Path(uri.removeprefix("file://")).resolve(): uri for uri in table.file_uris()}
        files = [
            file._replace(path=uris[root / file.path]) for file in entries_files(table) if root / file.path in uris
        ]
        summed = self._rollup.sum_files(
            files,
            position,
            lambda sql: database.sql(sql).to_arrow_table(),
            lambda path: _relation([path], columns),
        )
        database.register(_SUMS["months"], summed.sums.months)
        database.register(_SUMS["days"], summed.sums.days)
        others = [uri for uri in uris.values() if uri not in summed.paths]
        return rollup_definitions(
            _relation(list(summed.paths), columns),
            _relation(others, columns),
            **_SUMS,
            through=summed.through,
            position=position,
        )

    def _lock_down(self, database: duckdb.DuckDBPyConnection) -> None:
        """Leave the tables' folder readable and nothing else; the order matters, the last one locks the rest."""
        spill = self._limits.spill_dir
        for setting, value in (
            ("autoinstall_known_extensions", "false"),
            ("autoload_known_extensions", "false"),
            ("allow_community_extensions", "false"),
            ("python_enable_replacements", "false"),
            ("parquet_metadata_cache", "true"),  # files never change; a snapshot reads each footer once
            ("TimeZone", "'UTC'"),
            ("temp_directory", _quoted("" if spill is None else str(spill.resolve()))),
            ("max_temp_directory_size", _quoted(f"{self._limits.spill_mb}MB")),
            ("allowed_directories", f"[{_quoted(str(self._folder.resolve()))}]"),
            ("enable_external_access", "false"),
            ("lock_configuration", "true"),
        ):
            database.execute(f"SET {setting} = {value}")


class _Run:
    """One job on its way through the thread pool; `cancel` reaches it whether it waits, runs or is done."""

    def __init__(self, snapshot: Callable[..., Snapshot], job: Job[T]) -> None:
        self._snapshot = snapshot
        self._job = job
        self._cursor: LakeCursor | None = None
        self._is_cancelled = False

    def __call__(self) -> T:  # type: ignore[type-var]  # the T of __init__
        try:
            return self._attempt(fresh=False)
        except _LAKE_FAILED as error:
            _log.info("lake_reopened", error=type(error).__name__)
        except duckdb.OutOfMemoryException as error:
            raise ReadRefused(Refusal.REPORT_TOO_LARGE, _NO_MEMORY) from error
        try:
            return self._attempt(fresh=True)
        except duckdb.OutOfMemoryException as error:
            raise ReadRefused(Refusal.REPORT_TOO_LARGE, _NO_MEMORY) from error
        except _LAKE_FAILED as error:
            raise SourceDown(f"the lake: cannot be read ({type(error).__name__})") from error

    def cancel(self) -> None:
        self._is_cancelled = True
        if self._cursor is not None:
            self._cursor.interrupt()

    def _attempt(self, *, fresh: bool) -> T:  # type: ignore[type-var]
        cursor = self._snapshot(fresh=fresh).cursor()
        self._cursor = cursor
        if self._is_cancelled:
            raise SourceDown("the lake: the query was given up before it began")
        return self._job(cursor)  # type: ignore[return-value]


class LakeMissing(SourceDown):
    """There is no lake yet: as far as position 0, and the projectors are about to make it."""


def define_views(files: Files, position: int) -> tuple[str, ...]:
    """Write the statements that define what queries see: the rows of these files up to `position`."""
    relations = {name: _relation(files[name], LAKE_TABLES[name]) for name in files}
    return tuple(definition.format(**relations, position=position) for definition in _VIEWS)


def _open_table(folder: Path) -> DeltaTable:
    if not DeltaTable.is_deltatable(str(folder)):
        raise LakeMissing("the lake: its tables do not exist yet")
    return DeltaTable(str(folder))


def _position_of(tables: Mapping[str, DeltaTable]) -> int:
    return min(table.transaction_version(LAKE_TXN_APP) or 0 for table in tables.values())


def _relation(files: Sequence[str], columns: tuple[LakeColumn, ...]) -> str:
    """Write what stands after FROM: the files, or nothing with the right columns."""
    if files:
        return f"read_parquet([{', '.join(_quoted(file.removeprefix('file://')) for file in files)}])"
    nulls = ", ".join(f"NULL::{_DUCKDB_TYPES[column.type]} AS {column.name}" for column in columns)
    return f"(SELECT {nulls} WHERE false)"


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
