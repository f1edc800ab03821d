"""The public stream against a real server: complete, in order, once, whatever happens to it."""

from __future__ import annotations

import asyncio
from base64 import b64decode
from collections.abc import Awaitable, Callable

import pytest

from contracts.projections import PUBLIC_EVENTS
from contracts.public_events.cloud_event import CloudEvent, decode_cloud_event, encode_cloud_event
from contracts.subjects import public_stream_name
from projectors.apply import Fenced, Outcome, TargetUnreachable
from projectors.events import Batch, Event, decode_event
from projectors.public_events import target as target_module
from projectors.public_events.target import PACE, PublicStreamTarget
from projectors.public_events.translating import public_events_of
from projectors.rebuild import drop_public_stream
from runtime.jetstream import (
    IncompleteRange,
    JetStreamRefused,
    Message,
    StreamSpec,
    delete_stream,
    ensure_stream,
    fetch_range,
    last_sequence,
    publish_messages,
    read_state,
)
from runtime.jetstream.api import call_api
from tests.projectors.places import Place, until
from tests.projectors.test_projection import projecting
from tests.support.book import Line, RandomBook


def events_of(lines: list[Line], ledger: str) -> list[Event]:
    return [decode_event(line.position, line.body, ledger=ledger) for line in lines]


def expected_of(events: list[Event]) -> list[bytes]:
    return [encode_cloud_event(said) for event in events for said in public_events_of(event)]


def batch_of(events: list[Event]) -> Batch:
    return Batch(events, caught_up=True)


async def published(place: Place) -> list[bytes]:
    stream = public_stream_name(place.ledger)
    state = await read_state(place.nc, stream)
    if not state.messages:
        return []
    pages = fetch_range(place.nc, stream, state.first_sequence, state.last_sequence)
    return [body async for page in pages for _, body in page]


@pytest.fixture
def target(place: Place) -> PublicStreamTarget:
    return PublicStreamTarget(lambda: place.nc, ledger=place.ledger)


@pytest.fixture
def book(place: Place) -> RandomBook:
    return RandomBook(seed=11, ledger=place.ledger)


async def test_every_public_event_is_published_once_in_order(
    place: Place, target: PublicStreamTarget, book: RandomBook
) -> None:
    events = events_of(book.write(400), place.ledger)
    assert await target.checkpoint() == 0
    for start in range(0, len(events), 90):
        assert await target.apply(batch_of(events[start : start + 90])) is Outcome.APPLIED
    assert await published(place) == expected_of(events)
    assert await target.checkpoint() == events[-1].position


async def test_a_message_has_its_kind_as_subject_and_the_headers_of_the_binding(
    place: Place, target: PublicStreamTarget, book: RandomBook
) -> None:
    event = events_of(book.write(1), place.ledger)[0]
    await target.apply(batch_of([event]))
    stored = (await call_api(place.nc, f"STREAM.MSG.GET.{public_stream_name(place.ledger)}", {"seq": 1}))["message"]
    assert stored["subject"] == f"public.{place.ledger}.account.opened"
    raw = b64decode(stored["hdrs"]).decode()
    assert "Content-Type: application/cloudevents+json\r\n" in raw
    assert "Nats-Msg-Id: evt_1\r\n" in raw
    assert f"Nats-Expected-Stream: {public_stream_name(place.ledger)}\r\n" in raw
    assert "traceparent: 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01\r\n" in raw


async def test_repetition_and_gap_are_told_apart(place: Place, target: PublicStreamTarget, book: RandomBook) -> None:
    events = events_of(book.write(30), place.ledger)
    assert await target.apply(batch_of(events[:10])) is Outcome.APPLIED
    assert await target.apply(batch_of(events[:10])) is Outcome.DUPLICATE
    assert await target.apply(batch_of(events[20:])) is Outcome.GAP
    assert await target.apply(batch_of(events[10:20])) is Outcome.APPLIED
    assert await published(place) == expected_of(events[:20])


