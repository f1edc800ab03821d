"""Holds: money reserved for one or more legs that live and die as one unit.

A hold reserves on every account that its capture would make smaller: the debited account when it is credit-normal (a
customer's wallet), the credited one when it is debit-normal (a bank account of ours). What it would make larger is not
reserved. Reserved money counts against the available balance until it is captured, released or expired.
"""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Final

from contracts.commands import CaptureHold, ExpireHold, ExtendHold, PlaceHold, Posting, ReleaseHold
from contracts.events import (
    AccountBalance,
    EventData,
    HoldCaptured,
    HoldExpired,
    HoldExtended,
    HoldPlaced,
    HoldReleased,
    HoldStatus,
    PostedPosting,
)
from contracts.ids import hold_id, position_of, transfer_id
from contracts.rejections import Refused, Rejection
from ledger.domain.contexts import Context, Touched
from ledger.domain.postings import beyond_terms, book_postings, effective_on, usable
from ledger.domain.state import Account, HeldLeg, Hold, Moment, State
from ledger.domain.transfers import move_balances

HOLD_DAYS_MAX: Final = 400  # a year and a month of grace; a reservation without end is a mistake

# The life cycle: status x event -> status. A capture that leaves nothing ends the hold, one that leaves some does not.
HOLD_TRANSITIONS: Final[Mapping[tuple[HoldStatus, type[EventData]], frozenset[HoldStatus]]] = {
    ("open", HoldExtended): frozenset({"open"}),
    ("open", HoldCaptured): frozenset({"open", "captured"}),
    ("open", HoldReleased): frozenset({"released"}),
    ("open", HoldExpired): frozenset({"expired"}),
}
HOLD_REFUSALS: Final[Mapping[HoldStatus, Rejection]] = {
    "captured": Rejection.HOLD_ALREADY_CAPTURED,
    "released": Rejection.HOLD_ALREADY_RELEASED,
    "expired": Rejection.HOLD_ALREADY_EXPIRED,
}


def decide_place(command: PlaceHold, state: State, moment: Moment) -> HoldPlaced | Refused:
    """Reserve money on all legs, or on none."""
    if command.expires_at <= moment.now:
        return Refused(Rejection.HOLD_DEADLINE_PASSED, "expires_at is not in the future", "/expires_at")
    if command.expires_at > moment.now + timedelta(days=HOLD_DAYS_MAX):
        return Refused(
            Rejection.HOLD_DEADLINE_TOO_FAR, f"expires_at is more than {HOLD_DAYS_MAX} days away", "/expires_at"
        )
    for index, leg in enumerate(command.legs):
        if leg.debit_account_id == leg.credit_account_id:
            return Refused(Rejection.SAME_ACCOUNT, f"leg {index} debits and credits one account", f"/legs/{index}")
        for account_id, field in ((leg.debit_account_id, "debit"), (leg.credit_account_id, "credit")):
            found = usable(account_id, leg.currency, state=state, pointer=f"/legs/{index}/{field}_account_id")
            if isinstance(found, Refused):
                return found
    legs = [
        HeldLeg(leg.debit_account_id, leg.credit_account_id, leg.amount_minor, leg.currency) for leg in command.legs
    ]
    reserved = reserved_by(legs, [leg.amount_minor for leg in legs], state=state)
    for account_id, reserved_minor in reserved.items():
        account = _account(state, account_id)
        refused = beyond_terms(
            account, posted_minor=account.posted_minor, held_minor=account.held_minor + reserved_minor
        )
        if refused is not None:
            return refused
    return HoldPlaced(
        hold_id=hold_id(moment.position),
        legs=command.legs,
        expires_at=command.expires_at,
        reference=command.reference,
        metadata=command.metadata,
        balances=balances_after(state, held_change=reserved),
    )


def decide_extend(command: ExtendHold, state: State, moment: Moment) -> HoldExtended | Refused:
    """Move the deadline of an open hold later."""
    hold = _open_hold(command.hold_id, state, moment)
    if isinstance(hold, Refused):
        return hold
    if command.expires_at <= hold.expires_at:
        return Refused(
            Rejection.HOLD_DEADLINE_NOT_LATER,
            f"the hold already lasts until {hold.expires_at.isoformat()}",
            "/expires_at",
        )
    if command.expires_at > moment.now + timedelta(days=HOLD_DAYS_MAX):
        return Refused(
            Rejection.HOLD_DEADLINE_TOO_FAR, f"expires_at is more than {HOLD_DAYS_MAX} days away", "/expires_at"
        )
    return HoldExtended(hold_id=command.hold_id, expires_at=command.expires_at)


