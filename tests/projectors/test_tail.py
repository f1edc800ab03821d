"""Several feeds on one tail of the stream: each event is received once, and each feed still sees all of them."""

from __future__ import annotations

import asyncio
import random
from contextlib import AsyncExitStack

from projectors.events import Event
from projectors.feed import Feed, Pace
from projectors.tail import Tail
from tests.projectors.places import Place
from tests.projectors.test_feed import positions, take
from tests.support.book import RandomBook

PACE = Pace(events_max=100)


async def opened(stack: AsyncExitStack, place: Place, tail: Tail, *, after: int = 0) -> Feed:
    feed = Feed(place.book, lambda: place.nc, pace=PACE, tail=tail)
    await feed.seek(after)
    stack.push_async_callback(feed.close)
    return feed


async def test_feeds_share_what_was_decoded_once(place: Place) -> None:
    book = RandomBook(seed=1, ledger=place.ledger)
    old = book.write(20)
    await place.record(old)
    await place.publish(old)
    async with AsyncExitStack() as stack:
        tail = Tail(place.ledger)
        feeds = [await opened(stack, place, tail) for _ in range(3)]
        await asyncio.gather(*(take(feed, len(old)) for feed in feeds))
        assert not any(await asyncio.gather(*(feed.next() for feed in feeds)))
        new = book.write(50)
        await place.publish(new)  # not in the book: only the stream can have brought them
        first, *others = await asyncio.gather(*(take(feed, len(new)) for feed in feeds))
        assert positions(first) == [line.position for line in new]
        for other in others:
            assert all(mine is theirs for mine, theirs in zip(first, other, strict=True))


async def test_a_feed_that_falls_behind_what_is_kept_reads_the_book(place: Place) -> None:
    book = RandomBook(seed=2, ledger=place.ledger)
    async with AsyncExitStack() as stack:
        tail = Tail(place.ledger, kept_max=10)
        quick, slow = await opened(stack, place, tail), await opened(stack, place, tail)
        assert not any(await asyncio.gather(quick.next(), slow.next()))
        lines = book.write(200)
        await place.record(lines)
        seen: list[Event] = []
        for line in lines:
            await place.publish_from(line)
            seen += await take(quick, 1)
        assert positions(seen) == positions(await take(slow, len(lines))) == [line.position for line in lines]


async def test_whoever_stops_waiting_takes_nothing_with_it(place: Place) -> None:
    """The one who pulls for all is cancelled again and again; the others, and itself afterwards, miss nothing."""
    chance = random.Random(3)
    book = RandomBook(seed=3, ledger=place.ledger)
    async with AsyncExitStack() as stack:
        tail = Tail(place.ledger)
        restless, patient = await opened(stack, place, tail), await opened(stack, place, tail)
        assert not any(await asyncio.gather(restless.next(), patient.next()))
        waiting = asyncio.create_task(take(patient, 120))
        for line in (lines := book.write(120)):
            given_up = asyncio.create_task(restless.next())
            await asyncio.sleep(chance.uniform(0, 0.004))
            given_up.cancel()
            await asyncio.gather(given_up, return_exceptions=True)
            await place.publish_from(line)
        wanted = [line.position for line in lines]
        assert positions(await waiting) == wanted
        await place.record(lines)
        await restless.seek(0)
        assert positions(await take(restless, len(lines))) == wanted
