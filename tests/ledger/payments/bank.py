"""A bank with a payment in every state in which one can be found between two commits.

    bank = a_payment_bank()                       # it is NOON
    bank.named["instructed"]                      # the id of a payment
    bank.payment("instructed").held_minor         # by that name, or by its id
    bank.do(c.InstructPayment(payment_id=...))

Accounts, all in EUR: alice (customer cust_1, 10,000.00), bob, carol (a ceiling of 50.00), frozen, gone; the rails'
clearing and suspense accounts. Payments from "asker" are initiated by them; everything else is done by "clerk".
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any, Final

from contracts import commands as c
from contracts import events as e
from contracts.assessment import Assessment
from contracts.ids import afterwards_id
from contracts.payment_codes import PaymentType, RailName
from ledger.domain.payments.life_cycle import PAYMENT, Payment
from tests.support.customers import verify_customers
from tests.support.ledger import MORNING, NOON, TODAY, BookInMemory, move, open_account
from tests.support.payments import assessed, hit, risk

IBAN: Final = "DE89370400440532013000"
OTHER_IBAN: Final = "FR1420041010050500013M02606"
CARD: Final = "tok_visa_1"
RAILS: Final[tuple[RailName, ...]] = ("sct_inst", "card_psp", "file")
ANSWER_BY: Final = timedelta(hours=73)  # later than any authorisation or answer may be given
TOMORROW: Final = TODAY + timedelta(days=1)


class PaymentBank(BookInMemory):
    """A book with rails. `named`: payments by what they were made for."""

    def __init__(self) -> None:
        super().__init__(now=MORNING)
        self.named: dict[str, str] = {}
        verify_customers(self.state, "cust_1")
        self.do(
            open_account("world", account_type="equity", overdraft="unlimited"),
            open_account("alice", customer_id="cust_1"),
            open_account("bob"),
            open_account("carol", max_balance_minor=5_000),
            open_account("frozen"),
            open_account("gone"),
            open_account("till", account_type="asset"),
            open_account("dave:usd", currency="USD"),
            move("world", "alice", 1_000_000),
            move("world", "frozen", 10_000),
            c.FreezeAccount(account_id="frozen"),
            c.CloseAccount(account_id="gone"),
        )
        for rail in RAILS:
            self.do(
                open_account(clearing_of(rail), account_type="asset", overdraft="unlimited"),
                open_account(suspense_of(rail), overdraft="unlimited"),
                define_rail(rail),
            )

    def pay(self, command: c.InitiatePayment, *, by: str = "asker", **found: Any) -> Payment:
        """Initiate a payment that must not be refused, with what the door found out about it."""
        clerk, self.subject = self.subject, by
        self.do(assessed(command, **found))
        self.subject = clerk
        first = next(data for data in reversed(self.events) if isinstance(data, e.PaymentInitiated))
        return self.payment(first.payment_id)

    def payment(self, name: str) -> Payment:
        """A payment as it stands, by its name or id."""
        record = self.state.record(PAYMENT, self.named.get(name, name))
        assert isinstance(record, Payment)
        return record

    def call(self, name: str, payment: Payment) -> Payment:
        """Give a payment a name."""
        self.named[name] = payment.payment_id
        return payment

    def accept(self, amount: str = "10.00", **wish: Any) -> Payment:
        """A payment to somebody outside for which the funds are held."""
        payment = self.pay(pay_out(amount, **wish))
        assert payment.state == "accepted"
        return payment

    def instruct(self, amount: str = "10.00", **wish: Any) -> Payment:
        """One that its rail has been given."""
        return self.instruct_again(self.accept(amount, **wish).payment_id)

    def instruct_again(self, payment_id: str) -> Payment:
        """Instruct an accepted payment."""
        self.do(c.InstructPayment(payment_id=payment_id))
        return self.payment(payment_id)

    def lapse(self, payment_id: str) -> Payment:
        """Let the rail say that it has not executed the last attempt and never will."""
        self.do(outcome(self.payment(payment_id), "not_found"))
        return self.payment(payment_id)

    def settle(self, amount: str = "10.00", **wish: Any) -> Payment:
        """One that its rail has executed."""
        payment = self.instruct(amount, **wish)
        self.do(outcome(payment, "accepted"))
        return self.payment(payment.payment_id)

    def top_up(self, *, creditor: str = "bob") -> Payment:
        """One that a card paid in."""
        payment = self.instruct_again(self.pay(top_up(creditor=creditor)).payment_id)
        self.do(outcome(payment, "accepted"))
        return self.payment(payment.payment_id)

    def as_(self, subject: str, command: c.Command) -> Any:
        """Book a command of somebody else, which must be accepted; give its last event."""
        clerk, self.subject = self.subject, subject
        event = self.do(command)
        self.subject = clerk
        return event


def clearing_of(rail: RailName) -> str:
    """The clearing account of a rail."""
    return f"clearing:{rail}:eur"


def suspense_of(rail: RailName) -> str:
    """The suspense account of a rail."""
    return f"suspense:{rail}:eur"


def define_rail(rail: Any, **other: Any) -> c.DefineRail:
    """Define a rail's accounts in EUR."""
    accounts = {"clearing_account_id": clearing_of(rail), "suspense_account_id": suspense_of(rail), "currency": "EUR"}
    return c.DefineRail(rail=rail, **{**accounts, **other})


