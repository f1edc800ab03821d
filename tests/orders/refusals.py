"""What the decisions about standing orders and payment files may answer.

Their rows are the tests of this folder, whose clock and files are their own.
"""

from __future__ import annotations

from typing import Final

from contracts import commands as c
from contracts.rejections import Rejection as R

NOT_ITS_STATE: Final = {R.STANDING_ORDER_NOT_FOUND, R.STANDING_ORDER_STATE_CONFLICT}
REFUSALS_OF_ORDERS: Final[dict[type[c.Command], set[R]]] = {
    c.AssignIban: {R.ACCOUNT_NOT_FOUND, R.ACCOUNT_CLOSED, R.IBAN_ALREADY_ASSIGNED},
    c.ReceivePaymentFile: {R.PAYMENT_FILE_DUPLICATE},
    c.CreateStandingOrder: {
        R.STANDING_ORDER_BEGINS_IN_PAST, R.EXECUTION_DATE_TOO_FAR, R.STANDING_ORDER_NEVER_DUE, R.SAME_ACCOUNT,
    },
    c.AuthoriseStandingOrder: NOT_ITS_STATE | {R.AUTHORISATION_EXPIRED, R.AUTHORISATION_DIFFERS},
    c.IssueStandingOrder: NOT_ITS_STATE | {
        R.OCCURRENCE_ALREADY_ISSUED, R.OCCURRENCE_NOT_NEXT, R.STANDING_ORDER_NOT_DUE,
    },
    c.SuspendStandingOrder: NOT_ITS_STATE,
    c.ResumeStandingOrder: NOT_ITS_STATE,
    c.CancelStandingOrder: NOT_ITS_STATE,
}  # fmt: skip

# Why one transaction of a file is no payment: told in the file's report, never the answer to a command.
OF_A_TRANSACTION: Final = {
    R.CREDITOR_BIC_INVALID, R.CREDITOR_IBAN_INVALID, R.CREDITOR_REFUSED, R.DEBTOR_ACCOUNT_UNKNOWN,
    R.TRANSACTION_INVALID, R.TRANSACTION_NOT_SUPPORTED,
}  # fmt: skip
