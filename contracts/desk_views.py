"""What the query API says of the things on the desk. Kinds whose fields are spelled out here are described by them.

Every field may be null: a thing shows what its events said, and older events said less.
"""

from datetime import datetime
from typing import Any, Final, Generic, TypeVar

from msgspec import Struct

from contracts.events import LimitSet
from contracts.events.customers import DestroyedSubject
from contracts.screening import ScreeningSummary
from contracts.views import AsOf

D = TypeVar("D")


class WebhookEndpointData(Struct, frozen=True, kw_only=True):
    """Where public events are POSTed to. ``cause``, ``reason``: of the last time it was disabled."""

    endpoint_id: str | None = None
    url: str | None = None
    kinds: tuple[str, ...] = ()
    description: str | None = None
    previous_valid_until: datetime | None = None
    cause: str | None = None
    reason: str | None = None


class LimitsData(Struct, frozen=True, kw_only=True):
    """All limits of a subject: an account, a customer or a payee."""

    subject: str | None = None
    limits: tuple[LimitSet, ...] = ()


class RailData(Struct, frozen=True, kw_only=True):
    """The accounts of a rail in one currency."""

    rail: str | None = None
    currency: str | None = None
    clearing_account_id: str | None = None
    suspense_account_id: str | None = None


class AuthenticationData(Struct, frozen=True, kw_only=True):
    """When payments in a currency need strong authentication."""

    currency: str | None = None
    amount_from_minor: int | None = None
    new_payee: bool | None = None
    minutes: int | None = None


class CustomerData(Struct, frozen=True, kw_only=True):
    """A customer without what is sealed. ``screening``: the newest; ``destroyed``: the vault's proof of an erasure."""

    customer_id: str | None = None
    kind: str | None = None
    country: str | None = None
    risk_class: str | None = None
    previous: str | None = None
    documents: tuple[str, ...] = ()
    decision: str | None = None
    reason: str | None = None
    proposed_by: str | None = None
    decided_by: str | None = None
    case_id: str | None = None
    screening: ScreeningSummary | None = None
    applied_at: datetime | None = None
    applied_by: str | None = None
    verified_at: datetime | None = None
    reverify_at: datetime | None = None
    rejected_at: datetime | None = None
    screened_at: datetime | None = None
    offboarded_at: datetime | None = None
    retention_until: datetime | None = None
    decided_at: datetime | None = None
    subjects: tuple[str, ...] = ()
    destroyed: tuple[DestroyedSubject, ...] = ()
    status: str | None = None


class CaseData(Struct, frozen=True, kw_only=True):
    """A case: for which customer which listed names came up, and what two people made of it."""

    case_id: str | None = None
    customer_id: str | None = None
    screening: ScreeningSummary | None = None
    decision: str | None = None
    reason: str | None = None
    proposed_by: str | None = None
    decided_by: str | None = None
    opened_at: datetime | None = None
    status: str | None = None


class QuoteData(Struct, frozen=True, kw_only=True):
    """A quote. ``payment_id``: the payment that used it."""

    quote_id: str | None = None
    sell_currency: str | None = None
    buy_currency: str | None = None
    sell_minor: int | None = None
    buy_minor: int | None = None
    base_currency: str | None = None
    rate: str | None = None
    spread_basis_points: int | None = None
    functional_currency: str | None = None
    value_minor: int | None = None
    requested_by: str | None = None
    expires_at: datetime | None = None
    payment_id: str | None = None


# Everything else is described as an object with the fields of its events.
DATA_OF: Final[dict[str, Any]] = {
    "customers": CustomerData,
    "cases": CaseData,
    "quotes": QuoteData,
    "webhook-endpoints": WebhookEndpointData,
    "limits": LimitsData,
    "rails": RailData,
    "authentication": AuthenticationData,
}


class ThingLine(Struct, Generic[D], frozen=True, kw_only=True):
    """A thing as a list shows it. ``position``, ``recorded_at``: its last change; ``data``: what was said last."""

    id: str
    kind: str
    status: str | None
    position: int
    recorded_at: datetime
    data: D


class ThingStep(Struct, frozen=True, kw_only=True):
    """One event in the life of a thing: who caused it, and what it said of reasons and decisions."""

    position: int
    type: str
    recorded_at: datetime
    actor: str
    said: dict[str, Any]


class ThingView(ThingLine[D], Generic[D], frozen=True, kw_only=True):
    """One thing with its newest events, in order."""

    events: tuple[ThingStep, ...]
    as_of: AsOf


class ThingPage(Struct, Generic[D], frozen=True, kw_only=True):
    """A page of things, newest first. A page may be short and still have a ``next_cursor``: only null ends the list."""

    things: tuple[ThingLine[D], ...]
    next_cursor: str | None
    as_of: AsOf
