"""The scenarios of the sequencer can fail: each planted fault makes the named one do so."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from hashlib import sha256
from typing import Any, Final

import pytest

from contracts.rejections import Refused
from ledger.domain.book import entries_of
from ledger.domain.state import State
from ledger.sequencer import deciding, loading
from ledger.sequencer import sequencer as sequencer_module
from ledger.sequencer.deciding import BatchDecision
from ledger.sequencer.queue import Unavailable
from ledger.sequencer.sequencer import Sequencer
from ledger.store import append
from ledger.store.load import QUERIES
from ledger.store.rows import Rows
from tests.ledger import scenarios
from tests.support.sequencing import DsnOf

Plant = Callable[[pytest.MonkeyPatch], None]
Scenario = Callable[[DsnOf], Awaitable[None]]


def forget_the_keys_of_the_batch_being_written(patch: pytest.MonkeyPatch) -> None:
    _change_what_is_decided_on(patch, pending=lambda given: {})


def forget_the_keys_in_the_book(patch: pytest.MonkeyPatch) -> None:
    async def none_known(*_: Any) -> dict[bytes, Any]:
        return {}

    patch.setattr(loading, "load_outcomes", none_known)


def decide_on_the_committed_state_only(patch: pytest.MonkeyPatch) -> None:
    def root(state: State) -> State:
        return state if state.parent is None else root(state.parent)

    _change_what_is_decided_on(patch, state=root)


def _change_what_is_decided_on(patch: pytest.MonkeyPatch, **changes: Callable[[Any], Any]) -> None:
    class Changed(BatchDecision):
        def __init__(self, **parts: Any) -> None:
            super().__init__(**{name: changes.get(name, lambda same: same)(part) for name, part in parts.items()})

    patch.setattr(sequencer_module, "BatchDecision", Changed)


def take_the_head_without_looking(patch: pytest.MonkeyPatch) -> None:
    blind = QUERIES["advance_head"].replace("AND batch = $2", "AND $2::bigint IS NOT NULL")
    assert blind != QUERIES["advance_head"]
    patch.setattr(append, "QUERIES", {**QUERIES, "advance_head": blind})


def take_any_command_under_a_known_key_for_the_same(patch: pytest.MonkeyPatch) -> None:
    real = BatchDecision._replay

    def blind(self: Any, wish: Any) -> Any:
        recent = self._keys.get(wish.key_hash) or self._pending.get(wish.key_hash)
        known = self._known.get(wish.key_hash)
        digest = recent[0].digest if recent else known.digest if known else wish.digest
        return real(self, type(wish)(wish.command, wish.key, wish.key_hash, wish.canonical, digest))

    patch.setattr(BatchDecision, "_replay", blind)


def forget_refusals(patch: pytest.MonkeyPatch) -> None:
    real = BatchDecision._settle

    def forgetful(self: Any, wish: Any, attempt: Any) -> Any:
        outcome = real(self, wish, attempt)
        if isinstance(attempt, Refused):
            self._rows.idempotency.pop()
        return outcome

    patch.setattr(BatchDecision, "_settle", forgetful)


def answer_without_writing(patch: pytest.MonkeyPatch) -> None:
    async def pretend(self: Any, decided: Any) -> None:
        return None

    patch.setattr(Sequencer, "_write", pretend)


def keep_the_rows_of_a_refused_group(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Rows, "cut", lambda self, mark: None)


def keep_the_state_of_a_refused_group(patch: pytest.MonkeyPatch) -> None:
    class Shared(State):
        """A layer that writes through to the one below."""

        __slots__ = ()

        def __init__(self, parent: State | None = None) -> None:
            super().__init__(parent)
            if isinstance(parent, Shared) and parent.parent is not None:
                self.accounts = parent.accounts

    patch.setattr(deciding, "State", Shared)


def hash_events_without_their_predecessor(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(deciding, "chain", lambda previous, body: sha256(body).digest())


def book_no_entries_for_what_is_held(patch: pytest.MonkeyPatch) -> None:
    real = entries_of
    patch.setattr(deciding, "entries_of", lambda *args, **kwargs: [line for line in real(*args, **kwargs) if line[3]])


def absorb_nothing_of_a_committed_batch(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(State, "absorb", lambda self, upper: None)


FAULTS: Final[tuple[tuple[Plant, Scenario], ...]] = (
    (forget_the_keys_of_the_batch_being_written,
     scenarios.one_key_in_the_batch_being_written_and_the_next_has_one_effect),
    (forget_the_keys_in_the_book, scenarios.a_repeat_gets_the_first_answer),
    (decide_on_the_committed_state_only, scenarios.what_is_decided_ahead_stands_on_what_is_being_written),
    (take_the_head_without_looking, scenarios.two_processes_share_one_order),
    (take_the_head_without_looking, scenarios.concurrent_debits_never_overdraw),
    (take_any_command_under_a_known_key_for_the_same, scenarios.a_key_for_another_command_is_refused),
    (forget_refusals, scenarios.a_repeat_gets_the_first_answer),
    (answer_without_writing, scenarios.an_answer_is_the_stored_event),
    (keep_the_rows_of_a_refused_group, scenarios.an_atomic_group_is_all_or_nothing),
    (keep_the_state_of_a_refused_group, scenarios.an_atomic_group_is_all_or_nothing),
    (hash_events_without_their_predecessor, scenarios.an_answer_is_the_stored_event),
    (book_no_entries_for_what_is_held, scenarios.memory_equals_the_database_after_a_random_run),
    (absorb_nothing_of_a_committed_batch, scenarios.memory_equals_the_database_after_a_random_run),
)  # fmt: skip


@pytest.mark.parametrize(
    ("plant", "scenario"), FAULTS, ids=[f"{plant.__name__}-{scenario.__name__}" for plant, scenario in FAULTS]
)
async def test_the_scenario_fails_when(
    plant: Plant, scenario: Scenario, book_database: DsnOf, monkeypatch: pytest.MonkeyPatch
) -> None:
    plant(monkeypatch)

    with pytest.raises((AssertionError, Unavailable)):
        await scenario(book_database)