def eur(value: str, currency: str = "EUR") -> c.InstructedAmount:
    """An amount."""
    return c.InstructedAmount(currency=currency, value=value)


def pay_in_book(
    value: str = "10.00", *, debtor: str = "alice", creditor: str = "bob", kind: PaymentType = "book_transfer",
    on: date | None = None, currency: str = "EUR",
) -> c.InitiatePayment:  # fmt: skip
    """Pay from account to account, or ask to be paid."""
    return c.InitiatePayment(
        payment_type=kind,
        debtor_account_id=debtor,
        creditor_account_id=creditor,
        instructed_amount=eur(value, currency),
        end_to_end_id="E2E",
        requested_execution_date=on,
    )


def pay_out(
    value: str = "10.00", *, debtor: str = "alice", iban: str = IBAN, rail: RailName = "sct_inst",
    on: date | None = None, currency: str = "EUR",
) -> c.InitiatePayment:  # fmt: skip
    """Pay somebody at another bank, or on a card."""
    card = rail == "card_psp"
    return c.InitiatePayment(
        payment_type="payout" if card else "credit_transfer",
        rail=rail,
        debtor_account_id=debtor,
        creditor=c.Party(name="Somebody", iban=None if card else iban, card_token=CARD if card else None),
        instructed_amount=eur(value, currency),
        end_to_end_id="E2E",
        requested_execution_date=on,
    )


def top_up(value: str = "10.00", *, creditor: str = "bob") -> c.InitiatePayment:
    """Pay in from a card."""
    return c.InitiatePayment(
        payment_type="card_top_up",
        debtor=c.Party(name="Somebody", card_token=CARD),
        creditor_account_id=creditor,
        instructed_amount=eur(value),
        end_to_end_id="E2E",
    )


def outcome(payment: Payment, said: Any, *, attempt: int | None = None, **more: Any) -> c.RecordRailOutcome:
    """What a rail says about the last attempt, or another one."""
    name = f"{payment.payment_id}.{payment.attempt if attempt is None else attempt}"
    return c.RecordRailOutcome(payment_id=payment.payment_id, instruction_id=name, outcome=said, **more)


def authorise(
    payment: Payment, *, value: str = "10.00", currency: str = "EUR", payee: str | None = None
) -> c.AuthorisePayment:
    """Authorise a payment, as it was initiated unless said otherwise."""
    default = IBAN if payment.creditor_account_id is None else payment.creditor_account_id
    return c.AuthorisePayment(
        payment_id=payment.payment_id, instructed_amount=eur(value, currency), payee=payee or default
    )


