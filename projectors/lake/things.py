"""Events to rows of the lake's table ``things``: one function per event, and the table of them. Pure.

Only what is named here reaches the lake: nothing sealed, no free text, nothing personal but ids.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date, datetime
from typing import Any, Final, NamedTuple

import msgspec

from contracts import events as e
from contracts.lake import ThingKind
from projectors.events import Event


class ThingRow(NamedTuple):
    """What one event says of one thing; the columns of ``things`` that are not the event's own."""

    kind: ThingKind
    thing_id: str
    status: str | None = None
    label: str | None = None
    account_id: str | None = None
    other_account_id: str | None = None
    customer_id: str | None = None
    currency: str | None = None
    amount_minor: int | None = None
    on_date: date | None = None
    due_at: datetime | None = None
    details: dict[str, Any] | None = None


Rows = Iterable[ThingRow]


def _hold_placed(data: e.HoldPlaced) -> Rows:
    for leg in data.legs:
        yield ThingRow(
            "hold",
            data.hold_id,
            "open",
            account_id=leg.debit_account_id,
            other_account_id=leg.credit_account_id,
            currency=leg.currency,
            amount_minor=leg.amount_minor,
            due_at=data.expires_at,
        )


def _hold_extended(data: e.HoldExtended) -> Rows:
    yield ThingRow("hold", data.hold_id, due_at=data.expires_at)


def _hold_captured(data: e.HoldCaptured) -> Rows:
    for remaining_minor in data.remaining_minor:
        yield ThingRow("hold", data.hold_id, data.status, amount_minor=remaining_minor)


def _hold_ended(status: str) -> Callable[[Any], Rows]:
    def row(data: e.HoldReleased | e.HoldExpired) -> Rows:
        yield ThingRow("hold", data.hold_id, status)

    return row


def _break_opened(data: e.BreakOpened) -> Rows:
    yield ThingRow(
        "break",
        data.break_id,
        data.status,
        data.kind,
        account_id=data.account_id,
        currency=data.currency,
        amount_minor=data.difference_minor,
        on_date=data.opened_on,
    )


def _break_changed(data: Any) -> Rows:
    yield ThingRow("break", data.break_id, data.status, account_id=data.account_id)


def _breaks_resolved(data: e.MatchesRecorded) -> Rows:
    for break_id in data.resolved_breaks:
        yield ThingRow("break", break_id, "resolved", account_id=data.account_id)


def _customer_applied(data: e.CustomerApplied) -> Rows:
    yield ThingRow(
        "customer",
        data.customer_id,
        data.status,
        data.kind,
        customer_id=data.customer_id,
        details={"country": data.country, "risk_class": data.risk_class},
    )


def _customer_changed(data: Any) -> Rows:
    yield ThingRow("customer", data.customer_id, data.status, customer_id=data.customer_id)


def _risk_class_changed(data: e.RiskClassChanged) -> Rows:
    details = {"risk_class": data.risk_class}
    yield ThingRow("customer", data.customer_id, customer_id=data.customer_id, details=details)


def _account_opened(data: e.AccountOpened) -> Rows:
    if data.customer_id is not None:
        yield ThingRow(
            "holder",
            data.account_id,
            label=data.account_type,
            account_id=data.account_id,
            customer_id=data.customer_id,
            currency=data.currency,
        )


def _payment_scheduled(data: e.PaymentScheduled) -> Rows:
    facts = data.facts
    yield ThingRow(
        "scheduled_payment",
        data.payment_id,
        data.status,
        facts.payment_type,
        account_id=facts.debtor_account_id,
        other_account_id=facts.creditor_account_id,
        customer_id=facts.customer_id,
        currency=facts.currency,
        amount_minor=facts.amount_minor,
        on_date=data.execution_date,
    )


def _standing_order_created(data: e.StandingOrderCreated) -> Rows:
    yield ThingRow(
        "standing_order",
        data.standing_order_id,
        data.state,
        data.payment_type,
        account_id=data.debtor_account_id,
        other_account_id=data.creditor_account_id,
        customer_id=data.customer_id,
        currency=data.instructed_amount.currency,
        amount_minor=data.amount_minor,
        on_date=data.next_on,
        details=msgspec.to_builtins(data.recurrence),
    )


def _standing_order_moved(data: Any) -> Rows:
    yield ThingRow("standing_order", data.standing_order_id, data.state, on_date=getattr(data, "next_on", None))


def _fx_defined(data: e.FxDefined) -> Rows:
    for position in data.positions:
        yield ThingRow(
            "fx_position",
            position.currency,
            account_id=position.position_account_id,
            currency=position.currency,
            details={
                "functional_currency": data.functional_currency,
                "cost_account_id": position.cost_account_id,
                "valuation_account_id": position.valuation_account_id,
            },
        )


