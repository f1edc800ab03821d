"""A process that folds windows of history: `python -m projectors.history.worker`, started by workers.py only.

It reads orders from standard input and writes answers to standard output, one at a time, and ends with its input.
"""

from __future__ import annotations

import asyncio
import gc
import os
import pickle
import signal
import sys
from collections.abc import AsyncGenerator
from contextlib import aclosing
from datetime import datetime
from io import FileIO
from typing import Any, Final

import structlog
import uvloop

from projectors.book import Book, BookUnreachable
from projectors.events import Event, decode_events
from projectors.history.messages import Folded, Opening, Order, Trouble, pack, read_message
from projectors.history.windows import WindowFold
from runtime.logs import configure_logging
from runtime.postgres import create_pool
from runtime.shutdown import end_all

# A page and what is decoded of it stay in a core's cache: more makes each event dearer by a third.
PAGE_EVENTS: Final = 800
POOL_SIZE_MAX: Final = 2  # the next page is read while facts about accounts are
FOLDS_MAX: Final = 16  # models and versions of which something is remembered

NICE: Final = 5  # history waits for news, for whoever reads, and for the store that it goes into

PROCESS: Final = "projectors-history"

_log = structlog.get_logger(__name__)


class _Reader:
    """The pages of one window. The next one is read while one is folded."""

    def __init__(self, book: Book, order: Order) -> None:
        self._book = book
        self._order = order
        self.recorded_at: datetime | None = None  # of the last event read

    async def pages(self) -> AsyncGenerator[list[Event], None]:
        """Give all events of the window. Raises Unreadable, BookUnreachable."""
        after = self._order.first - 1
        reading = self._read(after)
        try:
            while reading is not None:  # ends with the window's last page
                bodies = await reading
                after += len(bodies)
                reading = self._read(after) if bodies else None
                if not bodies:
                    raise BookUnreachable(f"the book has no event behind {after}")
                events, stop = decode_events(bodies, ledger=self._book.ledger)
                del bodies
                if stop is not None:
                    raise stop
                self.recorded_at = events[-1].envelope.recorded_at
                yield events
        finally:
            if reading is not None:
                await end_all([reading])

    def _read(self, after: int) -> asyncio.Task[list[tuple[int, bytes]]] | None:
        left = self._order.last - after
        return asyncio.create_task(self._book.read_page(after, min(PAGE_EVENTS, left))) if left else None


class Worker:
    """Folds windows of one book, for any model."""

    def __init__(self, book: Book) -> None:
        self._book = book
        self._folds: dict[bytes, WindowFold] = {}

    async def perform(self, order: Order) -> Folded | Trouble:
        """Fold a window; whatever goes wrong is the answer."""
        reader = _Reader(self._book, order)
        try:
            async with aclosing(reader.pages()) as pages:
                payload = await self._fold_of(order).fold(self._book, pages)
            if reader.recorded_at is None:
                return Trouble("its fold has read no events")
            return Folded(order.first, order.last, reader.recorded_at, payload)
        except Exception as error:  # the process that asked goes the ordinary way, and meets what there is to say
            return Trouble(f"{type(error).__name__}: {error}")

    def _fold_of(self, order: Order) -> WindowFold:
        if order.fold not in self._folds:
            if len(self._folds) >= FOLDS_MAX:
                self._folds.clear()
            self._folds[order.fold] = pickle.loads(order.fold)
        return self._folds[order.fold]


async def _work(answers: FileIO) -> None:
    """Take orders until the input ends. Raises asyncio.IncompleteReadError then, whatever is being folded."""
    stream = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(stream), sys.stdin)
    opening: Opening = await read_message(stream)
    orders: asyncio.Queue[Order] = asyncio.Queue()  # holds one: the next one is sent when this one is answered
    tasks = [asyncio.create_task(_listen(stream, orders)), asyncio.create_task(_perform(opening, orders, answers))]
    await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    for task in tasks:
        if task.done():
            task.result()


async def _listen(stream: asyncio.StreamReader, orders: asyncio.Queue[Order]) -> None:
    while True:  # ends with the input
        orders.put_nowait(await read_message(stream))


async def _perform(opening: Opening, orders: asyncio.Queue[Order], answers: FileIO) -> None:
    pool = await create_pool(opening.database_url, application_name=PROCESS, size_max=POOL_SIZE_MAX)
    worker = Worker(Book(pool, ledger=opening.ledger))
    # What dies with a page makes no cycles; those that there are wait until the window is answered.
    gc.freeze()
    gc.disable()
    while True:  # ends by cancellation
        for part in pack(await worker.perform(await orders.get())):
            await asyncio.to_thread(_write_all, answers, part)
        gc.collect()


def _write_all(answers: FileIO, message: bytes) -> None:
    left = memoryview(message)
    while left:  # shrinks with every turn; the pipe may take less at once
        left = left[answers.write(left) or 0 :]


def main() -> None:
    """Work until the process that started this one is gone."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # a terminal sends it to all; who started this one decides
    configure_logging(PROCESS, "warning")
    os.nice(NICE)
    answers: Any = os.fdopen(os.dup(sys.stdout.fileno()), "wb", buffering=0)
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # whatever else is written goes where logs go
    code = 1
    try:
        uvloop.new_event_loop().run_until_complete(_work(answers))
    except (asyncio.IncompleteReadError, BrokenPipeError):
        code = 0  # left alone
    except Exception as bug:  # this one is of no use any more; the window goes the ordinary way
        _log.error("history_worker_failed", exc_info=bug)
    finally:
        os._exit(code)  # nothing here is worth waiting for, not even a query


if __name__ == "__main__":
    main()
