"""Freezing a whole server: SIGSTOP for it and for all its children, because a backend of PostgreSQL is one of those."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path

from tests.e2e.whole import Whole


@asynccontextmanager
async def frozen(whole: Whole, *names: str) -> AsyncIterator[None]:
    """Nobody answers inside the block, and no connection is closed."""
    pids = [
        pid for process in whole.stack.supervisor.processes() if process.name in names for pid in _family(process.pid)
    ]
    _signal_all(pids, signal.SIGSTOP)
    try:
        yield
    finally:
        _signal_all(reversed(pids), signal.SIGCONT)


async def freeze(whole: Whole, names: Sequence[str], pause_s: float) -> None:
    """Freeze for a while."""
    async with frozen(whole, *names):
        await asyncio.sleep(pause_s)


def _signal_all(pids: Iterable[int], number: signal.Signals) -> None:
    for pid in pids:
        with suppress(ProcessLookupError):
            os.kill(pid, number)


def _family(pid: int | None) -> list[int]:
    """The process and its children; none have grandchildren."""
    if pid is None:
        return []
    return [pid, *(child for child in map(int, filter(str.isdigit, os.listdir("/proc"))) if _parent_of(child) == pid)]


def _parent_of(pid: int) -> int | None:
    try:
        return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
    except (FileNotFoundError, ProcessLookupError):
        return None
