"""A payment in depth: its timeline in its events' own words, and why it was decided as it was."""

from datetime import datetime
from typing import Any

from msgspec import Struct

from contracts.events import PaymentStatus
from contracts.risk import RiskExplanation
from contracts.screening import ScreeningSummary
from contracts.views import AsOf


class PaymentStep(Struct, frozen=True, kw_only=True):
    """One event of a payment. ``actor``: whose command caused it; ``words``: its reason code in words.

    ``attempt``, ``instruction_id``, ``outcome``, ``rail_reference``: of the rail. ``said``: everything else that the
    event says, without what is sealed.
    """

    position: int
    type: str
    recorded_at: datetime
    actor: str
    status: PaymentStatus
    decision: str | None = None
    reason: str | None = None
    reason_code: str | None = None
    words: str | None = None
    detail: str | None = None
    cause: str | None = None
    attempt: int | None = None
    instruction_id: str | None = None
    outcome: str | None = None
    rail_reference: str | None = None
    said: dict[str, Any] = {}


class PaymentTimeline(Struct, frozen=True, kw_only=True):
    """All events of a payment up to ``as_of``, in order."""

    payment_id: str
    status: PaymentStatus
    steps: tuple[PaymentStep, ...]
    as_of: AsOf


class PaymentExplanation(Struct, frozen=True, kw_only=True):
    """Why a payment is where it is.

    ``words``: the reason code in words; ``detail``: the decision's own sentence, with a limit's figures.
    ``causes``: why it was held for review. ``risk`` is what the score said at the door, in the words of the ruleset
    ``words_of``; ``screening``: which entries of which lists came up. Null: not asked.
    """

    payment_id: str
    status: PaymentStatus
    queue: str | None
    reason_code: str | None
    words: str | None
    detail: str | None
    cause: str | None
    causes: tuple[str, ...]
    parked: str
    risk: RiskExplanation | None
    words_of: str | None
    screening: ScreeningSummary | None
    steps: tuple[PaymentStep, ...]
    as_of: AsOf
