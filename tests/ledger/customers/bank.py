"""A book with customers in every state, for tests of decisions about them.

bank = CustomerBank()
bank.verified()                        # the id of a customer whom two people have verified
bank.says("berta", c.ReviewCase(...))  # somebody sends a command that must be accepted
bank.answer("berta", c.ReviewCase(...))   # the events, or a Refused
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Final

from contracts import commands as c
from contracts import events as e
from contracts.customer_codes import CustomerState, RiskClass
from contracts.rejections import Refused
from contracts.screening import ListedHit, ListVersion, ScreeningSummary
from ledger.domain.customers.cases import ScreenedCustomer
from ledger.domain.customers.life_cycle import Case, Customer, case_of, known_customer
from ledger.domain.customers.onboarding import AssessedApplication
from tests.support.ledger import NOON, BookInMemory, move, open_account

SEALED: Final = "sealed.v1.1." + "A" * 120
CLEAR: Final = ScreeningSummary(
    outcome="clear", lists=(ListVersion(list="un_sc", published_on=None, sha256="0" * 64),), hits=(), hits_count=0
)
EVIDENCE: Final = {"reference": "docs/1", "sha256": "a" * 64}
YEARS: Final = timedelta(days=366)


def hit(*entry_ids: str, count: int | None = None) -> ScreeningSummary:
    """Screening that found these entries."""
    hits = tuple(ListedHit(list="un_sc", entry_id=entry_id, score_permille=950) for entry_id in entry_ids)
    return ScreeningSummary(outcome="hit", lists=CLEAR.lists, hits=hits, hits_count=count or len(hits))


def application(
    number: int = 1, *, screening: ScreeningSummary | None = CLEAR, kind: Any = "person"
) -> AssessedApplication:
    """What the door makes of an application."""
    fields: dict[str, Any] = {"birth_date": "1984-02-29"} if kind == "person" else {"registration_number": "HRB 1"}
    return AssessedApplication(
        wish=c.ApplyCustomer(kind=kind, name="Ada Beispiel", country="DE", **fields),
        subject=f"subj_{number:032x}",
        name=SEALED,
        birth_date=SEALED if kind == "person" else None,
        registration_number=None if kind == "person" else SEALED,
        screening=screening,
    )


class CustomerBank(BookInMemory):
    """A book, and the people who say something to it: `front` applies; `berta`, `carl` and `dora` decide."""

    def __init__(self, *, now: datetime = NOON) -> None:
        super().__init__(now=now)
        self.subject = "front"
        self.numbers = 0

    def answer(self, subject: str, command: Any) -> tuple[e.EventData, ...] | Refused:
        """Send a command as somebody."""
        self.subject = subject
        try:
            return self.attempt(command)
        finally:
            self.subject = "front"

    def says(self, subject: str, command: Any) -> Any:
        """Send a command as somebody; it must be accepted. Gives the last event."""
        answer = self.answer(subject, command)
        assert not isinstance(answer, Refused), answer
        return answer[-1]

    def both(self, command: Any) -> Any:
        """Two people say the same. Gives the last event."""
        self.says("berta", command)
        return self.says("carl", command)

    def customer(self, customer_id: str) -> Customer:
        """The customer as they stand."""
        customer = known_customer(self.state, customer_id)
        assert customer is not None
        return customer

    def case(self, case_id: str) -> Case:
        """The case as it stands."""
        case = case_of(self.state, case_id)
        assert isinstance(case, Case)
        return case

    def applied(self, **options: Any) -> str:
        """A customer who has applied."""
        self.numbers += 1
        customer_id: str = self.says("front", application(self.numbers, **options)).customer_id
        return customer_id

    def asked(self, **options: Any) -> str:
        """A customer who was asked for a passport."""
        customer_id = self.applied(**options)
        self.says("front", c.RequestDocuments(customer_id=customer_id, documents=("passport",)))
        return customer_id

    def in_review(self, **options: Any) -> str:
        """A customer who has brought it."""
        customer_id = self.asked(**options)
        self.says("front", c.AddEvidence(customer_id=customer_id, document="passport", **EVIDENCE))
        return customer_id

    def verified(self, **options: Any) -> str:
        """A customer whom two people have verified."""
        customer_id = self.in_review(**options)
        self.both(verify(customer_id))
        return customer_id

    def expired(self) -> str:
        """A customer who has to be verified again."""
        customer_id = self.verified()
        now, self.now = self.now, self.now + 6 * YEARS
        self.says("bursar:timers", c.ExpireVerification(customer_id=customer_id))
        self.now = now
        return customer_id

    def restricted(self) -> str:
        """A customer whose payments somebody stopped."""
        customer_id = self.verified()
        self.says("berta", c.RestrictCustomer(customer_id=customer_id, reason="police"))
        return customer_id

    def rejected(self) -> str:
        """A customer whom two people did not take."""
        customer_id = self.in_review()
        self.both(c.ReviewCustomer(customer_id=customer_id, decision="reject", reason="forged"))
        return customer_id

    def offboarded(self) -> str:
        """A customer who left."""
        customer_id = self.verified()
        self.says("berta", c.OffboardCustomer(customer_id=customer_id, reason="asked to leave"))
        return customer_id

    def erasing(self) -> str:
        """A customer whose data is about to be destroyed."""
        customer_id = self.rejected()
        self.both(erase(customer_id))
        return customer_id

    def erased(self) -> str:
        """A customer who is forgotten."""
        customer_id = self.erasing()
        self.says("bursar", proof(self.customer(customer_id).erasing, customer_id, at=self.now))
        return customer_id

    def in_state(self, state: CustomerState) -> str:
        """A customer in a state."""
        makers = {"documents_requested": self.asked}
        customer_id: str = makers.get(state, getattr(self, state, None))()  # type: ignore[misc]
        assert self.customer(customer_id).state == state
        return customer_id

    def with_case(self, customer_id: str, entry_id: str = "QDi.1") -> str:
        """Screen a customer again and find something; gives the case."""
        event = self.says("timers", rescreened(customer_id, hit(entry_id)))
        assert isinstance(event, e.CaseOpened)
        return event.case_id

    def funded(self, customer_id: str | None, account_id: str) -> str:
        """Open an account of a customer and put 100.00 on it."""
        if self.state.account("world") is None:
            self.do(open_account("world", account_type="equity", overdraft="unlimited"))
        self.do(open_account(account_id, customer_id=customer_id), move("world", account_id, 10_000))
        return account_id


def verify(customer_id: str) -> c.ReviewCustomer:
    """Verify a customer."""
    return c.ReviewCustomer(customer_id=customer_id, decision="verify", reason="documents fit")


def erase(customer_id: str) -> c.EraseCustomer:
    """Forget a customer."""
    return c.EraseCustomer(customer_id=customer_id, reason="request 17")


def clear(case_id: str) -> c.ReviewCase:
    """Clear a case."""
    return c.ReviewCase(case_id=case_id, decision="clear", reason="another birth date")


def confirm(case_id: str) -> c.ReviewCase:
    """Confirm a case."""
    return c.ReviewCase(case_id=case_id, decision="confirm", reason="the listed person")


def classify(customer_id: str, risk_class: RiskClass) -> c.SetRiskClass:
    """Change a risk class."""
    return c.SetRiskClass(customer_id=customer_id, risk_class=risk_class, reason="holds a public office")


def rescreened(customer_id: str, screening: ScreeningSummary | None = CLEAR) -> ScreenedCustomer:
    """What the door makes of a re-screening."""
    return ScreenedCustomer(command=c.RescreenCustomer(customer_id=customer_id), screening=screening)


def proof(subjects: tuple[str, ...], customer_id: str, *, at: datetime) -> c.RecordErasure:
    """The vault's proof."""
    destroyed = tuple(c.KeysDestroyed(subject=subject, key_nos=(1,), destroyed_at=at) for subject in subjects)
    return c.RecordErasure(customer_id=customer_id, destroyed=destroyed)
