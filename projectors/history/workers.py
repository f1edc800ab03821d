"""The processes that fold history, as this process sees them. All models of a process share them.

Workers are started when there is something to fold, and ended when there is nothing more: an idle projector has none. A
worker has its own connection to PostgreSQL and nothing else of this process: it talks through its standard input and
output, and ends when they do, so that nothing of it is left of a process that was killed.
"""

from __future__ import annotations

import asyncio
import os
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any, Final

import structlog

from projectors.history.messages import Folded, Opening, Order, Trouble, pack, read_message

WORKERS_MAX: Final = 4  # each takes a core, two sessions of PostgreSQL, and up to about 400 MB while it sorts a window
WINDOW_WITHIN_S: Final = 300.0
END_WITHIN_S: Final = 5.0
PIPE_BYTES: Final = 2**20  # of an answer that lie here before the worker has to wait

_ROOT: Final = Path(__file__).parents[2]  # where `projectors` is imported from

_log = structlog.get_logger(__name__)


class WindowFailed(Exception):
    """A window could not be folded, for the reason in the text. Nothing of it has been applied."""

    def __init__(self, order: Order, reason: str) -> None:
        super().__init__(reason)
        self.first = order.first
        self.last = order.last


class _Worker:
    """One process, which folds one window at a time."""

    def __init__(self, process: Process) -> None:
        assert process.stdin is not None
        assert process.stdout is not None
        self._process = process
        self._orders = process.stdin
        self._answers = process.stdout

    @classmethod
    async def start(cls, opening: Opening) -> _Worker:
        """Start a process; it inherits no file but standard error. Raises OSError."""
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            *("-m", "projectors.history.worker"),
            cwd=_ROOT,
            stdin=PIPE,
            stdout=PIPE,
            limit=PIPE_BYTES,
        )
        worker = cls(process)
        worker._orders.writelines(pack(opening))
        _log.info("history_worker_started", pid=process.pid)
        return worker

    async def ask(self, order: Order) -> Any:
        """Give an order and wait for the answer. Raises OSError, asyncio.IncompleteReadError, TimeoutError."""
        async with asyncio.timeout(WINDOW_WITHIN_S):
            self._orders.writelines(pack(order))
            await self._orders.drain()
            return await read_message(self._answers)

    def kill(self) -> None:
        """End the process at once: it holds nothing that is worth an orderly end."""
        with suppress(ProcessLookupError):
            self._process.kill()

    async def gone(self) -> None:
        """Wait until the process has ended; it was killed."""
        with suppress(TimeoutError):
            async with asyncio.timeout(END_WITHIN_S):
                await self._process.wait()


class Workers:
    """As many processes as there are cores, started when they are needed."""

    def __init__(self, database_url: str, ledger: str, *, count: int | None = None) -> None:
        """``count``: how many, if not one for each core that this process may use, and WORKERS_MAX at most."""
        self.count = count or min(WORKERS_MAX, os.cpu_count() or 1)
        self._opening = Opening(database_url, ledger)
        self._places: asyncio.Queue[_Worker | None] = asyncio.Queue()  # a place without a worker is where one may start
        for _ in range(self.count):
            self._places.put_nowait(None)
        self._users = 0

    @asynccontextmanager
    async def engaged(self) -> AsyncIterator[None]:
        """Keep the processes for the length of the block, after which nothing is being folded for its owner."""
        self._users += 1
        try:
            yield
        finally:
            self._users -= 1
            if not self._users:
                await self._dismiss()

    async def fold(self, order: Order) -> Folded:
        """Have a window folded by the next worker that is free. Raises WindowFailed."""
        worker = await self._places.get()
        kept: _Worker | None = None
        try:
            worker = worker or await _Worker.start(self._opening)
            answer = await worker.ask(order)
            kept = worker
        except (OSError, EOFError, TimeoutError) as error:
            raise WindowFailed(order, f"its worker is gone: {str(error) or type(error).__name__}") from error
        finally:
            if worker is not None and kept is None:  # also when cancelled: the window is of no use any more
                worker.kill()
            self._places.put_nowait(kept)
        if isinstance(answer, Trouble):
            raise WindowFailed(order, answer.reason)
        assert isinstance(answer, Folded)
        return answer

    async def _dismiss(self) -> None:
        """End the processes that wait for orders; there is no other user."""
        workers = [self._places.get_nowait() for _ in range(self._places.qsize())]
        for worker in workers:
            self._places.put_nowait(None)
            if worker is not None:
                worker.kill()
        for worker in workers:
            if worker is not None:
                await worker.gone()
