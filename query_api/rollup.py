"""Sums by account and month, and by day, over the lake's sealed files, kept in memory: the checkpoints of balances.

A sealed file never changes, so it is summed once per process. Only files at the beginning of the book count, as long as
they follow on one another and end before the snapshot's position: then "summed" means "up to a position", and a
statement about an older one, or about a part of a month, goes to the entries themselves.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Final, NamedTuple

import duckdb
import pyarrow as pa
import structlog
from deltalake import DeltaTable

from runtime.sql_files import load_queries

FILE_ROWS_MIN: Final = 200_000  # smaller files will be merged into others soon
FILES_AT_ONCE: Final = 2  # summed while a snapshot opens; the next ones are summed while the next snapshot does
SUMS_ROWS_MAX: Final = 1_000_000  # what is kept of all files together

_SUMMING: Final = ("sum_months_of_file", "sum_days_of_file")
_SQL: Final = load_queries(Path(__file__).parent / "sql" / "rollup.sql")
_MONTH_TYPES: Final[Mapping[str, pa.DataType]] = {
    "account_id": pa.string(),
    "account_type": pa.string(),
    "currency": pa.string(),
    "scale": pa.int16(),
    "month": pa.date32(),
    "debit_minor": pa.decimal128(38, 0),
    "credit_minor": pa.decimal128(38, 0),
    "entries": pa.int64(),
}
_DAY_TYPES: Final[Mapping[str, pa.DataType]] = {
    "effective_date": pa.date32(),
    "currency": pa.string(),
    "scale": pa.int16(),
    "event_type": pa.string(),
    "transfers": pa.int64(),
    "entries": pa.int64(),
    "volume_minor": pa.decimal128(38, 0),
}

_log = structlog.get_logger(__name__)

Query = Callable[[str], pa.Table]


class EntriesFile(NamedTuple):
    """A file of the table of entries."""

    path: str
    rows: int
    first_position: int
    last_position: int


class FileSums(NamedTuple):
    """Sums of one file, or of several one after another."""

    months: pa.Table  # by account
    days: pa.Table  # by kind of event

    @property
    def rows(self) -> int:
        """How much is kept."""
        return int(self.months.num_rows + self.days.num_rows)


NO_SUMS: Final = FileSums(pa.schema(_MONTH_TYPES).empty_table(), pa.schema(_DAY_TYPES).empty_table())


class Summed(NamedTuple):
    """What is summed of a snapshot: these files, and so every entry up to ``through``."""

    sums: FileSums
    paths: tuple[str, ...]
    through: int


class Rollup:
    """The sums of one lake's files, as far as they were needed yet. Used by one thread at a time."""

    def __init__(self) -> None:
        self._sums: dict[str, FileSums] = {}
        self.has_more = False  # files that another snapshot would sum

    def sum_files(
        self, files: Sequence[EntriesFile], position: int, query: Query, relation: Callable[[str], str]
    ) -> Summed:
        """Sum the files that may be, a few new ones at a time. ``relation``: what stands after FROM for a file."""
        able = _summable(files, position)
        kept: list[str] = []
        through = new = rows = 0
        self.has_more = False
        for file in able:
            if file.path not in self._sums:
                if new == FILES_AT_ONCE:
                    self.has_more = True
                    break
                try:
                    self._sums[file.path] = FileSums(
                        *(query(_SQL[name].format(file=relation(file.path))) for name in _SUMMING)
                    )
                except duckdb.OutOfMemoryException:  # then its entries are read as they are, which takes less at once
                    _log.warning("file_not_summed", file=file.path, rows=file.rows)
                    break
                new += 1
            rows += self._sums[file.path].rows
            if rows > SUMS_ROWS_MAX:
                break
            kept.append(file.path)
            through = file.last_position
        live = {file.path for file in files}
        self._sums = {path: sums for path, sums in self._sums.items() if path in live}
        together = FileSums(*map(pa.concat_tables, zip(NO_SUMS, *(self._sums[path] for path in kept), strict=True)))
        return Summed(together, tuple(kept), through)


def rollup_definitions(summed: str, others: str, *, months: str, days: str, through: int, position: int) -> list[str]:
    """Write the statements that make a snapshot's sums, and ``movements`` and ``day_volumes`` on top of them."""
    names: dict[str, object] = {"summed": summed, "others": others, "months": months, "days": days}
    names |= {"through": through, "position": position}
    return [statement.format(**names) for name, statement in _SQL.items() if name not in _SUMMING]


def entries_files(table: DeltaTable) -> list[EntriesFile]:
    """List the files of the table of entries, in the order of the book; those without statistics are left out."""
    actions = pa.table(table.get_add_actions(flatten=True))
    names = ("path", "num_records", "min.position", "max.position")
    if not set(names) <= set(actions.column_names):
        return []
    rows = zip(*(actions.column(name).to_pylist() for name in names), strict=True)
    return sorted((EntriesFile(*row) for row in rows if None not in row), key=lambda file: file.first_position)


def _summable(files: Sequence[EntriesFile], position: int) -> list[EntriesFile]:
    """The files at the beginning that are large, end before `position`, and before any other file begins."""
    found: list[EntriesFile] = []
    for number, file in enumerate(files):
        is_apart = all(other.first_position > file.last_position for other in files[number + 1 :])
        if file.rows < FILE_ROWS_MIN or file.last_position > position or not is_apart:
            break
        found.append(file)
    return found
