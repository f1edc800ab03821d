"""The feed: every event once and in order, whatever happens to the stream."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import msgspec
import pytest
from nats.aio.client import Client

from contracts.subjects import events_subject
from projectors.events import Event, Unreadable
from projectors.feed import Feed, Pace
from runtime.jetstream import StreamSpec, ensure_stream, publish_batch, publish_one
from runtime.jetstream.api import call_api
from tests.projectors.places import Place
from tests.support.book import Line, RandomBook
from tests.support.book_store import store_raw_event

SMALL = Pace(events_max=100)
QUIET_TURNS_MAX = 20


@asynccontextmanager
async def feed_of(
    place: Place, *, after: int = 0, pace: Pace = SMALL, nats: Callable[[], Client | None] | None = None
) -> AsyncIterator[Feed]:
    feed = Feed(place.book, nats or (lambda: place.nc), pace=pace)
    await feed.seek(after)
    try:
        yield feed
    finally:
        await feed.close()


async def take(feed: Feed, count: int) -> list[Event]:
    """Take exactly that many events; the feed may be quiet for some turns in between."""
    taken: list[Event] = []
    quiet = 0
    while len(taken) < count:
        batch = await feed.next()
        if batch is None:
            quiet += 1
            assert quiet <= QUIET_TURNS_MAX, f"only {len(taken)} of {count} events came"
        else:
            taken += batch.events
    return taken


def positions(events: list[Event]) -> list[int]:
    return [event.position for event in events]


async def test_history_comes_from_the_book_and_then_new_events_from_the_stream(place: Place) -> None:
    book = RandomBook(seed=1, ledger=place.ledger)
    old = book.write(350)
    await place.record(old)
    await place.publish(old)
    async with feed_of(place) as feed:
        assert positions(await take(feed, len(old))) == list(range(1, len(old) + 1))
        assert await feed.next() is None
        # Not in the book: only the stream can have brought them.
        new = book.write(50)
        await place.publish(new)
        assert positions(await take(feed, len(new))) == [line.position for line in new]


async def test_it_starts_behind_any_checkpoint(place: Place) -> None:
    lines = RandomBook(seed=1, ledger=place.ledger).write(120)
    await place.record(lines)
    async with feed_of(place, after=100) as feed:
        assert positions(await take(feed, len(lines) - 100)) == list(range(101, len(lines) + 1))
        await feed.seek(40)
        assert positions(await take(feed, 60))[:2] == [41, 42]


async def test_batches_are_bounded_and_linger_to_grow(place: Place) -> None:
    book = RandomBook(seed=1, ledger=place.ledger)
    await place.record(book.write(950))
    async with feed_of(place, pace=Pace(events_max=400, linger_s=0.4)) as feed:
        sizes = [len(batch.events) for batch in [await feed.next(), await feed.next()] if batch is not None]
        assert sizes == [400, 400]
        await take(feed, book.position - 800)
        assert await feed.next() is None
        for line in book.write(3):
            await place.record([line])
            await place.publish_from(line)
        batch = await feed.next()
        assert batch is not None
        assert len(batch.events) >= 3
        assert batch.caught_up


async def test_without_nats_the_book_is_polled(place: Place) -> None:
    book = RandomBook(seed=1, ledger=place.ledger)
    async with feed_of(place, nats=lambda: None) as feed:
        for _ in range(3):
            lines = book.write(20)
            await place.record(lines)
            assert positions(await take(feed, len(lines))) == [line.position for line in lines]


async def test_a_stream_that_was_never_made_is_no_obstacle(place: Place) -> None:
    lines = RandomBook(seed=1, ledger=place.ledger).write(30)
    async with feed_of(place) as feed:
        assert await feed.next() is None
        await place.record(lines)
        assert positions(await take(feed, len(lines))) == list(range(1, len(lines) + 1))


async def test_what_a_trimmed_stream_no_longer_has_comes_from_the_book(place: Place) -> None:
    book = RandomBook(seed=1, ledger=place.ledger)
    lines = book.write(60)
    spec = StreamSpec(name=place.stream, subjects=(events_subject(place.ledger),), first_sequence=41)
    await ensure_stream(place.nc, spec)
    async with feed_of(place) as feed:
        assert await feed.next() is None
        await place.record(lines)
        tail = [line.body for line in lines[40:]]
        await publish_batch(place.nc, events_subject(place.ledger), tail, expected_last=40)
        assert positions(await take(feed, len(lines))) == list(range(1, len(lines) + 1))


async def test_a_hole_in_the_stream_is_filled_from_the_book(place: Place) -> None:
    """Our streams refuse to delete a message; this one was made by somebody else."""
    lines = RandomBook(seed=1, ledger=place.ledger).write(40)
    subject = events_subject(place.ledger)
    await call_api(place.nc, f"STREAM.CREATE.{place.stream}", {"name": place.stream, "subjects": [subject]})
    for line in lines:
        await publish_one(place.nc, subject, line.body, expected_last=line.position - 1)
    await call_api(place.nc, f"STREAM.MSG.DELETE.{place.stream}", {"seq": 20})
    async with feed_of(place) as feed:
        seen = positions(await take(feed, 19))
        await place.record(lines)
        seen += positions(await take(feed, len(lines) - 19))
        assert seen == [line.position for line in lines]


async def test_a_stream_deleted_and_recreated_loses_and_repeats_nothing(place: Place) -> None:
    book = RandomBook(seed=1, ledger=place.ledger)
    first = book.write(80)
    await place.record(first)
    await place.publish(first)
    async with feed_of(place) as feed:
        seen = positions(await take(feed, len(first)))
        assert await feed.next() is None
        await call_api(place.nc, f"STREAM.DELETE.{place.stream}", {})
        second = book.write(30)
        await place.record(second)
        await place.publish(book.lines)  # the relay fills it again from the beginning
        seen += positions(await take(feed, len(second)))
        third = book.write(30)
        await place.record(third)
        await place.publish(third)
        seen += positions(await take(feed, len(third)))
        assert seen == list(range(1, book.position + 1))


async def test_a_killed_nats_server_loses_and_repeats_nothing(place: Place) -> None:
    book = RandomBook(seed=1, ledger=place.ledger)
    first = book.write(50)
    await place.record(first)
    await place.publish(first)
    async with feed_of(place) as feed:
        seen = positions(await take(feed, len(first)))
        await place.servers.kill("nats", wait=False)
        second = book.write(30)
        await place.record(second)
        seen += positions(await take(feed, len(second)))
        await place.nats_back()
        await place.publish(second)
        third = book.write(30)
        await place.publish(third)
        seen += positions(await take(feed, len(third)))
        assert seen == list(range(1, book.position + 1))


async def test_a_damaged_message_is_replaced_by_the_book(place: Place) -> None:
    book = RandomBook(seed=1, ledger=place.ledger)
    lines = book.write(40)
    await ensure_stream(place.nc, StreamSpec(name=place.stream, subjects=(events_subject(place.ledger),)))
    async with feed_of(place) as feed:
        assert await feed.next() is None
        await place.record(lines)
        for line in lines:
            body = b"{damaged" if line.position == 20 else line.body
            await publish_one(place.nc, events_subject(place.ledger), body, expected_last=line.position - 1)
        assert positions(await take(feed, len(lines))) == list(range(1, len(lines) + 1))


def _unknown(line: Line) -> bytes:
    return line.body.replace(b'"version":1', b'"version":99', 1)


def _garbled(line: Line) -> bytes:
    return msgspec.json.encode({"position": line.position})


def _moved(line: Line) -> bytes:
    return line.body.replace(f'"position":{line.position}'.encode(), b'"position":7', 1)


def _foreign(line: Line) -> bytes:
    return line.body.replace(b'"ledger":"test', b'"ledger":"best', 1)


@pytest.mark.parametrize(
    ("spoil", "category"),
    [
        (_unknown, "unknown_event"),
        (_garbled, "undecodable"),
        (_moved, "wrong_position"),
        (_foreign, "wrong_ledger"),
    ],
)
async def test_an_event_that_even_the_book_cannot_give_is_where_the_feed_ends(
    place: Place, spoil: Callable[[Line], bytes], category: str
) -> None:
    book = RandomBook(seed=1, ledger=place.ledger)
    lines = book.write(40)
    await place.record(lines[:29])
    await store_raw_event(place.connection, lines[29].position, spoil(lines[29]))
    await store_raw_event(place.connection, lines[30].position, lines[30].body)
    async with feed_of(place, pace=Pace(events_max=1000, linger_s=0.1)) as feed:
        assert positions(await take(feed, 29)) == list(range(1, 30))
        for _ in range(2):
            with pytest.raises(Unreadable) as stop:
                await feed.next()
            assert (stop.value.position, stop.value.category) == (30, category)


async def test_a_page_read_ahead_is_not_taken_for_another(place: Place) -> None:
    """Every full page has the next one read on; wherever the feed is then told to go, it goes there."""
    book = RandomBook(seed=12, ledger=place.ledger)
    lines = book.write(350)
    await place.record(lines)
    async with feed_of(place, nats=lambda: None) as feed:
        for after in (0, 200, 0, 100, 250):
            await feed.seek(after)
            assert positions(await take(feed, 100)) == list(range(after + 1, after + 101))
        assert positions(await take(feed, len(lines) - 350)) == list(range(351, len(lines) + 1))
