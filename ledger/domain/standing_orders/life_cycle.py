"""A standing order as the book remembers it, when it is due next, and the one table of what may happen to it."""

from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Final

import msgspec

from contracts.assessment import Assessment
from contracts.calendars import next_occurrence
from contracts.commands.payments import CurrencyAmount
from contracts.commands.standing_orders import (
    Recurrence,
)
from contracts.events import (
    EventData,
    StandingOrderAuthorised,
    StandingOrderCancelled,
    StandingOrderCreated,
    StandingOrderIssued,
    StandingOrderResumed,
    StandingOrderState,
    StandingOrderSuspended,
)
from contracts.events.payments import SealedParty
from contracts.payment_codes import PaymentType, RailName
from contracts.rejections import Refused, Rejection
from ledger.domain.payments.initiation import (
    Needs,
)
from ledger.domain.payments.terms import PAYEE, KnownPayee, payee_key
from ledger.domain.records import Record
from ledger.domain.state import Moment, State

STANDING_ORDER: Final = "standing_order"
ONE_DAY: Final = timedelta(days=1)

# The life cycle: state x event -> the states it may lead to. What is not here cannot happen.
STANDING_ORDER_TRANSITIONS: Final[
    Mapping[tuple[StandingOrderState | None, type[EventData]], frozenset[StandingOrderState]]
] = {
    (None, StandingOrderCreated): frozenset({"awaiting_authorisation", "active", "declined"}),
    ("awaiting_authorisation", StandingOrderAuthorised): frozenset({"active", "ended"}),
    ("awaiting_authorisation", StandingOrderCancelled): frozenset({"cancelled"}),
    ("active", StandingOrderIssued): frozenset({"active", "ended"}),
    ("active", StandingOrderSuspended): frozenset({"suspended"}),
    ("active", StandingOrderCancelled): frozenset({"cancelled"}),
    ("suspended", StandingOrderResumed): frozenset({"active", "ended"}),
    ("suspended", StandingOrderCancelled): frozenset({"cancelled"}),
}


class StandingOrder(Record, frozen=True, kw_only=True):
    """A standing order between decisions. ``issued``: how many payments it has become, the last for ``issued_on``."""

    standing_order_id: str
    state: StandingOrderState
    payment_type: PaymentType
    rail: RailName
    debtor_account_id: str
    creditor_account_id: str | None
    creditor: SealedParty | None
    instructed_amount: CurrencyAmount
    amount_minor: int
    end_to_end_id: str
    remittance_information: str | None
    metadata: dict[str, str] | None
    recurrence: Recurrence
    customer_id: str | None
    subject: str | None
    assessment: Assessment
    created_by: str
    next_on: date | None
    authorise_by: datetime | None
    issued: int = 0
    issued_on: date | None = None

    @property
    def payee_id(self) -> str | None:
        """Who is paid: an account of this ledger, or the keyed hash of somebody outside."""
        return self.creditor_account_id if self.creditor is None else self.creditor.payee_id

    @property
    def needs(self) -> Needs:
        """What one of its payments looks at."""
        return Needs(
            debtor_account_id=self.debtor_account_id,
            creditor_account_id=self.creditor_account_id,
            payee_id=self.payee_id,
            currency=self.instructed_amount.currency,
            payment_type=self.payment_type,
            rail=self.rail,
        )


def occurrence_after(recurrence: Recurrence, after: date, *, issued: int) -> date | None:
    """The first day later than ``after`` on which to pay; None when the days or the agreed count are used up."""
    if recurrence.count_max is not None and issued >= recurrence.count_max:
        return None
    return next_occurrence(recurrence.rule, after)


def next_from_today(order: StandingOrder, moment: Moment) -> date | None:
    """The next occurrence from today on, never one that was issued."""
    after = moment.today - ONE_DAY
    if order.issued_on is not None:
        after = max(after, order.issued_on)
    return occurrence_after(order.recurrence, after, issued=order.issued)


def state_with(next_on: date | None) -> StandingOrderState:
    """Active while there is a next occurrence."""
    return "ended" if next_on is None else "active"


def order_of(state: State, identifier: str) -> StandingOrder | Refused:
    """Find a standing order, or refuse."""
    order = state.record(STANDING_ORDER, identifier)
    if order is None:
        return Refused(
            Rejection.STANDING_ORDER_NOT_FOUND, f"standing order {identifier} does not exist", "/standing_order_id"
        )
    assert isinstance(order, StandingOrder)
    return order


def expect(state: State, identifier: str, *states: StandingOrderState) -> StandingOrder | Refused:
    """Find a standing order that is in one of the states, or refuse."""
    order = order_of(state, identifier)
    if isinstance(order, Refused) or order.state in states:
        return order
    return Refused(
        Rejection.STANDING_ORDER_STATE_CONFLICT,
        f"standing order {identifier} is {order.state}, not {' or '.join(states)}",
        "/standing_order_id",
    )


def order_from(event: StandingOrderCreated) -> StandingOrder:
    """The record that a creation begins."""
    return StandingOrder(
        **{name: getattr(event, name) for name in event.__struct_fields__ if name not in ("created_at", "state")},
        state=event.state,
        due_at=_due_at(event.state, event.next_on),
    )


def _due_at(state: StandingOrderState, next_on: date | None) -> datetime | None:
    """When the timer has to look: midnight UTC of the next occurrence, while it is active."""
    return datetime.combine(next_on, time(), UTC) if state == "active" and next_on is not None else None


def evolve_created(state: State, event: StandingOrderCreated, position: int) -> None:
    """Begin a standing order."""
    assert event.state in STANDING_ORDER_TRANSITIONS[None, StandingOrderCreated]
    state.records[STANDING_ORDER, event.standing_order_id] = order_from(event)


def _become(state: State, event: Any, **changes: Any) -> StandingOrder:
    """Move the standing order of an event along the table."""
    order = state.record(STANDING_ORDER, event.standing_order_id)
    assert isinstance(order, StandingOrder), f"{event.standing_order_id} was not loaded"
    assert event.state in STANDING_ORDER_TRANSITIONS[order.state, type(event)], (order.state, event)
    next_on = changes.get("next_on")
    moved = msgspec.structs.replace(
        order, state=event.state, due_at=_due_at(event.state, next_on), **{"next_on": next_on, **changes}
    )
    state.records[STANDING_ORDER, event.standing_order_id] = moved
    return moved


def evolve_authorised(state: State, event: StandingOrderAuthorised, position: int) -> None:
    """Begin to pay, and know the payee from now on."""
    order = _become(state, event, next_on=event.next_on, authorise_by=None)
    key = payee_key(customer_id=order.customer_id, debtor_account_id=order.debtor_account_id, payee_id=order.payee_id)
    if state.record(PAYEE, key) is None:
        state.records[PAYEE, key] = KnownPayee(position=position)


def evolve_issued(state: State, event: StandingOrderIssued, position: int) -> None:
    """Move on to the next occurrence."""
    _become(state, event, next_on=event.next_on, issued=event.number, issued_on=event.occurrence_on)


def evolve_resumed(state: State, event: StandingOrderResumed, position: int) -> None:
    """Wait for the next occurrence again."""
    _become(state, event, next_on=event.next_on)


def evolve_stopped(state: State, event: StandingOrderSuspended | StandingOrderCancelled, position: int) -> None:
    """Wait for nothing."""
    _become(state, event)
