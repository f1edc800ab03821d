"""A rail's clearing account goes back to zero when the bank or the processor settles with us.

Payments leave on the clearing account what the rail owes us (a debit) or we owe the rail (a credit). A settlement moves
its gross amount from there to the nostro account, less the fee that the rail keeps. What stays is what the rail has not
settled, and must be explained by movements after the last day that it settled.
"""

from datetime import date
from typing import Final

from contracts.commands import Posting
from contracts.commands.clearing import SettleClearing
from contracts.events import ClearingSettled
from contracts.ids import transfer_id
from contracts.rejections import Refused, Rejection
from ledger.domain.contexts import Touched
from ledger.domain.payments.terms import RAIL, RailTerms, rail_of
from ledger.domain.postings import book_postings, effective_on, usable
from ledger.domain.records import Record
from ledger.domain.state import Moment, State
from ledger.domain.transfers import move_balances

CLEARING: Final = "clearing"
CLEARED_DAY: Final = "cleared_day"


class Clearing(Record, frozen=True, kw_only=True):
    """A settlement of a rail that was booked; it is not booked again."""

    position: int


class ClearedDay(Record, frozen=True, kw_only=True):
    """The newest day until which a rail has settled everything in one currency.

    Nothing that was booked after this day stands before ``behind_position``: the position of an earlier settlement that
    was booked on or before it. So whoever looks for what is not settled need not look at the whole account.
    """

    settled_on: date
    position: int
    booked_on: date
    behind_position: int = 0


def decide_settle(command: SettleClearing, state: State, moment: Moment) -> ClearingSettled | Refused:
    """Book a settlement of a rail, each reference once."""
    terms = rail_of(state, command.rail, command.currency)
    if terms is None:
        return Refused(Rejection.RAIL_NOT_DEFINED, f"{command.rail} has no accounts in {command.currency}", "/currency")
    if state.record(CLEARING, key_of(command)) is not None:
        return Refused(
            Rejection.CLEARING_ALREADY_SETTLED, f"{command.reference} of {command.rail} is booked already", "/reference"
        )
    if command.settled_on > moment.today:
        return Refused(Rejection.EFFECTIVE_DATE_IN_FUTURE, f"{command.settled_on} is not over", "/settled_on")
    refused = _refuse_accounts(command, terms, state)
    if refused is not None:
        return refused
    posted = book_postings(postings_of(command, terms.clearing_account_id), state=state)
    if isinstance(posted, Refused):
        return posted
    effective = effective_on(None, state=state, moment=moment)
    if isinstance(effective, Refused):
        return effective
    return ClearingSettled(
        rail=command.rail,
        currency=command.currency,
        reference=command.reference,
        settled_on=command.settled_on,
        amount_minor=command.amount_minor,
        fee_minor=command.fee_minor,
        nostro_account_id=command.nostro_account_id,
        fee_account_id=command.fee_account_id,
        clearing_account_id=terms.clearing_account_id,
        transfer_id=transfer_id(moment.position),
        postings=posted,
        effective_date=effective,
    )


def _refuse_accounts(command: SettleClearing, terms: RailTerms, state: State) -> Refused | None:
    """A nostro is an asset, a fee an expense; neither is an account of the rail itself."""
    for field, kind in (("nostro_account_id", "asset"), ("fee_account_id", "expense")):
        name = getattr(command, field)
        if name is None:
            continue
        if name in (terms.clearing_account_id, terms.suspense_account_id):
            return Refused(Rejection.SAME_ACCOUNT, f"{name} is the rail's own account", f"/{field}")
        account = usable(name, command.currency, state=state, pointer=f"/{field}")
        if isinstance(account, Refused):
            return account
        if account.terms.account_type != kind:
            return Refused(Rejection.CLEARING_ACCOUNT_UNFIT, f"{name} is no {kind} account", f"/{field}")
    return None


def postings_of(command: SettleClearing, clearing_account_id: str) -> tuple[Posting, ...]:
    """Gross leaves the clearing account; net arrives on the nostro, and the fee is spent."""
    moves = (
        (clearing_account_id, -command.amount_minor),
        (command.nostro_account_id, command.amount_minor - command.fee_minor),
        (command.fee_account_id, command.fee_minor),
    )
    return tuple(
        Posting(
            account_id=name,
            side="debit" if debit_minor > 0 else "credit",
            amount_minor=abs(debit_minor),
            currency=command.currency,
        )
        for name, debit_minor in moves
        if name is not None and debit_minor != 0
    )


def key_of(settled: SettleClearing | ClearingSettled) -> str:
    """Under what a settlement of a rail is remembered."""
    return f"{settled.rail}:{settled.currency}:{settled.reference}"


def evolve_settled(state: State, event: ClearingSettled, position: int) -> None:
    """Book, and know the reference and the day."""
    move_balances(state, event.postings)
    state.records[CLEARING, key_of(event)] = Clearing(position=position)
    day = (CLEARED_DAY, f"{event.rail}:{event.currency}")
    known = state.record(*day)
    assert known is None or isinstance(known, ClearedDay)
    if known is not None and known.settled_on > event.settled_on:
        return
    behind = 0
    if known is not None:
        behind = known.position if known.booked_on <= event.settled_on else known.behind_position
    state.records[day] = ClearedDay(
        settled_on=event.settled_on, position=position, booked_on=event.effective_date, behind_position=behind
    )


def touch_settle(command: SettleClearing, touched: Touched) -> None:
    """Its accounts, its rail, its reference, the rail's newest day."""
    touched.accounts.add(command.nostro_account_id)
    touched.accounts.update(filter(None, (command.fee_account_id,)))
    touched.records.add((RAIL, f"{command.rail}:{command.currency}"))
    touched.records.add((CLEARING, key_of(command)))
    touched.records.add((CLEARED_DAY, f"{command.rail}:{command.currency}"))


def follow_settle(command: SettleClearing, state: State, touched: Touched) -> None:
    """The rail's accounts."""
    terms = rail_of(state, command.rail, command.currency)
    if terms is not None:
        touched.accounts.add(terms.clearing_account_id)
