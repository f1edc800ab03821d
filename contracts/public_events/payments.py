"""Public events about payments. Status and reason codes are ISO 20022's.

A refusal says why only where the reason is the payer's business (`SPEAKABLE_REASONS`). Every other code, those of
fraud and sanctions before all, is said as MS03, "reason not specified": a reason code in a webhook would tell the
person under suspicion.
"""

from datetime import date
from typing import Final, Literal

from contracts.public_events.data import PublicAmount, PublicData, PublicPosting

PublicPaymentStatus = Literal["RCVD", "ACTC", "PDNG", "ACSP", "ACSC", "RJCT", "CANC"]

UNSPECIFIED_REASON: Final = "MS03"
# ISO 20022 external status reason codes about accounts, amounts, agents, time and the customer's own decision.
SPEAKABLE_REASONS: Final = frozenset(
    {
        *(
            "AC01",
            "AC03",
            "AC04",
            "AC06",
            "AG01",
            "AM01",
            "AM02",
            "AM03",
            "AM04",
            "AM05",
            "AM09",
            "AM12",
            "AM13",
            "AM14",
        ),
        *("AB05", "AB06", "AB08", "AB09", "BE04", "CUST", "DUPL", "FF01", "NOAS", "RC01", "TM01", UNSPECIFIED_REASON),
    }
)


class PublicPaymentInitiated(PublicData, frozen=True, kw_only=True):
    """A payment was received (RCVD)."""

    payment_id: str
    debtor_account_id: str
    creditor_account_id: str
    instructed_amount: PublicAmount
    amount_minor: int
    end_to_end_id: str
    status: PublicPaymentStatus


class PublicPaymentSettled(PublicData, frozen=True, kw_only=True):
    """A payment was booked (ACSC)."""

    payment_id: str
    transfer_id: str
    end_to_end_id: str
    postings: tuple[PublicPosting, ...]
    effective_date: date
    status: PublicPaymentStatus


class PublicPaymentRejected(PublicData, frozen=True, kw_only=True):
    """A payment was refused (RJCT); ``reason_code`` is MS03 where the reason is not the payer's to know."""

    payment_id: str
    end_to_end_id: str
    status: PublicPaymentStatus
    reason_code: str
