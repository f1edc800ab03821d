"""Every way a decision about a payment, a rail or a limit can refuse, as a table; see tests/ledger/refusals.py."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Final

from contracts import commands as c
from contracts.rejections import Rejection as R
from ledger.domain.payments.life_cycle import Payment
from ledger.domain.payments.refunds import REFUNDS_MAX
from tests.ledger.payments.bank import (
    ANSWER_BY,
    PaymentBank,
    a_payment_bank,
    authorise,
    clearing_of,
    define_rail,
    eur,
    give_back,
    outcome,
    pay_in_book,
    pay_out,
    recall_answer,
    refund_outcome,
    resolve,
    review,
    suspense_of,
)
from tests.ledger.refusals import Row
from tests.support.ledger import NOON, move

BANK: Final = a_payment_bank()
NOBODY: Final = "pay_999999"
TOO_FAR: Final = (NOON + ANSWER_BY).date() + timedelta(days=367)
AMOUNT: Final = "/instructed_amount"


def closed_rail() -> PaymentBank:
    """Accounts of the rail that were closed while a payment was on its way: there is no place to book it."""
    bank = PaymentBank()
    bank.call("instructed", bank.instruct())
    bank.call("lapsed", bank.lapse(bank.instruct().payment_id))
    bank.call("unknown", bank.instruct())
    bank.do(outcome(bank.payment("unknown"), "unknown"))
    bank.as_("rita", resolve(bank.payment("unknown"), "force_settle"))
    bank.call("settled_in_book", bank.pay(pay_in_book()))
    bank.do(move("bob", "world", 1_000))
    bank.call("frozen_payee", bank.pay(pay_in_book(creditor="carol")))
    bank.do(c.FreezeAccount(account_id="carol"))
    bank.call("closed_payee", bank.pay(pay_in_book(creditor="bob")))
    bank.do(move("bob", "world", 1_000), c.CloseAccount(account_id="bob"))
    bank.call("settled", bank.settle(rail="file"))
    bank.do(
        move(clearing_of("file"), "world", 1_000),
        *(c.CloseAccount(account_id=name) for rail in ("sct_inst", "file") for name in
          (clearing_of(rail), suspense_of(rail))),
    )  # fmt: skip
    return bank


CLOSED: Final = closed_rail()


def spent() -> PaymentBank:
    """A payee who has spent what they were paid, and a payer whose account is full."""
    bank = PaymentBank()
    bank.call("spent", bank.pay(pay_in_book()))
    bank.do(move("bob", "world", 500))
    bank.do(move("world", "carol", 5_000))
    bank.call("from_full", bank.pay(pay_in_book(debtor="carol", creditor="alice")))
    bank.do(move("world", "carol", 1_000))
    return bank


SPENT: Final = spent()


def refunding() -> PaymentBank:
    """Top-ups that cannot be refunded, or whose refund has nowhere to be booked, and a recall that was answered."""
    bank = PaymentBank()
    bank.call("often", bank.top_up(creditor="alice"))
    for _ in range(REFUNDS_MAX):
        bank.do(c.RefundPayment(payment_id=bank.named["often"], amount_minor=1))
    bank.do(refund_outcome(bank.payment("often"), "accepted"))
    bank.call("answered", bank.settle())
    bank.do(c.RecallPayment(payment_id=bank.named["answered"], reason="wrong"))
    bank.do(recall_answer(bank.payment("answered"), "accepted"))
    bank.call("spent", bank.top_up())
    bank.do(move("bob", "world", 1_000))
    bank.call("frozen", bank.top_up(creditor="carol"))
    bank.do(c.FreezeAccount(account_id="carol"))
    clearing = clearing_of("card_psp")
    bank.do(move("world", clearing, bank.account(clearing).posted_minor), c.CloseAccount(account_id=clearing))
    return bank


REFUNDING: Final = refunding()


def of(name: str) -> Payment:
    """A payment of the bank."""
    return BANK.payment(name)


def row(command: c.Command, rejection: R, pointer: str | None = "/payment_id", **more: Any) -> Row:
    """A row about the payment bank."""
    return Row(command, rejection, pointer, **{"bank": BANK, **more})


def about(kind: Any, name: str, **fields: Any) -> Any:
    """A command about a payment, by the payment's name."""
    return kind(payment_id=BANK.named.get(name, name), **fields)


