"""Standing orders for tests: a bank in memory whose clock can be moved, and what the door would make of a wish."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import msgspec

from contracts import commands as c
from contracts import events as e
from contracts.assessment import Assessment
from contracts.events.payments import SealedParty
from contracts.rejections import Refused
from ledger.domain.book import decide, evolve
from ledger.domain.records import Record
from ledger.domain.standing_orders.creation import AssessedOrder, ProvenSeries
from ledger.domain.standing_orders.life_cycle import STANDING_ORDER, StandingOrder
from ledger.domain.state import Moment, State
from tests.support.ledger import open_account

FIRST_DAY = date(2026, 3, 2)
LANDLORD = SealedParty(payee_id="payee_1a", name="sealed.v1.1.name", iban="sealed.v1.1.iban", country="DE")


def order(**changes: Any) -> AssessedOrder:
    """A standing order between two accounts, 10.00 EUR on the first of each month, as the door hands it in."""
    assessment = changes.pop("assessment", Assessment())
    creditor = changes.pop("sealed", None)
    recurrence = {"every": "month", "first_on": FIRST_DAY, "day": 1, **changes.pop("recurrence", {})}
    fields: dict[str, Any] = {
        "debtor_account_id": "alice",
        "creditor_account_id": "bob",
        "instructed_amount": c.InstructedAmount(currency="EUR", value="10.00"),
        "end_to_end_id": "RENT",
        **changes,
    }
    command = c.CreateStandingOrder(**fields, recurrence=c.WantedRecurrence(**recurrence))
    return AssessedOrder(command=command, creditor=creditor, assessment=assessment)


def order_abroad(**changes: Any) -> AssessedOrder:
    """A standing order to an IBAN, by file."""
    party = c.Party(name="Landlord", iban="DE89370400440532013000")
    given = {"payment_type": "credit_transfer", "rail": "file", "creditor_account_id": None, "creditor": party}
    return order(**{**given, "sealed": LANDLORD, **changes})


class Diary:
    """A book in memory that remembers its events, with accounts, a rail, and a day that can be moved on."""

    def __init__(self, *, today: date = FIRST_DAY, funds_minor: int = 1_000_000) -> None:
        self.state = State()
        self.now = datetime.combine(today, time(9), UTC)
        self.subject = "anna"
        self.position = 0
        self.events: list[e.EventData] = []
        for name in ("world", "clearing", "suspense"):
            self.do(open_account(name, overdraft="unlimited"))
        self.do(open_account("alice"), open_account("bob"))
        self.do(
            c.PostTransfer(
                postings=(
                    c.Posting(account_id="world", side="debit", amount_minor=funds_minor, currency="EUR"),
                    c.Posting(account_id="alice", side="credit", amount_minor=funds_minor, currency="EUR"),
                )
            )
        )
        self.do(
            c.DefineRail(rail="file", currency="EUR", clearing_account_id="clearing", suspense_account_id="suspense")
        )

    @property
    def today(self) -> date:
        """The day it is, UTC."""
        return self.now.date()

    def move_to(self, day: date) -> None:
        """Let it be the morning of a day."""
        self.now = datetime.combine(day, time(9), UTC)

    def attempt(self, command: Any) -> tuple[e.EventData, ...] | Refused:
        """Decide; if accepted, book. What the book keeps is written and read again, as the store does."""
        decided = decide(command, self.state, Moment(self.position + 1, self.now, self.today, self.subject))
        if isinstance(decided, Refused):
            return decided
        for event in decided:
            self.position += 1
            evolve(self.state, event, self.position)
            self.events.append(event)
        for key, record in list(self.state.records.items()):
            if isinstance(record, StandingOrder):
                self.state.records[key] = msgspec.json.decode(msgspec.json.encode(record), type=StandingOrder)
        return decided

    def do(self, *commands: Any) -> Any:
        """Book what must be accepted; give the last event."""
        for command in commands:
            decided = self.attempt(command)
            assert not isinstance(decided, Refused), decided
        return self.events[-1]

    def created(self, command: AssessedOrder) -> e.StandingOrderCreated:
        """Book a standing order."""
        event = self.do(command)
        assert isinstance(event, e.StandingOrderCreated)
        return event

    def order(self, identifier: str) -> StandingOrder:
        """The order as the book remembers it."""
        found: Record | None = self.state.record(STANDING_ORDER, identifier)
        assert isinstance(found, StandingOrder)
        return found

    def issue_due(self, identifier: str) -> list[date]:
        """Do what the timer does as long as there is something due: say that the next occurrence's day has come."""
        issued: list[date] = []
        while (due_at := self.order(identifier).due_at) is not None and due_at <= self.now:
            self.do(c.IssueStandingOrder(standing_order_id=identifier, occurrence_on=due_at.date()))
            issued.append(due_at.date())
        return issued

    def authorise(self, identifier: str, *, value: str = "10.00", currency: str = "EUR", payee: str = "bob") -> Any:
        """Attempt an authorisation of a series."""
        amount = c.InstructedAmount(currency=currency, value=value)
        command = c.AuthoriseStandingOrder(standing_order_id=identifier, instructed_amount=amount, payee=payee)
        return self.attempt(ProvenSeries(command=command, payee_id=payee))

    def review(self, payment_id: str, *, reviewer: str) -> Any:
        """Release a payment as somebody else."""
        self.subject, before = reviewer, self.subject
        event = self.do(c.ReviewPayment(payment_id=payment_id, decision="release", reason="looked at"))
        self.subject = before
        return event

    def days_later(self, days: int) -> None:
        """Let days pass."""
        self.move_to(self.today + timedelta(days=days))