def decide_capture(command: CaptureHold, state: State, moment: Moment) -> HoldCaptured | Refused:
    """Book held money: everything left, or one amount per leg; ``final`` gives the rest back."""
    hold = _open_hold(command.hold_id, state, moment)
    if isinstance(hold, Refused):
        return hold
    amounts_minor = _capture_amounts(command, hold)
    if isinstance(amounts_minor, Refused):
        return amounts_minor
    remaining_minor = tuple(leg.remaining_minor - taken for leg, taken in zip(hold.legs, amounts_minor, strict=True))
    ends = command.final or not any(remaining_minor)
    freed_minor = [leg.remaining_minor for leg in hold.legs] if ends else amounts_minor
    freed = {account_id: -minor for account_id, minor in reserved_by(hold.legs, freed_minor, state=state).items()}
    posted = book_postings(_postings_of(hold, amounts_minor), state=state, held_change=freed)
    if isinstance(posted, Refused):
        return posted
    effective = effective_on(command.effective_date, state=state, moment=moment)
    if isinstance(effective, Refused):
        return effective
    return _captured(command, moment, amounts_minor, posted, effective, remaining_minor, ends, freed, state)


def _captured(  # noqa: PLR0913 - the parts of one event, named
    command: CaptureHold,
    moment: Moment,
    amounts_minor: tuple[int, ...],
    posted: tuple[PostedPosting, ...],
    effective: date,
    remaining_minor: tuple[int, ...],
    ends: bool,
    freed: Mapping[str, int],
    state: State,
) -> HoldCaptured:
    return HoldCaptured(
        hold_id=command.hold_id,
        transfer_id=transfer_id(moment.position),
        amounts_minor=amounts_minor,
        final=command.final,
        effective_date=effective,
        reference=command.reference,
        postings=posted,
        balances=balances_after(state, held_change=freed, posted=posted),
        remaining_minor=tuple(0 for _ in remaining_minor) if ends else remaining_minor,
        status="captured" if ends else "open",
    )


def decide_release(command: ReleaseHold, state: State, moment: Moment) -> HoldReleased | Refused:
    """Give back what is left of an open hold."""
    hold = _open_hold(command.hold_id, state, moment)
    if isinstance(hold, Refused):
        return hold
    return HoldReleased(hold_id=command.hold_id, reason=command.reason, balances=_given_back(hold, state))


def decide_expire(command: ExpireHold, state: State, moment: Moment) -> HoldExpired | Refused:
    """Give back what is left of a hold whose deadline has passed."""
    hold = state.hold(position_of(command.hold_id))
    if hold is None:
        return Refused(Rejection.HOLD_NOT_FOUND, f"{command.hold_id} does not exist", "/hold_id")
    if hold.status != "open":
        return Refused(HOLD_REFUSALS[hold.status], f"{command.hold_id} is {hold.status}", "/hold_id")
    if moment.now < hold.expires_at:
        return Refused(
            Rejection.HOLD_DEADLINE_NOT_PASSED,
            f"{command.hold_id} lasts until {hold.expires_at.isoformat()}",
            "/hold_id",
        )
    return HoldExpired(hold_id=command.hold_id, balances=_given_back(hold, state))


def reserved_by(legs: Sequence[HeldLeg], amounts_minor: Sequence[int], *, state: State) -> dict[str, int]:
    """Per account, what reserving these amounts on these legs takes: only where a capture would make it smaller."""
    reserved: dict[str, int] = {}
    for leg, amount_minor in zip(legs, amounts_minor, strict=True):
        for account_id, shrinking_sign in ((leg.debit_account_id, -1), (leg.credit_account_id, 1)):
            if amount_minor and _account(state, account_id).terms.normal_sign == shrinking_sign:
                reserved[account_id] = reserved.get(account_id, 0) + amount_minor
    return reserved


def balances_after(
    state: State, *, held_change: Mapping[str, int], posted: Sequence[PostedPosting] = ()
) -> tuple[AccountBalance, ...]:
    """The resulting balance of every account an event touches, each once."""
    posted_minor = {posting.account_id: posting.posted_minor for posting in posted}
    balances = []
    for account_id in dict.fromkeys((*posted_minor, *held_change)):
        account = _account(state, account_id)
        balances.append(
            AccountBalance(
                account_id=account_id,
                currency=account.terms.currency,
                posted_minor=posted_minor.get(account_id, account.posted_minor),
                held_minor=account.held_minor + held_change.get(account_id, 0),
            )
        )
    return tuple(balances)


def _account(state: State, account_id: str) -> Account:
    account = state.account(account_id)
    assert account is not None, f"account {account_id} of a hold was not loaded"
    return account


def _open_hold(identifier: str, state: State, moment: Moment) -> Hold | Refused:
    hold = state.hold(position_of(identifier))
    if hold is None:
        return Refused(Rejection.HOLD_NOT_FOUND, f"{identifier} does not exist", "/hold_id")
    if hold.status != "open":
        return Refused(HOLD_REFUSALS[hold.status], f"{identifier} is {hold.status}", "/hold_id")
    if moment.now >= hold.expires_at:
        return Refused(
            Rejection.HOLD_DEADLINE_PASSED, f"{identifier} lasted until {hold.expires_at.isoformat()}", "/hold_id"
        )
    return hold


