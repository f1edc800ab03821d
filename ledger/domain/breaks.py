"""Breaks: what has no match, from the day it is opened until it is matched after all, or written off by two people.

A write-off books the break's difference between the reconciled account and another one, today: a closed period stays
closed, and a late correction belongs to the open one. One person proposes it, another one approves.
"""

from collections.abc import Mapping
from typing import Any, Final

from msgspec.structs import replace

from contracts.commands import (
    ApproveWriteOff,
    AssignBreak,
    EntryRef,
    OpenBreak,
    Posting,
    ProposeWriteOff,
    RejectWriteOff,
    Side,
)
from contracts.events import (
    BreakAssigned,
    BreakOpened,
    BreakStatus,
    EventData,
    RecordedMatch,
    WriteOffApproved,
    WriteOffProposed,
    WriteOffRejected,
)
from contracts.ids import break_id, match_id, transfer_id
from contracts.rejections import Refused, Rejection
from ledger.domain.contexts import Context, Touched
from ledger.domain.matches import free_entries, free_lines, remember_match
from ledger.domain.postings import book_postings, effective_on, usable
from ledger.domain.reconciled import BREAK, Break, follow_breaks, found, known, put_items, touch_items
from ledger.domain.state import Moment, State
from ledger.domain.transfers import move_balances

WRITE_OFF: Final = "write_off"  # the rule that a match made by a write-off names
CERTAIN_PERMILLE: Final = 1000

# The life cycle: status x event -> status. A match resolves a break whatever its status (see matches.py).
BREAK_TRANSITIONS: Final[Mapping[tuple[BreakStatus | None, type[EventData]], BreakStatus]] = {
    (None, BreakOpened): "open",
    ("open", BreakAssigned): "assigned",
    ("open", WriteOffProposed): "write_off_proposed",
    ("assigned", BreakAssigned): "assigned",
    ("assigned", WriteOffProposed): "write_off_proposed",
    ("write_off_proposed", WriteOffApproved): "written_off",
    ("write_off_proposed", WriteOffRejected): "open",
}
BREAK_REFUSALS: Final[Mapping[tuple[BreakStatus, type[EventData]], Rejection]] = {
    ("open", WriteOffApproved): Rejection.WRITE_OFF_NOT_PROPOSED,
    ("open", WriteOffRejected): Rejection.WRITE_OFF_NOT_PROPOSED,
    ("assigned", WriteOffApproved): Rejection.WRITE_OFF_NOT_PROPOSED,
    ("assigned", WriteOffRejected): Rejection.WRITE_OFF_NOT_PROPOSED,
    ("write_off_proposed", BreakAssigned): Rejection.WRITE_OFF_PROPOSED,
    ("write_off_proposed", WriteOffProposed): Rejection.WRITE_OFF_PROPOSED,
    **{
        (status, event): Rejection.BREAK_CLOSED
        for status in ("written_off", "resolved")
        for event in (BreakAssigned, WriteOffProposed, WriteOffApproved, WriteOffRejected)
    },
}


def decide_open(command: OpenBreak, state: State, moment: Moment) -> BreakOpened | Refused:
    """Open a break on lines and entries that are in no match and in no other break."""
    account = state.account(command.account_id)
    if account is None:
        return Refused(Rejection.ACCOUNT_NOT_FOUND, f"account {command.account_id} does not exist", "/account_id")
    names = (*command.line_ids, *((entry.position, entry.leg) for entry in command.entries))
    if not names or len(set(names)) < len(names):
        return Refused(Rejection.BREAK_ITEMS_WRONG, "a break names at least one line or entry, and each once")
    lines_minor = free_lines(
        command.line_ids, state, account_id=command.account_id, pointer="/line_ids", breaks_too=True
    )
    if isinstance(lines_minor, Refused):
        return lines_minor
    entries_minor = free_entries(
        command.entries, state, account_id=command.account_id, pointer="/entries", breaks_too=True
    )
    if isinstance(entries_minor, Refused):
        return entries_minor
    return BreakOpened(
        break_id=break_id(moment.position),
        account_id=command.account_id,
        currency=account.terms.currency,
        kind=command.kind,
        line_ids=command.line_ids,
        entries=command.entries,
        like_line_id=command.like_line_id,
        difference_minor=lines_minor - entries_minor,
        opened_on=moment.today,
        status=BREAK_TRANSITIONS[None, BreakOpened],
    )


