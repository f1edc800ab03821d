"""Identifiers: how they look, and the position a generated one stands for.

A transfer, hold or payment is named after the position of the event that created it (``xfer_42``). The book's order is
then the index: finding one is a primary-key look-up, no second unique index is written, and no id can be minted outside
the commit. Account ids are chosen by the client and hierarchical (``customers:alice:eur``).
"""

from hashlib import sha256
from typing import Annotated, Final

from msgspec import Meta

TRANSFER_PREFIX: Final = "xfer_"
HOLD_PREFIX: Final = "hold_"
PAYMENT_PREFIX: Final = "pay_"
STANDING_ORDER_PREFIX: Final = "so_"
REFUND_PREFIX: Final = "rfnd_"
RECALL_PREFIX: Final = "rcl_"
QUOTE_PREFIX: Final = "quote_"
WEBHOOK_ENDPOINT_PREFIX: Final = "whe_"
STATEMENT_PREFIX: Final = "stmt_"
MATCH_PREFIX: Final = "match_"
BREAK_PREFIX: Final = "brk_"
CUSTOMER_PREFIX: Final = "cust_"
CASE_PREFIX: Final = "case_"
SUBJECT_PREFIX: Final = "subj_"
SETTLEMENT_PREFIX: Final = "set_"

ACCOUNT_ID_CHARS_MAX: Final = 128
_POSITION = r"[1-9][0-9]{0,17}\Z"

AccountId = Annotated[
    str,
    Meta(
        pattern=r"^[a-z0-9][a-z0-9_-]{0,31}(:[a-z0-9][a-z0-9_-]{0,31}){0,7}\Z",
        max_length=ACCOUNT_ID_CHARS_MAX,
        description="Hierarchical account id: 1 to 8 segments joined by colons.",
        examples=["customers:alice:eur"],
    ),
]
TransferId = Annotated[str, Meta(pattern=f"^{TRANSFER_PREFIX}{_POSITION}", examples=["xfer_42"])]
HoldId = Annotated[str, Meta(pattern=f"^{HOLD_PREFIX}{_POSITION}", examples=["hold_43"])]
PaymentId = Annotated[str, Meta(pattern=f"^{PAYMENT_PREFIX}{_POSITION}", examples=["pay_44"])]
StandingOrderId = Annotated[str, Meta(pattern=f"^{STANDING_ORDER_PREFIX}{_POSITION}", examples=["so_46"])]
QuoteId = Annotated[str, Meta(pattern=f"^{QUOTE_PREFIX}{_POSITION}", examples=["quote_45"])]
WebhookEndpointId = Annotated[str, Meta(pattern=f"^{WEBHOOK_ENDPOINT_PREFIX}{_POSITION}", examples=["whe_46"])]
RecallId = Annotated[str, Meta(pattern=f"^{RECALL_PREFIX}{_POSITION}", examples=["rcl_49"])]
SettlementId = Annotated[str, Meta(pattern=f"^{SETTLEMENT_PREFIX}{_POSITION}", examples=["set_47"])]
MerchantId = Annotated[
    str,
    Meta(
        pattern=r"^[a-z0-9][a-z0-9_-]{0,63}\Z",
        description="A merchant, named by whoever defines it.",
        examples=["corner-shop"],
    ),
]
CustomerId = Annotated[
    str,
    Meta(
        pattern=f"^{CUSTOMER_PREFIX}{_POSITION}",
        description="A customer, named by the position of its application.",
        examples=["cust_46"],
    ),
]
StatementId = Annotated[str, Meta(pattern=f"^{STATEMENT_PREFIX}{_POSITION}", examples=["stmt_45"])]
StatementLineId = Annotated[
    str,
    Meta(
        pattern=f"^{STATEMENT_PREFIX}[1-9][0-9]{{0,17}}:[1-9][0-9]{{0,6}}\\Z",
        description="A line by its statement and its number there.",
        examples=["stmt_45:7"],
    ),
]
BreakId = Annotated[str, Meta(pattern=f"^{BREAK_PREFIX}{_POSITION}", examples=["brk_46"])]
CaseId = Annotated[str, Meta(pattern=f"^{CASE_PREFIX}{_POSITION}", examples=["case_47"])]
IdempotencyKey = Annotated[
    str,
    Meta(
        pattern=r"^[\x21-\x7e]{1,255}\Z",
        max_length=255,
        description="The client's name for this wish; the same key always gets the same answer.",
        examples=["invoice-2026-0042"],
    ),
]


