"""Comparing two versions of the lake: all rows up to the position that both have. They never change."""

from __future__ import annotations

from pathlib import Path
from typing import Final, NamedTuple

import duckdb

from contracts.projections import Comparison
from contracts.read_models import ENTRIES_TABLE, LAKE, LAKE_TABLES, LAKE_WRITE_ORDER
from projectors.lake.tables import open_table, position_of
from projectors.stores.comparing import Tally
from runtime.sql_files import load_queries

MEMORY_MB: Final = 256
THREADS: Final = 1
QUERIES: Final = load_queries(Path(__file__).parent / "digest.sql")


class LakeSide(NamedTuple):
    """A version that is compared, and where its tables are."""

    version: int
    folder: Path


def compare_lakes(serving: LakeSide, candidate: LakeSide) -> Comparison:
    """Compare every table by rows, sums and hash. Blocks. Raises what the lake and DuckDB raise."""
    sides = serving, candidate
    position = min(position_of(open_table(side.folder / name)) for side in sides for name in LAKE_WRITE_ORDER)
    tallies = Tally(), Tally()
    differences = []
    with duckdb.connect(config={"memory_limit": f"{MEMORY_MB}MB", "threads": THREADS}) as database:
        for name in LAKE_WRITE_ORDER:
            found = [_digest(database, name, side, position) for side in sides]
            for (count, digest), tally in zip(found, tallies, strict=True):
                tally.count(name, count)
                tally.take(name, digest)
            if found[0] != found[1]:
                rows = [
                    f"{count} rows in version {side.version}" for (count, _), side in zip(found, sides, strict=True)
                ]
                differences.append(f"{name} differs: {', '.join(rows)}")
        for side, tally in zip(sides, tallies, strict=True):
            _sum(database, side, position, tally)
    return Comparison(
        model=LAKE,
        serving=serving.version,
        candidate=candidate.version,
        equal=not differences,
        from_position=position,
        position=position,
        of_serving=tallies[0].sums(),
        of_candidate=tallies[1].sums(),
        differences=tuple(differences),
    )


def _digest(database: duckdb.DuckDBPyConnection, name: str, side: LakeSide, position: int) -> tuple[int, str]:
    """Return how many rows a table has, and the sum of their hashes as text."""
    files = _files(side.folder / name)
    if not files:
        return 0, "0"
    columns = ", ".join(column.name for column in LAKE_TABLES[name])
    statement = QUERIES["digest_table"].format(columns=columns)
    [(rows, digest)] = database.execute(statement, {"files": files, "position": position}).fetchall()
    return rows, digest


def _sum(database: duckdb.DuckDBPyConnection, side: LakeSide, position: int, tally: Tally) -> None:
    files = _files(side.folder / ENTRIES_TABLE)
    if not files:
        return
    sums = database.execute(QUERIES["sum_entries"], {"files": files, "position": position}).fetchall()
    for currency, debits_minor, credits_minor in sums:
        tally.sum(f"{currency} debits", int(debits_minor))
        tally.sum(f"{currency} credits", int(credits_minor))


def _files(path: Path) -> list[str]:
    table = open_table(path)
    return [] if table is None else table.file_uris()
