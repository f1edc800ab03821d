"""Events about merchants and their settlements. What becomes of a payout is said by the payment that it is."""

from datetime import date, datetime
from typing import Final

from msgspec import Struct

from contracts.assessment import Assessment
from contracts.commands.merchants import MerchantFees, PayoutRail
from contracts.cut_offs import CutOffSchedule
from contracts.events.event import EventData, PostedPosting
from contracts.events.payments import SealedParty


class MerchantDefined(EventData, frozen=True, kw_only=True):
    """On what terms a merchant is paid from now on. ``assessment``: what the door found out about its creditor."""

    merchant_id: str
    account_id: str
    payable_account_id: str
    fee_account_id: str
    reserve_account_id: str | None
    currency: str
    payout_rail: PayoutRail
    creditor: SealedParty
    schedule: CutOffSchedule
    fees: MerchantFees
    reserve_per_mille: int
    reserve_days: int
    minimum_payout_minor: int
    opening_minor: int
    defined_at: datetime
    cut_off_at: datetime
    assessment: Assessment


class KindSum(Struct, frozen=True, kw_only=True):
    """How many movements of a kind, and what they add up to."""

    count: int
    amount_minor: int


class SettlementFigures(Struct, frozen=True, kw_only=True):
    """How a settlement is reckoned; all in minor units.

    opening + payments - refunds - returns + other + released = fee + reserve + net + carried

    ``opening`` was on the account when the period began; ``other`` is every movement that is none of the kinds;
    ``released`` comes out of earlier reserves; ``carried`` stays on the account because holds reserve it.
    """

    opening_minor: int
    payments: KindSum
    refunds: KindSum
    returns: KindSum
    other_minor: int
    released_minor: int
    fee_minor: int
    reserve_minor: int
    carried_minor: int
    net_minor: int


class SettlementClosed(EventData, frozen=True, kw_only=True):
    """What a merchant took between two positions, both included, was closed: fee, reserve and net were booked.

    ``release_at``: when the reserve comes back; None when there is none.
    """

    settlement_id: str
    transfer_id: str
    merchant_id: str
    account_id: str
    currency: str
    from_position: int
    to_position: int
    from_at: datetime
    cut_off_at: datetime
    next_cut_off_at: datetime
    closed_at: datetime
    figures: SettlementFigures
    release_at: datetime | None
    postings: tuple[PostedPosting, ...]
    effective_date: date


class CutOffPassed(EventData, frozen=True, kw_only=True):
    """A cut-off came, and what could be paid out was less than the merchant's minimum: the period goes on."""

    merchant_id: str
    cut_off_at: datetime
    next_cut_off_at: datetime
    figures: SettlementFigures


class PayoutRetryProposed(EventData, frozen=True, kw_only=True):
    """An operator proposed to pay again what came back of a settlement; another one has to agree."""

    settlement_id: str
    proposer: str
    reason: str
    amount_minor: int


class PayoutRetried(EventData, frozen=True, kw_only=True):
    """Two operators agreed to pay again what came back of a settlement."""

    settlement_id: str
    reason: str
    amount_minor: int


EVENTS: Final[dict[tuple[str, int], type[EventData]]] = {
    ("merchant_defined", 1): MerchantDefined,
    ("settlement_closed", 1): SettlementClosed,
    ("cut_off_passed", 1): CutOffPassed,
    ("payout_retry_proposed", 1): PayoutRetryProposed,
    ("payout_retried", 1): PayoutRetried,
}
