"""The simulated bank that takes files: one answer per file, which the rail believes."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

from cli.simulators.file_bank import answer_files
from projectors.rails.file import FileRail
from projectors.rails.rail import Accepted, Rejected
from runtime.clock import FixedClock
from tests.rails.counterparties import instruction

NINE = datetime(2026, 11, 30, 9, tzinfo=UTC)
TEN = NINE + timedelta(hours=1)
CLOSED = "DE18370400440532019904"


async def test_a_file_is_answered_once_and_each_instruction_by_its_account(tmp_path: Path) -> None:
    clock = FixedClock(NINE)
    rail = FileRail(tmp_path, currency="EUR", cut_off_after=lambda _: TEN, clock=clock)
    paid, refused = instruction(1), instruction(2, creditor_iban=CLOSED)
    for one in (paid, refused):
        await rail.send(one)
    assert answer_files(tmp_path, now=clock.now()) == 0  # nothing has left yet
    clock.advance(3600)
    batch = rail.close_batch(TEN)
    assert answer_files(tmp_path, now=clock.now()) == 1
    assert answer_files(tmp_path, now=clock.now()) == 0
    assert await rail.inquire(paid) == Accepted(batch.batch_id)
    assert await rail.inquire(refused) == Rejected("AC04")


def test_a_folder_that_is_not_there_yet_has_no_files(tmp_path: Path) -> None:
    assert answer_files(tmp_path / "none", now=NINE) == 0
