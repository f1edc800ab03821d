"""Server-sent events as bytes. A frame holds any number of events and is sent in one piece.

event: payment
id: 4711                  the position that the event is about; a browser sends the last one back when it reconnects
data: {...}               JSON, always on one line
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

import msgspec

from contracts.overview import AlertNews, Overview, PaymentNews

OVERVIEW: Final = "overview"
PAYMENTS: Final = "payments"
ALERTS: Final = "alerts"
TOPICS: Final = (OVERVIEW, PAYMENTS, ALERTS)

RETRY_MS: Final = 3_000
HEARTBEAT: Final = b": heartbeat\n\n"

_encode: Final = msgspec.json.Encoder().encode


def event(name: str, position: int, data: object) -> bytes:
    """Write one event. JSON has no raw line break, so that `data` is one line."""
    return b"event: %b\nid: %d\ndata: %b\n\n" % (name.encode(), position, _encode(data))


def begin(position: int, topics: Iterable[str]) -> bytes:
    """Write what every stream begins with: what follows is news after this position."""
    retry = b"retry: %d\n\n" % RETRY_MS
    return retry + event("started", position, {"position": position, "topics": sorted(topics)})


def overview(snapshot: Overview) -> bytes:
    """Write a snapshot."""
    return event("overview", snapshot.position, snapshot)


def payments(news: Iterable[PaymentNews]) -> bytes:
    """Write what happened to payments."""
    return b"".join(event("payment", item.position, item) for item in news)


def alerts(news: Iterable[AlertNews], position: int) -> bytes:
    """Write what happened to alerts, as of a position."""
    return b"".join(event("alert", position, item) for item in news)


def skipped(first: int, last: int) -> bytes:
    """Write that payments between two positions are not told: too many at once. Read them anew."""
    return event("skipped", last, {"first": first, "last": last})


def ended(reason: str) -> bytes:
    """Write why the stream ends; without an id, so that the last one counts when the client comes back."""
    return b"event: ended\ndata: %b\n\n" % _encode({"reason": reason})


def joined(parts: Mapping[str, bytes], topics: frozenset[str]) -> bytes:
    """Put together what a client that asked for these topics gets."""
    return b"".join(part for topic, part in parts.items() if topic in topics)
