"""The terms on which a merchant is paid, and the record of them: its next cut-off is what the timers look at."""

from datetime import datetime
from typing import Final

import msgspec
from msgspec import Struct

from contracts.assessment import Assessment
from contracts.commands.merchants import DefineMerchant, MerchantFees
from contracts.cut_offs import CutOffSchedule, NoCutOff, UnknownZone, next_cut_off
from contracts.events import MerchantDefined
from contracts.events.payments import SealedParty
from contracts.rejections import Refused, Rejection
from ledger.domain.contexts import Touched
from ledger.domain.payments.terms import RAIL, rail_of
from ledger.domain.postings import usable
from ledger.domain.records import Record
from ledger.domain.state import Moment, State
from ledger.domain.takings import TAKINGS, Takings, takings_of

MERCHANT: Final = "merchant"
UNASSESSED: Final = Assessment()


class AssessedMerchant(Struct, frozen=True, kw_only=True):
    """A definition with what the door made of it: the creditor sealed, and screened. ``command`` is in clear."""

    command: DefineMerchant
    creditor: SealedParty
    assessment: Assessment = UNASSESSED


class Reserve(Struct, frozen=True):
    """What was kept of one settlement, until when."""

    settlement_id: str
    amount_minor: int
    release_at: datetime


class Merchant(Record, frozen=True, kw_only=True):
    """A merchant's terms and open reserves, the oldest first; ``due_at``: its next cut-off."""

    terms: MerchantDefined
    reserves: tuple[Reserve, ...] = ()


def merchant_of(state: State, merchant_id: str) -> Merchant | Refused:
    """Find a merchant, or refuse."""
    found = state.record(MERCHANT, merchant_id)
    if found is None:
        return Refused(Rejection.MERCHANT_NOT_FOUND, f"merchant {merchant_id} is not defined", "/merchant_id")
    assert isinstance(found, Merchant)
    return found


def decide_define(asked: AssessedMerchant, state: State, moment: Moment) -> MerchantDefined | Refused:
    """Define a merchant, or give it new terms. Its account stays the same, for what was taken there is counted."""
    command = asked.command
    refused = _refuse_accounts(command, state) or _refuse_change(command, state)
    if refused is not None:
        return refused
    if rail_of(state, command.payout_rail, command.currency) is None:
        return Refused(
            Rejection.RAIL_NOT_DEFINED, f"{command.payout_rail} has no accounts in {command.currency}", "/payout_rail"
        )
    try:
        cut_off_at = next_cut_off(command.schedule, moment.now)
    except (UnknownZone, NoCutOff) as wrong:
        return Refused(Rejection.MERCHANT_TERMS_CONTRADICT, str(wrong), "/schedule")
    account = state.account(command.account_id)
    takings = takings_of(state, command.account_id)
    assert account is not None
    return MerchantDefined(
        merchant_id=command.merchant_id,
        account_id=command.account_id,
        payable_account_id=command.payable_account_id,
        fee_account_id=command.fee_account_id,
        reserve_account_id=command.reserve_account_id,
        currency=command.currency,
        payout_rail=command.payout_rail,
        creditor=asked.creditor,
        schedule=msgspec.convert(msgspec.structs.asdict(command.schedule), CutOffSchedule),
        fees=msgspec.convert(msgspec.structs.asdict(command.fees), MerchantFees),
        reserve_per_mille=command.reserve_per_mille,
        reserve_days=command.reserve_days,
        minimum_payout_minor=command.minimum_payout_minor,
        opening_minor=account.posted_minor if takings is None else takings.opening_minor,
        defined_at=moment.now,
        cut_off_at=cut_off_at,
        assessment=asked.assessment,
    )


def _refuse_accounts(command: DefineMerchant, state: State) -> Refused | None:
    """All are different, usable, and grow by credits; those that money is put on have no greatest balance."""
    fields = ["account_id", "payable_account_id", "fee_account_id"]
    fields += ["reserve_account_id"] if command.reserve_account_id is not None else []
    seen: set[str] = set()
    for field in fields:
        name = getattr(command, field)
        if name in seen:
            return Refused(Rejection.SAME_ACCOUNT, f"{name} is named twice", f"/{field}")
        seen.add(name)
        account = usable(name, command.currency, state=state, pointer=f"/{field}")
        if isinstance(account, Refused):
            return account
        if account.terms.normal_sign > 0:
            return Refused(Rejection.MERCHANT_TERMS_CONTRADICT, f"account {name} is debit-normal", f"/{field}")
        if field != "account_id" and account.terms.ceiling_minor is not None:
            return Refused(Rejection.MERCHANT_TERMS_CONTRADICT, f"account {name} has a greatest balance", f"/{field}")
    return None


def _refuse_change(command: DefineMerchant, state: State) -> Refused | None:
    takings = takings_of(state, command.account_id)
    if takings is not None and takings.merchant_id != command.merchant_id:
        return Refused(
            Rejection.MERCHANT_TERMS_CONTRADICT, f"{command.account_id} is {takings.merchant_id}'s", "/account_id"
        )
    known = state.record(MERCHANT, command.merchant_id)
    if not isinstance(known, Merchant):
        return None
    for field in ("account_id", "currency"):
        if getattr(known.terms, field) != getattr(command, field):
            return Refused(
                Rejection.MERCHANT_TERMS_CONTRADICT,
                f"{command.merchant_id} has {getattr(known.terms, field)}, for as long as it is a merchant",
                f"/{field}",
            )
    if known.reserves and known.terms.reserve_account_id != command.reserve_account_id:
        return Refused(
            Rejection.MERCHANT_TERMS_CONTRADICT,
            f"reserves are still on {known.terms.reserve_account_id}",
            "/reserve_account_id",
        )
    return None


def evolve_defined(state: State, event: MerchantDefined, position: int) -> None:
    """Remember the terms. What was taken before, and its fee, stay as they were counted."""
    known = state.record(MERCHANT, event.merchant_id)
    reserves = known.reserves if isinstance(known, Merchant) else ()
    state.records[MERCHANT, event.merchant_id] = Merchant(terms=event, reserves=reserves, due_at=event.cut_off_at)
    takings = takings_of(state, event.account_id)
    if takings is not None:
        state.records[TAKINGS, event.account_id] = msgspec.structs.replace(takings, fees=event.fees)
        return
    state.records[TAKINGS, event.account_id] = Takings(
        merchant_id=event.merchant_id,
        fees=event.fees,
        from_position=position,
        from_at=event.defined_at,
        opening_minor=event.opening_minor,
    )


def touch_define(asked: AssessedMerchant, touched: Touched) -> None:
    """Its accounts, its rail, what is known of it and of its account."""
    command = asked.command
    touched.accounts.update((command.account_id, command.payable_account_id, command.fee_account_id))
    touched.accounts.update(filter(None, (command.reserve_account_id,)))
    touched.currencies.add(command.currency)
    touched.records.add((MERCHANT, command.merchant_id))
    touched.records.add((TAKINGS, command.account_id))
    touched.records.add((RAIL, f"{command.payout_rail}:{command.currency}"))
