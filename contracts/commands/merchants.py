"""Commands about merchants: on what terms they are paid what they took, and the closing of a settlement."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, Struct

from contracts.commands.command import Command, Instant, LimitMinor, Reason
from contracts.commands.payments import Party
from contracts.cut_offs import CutOffSchedule
from contracts.ids import AccountId, MerchantId, SettlementId
from contracts.money import AmountMinor, CurrencyCode

RESERVE_DAYS_MAX = 366

PayoutRail = Literal["sct_inst", "file", "card_psp"]
FeeRounding = Literal["half_even", "half_up", "up"]


class MerchantFees(Struct, frozen=True, kw_only=True):
    """What a merchant pays for each payment, refund and return (a charge-back). A refund gives no fee back.

    ``basis_points`` of each payment's amount are rounded payment by payment, so that no cut-off changes a fee:
    ``half_even`` to the nearest minor unit, a half to the even one; ``half_up`` a half upwards; ``up`` any rest.
    """

    basis_points: Annotated[int, Meta(ge=0, le=10_000)] = 0
    payment_minor: LimitMinor = 0
    refund_minor: LimitMinor = 0
    return_minor: LimitMinor = 0
    rounding: FeeRounding = "half_even"


class AskedFees(MerchantFees, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A merchant's fees as they are asked for: a misspelled fee must not be none."""


class AskedSchedule(CutOffSchedule, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A schedule of cut-offs as it is asked for."""


class DefineMerchant(Command, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="define_merchant"):
    """Say on what terms a merchant is paid; the newest definition counts, from the next payment and cut-off on.

    ``account_id`` is where its payments arrive, ``payable_account_id`` from where it is paid out; its fees go to
    ``fee_account_id``, and ``reserve_per_mille`` of what it took stays on ``reserve_account_id`` for ``reserve_days``.
    What is not worth ``minimum_payout_minor`` waits for the next cut-off.
    """

    merchant_id: MerchantId
    account_id: AccountId
    payable_account_id: AccountId
    fee_account_id: AccountId
    reserve_account_id: AccountId | None = None
    currency: CurrencyCode
    payout_rail: PayoutRail = "sct_inst"
    creditor: Party
    schedule: AskedSchedule
    fees: AskedFees
    reserve_per_mille: Annotated[int, Meta(ge=0, le=1_000)] = 0
    reserve_days: Annotated[int, Meta(ge=0, le=RESERVE_DAYS_MAX)] = 0
    minimum_payout_minor: AmountMinor = 1

    def __post_init__(self) -> None:
        """Refuse a reserve that is nowhere or for no time, and a party that the rail cannot pay."""
        has_reserve = (self.reserve_per_mille > 0, self.reserve_days > 0, self.reserve_account_id is not None)
        if any(has_reserve) != all(has_reserve):
            raise ValueError("a reserve needs reserve_per_mille, reserve_days and reserve_account_id, or none of them")
        if (self.creditor.card_token is not None) != (self.payout_rail == "card_psp"):
            raise ValueError("creditor: card_psp pays by card_token, the other rails by iban")


class CloseSettlement(Command, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="close_settlement"):
    """Close what a merchant took until a cut-off that has come. Sent by Bursar's own timer."""

    merchant_id: MerchantId
    cut_off_at: Instant


class RetryPayout(Command, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="retry_payout"):
    """As an operator, pay again what came back of a settlement, to the merchant's newest details; needs two people."""

    settlement_id: SettlementId
    reason: Reason
