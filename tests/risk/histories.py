"""Histories of payments, and the figures about them counted in the plainest way: over the whole history, each time."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from hypothesis import strategies as st

from command_api.risk.features import Figures, SubjectFigures, Window
from contracts.risk import PaymentFact, RiskContext
from contracts.risk_features import (
    DISTINCT_WINDOW_S,
    FIGURE_MAX,
    MEMORY_S,
    PAYMENT_MEMORY_S,
    RINGS,
    WINDOWS,
    amount_step,
)

BEGIN_S = int(datetime(2026, 1, 5, 8, tzinfo=UTC).timestamp())
CUSTOMERS = ("alice", "bob")
PAYEES = ("shop", "mule")
DEVICES = ("", "phone", "laptop")
CURRENCIES = ("EUR", "JPY")
# Steps that land within a bucket, on its edge, beyond each window, and beyond memory.
STEPS_S = (
    0,
    1,
    7,
    299,
    300,
    301,
    3_599,
    3_600,
    3_601,
    86_399,
    86_400,
    86_401,
    7 * 86_400,
    30 * 86_400 + 1,
    46 * 86_400,
)


def moment(second: int) -> datetime:
    return datetime.fromtimestamp(second, UTC)


def context_of(customer: str, payee: str, device: str, currency: str, amount_minor: int = 100) -> RiskContext:
    return RiskContext(
        customer_id=customer,
        account_id=customer,
        payee_id=payee,
        device_id=device or None,
        amount_minor=amount_minor,
        currency=currency,
        scale=2,
    )


def initiated(position: int, at: int, who: tuple[str, str, str, str], amount_minor: int) -> PaymentFact:
    customer, payee, device, currency = who
    return PaymentFact(
        position=position,
        kind="initiated",
        payment_id=f"pay_{position}",
        at=at,
        customer_id=customer,
        payee_id=payee,
        device_id=device,
        currency=currency,
        amount_minor=amount_minor,
    )


WHO = st.tuples(
    st.sampled_from(CUSTOMERS), st.sampled_from(PAYEES), st.sampled_from(DEVICES), st.sampled_from(CURRENCIES)
)
AMOUNTS = st.one_of(st.integers(1, 20_000), st.sampled_from((1, 7, 8, 2**52 - 1, 2**52, 2**63 - 1)))


@st.composite
def histories(draw: st.DrawFn, *, payments_max: int = 25) -> list[PaymentFact]:
    """Draw payments with outcomes soon, late or never, in the book's order."""
    facts: list[PaymentFact] = []
    waiting: list[str] = []
    at = BEGIN_S
    for position in range(1, draw(st.integers(2, payments_max)) + 1):
        at += draw(st.sampled_from(STEPS_S))
        if draw(st.booleans()) and waiting:
            payment_id = waiting.pop(draw(st.integers(0, len(waiting) - 1)))
            kind = draw(st.sampled_from(("settled", "rejected")))
            facts.append(PaymentFact(position=position, kind=kind, payment_id=payment_id, at=at))  # type: ignore[arg-type]
        else:
            facts.append(initiated(position, at, draw(WHO), draw(AMOUNTS)))
            waiting.append(f"pay_{position}")
    return facts


class _Count:
    """A whole history, looked at from one second and one payment."""

    def __init__(self, facts: Sequence[PaymentFact], context: RiskContext, now_s: int) -> None:
        payments = {fact.payment_id: fact for fact in facts if fact.kind == "initiated"}
        self.paid = list(payments.values())
        self.outcomes = [
            (fact.kind, fact.at, payments[fact.payment_id])
            for fact in facts
            if fact.kind != "initiated" and payments[fact.payment_id].at >= fact.at - PAYMENT_MEMORY_S
        ]
        self.currency, self.now_s = context.currency, now_s
        self.names = {
            "customer_id": context.customer_id,
            "payee_id": context.payee_id,
            "device_id": context.device_id or "",
        }

    def is_mine(self, fact: PaymentFact, *fields: str) -> bool:
        return all(self.names[field] and getattr(fact, field) == self.names[field] for field in fields)

    def subject(self, field: str) -> SubjectFigures:
        mine = [fact for fact in self.paid if self.is_mine(fact, field)]
        failures = [at for kind, at, fact in self.outcomes if kind == "rejected" and self.is_mine(fact, field)]
        windows = []
        for window in WINDOWS:
            size = RINGS[window.ring].bucket_s
            oldest = self.now_s // size - window.buckets
            within = [fact for fact in mine if fact.at // size >= oldest]
            amounts = [fact.amount_minor for fact in within if fact.currency == self.currency]
            failed = sum(1 for at in failures if at // size >= oldest)
            windows.append(Window(len(within), failed, min(sum(amounts), FIGURE_MAX)))
        hour, day, week, month = windows
        return SubjectFigures(hour, day, week, month, *span([fact.at for fact in mine]))

    def pair(self, field: str) -> tuple[int, int]:
        fields = ("customer_id", field)
        return span([at for kind, at, fact in self.outcomes if kind == "settled" and self.is_mine(fact, *fields)])

    def met(self, one: str, other: str) -> tuple[int, int]:
        recent = {
            getattr(fact, other)
            for fact in self.paid
            if self.is_mine(fact, one) and getattr(fact, other) and fact.at > self.now_s - DISTINCT_WINDOW_S
        }
        return len(recent), int(self.names[other] in recent)

    def typical(self) -> tuple[int, int]:
        steps = sorted(
            amount_step(fact.amount_minor)
            for kind, _, fact in self.outcomes
            if kind == "settled" and self.is_mine(fact, "customer_id") and fact.currency == self.currency
        )
        return len(steps), steps[(len(steps) + 1) // 2 - 1] if steps else 0


def counted(facts: Sequence[PaymentFact], context: RiskContext, now_s: int) -> Figures:
    """Count everything anew, without buckets that are written over, sums that are carried on, or an order."""
    count = _Count(facts, context, now_s)
    return Figures(
        count.subject("customer_id"),
        count.subject("payee_id"),
        count.subject("device_id"),
        *count.pair("payee_id"),
        *count.pair("device_id"),
        *count.met("customer_id", "payee_id"),
        *count.met("payee_id", "customer_id"),
        *count.met("device_id", "customer_id"),
        *count.typical(),
    )


def span(moments: Sequence[int]) -> tuple[int, int]:
    """First and last, beginning anew behind every pause longer than MEMORY_S."""
    first = last = 0
    for at in moments:
        first = at if not first or last < at - MEMORY_S else first
        last = at
    return first, last