INITIATIONS: Final = (
    row(pay_in_book(currency="XAU"), R.CURRENCY_UNKNOWN, f"{AMOUNT}/currency"),
    row(pay_in_book("1"), R.WRONG_SCALE, f"{AMOUNT}/value"),
    row(pay_in_book("1.000"), R.WRONG_SCALE, f"{AMOUNT}/value"),
    row(pay_out("0.00"), R.AMOUNT_OUT_OF_RANGE, f"{AMOUNT}/value"),
    row(pay_in_book("92233720368547758.08"), R.AMOUNT_OUT_OF_RANGE, f"{AMOUNT}/value"),
    row(pay_in_book(on=TOO_FAR), R.EXECUTION_DATE_TOO_FAR, "/requested_execution_date"),
    row(pay_out(currency="USD", debtor="dave:usd"), R.RAIL_NOT_DEFINED, f"{AMOUNT}/currency"),
    row(pay_out("1", currency="XAU"), R.CURRENCY_UNKNOWN, f"{AMOUNT}/currency"),
)

AUTHORISATIONS: Final = (
    row(about(c.AuthorisePayment, NOBODY, instructed_amount=eur("1.00"), payee="bob"), R.PAYMENT_NOT_FOUND),
    row(authorise(of("settled")), R.PAYMENT_STATE_CONFLICT),
    row(authorise(of("overdue")), R.AUTHORISATION_EXPIRED, None),
    row(authorise(of("request_overdue")), R.AUTHORISATION_EXPIRED, None),
    row(about(c.DeclinePayment, NOBODY), R.PAYMENT_NOT_FOUND),
    row(about(c.DeclinePayment, "awaiting_authorisation"), R.PAYMENT_STATE_CONFLICT),
    row(about(c.CancelPayment, NOBODY), R.PAYMENT_NOT_FOUND),
    row(about(c.CancelPayment, "instructed"), R.PAYMENT_STATE_CONFLICT),
    row(about(c.ExpirePayment, NOBODY), R.PAYMENT_NOT_FOUND),
    row(about(c.ExpirePayment, "accepted"), R.PAYMENT_STATE_CONFLICT),
    row(about(c.ExpirePayment, "awaiting_authorisation"), R.PAYMENT_NOT_DUE, None),
    row(about(c.ExpirePayment, "awaiting_payer"), R.PAYMENT_NOT_DUE, None),
)

REVIEWS: Final = (
    row(about(c.ReviewPayment, NOBODY, decision="release", reason="x"), R.PAYMENT_NOT_FOUND),
    row(review(of("accepted"), "release"), R.PAYMENT_STATE_CONFLICT),
    row(review(of("in_review"), "release"), R.FOUR_EYES_REQUIRED, None, subject="asker"),
    row(review(of("reviewed_once"), "release"), R.FOUR_EYES_REQUIRED, None, subject="rita"),
    row(review(of("reviewed_once"), "reject"), R.REVIEWERS_DISAGREE, None),
    row(about(c.ResolvePayment, NOBODY, action="retry", reason="x"), R.PAYMENT_NOT_FOUND),
    row(resolve(of("accepted"), "retry"), R.PAYMENT_STATE_CONFLICT),
    row(resolve(of("instructed"), "retry"), R.PAYMENT_STATE_CONFLICT),
    row(resolve(of("parked"), "fail"), R.FOUR_EYES_REQUIRED, None, subject="asker"),
    row(resolve(of("proposed"), "fail"), R.FOUR_EYES_REQUIRED, None, subject="rita"),
    row(resolve(of("proposed"), "force_settle"), R.REVIEWERS_DISAGREE, None),
    row(resolve(CLOSED.payment("unknown"), "force_settle"), R.ACCOUNT_CLOSED, "/postings/1/account_id", bank=CLOSED),
)

