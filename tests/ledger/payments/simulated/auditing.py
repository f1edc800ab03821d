"""What must be true of a simulated world when nothing is left to do. Works from the events and from the rail's truth.

The book's own records are looked at only to compare them with the events.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any, Final

from contracts import commands as c
from contracts import events as e
from contracts.ids import REFUND_PREFIX, afterwards_id
from contracts.payment_codes import FINAL_STATES
from ledger.domain import book
from ledger.domain.payments.booking import where_it_went
from ledger.domain.payments.life_cycle import PAYMENT, Payment
from ledger.domain.state import State
from tests.ledger.payments.simulated.opened_book import BASE, CURRENCIES, LIMITS, RAILS, clearing
from tests.ledger.payments.simulated.world import World

INWARD: Final = "card_top_up"


def audit(world: World) -> Counter[str]:
    """Raise AssertionError at the first thing that is wrong; give what happened, counted."""
    seen: Counter[str] = Counter()
    cleared: Counter[tuple[str, str]] = Counter()
    for payment_id, events in world.said.items():
        payment = world.payment(payment_id)
        story = Story(payment_id, events, world)
        story.check(payment)
        seen.update(story.kinds)
        seen[payment.state] += 1
        cleared[payment.rail, payment.currency] += story.cleared_minor
    for rail in RAILS:
        for currency in CURRENCIES:
            account = world.state.account(clearing(rail, currency))
            assert account is not None
            assert account.posted_minor == cleared[rail, currency], f"{rail} {currency}: clearing does not explain"
    _money_is_conserved(world.state)
    _only_what_waits_is_held(world)
    _records_are_the_events(world)
    _limits_were_kept(world)
    return seen


class Story:
    """One payment, from its events and the rail's truth."""

    def __init__(self, payment_id: str, events: list[e.EventData], world: World) -> None:
        self.payment_id = payment_id
        self.events = events
        self.kinds = Counter(type(event).__name__ for event in events)
        facts: Any = next(event for event in events if not isinstance(event, e.PaymentInitiated))
        self.facts = facts.facts
        done = {name: minor for name, minor in world.rail.executed.items() if name.partition(".")[0] == payment_id}
        self.executions = [minor for name, minor in done.items() if REFUND_PREFIX not in name]
        self.refunds_paid = {name: minor for name, minor in done.items() if REFUND_PREFIX in name}  # fmt: skip
        self.lied_to = payment_id in world.rail.liars
        self.refunds_parked = world.parked_refunds
        self.given_back_minor = sum(
            event.amount_minor for event in events if isinstance(event, (e.PaymentRefunded, e.PaymentReturned))
        )

    @property
    def alerted(self) -> bool:
        """Whether an operator was told that the rail contradicts the book."""
        return bool(self.kinds["PaymentContradicted"])

    @property
    def cleared_minor(self) -> int:
        """What the clearing account must show: what the rail executed, less returns; as far as the book can know."""
        if self.facts.rail == "book":
            return 0
        executed_minor = sum(self.executions)
        if self.alerted or not self.kinds["PaymentSettled"]:
            executed_minor = self.facts.amount_minor * self.kinds["PaymentSettled"]  # open, see `check`
        sign = 1 if self.facts.payment_type == INWARD else -1
        return sign * (executed_minor - self.given_back_minor)

    def check(self, payment: Payment) -> None:
        """Raise AssertionError when the payment did not end as it must."""
        where = f"{self.payment_id} ({self.facts.payment_type} by {self.facts.rail}): {dict(self.kinds)}"
        settled, ended = self.kinds["PaymentSettled"], payment.state in FINAL_STATES
        parked = payment.state == "instructed" and payment.parked is not None and self.kinds["PaymentParked"] > 0
        assert ended or parked, f"neither ended nor parked: {where} is {payment.state}"
        assert settled == (payment.state == "settled"), where
        assert settled + self.kinds["PaymentRejected"] + self.kinds["PaymentCancelled"] == ended, where
        assert 0 <= self.given_back_minor <= self.facts.amount_minor * settled, f"more given back than paid: {where}"
        if self.facts.rail == "book":
            assert not self.executions, where
        elif not self.lied_to:
            assert len(self.executions) <= 1, f"executed {len(self.executions)} times: {where}"
            assert parked or len(self.executions) == settled, f"booked otherwise than executed: {where}"
            assert not self.alerted, f"a false alarm: {where}"
        else:
            assert self.alerted or parked or len(self.executions) == settled, f"a lie went unnoticed: {where}"
        self._check_refunds(payment, where)
        for event in self.events:
            if isinstance(event, e.PaymentAuthorised):
                assert event.payee == self.facts.payee_id, f"authorised for somebody else: {where}"

    def _check_refunds(self, payment: Payment, where: str) -> None:
        """Every refund asked of a rail is booked, freed, or parked; and as the rail truly did it."""
        booked = {event.refund_id: event.amount_minor for event in self.events if isinstance(event, e.PaymentRefunded)}
        asked = {refund.refund_id for refund in payment.refunds}
        assert self.facts.rail == "book" or booked.keys() <= asked, f"refunded without the rail: {where}"
        for refund in payment.refunds:
            name = afterwards_id(self.payment_id, refund.refund_id)
            was_paid = name in self.refunds_paid
            if refund.state == "asked":
                assert name in self.refunds_parked, f"a refund is forgotten: {where}"
            else:
                assert (refund.refund_id in booked) == (refund.state == "paid"), where
                assert self.lied_to or was_paid == (refund.state == "paid"), f"refunded otherwise: {where}"
                assert not was_paid or self.refunds_paid[name] == refund.amount_minor, where
                assert not self.lied_to or self.alerted or was_paid == (refund.state == "paid"), where


