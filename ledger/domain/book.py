"""The tables of the book, put together from the contexts: which decision answers a command, which evolution follows an
event, what a command looks at, what is remembered.
"""

from collections.abc import Mapping
from datetime import date
from typing import Any, Final

from contracts import events as e
from contracts.rejections import Refused
from ledger.domain import (
    accounts,
    breaks,
    fees,
    holds,
    limits,
    matches,
    payment_files,
    statements,
    transfers,
    webhooks,
)
from ledger.domain.contexts import Context, Decider, Evolver, Follow, Touch
from ledger.domain.customers import context as customers
from ledger.domain.fx import context as fx
from ledger.domain.payments import context as payments
from ledger.domain.records import Record
from ledger.domain.settlement import context as settlement
from ledger.domain.standing_orders import context as standing_orders
from ledger.domain.state import Moment, State

Line = tuple[int, int, str, int, int, date]

CONTEXTS: Final[tuple[Context, ...]] = (
    accounts.CONTEXT,
    transfers.CONTEXT,
    holds.CONTEXT,
    payments.CONTEXT,
    limits.CONTEXT,
    standing_orders.CONTEXT,
    payment_files.CONTEXT,
    settlement.CONTEXT,
    webhooks.CONTEXT,
    statements.CONTEXT,
    matches.CONTEXT,
    breaks.CONTEXT,
    fees.CONTEXT,
    fx.CONTEXT,
    customers.CONTEXT,
)


def _merged(part: str) -> dict[Any, Any]:
    """One table out of every context's part; two contexts never claim the same entry."""
    merged: dict[Any, Any] = {}
    for context in CONTEXTS:
        own = getattr(context, part)
        assert not merged.keys() & own.keys(), f"{part}: {merged.keys() & own.keys()} claimed twice"
        merged |= own
    return merged


DECIDERS: Final[Mapping[type[Any], Decider]] = _merged("deciders")
EVOLVERS: Final[Mapping[type[e.EventData], Evolver]] = _merged("evolvers")
TOUCHES: Final[Mapping[type[Any], Touch]] = _merged("touches")
FOLLOWS: Final[Mapping[type[Any], Follow]] = _merged("follows")
RECORDS: Final[Mapping[str, type[Record]]] = _merged("records")


def decide(command: Any, state: State, moment: Moment) -> tuple[e.EventData, ...] | Refused:
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
