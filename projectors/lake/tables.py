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
    moved = Transaction(LAKE_TXN_APP, to, int(recorded_at.timestamp() * 1000))
    commit = CommitProperties(app_transactions=[moved])
    try:
        if rows.num_rows:
            write_deltalake(table, rows, mode="append", commit_properties=commit)
        else:
            table.create_write_transaction([], "append", rows.schema, commit_properties=commit)
    except CommitFailedError:
        return False
    return True
