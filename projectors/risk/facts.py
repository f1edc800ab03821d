"""Events to facts: the only place of the risk model that knows how payment events look."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final, Literal

from contracts.events import EventData, PaymentInitiated, PaymentRejected, PaymentSettled
from contracts.risk import PaymentFact
from contracts.risk_features import risk_subjects
from projectors.events import Event

TEACHES: Final[frozenset[type[EventData]]] = frozenset({PaymentInitiated, PaymentSettled, PaymentRejected})


def facts_of(events: Iterable[Event]) -> Iterator[PaymentFact]:
    """Yield what the risk model learns from the events; most of them teach it nothing."""
    for event in events:
        match event.data:
            case PaymentInitiated():
                yield _initiated(event, event.data)
            case PaymentSettled(payment_id=payment_id):
                yield _outcome(event, "settled", payment_id)
            case PaymentRejected(payment_id=payment_id):
                yield _outcome(event, "rejected", payment_id)


def _initiated(event: Event, data: PaymentInitiated) -> PaymentFact:
    party = data.creditor or data.debtor
    customer_id, payee_id = risk_subjects(
        customer_id=data.customer_id,
        debtor_account_id=data.debtor_account_id,
        creditor_account_id=data.creditor_account_id,
        party_id=party.payee_id if party is not None else None,
    )
    return PaymentFact(
        position=event.position,
        kind="initiated",
        payment_id=data.payment_id,
        at=_second(event),
        customer_id=customer_id,
        payee_id=payee_id,
        device_id=event.envelope.principal.device or "",
        currency=data.instructed_amount.currency,
        amount_minor=data.amount_minor,
        payment_type=data.payment_type,
        rail=data.rail,
    )


def _outcome(event: Event, kind: Literal["settled", "rejected"], payment_id: str) -> PaymentFact:
    return PaymentFact(position=event.position, kind=kind, payment_id=payment_id, at=_second(event))


def _second(event: Event) -> int:
    return int(event.envelope.recorded_at.timestamp())