def _positions_revalued(data: e.PositionsRevalued) -> Rows:
    for position in data.positions:
        yield ThingRow(
            "fx_position",
            position.currency,
            currency=position.currency,
            amount_minor=position.quantity_minor,
            on_date=data.effective_date,
            details={
                "base_currency": position.base_currency,
                "rate": position.rate,
                "cost_minor": position.cost_minor,
                "unrealised_minor": position.unrealised_minor,
            },
        )


def _rate_published(data: e.RatePublished) -> Rows:
    yield ThingRow(
        "rate",
        f"{data.base_currency}/{data.counter_currency}",
        currency=data.base_currency,
        due_at=data.valid_until,
        details={
            "counter_currency": data.counter_currency,
            "rate": data.rate,
            "spread_basis_points": data.spread_basis_points,
        },
    )


def _settlement_closed(data: e.SettlementClosed) -> Rows:
    figures = data.figures
    yield ThingRow(
        "settlement",
        data.settlement_id,
        "closed",
        data.merchant_id,
        account_id=data.account_id,
        currency=data.currency,
        amount_minor=figures.net_minor,
        on_date=data.effective_date,
        due_at=data.release_at,
        details={
            "payments": figures.payments.count,
            "payments_minor": figures.payments.amount_minor,
            "refunds_minor": figures.refunds.amount_minor,
            "returns_minor": figures.returns.amount_minor,
            "fee_minor": figures.fee_minor,
            "reserve_minor": figures.reserve_minor,
            "released_minor": figures.released_minor,
        },
    )


def _clearing_settled(data: e.ClearingSettled) -> Rows:
    yield ThingRow(
        "clearing",
        data.reference,
        "settled",
        data.rail,
        account_id=data.clearing_account_id,
        other_account_id=data.nostro_account_id,
        currency=data.currency,
        amount_minor=data.amount_minor,
        on_date=data.effective_date,
        details={"fee_minor": data.fee_minor},
    )


SAYS: Final[dict[type[e.EventData], Callable[[Any], Rows]]] = {
    e.HoldPlaced: _hold_placed,
    e.HoldExtended: _hold_extended,
    e.HoldCaptured: _hold_captured,
    e.HoldReleased: _hold_ended("released"),
    e.HoldExpired: _hold_ended("expired"),
    e.BreakOpened: _break_opened,
    e.BreakAssigned: _break_changed,
    e.WriteOffProposed: _break_changed,
    e.WriteOffApproved: _break_changed,
    e.WriteOffRejected: _break_changed,
    e.MatchesRecorded: _breaks_resolved,
    e.CustomerApplied: _customer_applied,
    e.DocumentsRequested: _customer_changed,
    e.EvidenceAdded: _customer_changed,
    e.VerificationProposed: _customer_changed,
    e.CustomerVerified: _customer_changed,
    e.CustomerRejected: _customer_changed,
    e.VerificationExpired: _customer_changed,
    e.ReviewReopened: _customer_changed,
    e.CustomerRestricted: _customer_changed,
    e.CustomerOffboarded: _customer_changed,
    e.ErasureDecided: _customer_changed,
    e.CustomerErased: _customer_changed,
    e.RiskClassChanged: _risk_class_changed,
    e.AccountOpened: _account_opened,
    e.PaymentScheduled: _payment_scheduled,
    e.StandingOrderCreated: _standing_order_created,
    e.StandingOrderAuthorised: _standing_order_moved,
    e.StandingOrderIssued: _standing_order_moved,
    e.StandingOrderSuspended: _standing_order_moved,
    e.StandingOrderResumed: _standing_order_moved,
    e.StandingOrderCancelled: _standing_order_moved,
    e.FxDefined: _fx_defined,
    e.PositionsRevalued: _positions_revalued,
    e.RatePublished: _rate_published,
    e.SettlementClosed: _settlement_closed,
    e.ClearingSettled: _clearing_settled,
}
"""The events that say something of a thing."""


def thing_rows(events: Sequence[Event]) -> Iterator[tuple[Any, ...]]:
    """Give the rows of ``things``, in the order of its columns."""
    for event in events:
        says = SAYS.get(type(event.data))
        if says is None:
            continue
        for ordinal, row in enumerate(says(event.data)):
            kind, thing_id, *rest, details = row
            yield (
                event.position,
                ordinal,
                kind,
                thing_id,
                event.envelope.type,
                *rest,
                None if details is None else msgspec.json.encode(details).decode(),
                event.envelope.recorded_at,
            )