async def test_a_new_process_continues_where_the_stream_ends(
    place: Place, target: PublicStreamTarget, book: RandomBook
) -> None:
    events = events_of(book.write(40), place.ledger)
    await target.apply(batch_of(events[:25]))
    later = PublicStreamTarget(lambda: place.nc, ledger=place.ledger)
    assert await later.checkpoint() == 25
    assert await later.apply(batch_of(events[25:])) is Outcome.APPLIED
    assert await published(place) == expected_of(events)


async def test_of_two_publishers_the_slower_one_notices(
    place: Place, target: PublicStreamTarget, book: RandomBook
) -> None:
    events = events_of(book.write(60), place.ledger)
    other = PublicStreamTarget(lambda: place.nc, ledger=place.ledger)
    assert await target.checkpoint() == await other.checkpoint() == 0
    assert await target.apply(batch_of(events[:30])) is Outcome.APPLIED
    assert await other.apply(batch_of(events[:20])) is Outcome.DUPLICATE
    assert await other.apply(batch_of(events[30:])) is Outcome.APPLIED
    assert await target.apply(batch_of(events[30:45])) is Outcome.DUPLICATE
    assert await published(place) == expected_of(events)


async def test_two_publishers_at_once_change_nothing(place: Place, book: RandomBook) -> None:
    """Each event is there once and in its place, although both publish all the time."""
    lines = book.write(900)
    await place.record(lines[:400])
    first = PublicStreamTarget(lambda: place.nc, ledger=place.ledger)
    second = PublicStreamTarget(lambda: place.nc, ledger=place.ledger)
    async with (
        projecting(place, first, model=PUBLIC_EVENTS, pace=PACE) as one,
        projecting(place, second, model=PUBLIC_EVENTS, pace=PACE) as two,
    ):
        for start in range(400, len(lines), 50):
            await place.record(lines[start : start + 50])
            await asyncio.sleep(0)
        await one.reaches(book.position)
        await two.reaches(book.position)
    assert await published(place) == expected_of(events_of(lines, place.ledger))


async def _delete(place: Place) -> None:
    await delete_stream(place.nc, public_stream_name(place.ledger))


async def _purge(place: Place) -> None:
    await call_api(place.nc, f"STREAM.PURGE.{public_stream_name(place.ledger)}", {})


@pytest.mark.parametrize("harm", [_delete, _purge])
async def test_a_stream_that_was_emptied_is_filled_again(
    place: Place, target: PublicStreamTarget, book: RandomBook, harm: Callable[[Place], Awaitable[None]]
) -> None:
    lines = book.write(120)
    await place.record(lines)
    async with projecting(place, target, model=PUBLIC_EVENTS, pace=PACE) as running:
        await running.reaches(book.position)
        await harm(place)
        await _whole_again(place, lines)


async def test_a_server_killed_in_the_middle_costs_no_event(
    place: Place, target: PublicStreamTarget, book: RandomBook
) -> None:
    lines = book.write(200)
    await place.record(lines[:100])
    async with projecting(place, target, model=PUBLIC_EVENTS, pace=PACE) as running:
        await running.reaches(100)
        await place.servers.kill("nats", wait=False)
        await place.record(lines[100:])
        await running.reaches(book.position)
    assert await published(place) == expected_of(events_of(lines, place.ledger))


async def test_without_nats_the_target_says_so(place: Place) -> None:
    target = PublicStreamTarget(lambda: None, ledger=place.ledger)
    with pytest.raises(TargetUnreachable, match="not connected"):
        await target.checkpoint()


async def test_a_stream_that_somebody_else_writes_to_is_left_alone(
    place: Place, target: PublicStreamTarget, book: RandomBook
) -> None:
    await target.apply(batch_of(events_of(book.write(5), place.ledger)))
    last = await last_sequence(place.nc, public_stream_name(place.ledger))
    intruder = Message(f"public.{place.ledger}.payment.settled", b'{"paid": true}')
    await publish_messages(place.nc, [intruder], expected_last=last)
    with pytest.raises(Fenced, match="none of Bursar's"):
        await target.checkpoint()


