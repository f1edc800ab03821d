"""The words of a payment: kinds, rails, states, and ISO 20022's codes for them.

``PaymentState`` is what Bursar does next; ``PaymentStatus`` is ISO 20022's external payment transaction status, which
is what partners are told (ExternalPaymentTransactionStatus1Code). Reason codes are ExternalStatusReason1Code.
"""

from typing import Final, Literal

PaymentType = Literal["book_transfer", "credit_transfer", "card_top_up", "payout", "payment_request"]
RailName = Literal["book", "sct_inst", "card_psp", "file"]
PaymentState = Literal[
    "received",  # being decided within one commit
    "scheduled",  # waits for its execution date
    "in_review",  # a person has to look at it
    "awaiting_authorisation",  # the payer has to prove who they are, for this amount and payee
    "awaiting_payer",  # a request for payment that the payer has not answered
    "cleared",  # nothing stands in its way any more; within one commit
    "accepted",  # funds are held where they are ours to hold; may still be cancelled
    "instructed",  # given to a rail, or about to be; only the rail's answer ends it
    "settled",
    "rejected",
    "cancelled",
]
PaymentStatus = Literal["RCVD", "ACTC", "PDNG", "ACFC", "ACSP", "ACSC", "RJCT", "CANC"]

STATUS_OF: Final[dict[PaymentState, PaymentStatus]] = {
    "received": "RCVD",
    "scheduled": "ACTC",
    "in_review": "PDNG",
    "awaiting_authorisation": "RCVD",
    "awaiting_payer": "RCVD",
    "cleared": "ACTC",
    "accepted": "ACFC",
    "instructed": "ACSP",
    "settled": "ACSC",
    "rejected": "RJCT",
    "cancelled": "CANC",
}
FINAL_STATES: Final[frozenset[PaymentState]] = frozenset({"settled", "rejected", "cancelled"})

RAIL_OF: Final[dict[PaymentType, tuple[RailName, ...]]] = {
    "book_transfer": ("book",),
    "payment_request": ("book",),
    "credit_transfer": ("sct_inst", "file"),
    "payout": ("file", "sct_inst", "card_psp"),
    "card_top_up": ("card_psp",),
}
"""The rails a kind of payment may take; the first is used unless the client names another."""

RecallReason = Literal["CUST", "DUPL", "TECH", "FRAD", "AM09", "AC03"]
"""Why a payment is asked back (SCT Inst rulebook): its customer asks, it was sent twice, by a fault, by fraud, with a
wrong amount, or to a wrong account."""

SCA_ACR: Final = "urn:bursar:acr:sca"  # the authentication context class of strong customer authentication

REASON_WORDS: Final[dict[str, str]] = {
    "AB05": "the creditor's bank did not answer in time",
    "AB06": "the instructed bank did not answer in time",
    "AC02": "the debtor's account number is invalid",
    "AC03": "the creditor's account number is invalid",
    "AC04": "the account is closed",
    "AC05": "the debtor's account is closed",
    "AC06": "the account is blocked",
    "AC07": "the creditor's account is closed",
    "AG01": "the payment is not allowed on this account",
    "AM02": "the amount is not allowed",
    "AM03": "the currency is not allowed",
    "AM04": "the funds are insufficient",
    "AM05": "the payment is a duplicate",
    "AM09": "the amount is wrong",
    "AM12": "the amount is invalid",
    "AM14": "the amount exceeds an agreed limit",
    "AM21": "the limit of a period is used up",
    "ARDT": "it was returned already",
    "CUST": "the customer asked for it",
    "DS0H": "the payer did not prove who they are",
    "DUPL": "it was sent twice",
    "FOCR": "returned after a recall",
    "FR01": "fraud is suspected",
    "FRAD": "the payer did not make it",
    "LEGL": "the law forbids it",
    "MS03": "no reason was given",
    "NOAS": "the payer did not answer",
    "NOOR": "it never arrived",
    "RR04": "a regulation forbids it",
    "TECH": "a technical fault sent it",
    "TM01": "the cut-off has passed",
}
