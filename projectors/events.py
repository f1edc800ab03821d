"""One event as the folds see it, and the only way in which a stored body becomes one.

Everything that could be wrong with a body is found here, before a fold sees it: the folds are total functions.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Final, Literal, NamedTuple

import msgspec

from contracts.envelope import Heading, UnknownEvent
from contracts.envelope import decode_event as decode_body
from contracts.events import (
    ClearingSettled,
    EventData,
    HoldCaptured,
    PaymentRefunded,
    PaymentReturned,
    PaymentSettled,
    PositionsRevalued,
    PostedPosting,
    SettlementClosed,
    TransferPosted,
    TransferReversed,
    WriteOffApproved,
)

Category = Literal["undecodable", "unknown_event", "wrong_position", "wrong_ledger"]


class Event(msgspec.Struct, frozen=True, gc=False):
    """One event of the book with its body decoded."""

    position: int
    envelope: Heading
    data: EventData


class Batch(NamedTuple):
    """Consecutive events. ``caught_up``: they are new, not history, so their age says how quick this projector is.

    ``folded``: what they change, as their target sends it to its store; None until the target has folded them.
    """

    events: list[Event]
    caught_up: bool
    folded: bytes | None = None

    @property
    def first(self) -> int:
        """Position of the first event."""
        return self.events[0].position

    @property
    def last(self) -> int:
        """Position of the last event."""
        return self.events[-1].position


class Unreadable(Exception):
    """The event at ``position`` cannot be applied by this program. It must not be skipped."""

    def __init__(self, position: int, category: Category, detail: str) -> None:
        super().__init__(f"event {position} is unreadable ({category}): {detail}")
        self.position = position
        self.category = category


def decode_event(position: int, body: bytes, *, ledger: str) -> Event:
    """Decode the body found at ``position``. Raises Unreadable."""
    try:
        envelope, data = decode_body(body)
    except UnknownEvent as error:
        raise Unreadable(position, "unknown_event", f"{error}; deploy a version that knows it") from error
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise Unreadable(position, "undecodable", str(error)) from error
    if envelope.position != position:
        raise Unreadable(position, "wrong_position", f"its body says {envelope.position}")
    if envelope.ledger != ledger:
        raise Unreadable(position, "wrong_ledger", f"its body says {envelope.ledger!r}, this process serves {ledger!r}")
    return Event(position, envelope, data)


def decode_events(bodies: Iterable[tuple[int, bytes]], *, ledger: str) -> tuple[list[Event], Unreadable | None]:
    """Decode up to the first unreadable body; give what was readable and what stopped it."""
    events: list[Event] = []
    try:
        for position, body in bodies:
            events.append(decode_event(position, body, ledger=ledger))
    except Unreadable as stop:
        return events, stop
    return events, None


class Booking(msgspec.Struct, frozen=True, gc=False):
    """What an event booked, whichever kind of event it was. ``reference``: the client's own, or the end-to-end id."""

    transfer_id: str
    postings: tuple[PostedPosting, ...]
    reference: str | None
    reverses: str | None


def _of_transfer(data: TransferPosted) -> Booking:
    return Booking(data.transfer_id, data.postings, data.reference, None)


def _of_reversal(data: TransferReversed) -> Booking:
    return Booking(data.reversal_id, data.postings, data.reference, data.transfer_id)


def _of_capture(data: HoldCaptured) -> Booking:
    return Booking(data.transfer_id, data.postings, data.reference, None)


def _of_settlement(data: PaymentSettled) -> Booking:
    return Booking(data.transfer_id, data.postings, data.end_to_end_id, None)


def _of_way_back(data: PaymentRefunded | PaymentReturned) -> Booking:
    return Booking(data.transfer_id, data.postings, data.facts.end_to_end_id, None)


def _of_write_off(data: WriteOffApproved) -> Booking:
    return Booking(data.transfer_id, data.postings, data.break_id, None)


def _of_revaluation(data: PositionsRevalued) -> Booking:
    return Booking(data.transfer_id, data.postings, None, None)


def _of_closing(data: SettlementClosed) -> Booking:
    return Booking(data.transfer_id, data.postings, data.settlement_id, None)


def _of_clearing(data: ClearingSettled) -> Booking:
    return Booking(data.transfer_id, data.postings, data.reference, None)


BOOKS: Final[dict[type[EventData], Callable[[Any], Booking]]] = {
    TransferPosted: _of_transfer,
    TransferReversed: _of_reversal,
    HoldCaptured: _of_capture,
    PaymentSettled: _of_settlement,
    PaymentRefunded: _of_way_back,
    PaymentReturned: _of_way_back,
    WriteOffApproved: _of_write_off,
    PositionsRevalued: _of_revaluation,
    SettlementClosed: _of_closing,
    ClearingSettled: _of_clearing,
}
"""The kinds of events that move money."""
