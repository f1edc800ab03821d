"""Takings: what a merchant took on its account since the last cut-off, counted in the commit that books it.

Payments, refunds and returns are counted as they happen, with the fee of each, so a fee depends on its own payment and
on no cut-off. Everything else that moves the account (transfers, reversals, captures, payments that the merchant makes)
is what the balance says beyond them: it needs no counting and cannot be missed.
"""

from datetime import datetime
from typing import Final

import msgspec
from msgspec import Struct

from contracts.commands.merchants import FeeRounding, MerchantFees
from contracts.events import PaymentRefunded, PaymentReturned, PaymentSettled, PostedPosting
from ledger.domain.records import Record
from ledger.domain.state import State

TAKINGS: Final = "takings"
BASIS_POINTS: Final = 10_000


class Counted(Struct, frozen=True):
    """Sums of one period. Refunds and returns are amounts that left the account, so they are not below zero."""

    payments_count: int = 0
    payments_minor: int = 0
    refunds_count: int = 0
    refunds_minor: int = 0
    returns_count: int = 0
    returns_minor: int = 0
    fee_minor: int = 0


NOTHING: Final = Counted()


class Takings(Record, frozen=True, kw_only=True):
    """The open period of a merchant's account. ``opening_minor``: its balance when the period began."""

    merchant_id: str
    fees: MerchantFees
    from_position: int
    from_at: datetime
    opening_minor: int
    counted: Counted = NOTHING


def takings_of(state: State, account_id: str) -> Takings | None:
    """The takings on an account; None when it is no merchant's."""
    found = state.record(TAKINGS, account_id)
    assert found is None or isinstance(found, Takings)
    return found


def fee_of(fees: MerchantFees, amount_minor: int) -> int:
    """The fee of one payment: its share, rounded once by the rule, and the flat part."""
    return rounded_share(amount_minor, fees.basis_points, fees.rounding) + fees.payment_minor


def rounded_share(amount_minor: int, basis_points: int, rule: FeeRounding) -> int:
    """``amount_minor`` times ``basis_points`` in ten thousand, as whole minor units; neither is below zero."""
    whole, rest = divmod(amount_minor * basis_points, BASIS_POINTS)
    match rule:
        case "up":
            return whole + (rest > 0)
        case "half_up":
            return whole + (2 * rest >= BASIS_POINTS)
        case "half_even":
            return whole + (2 * rest > BASIS_POINTS or (2 * rest == BASIS_POINTS and whole % 2 == 1))


def moved_minor(state: State, account_id: str, postings: tuple[PostedPosting, ...]) -> int:
    """By how much postings change an account, in its normal side."""
    account = state.account(account_id)
    assert account is not None
    debits = sum(
        posting.amount_minor if posting.side == "debit" else -posting.amount_minor
        for posting in postings
        if posting.account_id == account_id
    )
    return account.terms.normal_sign * debits


def count_payment(state: State, account_id: str, event: PaymentSettled) -> None:
    """A payment to the account was booked, unless it was diverted to another one."""
    takings = takings_of(state, account_id)
    if takings is None:
        return
    amount_minor = moved_minor(state, account_id, event.postings)
    if amount_minor <= 0:
        return
    was = takings.counted
    _put(
        state,
        account_id,
        takings,
        payments_count=was.payments_count + 1,
        payments_minor=was.payments_minor + amount_minor,
        fee_minor=was.fee_minor + fee_of(takings.fees, amount_minor),
    )


def count_refund(state: State, account_id: str, event: PaymentRefunded) -> None:
    """A payment to the account was given back by the merchant, or a part of it."""
    takings = takings_of(state, account_id)
    if takings is None:
        return
    was = takings.counted
    _put(
        state,
        account_id,
        takings,
        refunds_count=was.refunds_count + 1,
        refunds_minor=was.refunds_minor - moved_minor(state, account_id, event.postings),
        fee_minor=was.fee_minor + takings.fees.refund_minor,
    )


def count_return(state: State, account_id: str, event: PaymentReturned) -> None:
    """A rail took a payment to the account back, or a part of it.

    A return that the account could not bear stands on the rail's suspense account: it moves nothing here, and costs
    its fee all the same.
    """
    takings = takings_of(state, account_id)
    if takings is None:
        return
    amount_minor = -moved_minor(state, account_id, event.postings)
    if amount_minor == 0 and not event.diverted:
        return  # the payment itself never arrived here
    was = takings.counted
    _put(
        state,
        account_id,
        takings,
        returns_count=was.returns_count + 1,
        returns_minor=was.returns_minor + amount_minor,
        fee_minor=was.fee_minor + takings.fees.return_minor,
    )


def _put(state: State, account_id: str, takings: Takings, **sums: int) -> None:
    counted = msgspec.structs.replace(takings.counted, **sums)
    state.records[TAKINGS, account_id] = msgspec.structs.replace(takings, counted=counted)
