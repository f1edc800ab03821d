"""Events about standing orders."""

from datetime import date, datetime
from typing import Final, Literal

from contracts.assessment import Assessment
from contracts.commands.payments import CurrencyAmount
from contracts.commands.standing_orders import Recurrence
from contracts.events.event import EventData
from contracts.events.payments import SealedParty
from contracts.payment_codes import PaymentType, RailName

StandingOrderState = Literal["awaiting_authorisation", "active", "suspended", "ended", "cancelled", "declined"]


class StandingOrderCreated(EventData, frozen=True, kw_only=True):
    """A standing order was received. ``next_on``: when it pays first, once it is active.

    ``remittance_information`` is a sealed text of the data subject ``subject``. ``authorise_by``: until when strong
    authentication is awaited. ``state`` is ``declined`` where the risk score forbids it.
    """

    standing_order_id: str
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
    created_at: datetime
    created_by: str
    next_on: date
    authorise_by: datetime | None
    state: StandingOrderState


class StandingOrderAuthorised(EventData, frozen=True, kw_only=True):
    """The payer authorised the series."""

    standing_order_id: str
    instructed_amount: CurrencyAmount
    payee: str
    acr: str | None
    next_on: date | None
    state: StandingOrderState


class StandingOrderIssued(EventData, frozen=True, kw_only=True):
    """An occurrence became a payment: the event that follows. ``number`` counts the occurrences, from 1."""

    standing_order_id: str
    occurrence_on: date
    number: int
    payment_id: str
    next_on: date | None
    state: StandingOrderState


class StandingOrderSuspended(EventData, frozen=True, kw_only=True):
    """It pays nothing for now."""

    standing_order_id: str
    reason: str | None
    state: StandingOrderState


class StandingOrderResumed(EventData, frozen=True, kw_only=True):
    """It pays again, first on ``next_on``."""

    standing_order_id: str
    next_on: date | None
    state: StandingOrderState


class StandingOrderCancelled(EventData, frozen=True, kw_only=True):
    """It pays never again."""

    standing_order_id: str
    reason: str | None
    state: StandingOrderState


EVENTS: Final[dict[tuple[str, int], type[EventData]]] = {
    ("standing_order_created", 1): StandingOrderCreated,
    ("standing_order_authorised", 1): StandingOrderAuthorised,
    ("standing_order_issued", 1): StandingOrderIssued,
    ("standing_order_suspended", 1): StandingOrderSuspended,
    ("standing_order_resumed", 1): StandingOrderResumed,
    ("standing_order_cancelled", 1): StandingOrderCancelled,
}
