"""An auditor that overlooks something is caught: with the fault in place, some of what is planted is missed."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import pytest

from contracts.audits import AuditDifference, AuditSide
from contracts.read_models import PAYMENTS_TABLE
from projectors.auditor import auditing, lake_side, wallets_side
from projectors.auditor.auditing import Auditor
from projectors.auditor.findings import Subject
from projectors.auditor.stream_side import audit_stream
from tests.auditor.corruptions import lake_corrupted, redis_corrupted, stream_corrupted
from tests.auditor.surroundings import Audited
from tests.auditor.test_corruptions import missed

ROUNDS = 6

Patch = pytest.MonkeyPatch


def ignores_a_field(patch: Patch) -> None:
    compare_all = Subject.compare_all

    def blind(self: Subject, *, found: Any, expected: Any) -> list[AuditDifference]:
        kept = [{name: one[name] for name in one if name != "posted_minor"} for one in (found, expected)]
        return compare_all(self, found=kept[0], expected=kept[1])

    patch.setattr(Subject, "compare_all", blind)


def ignores_lists(patch: Patch) -> None:
    patch.setattr(wallets_side, "lists_of", lambda changes, payment_id, keys: set())
    patch.setattr(wallets_side, "lists_to_ask", lambda events, payment_id, keys: set())


def ignores_statements(patch: Patch) -> None:
    audit_account = wallets_side.audit_account
    patch.setattr(
        wallets_side, "audit_account", lambda *args, **named: audit_account(*args, **{**named, "statement": None})
    )


def ignores_the_desk(patch: Patch) -> None:
    async def nothing(*_: object) -> list[AuditDifference]:
        return []

    patch.setattr(Auditor, "_look_at_things", nothing)


def ignores_a_table(patch: Patch) -> None:
    patch.setattr(
        lake_side, "ROWS_OF", {name: rows for name, rows in lake_side.ROWS_OF.items() if name != PAYMENTS_TABLE}
    )


def compares_lengths(patch: Patch) -> None:
    def only_lengths(found: Any, expected: Any) -> Any:
        return audit_stream(
            {at: b"x" * len(body) for at, body in found.items()}, [(at, b"x" * len(body)) for at, body in expected]
        )

    patch.setattr(auditing, "audit_stream", only_lengths)


HOW_MANY: dict[AuditSide, tuple[Any, int]] = {
    "redis": (redis_corrupted, 100),
    "lake": (lake_corrupted, 250),
    "stream": (stream_corrupted, 150),
}
FAULTS: list[tuple[Callable[[Patch], None], AuditSide]] = [
    (ignores_a_field, "redis"),
    (ignores_lists, "redis"),
    (ignores_statements, "redis"),
    (ignores_the_desk, "redis"),
    (ignores_a_field, "lake"),
    (ignores_a_table, "lake"),
    (compares_lengths, "stream"),
]


@pytest.mark.parametrize(("fault", "side"), FAULTS)
async def test_a_planted_fault_misses_something(
    audited: Audited, monkeypatch: Patch, fault: Callable[[Patch], None], side: AuditSide
) -> None:
    """Within some rounds of a fixed chance; without the fault none of them misses anything."""
    chance = random.Random(fault.__name__)
    corrupted, count = HOW_MANY[side]
    fault(monkeypatch)
    overlooked: list[str] = []
    for _ in range(ROUNDS):
        async with corrupted(audited, chance, count) as done:
            overlooked += missed(done, await audited.differences([side]))
        if overlooked:
            break
    assert overlooked
