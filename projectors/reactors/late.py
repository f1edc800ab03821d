"""Planning late: an event whose reaction could not be planned stands in its line as a task, until it can be.

The task is parked at once, for trying again would fail again. When a person resumes it, after a new version of the
program came perhaps, the event is read from the book and reacted to; what follows comes in its place of the line.
"""

from __future__ import annotations

import msgspec
import structlog

from projectors.book import Book
from projectors.events import decode_event
from projectors.reactors.tasks import REACT, Done, Next, Park, Reactor, Result, Turn

_log = structlog.get_logger(__name__)


def planning_late(reactor: Reactor, book: Book) -> Reactor:
    """Return the reactor, able to perform its REACT tasks."""

    async def perform(turn: Turn) -> Result:
        if turn.kind != REACT:
            return await reactor.perform(turn)
        [(position, body)] = await book.read_page(turn.position - 1, 1)
        event = decode_event(position, body, ledger=book.ledger)
        react = await reactor.prepare()
        try:
            tasks = react(event)
        except (
            Exception
        ) as bug:  # whatever a reactor's own code may raise; its text may hold anything, so only the log has it
            _log.error("react_failed", reactor=reactor.name, position=position, exc_info=bug)
            return Park(f"what follows from {event.envelope.type} cannot be planned ({type(bug).__name__})")
        return Next(tasks=tasks) if tasks else Done()

    return msgspec.structs.replace(reactor, perform=perform)
