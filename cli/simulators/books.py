"""The SQLite file of a simulated counterparty: one connection, named queries, one transaction at a time."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from runtime.sql_files import load_queries

HERE: Final = Path(__file__).parent
BUSY_S: Final = 5.0


class Books:
    """Tables of one counterparty. Used from one task at a time: nothing inside a transaction waits."""

    def __init__(self, path: Path, *sql_files: str) -> None:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._connection = sqlite3.connect(path, isolation_level=None, timeout=BUSY_S)
        self._connection.execute("PRAGMA journal_mode = WAL")
        self._connection.execute("PRAGMA synchronous = NORMAL")  # survives the end of the process at any line
        self._queries: Mapping[str, Mapping[str, str]] = {
            name: load_queries(HERE / f"{name}.sql") for name in sql_files
        }
        for queries in self._queries.values():
            self._connection.executescript(queries["create_tables"])

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Make what follows happen as a whole; a transaction inside another is part of it."""
        if self._connection.in_transaction:
            yield
            return
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self._connection.execute("ROLLBACK")
            raise
        self._connection.execute("COMMIT")

    def run(self, file: str, query: str, *values: Any) -> int:
        """Execute a statement and return how many rows it changed."""
        return self._connection.execute(self._queries[file][query], values).rowcount

    def rows(self, file: str, query: str, *values: Any) -> list[tuple[Any, ...]]:
        """Return all rows of a query."""
        return self._connection.execute(self._queries[file][query], values).fetchall()

    def row(self, file: str, query: str, *values: Any) -> tuple[Any, ...] | None:
        """Return the first row of a query, or None."""
        found: tuple[Any, ...] | None = self._connection.execute(self._queries[file][query], values).fetchone()
        return found

    def close(self) -> None:
        """Close the file."""
        self._connection.close()
