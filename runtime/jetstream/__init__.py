"""JetStream, as far as a gapless, single-writer stream needs it.

    connection.py   connect for ever, and refuse a server that acknowledges before it has synced
    link.py         the same for a process that works without NATS until it is there
    streams.py      a stream as data: create it, or say precisely how the existing one differs
    publishing.py   one message or one atomic batch, fenced by the stream's last sequence
    pulling.py      the own pull loop; `fetch` of the client library stalls and is six times slower

The client library is nats-py. Its JetStream publisher and consumers are not used: `publish_async` futures never resolve
after a lost connection, and `fetch` leaves orphaned pulls behind that swallow the next messages (nats.py #986).
What is used is its connection, with our own requests on the documented `$JS.API` subjects.
"""

from runtime.jetstream.api import STREAM_NOT_FOUND, JetStreamRefused
from runtime.jetstream.connection import UnsyncedStream, connect_nats, require_synced_stream
from runtime.jetstream.link import NatsLink
from runtime.jetstream.publishing import (
    BATCH_MESSAGES_MAX,
    Message,
    PublishFailed,
    WrongLastSequence,
    publish_batch,
    publish_messages,
    publish_one,
)
from runtime.jetstream.pulling import IncompleteRange, PullLoop, fetch_range
from runtime.jetstream.streams import (
    StreamDrift,
    StreamSpec,
    StreamState,
    delete_stream,
    ensure_stream,
    first_sequence,
    last_sequence,
    read_message,
    read_state,
)

__all__ = [
    "BATCH_MESSAGES_MAX",
    "STREAM_NOT_FOUND",
    "IncompleteRange",
    "JetStreamRefused",
    "Message",
    "NatsLink",
    "PublishFailed",
    "PullLoop",
    "StreamDrift",
    "StreamSpec",
    "StreamState",
    "UnsyncedStream",
    "WrongLastSequence",
    "connect_nats",
    "delete_stream",
    "ensure_stream",
    "fetch_range",
    "first_sequence",
    "last_sequence",
    "publish_batch",
    "publish_messages",
    "publish_one",
    "read_message",
    "read_state",
    "require_synced_stream",
]
