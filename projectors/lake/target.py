"""``lake`` in Delta tables: rows and position in one commit per table, off the event loop.

Tables cannot be committed together, so each has its own position, and the model's checkpoint is the smallest one.
Accounts go first; whoever reads entries up to P finds the accounts of P. A batch that one table already has is only
applied to the others: after a crash between two commits, when somebody deletes one of the folders, or when a new
version of this program knows a table more than the lake on disk has.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final, ParamSpec, TypeVar

import pyarrow as pa
import structlog
from deltalake.exceptions import DeltaError

from contracts.lake import THINGS_TABLE
from contracts.read_models import ACCOUNTS_TABLE, ENTRIES_TABLE, LAKE_WRITE_ORDER, PAYMENTS_TABLE
from projectors.apply import Outcome, TargetUnreachable
from projectors.events import Batch
from projectors.lake.directory import AccountDirectory
from projectors.lake.fold import (
    SCHEMAS,
    Facts,
    accounts_table,
    entries_table,
    opened_accounts,
    payments_table,
    things_table,
    touched_accounts,
)
from projectors.lake.sealing import seal, vacuum
from projectors.lake.tables import TableUnreadable, append, create_table, open_table, position_of
from runtime.clock import Clock

SEAL_PERIOD_S: Final = 5.0
VACUUM_PERIOD_S: Final = 300.0

ROWS_OF: Final = {
    ACCOUNTS_TABLE: accounts_table,
    THINGS_TABLE: things_table,
    PAYMENTS_TABLE: payments_table,
    ENTRIES_TABLE: entries_table,
}

P = ParamSpec("P")
R = TypeVar("R")

_log = structlog.get_logger(__name__)


class LakeTarget:
    """The tables of one ledger in ``folder``; they are made when they are missing."""

    def __init__(self, folder: Path, directory: AccountDirectory, *, clock: Clock) -> None:
        self._paths: Mapping[str, Path] = {name: folder / name for name in LAKE_WRITE_ORDER}
        self._directory = directory
        self._clock = clock

    async def checkpoint(self) -> int:
        """Return the smallest of the tables' positions; 0 when one is missing. Raises TargetUnreachable."""
        return await _in_thread(self._read_checkpoint)

    async def apply(self, batch: Batch) -> Outcome:
        """Append the batch's rows. Raises TargetUnreachable, BookUnreachable."""
        facts = await self._directory.facts(touched_accounts(batch.events), opened_accounts(batch.events))
        return await _in_thread(self._append, batch, facts)

    async def close(self) -> None:
        """Return: nothing stays open between two batches."""

    async def maintain(self) -> None:
        """Keep files few and old ones deleted, for ever; ends by cancellation."""
        vacuum_at = self._clock.monotonic() + VACUUM_PERIOD_S
        while True:  # ends by cancellation
            await asyncio.sleep(SEAL_PERIOD_S)
            try:
                for name, path in self._paths.items():
                    await _in_thread(seal, path, name, clock=self._clock)
                if self._clock.monotonic() >= vacuum_at:
                    vacuum_at = self._clock.monotonic() + VACUUM_PERIOD_S
                    for path in self._paths.values():
                        await _in_thread(vacuum, path)
            except TargetUnreachable as error:
                # Includes a rebuild that took the files away. Nothing depends on this turn; the next one starts afresh.
                _log.warning("lake_maintenance_failed", detail=str(error))

    def _read_checkpoint(self) -> int:
        return min(position_of(open_table(path)) for path in self._paths.values())

    def _append(self, batch: Batch, facts: Facts) -> Outcome:
        tables = {name: open_table(path) for name, path in self._paths.items()}
        positions = {name: position_of(table) for name, table in tables.items()}
        checkpoint = min(positions.values())
        if batch.last <= checkpoint:
            return Outcome.DUPLICATE
        if batch.first != checkpoint + 1:
            return Outcome.GAP
        for name in LAKE_WRITE_ORDER:
            if positions[name] >= batch.last:
                continue
            table = tables[name]
            if table is None:
                table = create_table(self._paths[name], SCHEMAS[name])
            rows = self._rows(name, batch, after=positions[name], facts=facts)
            if not append(table, rows, to=batch.last, recorded_at=batch.events[-1].envelope.recorded_at):
                return Outcome.DUPLICATE
        return Outcome.APPLIED

    @staticmethod
    def _rows(name: str, batch: Batch, *, after: int, facts: Facts) -> pa.Table:
        """Fold only what the table does not have yet."""
        return ROWS_OF[name]([event for event in batch.events if event.position > after], facts)


async def _in_thread(work: Callable[P, R], *args: P.args, **named: P.kwargs) -> R:
    """Run blocking work in a thread. When cancelled, wait for the thread: a commit is not left running unseen."""
    running = asyncio.ensure_future(asyncio.to_thread(work, *args, **named))
    try:
        return await asyncio.shield(running)
    except asyncio.CancelledError:
        await asyncio.wait([running])
        raise
    except (DeltaError, TableUnreadable, OSError, pa.ArrowException) as error:
        reason = str(error).partition("\n")[0]
        raise TargetUnreachable(f"the lake cannot be written or read: {reason or type(error).__name__}") from error