def transfer_id(position: int) -> str:
    """Name the transfer booked by the event at ``position``."""
    return f"{TRANSFER_PREFIX}{position}"


def hold_id(position: int) -> str:
    """Name the hold placed by the event at ``position``."""
    return f"{HOLD_PREFIX}{position}"


def payment_id(position: int) -> str:
    """Name the payment initiated by the event at ``position``."""
    return f"{PAYMENT_PREFIX}{position}"


def standing_order_id(position: int) -> str:
    """Name the standing order created by the event at ``position``."""
    return f"{STANDING_ORDER_PREFIX}{position}"


def refund_id(position: int) -> str:
    """Name the refund that the event at ``position`` booked, or asked a rail for."""
    return f"{REFUND_PREFIX}{position}"


def recall_id(position: int) -> str:
    """Name the recall asked for by the event at ``position``."""
    return f"{RECALL_PREFIX}{position}"


def quote_id(position: int) -> str:
    """Name the quote given by the event at ``position``."""
    return f"{QUOTE_PREFIX}{position}"


def webhook_endpoint_id(position: int) -> str:
    """Name the webhook endpoint created by the event at ``position``."""
    return f"{WEBHOOK_ENDPOINT_PREFIX}{position}"


def customer_id(position: int) -> str:
    """Name the customer who applied by the event at ``position``."""
    return f"{CUSTOMER_PREFIX}{position}"


def case_id(position: int) -> str:
    """Name the case opened by the event at ``position``."""
    return f"{CASE_PREFIX}{position}"


def settlement_id(position: int) -> str:
    """Name the settlement closed by the event at ``position``."""
    return f"{SETTLEMENT_PREFIX}{position}"


def instruction_id(payment: str, attempt: int) -> str:
    """Name one attempt to have a payment executed by a rail: the same attempt always has the same name."""
    return f"{payment}.{attempt}"


def afterwards_id(payment: str, refund_or_recall: str) -> str:
    """Name to a rail what is asked of it about a payment that has settled: the payment it is about, and the wish."""
    return f"{payment}.{refund_or_recall}"


def uetr_of(ledger: str, payment: str) -> str:
    """The unique end-to-end transaction reference of a payment: a UUID (version 4 by form) that follows from its id."""
    digest = sha256(f"{ledger}\x00{payment}".encode()).hexdigest()
    variant = "89ab"[int(digest[16], 16) % 4]
    return f"{digest[:8]}-{digest[8:12]}-4{digest[13:16]}-{variant}{digest[17:20]}-{digest[20:32]}"


def statement_id(position: int) -> str:
    """Name the statement whose import began with the event at ``position``."""
    return f"{STATEMENT_PREFIX}{position}"


def statement_line_id(statement: str, number: int) -> str:
    """Name a line by its number in its statement, from 1."""
    return f"{statement}:{number}"


def statement_of_line(line: str) -> str:
    """Give back the statement inside a line's id."""
    return line.partition(":")[0]


def match_id(position: int, index: int) -> str:
    """Name a match by the event that recorded it and its place there, from 0."""
    return f"{MATCH_PREFIX}{position}:{index}"


def break_id(position: int) -> str:
    """Name the break opened by the event at ``position``."""
    return f"{BREAK_PREFIX}{position}"


def position_of(identifier: str) -> int:
    """Give back the position inside a transfer, hold or payment id that its type has already checked."""
    return int(identifier.rpartition("_")[2])
