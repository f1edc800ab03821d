"""The contract between the feed and a read model, and the loop that keeps it.

A target applies a batch and moves its checkpoint in one atomic step, or does neither, and says which. The loop trusts
nothing but the checkpoint that the target itself reports: after every surprise it asks again and reads from there. So a
target may be flushed, rolled back, restored or written by a second projector at any moment; each event is still applied
exactly once to whatever the target then holds.

    outcome     means                                              the loop then
    ---------   ------------------------------------------------   --------------------------------------------
    applied     data and checkpoint moved together                 goes on with the next batch
    duplicate   the checkpoint is at or behind the batch's end     asks for the checkpoint, skips forward
    gap         the batch does not begin right behind it           asks for the checkpoint, refills from the book
    fenced      the model is being emptied, or is not this book's  stands still, asks again every HALT_RETRY_S
"""

from __future__ import annotations

import asyncio
import contextlib
import enum
import logging
from collections.abc import Awaitable, Callable
from typing import Final, Protocol, runtime_checkable

import structlog

from projectors.book import Book, BookUnreachable, WrongBook
from projectors.events import Batch, Unreadable
from projectors.feed import Feed
from projectors.history.messages import Folded
from projectors.history.windows import History, WindowFold
from projectors.history.workers import Workers
from projectors.progress import Progress
from runtime.clock import Clock
from runtime.shutdown import end_all
from runtime.trace import parse_traceparent

HALT_RETRY_S: Final = 5.0  # an event that cannot be read stays so until a deployment; asking is nearly free
RETRY_FIRST_S: Final = 0.1
RETRY_MAX_S: Final = 5.0
APPLY_LOG_PERIOD_S: Final = 10.0

_log = structlog.get_logger(__name__)


class Outcome(enum.Enum):
    """What became of a batch."""

    APPLIED = "applied"
    DUPLICATE = "duplicate"
    GAP = "gap"
    FENCED = "fenced"


class TargetUnreachable(Exception):
    """The store of a read model does not answer now; whether it applied the last batch is not known."""


class Fenced(Exception):
    """The model must not be written now; the text says why and what to do."""


class Unappliable(Exception):
    """The event at ``position`` makes the model's own code fail. It must not be skipped."""

    def __init__(self, position: int, bug: Exception) -> None:
        super().__init__(f"event {position} cannot be applied: {type(bug).__name__}: {bug}")
        self.position = position


PASSING: Final = (TargetUnreachable, BookUnreachable)  # nothing is wrong with the event; the same again may do


class Target(Protocol):
    """A read model that can be written."""

    async def checkpoint(self) -> int:
        """Return the position up to which the model has applied the book. Raises TargetUnreachable, Fenced."""
        ...

    async def apply(self, batch: Batch) -> Outcome:
        """Apply the batch and move the checkpoint, or do neither. Raises TargetUnreachable."""
        ...


@runtime_checkable
class FoldsAhead(Protocol):
    """A target whose store works elsewhere: what a batch changes can be made out while the last one is applied."""

    def fold(self, batch: Batch) -> Batch:
        """Return the batch with what it changes. Pure."""
        ...


@runtime_checkable
class AppliesWindows(Protocol):
    """A target that can be built from windows of history, folded by other processes."""

    @property
    def window_fold(self) -> WindowFold:
        """What a worker does with a window."""
        ...

    @property
    def window_events(self) -> int:
        """How many events there are in a window at most."""
        ...

    async def apply_window(self, window: Folded) -> Outcome:
        """Apply what a worker made of a window and move the checkpoint to its end.

        In one step, or in several that each move the checkpoint: killed between two, the model goes on from there.
        Raises TargetUnreachable, Fenced.
        """
        ...


