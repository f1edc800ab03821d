"""Transfers: journal entries and their reversals, and the accounting periods that may refuse them."""

from collections.abc import Sequence
from typing import Final

from contracts.commands import ClosePeriod, Posting, PostTransfer, ReverseTransfer, Side
from contracts.events import AccountBalance, PeriodClosed, PostedPosting, TransferPosted, TransferReversed
from contracts.ids import position_of, transfer_id
from contracts.rejections import Refused, Rejection
from ledger.domain.contexts import Context, Touched
from ledger.domain.postings import book_postings, effective_on
from ledger.domain.state import Account, Moment, Original, State


def decide_transfer(command: PostTransfer, state: State, moment: Moment) -> TransferPosted | Refused:
    """Book a transfer."""
    posted = book_postings(command.postings, state=state)
    if isinstance(posted, Refused):
        return posted
    effective = effective_on(command.effective_date, state=state, moment=moment)
    if isinstance(effective, Refused):
        return effective
    return TransferPosted(
        transfer_id=transfer_id(moment.position),
        postings=posted,
        effective_date=effective,
        reference=command.reference,
        metadata=command.metadata,
    )


def decide_reversal(command: ReverseTransfer, state: State, moment: Moment) -> TransferReversed | Refused:
    """Undo what is left of a transfer, or the given part of it; never more than the original."""
    original = state.original(position_of(command.transfer_id))
    if original is None:
        return Refused(Rejection.TRANSFER_NOT_FOUND, f"{command.transfer_id} does not exist", "/transfer_id")
    if original.is_reversal:
        return Refused(
            Rejection.TRANSFER_IS_A_REVERSAL, f"{command.transfer_id} is itself a reversal; book anew", "/transfer_id"
        )
    postings = opposite_of(original) if command.postings is None else command.postings
    if not postings or not any(remaining_of(original)):
        return Refused(
            Rejection.TRANSFER_ALREADY_REVERSED, f"nothing is left of {command.transfer_id} to reverse", "/transfer_id"
        )
    allotted = allot(original, postings)
    if isinstance(allotted, Refused):
        return allotted
    posted = book_postings(postings, state=state)
    if isinstance(posted, Refused):
        return posted
    effective = effective_on(command.effective_date, state=state, moment=moment)
    if isinstance(effective, Refused):
        return effective
    return TransferReversed(
        reversal_id=transfer_id(moment.position),
        transfer_id=command.transfer_id,
        postings=posted,
        effective_date=effective,
        reference=command.reference,
        reason=command.reason,
        metadata=command.metadata,
    )


def decide_close_period(command: ClosePeriod, state: State, moment: Moment) -> PeriodClosed | Refused:
    """Close the books through a day that is over; closing never moves backwards."""
    if command.through >= moment.today:
        return Refused(Rejection.PERIOD_NOT_OVER, f"{command.through} is not over yet (UTC)", "/through")
    if command.through <= state.closed_through:
        return Refused(Rejection.PERIOD_CLOSED, f"the books are closed through {state.closed_through}", "/through")
    return PeriodClosed(through=command.through)


def remaining_of(original: Original) -> tuple[int, ...]:
    """What is left to reverse of each posting."""
    return tuple(
        posting.amount_minor - reversed_minor
        for posting, reversed_minor in zip(original.postings, original.reversed_minor, strict=True)
    )


def opposite_of(original: Original) -> tuple[Posting, ...]:
    """The postings that undo everything still left of a transfer."""
    return tuple(
        Posting(
            account_id=posting.account_id,
            side=_exchanged(posting.side),
            amount_minor=left_minor,
            currency=posting.currency,
        )
        for posting, left_minor in zip(original.postings, remaining_of(original), strict=True)
        if left_minor > 0
    )


def allot(original: Original, postings: Sequence[Posting | PostedPosting]) -> tuple[int, ...] | Refused:
    """Allot reversing postings to the original's, first match first.

    Give the new reversed figure per original posting.
    """
    left = list(remaining_of(original))
    for index, posting in enumerate(postings):
        matches = [
            at
            for at, candidate in enumerate(original.postings)
            if candidate.account_id == posting.account_id
            and candidate.currency == posting.currency
            and candidate.side != posting.side
        ]
        if not matches:
            return Refused(
                Rejection.REVERSAL_POSTING_UNKNOWN,
                f"the original has no {_exchanged(posting.side)} of {posting.currency} on {posting.account_id} to undo",
                f"/postings/{index}",
            )
        wanted_minor = posting.amount_minor
        for at in matches:
            taken_minor = min(left[at], wanted_minor)
            left[at] -= taken_minor
            wanted_minor -= taken_minor
        if wanted_minor > 0:
            return Refused(
                Rejection.REVERSAL_EXCEEDS_ORIGINAL,
                f"{wanted_minor} more than what is left of the original on {posting.account_id}",
                f"/postings/{index}/amount_minor",
            )
    return tuple(posting.amount_minor - left_minor for posting, left_minor in zip(original.postings, left, strict=True))


def _exchanged(side: Side) -> Side:
    return "credit" if side == "debit" else "debit"


def move_balances(state: State, balances: Sequence[PostedPosting | AccountBalance]) -> None:
    """Put the resulting balances of an event on its accounts; the last one named counts."""
    for balance in balances:
        account = state.account(balance.account_id)
        assert account is not None
        state.accounts[balance.account_id] = Account(
            account.terms, account.status, balance.posted_minor, balance.held_minor
        )


def evolve_transfer(state: State, event: TransferPosted, position: int) -> None:
    """Move the balances of a transfer."""
    move_balances(state, event.postings)


def evolve_reversal(state: State, event: TransferReversed, position: int) -> None:
    """Move the balances back and count what was undone."""
    original = state.original(position_of(event.transfer_id))
    assert original is not None
    allotted = allot(original, event.postings)
    assert not isinstance(allotted, Refused)
    state.originals[original.no] = Original(original.no, original.postings, False, allotted)
    move_balances(state, event.postings)


def evolve_period(state: State, event: PeriodClosed, position: int) -> None:
    """Move the end of the closed period."""
    state.closed_through = event.through


def _touch_transfer(command: PostTransfer, touched: Touched) -> None:
    for posting in command.postings:
        touched.accounts.add(posting.account_id)


def _touch_reversal(command: ReverseTransfer, touched: Touched) -> None:
    touched.originals.add(position_of(command.transfer_id))
    touched.accounts.update(posting.account_id for posting in command.postings or ())


def _follow_reversal(command: ReverseTransfer, state: State, touched: Touched) -> None:
    original = state.original(position_of(command.transfer_id))
    if original is not None:
        touched.accounts.update(posting.account_id for posting in original.postings)


def _touch_nothing(command: ClosePeriod, touched: Touched) -> None:
    """The end of the closed period lives in the head."""


CONTEXT: Final = Context(
    deciders={PostTransfer: decide_transfer, ReverseTransfer: decide_reversal, ClosePeriod: decide_close_period},
    evolvers={TransferPosted: evolve_transfer, TransferReversed: evolve_reversal, PeriodClosed: evolve_period},
    touches={PostTransfer: _touch_transfer, ReverseTransfer: _touch_reversal, ClosePeriod: _touch_nothing},
    follows={ReverseTransfer: _follow_reversal},
)
