"""Events to the columns of the lake's table ``payments``. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from contracts.events import EVENT_TYPES, PaymentFacts, PaymentInitiated
from projectors.events import Event


def _kinds_with(field: str) -> frozenset[type]:
    return frozenset(kind for kind in EVENT_TYPES.values() if field in kind.__struct_fields__)


_WITH_FACTS: Final = _kinds_with("facts")
_WITH_REASON: Final = _kinds_with("reason_code")
_WITH_INSTRUCTION: Final = _kinds_with("instruction")


def payment_columns(events: Sequence[Event]) -> list[list[Any]]:
    """Give the columns of ``payments`` in their order: one row per event about a payment, in the order of the book."""
    told: list[tuple[Event, Any, PaymentFacts]] = []
    for event in events:
        data: Any = event.data
        kind = type(data)
        if kind is PaymentInitiated:
            told.append((event, data, _facts_of(data)))
        elif kind in _WITH_FACTS and isinstance(data.facts, PaymentFacts):
            told.append((event, data, data.facts))
    return [
        [event.position for event, _, _ in told],
        [data.payment_id for _, data, _ in told],
        [event.envelope.type for event, _, _ in told],
        [data.status for _, data, _ in told],
        [facts.payment_type for _, _, facts in told],
        [facts.rail for _, _, facts in told],
        [facts.customer_id for _, _, facts in told],
        [facts.payee_id for _, _, facts in told],
        [facts.currency for _, _, facts in told],
        [facts.amount_minor for _, _, facts in told],
        [data.fee_minor if type(data) is PaymentInitiated else None for _, data, _ in told],
        [data.reason_code if type(data) in _WITH_REASON else None for _, data, _ in told],
        [facts.initiated_at for _, _, facts in told],
        [event.envelope.recorded_at for event, _, _ in told],
        [_attempt_of(data) if type(data) in _WITH_INSTRUCTION else None for _, data, _ in told],
    ]


def _attempt_of(data: Any) -> int | None:
    return getattr(data.instruction, "attempt", None)


def _facts_of(initiated: PaymentInitiated) -> PaymentFacts:
    """Say of a new payment what every later event about it says."""
    outside = initiated.creditor or initiated.debtor
    return PaymentFacts(
        payment_type=initiated.payment_type,
        rail=initiated.rail,
        currency=initiated.instructed_amount.currency,
        amount_minor=initiated.amount_minor,
        end_to_end_id=initiated.end_to_end_id,
        initiated_at=initiated.initiated_at,
        customer_id=initiated.customer_id,
        payee_id=None if outside is None else outside.payee_id,
    )