def decide_assign(command: AssignBreak, state: State, moment: Moment) -> BreakAssigned | Refused:
    """Give a break to somebody, or to somebody else."""
    held = _break_for(command.break_id, BreakAssigned, state)
    if isinstance(held, Refused):
        return held
    return BreakAssigned(
        break_id=command.break_id,
        account_id=held.account_id,
        assignee=command.assignee,
        status=BREAK_TRANSITIONS[held.status, BreakAssigned],
    )


def decide_propose(command: ProposeWriteOff, state: State, moment: Moment) -> WriteOffProposed | Refused:
    """Propose to book a break's difference against another account of its currency."""
    held = _break_for(command.break_id, WriteOffProposed, state)
    if isinstance(held, Refused):
        return held
    if held.difference_minor == 0:
        return Refused(
            Rejection.NOTHING_TO_WRITE_OFF, f"{command.break_id} has no difference: match its items", "/break_id"
        )
    if command.write_off_account_id == held.account_id:
        return Refused(Rejection.SAME_ACCOUNT, "that is the reconciled account itself", "/write_off_account_id")
    account = usable(command.write_off_account_id, held.currency, state=state, pointer="/write_off_account_id")
    if isinstance(account, Refused):
        return account
    return WriteOffProposed(
        break_id=command.break_id,
        account_id=held.account_id,
        write_off_account_id=command.write_off_account_id,
        reason=command.reason,
        difference_minor=held.difference_minor,
        proposed_by=moment.subject,
        status=BREAK_TRANSITIONS[held.status, WriteOffProposed],
    )


def decide_approve(command: ApproveWriteOff, state: State, moment: Moment) -> WriteOffApproved | Refused:
    """Book a proposed write-off today, when somebody else than the one who proposed it approves."""
    held = _break_for(command.break_id, WriteOffApproved, state)
    if isinstance(held, Refused):
        return held
    assert held.proposed_by is not None
    assert held.write_off_account_id is not None
    if held.proposed_by == moment.subject:
        return Refused(
            Rejection.FOUR_EYES_REQUIRED, "whoever proposed a write-off cannot approve it as well", "/break_id"
        )
    posted = book_postings(_postings_of(held, held.write_off_account_id), state=state)
    if isinstance(posted, Refused):
        return Refused(posted.rejection, posted.detail, "/break_id")
    effective = effective_on(None, state=state, moment=moment)
    if isinstance(effective, Refused):
        return Refused(effective.rejection, effective.detail, "/break_id")
    return WriteOffApproved(
        break_id=command.break_id,
        account_id=held.account_id,
        write_off_account_id=held.write_off_account_id,
        transfer_id=transfer_id(moment.position),
        postings=posted,
        effective_date=effective,
        proposed_by=held.proposed_by,
        approved_by=moment.subject,
        match=RecordedMatch(
            match_id=match_id(moment.position, 0),
            line_ids=held.line_ids,
            entries=(*held.entries, EntryRef(position=moment.position, leg=0)),
            rule=WRITE_OFF,
            score_permille=CERTAIN_PERMILLE,
            difference_minor=0,
        ),
        status=BREAK_TRANSITIONS[held.status, WriteOffApproved],
    )


def _postings_of(held: Break, write_off_account_id: str) -> tuple[Posting, Posting]:
    """The reconciled account's posting first: a debit when the bank has more than the book."""
    sides: tuple[Side, Side] = ("debit", "credit") if held.difference_minor > 0 else ("credit", "debit")
    return (
        Posting(
            account_id=held.account_id,
            side=sides[0],
            amount_minor=abs(held.difference_minor),
            currency=held.currency,
        ),
        Posting(
            account_id=write_off_account_id,
            side=sides[1],
            amount_minor=abs(held.difference_minor),
            currency=held.currency,
        ),
    )


def decide_reject(command: RejectWriteOff, state: State, moment: Moment) -> WriteOffRejected | Refused:
    """Turn a proposed write-off down, or take it back."""
    held = _break_for(command.break_id, WriteOffRejected, state)
    if isinstance(held, Refused):
        return held
    return WriteOffRejected(
        break_id=command.break_id,
        account_id=held.account_id,
        reason=command.reason,
        status=BREAK_TRANSITIONS[held.status, WriteOffRejected],
    )