def _money_is_conserved(state: State) -> None:
    totals: Counter[str] = Counter()
    for account in _accounts(state):
        totals[account.terms.currency] += account.terms.normal_sign * account.posted_minor
        floor, ceiling = account.terms.floor_minor, account.terms.ceiling_minor
        assert floor is None or account.posted_minor - account.held_minor >= floor, account
        assert ceiling is None or account.posted_minor <= ceiling, account
    assert not any(totals.values()), totals


def _accounts(state: State) -> Iterable[Any]:
    return ({**BASE.state.accounts, **state.accounts}).values()


def _only_what_waits_is_held(world: World) -> None:
    held: Counter[str] = Counter()
    for payment_id in world.said:
        payment = world.payment(payment_id)
        held[payment.payer] += payment.held_minor
        for refund in payment.refunds:
            if refund.state == "asked":
                held[where_it_went(payment)] += refund.amount_minor
        assert payment.held_minor == 0 or payment.state in ("accepted", "instructed"), payment
    for account in _accounts(world.state):
        assert account.held_minor == held[account.terms.account_id], account


def _records_are_the_events(world: World) -> None:
    again = State(BASE.state)
    for position, event in enumerate(world.events, start=BASE.position + 1):
        book.evolve(again, event, position)
    assert again.accounts == world.state.accounts
    assert again.records == world.state.records
    assert {key for kind, key in again.records if kind == PAYMENT} == world.said.keys()


def _limits_were_kept(world: World) -> None:
    """Count again, from the events alone, what each limited subject had used whenever it used more."""
    for definition in LIMITS:
        uses: dict[str, list[Any]] = {}  # payment -> [when, amount, given back]
        for event in world.events:
            facts: e.PaymentFacts | None = getattr(event, "facts", None)
            if facts is None or facts.currency != "EUR" or definition.subject not in _subjects_of(facts):
                continue  # all limits are in EUR
            payment_id = event.payment_id  # type: ignore[attr-defined]  # all events with facts are about one
            match event:
                case e.PaymentAccepted() | e.PaymentSettled() if payment_id not in uses:
                    uses[payment_id] = [_at(event), facts.amount_minor, 0]
                    for limit in definition.limits:
                        _within(limit, uses.values(), _at(event))
                case e.PaymentRejected() | e.PaymentCancelled():
                    uses.pop(payment_id, None)
                case e.PaymentRefunded() | e.PaymentReturned():
                    uses[payment_id][2] += event.amount_minor


def _within(limit: c.Limit, uses: Iterable[list[Any]], now: datetime) -> None:
    since_s = int((now - timedelta(hours=limit.window_hours)).timestamp())  # windows are exact to the second
    counted = [use for use in uses if int(use[0].timestamp()) > since_s]
    used_minor = sum(use[1] - (use[2] if limit.basis == "net" else 0) for use in counted)
    assert limit.amount_max_minor is None or used_minor <= limit.amount_max_minor, (limit, counted)
    assert limit.count_max is None or len(counted) <= limit.count_max, (limit, counted)


def _subjects_of(facts: Any) -> set[str]:
    if facts.debtor_account_id is None:
        return set()
    return {f"account:{facts.debtor_account_id}", f"customer:{facts.customer_id}", f"payee:{facts.payee_id}"}


def _at(event: e.PaymentAccepted | e.PaymentSettled) -> datetime:
    return event.accepted_at if isinstance(event, e.PaymentAccepted) else event.settled_at
