"""The public stream as a target: its checkpoint is the position inside its own last message.

How far the stream is, is read from the stream, after every reconnect, every doubt and every idle second. So it may be
deleted, purged or written by a second publisher at any moment: what is missing is published again from the book, and
every publish names the sequence that it must follow, so that of two publishers one is refused and reads again.

Most of what a book holds may be of no interest outside, and leaves no message. How far those events were looked at is
only remembered together with the state of the stream it belongs to; after a restart they are looked at again.

    the stream is            the next checkpoint is
    ----------------------   ------------------------------------------------------------
    as this process left it  what was looked at
    longer, shorter          the position in its last message
    new, deleted, purged     0: published again from the beginning of the book
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Final

import msgspec
import structlog
from nats.aio.client import Client
from nats.errors import Error as NatsError

from contracts.projections import PUBLIC_EVENTS
from contracts.public_events.cloud_event import MEDIA_TYPE, CloudEvent, decode_cloud_event, encode_cloud_event
from contracts.public_events.kinds import subject_of_kind
from contracts.subjects import public_stream_name, public_subject
from projectors.apply import Fenced, Outcome, TargetUnreachable
from projectors.events import Batch
from projectors.feed import Pace
from projectors.public_events.translating import public_events_of
from runtime.jetstream import (
    BATCH_MESSAGES_MAX,
    STREAM_NOT_FOUND,
    JetStreamRefused,
    Message,
    PublishFailed,
    StreamDrift,
    StreamSpec,
    StreamState,
    WrongLastSequence,
    ensure_stream,
    publish_messages,
    read_message,
    read_state,
)

# About 3 GB. The oldest messages leave above it; never by age, or an idle stream would lose its last message.
STREAM_MESSAGES_MAX: Final = 5_000_000
PUBLISH_TIMEOUT_S: Final = 10.0
BATCH_MESSAGES_MIN: Final = 4  # fewer are faster one by one: a batch costs a fixed staging step
PACE: Final = Pace(events_max=500, linger_s=0.02)  # the server syncs once per batch

_log = structlog.get_logger(__name__)


class _Mark(msgspec.Struct, frozen=True):
    """What was looked at, and the state of the stream that this belongs to."""

    created: str
    sequence: int
    is_empty: bool
    position: int

    def belongs_to(self, state: StreamState) -> bool:
        """Tell whether the stream is as it was; a purge takes the messages and leaves the last sequence."""
        return (self.created, self.sequence, self.is_empty) == (
            state.created,
            state.last_sequence,
            state.messages == 0,
        )


class PublicStreamTarget:
    """The public stream of one ledger. ``nats`` gives the connection once there is one."""

    def __init__(self, nats: Callable[[], Client | None], *, ledger: str) -> None:
        self._nats = nats
        self._ledger = ledger
        self._stream = public_stream_name(ledger)
        self._mark: _Mark | None = None

    async def checkpoint(self) -> int:
        """Return how far the stream has said the book. Raises TargetUnreachable, or Fenced: it is not ours."""
        return (await self._read_mark()).position

    async def apply(self, batch: Batch) -> Outcome:
        """Publish what the batch says. A part of it may be published when it fails; the checkpoint knows which."""
        mark = self._mark
        if mark is None:
            mark = await self._read_mark()
        if batch.last <= mark.position:
            return Outcome.DUPLICATE
        if batch.first != mark.position + 1:
            return Outcome.GAP
        said = [public_events_of(event) for event in batch.events]
        client = self._connected()
        try:
            for chunk in _chunks(said):
                mark = await self._publish(client, chunk, mark)
        except WrongLastSequence:
            _log.info("public_stream_moved", stream=self._stream, expected=mark.sequence)
            self._mark = None
            return Outcome.DUPLICATE if await self.checkpoint() >= batch.last else Outcome.GAP
        except PublishFailed as error:
            self._mark = None
            raise TargetUnreachable(f"the public stream did not take the events: {error}") from error
        self._mark = msgspec.structs.replace(mark, position=batch.last)
        return Outcome.APPLIED

    async def close(self) -> None:
        """Return: the connection is the process's."""

    async def _read_mark(self) -> _Mark:
        client = self._connected()
        try:
            state = await self._read_state(client)
            if self._mark is None or not self._mark.belongs_to(state):
                position = await self._position_in(client, state)
                self._mark = _Mark(state.created, state.last_sequence, state.messages == 0, position)
        except StreamDrift as drift:
            raise Fenced(f"{drift}; delete the stream or run `bursar rebuild {PUBLIC_EVENTS}`") from drift
        except (JetStreamRefused, NatsError) as error:
            self._mark = None
            raise TargetUnreachable(f"the public stream does not answer: {error}") from error
        return self._mark

    async def _publish(self, client: Client, events: Sequence[CloudEvent], mark: _Mark) -> _Mark:
        """Publish whole positions and return the state of the stream after it."""
        messages = [_message_of(event, ledger=self._ledger, stream=self._stream) for event in events]
        alone = len(messages) < BATCH_MESSAGES_MIN and len({event.ledgerposition for event in events}) == len(events)
        parts = [[message] for message in messages] if alone else [messages]
        sequence = mark.sequence
        for part in parts:
            sequence = await publish_messages(client, part, expected_last=sequence, timeout_s=PUBLISH_TIMEOUT_S)
        return _Mark(mark.created, sequence, False, events[-1].position)

    async def _read_state(self, client: Client) -> StreamState:
        if self._mark is None:
            await ensure_stream(client, self._spec())
        try:
            return await read_state(client, self._stream)
        except JetStreamRefused as refusal:
            if refusal.code != STREAM_NOT_FOUND:
                raise
        await ensure_stream(client, self._spec())
        return await read_state(client, self._stream)

    async def _position_in(self, client: Client, state: StreamState) -> int:
        """Read the position in the last message; 0 when there is none, however many there were."""
        if state.messages == 0:
            return 0
        body = await read_message(client, self._stream, state.last_sequence)
        try:
            return decode_cloud_event(body).position
        except (msgspec.MsgspecError, ValueError) as error:
            raise Fenced(
                f"the last message of stream {self._stream} is none of Bursar's: {error}; find out who else writes "
                f"there, then run `bursar rebuild {PUBLIC_EVENTS}`"
            ) from error

    def _spec(self) -> StreamSpec:
        return StreamSpec(
            name=self._stream,
            subjects=(public_subject(self._ledger, ">"),),
            max_messages=STREAM_MESSAGES_MAX,
            description=f"Public events of ledger {self._ledger}, as CloudEvents; see docs/reference/asyncapi.json.",
        )

    def _connected(self) -> Client:
        client = self._nats()
        if client is None or not client.is_connected:
            self._mark = None
            raise TargetUnreachable("NATS is not connected")
        return client


def _message_of(event: CloudEvent, *, ledger: str, stream: str) -> Message:
    """Write an event as the NATS binding of CloudEvents says for structured mode, with JetStream's own headers."""
    headers = {"Content-Type": MEDIA_TYPE, "Nats-Msg-Id": event.id, "Nats-Expected-Stream": stream}
    if isinstance(event.traceparent, str):
        headers["traceparent"] = event.traceparent
    return Message(public_subject(ledger, subject_of_kind(event.type)), encode_cloud_event(event), headers)


def _chunks(said: Sequence[Sequence[CloudEvent]]) -> Iterator[list[CloudEvent]]:
    """Cut into atomic batches, never inside a position: the checkpoint could not say that half of it is missing."""
    chunk: list[CloudEvent] = []
    for events in said:
        if len(chunk) + len(events) > BATCH_MESSAGES_MAX:
            yield chunk
            chunk = []
        chunk += events
    if chunk:
        yield chunk