EXECUTIONS: Final = (
    row(about(c.StartPayment, NOBODY), R.PAYMENT_NOT_FOUND),
    row(about(c.StartPayment, "accepted"), R.PAYMENT_STATE_CONFLICT),
    row(about(c.StartPayment, "scheduled"), R.PAYMENT_NOT_DUE, None),
    row(about(c.InstructPayment, NOBODY), R.PAYMENT_NOT_FOUND),
    row(about(c.InstructPayment, "instructed"), R.PAYMENT_STATE_CONFLICT),
    row(about(c.ParkPayment, NOBODY, reason="x"), R.PAYMENT_NOT_FOUND),
    row(about(c.ParkPayment, "parked", reason="x"), R.PAYMENT_STATE_CONFLICT),
    row(about(c.ParkPayment, "settled", reason="x"), R.PAYMENT_STATE_CONFLICT),
    row(about(c.RecordRailOutcome, NOBODY, instruction_id="pay_1.1", outcome="accepted"), R.PAYMENT_NOT_FOUND),
    row(outcome(of("settled"), "accepted", attempt=1), R.INSTRUCTION_UNKNOWN, "/instruction_id"),
    row(outcome(of("accepted"), "accepted", attempt=1), R.INSTRUCTION_UNKNOWN, "/instruction_id"),
    row(outcome(of("instructed"), "accepted", attempt=2), R.INSTRUCTION_UNKNOWN, "/instruction_id"),
    row(about(c.RecordRailOutcome, "instructed", instruction_id="pay_1.1", outcome="accepted"),
        R.INSTRUCTION_UNKNOWN, "/instruction_id"),
    row(outcome(of("settled_by_rail"), "accepted"), R.PAYMENT_STATE_CONFLICT, "/instruction_id"),
    row(outcome(CLOSED.payment("instructed"), "accepted"), R.ACCOUNT_CLOSED, "/postings/1/account_id", bank=CLOSED),
    row(outcome(CLOSED.payment("lapsed"), "accepted"), R.ACCOUNT_CLOSED, "/postings/1/account_id", bank=CLOSED),
)  # fmt: skip