async def test_a_stream_with_other_settings_is_left_alone(place: Place, target: PublicStreamTarget) -> None:
    name = public_stream_name(place.ledger)
    await ensure_stream(place.nc, StreamSpec(name=name, subjects=(f"public.{place.ledger}.>",)))
    with pytest.raises(Fenced, match="max_msgs"):
        await target.checkpoint()


async def test_events_nobody_hears_of_still_move_the_checkpoint(
    place: Place, target: PublicStreamTarget, book: RandomBook, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They leave no message, so only this process knows; a new one looks at them again and publishes nothing twice."""
    events = events_of(book.write(40), place.ledger)
    monkeypatch.setattr(target_module, "public_events_of", lambda event: _only_early(event))
    assert await target.apply(batch_of(events[:20])) is Outcome.APPLIED
    assert await target.apply(batch_of(events[20:])) is Outcome.APPLIED
    assert await target.checkpoint() == events[-1].position
    later = PublicStreamTarget(lambda: place.nc, ledger=place.ledger)
    assert await later.checkpoint() == 10
    assert await later.apply(batch_of(events[10:])) is Outcome.APPLIED
    assert await published(place) == expected_of(events[:10])


def _only_early(event: Event) -> list[CloudEvent]:
    return public_events_of(event) if event.position <= 10 else []


class TestPlantedFaults:
    """Each mistake a publisher could make is seen by comparing the stream with the book."""

    async def test_a_remembered_checkpoint_misses_the_loss_of_the_stream(self, place: Place, book: RandomBook) -> None:
        class Remembering(PublicStreamTarget):
            async def checkpoint(self) -> int:
                return await super().checkpoint() if self._mark is None else self._mark.position

        events = events_of(book.write(50), place.ledger)
        target = Remembering(lambda: place.nc, ledger=place.ledger)
        await target.apply(batch_of(events))
        await _delete(place)
        assert await target.checkpoint() == 50, "the fault was not planted"
        assert await PublicStreamTarget(lambda: place.nc, ledger=place.ledger).checkpoint() == 0

    async def test_an_unfenced_publisher_repeats_events(
        self, place: Place, target: PublicStreamTarget, book: RandomBook, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        events = events_of(book.write(30), place.ledger)
        other = PublicStreamTarget(lambda: place.nc, ledger=place.ledger)
        await target.checkpoint()
        await other.checkpoint()
        await target.apply(batch_of(events))

        async def unfenced(client: object, messages: list[Message], **_: object) -> int:
            last = await last_sequence(place.nc, public_stream_name(place.ledger))
            bare = [Message(message.subject, message.body) for message in messages]
            return await publish_messages(place.nc, bare, expected_last=last)

        monkeypatch.setattr(target_module, "publish_messages", unfenced)
        await other.apply(batch_of(events))
        assert await published(place) != expected_of(events)

    def test_the_events_really_carry_their_position(self, book: RandomBook, place: Place) -> None:
        for event in events_of(book.write(30), place.ledger):
            assert [decode_cloud_event(body).position for body in expected_of([event])] == [event.position]


async def test_a_dropped_stream_is_filled_again_by_the_running_projector(
    place: Place, target: PublicStreamTarget, book: RandomBook
) -> None:
    lines = book.write(60)
    await place.record(lines)
    async with projecting(place, target, model=PUBLIC_EVENTS, pace=PACE) as running:
        await running.reaches(book.position)
        removed = await drop_public_stream(place.servers.nats_url, public_stream_name(place.ledger))
        assert removed == len(await _whole_again(place, lines))


async def _whole_again(place: Place, lines: list[Line]) -> list[bytes]:
    expected = expected_of(events_of(lines, place.ledger))

    async def is_whole() -> bool:
        try:
            return await published(place) == expected
        except (JetStreamRefused, IncompleteRange):
            return False  # between the harm and the next idle second there is no stream

    await until(is_whole, "the stream is filled again")
    return expected