def _capture_amounts(command: CaptureHold, hold: Hold) -> tuple[int, ...] | Refused:
    if command.amounts_minor is None:
        return tuple(leg.remaining_minor for leg in hold.legs)
    if len(command.amounts_minor) != len(hold.legs) or not any(command.amounts_minor):
        return Refused(
            Rejection.CAPTURE_AMOUNTS_MISMATCH,
            f"give one amount for each of the hold's {len(hold.legs)} legs, at least one above zero",
            "/amounts_minor",
        )
    for index, (amount_minor, leg) in enumerate(zip(command.amounts_minor, hold.legs, strict=True)):
        if amount_minor > leg.remaining_minor:
            return Refused(
                Rejection.CAPTURE_EXCEEDS_HOLD,
                f"leg {index} has {leg.remaining_minor} left to capture, not {amount_minor}",
                f"/amounts_minor/{index}",
            )
    return command.amounts_minor


def _postings_of(hold: Hold, amounts_minor: Sequence[int]) -> list[Posting]:
    postings = []
    for leg, amount_minor in zip(hold.legs, amounts_minor, strict=True):
        if amount_minor:
            postings += [
                Posting(
                    account_id=leg.debit_account_id, side="debit", amount_minor=amount_minor, currency=leg.currency
                ),
                Posting(
                    account_id=leg.credit_account_id, side="credit", amount_minor=amount_minor, currency=leg.currency
                ),
            ]
    return postings


def _given_back(hold: Hold, state: State) -> tuple[AccountBalance, ...]:
    left = [leg.remaining_minor for leg in hold.legs]
    freed = {account_id: -minor for account_id, minor in reserved_by(hold.legs, left, state=state).items()}
    return balances_after(state, held_change=freed)


def _become(
    state: State,
    hold: Hold,
    event: EventData,
    status: HoldStatus,
    *,
    expires_at: datetime | None = None,
    legs: tuple[HeldLeg, ...] | None = None,
) -> None:
    assert status in HOLD_TRANSITIONS[hold.status, type(event)]
    state.holds[hold.no] = Hold(hold.no, status, expires_at or hold.expires_at, legs or hold.legs, hold.reference)


def _known(state: State, identifier: str) -> Hold:
    hold = state.hold(position_of(identifier))
    assert hold is not None, f"{identifier} was not loaded"
    return hold


def evolve_placed(state: State, event: HoldPlaced, position: int) -> None:
    """Add the hold and reserve."""
    legs = tuple(
        HeldLeg(leg.debit_account_id, leg.credit_account_id, leg.amount_minor, leg.currency) for leg in event.legs
    )
    state.holds[position] = Hold(position, "open", event.expires_at, legs, event.reference)
    move_balances(state, event.balances)


def evolve_extended(state: State, event: HoldExtended, position: int) -> None:
    """Move the deadline."""
    _become(state, _known(state, event.hold_id), event, "open", expires_at=event.expires_at)


def evolve_captured(state: State, event: HoldCaptured, position: int) -> None:
    """Count what was captured and move the balances."""
    hold = _known(state, event.hold_id)
    legs = tuple(
        HeldLeg(leg.debit_account_id, leg.credit_account_id, leg.amount_minor, leg.currency, leg.captured_minor + taken)
        for leg, taken in zip(hold.legs, event.amounts_minor, strict=True)
    )
    _become(state, hold, event, event.status, legs=legs)
    move_balances(state, event.balances)


def evolve_ended(state: State, event: HoldReleased | HoldExpired, position: int) -> None:
    """End the hold and give back."""
    status: HoldStatus = "released" if isinstance(event, HoldReleased) else "expired"
    _become(state, _known(state, event.hold_id), event, status)
    move_balances(state, event.balances)


def _touch_placing(command: PlaceHold, touched: Touched) -> None:
    for leg in command.legs:
        touched.accounts.update((leg.debit_account_id, leg.credit_account_id))


HoldCommand = ExtendHold | CaptureHold | ReleaseHold | ExpireHold


def _touch_hold(command: HoldCommand, touched: Touched) -> None:
    touched.holds.add(position_of(command.hold_id))


def _follow_hold(command: HoldCommand, state: State, touched: Touched) -> None:
    hold = state.hold(position_of(command.hold_id))
    if hold is not None:
        for leg in hold.legs:
            touched.accounts.update((leg.debit_account_id, leg.credit_account_id))


CONTEXT: Final = Context(
    deciders={
        PlaceHold: decide_place,
        ExtendHold: decide_extend,
        CaptureHold: decide_capture,
        ReleaseHold: decide_release,
        ExpireHold: decide_expire,
    },
    evolvers={
        HoldPlaced: evolve_placed,
        HoldExtended: evolve_extended,
        HoldCaptured: evolve_captured,
        HoldReleased: evolve_ended,
        HoldExpired: evolve_ended,
    },
    touches={
        PlaceHold: _touch_placing,
        ExtendHold: _touch_hold,
        CaptureHold: _touch_hold,
        ReleaseHold: _touch_hold,
        ExpireHold: _touch_hold,
    },
    follows={
        ExtendHold: _follow_hold,
        CaptureHold: _follow_hold,
        ReleaseHold: _follow_hold,
        ExpireHold: _follow_hold,
    },
)
