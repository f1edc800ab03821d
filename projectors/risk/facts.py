"""Events to facts: the only place of the risk model that knows how payment events look."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any, Final

from contracts import events as e
from contracts.risk import PaymentFact
from contracts.risk_features import risk_subjects
from projectors.events import Event


def facts_of(events: Iterable[Event]) -> Iterator[PaymentFact]:
    """Yield what the risk model learns from the events; most of them teach it nothing."""
    for event in events:
        read = _FACTS.get(type(event.data))
        if read is not None:
            yield read(event)


def _initiated(event: Event) -> PaymentFact:
    """Read an initiation of either version: an older one names accounts alone."""
    data: Any = event.data
    party = getattr(data, "creditor", None) or getattr(data, "debtor", None)
    customer_id, payee_id = risk_subjects(
        customer_id=getattr(data, "customer_id", None),
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
        device_id=getattr(data, "device_id", None) or "",
        currency=data.instructed_amount.currency,
        amount_minor=data.amount_minor,
    )


def _settled(event: Event) -> PaymentFact:
    return _outcome(event, "settled")


def _rejected(event: Event) -> PaymentFact:
    return _outcome(event, "rejected")


def _outcome(event: Event, kind: Any) -> PaymentFact:
    data: Any = event.data
    return PaymentFact(position=event.position, kind=kind, payment_id=data.payment_id, at=_second(event))


def _second(event: Event) -> int:
    return int(event.envelope.recorded_at.timestamp())


_FACTS: Final[dict[type[e.EventData], Callable[[Event], PaymentFact]]] = {
    e.PaymentInitiated: _initiated,
    e.PaymentSettled: _settled,
    e.PaymentRejected: _rejected,
}
