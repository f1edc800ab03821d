"""Random work on statements keeps every promise; and each planted fault is noticed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test
from msgspec.structs import replace

from contracts import commands as c
from contracts import events as e
from ledger.domain import breaks, matches, reconciled
from ledger.domain.book import DECIDERS, EVOLVERS
from tests.reconciliation.machine import ReconciliationMachine

Plant = Callable[[pytest.MonkeyPatch], None]
RUNS: Final = 60
FAULT_RUNS_MAX: Final = 600


def exchange(patch: pytest.MonkeyPatch, table: Any, kind: type, function: Callable[..., Any]) -> None:
    """Put another function into one of the book's two tables."""
    patch.setitem(table, kind, function)


def forget_that_a_line_is_matched(patch: pytest.MonkeyPatch) -> None:
    real = matches.free_lines
    patch.setattr(matches, "free_lines", lambda line_ids, state, **how: real(line_ids, freed(state), **how))


def freed(state: Any) -> Any:
    """The state as if no line were in a match."""

    class Freed:
        def record(self, kind: str, identifier: str) -> Any:
            found = state.record(kind, identifier)
            return replace(found, match_id=None) if isinstance(found, reconciled.ReconciledLine) else found

    return Freed()


def forget_that_an_entry_is_matched(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(matches, "entry_of", lambda state, entry: reconciled.ReconciledEntry())


def let_a_command_name_an_item_twice(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(matches, "_named_twice", lambda *_: None)


def believe_the_difference(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(matches, "DIFFERENCE_PERMILLE_MAX", 10**9)
    real = matches._refusal

    def believing(proposed: Any, state: Any, **where: Any) -> Any:
        refused = real(proposed, state, **where)
        return None if refused is not None and refused.rejection.startswith("match_difference") else refused

    patch.setattr(matches, "_refusal", believing)


def leave_breaks_open(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(matches, "_breaks_of", lambda matches, state: ())


def resolve_breaks_without_freeing(patch: pytest.MonkeyPatch) -> None:
    def without_freeing(state: Any, event: e.MatchesRecorded, position: int) -> None:
        for matched in event.matches:
            matches.remember_match(state, matched, account_id=event.account_id)

    exchange(patch, EVOLVERS, e.MatchesRecorded, without_freeing)


def unmatch_one_line_only(patch: pytest.MonkeyPatch) -> None:
    exchange(patch, EVOLVERS, e.LineUnmatched, lambda state, event, position: (
        reconciled.put_items(state, (event.line_id,), ())))  # fmt: skip


def miscount_open_lines(patch: pytest.MonkeyPatch) -> None:
    real = reconciled.put_items

    def once_more(state: Any, line_ids: Any, entries: Any, **homes: Any) -> None:
        before = {key: record for key, record in state.records.items() if key[0] == reconciled.STATEMENT}
        real(state, line_ids, entries, **homes)
        state.records.update(before)

    for module in (matches, breaks):
        patch.setattr(module, "put_items", once_more)


def approve_what_one_proposed(patch: pytest.MonkeyPatch) -> None:
    real = breaks.decide_approve

    def blind(command: c.ApproveWriteOff, state: Any, moment: Any) -> Any:
        decided = real(command, state, type(moment)(moment.position, moment.now, moment.today, "somebody"))
        return replace(decided, approved_by=moment.subject) if isinstance(decided, e.WriteOffApproved) else decided

    exchange(patch, DECIDERS, c.ApproveWriteOff, blind)


def write_off_the_wrong_way(patch: pytest.MonkeyPatch) -> None:
    real = breaks._postings_of
    patch.setattr(breaks, "_postings_of", lambda held, account_id: (
        real(replace(held, difference_minor=-held.difference_minor), account_id)))  # fmt: skip


FAULTS: Final[tuple[Plant, ...]] = (
    forget_that_a_line_is_matched,
    forget_that_an_entry_is_matched,
    let_a_command_name_an_item_twice,
    believe_the_difference,
    leave_breaks_open,
    resolve_breaks_without_freeing,
    unmatch_one_line_only,
    miscount_open_lines,
    approve_what_one_proposed,
    write_off_the_wrong_way,
)


def run(examples: int) -> None:
    """Work at random. Raises AssertionError when a promise is broken."""
    run_state_machine_as_test(
        ReconciliationMachine,
        settings=settings(
            max_examples=examples,
            stateful_step_count=40,
            deadline=None,
            database=None,
            derandomize=True,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
            report_multiple_bugs=False,
            print_blob=False,
        ),
    )


def test_random_work_keeps_every_promise() -> None:
    run(RUNS)


@pytest.mark.parametrize("plant", FAULTS, ids=lambda plant: plant.__name__)
def test_the_random_work_fails_when_they(plant: Plant, monkeypatch: pytest.MonkeyPatch) -> None:
    plant(monkeypatch)
    with pytest.raises(AssertionError):
        run(FAULT_RUNS_MAX)
