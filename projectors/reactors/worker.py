"""The worker: takes due tasks, performs them, keeps what became of them.

Any number of workers may run, in one process or in many. Each attempt is bounded in time by less than its lease, so
that a lease runs out only under a worker that was stopped or frozen; what such a worker writes later is refused.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Final

import msgspec
import structlog

from projectors.apply import TargetUnreachable
from projectors.reactors.metrics import ReactorMetrics
from projectors.reactors.store import TaskStore
from projectors.reactors.tasks import AFTER_S_MAX, Again, Chance, Done, LeaseLost, Next, Park, Reactor, Result, Turn
from runtime.clock import Clock
from runtime.ids import new_trace_context, next_step
from runtime.shutdown import Shutdown, end_all
from runtime.trace import current_trace, parse_traceparent

POLL_S: Final = 0.25  # nobody tells a worker that a pause is over, or that another process has kept new tasks
RETRY_S: Final = 1.0  # while PostgreSQL does not answer
FINISH_WITHIN_S: Final = 6.0  # after a request to stop; less than what the process has for draining
TASKS_AT_ONCE: Final = 64  # most of them wait for a rail or for a commit
LEASE_S: Final = 60.0
PERFORM_SHARE: Final = 0.4  # of the lease: the rest is for keeping the result when the database is slow

_log = structlog.get_logger(__name__)


class Bounds(msgspec.Struct, frozen=True, kw_only=True):
    """How much a worker does at once, and for how long."""

    tasks_at_once: int = TASKS_AT_ONCE
    lease_s: float = LEASE_S

    @property
    def perform_within_s(self) -> float:
        """How long an attempt may take: it must not outlive its lease."""
        return self.lease_s * PERFORM_SHARE


class Worker:
    """Performs the tasks of the given reactors."""

    def __init__(
        self,
        store: TaskStore,
        reactors: Sequence[Reactor],
        *,
        metrics: ReactorMetrics,
        clock: Clock,
        chance: Chance,
        bounds: Bounds,
    ) -> None:
        self._store = store
        self._reactors = {reactor.name: reactor for reactor in reactors}
        self._metrics = metrics
        self._clock = clock
        self._chance = chance
        self._bounds = bounds
        self._woken = asyncio.Event()

    def wake(self) -> None:
        """Say that there may be something to do."""
        self._woken.set()

    async def run(self, shutdown: Shutdown) -> None:
        """Perform until the process stops; what runs then gets FINISH_WITHIN_S, the rest is handed back."""
        running: set[asyncio.Task[None]] = set()
        try:
            while not shutdown.requested:
                self._woken.clear()
                pause_s = POLL_S
                try:
                    turns = await self._claim(self._bounds.tasks_at_once - len(running))
                    running |= {asyncio.create_task(self._attempt(turn)) for turn in turns}
                except TargetUnreachable as trouble:
                    _log.warning("tasks_unreachable", detail=str(trouble), retry_s=RETRY_S)
                    pause_s = RETRY_S
                running = await self._pause(running, shutdown, pause_s)
            if running:
                await asyncio.wait(running, timeout=FINISH_WITHIN_S)
        finally:
            await end_all(running)

    async def run_once(self) -> int:
        """Claim once, perform all of it, and return how many tasks that were. Raises TargetUnreachable."""
        turns = await self._claim(self._bounds.tasks_at_once)
        ended = await asyncio.gather(*(self._attempt(turn) for turn in turns), return_exceptions=True)
        for error in filter(None, ended):
            raise error
        return len(turns)

    async def _claim(self, limit: int) -> list[Turn]:
        if limit <= 0 or not self._reactors:
            return []
        return await self._store.claim(list(self._reactors), limit, self._bounds.lease_s)

    async def _pause(
        self, running: set[asyncio.Task[None]], shutdown: Shutdown, pause_s: float
    ) -> set[asyncio.Task[None]]:
        """Wait until there may be something to claim; return what still runs."""
        waits = {asyncio.create_task(self._woken.wait()), asyncio.create_task(shutdown.wait())}
        try:
            await asyncio.wait({*running, *waits}, timeout=pause_s, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in waits:
                wait.cancel()
            await asyncio.gather(*waits, return_exceptions=True)
        for task in running:
            if task.done() and (bug := task.exception()) is not None:
                _log.error("task_unkept", exc_info=bug)  # its lease runs out; then it is tried again
        return {task for task in running if not task.done()}

    async def _attempt(self, turn: Turn) -> None:
        """Perform one task and keep the result. A result that cannot be kept is reached again, under the same key."""
        began = self._clock.monotonic()
        parent = parse_traceparent(turn.trace) if turn.trace else None
        current_trace.set(next_step(parent) if parent else new_trace_context())
        try:
            result = await self._perform(turn)
            kept = await self._keep(turn, result)
            outcome = _WORDS[type(result)] if kept else "fenced"
        except LeaseLost:
            outcome = "fenced"
        except TargetUnreachable as trouble:
            outcome = "unkept"
            _log.warning("result_unkept", **_named(turn), detail=str(trouble))
        except asyncio.CancelledError:
            await self._hand_back(turn)
            raise
        if outcome == "fenced":
            _log.warning("lease_lost", **_named(turn))
        self._metrics.results.labels(turn.reactor, turn.kind, outcome).inc()
        self._metrics.perform_seconds.labels(turn.reactor).observe(self._clock.monotonic() - began)

    async def _perform(self, turn: Turn) -> Result:
        reactor = self._reactors[turn.reactor]
        attempts_max = reactor.retry_of(turn.kind).attempts_max
        if turn.attempts > attempts_max:  # only a process that died each time gets here
            return Park(f"no result after {attempts_max} attempts; {turn.last_error or 'the process died each time'}")
        try:
            async with asyncio.timeout(self._bounds.perform_within_s):
                result = await reactor.perform(turn)
        except TimeoutError:
            result = Again(why=f"no result within {self._bounds.perform_within_s:g} s")
        except (LeaseLost, TargetUnreachable):
            raise
        except (
            Exception
        ) as bug:  # one task must not stop the others; its text may hold anything, so only the log has it
            _log.error("perform_failed", **_named(turn), exc_info=bug)
            result = Again(why=f"failed: {type(bug).__name__}")
        if isinstance(result, Again) and turn.attempts >= attempts_max:
            return Park(f"given up after {turn.attempts} attempts; {result.why}")
        return result

    async def _keep(self, turn: Turn, result: Result) -> bool:
        """Write what became of the task; False when it was somebody else's by then."""
        match result:
            case Done(answer):
                kept = await self._store.finish(turn, answer)
            case Next(tasks, answer):
                kept = await self._store.finish(turn, answer, tasks)
            case Again():
                after_s = result.after_s
                if after_s is None:
                    after_s = self._reactors[turn.reactor].retry_of(turn.kind).pause_s(turn.attempts, self._chance)
                kept = await self._store.postpone(turn, min(after_s, AFTER_S_MAX), result.why)
                _log.info("task_postponed", **_named(turn), detail=result.why, after_s=round(after_s, 3))
            case Park(why):
                kept = await self._store.park(turn, why)
                _log.error("task_parked", **_named(turn), detail=why)
        return kept

    async def _hand_back(self, turn: Turn) -> None:
        """Let another process take the task at once; if that cannot be written, its lease runs out."""
        try:
            await self._store.hand_back(turn)
        except TargetUnreachable as trouble:
            _log.warning("lease_kept", **_named(turn), detail=str(trouble))
        self._metrics.results.labels(turn.reactor, turn.kind, "handed_back").inc()


_WORDS: Final[dict[type, str]] = {Done: "done", Next: "done", Again: "again", Park: "parked"}


def _named(turn: Turn) -> dict[str, str | int]:
    return {
        "reactor": turn.reactor,
        "position": turn.position,
        "step": turn.step,
        "kind": turn.kind,
        "attempts": turn.attempts,
    }