def _break_for(identifier: str, event: type[EventData], state: State) -> Break | Refused:
    """Find a break that this may happen to."""
    held = found(state, BREAK, identifier, Break)
    if held is None:
        return Refused(Rejection.BREAK_NOT_FOUND, f"{identifier} does not exist", "/break_id")
    rejection = BREAK_REFUSALS.get((held.status, event))
    return held if rejection is None else Refused(rejection, f"{identifier} is {held.status}", "/break_id")


def evolve_opened(state: State, event: BreakOpened, position: int) -> None:
    """Put the items into the break."""
    put_items(state, event.line_ids, event.entries, break_id=event.break_id)
    state.records[BREAK, event.break_id] = Break(
        account_id=event.account_id,
        currency=event.currency,
        kind=event.kind,
        line_ids=event.line_ids,
        entries=event.entries,
        difference_minor=event.difference_minor,
        opened_on=event.opened_on,
        status=event.status,
    )


def evolve_assigned(state: State, event: BreakAssigned, position: int) -> None:
    """Remember whose it is."""
    held = known(state, BREAK, event.break_id, Break)
    state.records[BREAK, event.break_id] = replace(held, status=event.status, assignee=event.assignee)


def evolve_proposed(state: State, event: WriteOffProposed, position: int) -> None:
    """Remember what was proposed, and by whom."""
    held = known(state, BREAK, event.break_id, Break)
    state.records[BREAK, event.break_id] = replace(
        held,
        status=event.status,
        write_off_account_id=event.write_off_account_id,
        proposed_by=event.proposed_by,
    )


def evolve_approved(state: State, event: WriteOffApproved, position: int) -> None:
    """Move the balances and match the break's items with the new entry."""
    move_balances(state, event.postings)
    held = known(state, BREAK, event.break_id, Break)
    remember_match(state, event.match, account_id=event.account_id, break_id=event.break_id)
    state.records[BREAK, event.break_id] = replace(held, status=event.status)


def evolve_rejected(state: State, event: WriteOffRejected, position: int) -> None:
    """Forget the proposal."""
    held = known(state, BREAK, event.break_id, Break)
    state.records[BREAK, event.break_id] = replace(
        held, status=event.status, write_off_account_id=None, proposed_by=None
    )


def _touch_open(command: OpenBreak, touched: Touched) -> None:
    touched.accounts.add(command.account_id)
    touch_items(touched, command.line_ids, command.entries)


def _follow_open(command: OpenBreak, state: State, touched: Touched) -> None:
    follow_breaks(state, touched, command.line_ids, command.entries)


BreakCommand = AssignBreak | ProposeWriteOff | ApproveWriteOff | RejectWriteOff


def _touch_break(command: BreakCommand, touched: Touched) -> None:
    touched.records.add((BREAK, command.break_id))
    if isinstance(command, ProposeWriteOff):
        touched.accounts.add(command.write_off_account_id)


def _follow_break(command: BreakCommand, state: State, touched: Touched) -> None:
    held = found(state, BREAK, command.break_id, Break)
    if held is not None:
        touched.accounts.add(held.account_id)
        if held.write_off_account_id is not None:
            touched.accounts.add(held.write_off_account_id)
        touch_items(touched, held.line_ids, held.entries)


_EVOLVERS: Final[Mapping[type[EventData], Any]] = {
    BreakOpened: evolve_opened,
    BreakAssigned: evolve_assigned,
    WriteOffProposed: evolve_proposed,
    WriteOffApproved: evolve_approved,
    WriteOffRejected: evolve_rejected,
}

CONTEXT: Final = Context(
    deciders={
        OpenBreak: decide_open,
        AssignBreak: decide_assign,
        ProposeWriteOff: decide_propose,
        ApproveWriteOff: decide_approve,
        RejectWriteOff: decide_reject,
    },
    evolvers=_EVOLVERS,
    touches={
        OpenBreak: _touch_open,
        AssignBreak: _touch_break,
        ProposeWriteOff: _touch_break,
        ApproveWriteOff: _touch_break,
        RejectWriteOff: _touch_break,
    },
    follows={
        OpenBreak: _follow_open,
        AssignBreak: _follow_break,
        ProposeWriteOff: _follow_break,
        ApproveWriteOff: _follow_break,
        RejectWriteOff: _follow_break,
    },
)
