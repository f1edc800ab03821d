"""Every way a decision about a customer or a case can refuse, as a table; see tests/ledger/refusals.py."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Final, NamedTuple

from contracts import commands as c
from contracts.rejections import Rejection as R
from tests.ledger.customers.bank import (
    EVIDENCE,
    CustomerBank,
    classify,
    clear,
    confirm,
    erase,
    hit,
    proof,
    rescreened,
    verify,
)
from tests.support.ledger import NOON, open_account

NOBODY: Final = "cust_999999"
POINTER: Final = "/customer_id"
BANK: Final = CustomerBank()
VERIFIED: Final = BANK.verified()
WITH_ACCOUNT: Final = BANK.verified()
BANK.do(open_account("wallet", customer_id=WITH_ACCOUNT))
IN_REVIEW: Final = BANK.in_review()
PROPOSED: Final = BANK.in_review()
BANK.says("berta", verify(PROPOSED))
CLASS_PROPOSED: Final = BANK.verified()
BANK.says("berta", classify(CLASS_PROPOSED, "high"))
UNSCREENED: Final = BANK.in_review(screening=None)
LISTED: Final = BANK.in_review(screening=hit("QDi.1"))
OPEN_CASE: Final = BANK.customer(LISTED).open_cases[0]
PROPOSED_CASE: Final = BANK.with_case(BANK.verified(), "QDi.2")
BANK.says("berta", clear(PROPOSED_CASE))
CONFIRMED: Final = BANK.verified()
CONFIRMED_CASE: Final = BANK.with_case(CONFIRMED, "QDi.3")
BANK.both(confirm(CONFIRMED_CASE))
CLEARED_CASE: Final = BANK.with_case(VERIFIED, "QDi.4")
BANK.both(clear(CLEARED_CASE))
REJECTED: Final = BANK.rejected()
ERASURE_PROPOSED: Final = BANK.rejected()
BANK.says("berta", erase(ERASURE_PROPOSED))
OFFBOARDED: Final = BANK.offboarded()
ERASING: Final = BANK.erasing()
ERASED: Final = BANK.erased()
BANK.now = NOON + timedelta(days=1)


class Row(NamedTuple):
    """One case: who says what, the refusal, the JSON pointer it names."""

    command: Any
    rejection: R
    pointer: str | None = POINTER
    subject: str = "dora"


def reject(customer_id: str) -> c.ReviewCustomer:
    """Reject a customer."""
    return c.ReviewCustomer(customer_id=customer_id, decision="reject", reason="forged")


def wanted(customer_id: str) -> c.RequestDocuments:
    """Ask for a passport."""
    return c.RequestDocuments(customer_id=customer_id, documents=("passport",))


def evidence(customer_id: str) -> c.AddEvidence:
    """Bring a passport."""
    return c.AddEvidence(customer_id=customer_id, document="passport", **EVIDENCE)


def because(kind: Any, customer_id: str) -> Any:
    """A command with a reason and nothing else."""
    return kind(customer_id=customer_id, reason="because")


CUSTOMER_ROWS: Final = (
    Row(wanted(NOBODY), R.CUSTOMER_NOT_FOUND),
    Row(wanted(VERIFIED), R.CUSTOMER_STATE_CONFLICT),
    Row(evidence(NOBODY), R.CUSTOMER_NOT_FOUND),
    Row(evidence(ERASED), R.CUSTOMER_STATE_CONFLICT),
    Row(verify(NOBODY), R.CUSTOMER_NOT_FOUND),
    Row(verify(VERIFIED), R.CUSTOMER_STATE_CONFLICT),
    Row(reject(OFFBOARDED), R.CUSTOMER_STATE_CONFLICT),
    Row(verify(UNSCREENED), R.CUSTOMER_NOT_SCREENED),
    Row(verify(LISTED), R.CASE_UNRESOLVED),
    Row(verify(IN_REVIEW), R.FOUR_EYES_REQUIRED, None, "front"),
    Row(verify(PROPOSED), R.FOUR_EYES_REQUIRED, None, "berta"),
    Row(reject(PROPOSED), R.REVIEWERS_DISAGREE, None),
    Row(classify(NOBODY, "high"), R.CUSTOMER_NOT_FOUND),
    Row(classify(REJECTED, "high"), R.CUSTOMER_STATE_CONFLICT),
    Row(classify(VERIFIED, "medium"), R.RISK_CLASS_UNCHANGED, "/risk_class"),
    Row(classify(VERIFIED, "high"), R.FOUR_EYES_REQUIRED, None, "front"),
    Row(classify(CLASS_PROPOSED, "high"), R.FOUR_EYES_REQUIRED, None, "berta"),
    Row(classify(CLASS_PROPOSED, "low"), R.REVIEWERS_DISAGREE, None),
    Row(rescreened(NOBODY), R.CUSTOMER_NOT_FOUND),
    Row(rescreened(ERASED), R.CUSTOMER_STATE_CONFLICT),
    Row(rescreened(VERIFIED, None), R.CUSTOMER_NOT_SCREENED),
    Row(c.ExpireVerification(customer_id=NOBODY), R.CUSTOMER_NOT_FOUND),
    Row(c.ExpireVerification(customer_id=IN_REVIEW), R.CUSTOMER_STATE_CONFLICT),
    Row(c.ExpireVerification(customer_id=VERIFIED), R.REVERIFICATION_NOT_DUE),
    Row(because(c.ReopenReview, NOBODY), R.CUSTOMER_NOT_FOUND),
    Row(because(c.ReopenReview, VERIFIED), R.CUSTOMER_STATE_CONFLICT),
    Row(because(c.ReopenReview, CONFIRMED), R.CASE_UNRESOLVED),
    Row(because(c.RestrictCustomer, NOBODY), R.CUSTOMER_NOT_FOUND),
    Row(because(c.RestrictCustomer, CONFIRMED), R.CUSTOMER_STATE_CONFLICT),
    Row(because(c.OffboardCustomer, NOBODY), R.CUSTOMER_NOT_FOUND),
    Row(because(c.OffboardCustomer, OFFBOARDED), R.CUSTOMER_STATE_CONFLICT),
    Row(because(c.OffboardCustomer, WITH_ACCOUNT), R.CUSTOMER_ACCOUNTS_OPEN),
    Row(erase(NOBODY), R.CUSTOMER_NOT_FOUND),
    Row(erase(ERASED), R.CUSTOMER_STATE_CONFLICT),
    Row(erase(VERIFIED), R.CUSTOMER_STATE_CONFLICT),
    Row(erase(WITH_ACCOUNT), R.CUSTOMER_ACCOUNTS_OPEN),
    Row(erase(LISTED), R.CASE_UNRESOLVED),
    Row(erase(OFFBOARDED), R.RETENTION_NOT_OVER),
    Row(erase(REJECTED), R.FOUR_EYES_REQUIRED, None, "front"),
    Row(erase(ERASURE_PROPOSED), R.FOUR_EYES_REQUIRED, None, "berta"),
    Row(proof((), NOBODY, at=NOON), R.CUSTOMER_NOT_FOUND),
    Row(proof((), ERASED, at=NOON), R.CUSTOMER_STATE_CONFLICT),
    Row(proof(BANK.customer(ERASING).erasing[1:], ERASING, at=NOON), R.ERASURE_INCOMPLETE, "/destroyed"),
    Row(clear("case_999999"), R.CASE_NOT_FOUND, "/case_id"),
    Row(clear(CONFIRMED_CASE), R.CASE_ALREADY_DECIDED, "/case_id"),
    Row(confirm(CLEARED_CASE), R.CASE_ALREADY_DECIDED, "/case_id"),
    Row(clear(OPEN_CASE), R.FOUR_EYES_REQUIRED, None, "front"),
    Row(clear(PROPOSED_CASE), R.FOUR_EYES_REQUIRED, None, "berta"),
    Row(confirm(PROPOSED_CASE), R.REVIEWERS_DISAGREE, None),
)

EYES: Final = {R.FOUR_EYES_REQUIRED, R.REVIEWERS_DISAGREE}
ANY: Final = {R.CUSTOMER_NOT_FOUND, R.CUSTOMER_STATE_CONFLICT}

# What each decision may answer. Nobody can disagree about an erasure: there is nothing else to propose.
REFUSALS_OF_CUSTOMERS: Final[dict[type[c.Command], set[R]]] = {
    c.ApplyCustomer: set(),
    c.RequestDocuments: ANY,
    c.AddEvidence: ANY,
    c.ReviewCustomer: ANY | EYES | {R.CUSTOMER_NOT_SCREENED, R.CASE_UNRESOLVED},
    c.SetRiskClass: ANY | EYES | {R.RISK_CLASS_UNCHANGED},
    c.RescreenCustomer: ANY | {R.CUSTOMER_NOT_SCREENED},
    c.ExpireVerification: ANY | {R.REVERIFICATION_NOT_DUE},
    c.ReopenReview: ANY | {R.CASE_UNRESOLVED},
    c.RestrictCustomer: ANY,
    c.OffboardCustomer: ANY | {R.CUSTOMER_ACCOUNTS_OPEN},
    c.EraseCustomer: ANY | {R.CUSTOMER_ACCOUNTS_OPEN, R.CASE_UNRESOLVED, R.RETENTION_NOT_OVER, R.FOUR_EYES_REQUIRED},
    c.RecordErasure: ANY | {R.ERASURE_INCOMPLETE},
    c.ReviewCase: EYES | {R.CASE_NOT_FOUND, R.CASE_ALREADY_DECIDED},
}
