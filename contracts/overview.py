"""The ledger at one glance, as a dashboard shows it, and what is told live. Amounts are integers in minor units.

The parts come from different read models and are each exact at a position of their own: ``Overview.positions`` says
which. A part whose source does not answer is null, and an alert says so.
"""

from datetime import datetime
from typing import Annotated, Literal

from msgspec import Meta, Struct

from contracts.events import PaymentStatus
from contracts.payment_codes import PaymentType, RailName
from contracts.views import AsOf

Severity = Literal["info", "warning", "critical"]
AlertKind = Literal["payments_parked", "payments_in_review", "breaks_open", "model_behind", "source_unavailable"]


class CurrencyBalances(Struct, frozen=True, kw_only=True):
    """The balances of all accounts of a currency by type, each in the type's normal side. From the lake."""

    currency: str
    scale: int
    assets_minor: int
    liabilities_minor: int
    equity_minor: int
    income_minor: int
    expenses_minor: int


class DayVolume(Struct, frozen=True, kw_only=True):
    """What moved in a currency since midnight (UTC): the sum of all debits, and how many events booked them."""

    currency: str
    scale: int
    amount_minor: int
    transfers: int


class MinuteVolume(Struct, frozen=True, kw_only=True):
    """The same in one minute, by the time at which it was recorded. Minutes in which nothing moved are left out."""

    minute: datetime
    currency: str
    amount_minor: int
    transfers: int


class Volume(Struct, frozen=True, kw_only=True):
    """What moved. ``per_minute``: the last hour, oldest first. From the lake."""

    today: tuple[DayVolume, ...]
    per_minute: tuple[MinuteVolume, ...]


class PaymentFigures(Struct, frozen=True, kw_only=True):
    """Payments in figures. ``awaiting``: those whose payer has to prove who they are.

    ``by_status`` and the queues are from Redis. Those of the last 24 hours are from the lake: null while it is away;
    ``success_rate_24h`` is the share of the settled among all that were settled or rejected, null when there were none.
    """

    by_status: dict[PaymentStatus, int]
    in_review: int
    awaiting: int
    parked: int
    settled_24h: int | None
    rejected_24h: int | None
    success_rate_24h: float | None


class ModelLag(Struct, frozen=True, kw_only=True):
    """How far a read model is behind the book: events, and for how long the first of them has been there."""

    model: str
    position: int | None
    events: int | None
    seconds: float | None


class Alert(Struct, frozen=True, kw_only=True):
    """Something that a person should look at. ``key`` names it as long as it lasts; ``link``: a path of this API."""

    key: str
    severity: Severity
    kind: AlertKind
    text: str
    since: datetime | None
    link: str


class Overview(Struct, frozen=True, kw_only=True):
    """The ledger at one glance. ``position`` is that of ``wallets``, or the book's when Redis is away."""

    position: int
    recorded_at: datetime | None
    positions: Annotated[dict[str, int | None], Meta(description="By read model, and of the book; null: not known.")]
    balances: tuple[CurrencyBalances, ...] | None
    volume: Volume | None
    payments: PaymentFigures | None
    lag: tuple[ModelLag, ...]
    alerts: tuple[Alert, ...]
    as_of: AsOf


class PaymentNews(Struct, frozen=True, kw_only=True):
    """What last happened to a payment: the event at ``position`` and the status it left."""

    position: int
    recorded_at: datetime
    payment_id: str
    type: str
    status: PaymentStatus
    payment_type: PaymentType
    rail: RailName
    currency: str | None
    amount_minor: int | None
    end_to_end_id: str
    customer_id: str | None
    reason_code: str | None


class AlertNews(Struct, frozen=True, kw_only=True):
    """An alert that was raised, changed its words, or is over."""

    state: Literal["raised", "changed", "cleared"]
    alert: Alert