class _ReadAhead:
    """A feed that reads the next batch of history, and folds it, while the last one is being applied.

    Only of history: the next batch of news is larger, the later it is asked for.
    """

    def __init__(self, feed: Feed, target: Target) -> None:
        self._feed = feed
        self._fold = target.fold if isinstance(target, FoldsAhead) else None
        self._reading: asyncio.Task[Batch | None] | None = None

    async def next(self) -> Batch | None:
        """Return the next batch as the feed does, and raise what it raises."""
        batch = await (self._reading or self._feed.next())
        self._reading = None
        if batch is not None and not batch.caught_up:
            self._reading = asyncio.create_task(self._read())
        return batch

    async def _read(self) -> Batch | None:
        batch = await self._feed.next()
        if batch is None or self._fold is None:
            return batch
        try:
            return self._fold(batch)
        except Exception as bug:  # whatever a fold may raise: applying the batch meets it again, and finds the event
            _log.info("fold_ahead_failed", first=batch.first, last=batch.last, error=type(bug).__name__)
            return batch

    async def aclose(self) -> None:
        """Forget what was read ahead."""
        if self._reading is not None:
            await end_all([self._reading])


class Projection:
    """One read model being kept up with the book, independent of every other."""

    def __init__(
        self,
        book: Book,
        feed: Feed,
        target: Target,
        *,
        progress: Progress,
        clock: Clock,
        workers: Workers | None = None,
    ) -> None:
        """``workers``: they fold the model's history while nobody reads it; without them it goes as news do."""
        self._book = book
        self._feed = feed
        self._target = target
        self._progress = progress
        self._clock = clock
        self._history: History | None = None
        if workers is not None and isinstance(target, AppliesWindows):
            self._history = History(workers, target.window_fold, window_events=target.window_events)
        self._log_at = clock.monotonic()

    async def run(self, announce: Callable[[int], Awaitable[None]]) -> None:
        """Project for ever; ends by cancellation. ``announce`` is told every new checkpoint."""
        failures = 0
        while True:  # ends by cancellation: there is always a next event
            applied_before = self._progress.applied_count
            try:
                await self._follow(announce)
                failures, pause_s = 0, RETRY_FIRST_S
            except Unreadable as stop:
                pause_s = self._stand_still(stop.category, str(stop))
            except Unappliable as stop:
                self._progress.resume(stop.position - 1)
                pause_s = self._stand_still("bug", str(stop))
                _log.error("projection_bug", model=self._progress.model, exc_info=stop.__cause__)
            except (Fenced, WrongBook) as stop:
                pause_s = self._stand_still("fenced", str(stop))
            except PASSING as trouble:
                failures = 0 if self._progress.applied_count > applied_before else failures + 1
                pause_s = min(RETRY_FIRST_S * 2.0 ** min(failures, 16), RETRY_MAX_S)
                self._progress.fail(str(trouble))
                _log.warning("projection_waiting", model=self._progress.model, detail=str(trouble), retry_s=pause_s)
            except Exception as bug:  # a bug in one model must not stop the others, and must not be skipped over
                pause_s = self._stand_still("bug", f"{type(bug).__name__}: {bug}")
                _log.error("projection_bug", model=self._progress.model, exc_info=bug)
            await asyncio.sleep(pause_s)

    async def _follow(self, announce: Callable[[int], Awaitable[None]]) -> None:
        """Apply batches from the checkpoint on; return when the checkpoint is not where it was left."""
        position = await self._target.checkpoint()
        head = await self._require_own_book(position)
        self._progress.resume(position)
        await announce(position)
        if self._is_history(position, head):
            await self._catch_up(position, head, announce)
            return
        await self._feed.seek(position)
        async with contextlib.aclosing(_ReadAhead(self._feed, self._target)) as batches:
            while True:  # ends when an outcome is not `applied`, or the idle checkpoint has moved
                batch = await batches.next()
                if batch is None:
                    # Nobody tells an idle projector that its model was emptied, or rolled back by a failover.
                    if await self._target.checkpoint() != position:
                        _log.warning("checkpoint_moved", model=self._progress.model, expected=position)
                        return
                    self._progress.rest()
                elif await self._apply(batch):
                    position = batch.last
                    await announce(position)
                    if self._is_history(position, head):  # a window that had failed is passed
                        return
                else:
                    return

    def _is_history(self, position: int, head: int) -> bool:
        """Tell whether to go on with windows. Not for a version that serves: each event is to be seen at once."""
        return self._history is not None and not self._progress.is_serving and self._history.is_due(position, head)

    async def _catch_up(self, position: int, head: int, announce: Callable[[int], Awaitable[None]]) -> None:
        """Apply windows; return when there are none, or the checkpoint is not where it was left. Raises Fenced."""
        assert isinstance(self._target, AppliesWindows)
        assert self._history is not None
        async with contextlib.aclosing(self._history.windows(position, head)) as windows:
            async for window in windows:
                began = self._clock.monotonic()
                outcome = await self._target.apply_window(window)
                if not self._is_applied(outcome, window.first):
                    return
                seconds = self._clock.monotonic() - began
                self._progress.cover(window.last, window.last - window.first + 1, seconds=seconds)
                await announce(window.last)
                _log.info("window_applied", model=self._progress.model, first=window.first, last=window.last)

    def _is_applied(self, outcome: Outcome, first: int) -> bool:
        """Count an outcome, and tell whether to go on. Raises Fenced."""
        self._progress.count(outcome.value)
        if outcome is Outcome.FENCED:
            raise Fenced("the model is being emptied by `bursar rebuild`; run it again if it was interrupted")
        if outcome is not Outcome.APPLIED:
            _log.info("batch_refused", model=self._progress.model, outcome=outcome.value, first=first)
        return outcome is Outcome.APPLIED

    async def _apply(self, batch: Batch) -> bool:
        """Apply one batch; False when it was not the next one. Raises Fenced, Unappliable."""
        began = self._clock.monotonic()
        try:
            outcome = await self._target.apply(batch)
        except (*PASSING, Fenced, WrongBook, Unreadable):
            raise
        except Exception as bug:  # whatever a fold may raise: the event to blame is found by applying them one by one
            if batch.first == batch.last:
                raise Unappliable(batch.first, bug) from bug
            return await self._apply_singly(batch)
        if not self._is_applied(outcome, batch.first):
            return False
        self._progress.advance(batch, seconds=self._clock.monotonic() - began, now=self._clock.now())
        self._tell(batch)
        return True

    async def _apply_singly(self, batch: Batch) -> bool:
        """Apply what a batch has before the event to blame; False when it was not the next one. Raises Unappliable."""
        for event in batch.events:
            if not await self._apply(Batch([event], batch.caught_up)):
                return False
        return True

    async def _require_own_book(self, position: int) -> int:
        """Refuse a model that knows more than the book: it was built from another one. Return where the book ends."""
        head = await self._book.read_head()
        if position > head.position:
            raise Fenced(
                f"the model is at position {position}, the book ends at {head.position}: the model was built from "
                f"another book; run `bursar rebuild {self._progress.model}`"
            )
        return head.position

    def _stand_still(self, category: str, reason: str) -> float:
        self._progress.halt(category, reason)
        _log.error(
            "projection_halted",
            model=self._progress.model,
            category=category,
            position=self._progress.position + 1,
            detail=reason,
            retry_s=HALT_RETRY_S,
        )
        return HALT_RETRY_S

    def _tell(self, batch: Batch) -> None:
        """Log each event at level debug, and at level info now and then how far the model is."""
        if _log.is_enabled_for(logging.DEBUG):
            for event in batch.events:
                _log.debug(
                    "event_applied",
                    model=self._progress.model,
                    position=event.position,
                    type=event.envelope.type,
                    trace_id=_trace_id(event.envelope.trace),
                )
        if self._clock.monotonic() >= self._log_at:
            self._log_at = self._clock.monotonic() + APPLY_LOG_PERIOD_S
            _log.info(
                "batch_applied",
                model=self._progress.model,
                position=batch.last,
                events=len(batch.events),
                trace_id=_trace_id(batch.events[-1].envelope.trace),
            )


def _trace_id(traceparent: str | None) -> str | None:
    context = parse_traceparent(traceparent) if traceparent else None
    return context.trace_id if context else None