AFTERWARDS: Final = (
    row(about(c.RefundPayment, NOBODY), R.PAYMENT_NOT_FOUND),
    row(about(c.RefundPayment, "rejected"), R.PAYMENT_STATE_CONFLICT),
    row(about(c.RefundPayment, "settled_by_rail"), R.REFUND_NOT_POSSIBLE),
    row(about(c.RefundPayment, "settled", amount_minor=1_001), R.REFUND_EXCEEDS_PAYMENT, "/amount_minor"),
    row(about(c.RefundPayment, "refunded"), R.REFUND_EXCEEDS_PAYMENT, "/payment_id"),
    row(about(c.RefundPayment, "refunded", amount_minor=1), R.REFUND_EXCEEDS_PAYMENT, "/amount_minor"),
    row(c.RefundPayment(payment_id=SPENT.named["spent"]), R.INSUFFICIENT_FUNDS, None, bank=SPENT),
    row(c.RefundPayment(payment_id=SPENT.named["from_full"]), R.BALANCE_LIMIT_EXCEEDED, None, bank=SPENT),
    row(c.RefundPayment(payment_id=CLOSED.named["closed_payee"]), R.ACCOUNT_CLOSED, "/postings/0/account_id",
        bank=CLOSED),
    row(c.RefundPayment(payment_id=CLOSED.named["frozen_payee"]), R.ACCOUNT_FROZEN, "/postings/0/account_id",
        bank=CLOSED),
    row(about(c.RefundPayment, "settled_by_card"), R.REFUND_NOT_POSSIBLE),
    row(about(c.RefundPayment, "refund_asked", amount_minor=601), R.REFUND_EXCEEDS_PAYMENT, "/amount_minor"),
    row(c.RefundPayment(payment_id=REFUNDING.named["spent"]), R.INSUFFICIENT_FUNDS, None, bank=REFUNDING),
    row(c.RefundPayment(payment_id=REFUNDING.named["frozen"]), R.ACCOUNT_FROZEN, bank=REFUNDING),
    row(c.RefundPayment(payment_id=REFUNDING.named["often"], amount_minor=1), R.REFUND_NOT_POSSIBLE, bank=REFUNDING),
    row(about(c.RecordRefundOutcome, NOBODY, instruction_id="pay_1.rfnd_1", outcome="accepted"), R.PAYMENT_NOT_FOUND),
    row(refund_outcome(of("accepted"), "accepted"), R.PAYMENT_STATE_CONFLICT),
    row(refund_outcome(of("topped_up"), "accepted"), R.INSTRUCTION_UNKNOWN, "/instruction_id"),
    row(refund_outcome(of("settled"), "accepted"), R.INSTRUCTION_UNKNOWN, "/instruction_id"),
    row(refund_outcome(REFUNDING.payment("often"), "accepted"), R.PAYMENT_STATE_CONFLICT, "/instruction_id",
        bank=REFUNDING),
    row(refund_outcome(REFUNDING.payment("often"), "accepted", which=-1), R.ACCOUNT_CLOSED, "/postings/1/account_id",
        bank=REFUNDING),
    row(about(c.ReturnPayment, NOBODY, return_id="R", amount_minor=1, reason_code="AC04"), R.PAYMENT_NOT_FOUND),
    row(give_back(of("instructed"), 1), R.PAYMENT_STATE_CONFLICT),
    row(give_back(of("settled"), 1), R.INSTRUCTION_UNKNOWN),
    row(give_back(of("returned"), 1), R.RETURN_ALREADY_BOOKED, "/return_id"),
    row(give_back(of("returned"), 601, return_id="R2"), R.RETURN_EXCEEDS_PAYMENT, "/amount_minor"),
    row(give_back(CLOSED.payment("settled"), 1), R.ACCOUNT_CLOSED, "/postings/0/account_id", bank=CLOSED),
    row(about(c.RecallPayment, NOBODY, reason="x"), R.PAYMENT_NOT_FOUND),
    row(about(c.RecallPayment, "cancelled", reason="x"), R.PAYMENT_STATE_CONFLICT),
    row(about(c.RecallPayment, "settled_by_card", reason="x"), R.RECALL_NOT_POSSIBLE),
    row(about(c.RecallPayment, "recalled", reason="x"), R.RECALL_NOT_POSSIBLE),
    row(about(c.RecordRecallAnswer, NOBODY, recall_id="rcl_1", answer="accepted"), R.PAYMENT_NOT_FOUND),
    row(recall_answer(of("instructed"), "accepted"), R.PAYMENT_STATE_CONFLICT),
    row(recall_answer(of("settled_by_rail"), "accepted"), R.INSTRUCTION_UNKNOWN, "/recall_id"),
    row(recall_answer(REFUNDING.payment("answered"), "refused"), R.PAYMENT_STATE_CONFLICT, "/recall_id",
        bank=REFUNDING),
)  # fmt: skip

