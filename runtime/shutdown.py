"""The end of a process: on a signal, or because one of its long tasks failed.

A process is a set of tasks that should run until somebody asks them to stop. When the first one fails, or ends without
being asked, the others are cancelled and the process leaves with a non-zero status, so that its supervisor restarts it
whole. A process with a dead part is worse than a restarted one.
"""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Coroutine, Iterable, Mapping
from typing import Any, Final

import structlog

DRAIN_S: Final = 10.0  # what tasks get for finishing what they began; orchestrators kill after 30 s by default
CANCEL_AGAIN_S: Final = 5.0  # tidying up after a cancellation may take so long
CANCELS_MAX: Final = 10
SIGNALS: Final = (signal.SIGTERM, signal.SIGINT)

_log = structlog.get_logger(__name__)


class Shutdown:
    """The wish to stop. Set once, by a signal or by `request`, and seen by everyone who waits for it."""

    def __init__(self) -> None:
        self._requested = asyncio.Event()
        self.reason: str | None = None

    def listen(self) -> None:
        """Turn SIGTERM and SIGINT into a request. Call from the main thread, inside the running loop."""
        loop = asyncio.get_running_loop()
        for number in SIGNALS:
            loop.add_signal_handler(number, self.request, number.name)

    def request(self, reason: str) -> None:
        """Ask the process to stop; only the first reason is kept."""
        if self.reason is None:
            self.reason = reason
            _log.info("shutdown_requested", reason=reason)
        self._requested.set()

    @property
    def requested(self) -> bool:
        """Whether stopping has been asked for."""
        return self._requested.is_set()

    async def wait(self) -> None:
        """Return when stopping has been asked for."""
        await self._requested.wait()


async def end_all(tasks: Iterable[asyncio.Future[Any]], *, again_s: float = CANCEL_AGAIN_S) -> None:
    """Cancel tasks and wait until they have ended, asking again every ``again_s``; whoever waits sees no exception.

    Once is not enough: a task may lose a cancellation. `asyncio.wait_for` of Python 3.11 takes one for an answer when
    it comes together with the answer, and libraries that wait for two things at once do so too.
    """
    given = list(tasks)
    left = {task for task in given if not task.done()}
    for _ in range(CANCELS_MAX):
        if not left:
            break
        for task in left:
            task.cancel()
        _, left = await asyncio.wait(left, timeout=again_s)
    if left:
        _log.error("tasks_left", tasks=sorted(str(task) for task in left))
    for task in given:
        if task.done() and not task.cancelled():
            task.exception()  # read, so that Python does not warn about it


async def supervise(
    tasks: Mapping[str, Coroutine[Any, Any, None]], shutdown: Shutdown, *, drain_s: float = DRAIN_S
) -> int:
    """Run named long tasks until a shutdown is requested or one of them stops; return the exit status.

    0 after a requested stop, 1 when a task failed or ended unasked. After the request, tasks that watch `shutdown`
    have `drain_s` to end by themselves; the rest are cancelled.
    """
    running = {asyncio.create_task(task, name=name) for name, task in tasks.items()}
    asked = asyncio.create_task(shutdown.wait(), name="shutdown")
    try:
        await asyncio.wait({*running, asked}, return_when=asyncio.FIRST_COMPLETED)
        failures = [task for task in running if task.done() and _report(task, expected=shutdown.requested)]
        if failures:
            shutdown.request(f"{failures[0].get_name()} stopped")
        return 1 if await _drain(running, drain_s) or failures else 0
    finally:
        await end_all([asked, *running])


async def _drain(running: set[asyncio.Task[None]], drain_s: float) -> bool:
    """Wait for the rest to end, cancel what does not; say whether any of them failed on the way."""
    waiting = {task for task in running if not task.done()}
    if not waiting:
        return False
    ended, late = await asyncio.wait(waiting, timeout=drain_s)
    for task in late:
        _log.warning("task_cancelled", task=task.get_name(), detail=f"did not end within {drain_s:g} s")
        task.cancel()
    if late:
        await asyncio.wait(late, timeout=drain_s)
    failures = [task for task in ended if _report(task, expected=True)]
    return bool(failures)


def _report(task: asyncio.Task[None], *, expected: bool) -> bool:
    """Log how a task ended; say whether that counts as a failure."""
    if task.cancelled():
        return not expected
    error = task.exception()
    if error is not None:
        _log.error("task_failed", task=task.get_name(), exc_info=error)
    elif not expected:
        _log.error("task_ended", task=task.get_name(), detail="it should run until the process is asked to stop")
    return error is not None or not expected
