"""The two tables of the book: which decision answers a command, which evolution follows an event."""

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any, Final

from contracts import commands as c
from contracts import events as e
from contracts.rejections import Refused
from ledger.domain import accounts, holds, payments, transfers
from ledger.domain.state import Moment, State

Decider = Callable[[Any, State, Moment], Any]
Evolver = Callable[[State, Any, int], None]
Line = tuple[int, int, str, int, int, date]

DECIDERS: Final[Mapping[type[c.Command], Decider]] = {
    c.DeclareAsset: accounts.decide_declare_asset,
    c.OpenAccount: accounts.decide_open,
    c.CloseAccount: accounts.decide_close,
    c.FreezeAccount: accounts.decide_freeze,
    c.UnfreezeAccount: accounts.decide_unfreeze,
    c.PostTransfer: transfers.decide_transfer,
    c.ReverseTransfer: transfers.decide_reversal,
    c.ClosePeriod: transfers.decide_close_period,
    c.PlaceHold: holds.decide_place,
    c.ExtendHold: holds.decide_extend,
    c.CaptureHold: holds.decide_capture,
    c.ReleaseHold: holds.decide_release,
    c.ExpireHold: holds.decide_expire,
    c.InitiatePayment: payments.decide_payment,
}

EVOLVERS: Final[Mapping[type[e.EventData], Evolver]] = {
    e.AssetDeclared: accounts.evolve_asset,
    e.AccountOpened: accounts.evolve_opened,
    e.AccountClosed: accounts.evolve_status,
    e.AccountFrozen: accounts.evolve_status,
    e.AccountUnfrozen: accounts.evolve_status,
    e.TransferPosted: transfers.evolve_transfer,
    e.TransferReversed: transfers.evolve_reversal,
    e.PeriodClosed: transfers.evolve_period,
    e.HoldPlaced: holds.evolve_placed,
    e.HoldExtended: holds.evolve_extended,
    e.HoldCaptured: holds.evolve_captured,
    e.HoldReleased: holds.evolve_ended,
    e.HoldExpired: holds.evolve_ended,
    e.PaymentInitiated: payments.evolve_initiated,
    e.PaymentSettled: payments.evolve_settled,
    e.PaymentRejected: payments.evolve_rejected,
}


def decide(command: c.Command, state: State, moment: Moment) -> tuple[e.EventData, ...] | Refused:
    """Answer a command with the events it causes (at least one), or with a refusal. Changes nothing."""
    decided = DECIDERS[type(command)](command, state, moment)
    return decided if isinstance(decided, (tuple, Refused)) else (decided,)


def evolve(state: State, event: e.EventData, position: int) -> None:
    """Move ``state`` past an event that was decided on it."""
    EVOLVERS[type(event)](state, event, position)


def entries_of(event: e.EventData, state: State, *, today: date) -> list[Line]:
    """The lines an event books, as (account_no, leg, currency, amount_minor, held_minor, effective_date).

    ``state`` is the state before the event: what the event changes on holds is its resulting figure less the one
    before.
    """
    lines: list[Line] = []
    postings = getattr(event, "postings", None)
    if postings is not None:
        effective = event.effective_date  # type: ignore[attr-defined]  # every event with postings has one (tested)
        for leg, posting in enumerate(postings):
            account = state.account(posting.account_id)
            assert account is not None
            amount_minor = posting.amount_minor if posting.side == "debit" else -posting.amount_minor
            lines.append((account.terms.no, leg, posting.currency, amount_minor, 0, effective))
    for balance in getattr(event, "balances", ()):
        account = state.account(balance.account_id)
        assert account is not None
        if balance.held_minor != account.held_minor:
            change_minor = balance.held_minor - account.held_minor
            lines.append((account.terms.no, len(lines), balance.currency, 0, change_minor, today))
    return lines
