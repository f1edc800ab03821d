"""Events to netted changes of ``wallets``. Pure: the same events give the same changes, in whatever batches they come.

A kind of event that is missing from the table stops the start of the process (see `_require_every_event`), so that a
new event type cannot pass by this model unseen.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any, Final

import msgspec

from contracts import events as e
from contracts.read_models import EVENT_FIELD, StatementLine, Step, statement_score
from projectors.events import BOOKS, Booking, Event
from projectors.wallets.changes import Changes

# Where a payment waits for somebody after an event; "" is nowhere any more. Events that are not here change nothing.
# A review on which one more person must agree goes on.
QUEUE_AFTER: Final[dict[type[e.EventData], str]] = {
    e.PaymentHeldForReview: "review",
    e.PaymentReviewed: "",
    e.PaymentPresented: "authorisation",
    e.PaymentAuthorisationRequested: "authorisation",
    e.PaymentAuthorised: "",
    e.PaymentParked: "parked",
    e.PaymentInstructionLapsed: "",
    e.PaymentResumed: "",
    e.PaymentSettled: "",
    e.PaymentRejected: "",
    e.PaymentCancelled: "",
}

SEALED: Final = "sealed."  # how a text begins that only the vault can open

_json: Final = msgspec.json.Encoder().encode


def fold(events: Iterable[Event]) -> Changes:
    """Net the events into one set of changes."""
    changes = Changes()
    gather(changes, events)
    changes.settle()
    return changes


def gather(changes: Changes, events: Iterable[Event]) -> None:
    """Add the events to changes that are not settled yet."""
    for event in events:
        _FOLDS[type(event.data)](changes, event, event.data)


def instant_text(moment: datetime) -> str:
    """Write an instant as the event itself does (RFC 3339, Z)."""
    return _text(moment)


def _account_opened(changes: Changes, event: Event, data: e.AccountOpened) -> None:
    fields = changes.accounts[data.account_id]
    fields.update(
        currency=data.currency,
        scale=str(data.scale),
        account_type=data.account_type,
        normal_side=data.normal_side,
        overdraft=data.overdraft,
        credit_limit_minor=str(data.credit_limit_minor),
        status="open",
        opened_at=_text(event.envelope.recorded_at),
        posted_minor="0",
        held_minor="0",
        position=str(event.position),
    )
    if data.max_balance_minor is not None:
        fields["max_balance_minor"] = str(data.max_balance_minor)
    if data.metadata is not None:
        fields["metadata"] = _text(data.metadata, raw=True)
    if data.customer_id is not None:
        fields["customer_id"] = data.customer_id
    changes.opened_accounts.append(data.account_id)
    changes.counts["accounts"] += 1


def _status_changed(status: str) -> Callable[[Changes, Event, Any], None]:
    def fold_status(
        changes: Changes, event: Event, data: e.AccountClosed | e.AccountFrozen | e.AccountUnfrozen
    ) -> None:
        changes.accounts[data.account_id].update(status=status, position=str(event.position))

    return fold_status


def _booked(changes: Changes, event: Event, data: Any) -> None:
    """Fold what every event that moves money has in common."""
    booking = BOOKS[type(data)](data)
    changes.counts["transfers"] += 1
    entries, volume_minor, balances, lines = changes.entries, changes.volume_minor, changes.balances, changes.lines
    for leg, posting in enumerate(booking.postings):
        entries[posting.currency] += 1
        if posting.side == "debit":
            volume_minor[posting.currency] += posting.amount_minor
        balances[posting.account_id] = event.position, posting.posted_minor, posting.held_minor
        lines[posting.account_id] += (str(statement_score(event.position, leg)), _line(event, booking, leg))


def _hold_placed(changes: Changes, event: Event, data: e.HoldPlaced) -> None:
    # A dict, not a set: the accounts keep the order of the legs, so the same batch gives the same bytes.
    accounts = list(dict.fromkeys(name for leg in data.legs for name in (leg.debit_account_id, leg.credit_account_id)))
    fields = changes.holds[data.hold_id]
    fields.update(
        status="open",
        expires_at=_text(data.expires_at),
        legs=_text(data.legs, raw=True),
        remaining_minor=_text([leg.amount_minor for leg in data.legs], raw=True),
        accounts=" ".join(accounts),
    )
    if data.reference is not None:
        fields["reference"] = data.reference
    if data.metadata is not None:
        fields["metadata"] = _text(data.metadata, raw=True)
    _add_step(fields, event)
    _set_balances(changes, event, data.balances)
    changes.place_hold(data.hold_id, accounts)


def _hold_extended(changes: Changes, event: Event, data: e.HoldExtended) -> None:
    fields = changes.holds[data.hold_id]
    fields["expires_at"] = _text(data.expires_at)
    _add_step(fields, event)


def _hold_captured(changes: Changes, event: Event, data: e.HoldCaptured) -> None:
    _booked(changes, event, data)
    fields = changes.holds[data.hold_id]
    fields.update(status=data.status, remaining_minor=_text(data.remaining_minor, raw=True))
    _add_step(fields, event)
    _set_balances(changes, event, data.balances)
    if data.status != "open":
        changes.end_hold(data.hold_id)


def _hold_ended(status: str) -> Callable[[Changes, Event, Any], None]:
    def fold_end(changes: Changes, event: Event, data: e.HoldReleased | e.HoldExpired) -> None:
        fields = changes.holds[data.hold_id]
        fields["status"] = status
        _add_step(fields, event)
        _set_balances(changes, event, data.balances)
        changes.end_hold(data.hold_id)

    return fold_end


def _payment_initiated(changes: Changes, event: Event, data: e.PaymentInitiated) -> None:
    shown: dict[str, object] = {
        "payment_type": data.payment_type,
        "rail": data.rail,
        "debtor_account_id": data.debtor_account_id,
        "creditor_account_id": data.creditor_account_id,
        "amount_minor": str(data.amount_minor),
        "fee_minor": str(data.fee_minor),
        "end_to_end_id": data.end_to_end_id,
        "customer_id": data.customer_id,
        "standing_order_id": data.standing_order_id,
    }
    fields = changes.payments[data.payment_id]
    fields.update((name, str(value)) for name, value in shown.items() if value is not None)
    fields["instructed_amount"] = _text(data.instructed_amount, raw=True)
    outside = data.creditor or data.debtor
    indexes = {"customer_id": data.customer_id, "end_to_end_id": data.end_to_end_id}
    if outside is not None:
        fields["payee_id"] = indexes["payee_id"] = outside.payee_id
        if outside.iban_masked is not None:
            fields["iban_masked"] = outside.iban_masked
    if data.remittance_information is not None and not data.remittance_information.startswith(SEALED):
        fields["remittance_information"] = data.remittance_information
    if data.metadata is not None:
        fields["metadata"] = _text(data.metadata, raw=True)
    if data.requested_execution_date is not None:
        fields["requested_execution_date"] = data.requested_execution_date.isoformat()
    if data.assessment.risk is not None:
        fields["risk"] = _text(data.assessment.risk, raw=True)
    changes.begun.add(data.payment_id)
    changes.payment_indexes += [(name, value, data.payment_id) for name, value in indexes.items() if value is not None]
    _payment_moved(changes, event, data)


def _payment_moved(changes: Changes, event: Event, data: Any) -> None:
    """Fold what every event about a payment has in common: a step, a status, and whatever it booked or freed."""
    if type(data) in BOOKS:
        _booked(changes, event, data)
    _set_balances(changes, event, getattr(data, "balances", ()))
    fields = changes.payments[data.payment_id]
    _add_step(fields, event)
    changes.payment_moves[data.payment_id] = data.status
    waits_in = QUEUE_AFTER.get(type(data))
    if waits_in is None or (isinstance(data, e.PaymentReviewed) and not data.decided):
        return
    changes.queue(data.payment_id, waits_in)
    if not waits_in and data.facts.rail != "book":  # only what is on a rail can be parked
        fields["parked"] = ""


def _payment_said(*names: str) -> Callable[[Changes, Event, Any], None]:
    """Fold an event about a payment that says something worth showing."""

    def fold_said(changes: Changes, event: Event, data: Any) -> None:
        fields = changes.payments[data.payment_id]
        for name in names:
            value = getattr(data, name)
            if value is not None:
                fields[name] = value if isinstance(value, str) else _text(value, raw=isinstance(value, (int, tuple)))
        _payment_moved(changes, event, data)

    return fold_said


def _payment_instructed(changes: Changes, event: Event, data: e.PaymentInstructed) -> None:
    changes.payments[data.payment_id]["instruction_id"] = data.instruction.instruction_id
    _payment_moved(changes, event, data)


def _payment_parked(changes: Changes, event: Event, data: e.PaymentParked) -> None:
    changes.payments[data.payment_id]["parked"] = data.reason
    _payment_moved(changes, event, data)


def _nothing_to_show(changes: Changes, event: Event, data: Any) -> None:
    """Terms and customers limit what may still happen; no balance, statement or payment changes by them."""


def _line(event: Event, booking: Booking, leg: int) -> str:
    posting = booking.postings[leg]
    line = StatementLine(
        position=event.position,
        leg=leg,
        id=booking.transfer_id,
        type=event.envelope.type,
        side=posting.side,
        amount_minor=posting.amount_minor,
        posted_minor=posting.posted_minor,
        effective_date=event.data.effective_date,  # type: ignore[attr-defined]  # every kind in BOOKS has one
        recorded_at=event.envelope.recorded_at,
        reference=booking.reference,
    )
    return _text(line, raw=True)


def _set_balances(changes: Changes, event: Event, balances: tuple[e.AccountBalance, ...]) -> None:
    for balance in balances:
        changes.balances[balance.account_id] = event.position, balance.posted_minor, balance.held_minor


def _add_step(fields: dict[str, str], event: Event) -> None:
    step = Step(position=event.position, type=event.envelope.type, recorded_at=event.envelope.recorded_at)
    fields[f"{EVENT_FIELD}{event.position}"] = _text(step, raw=True)


def _text(value: object, *, raw: bool = False) -> str:
    """Encode as JSON; without ``raw`` take the quotes off, for an instant that stands alone."""
    text = _json(value).decode()
    return text if raw else text[1:-1]


_FOLDS: Final[dict[type[e.EventData], Callable[[Changes, Event, Any], None]]] = {
    e.AssetDeclared: _nothing_to_show,
    e.AccountOpened: _account_opened,
    e.AccountClosed: _status_changed("closed"),
    e.AccountFrozen: _status_changed("frozen"),
    e.AccountUnfrozen: _status_changed("open"),
    e.TransferPosted: _booked,
    e.TransferReversed: _booked,
    e.HoldPlaced: _hold_placed,
    e.HoldExtended: _hold_extended,
    e.HoldCaptured: _hold_captured,
    e.HoldReleased: _hold_ended("released"),
    e.HoldExpired: _hold_ended("expired"),
    e.PeriodClosed: _nothing_to_show,
    e.StatementImported: _nothing_to_show,
    e.StatementLinesImported: _nothing_to_show,
    e.MatchesRecorded: _nothing_to_show,
    e.LineUnmatched: _nothing_to_show,
    e.BreakOpened: _nothing_to_show,
    e.BreakAssigned: _nothing_to_show,
    e.WriteOffProposed: _nothing_to_show,
    e.WriteOffApproved: _booked,
    e.WriteOffRejected: _nothing_to_show,
    e.ReconciliationClosed: _nothing_to_show,
    e.PaymentInitiated: _payment_initiated,
    e.PaymentScheduled: _payment_moved,
    e.PaymentHeldForReview: _payment_said("causes"),
    e.PaymentReviewed: _payment_moved,
    e.PaymentAuthorisationRequested: _payment_moved,
    e.PaymentAuthorisationFailed: _payment_moved,
    e.PaymentAuthorised: _payment_moved,
    e.PaymentPresented: _payment_moved,
    e.PaymentAccepted: _payment_moved,
    e.PaymentInstructed: _payment_instructed,
    e.PaymentOutcomeUnknown: _payment_moved,
    e.PaymentInstructionLapsed: _payment_moved,
    e.PaymentParked: _payment_parked,
    e.PaymentResolutionProposed: _payment_moved,
    e.PaymentResumed: _payment_moved,
    e.PaymentSettled: _payment_said("transfer_id", "rail_reference"),
    e.PaymentRejected: _payment_said("reason_code", "detail"),
    e.PaymentCancelled: _payment_said("cause"),
    e.PaymentReturned: _payment_said("returned_minor"),
    e.PaymentRefunded: _payment_said("refunded_minor"),
    e.PaymentRefundRequested: _payment_moved,
    e.PaymentRefundFailed: _payment_moved,
    e.PaymentRecallRequested: _payment_moved,
    e.PaymentRecallAnswered: _payment_moved,
    e.PaymentContradicted: _payment_moved,
    e.RailDefined: _nothing_to_show,
    e.AuthenticationDefined: _nothing_to_show,
    e.LimitsDefined: _nothing_to_show,
    e.StandingOrderCreated: _nothing_to_show,
    e.StandingOrderAuthorised: _nothing_to_show,
    e.StandingOrderIssued: _nothing_to_show,
    e.StandingOrderSuspended: _nothing_to_show,
    e.StandingOrderResumed: _nothing_to_show,
    e.StandingOrderCancelled: _nothing_to_show,
    e.IbanAssigned: _nothing_to_show,
    e.PaymentFileReceived: _nothing_to_show,
    e.MerchantDefined: _nothing_to_show,
    e.SettlementClosed: _booked,
    e.CutOffPassed: _nothing_to_show,
    e.PayoutRetryProposed: _nothing_to_show,
    e.PayoutRetried: _nothing_to_show,
    e.ClearingSettled: _booked,
    e.WebhookEndpointCreated: _nothing_to_show,
    e.WebhookEndpointUpdated: _nothing_to_show,
    e.WebhookSecretRotated: _nothing_to_show,
    e.WebhookEndpointDisabled: _nothing_to_show,
    e.WebhookEndpointEnabled: _nothing_to_show,
    e.WebhookDeliveriesReplayed: _nothing_to_show,
    e.FeesDefined: _nothing_to_show,
    e.FxDefined: _nothing_to_show,
    e.RatePublished: _nothing_to_show,
    e.QuoteGiven: _nothing_to_show,
    e.PositionsRevalued: _booked,
    e.CustomerApplied: _nothing_to_show,
    e.DocumentsRequested: _nothing_to_show,
    e.EvidenceAdded: _nothing_to_show,
    e.VerificationProposed: _nothing_to_show,
    e.CustomerVerified: _nothing_to_show,
    e.CustomerRejected: _nothing_to_show,
    e.RiskClassProposed: _nothing_to_show,
    e.RiskClassChanged: _nothing_to_show,
    e.CustomerScreened: _nothing_to_show,
    e.VerificationExpired: _nothing_to_show,
    e.ReviewReopened: _nothing_to_show,
    e.CustomerRestricted: _nothing_to_show,
    e.CustomerOffboarded: _nothing_to_show,
    e.ErasureProposed: _nothing_to_show,
    e.ErasureDecided: _nothing_to_show,
    e.CustomerErased: _nothing_to_show,
    e.CaseOpened: _nothing_to_show,
    e.CaseDecisionProposed: _nothing_to_show,
    e.CaseCleared: _nothing_to_show,
    e.CaseConfirmed: _nothing_to_show,
}


def _require_every_event() -> None:
    missing = sorted(kind.__name__ for kind in set(e.EVENT_TYPES.values()) - _FOLDS.keys())
    if missing:
        raise TypeError(f"the wallets model has no fold for {', '.join(missing)}; add one, even if it does nothing")


_require_every_event()
