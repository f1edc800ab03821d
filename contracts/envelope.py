"""What wraps an event: its place in the book, who asked, when, and the story it belongs to.

The encoded envelope is the unit of everything that follows: these exact bytes are hashed onto the book's chain, stored,
published, and returned to the client as the receipt.
"""

from collections.abc import Callable
from datetime import datetime
from hashlib import sha256
from typing import Any, Final

import msgspec
from msgspec import Raw, Struct

from contracts.events import EVENT_TYPES, TYPE_OF, EventData
from contracts.upcasters import UPCASTERS

HASH_OF_NOTHING: Final = bytes(32)


class Actor(Struct, frozen=True, kw_only=True, gc=False):
    """Who sent the command."""

    subject: str
    tenant: str
    device: str | None = None
    address: str | None = None


class Heading(Struct, frozen=True, kw_only=True, gc=False):
    """What every event says beside its body."""

    position: int
    type: str
    version: int
    ledger: str
    recorded_at: datetime
    occurred_at: datetime
    principal: Actor
    key: str
    trace: str | None


class Envelope(Heading, frozen=True, kw_only=True, gc=False):
    """One event as stored and sent.

    ``occurred_at``: when the command arrived; ``recorded_at``: when the book decided.
    """

    data: Raw


class _Outgoing(Struct, frozen=True):
    """The envelope on its way out: positional for speed, with the principal already encoded."""

    position: int
    type: str
    version: int
    ledger: str
    recorded_at: datetime
    occurred_at: datetime
    principal: Raw
    key: str
    trace: str | None
    data: EventData


class UnknownEvent(ValueError):
    """An event of a type or version this program does not know; whoever reads money must stop here."""


_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(Envelope)
_data_decoders: Final = {name: msgspec.json.Decoder(kind) for name, kind in EVENT_TYPES.items()}
_older: Final = {name: (msgspec.json.Decoder(kind), upcast) for name, (kind, upcast) in UPCASTERS.items()}


def _whole_decoder(kind: type[EventData]) -> Callable[[bytes], Any]:
    """Make the decoder of an event of this kind, heading and body together."""
    whole = msgspec.defstruct(
        f"Whole{kind.__name__}", [("data", kind)], bases=(Heading,), frozen=True, kw_only=True, gc=False
    )
    return msgspec.json.Decoder(whole).decode


# Today's events begin with their position, type and version, in this spelling; see decode_event.
_TYPE_BEGINS: Final = b',"type":"'
_VERSION_ENDS: Final = b',"ledger":'
_BEGINS_WITHIN: Final = 200  # bytes
_whole_decoders: Final = {
    f',"type":"{name}","version":{version}'.encode(): ((name, version), _whole_decoder(kind))
    for (name, version), kind in EVENT_TYPES.items()
}


class Origin(Struct, frozen=True, kw_only=True):
    """What the events of one command share."""

    ledger: str
    actor_json: bytes
    key: str
    trace: str | None
    occurred_at: datetime


def encode_actor(actor: Actor) -> bytes:
    """Encode once what many events of one request repeat."""
    return _encoder.encode(actor)


def encode_event(data: EventData, *, position: int, recorded_at: datetime, origin: Origin) -> bytes:
    """Give the exact bytes of an event."""
    name, version = TYPE_OF[type(data)]
    return _encoder.encode(
        _Outgoing(
            position,
            name,
            version,
            origin.ledger,
            recorded_at,
            origin.occurred_at,
            Raw(origin.actor_json),
            origin.key,
            origin.trace,
            data,
        )
    )


def decode_envelope(body: bytes) -> Envelope:
    """Read the wrapping of an event. Raises msgspec.ValidationError for bytes that are not one."""
    return _decoder.decode(body)


def decode_data(envelope: Envelope) -> EventData:
    """Read the body of an event, an older version as today's. Raises UnknownEvent for one that never was."""
    name = (envelope.type, envelope.version)
    decoder = _data_decoders.get(name)
    if decoder is not None:
        return decoder.decode(envelope.data)
    if name in _older:
        older, upcast = _older[name]
        return upcast(older.decode(envelope.data), envelope.recorded_at, envelope.principal.subject)
    raise UnknownEvent(f"event {envelope.type}.v{envelope.version} at position {envelope.position} is not known")


def decode_event(body: bytes) -> tuple[Heading, EventData]:
    """Read an event, heading and body in one pass, cheaper than decode_envelope and decode_data one after the other.

    What an event is stands at its beginning, so the bytes there choose the decoder. Bytes that begin otherwise, and
    those that this decoder refuses, are read in two passes: the answer, or the error, is always that of the two
    together. Raises msgspec.MsgspecError, UnknownEvent.
    """
    begin = body.find(_TYPE_BEGINS, 0, _BEGINS_WITHIN)
    known = _whole_decoders.get(body[begin : body.find(_VERSION_ENDS, begin, _BEGINS_WITHIN)])
    if known is not None:
        name, decode = known
        try:
            whole = decode(body)
        except msgspec.MsgspecError:
            pass  # the two passes say what is wrong
        else:
            if (whole.type, whole.version) == name:
                return whole, whole.data
    envelope = decode_envelope(body)
    return envelope, decode_data(envelope)


def chain(previous_hash: bytes, body: bytes) -> bytes:
    """Hash an event onto its predecessor: SHA-256(previous hash || exact bytes)."""
    return sha256(previous_hash + body).digest()
