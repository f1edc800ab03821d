"""The events behind a position, in order, each once, from whichever source has them.

The book in PostgreSQL has every event; the stream has the newest ones sooner. So the feed reads pages of the book until
a page comes back short, and then listens to the stream, whose sequence numbers are the book's positions. Whatever the
stream does that does not fit (it is silent, it has a hole, it begins too late, it was lost and recreated, a message
cannot be read) is answered in one way: read the next page of the book, and listen again from where that ends.

    NATS is          a new event is seen after
    --------------   -------------------------------------------------------------
    fine             the relay's latency
    dead             POLL_S: the book is polled
    silent, wrong    SILENCE_S: the book is asked whether there is something to hear

Every position handed out is exactly one above the one before: nothing behind the feed has to check that again, and the
read models check it all the same.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Final, NamedTuple

import msgspec
import structlog
from nats.aio.client import Client

from projectors.book import Book, BookUnreachable
from projectors.events import Batch, Event, Unreadable, decode_events
from projectors.tail import Heard, Listener, Tail
from runtime.shutdown import end_all

POLL_S: Final = 0.2
SILENCE_S: Final = 1.0
IDLE_S: Final = 1.0  # how long `next` waits before it says that there is nothing
PAGE_EVENTS: Final = 1000  # decoding one page blocks the event loop for about 4 ms

_log = structlog.get_logger(__name__)


class Pace(msgspec.Struct, frozen=True, kw_only=True):
    """How a read model likes its batches: as large as ``events_max``, and gathered for ``linger_s`` when live."""

    events_max: int
    linger_s: float = 0.0


class _PageAhead(NamedTuple):
    """A page of the book that is being read before it is asked for."""

    after: int
    wanted: int
    reading: asyncio.Task[list[tuple[int, bytes]]]


class Feed:
    """One ordered source of batches for one read model. For one reader."""

    def __init__(self, book: Book, nats: Callable[[], Client | None], *, pace: Pace, tail: Tail | None = None) -> None:
        """Read ``book``; ``nats`` gives the connection once there is one. Call `seek` before `next`.

        Feeds of one process share a ``tail``, so that each event is received and decoded once.
        """
        self._book = book
        self._nats = nats
        self._pace = pace
        self._tail = tail or Tail(book.ledger)
        self._listener: Listener | None = None
        self._position = 0
        self._catching_up = True
        self._next_page: _PageAhead | None = None

    async def seek(self, position: int) -> None:
        """Continue behind ``position``, wherever the feed was before."""
        await self._stop_listening()
        await self._forget_next_page()
        self._position = position

    async def next(self) -> Batch | None:
        """Return the next events, or None when there are none for IDLE_S.

        Raises Unreadable at an event that the book itself cannot give in readable form, BookUnreachable.
        """
        loop = asyncio.get_running_loop()
        caught_up = not self._catching_up
        events = await self._first_events(loop.time() + IDLE_S)
        if not events:
            return None
        deadline = loop.time() + self._pace.linger_s
        while len(events) < self._pace.events_max:  # grows with every turn, or ends at the deadline
            left_s = deadline - loop.time()
            if left_s <= 0 and not self._catching_up:
                break
            try:
                events += await self._more(self._pace.events_max - len(events), max(0.0, left_s))
            except (BookUnreachable, Unreadable):
                break  # what is gathered is worth applying; the next call meets the same trouble
        return Batch(events, caught_up)

    async def close(self) -> None:
        """Give back what the feed holds on the servers."""
        await self._stop_listening()
        await self._forget_next_page()

    async def _first_events(self, deadline: float) -> list[Event]:
        clock = asyncio.get_running_loop().time
        while True:  # ends at the deadline at the latest
            events = await self._more(self._pace.events_max, max(0.0, deadline - clock()))
            if events or clock() >= deadline:
                return events

    async def _more(self, limit: int, wait_s: float) -> list[Event]:
        """Return some events from one of the sources, or [] when neither has any within ``wait_s``."""
        if self._catching_up:
            return await self._from_book(limit)
        heard = await self._listen(limit, min(wait_s, SILENCE_S))
        if heard and heard[0][0] == self._position + 1:
            return await self._from_stream(heard)
        if heard:
            _log.info("stream_hole", ledger=self._book.ledger, wanted=self._position + 1, found=heard[0][0])
            await self._stop_listening()
        return await self._from_book(limit)

    async def _from_book(self, limit: int) -> list[Event]:
        wanted = min(limit, PAGE_EVENTS)
        page = await self._read_page(wanted)
        self._catching_up = len(page) == wanted
        if self._catching_up:  # PostgreSQL works on the next page while this one is being decoded
            self._read_on(page[-1][0], min(limit - wanted or self._pace.events_max, PAGE_EVENTS))
        events, stop = decode_events(page, ledger=self._book.ledger)
        if stop is not None:
            self._catching_up = True
            if not events:
                raise stop
        self._advance(events)
        return events

    async def _read_page(self, wanted: int) -> list[tuple[int, bytes]]:
        """Return the page behind the position, which may have been asked for already."""
        ahead = self._next_page
        if ahead is None or (ahead.after, ahead.wanted) != (self._position, wanted):
            await self._forget_next_page()
            return await self._book.read_page(self._position, wanted)
        self._next_page = None
        return await ahead.reading

    def _read_on(self, after: int, wanted: int) -> None:
        self._next_page = _PageAhead(after, wanted, asyncio.create_task(self._book.read_page(after, wanted)))

    async def _forget_next_page(self) -> None:
        if self._next_page is not None:
            ahead, self._next_page = self._next_page, None
            await end_all([ahead.reading])

    async def _from_stream(self, heard: list[Heard]) -> list[Event]:
        """Take the events up to the first hole or unreadable one; the book has to explain what comes then."""
        events: list[Event] = []
        for position, event in heard:
            if isinstance(event, Unreadable):
                _log.warning("stream_unreadable", ledger=self._book.ledger, position=position, detail=str(event))
            if isinstance(event, Unreadable) or position != self._position + len(events) + 1:
                await self._stop_listening()
                break
            events.append(event)
        self._advance(events)
        return events

    async def _listen(self, limit: int, wait_s: float) -> list[Heard]:
        """Return new events of the stream; [] when it is silent, or out of reach for POLL_S."""
        client = self._nats()
        if client is None or not client.is_connected:
            await asyncio.sleep(min(wait_s, POLL_S))
            return []
        if self._listener is None:
            self._listener = self._tail.listen(client, self._position)
        if not self._listener.attached:
            wait_s = min(wait_s, POLL_S)
        heard = await self._listener.next_batch(limit, wait_s)
        # While the stream was silent the book may have been read past what arrives now.
        return [one for one in heard if one[0] > self._position]

    def _advance(self, events: list[Event]) -> None:
        if events:
            self._position = events[-1].position

    async def _stop_listening(self) -> None:
        self._catching_up = True
        if self._listener is not None:
            listener, self._listener = self._listener, None
            await listener.close()
