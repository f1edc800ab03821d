"""Keeping the lake's files few, large and sorted.

Every flush adds a small file. Sealing merges neighbours into one file sorted by account, so that a statement reads a
few row groups instead of everything. It works in two levels, so that each row is rewritten only a few times: small
files become middle ones, middle ones become sealed ones of about SEALED_ROWS, which are never touched again. Rows never
change: the commit says so (``dataChange: false``), and does not stand in the way of a flush that happens meanwhile.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final, NamedTuple

import pyarrow as pa
import pyarrow.parquet as pq
import structlog
from deltalake import DeltaTable
from deltalake.exceptions import CommitFailedError, DeltaError
from deltalake.transaction import RemoveAction

from projectors.lake.files import write_file
from projectors.lake.fold import SCHEMAS, SORT_ORDER
from projectors.lake.tables import add_action, open_table
from runtime.clock import Clock
from runtime.ids import new_opaque_id

SMALL_ROWS: Final = 50_000
SEALED_ROWS: Final = 1_000_000  # also the most rows merged at once: about 200 MB of memory
SMALL_FILES_MAX: Final = 24
MIDDLE_FILES_MAX: Final = 8

_log = structlog.get_logger(__name__)


class LakeFile(NamedTuple):
    """A live data file of a table."""

    path: str
    bytes: int
    rows: int
    first_position: int


def seal(path: Path, table_name: str, *, clock: Clock) -> int:
    """Merge one group of files if there are too many; return how many were merged. Blocks; run it in a thread."""
    table = open_table(path)
    if table is None:
        return 0
    merging = plan_merge(live_files(table))
    if not merging:
        return 0
    merged = path / f"{new_opaque_id('sealed')}.parquet"
    statistics = write_file(merged, _merged_rows(path, merging, table_name), table_name=table_name)
    now_ms = int(clock.now().timestamp() * 1000)
    add = add_action(merged, statistics, now_ms=now_ms, is_new=False)
    removes = [RemoveAction(path=f.path, data_change=False, deletion_timestamp=now_ms, size=f.bytes) for f in merging]
    try:
        table.create_write_transaction([add, *removes], "append", SCHEMAS[table_name])
    except DeltaError as error:
        merged.unlink(missing_ok=True)
        if not isinstance(error, CommitFailedError):
            raise
        _log.info("seal_lost", table=table_name, detail="another projector sealed the same files")
        return 0
    return len(merging)


def live_files(table: DeltaTable) -> list[LakeFile]:
    """List the table's files in the order of the book."""
    actions = pa.table(table.get_add_actions(flatten=True))
    names = ("path", "size_bytes", "num_records", "min.position")
    if "min.position" not in actions.column_names:  # a table without files has no statistics
        return []
    columns = (actions.column(name).to_pylist() for name in names)
    return sorted((LakeFile(*values) for values in zip(*columns, strict=True)), key=lambda f: f.first_position)


def plan_merge(files: Sequence[LakeFile]) -> list[LakeFile]:
    """Choose the files to merge: the oldest of a level that has too many, up to SEALED_ROWS together."""
    small = [f for f in files if f.rows < SMALL_ROWS]
    middle = [f for f in files if SMALL_ROWS <= f.rows < SEALED_ROWS // 2]
    if len(small) > SMALL_FILES_MAX:
        candidates = small
    elif len(middle) > MIDDLE_FILES_MAX:
        candidates = middle
    else:
        return []
    chosen: list[LakeFile] = []
    rows = 0
    for file in candidates:
        if rows + file.rows > SEALED_ROWS:
            break
        chosen.append(file)
        rows += file.rows
    return chosen


def vacuum(path: Path) -> int:
    """Delete files that no reader may still use, and log entries that a snapshot replaces; return the files deleted."""
    table = open_table(path)
    if table is None:
        return 0
    deleted = table.vacuum(dry_run=False, full=True)  # also what a killed process had written and not committed
    table.create_checkpoint()
    table.cleanup_metadata()
    return len(deleted)


def _merged_rows(folder: Path, files: Sequence[LakeFile], table_name: str) -> pa.Table:
    schema = SCHEMAS[table_name]
    parts = [pq.read_table(folder / file.path, partitioning=None).cast(schema) for file in files]
    return pa.concat_tables(parts).sort_by(SORT_ORDER[table_name])
