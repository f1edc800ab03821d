"""The figures of the risk model kept in memory: the same meaning as the model in Redis, for replaying history.

A dry run or a training asks for the figures of a payment as they were just before it, for every payment of a history.
tests/risk compares this memory, the model in Redis and a plain count over the whole history with each other.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator

from command_api.risk.features import Figures, SubjectFigures, Window
from contracts.risk import PaymentFact, RiskContext
from contracts.risk_features import (
    DISTINCT_MAX,
    DISTINCT_WINDOW_S,
    FIGURE_MAX,
    MEMORY_S,
    PAYMENT_MEMORY_S,
    RINGS,
    WINDOWS,
    amount_step,
)


class _Span:
    """First and last time of something; begins anew after MEMORY_S without it."""

    def __init__(self) -> None:
        self.first_at = 0
        self.last_at = 0

    def see(self, at: int) -> None:
        if not self.first_at or self.last_at < at - MEMORY_S:
            self.first_at = at
        self.last_at = at


class _Subject:
    """Buckets of one customer, payee or device: per ring and slot [bucket, payments, failed]; amounts by currency."""

    def __init__(self) -> None:
        self.span = _Span()
        self._counts: dict[tuple[int, int], list[int]] = {}
        self._amounts: dict[tuple[str, int, int], list[int]] = {}

    def count(self, payment: PaymentFact, *, at: int, paid: int, failed: int) -> None:
        for number, ring in enumerate(RINGS):
            bucket = at // ring.bucket_s
            slot = bucket % ring.slots
            held = self._counts.get((number, slot))
            if held is None or held[0] != bucket:
                held = self._counts[(number, slot)] = [bucket, 0, 0]
            held[1] += paid
            held[2] += failed
            if paid:
                key = (payment.currency, number, slot)
                amounts = self._amounts.get(key)
                if amounts is None or amounts[0] != bucket:
                    amounts = self._amounts[key] = [bucket, 0]
                amounts[1] = min(amounts[1] + payment.amount_minor, FIGURE_MAX)
        if paid:
            self.span.see(at)

    def figures(self, currency: str, *, now_s: int) -> SubjectFigures:
        hour, day, week, month = self._windows(currency, now_s)
        return SubjectFigures(hour, day, week, month, self.span.first_at, self.span.last_at)

    def _windows(self, currency: str, now_s: int) -> Iterator[Window]:
        for window in WINDOWS:
            ring = RINGS[window.ring]
            oldest = now_s // ring.bucket_s - window.buckets
            payments = failed = amount = 0
            for slot in range(ring.slots):
                held = self._counts.get((window.ring, slot))
                if held is None or held[0] < oldest:
                    continue
                payments, failed = payments + held[1], failed + held[2]
                amounts = self._amounts.get((currency, window.ring, slot))
                if amounts is not None and amounts[0] == held[0]:
                    amount = min(amount + amounts[1], FIGURE_MAX)
            yield Window(payments, failed, amount)


class RiskMemory:
    """The model of one ledger after the facts it was told, which must come in the book's order."""

    def __init__(self) -> None:
        self._subjects: defaultdict[tuple[str, str], _Subject] = defaultdict(_Subject)
        self._pairs: defaultdict[tuple[str, str, str], _Span] = defaultdict(_Span)
        self._met: defaultdict[tuple[str, str], dict[str, int]] = defaultdict(dict)
        self._typical: defaultdict[tuple[str, str], Counter[int]] = defaultdict(Counter)
        self._open: dict[str, PaymentFact] = {}

    def learn(self, fact: PaymentFact) -> None:
        """Take in one fact."""
        if fact.kind == "initiated":
            self._open[fact.payment_id] = fact
            self._count(fact, at=fact.at, paid=1, failed=0)
            for kind, one, other in _meetings(fact.customer_id, fact.payee_id, fact.device_id):
                self._meet(kind, one, other, fact.at)
            return
        payment = self._open.pop(fact.payment_id, None)
        if payment is None or payment.at < fact.at - PAYMENT_MEMORY_S:
            return
        if fact.kind == "rejected":
            self._count(payment, at=fact.at, paid=0, failed=1)
            return
        self._typical[(payment.customer_id, payment.currency)][amount_step(payment.amount_minor)] += 1
        for kind, other in (("payee", payment.payee_id), ("device", payment.device_id)):
            if other:
                self._pairs[(kind, payment.customer_id, other)].see(fact.at)

    def figures(self, context: RiskContext, *, now_s: int) -> Figures:
        """Return what is known about a payment, the payment itself not included."""
        customer, payee, device = context.customer_id, context.payee_id, context.device_id or ""
        payer, paid, used = (
            self._subjects.get((kind, subject), _Subject()).figures(context.currency, now_s=now_s)
            for kind, subject in (("customer", customer), ("payee", payee), ("device", device))
        )
        pairs = [self._pairs.get(key, _Span()) for key in (("payee", customer, payee), ("device", customer, device))]
        met = [self._met_of(kind, one, other, now_s) for kind, one, other in _meetings(customer, payee, device)]
        known = [moment for span in pairs for moment in (span.first_at, span.last_at)]
        seen = [figure for two in met for figure in two]
        return Figures(payer, paid, used, *(*known, *seen, *self._median(customer, context.currency)))

    def _count(self, payment: PaymentFact, *, at: int, paid: int, failed: int) -> None:
        named = (("customer", payment.customer_id), ("payee", payment.payee_id), ("device", payment.device_id))
        for kind, subject in named:
            if subject:
                self._subjects[(kind, subject)].count(payment, at=at, paid=paid, failed=failed)

    def _meet(self, kind: str, one: str, other: str, at: int) -> None:
        if not one or not other:
            return
        met = self._met[(kind, one)]
        met[other] = at
        recent = {name: seen for name, seen in met.items() if seen > at - DISTINCT_WINDOW_S}
        newest = sorted(recent.items(), key=lambda item: (item[1], item[0]))[-DISTINCT_MAX:]
        self._met[(kind, one)] = dict(newest)

    def _met_of(self, kind: str, one: str, other: str, now_s: int) -> tuple[int, int]:
        recent = [name for name, seen in self._met.get((kind, one), {}).items() if seen > now_s - DISTINCT_WINDOW_S]
        return len(recent), int(other in recent)

    def _median(self, customer: str, currency: str) -> tuple[int, int]:
        steps = self._typical.get((customer, currency), Counter())
        payments, behind = steps.total(), 0
        for step in sorted(steps):
            behind += steps[step]
            if behind * 2 >= payments:
                return payments, step
        return 0, 0


def _meetings(customer: str, payee: str, device: str) -> tuple[tuple[str, str, str], ...]:
    return (("payees", customer, payee), ("payers", payee, customer), ("users", device, customer))
