"""The random run can fail: each fault planted into the write model makes it do so.

A fault is one small change that a tired programmer could make. If the run stays green under one of them, an invariant
has stopped looking.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test
from msgspec.structs import replace

from contracts import commands as c
from contracts import events as e
from ledger.domain import holds, postings, transfers
from ledger.domain.book import DECIDERS, EVOLVERS
from ledger.domain.state import Account, Hold
from tests.ledger.machine import BookMachine

RUNS_MAX = 4_000  # the first failure ends the run; only a fault that is hard to meet takes more than a few dozen
Plant = Callable[[pytest.MonkeyPatch], None]


def exchange(patch: pytest.MonkeyPatch, table: Any, kind: type, function: Callable[..., Any]) -> None:
    """Put another function into one of the book's two tables."""
    patch.setitem(table, kind, function)


def skip_the_limits(patch: pytest.MonkeyPatch) -> None:
    for module in (postings, holds):
        patch.setattr(module, "beyond_terms", lambda *_, **__: None)


def forget_what_is_held(patch: pytest.MonkeyPatch) -> None:
    real = postings.beyond_terms
    for module in (postings, holds):
        patch.setattr(module, "beyond_terms", lambda account, *, posted_minor, held_minor: real(
            account, posted_minor=posted_minor, held_minor=0))  # fmt: skip


def forget_the_ceiling(patch: pytest.MonkeyPatch) -> None:
    real = postings.beyond_terms

    def without_ceiling(account: Account, **balances: int) -> Any:
        return real(replace(account, terms=replace(account.terms, ceiling_minor=None)), **balances)

    patch.setattr(postings, "beyond_terms", without_ceiling)


def accept_what_does_not_balance(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(postings, "unbalanced", lambda difference: None)


def drop_one_posting(patch: pytest.MonkeyPatch) -> None:
    real = postings.book_postings
    patch.setattr(transfers, "book_postings", lambda *args, **kwargs: _shortened(real(*args, **kwargs)))


def _shortened(posted: Any) -> Any:
    return posted[:-1] if isinstance(posted, tuple) and len(posted) > 2 else posted


def reverse_twice(patch: pytest.MonkeyPatch) -> None:
    exchange(patch, EVOLVERS, e.TransferReversed,
                  lambda state, event, position: transfers.move_balances(state, event.postings))  # fmt: skip


def reverse_more_than_was_booked(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(transfers, "allot", lambda original, postings: original.reversed_minor)


def reserve_only_the_first_leg(patch: pytest.MonkeyPatch) -> None:
    real = holds.reserved_by
    patch.setattr(holds, "reserved_by", lambda legs, amounts, *, state: real(legs[:1], amounts[:1], state=state))


def reserve_only_by_debits(patch: pytest.MonkeyPatch) -> None:
    def only_debits(legs: Any, amounts_minor: Any, *, state: Any) -> dict[str, int]:
        reserved: dict[str, int] = {}
        for leg, minor in zip(legs, amounts_minor, strict=True):
            reserved[leg.debit_account_id] = reserved.get(leg.debit_account_id, 0) + minor
        return reserved

    patch.setattr(holds, "reserved_by", only_debits)


def expire_without_giving_back(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(holds, "_given_back", lambda hold, state: ())


def give_back_the_whole_hold(patch: pytest.MonkeyPatch) -> None:
    real = holds._given_back

    def whole(hold: Hold) -> Hold:
        return replace(hold, legs=tuple(replace(leg, captured_minor=0) for leg in hold.legs))

    patch.setattr(holds, "_given_back", lambda hold, state: real(whole(hold), state))


def capture_above_what_is_left(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(holds, "_capture_amounts", lambda command, hold: command.amounts_minor
                  if command.amounts_minor and len(command.amounts_minor) == len(hold.legs)
                  else tuple(leg.amount_minor for leg in hold.legs))  # fmt: skip


def capture_without_freeing(patch: pytest.MonkeyPatch) -> None:
    real = postings.book_postings
    patch.setattr(holds, "balances_after", _without_freed(holds.balances_after))
    patch.setattr(holds, "book_postings", lambda given, *, state, held_change: real(given, state=state))


def _without_freed(real: Any) -> Any:
    return lambda state, *, held_change, posted=(): real(
        state, held_change={} if posted else held_change, posted=posted
    )


def keep_the_rest_of_a_final_capture(patch: pytest.MonkeyPatch) -> None:
    real = holds.decide_capture

    def not_final(command: c.CaptureHold, state: Any, moment: Any) -> Any:
        decided = real(type(command)(hold_id=command.hold_id, amounts_minor=command.amounts_minor), state, moment)
        if isinstance(decided, e.HoldCaptured) and command.final:
            return replace(decided, status="captured")
        return decided

    exchange(patch, DECIDERS, c.CaptureHold, not_final)


def capture_twice(patch: pytest.MonkeyPatch) -> None:
    exchange(patch, EVOLVERS, e.HoldCaptured,
                  lambda state, event, position: transfers.move_balances(state, event.balances))  # fmt: skip


def move_frozen_money(patch: pytest.MonkeyPatch) -> None:
    real = postings.usable

    def thawed(account_id: str, currency: str, *, state: Any, pointer: str, frozen_too: bool = False) -> Any:
        account = state.account(account_id)
        if account is not None and account.status == "frozen":
            return account
        return real(account_id, currency, state=state, pointer=pointer, frozen_too=frozen_too)

    patch.setattr(postings, "usable", thawed)


def change_something_while_refusing(patch: pytest.MonkeyPatch) -> None:
    real = transfers.decide_transfer

    def refuse_and_touch(command: Any, state: Any, moment: Any) -> Any:
        decided = real(command, state, moment)
        account = state.account(command.postings[0].account_id)
        if not isinstance(decided, e.TransferPosted):
            state.accounts[account.terms.account_id] = Account(account.terms, account.status, 7, 0)
        return decided

    exchange(patch, DECIDERS, c.PostTransfer, refuse_and_touch)


def take_the_first_balance_of_an_account_instead_of_the_last(patch: pytest.MonkeyPatch) -> None:
    real = transfers.move_balances
    for module in (transfers, holds):
        patch.setattr(module, "move_balances", lambda state, balances: real(state, tuple(reversed(balances))))


FAULTS: Final[tuple[Plant, ...]] = (
    skip_the_limits,
    forget_what_is_held,
    forget_the_ceiling,
    accept_what_does_not_balance,
    drop_one_posting,
    reverse_twice,
    reverse_more_than_was_booked,
    reserve_only_the_first_leg,
    reserve_only_by_debits,
    expire_without_giving_back,
    give_back_the_whole_hold,
    capture_above_what_is_left,
    capture_without_freeing,
    keep_the_rest_of_a_final_capture,
    capture_twice,
    move_frozen_money,
    change_something_while_refusing,
    take_the_first_balance_of_an_account_instead_of_the_last,
)  # fmt: skip


@pytest.mark.parametrize("plant", FAULTS, ids=lambda plant: plant.__name__)
def test_the_random_run_fails_when(plant: Plant, monkeypatch: pytest.MonkeyPatch) -> None:
    plant(monkeypatch)

    with pytest.raises(AssertionError):
        run_state_machine_as_test(
            BookMachine,
            settings=settings(
                max_examples=RUNS_MAX,
                stateful_step_count=50,
                deadline=None,
                database=None,
                derandomize=True,
                phases=[Phase.generate],  # the failure is enough; nobody reads the smallest one
                suppress_health_check=list(HealthCheck),
                report_multiple_bugs=False,
                print_blob=False,
            ),
        )
