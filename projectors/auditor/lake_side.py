"""The rows that a slice has in each table of the lake, every column of them. Blocks: DuckDB and files."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, Literal

import duckdb
import pyarrow as pa

from contracts.audits import AuditDifference
from contracts.lake import THINGS_TABLE
from contracts.read_models import ACCOUNTS_TABLE, ENTRIES_TABLE, LAKE, LAKE_WRITE_ORDER, PAYMENTS_TABLE
from projectors.auditor.findings import WHOLE, Subject
from projectors.auditor.reading import QUERIES
from projectors.events import Event
from projectors.lake.fold import SCHEMAS, Facts, accounts_table, entries_table, payments_table, things_table
from projectors.lake.tables import open_table, position_of

MEMORY_MB: Final = 256
ROWS_OF: Final = {
    ACCOUNTS_TABLE: accounts_table,
    PAYMENTS_TABLE: payments_table,
    THINGS_TABLE: things_table,
    ENTRIES_TABLE: entries_table,
}
# What makes a row of each table unique; the rest of it is compared.
KEYS: Final[Mapping[str, tuple[str, ...]]] = {
    ENTRIES_TABLE: ("position", "leg"),
    ACCOUNTS_TABLE: ("position", "account_id"),
    PAYMENTS_TABLE: ("position", "payment_id"),
    THINGS_TABLE: ("position", "ordinal"),
}
Key = tuple[Any, ...]
Order = list[tuple[str, Literal["ascending", "descending"]]]


def lake_position(folder: Path) -> int:
    """Return how far the lake is. Raises TableUnreadable, OSError."""
    return min(position_of(open_table(folder / name)) for name in LAKE_WRITE_ORDER)


def read_lake(folder: Path, first: int, last: int) -> dict[str, pa.Table]:
    """Read the rows of a range from each table. Raises TableUnreadable, duckdb.Error, DeltaError, OSError."""
    found: dict[str, pa.Table] = {}
    with duckdb.connect(config={"memory_limit": f"{MEMORY_MB}MB", "threads": 1}) as connection:
        connection.execute("SET TimeZone = 'UTC'")
        for name in LAKE_WRITE_ORDER:
            files = list(_files(folder / name, first, last))
            if not files:
                found[name] = SCHEMAS[name].empty_table()
                continue
            columns = ", ".join(SCHEMAS[name].names)
            query = QUERIES["read_lake_rows"].format(columns=columns)
            asked = connection.sql(query, params={"files": files, "first": first, "last": last})
            found[name] = asked.to_arrow_table().cast(SCHEMAS[name])
    return found


def audit_lake(
    found: Mapping[str, pa.Table], events: Sequence[Event], facts: Facts, *, position: int
) -> tuple[int, list[AuditDifference]]:
    """Compare every column of every row; return how many values were compared, and what differs."""
    compared = 0
    differences: list[AuditDifference] = []
    for name, rows_of in ROWS_OF.items():
        expected = rows_of(events, facts)
        compared += max(expected.num_rows, found[name].num_rows) * len(SCHEMAS[name])
        order: Order = [(column, "ascending") for column in KEYS[name]]
        if found[name].sort_by(order).equals(expected.sort_by(order)):
            continue
        differences += _compare(name, _by_key(name, found[name]), _by_key(name, expected), position)
    return compared, differences


def _compare(
    table: str, found: Mapping[Key, list[dict[str, Any]]], expected: Mapping[Key, list[dict[str, Any]]], position: int
) -> Iterator[AuditDifference]:
    for key in sorted(found.keys() | expected.keys()):
        is_, ought = found.get(key, []), expected.get(key, [])
        row = (ought or is_)[0]
        subject = Subject(
            side="lake",
            model=LAKE,
            name=f"{table} {'.'.join(map(str, key))}",
            position=position,
            account_id=row.get("account_id"),
            currency=row.get("currency"),
        )
        if len(is_) == len(ought) == 1:
            yield from subject.compare_all(found=is_[0], expected=ought[0])
        elif is_ != ought:
            yield subject.differs(WHOLE, found=f"{len(is_)} values", expected=f"{len(ought)} values")


def _by_key(table: str, rows: pa.Table) -> dict[Key, list[dict[str, Any]]]:
    keyed: dict[Key, list[dict[str, Any]]] = {}
    for row in rows.to_pylist():
        keyed.setdefault(tuple(row[name] for name in KEYS[table]), []).append(row)
    return keyed


def _files(path: Path, first: int, last: int) -> Iterator[str]:
    """Give the files that may have rows of the range; their statistics say so."""
    table = open_table(path)
    if table is None:
        return
    actions = pa.table(table.get_add_actions(flatten=True)).to_pylist()
    for action in actions:
        lowest, highest = action.get("min.position"), action.get("max.position")
        if lowest is None or highest is None or (lowest <= last and highest >= first):
            yield str(path / action["path"])