TERMS: Final = (
    row(define_rail("file", clearing_account_id="nobody"), R.ACCOUNT_NOT_FOUND, "/clearing_account_id"),
    row(define_rail("file", suspense_account_id="nobody"), R.ACCOUNT_NOT_FOUND, "/suspense_account_id"),
    row(define_rail("file", suspense_account_id="gone"), R.ACCOUNT_CLOSED, "/suspense_account_id"),
    row(define_rail("file", clearing_account_id="frozen"), R.ACCOUNT_FROZEN, "/clearing_account_id"),
    row(define_rail("file", currency="USD"), R.CURRENCY_MISMATCH, "/clearing_account_id"),
    row(define_rail("file", suspense_account_id=clearing_of("file")), R.SAME_ACCOUNT, "/suspense_account_id"),
    row(define_rail("file", clearing_account_id="till"), R.OVERDRAFT_TERMS_CONTRADICT, "/clearing_account_id"),
    row(define_rail("file", suspense_account_id="carol"), R.OVERDRAFT_TERMS_CONTRADICT, "/suspense_account_id"),
)

PAYMENT_ROWS: Final = (*INITIATIONS, *AUTHORISATIONS, *REVIEWS, *EXECUTIONS, *AFTERWARDS, *TERMS)

# Commands about a payment find it, and find it in a state for them.
FOUND: Final = {R.PAYMENT_NOT_FOUND, R.PAYMENT_STATE_CONFLICT}
REFUSALS_OF_PAYMENTS: Final[dict[type[c.Command], set[R]]] = {
    c.InitiatePayment: {
        R.CURRENCY_UNKNOWN, R.WRONG_SCALE, R.AMOUNT_OUT_OF_RANGE, R.EXECUTION_DATE_TOO_FAR, R.RAIL_NOT_DEFINED,
        R.QUOTE_NOT_FOUND, R.QUOTE_ALREADY_USED, R.QUOTE_EXPIRED, R.QUOTE_MISMATCH,
    },
    c.AuthorisePayment: FOUND | {R.AUTHORISATION_EXPIRED},
    c.DeclinePayment: FOUND,
    c.CancelPayment: FOUND,
    c.ExpirePayment: FOUND | {R.PAYMENT_NOT_DUE},
    c.ReviewPayment: FOUND | {R.FOUR_EYES_REQUIRED, R.REVIEWERS_DISAGREE},
    # What was executed cannot be booked only where clearing and suspense are closed both.
    c.ResolvePayment: FOUND | {R.FOUR_EYES_REQUIRED, R.REVIEWERS_DISAGREE, R.ACCOUNT_CLOSED},
    c.StartPayment: FOUND | {R.PAYMENT_NOT_DUE},
    c.InstructPayment: FOUND,
    c.RecordRailOutcome: FOUND | {R.INSTRUCTION_UNKNOWN, R.ACCOUNT_CLOSED},
    c.ParkPayment: FOUND,
    c.RefundPayment: FOUND | {
        R.REFUND_NOT_POSSIBLE, R.REFUND_EXCEEDS_PAYMENT, R.INSUFFICIENT_FUNDS, R.BALANCE_LIMIT_EXCEEDED,
        R.ACCOUNT_CLOSED, R.ACCOUNT_FROZEN,
    },
    c.RecordRefundOutcome: FOUND | {R.INSTRUCTION_UNKNOWN, R.ACCOUNT_CLOSED},
    c.RecordRecallAnswer: FOUND | {R.INSTRUCTION_UNKNOWN},
    c.ReturnPayment: FOUND | {
        R.INSTRUCTION_UNKNOWN, R.RETURN_ALREADY_BOOKED, R.RETURN_EXCEEDS_PAYMENT, R.ACCOUNT_CLOSED,
    },
    c.RecallPayment: FOUND | {R.RECALL_NOT_POSSIBLE},
    c.DefineRail: {
        R.SAME_ACCOUNT, R.ACCOUNT_NOT_FOUND, R.ACCOUNT_CLOSED, R.ACCOUNT_FROZEN, R.CURRENCY_MISMATCH,
        R.OVERDRAFT_TERMS_CONTRADICT,
    },
    c.DefineAuthentication: set(),
    c.DefineLimits: set(),
}  # fmt: skip
