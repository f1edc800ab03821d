"""Every way a decision about a customer or a case can refuse, as a table; see tests/ledger/refusals.py."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Final

from msgspec.structs import replace

from contracts import commands as c
from contracts.rejections import Rejection as R
from ledger.domain.customers.life_cycle import ACCOUNTS_PER_CUSTOMER_MAX, CUSTOMER
from tests.ledger.customers.bank import (
    EVIDENCE,
    CustomerBank,
    classify,
    clear,
    confirm,
    erase,
    hit,
    proof,
    verify,
)
from tests.ledger.refusals import Row
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


FULL: Final = BANK.verified()
MANY: Final = tuple(f"wallet-{number}" for number in range(ACCOUNTS_PER_CUSTOMER_MAX))
BANK.state.records[CUSTOMER, FULL] = replace(BANK.customer(FULL), accounts=MANY)


def row(command: Any, rejection: R, pointer: str | None = POINTER, subject: str = "dora") -> Row:
    """One case, asked of this bank."""
    return Row(command, rejection, pointer, BANK, subject)


def reject(customer_id: str) -> c.ReviewCustomer:
    """Reject a customer."""
    return c.ReviewCustomer(customer_id=customer_id, decision="reject", reason="forged")


def wanted(customer_id: str) -> c.RequestDocuments:
    """Ask for a passport."""
    return c.RequestDocuments(customer_id=customer_id, documents=("passport",))


def evidence(customer_id: str) -> c.AddEvidence:
    """Bring a passport."""
    return c.AddEvidence(customer_id=customer_id, document="passport", **EVIDENCE)


def rescreen(customer_id: str) -> c.RescreenCustomer:
    """Screen a customer again."""
    return c.RescreenCustomer(customer_id=customer_id)


def because(kind: Any, customer_id: str) -> Any:
    """A command with a reason and nothing else."""
    return kind(customer_id=customer_id, reason="because")


CUSTOMER_ROWS: Final = (
    row(open_account("new", customer_id=NOBODY), R.CUSTOMER_NOT_FOUND),
    row(open_account("new", customer_id=OFFBOARDED), R.CUSTOMER_STATE_CONFLICT),
    row(open_account("new", customer_id=FULL), R.CUSTOMER_ACCOUNTS_FULL),
    row(wanted(NOBODY), R.CUSTOMER_NOT_FOUND),
    row(wanted(VERIFIED), R.CUSTOMER_STATE_CONFLICT),
    row(evidence(NOBODY), R.CUSTOMER_NOT_FOUND),
    row(evidence(ERASED), R.CUSTOMER_STATE_CONFLICT),
    row(verify(NOBODY), R.CUSTOMER_NOT_FOUND),
    row(verify(VERIFIED), R.CUSTOMER_STATE_CONFLICT),
    row(reject(OFFBOARDED), R.CUSTOMER_STATE_CONFLICT),
    row(verify(UNSCREENED), R.CUSTOMER_NOT_SCREENED),
    row(verify(LISTED), R.CASE_UNRESOLVED),
    row(verify(IN_REVIEW), R.FOUR_EYES_REQUIRED, None, "front"),
    row(verify(PROPOSED), R.FOUR_EYES_REQUIRED, None, "berta"),
    row(reject(PROPOSED), R.REVIEWERS_DISAGREE, None),
    row(classify(NOBODY, "high"), R.CUSTOMER_NOT_FOUND),
    row(classify(REJECTED, "high"), R.CUSTOMER_STATE_CONFLICT),
    row(classify(VERIFIED, "medium"), R.RISK_CLASS_UNCHANGED, "/risk_class"),
    row(classify(VERIFIED, "high"), R.FOUR_EYES_REQUIRED, None, "front"),
    row(classify(CLASS_PROPOSED, "high"), R.FOUR_EYES_REQUIRED, None, "berta"),
    row(classify(CLASS_PROPOSED, "low"), R.REVIEWERS_DISAGREE, None),
    row(rescreen(NOBODY), R.CUSTOMER_NOT_FOUND),
    row(rescreen(ERASED), R.CUSTOMER_STATE_CONFLICT),
    row(rescreen(VERIFIED), R.CUSTOMER_NOT_SCREENED),
    row(c.ExpireVerification(customer_id=NOBODY), R.CUSTOMER_NOT_FOUND),
    row(c.ExpireVerification(customer_id=IN_REVIEW), R.CUSTOMER_STATE_CONFLICT),
    row(c.ExpireVerification(customer_id=VERIFIED), R.REVERIFICATION_NOT_DUE),
    row(because(c.ReopenReview, NOBODY), R.CUSTOMER_NOT_FOUND),
    row(because(c.ReopenReview, VERIFIED), R.CUSTOMER_STATE_CONFLICT),
    row(because(c.ReopenReview, CONFIRMED), R.CASE_UNRESOLVED),
    row(because(c.RestrictCustomer, NOBODY), R.CUSTOMER_NOT_FOUND),
    row(because(c.RestrictCustomer, CONFIRMED), R.CUSTOMER_STATE_CONFLICT),
    row(because(c.OffboardCustomer, NOBODY), R.CUSTOMER_NOT_FOUND),
    row(because(c.OffboardCustomer, OFFBOARDED), R.CUSTOMER_STATE_CONFLICT),
    row(because(c.OffboardCustomer, WITH_ACCOUNT), R.CUSTOMER_ACCOUNTS_OPEN),
    row(erase(NOBODY), R.CUSTOMER_NOT_FOUND),
    row(erase(ERASED), R.CUSTOMER_STATE_CONFLICT),
    row(erase(VERIFIED), R.CUSTOMER_STATE_CONFLICT),
    row(erase(WITH_ACCOUNT), R.CUSTOMER_ACCOUNTS_OPEN),
    row(erase(LISTED), R.CASE_UNRESOLVED),
    row(erase(OFFBOARDED), R.RETENTION_NOT_OVER),
    row(erase(REJECTED), R.FOUR_EYES_REQUIRED, None, "front"),
    row(erase(ERASURE_PROPOSED), R.FOUR_EYES_REQUIRED, None, "berta"),
    row(proof((), NOBODY, at=NOON), R.CUSTOMER_NOT_FOUND),
    row(proof((), ERASED, at=NOON), R.CUSTOMER_STATE_CONFLICT),
    row(proof(BANK.customer(ERASING).erasing[1:], ERASING, at=NOON), R.ERASURE_INCOMPLETE, "/destroyed"),
    row(clear("case_999999"), R.CASE_NOT_FOUND, "/case_id"),
    row(clear(CONFIRMED_CASE), R.CASE_ALREADY_DECIDED, "/case_id"),
    row(confirm(CLEARED_CASE), R.CASE_ALREADY_DECIDED, "/case_id"),
    row(clear(OPEN_CASE), R.FOUR_EYES_REQUIRED, None, "front"),
    row(clear(PROPOSED_CASE), R.FOUR_EYES_REQUIRED, None, "berta"),
    row(confirm(PROPOSED_CASE), R.REVIEWERS_DISAGREE, None),
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
