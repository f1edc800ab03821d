"""``lake`` in Delta tables: rows and position in one commit per table, off the event loop.

Tables cannot be committed together, so each has its own position, and the model's checkpoint is the smallest one.
Accounts go first; whoever reads entries up to P finds the accounts of P. A batch that one table already has is only
applied to the others: after a crash between two commits, when somebody deletes one of the folders, or when a new
version of this program knows a table more than the lake on disk has.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Final, ParamSpec, TypeVar

import pyarrow as pa
import structlog
from deltalake import DeltaTable
from deltalake.exceptions import DeltaError
from deltalake.transaction import AddAction

from contracts.lake import THINGS_TABLE
from contracts.read_models import ACCOUNTS_TABLE, ENTRIES_TABLE, LAKE_WRITE_ORDER, PAYMENTS_TABLE
from projectors.apply import Outcome, TargetUnreachable
from projectors.events import Batch
from projectors.history.messages import Folded
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
from projectors.lake.history import WINDOW_EVENTS, LakeFold, Pending, PendingFile, move_in, sweep, without_known
from projectors.lake.sealing import seal, vacuum
from projectors.lake.tables import TableUnreadable, add_action, add_files, append, create_table, open_table, position_of
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

    window_events = WINDOW_EVENTS

    def __init__(self, folder: Path, directory: AccountDirectory, *, clock: Clock) -> None:
        self._paths: Mapping[str, Path] = {name: folder / name for name in LAKE_WRITE_ORDER}
        self._directory = directory
        self._clock = clock
        self._folder = folder
        self.window_fold = LakeFold(folder)

    async def checkpoint(self) -> int:
        """Return the smallest of the tables' positions; 0 when one is missing. Raises TargetUnreachable."""
        return await _in_thread(self._read_checkpoint)

    async def apply(self, batch: Batch) -> Outcome:
        """Append the batch's rows. Raises TargetUnreachable, BookUnreachable."""
        facts = await self._directory.facts(touched_accounts(batch.events), opened_accounts(batch.events))
        return await _in_thread(self._append, batch, facts)

    async def apply_window(self, window: Folded) -> Outcome:
        """Commit a window's files. Raises TargetUnreachable."""
        return await _in_thread(self._add, window)

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
                    await _in_thread(sweep, self._folder, now=self._clock.now().timestamp())
            except TargetUnreachable as error:
                # Includes a rebuild that took the files away. Nothing depends on this turn; the next one starts afresh.
                _log.warning("lake_maintenance_failed", detail=str(error))

    def _read_checkpoint(self) -> int:
        return min(position_of(open_table(path)) for path in self._paths.values())

    def _append(self, batch: Batch, facts: Facts) -> Outcome:
        tables, positions = self._open()
        misplaced = self._misplaced(batch.first, batch.last, positions)
        if misplaced is not None:
            return misplaced
        for name, table in self._behind(batch.last, tables, positions):
            rows = self._rows(name, batch, after=positions[name], facts=facts)
            if not append(table, rows, to=batch.last, recorded_at=batch.events[-1].envelope.recorded_at):
                return Outcome.DUPLICATE
        return Outcome.APPLIED

    def _add(self, window: Folded) -> Outcome:
        tables, positions = self._open()
        misplaced = self._misplaced(window.first, window.last, positions)
        if misplaced is not None:
            return misplaced
        pending: Pending = window.payload
        for name, table in self._behind(window.last, tables, positions):
            file = pending[name]
            if file is not None and positions[name] >= window.first:
                file = without_known(file, name, after=positions[name])
            added = [] if file is None else [self._moved_in(name, file)]
            if not add_files(table, [*added], to=window.last, recorded_at=window.recorded_at):
                return Outcome.DUPLICATE
        return Outcome.APPLIED

    def _moved_in(self, name: str, file: PendingFile) -> AddAction:
        path = move_in(file, self._paths[name])
        return add_action(path, file.statistics, now_ms=int(self._clock.now().timestamp() * 1000))

    def _open(self) -> tuple[dict[str, DeltaTable | None], dict[str, int]]:
        """Open the tables, and return them with their positions."""
        tables = {name: open_table(path) for name, path in self._paths.items()}
        return tables, {name: position_of(table) for name, table in tables.items()}

    @staticmethod
    def _misplaced(first: int, last: int, positions: Mapping[str, int]) -> Outcome | None:
        """Tell what is wrong with events that are not due; None when they are."""
        checkpoint = min(positions.values())
        if last <= checkpoint:
            return Outcome.DUPLICATE
        if first != checkpoint + 1:
            return Outcome.GAP
        return None

    def _behind(
        self, last: int, tables: Mapping[str, DeltaTable | None], positions: Mapping[str, int]
    ) -> Iterator[tuple[str, DeltaTable]]:
        """Give the tables that do not have all events yet, in the order of writing; they are made when missing."""
        for name in LAKE_WRITE_ORDER:
            if positions[name] >= last:
                continue
            table = tables[name]
            yield name, table if table is not None else create_table(self._paths[name], SCHEMAS[name])

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
