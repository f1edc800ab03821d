"""One Delta table whose position is its checkpoint: append rows and move the position in one commit.

The position travels as the version of a Delta ``txn`` action in the same commit as the rows. Delta lets only one commit
succeed that moves the same application's version, so two writers cannot both append: the slower one is told, and finds
that the position has moved. Everything here blocks; it runs in worker threads.
"""

from __future__ import annotations

import threading
from datetime import datetime
from pathlib import Path
from typing import Final

import pyarrow as pa
from deltalake import CommitProperties, DeltaTable, Transaction, write_deltalake
from deltalake.exceptions import CommitFailedError, DeltaError, TableNotFoundError
from deltalake.transaction import AddAction, RemoveAction

from contracts.read_models import LAKE_TXN_APP

CONFIGURATION: Final = {
    "delta.checkpointInterval": "100",  # commits between snapshots of the log; opening reads the log since the last
    "delta.logRetentionDuration": "interval 1 hours",
    # A reader that holds a file list may use it for this long after the files were replaced.
    "delta.deletedFileRetentionDuration": "interval 10 minutes",
}

# Several threads of one process opening the same table while it is created would race; commits do not need this.
_creating = threading.Lock()


class TableUnreadable(Exception):
    """The folder holds something that is no readable Delta table; the text has the remedy."""


def open_table(path: Path) -> DeltaTable | None:
    """Open the table as it is now, None when there is none. Raises TableUnreadable."""
    try:
        return DeltaTable(path)
    except TableNotFoundError:
        return None
    except DeltaError as error:
        reason = str(error).partition("\n")[0]
        raise TableUnreadable(f"{path} is not a readable table ({reason}); run `bursar rebuild lake`") from error


def position_of(table: DeltaTable | None) -> int:
    """Return up to which position of the book the table goes; 0 for no table or a new one."""
    return (table.transaction_version(LAKE_TXN_APP) or 0) if table is not None else 0


def create_table(path: Path, schema: pa.Schema) -> DeltaTable:
    """Create the table, or open it when somebody else was faster."""
    with _creating:
        path.mkdir(parents=True, exist_ok=True)
        return DeltaTable.create(path, schema, mode="ignore", configuration=CONFIGURATION)


def append(table: DeltaTable, rows: pa.Table, *, to: int, recorded_at: datetime) -> bool:
    """Append ``rows`` and move the position to ``to``, or return False when another writer moved it meanwhile.

    Without rows only the position moves. Raises DeltaError when the table is gone or its store fails.
    """
    if not rows.num_rows:
        return add_files(table, [], to=to, recorded_at=recorded_at)
    commit = _moving(to, recorded_at)
    try:
        write_deltalake(table, rows, mode="append", commit_properties=commit)
    except CommitFailedError:
        return False
    return True


def add_files(table: DeltaTable, files: list[AddAction | RemoveAction], *, to: int, recorded_at: datetime) -> bool:
    """Do as `append` does, with rows that are in files of the table's folder already."""
    try:
        table.create_write_transaction(files, "append", table.schema(), commit_properties=_moving(to, recorded_at))
    except CommitFailedError:
        return False
    return True


def add_action(path: Path, statistics: str, *, now_ms: int, is_new: bool = True) -> AddAction:
    """Say in a commit that a file belongs to the table in whose folder it is. ``is_new``: its rows are."""
    return AddAction(
        path=path.name,
        size=path.stat().st_size,
        partition_values={},
        modification_time=now_ms,
        data_change=is_new,
        stats=statistics,
    )


def _moving(to: int, recorded_at: datetime) -> CommitProperties:
    return CommitProperties(app_transactions=[Transaction(LAKE_TXN_APP, to, int(recorded_at.timestamp() * 1000))])