def resolve(payment: Payment, action: Any) -> c.ResolvePayment:
    """Resolve a stuck payment."""
    return c.ResolvePayment(payment_id=payment.payment_id, action=action, reason="as the rail said on the phone")


def review(payment: Payment, decision: Any) -> c.ReviewPayment:
    """Decide on a held payment."""
    return c.ReviewPayment(payment_id=payment.payment_id, decision=decision, reason="looked at")


def give_back(payment: Payment, amount_minor: int, *, return_id: str = "R1") -> c.ReturnPayment:
    """A rail returns a part of a payment."""
    return c.ReturnPayment(
        payment_id=payment.payment_id, return_id=return_id, amount_minor=amount_minor, reason_code="AC04"
    )


def refund_outcome(payment: Payment, said: Any, *, which: int = 0, **more: Any) -> c.RecordRefundOutcome:
    """What the processor says about one of a payment's refunds."""
    refund_id = payment.refunds[which].refund_id if payment.refunds else "rfnd_1"
    name = afterwards_id(payment.payment_id, refund_id)
    return c.RecordRefundOutcome(payment_id=payment.payment_id, instruction_id=name, outcome=said, **more)


def recall_answer(payment: Payment, said: Any, **more: Any) -> c.RecordRecallAnswer:
    """What the creditor's bank says to a payment's recall."""
    recall_id = payment.recall_id or "rcl_1"
    return c.RecordRecallAnswer(payment_id=payment.payment_id, recall_id=recall_id, answer=said, **more)


def a_payment_bank() -> PaymentBank:
    """A payment in every state, and some in special conditions; it is NOON."""
    bank = PaymentBank()
    bank.call("overdue", bank.pay(pay_in_book(), assessment=Assessment(risk=risk("challenge"))))
    bank.call("request_overdue", bank.pay(pay_in_book(kind="payment_request")))
    bank.now = NOON + ANSWER_BY
    bank.call("scheduled", bank.pay(pay_in_book(on=TOMORROW + timedelta(days=30))))
    bank.call("in_review", bank.pay(pay_out(), assessment=Assessment(screening=hit())))
    bank.call("reviewed_once", bank.pay(pay_out(), assessment=Assessment(screening=hit())))
    bank.as_("rita", review(bank.payment("reviewed_once"), "release"))
    bank.call("awaiting_authorisation", bank.pay(pay_out(), assessment=Assessment(risk=risk("challenge"))))
    bank.call("awaiting_payer", bank.pay(pay_in_book(kind="payment_request")))
    bank.call("accepted", bank.accept())
    bank.call("instructed", bank.instruct())
    bank.call("unknown", bank.instruct())
    bank.do(outcome(bank.payment("unknown"), "unknown"))
    bank.call("parked", bank.instruct())
    bank.do(c.ParkPayment(payment_id=bank.named["parked"], reason="no answer"))
    bank.call("proposed", bank.instruct())
    bank.do(outcome(bank.payment("proposed"), "unknown"))
    bank.as_("rita", resolve(bank.payment("proposed"), "fail"))
    _end_some(bank)
    return bank


def _end_some(bank: PaymentBank) -> None:
    bank.call("settled", bank.pay(pay_in_book()))
    bank.call("settled_by_rail", bank.settle())
    bank.call("settled_by_card", bank.settle(rail="card_psp"))
    bank.call("recalled", bank.settle())
    bank.do(c.RecallPayment(payment_id=bank.named["recalled"], reason="wrong"))
    bank.call("topped_up", bank.top_up())
    bank.call("refund_asked", bank.top_up())
    bank.do(c.RefundPayment(payment_id=bank.named["refund_asked"], amount_minor=400))
    bank.call("returned", bank.settle())
    bank.do(give_back(bank.payment("returned"), 400))
    bank.call("refunded", bank.pay(pay_in_book()))
    bank.do(c.RefundPayment(payment_id=bank.named["refunded"]))
    bank.call("rejected", bank.pay(pay_in_book("99999.00")))
    bank.call("cancelled", bank.accept())
    bank.do(c.CancelPayment(payment_id=bank.named["cancelled"]))
