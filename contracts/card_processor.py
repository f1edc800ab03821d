"""What we say to a card processor, and what it says to us: charges (a top-up from a card), refunds of charges, payouts
(money to a card), the events it sends about them, and the report with which it settles.

Amounts are integers in minor units on this wire too. `reference` is our instruction id: it names the movement on both
sides, and is the idempotency key of the request that makes it.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from types import MappingProxyType
from typing import Annotated, Final, Literal

import msgspec
from msgspec import Meta

from contracts.commands.payments import CardToken
from contracts.money import AmountMinor

CardKind = Literal["charge", "payout", "refund"]
CardStatus = Literal["pending", "succeeded", "failed", "disputed"]
"""Only a charge is disputed. `succeeded` is final for the movement; a dispute takes the money back later."""

CardEventType = Literal[
    "charge.succeeded",
    "charge.failed",
    "charge.disputed",
    "payout.paid",
    "payout.failed",
    "refund.paid",
    "refund.failed",
]

Reference = Annotated[str, Meta(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.:-]{0,63}\Z", description="Our instruction id.")]
IsoCurrency = Annotated[str, Meta(pattern=r"^[A-Z]{3}\Z")]
Aware = Annotated[datetime, Meta(tz=True)]


class CardInstruction(msgspec.Struct, frozen=True, kw_only=True):
    """Take an amount from a card (`charge`), send one to it (`payout`), or give back of a charge (`refund`).

    The card is named for a charge or payout, the charge (by our instruction id) for a refund of it.
    """

    instruction_id: Reference
    kind: CardKind
    amount_minor: AmountMinor
    currency: IsoCurrency
    card_token: CardToken | None = None
    charge: Reference | None = None


class CardMovementRequest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The body of `POST /v1/charges`, `/v1/payouts` and `/v1/refunds`; Idempotency-Key repeats the reference.

    `card_token` for charges and payouts; `charge`, the reference of what is refunded, for refunds.
    """

    reference: Reference
    amount_minor: AmountMinor
    currency: IsoCurrency
    card_token: CardToken | None = None
    charge: Reference | None = None


class CardMovement(msgspec.Struct, frozen=True, kw_only=True):
    """A charge or payout as the processor knows it. `failure_code` is the processor's own word, only with `failed`."""

    id: Annotated[str, Meta(min_length=1, max_length=64)]
    reference: Reference
    kind: CardKind
    status: CardStatus
    amount_minor: AmountMinor
    currency: IsoCurrency
    failure_code: Annotated[str, Meta(min_length=1, max_length=64)] | None = None


class CardMovementList(msgspec.Struct, frozen=True, kw_only=True):
    """The answer to `GET /v1/charges?reference=…`: none or one; `reference` repeats the question."""

    reference: Reference
    data: Annotated[tuple[CardMovement, ...], Meta(max_length=10)]


class CardEvent(msgspec.Struct, frozen=True, kw_only=True):
    """What the processor reports by itself. It may come twice, late, or before what it follows; or never."""

    id: Annotated[str, Meta(min_length=1, max_length=64)]
    type: CardEventType
    created_at: Aware
    data: CardMovement


class CardSettlementLine(msgspec.Struct, frozen=True, kw_only=True):
    """One movement in a settlement report. Gross and net are signed as we see them; a fee is what we pay."""

    movement_id: str
    reference: str
    type: CardEventType
    gross_minor: int
    fee_minor: int
    net_minor: int


class CardSettlementReport(msgspec.Struct, frozen=True, kw_only=True):
    """What the processor pays out for one day: net = gross − fees, line by line and in sum."""

    id: str
    settled_on: date
    currency: IsoCurrency
    gross_minor: int
    fee_minor: int
    net_minor: int
    lines: tuple[CardSettlementLine, ...]


REASON_OF_FAILURE: Final[Mapping[str, str]] = MappingProxyType(
    {
        "insufficient_funds": "AM04",
        "card_expired": "AC04",
        "card_blocked": "AC06",
        "card_unknown": "AC01",
        "limit_exceeded": "AM14",
        "currency_not_supported": "AM03",
        "suspected_fraud": "FR01",
        "refused_by_issuer": "MS03",
        "charge_unknown": "NOOR",
        "charge_used_up": "ARDT",
    }
)
"""The processor's words in ISO 20022's; one that is not here is MS03, not specified."""
UNSPECIFIED: Final = "MS03"


def reason_of(failure_code: str | None) -> str:
    """Say a processor's failure code in ISO 20022."""
    return REASON_OF_FAILURE.get(failure_code or "", UNSPECIFIED)
