"""The read model that a reactor keeps: its tasks. Applied like every other, batch by batch, each event once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

import structlog

from projectors.apply import Outcome
from projectors.book import Book
from projectors.events import Batch, Event
from projectors.feed import Pace
from projectors.reactors.store import Planned, TaskStore
from projectors.reactors.tasks import REACT, React, Reactor, Task

PACE: Final = Pace(events_max=1000, linger_s=0.005)

_log = structlog.get_logger(__name__)


class Inbox:
    """Keeps the tasks of one reactor in the task table; ``wake`` is called when there are new ones."""

    def __init__(self, reactor: Reactor, store: TaskStore, book: Book, *, wake: Callable[[], None]) -> None:
        self._reactor = reactor
        self._store = store
        self._book = book
        self._wake = wake

    async def checkpoint(self) -> int:
        """Return how far the reactor has come; a new one begins where it says. Raises TargetUnreachable."""
        while True:  # ends: begin_at gives the reactor a checkpoint, and nobody takes one away
            position = await self._store.read_checkpoint(self._reactor.name)
            if position is not None:
                return position
            await self._store.begin_at(self._reactor.name, await self._beginning())

    async def apply(self, batch: Batch) -> Outcome:
        """Keep the batch's tasks and move the checkpoint, or do neither. Raises TargetUnreachable, BookUnreachable."""
        react = await self._reactor.prepare()
        planned = [
            Planned(event.position, step, task, event.envelope.trace)
            for event in batch.events
            for step, task in enumerate(self._react(react, event))
        ]
        outcome = await self._store.take_in(self._reactor.name, batch.first, batch.last, planned)
        if planned and outcome is Outcome.APPLIED:
            self._wake()
        return outcome

    def _react(self, react: React, event: Event) -> Sequence[Task]:
        """Plan what follows from an event. What cannot be planned becomes a task in its line, which is parked there."""
        try:
            return react(event)
        except Exception as bug:  # whatever a reactor's own code may raise
            line = self._reactor.line_of(event)
            if line is None:
                raise
            _log.error("react_failed", reactor=self._reactor.name, position=event.position, line=line, exc_info=bug)
            return [Task(kind=REACT, key=line)]

    async def _beginning(self) -> int:
        """Where a reactor without a checkpoint starts. Raises BookUnreachable, which the projection waits out."""
        if self._reactor.begins == "at_zero":
            return 0
        head = await self._book.read_head()
        return head.position
