"""Random people say random things about a few customers; after every step the events are judged by plain rules.

``CustomerMachine`` is run as it is, and with planted faults, under which it must fail. What it knows it has from the
commands that were sent and the events that came: it never looks into the records it judges, but for one thing: that
nothing sealed is left in the record of somebody forgotten.
"""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime, timedelta
from typing import Any, Final

from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, rule

from contracts import commands as c
from contracts import events as e
from contracts.rejections import Refused
from tests.ledger.customers.bank import (
    EVIDENCE,
    CustomerBank,
    application,
    classify,
    clear,
    confirm,
    erase,
    hit,
    proof,
    rescreened,
    verify,
)
from tests.support.ledger import open_account, pay

PEOPLE: Final = ("front", "berta", "carl")
ENTRIES: Final = ("QDi.1", "QDi.2")
KEPT: Final = timedelta(days=5 * 365)

people = st.sampled_from(PEOPLE)


class CustomerMachine(RuleBasedStateMachine):
    """A bank, and what an attentive auditor would write down."""

    customers: Bundle[str] = Bundle("customers")

    def __init__(self) -> None:
        super().__init__()
        self.bank = CustomerBank()
        self.bank.funded(None, "shop")
        self.numbers = 0
        self.said: set[tuple[str, str, str]] = set()  # about whom, who, what; what is void is taken out
        self.applied_by: dict[str, str] = {}
        self.status: dict[str, str] = {}
        self.against: dict[str, dict[str, str]] = defaultdict(dict)  # customer -> case -> state
        self.seen: dict[str, set[str]] = defaultdict(set)
        self.accounts: dict[str, set[str]] = defaultdict(set)
        self.related: set[str] = set()
        self.left_at: dict[str, datetime] = {}
        self.gone: set[str] = set()

    def send(self, subject: str, command: Any, *, about: str, what: str | None = None) -> tuple[e.EventData, ...]:
        """Send a command, and judge what came of it."""
        before = (dict(self.bank.state.records), dict(self.bank.state.accounts))
        answer = self.bank.answer(subject, command)
        if isinstance(answer, Refused):
            after = (dict(self.bank.state.records), dict(self.bank.state.accounts))
            assert after == before, "a refusal changed something"
            return ()
        for event in answer:
            self.judge(event, subject=subject, about=about, what=what)
        if what is not None:
            topic = what.partition(":")[0]
            self.said = {one for one in self.said if one[0] != about or not one[2].startswith(topic)}
            self.said.add((about, subject, what))
        return answer

    def judge(self, event: Any, *, subject: str, about: str, what: str | None) -> None:
        """Ask of an event what an auditor would ask."""
        customer_id = getattr(event, "customer_id", None)
        decided_by = getattr(event, "decided_by", None)
        if decided_by is not None:
            assert decided_by == subject
            assert event.proposed_by != subject, "the same person decided twice"
            assert self.applied_by[event.customer_id] not in (subject, event.proposed_by), "whoever applied decided"
            assert (about, event.proposed_by, what) in self.said, "nobody had proposed that"
        match event:
            case e.CustomerVerified():
                bad = {state for state in self.against[event.customer_id].values() if state != "cleared"}
                assert not bad, f"verified beside a case that is {bad}"
                assert event.customer_id in self.seen, "verified without evidence"
                self.related.add(event.customer_id)
            case e.CaseOpened():
                assert event.customer_id not in self.gone, "sealed again for somebody forgotten"
                self.against[event.customer_id][event.case_id] = "open"
                self.forget_proposal(event.customer_id)
            case e.CaseCleared() | e.CaseConfirmed():
                self.against[event.customer_id][event.case_id] = event.status
            case e.CustomerScreened() | e.EvidenceAdded() | e.DocumentsRequested():
                assert event.customer_id not in self.gone, "something new about somebody forgotten"
                if not isinstance(event, e.CustomerScreened):
                    self.forget_proposal(event.customer_id)
                if isinstance(event, e.EvidenceAdded):
                    self.seen[event.customer_id].add(event.document)
            case e.ErasureDecided():
                self.judge_erasure(event)
            case e.CustomerOffboarded():
                assert not self.accounts[event.customer_id], "left with open accounts"
                self.left_at[event.customer_id] = self.bank.now
            case _:
                pass
        if customer_id is not None and hasattr(event, "status") and not type(event).__name__.startswith("Case"):
            self.status[customer_id] = event.status

    def judge_erasure(self, event: e.ErasureDecided) -> None:
        """Nothing keeps the data any more, and nothing sealed is left in the record."""
        named = event.customer_id
        states = set(self.against[named].values())
        assert "open" not in states, "forgotten beside an open case"
        assert not self.accounts[named], "forgotten with open accounts"
        if named in self.related or "confirmed" in states:
            assert named in self.left_at, "forgotten though they never left"
            assert self.bank.now - self.left_at[named] >= KEPT, "forgotten before the law allows it"
        self.gone.add(named)
        assert not any(str(value).startswith("sealed.") for value in
                       (self.bank.customer(named).name, self.bank.customer(named).birth_date))  # fmt: skip

    def forget_proposal(self, customer_id: str) -> None:
        """What was proposed before something new came up does not count."""
        self.said = {known for known in self.said if known[0] != customer_id or not known[2].startswith("verification")}

    @rule(target=customers, entry=st.sampled_from((None, None, *ENTRIES)), subject=people)
    def apply(self, entry: str | None, subject: str) -> str:
        return self.apply_as(subject, entry)

    def apply_as(self, subject: str, entry: str | None) -> str:
        self.numbers += 1
        wish = application(self.numbers, **({} if entry is None else {"screening": hit(entry)}))
        named = f"cust_{self.bank.position + 1}"
        self.applied_by[named] = subject
        self.send(subject, wish, about=named)
        return named

    @rule(target=customers, subject=people, entry=st.sampled_from((None, None, None, *ENTRIES)))
    def take(self, subject: str, entry: str | None) -> str:
        """Somebody whom all goes well with, but for a name on a list perhaps."""
        return self.take_as(subject, entry)

    def take_as(self, subject: str, entry: str | None) -> str:
        named = self.apply_as(subject, entry)
        self.bring_document(named, subject)
        for reviewer in (person for person in PEOPLE if person != subject):
            self.verify(named, reviewer)
        self.open_account(named)
        return named

    @rule(subject=people, entry=st.sampled_from(ENTRIES), decision=st.sampled_from((clear, confirm)))
    def find_somebody_who_pays(self, subject: str, entry: str, decision: Any) -> None:
        """Somebody taken turns up on a list, is judged, and tries to pay before and after."""
        named = self.take_as(subject, None)
        self.screen(named, entry)
        self.pay_or_close(named, closing=False)
        self.find_and_judge(named, entry, decision)
        self.pay_or_close(named, closing=False)

    @rule(customer_id=customers, entry=st.sampled_from(ENTRIES), decision=st.sampled_from((clear, confirm)))
    def find_and_judge(self, customer_id: str, entry: str, decision: Any) -> None:
        self.screen(customer_id, entry)
        for person in PEOPLE:
            self.judge_case(customer_id, person, decision)

    @rule(customer_id=customers, entry=st.sampled_from((None, *ENTRIES)))
    def interrupt_a_verification(self, customer_id: str, entry: str | None) -> None:
        """Something comes up between the proposal and the second opinion, and is settled."""
        self.bring_document(customer_id, "front")
        self.verify(customer_id, "berta")
        if entry is None:
            self.bring_document(customer_id, "front")
        else:
            self.find_and_judge(customer_id, entry, clear)
        self.verify(customer_id, "carl")

    @rule(customer_id=customers, years=st.integers(0, 6))
    def leave_and_be_forgotten(self, customer_id: str, years: int) -> None:
        for name in sorted(self.accounts[customer_id]):
            if self.send("front", c.CloseAccount(account_id=name), about=customer_id):
                self.accounts[customer_id].discard(name)
        self.change(customer_id, c.OffboardCustomer)
        self.bank.now += timedelta(days=366 * years)
        for person in PEOPLE:
            self.erase(customer_id, person)

    @rule(customer_id=customers, subject=people)
    def bring_document(self, customer_id: str, subject: str) -> None:
        self.send(subject, c.AddEvidence(customer_id=customer_id, document="passport", **EVIDENCE), about=customer_id)

    @rule(customer_id=customers, subject=people)
    def ask_for_document(self, customer_id: str, subject: str) -> None:
        wish = c.RequestDocuments(customer_id=customer_id, documents=("passport",))
        self.send(subject, wish, about=customer_id)

    @rule(customer_id=customers, subject=people)
    def verify(self, customer_id: str, subject: str) -> None:
        self.send(subject, verify(customer_id), about=customer_id, what="verification:verify")

    @rule(customer_id=customers, subject=people)
    def reject(self, customer_id: str, subject: str) -> None:
        wish = c.ReviewCustomer(customer_id=customer_id, decision="reject", reason="forged")
        self.send(subject, wish, about=customer_id, what="verification:reject")

    @rule(customer_id=customers, subject=people, risk_class=st.sampled_from(("low", "high")))
    def classify(self, customer_id: str, subject: str, risk_class: Any) -> None:
        self.send(subject, classify(customer_id, risk_class), about=customer_id, what=f"class:{risk_class}")

    @rule(customer_id=customers, entry=st.sampled_from(ENTRIES))
    def screen(self, customer_id: str, entry: str) -> None:
        self.send("timers", rescreened(customer_id, hit(entry)), about=customer_id)

    @rule(customer_id=customers, subject=people, decision=st.sampled_from((clear, clear, confirm)))
    def judge_case(self, customer_id: str, subject: str, decision: Any) -> None:
        for case_id in [name for name, state in self.against[customer_id].items() if state == "open"]:
            command = decision(case_id)
            self.send(subject, command, about=case_id, what=f"case:{command.decision}")

    @rule(customer_id=customers, kind=st.sampled_from((c.RestrictCustomer, c.ReopenReview, c.OffboardCustomer)))
    def change(self, customer_id: str, kind: Any) -> None:
        answer = self.send("berta", kind(customer_id=customer_id, reason="because"), about=customer_id)
        if answer:
            self.forget_proposal(customer_id)

    @rule(customer_id=customers)
    def open_account(self, customer_id: str) -> None:
        name = f"wallet-{self.bank.position}"
        if self.send("front", open_account(name, customer_id=customer_id), about=customer_id):
            self.accounts[customer_id].add(name)
            self.related.add(customer_id)

    @rule(customer_id=customers, closing=st.booleans())
    def pay_or_close(self, customer_id: str, closing: bool) -> None:
        for name in sorted(self.accounts[customer_id])[:1]:
            if closing and self.send("front", c.CloseAccount(account_id=name), about=customer_id):
                self.accounts[customer_id].discard(name)
            elif not closing:
                self.pay(customer_id, name)

    def pay(self, customer_id: str, name: str) -> None:
        self.bank.says("front", pay("shop", name, "0.01"))
        last = self.bank.says("front", pay(name, "shop", "0.01"))
        bad = {state for state in self.against[customer_id].values() if state != "cleared"}
        may_pay = self.status[customer_id] == "verified" and not bad
        assert (last.status == "ACSC") == may_pay, f"paid: {last.status}, {self.status[customer_id]}, {bad}"
        if last.status != "ACSC":
            self.bank.says("front", c.PostTransfer(postings=(
                c.Posting(account_id=name, side="debit", amount_minor=1, currency="EUR"),
                c.Posting(account_id="shop", side="credit", amount_minor=1, currency="EUR"))))  # fmt: skip

    @rule(customer_id=customers, subject=people)
    def erase(self, customer_id: str, subject: str) -> None:
        self.send(subject, erase(customer_id), about=customer_id, what="erasure:erase")

    @rule(customer_id=customers)
    def carry_out(self, customer_id: str) -> None:
        erasing = self.bank.customer(customer_id).erasing
        self.send("bursar", proof(erasing, customer_id, at=self.bank.now), about=customer_id)

    @rule(years=st.integers(1, 3))
    def let_time_pass(self, years: int) -> None:
        self.bank.now += timedelta(days=366 * years)
        for customer_id in [named for named, status in self.status.items() if status == "verified"]:
            self.send("timers", c.ExpireVerification(customer_id=customer_id), about=customer_id)
