"""A window of history as files of the lake's tables: written by a worker, committed by the projector.

Files wait in a folder beside the tables, and only what is about to be committed is moved into a table's folder. So a
worker or a projector may die at any time; what nobody fetched is deleted after WAITING_S.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Final, NamedTuple

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from projectors.book import Book
from projectors.events import Event
from projectors.lake.directory import AccountDirectory
from projectors.lake.files import write_file
from projectors.lake.fold import Facts, Gathered
from runtime.ids import new_opaque_id

WINDOW_EVENTS: Final = 300_000  # with two entries each, files are as large as merged ones; about 400 MB while sorted
WAITING_S: Final = 3600.0  # far longer than any window waits
PENDING: Final = "pending"  # the folder beside the tables
FILE_PREFIX: Final = "window"


class PendingFile(NamedTuple):
    """Rows of one table that wait to be committed."""

    path: Path
    statistics: str


Pending = Mapping[str, PendingFile | None]  # by table; None: the window has no rows for it


class LakeFold:
    """Writes windows for the version whose tables are in ``folder``."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder.resolve() / PENDING
        self._directory: AccountDirectory | None = None  # made in the worker

    async def fold(self, book: Book, pages: AsyncIterator[list[Event]]) -> Pending:
        """Write the window's rows. Raises UnknownAccount, OSError, and what the book raises."""
        if self._directory is None:
            self._directory = AccountDirectory(book)
        gathered = Gathered()
        async for events in pages:
            gathered.take(events)
        facts = await self._directory.facts(gathered.touched_accounts(), gathered.opened_accounts())
        return await asyncio.to_thread(self._write, gathered, facts)

    def _write(self, gathered: Gathered, facts: Facts) -> Pending:
        self._folder.mkdir(parents=True, exist_ok=True)
        return {
            name: write_pending(self._folder, name, rows) if rows.num_rows else None
            for name, rows in gathered.tables(facts)
        }


def write_pending(folder: Path, table_name: str, rows: pa.Table) -> PendingFile:
    """Write sorted rows, at least one, to wait in a folder. Blocks."""
    path = folder / f"{new_opaque_id(FILE_PREFIX)}.parquet"
    return PendingFile(path, write_file(path, rows, table_name=table_name))


def without_known(file: PendingFile, table_name: str, *, after: int) -> PendingFile | None:
    """Write a file anew with only the rows behind a position; None when there are none. Blocks."""
    rows = pq.read_table(file.path, partitioning=None).filter(pc.field("position") > after)
    return write_pending(file.path.parent, table_name, rows) if rows.num_rows else None


def move_in(file: PendingFile, folder: Path) -> Path:
    """Move a file into its table's folder, and return where it is. Raises OSError when it is not there any more."""
    os.utime(file.path)  # however long it waited: a vacuum before its commit has to take it for new
    return file.path.rename(folder / file.path.name)


def sweep(folder: Path, *, now: float) -> int:
    """Delete what waits in a version's folder and was forgotten; return how many files that were. Blocks.

    ``now``: seconds since the epoch, as times of files are.
    """
    forgotten = [file for file in (folder / PENDING).glob("*") if now - file.stat().st_mtime >= WAITING_S]
    for file in forgotten:
        file.unlink(missing_ok=True)
    return len(forgotten)
