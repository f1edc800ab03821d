"""Data files of the lake: sorted rows in Parquet, with the statistics by which readers skip whole files."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import msgspec
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from contracts.read_models import LAKE_TABLES
from projectors.lake.fold import SORT_ORDER

ROW_GROUP_ROWS: Final = 50_000
# What hardly ever repeats within a file costs time, and room too, to be looked for repetitions.
_UNIQUE: Final = {
    "leg",
    "ordinal",
    "transfer_id",
    "amount_minor",
    "posted_minor",
    "reference",
    "thing_id",
    "payment_id",
}


def write_file(path: Path, rows: pa.Table, *, table_name: str) -> str:
    """Write sorted rows, at least one, into a new file; return its statistics, as a Delta table keeps them. Blocks."""
    repeating: Any = [column.name for column in LAKE_TABLES[table_name] if column.name not in _UNIQUE]
    pq.write_table(rows, path, compression="zstd", row_group_size=ROW_GROUP_ROWS, use_dictionary=repeating)
    return _statistics(rows, sorted_by=SORT_ORDER[table_name][0][0])


def _statistics(rows: pa.Table, *, sorted_by: str) -> str:
    """Write the statistics by which readers skip files (Delta protocol, per-file statistics)."""
    positions: Any = pc.min_max(rows.column("position")).as_py()
    keys = rows.column(sorted_by)
    statistics = {
        "numRecords": rows.num_rows,
        "minValues": {"position": positions["min"], sorted_by: keys[0].as_py()},
        "maxValues": {"position": positions["max"], sorted_by: keys[-1].as_py()},
        "nullCount": {"position": 0, sorted_by: 0},
    }
    return msgspec.json.encode(statistics).decode()
