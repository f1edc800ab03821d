"""Fees: what a payment costs its payer, on top of the amount, booked in the same transfer as the payment.

A schedule belongs to a kind of payment, a rail and a currency; where the rail has none, that for any rail counts. The
sum of a schedule is exact until it is rounded, once. A payment between the institution's own accounts (those that grow
by debits) is free, and so is one from the fee account itself. Refunds and returns do not give fees back.
"""

from typing import Final

from msgspec import Struct

from contracts.commands.fees import BASIS_POINTS_MAX, DefineFees, Rounding, Tiering
from contracts.events import FeesDefined, FeeTierSet
from contracts.money import AMOUNT_MINOR_MAX
from contracts.rejections import Refused, Rejection
from ledger.domain.contexts import Context, Touched
from ledger.domain.postings import own_account
from ledger.domain.records import Record
from ledger.domain.rounding import rounded
from ledger.domain.state import CREDIT_NORMAL_SIGN, Moment, State

FEES: Final = "fees"
ANY_RAIL: Final = "any"


class FeeSchedule(Record, frozen=True, kw_only=True):
    """What a kind of payment costs. ``tiers`` ascend from 0; without any it is free."""

    fee_account_id: str
    tiers: tuple[FeeTierSet, ...]
    tiering: Tiering
    minimum_minor: int | None
    maximum_minor: int | None
    rounding: Rounding


class Charge(Struct, frozen=True):
    """A payment's fee and the account that gets it; None where nothing is charged."""

    fee_minor: int
    fee_account_id: str | None


FREE: Final = Charge(0, None)


def fees_of(schedule: FeeSchedule, amount_minor: int) -> int:
    """The fee for an amount, in minor units."""
    reached = [tier for tier in schedule.tiers if tier.from_minor <= amount_minor]
    if not reached:
        return 0
    if schedule.tiering == "whole":
        reached, ends = reached[-1:], [amount_minor]
        starts = [0]
    else:
        starts = [tier.from_minor for tier in reached]
        ends = [*starts[1:], amount_minor]
    exact = sum(
        tier.flat_minor * BASIS_POINTS_MAX + tier.basis_points * (end - start)
        for tier, start, end in zip(reached, starts, ends, strict=True)
    )
    fee_minor = rounded(exact, BASIS_POINTS_MAX, schedule.rounding)
    if schedule.minimum_minor is not None:
        fee_minor = max(fee_minor, schedule.minimum_minor)
    return fee_minor if schedule.maximum_minor is None else min(fee_minor, schedule.maximum_minor)


def charge_for(
    state: State, *, payment_type: str, rail: str, currency: str, amount_minor: int, payer: str | None
) -> Charge | Refused:
    """What a payment from the account ``payer`` costs. Refused when amount and fee together are no amount."""
    schedule = _schedule_of(state, payment_type, rail, currency)
    account = None if payer is None else state.account(payer)
    if schedule is None or account is None or payer == schedule.fee_account_id:
        return FREE
    if account.terms.normal_sign != CREDIT_NORMAL_SIGN:
        return FREE
    fee_minor = fees_of(schedule, amount_minor)
    if amount_minor + fee_minor > AMOUNT_MINOR_MAX:
        return Refused(
            Rejection.AMOUNT_OUT_OF_RANGE,
            f"the amount and its fee of {fee_minor} are together more than {AMOUNT_MINOR_MAX} minor units",
            "/instructed_amount/value",
        )
    return Charge(fee_minor, schedule.fee_account_id) if fee_minor else FREE


def touch_schedules(touched: Touched, *, payment_type: str, rail: str, currency: str) -> None:
    """The schedules that may apply to a payment."""
    touched.records.update((FEES, _key(payment_type, of, currency)) for of in (rail, ANY_RAIL))


def follow_schedules(state: State, touched: Touched, *, payment_type: str, rail: str, currency: str) -> None:
    """The account that gets a payment's fee."""
    schedule = _schedule_of(state, payment_type, rail, currency)
    if schedule is not None:
        touched.accounts.add(schedule.fee_account_id)


def _schedule_of(state: State, payment_type: str, rail: str, currency: str) -> FeeSchedule | None:
    found = state.record(FEES, _key(payment_type, rail, currency))
    found = found or state.record(FEES, _key(payment_type, ANY_RAIL, currency))
    assert found is None or isinstance(found, FeeSchedule)
    return found


def _key(payment_type: str, rail: str | None, currency: str) -> str:
    return f"{payment_type}:{rail or ANY_RAIL}:{currency}"


def decide_define(command: DefineFees, state: State, moment: Moment) -> FeesDefined | Refused:
    """Set a schedule. Its account must be able to take every fee."""
    found = own_account(
        command.fee_account_id,
        command.currency,
        normal_sign=CREDIT_NORMAL_SIGN,
        may_fall=False,
        state=state,
        pointer="/fee_account_id",
    )
    if isinstance(found, Refused):
        return found
    return FeesDefined(
        payment_type=command.payment_type,
        rail=command.rail,
        currency=command.currency,
        fee_account_id=command.fee_account_id,
        tiers=tuple(
            FeeTierSet(from_minor=tier.from_minor, flat_minor=tier.flat_minor, basis_points=tier.basis_points)
            for tier in command.tiers
        ),
        tiering=command.tiering,
        minimum_minor=command.minimum_minor,
        maximum_minor=command.maximum_minor,
        rounding=command.rounding,
    )


def evolve_defined(state: State, event: FeesDefined, position: int) -> None:
    """Remember a schedule; payments already initiated keep their fee."""
    state.records[FEES, _key(event.payment_type, event.rail, event.currency)] = FeeSchedule(
        fee_account_id=event.fee_account_id,
        tiers=event.tiers,
        tiering=event.tiering,
        minimum_minor=event.minimum_minor,
        maximum_minor=event.maximum_minor,
        rounding=event.rounding,
    )


def _touch(command: DefineFees, touched: Touched) -> None:
    touched.accounts.add(command.fee_account_id)


CONTEXT: Final = Context(
    deciders={DefineFees: decide_define},
    evolvers={FeesDefined: evolve_defined},
    touches={DefineFees: _touch},
    records={FEES: FeeSchedule},
)
