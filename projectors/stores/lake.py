"""The lake: a version is a folder of tables, the pointer is a file beside them.

The first version has the ledger's folder itself; later ones have a folder in it each. A reader keeps the files that it
opened, so a version that no longer serves can be read to the end.
"""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any, Final, TypeVar

import duckdb
import structlog
from deltalake.exceptions import DeltaError

from contracts.projections import Comparison
from contracts.read_models import (
    LAKE,
    LAKE_FIRST_VERSION,
    LAKE_POINTER,
    LAKE_VERSION,
    LAKE_WRITE_ORDER,
    lake_version_folder,
)
from projectors.apply import TargetUnreachable
from projectors.feed import Pace
from projectors.lake.directory import AccountDirectory
from projectors.lake.history import PENDING
from projectors.lake.tables import TableUnreadable
from projectors.lake.target import LakeTarget
from projectors.stores.holding import Kept
from projectors.stores.lake_digest import LakeSide, compare_lakes
from projectors.stores.store import Side
from runtime.clock import Clock
from runtime.ids import new_opaque_id
from runtime.pointers import read_pointer, write_pointer

DROPPED_PREFIX: Final = "dropped"

T = TypeVar("T")

_log = structlog.get_logger(__name__)


class LakeStore:
    """The lake of one ledger, in its ``folder``."""

    model = LAKE
    layout = LAKE_VERSION

    def __init__(self, folder: Path, *, directory: AccountDirectory, pace: Pace, clock: Clock) -> None:
        self.pace = pace
        self._folder = folder
        self._directory = directory
        self._clock = clock
        self._pointer = folder / LAKE_POINTER

    def target(self, version: int) -> Kept:
        """Return a version as a target."""
        return LakeTarget(self.folder(version), self._directory, clock=self._clock)

    def upkeep(self, version: int) -> Coroutine[Any, Any, None] | None:
        """Return what merges and deletes files."""
        return LakeTarget(self.folder(version), self._directory, clock=self._clock).maintain()

    def folder(self, version: int) -> Path:
        """Return where the tables of a version are."""
        return self._folder / lake_version_folder(version)

    async def read_pointer(self) -> int:
        """Read which version readers follow. Raises TargetUnreachable."""
        return await _in_thread(lambda: read_pointer(self._pointer, default=LAKE_FIRST_VERSION))

    async def point_at(self, version: int) -> None:
        """Point readers at a version. Raises TargetUnreachable."""
        await _in_thread(lambda: write_pointer(self._pointer, version))

    async def require_whole(self, version: int) -> None:
        """Return: a window is committed table by table, and readers know that."""

    async def compare(self, serving: Side, candidate: Side) -> Comparison:
        """Compare all rows up to the position that both have. Raises NotLevel, TargetUnreachable."""
        sides = [LakeSide(side.version, self.folder(side.version)) for side in (serving, candidate)]
        return await _in_thread(lambda: compare_lakes(*sides))

    async def clear(self, version: int) -> int:
        """Remove all files of a version's tables. Raises TargetUnreachable."""
        return await _in_thread(lambda: drop_tables(self.folder(version)))

    async def close(self) -> None:
        """Return: nothing is open."""


def serving_folder(folder: Path) -> Path:
    """Return where the tables of the version that serves are, in a ledger's folder. Raises OSError."""
    return folder / lake_version_folder(read_pointer(folder / LAKE_POINTER, default=LAKE_FIRST_VERSION))


def drop_tables(folder: Path) -> int:
    """Rename the tables away, and what waits for them, then delete it; return how many files that were. Blocks."""
    dropped = folder / new_opaque_id(DROPPED_PREFIX)
    # Entries first: without them the checkpoint is 0, whatever the other tables say.
    for name in (*reversed(LAKE_WRITE_ORDER), PENDING):
        if (folder / name).exists():
            dropped.mkdir(exist_ok=True)
            (folder / name).rename(dropped / name)
    removed = 0
    for leftover in folder.glob(f"{DROPPED_PREFIX}_*"):  # also those of an interrupted run
        removed += sum(1 for file in leftover.rglob("*") if file.is_file())
        shutil.rmtree(leftover)
    _log.info("model_dropped", model=LAKE, files=removed)
    return removed


async def _in_thread(work: Callable[[], T]) -> T:
    try:
        return await asyncio.to_thread(work)
    except (OSError, duckdb.Error, DeltaError, TableUnreadable) as error:
        raise TargetUnreachable(f"the lake does not answer: {error}") from error
