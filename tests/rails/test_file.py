"""The file rail: collected once, written once, whatever happens in between."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from contracts.iso20022 import pacs
from contracts.iso20022.pacs_reading import read_instructions
from projectors.rails import file as file_rail
from projectors.rails.file import CutOffAhead, FileBatch, FileRail
from projectors.rails.rail import Accepted, NotFound, Pending, Rejected, Unknown
from runtime.clock import FixedClock
from tests.rails.counterparties import ACCEPTING

NINE = datetime(2026, 11, 30, 9, tzinfo=UTC)
NOON = datetime(2026, 11, 30, 12, tzinfo=UTC)


def noon_after(moment: datetime) -> datetime:
    noon = moment.replace(hour=12, minute=0, second=0, microsecond=0)
    return noon if noon > moment else noon + timedelta(days=1)


def numbered(number: int) -> pacs.CreditTransferInstruction:
    return replace(ACCEPTING, instruction_id=f"pay-{number}-1", end_to_end_id=f"e2e-{number}", accepted_at=NINE)


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock(NINE)


@pytest.fixture
def rail(tmp_path: Path, clock: FixedClock) -> FileRail:
    return FileRail(tmp_path / "bank", currency="EUR", cut_off_after=noon_after, clock=clock)


def outbox(tmp_path: Path) -> list[Path]:
    return sorted((tmp_path / "bank/outbox").iterdir())


def answer(tmp_path: Path, name: str, *reports: pacs.StatusReport) -> None:
    (tmp_path / "bank/answers" / name).write_bytes(pacs.render_status_reports(reports))


def report(number: int, status: Any, reason: str | None = None) -> pacs.StatusReport:
    one = numbered(number)
    return pacs.StatusReport(
        message_id="A1",
        created_at=NOON,
        original_instruction_id=one.instruction_id,
        original_end_to_end_id=one.end_to_end_id,
        original_uetr=one.uetr,
        status=status,
        reason_code=reason,
    )


async def test_a_batch_holds_what_was_collected_until_its_cut_off(
    rail: FileRail, clock: FixedClock, tmp_path: Path
) -> None:
    assert await rail.inquire(numbered(1)) == NotFound()
    for number in (1, 2, 1):
        assert await rail.send(numbered(number)) == Pending("file-EUR-20261130-120000")
    with pytest.raises(CutOffAhead):
        rail.close_batch(NOON)
    clock.advance(3 * 3600)
    batch = rail.close_batch(NOON)
    assert await rail.send(numbered(3)) == Pending("file-EUR-20261201-120000")

    (path,) = outbox(tmp_path)
    assert path.name == "file-EUR-20261130-120000.xml"
    assert hashlib.sha256(path.read_bytes()).hexdigest() == batch.sha256
    assert {one.instruction_id for one in read_instructions(path.read_bytes())} == set(batch.instruction_ids)
    assert set(batch.instruction_ids) == {"pay-1-1", "pay-2-1"}
    assert batch.total_minor == 2 * ACCEPTING.amount_minor


async def test_a_batch_is_written_once_even_when_the_bank_has_taken_the_file(
    rail: FileRail, clock: FixedClock, tmp_path: Path
) -> None:
    await rail.send(numbered(1))
    clock.advance(3 * 3600)
    batch = rail.close_batch(NOON)
    outbox(tmp_path)[0].unlink()
    assert rail.close_batch(NOON) == batch
    assert outbox(tmp_path) == []


async def test_an_empty_batch_is_closed_without_a_file(rail: FileRail, clock: FixedClock, tmp_path: Path) -> None:
    clock.advance(3 * 3600)
    assert rail.close_batch(NOON).instruction_ids == ()
    assert outbox(tmp_path) == []


class Crash(BaseException):
    """The process ends here."""


def crash_after(patch: pytest.MonkeyPatch, calls: int, *, before: bool) -> None:
    """End the process at its `calls`-th rename, just before or just after it."""
    real: Callable[..., Any] = Path.rename
    left = [calls]

    def rename(self: Path, target: Any) -> Any:
        left[0] -= 1
        if left[0] == 0 and before:
            raise Crash
        done = real(self, target)
        if left[0] == 0:
            raise Crash
        return done

    patch.setattr(Path, "rename", rename)


async def files_released(
    rail: FileRail, clock: FixedClock, tmp_path: Path, *, calls: int, before: bool, is_taken: bool
) -> list[str]:
    """Crash while a batch is closed, close it again, and return the hash of every file that left the outbox."""
    await rail.send(numbered(1))
    await rail.send(numbered(2))
    clock.advance(3 * 3600)
    seen: list[str] = []

    def transport() -> None:
        for path in outbox(tmp_path):
            seen.append(hashlib.sha256(path.read_bytes()).hexdigest())
            path.unlink()

    with pytest.MonkeyPatch.context() as patch:
        crash_after(patch, calls, before=before)
        with pytest.raises(Crash):
            rail.close_batch(NOON)
    if is_taken:
        transport()
    rail.close_batch(NOON)
    transport()
    return seen


@pytest.mark.parametrize("before", [True, False])
@pytest.mark.parametrize("calls", [1, 2, 3])
@pytest.mark.parametrize("is_taken", [True, False])
async def test_a_crash_at_any_rename_ends_in_one_file(
    rail: FileRail, clock: FixedClock, tmp_path: Path, calls: int, before: bool, is_taken: bool
) -> None:
    """Closing renames three times: prepared file, manifest, outbox. The bank may take a file as soon as it is there."""
    seen = await files_released(rail, clock, tmp_path, calls=calls, before=before, is_taken=is_taken)
    assert seen == [rail.close_batch(NOON).sha256]


class Rewriting(FileRail):
    """Planted: takes a file that is not in the outbox for one that was never written."""

    def _release(self, batch: FileBatch) -> None:
        if not self._prepared(batch.batch_id).exists() and not outbox(self._folder.parent):
            (self._folder / "batches" / f"{batch.batch_id}.json").unlink()
            self._decide(batch.cut_off)
        super()._release(batch)


async def test_a_planted_second_writing_is_seen(clock: FixedClock, tmp_path: Path) -> None:
    rail = Rewriting(tmp_path / "bank", currency="EUR", cut_off_after=noon_after, clock=clock)
    seen = await files_released(rail, clock, tmp_path, calls=3, before=False, is_taken=True)
    assert len(seen) == 2


async def test_a_changed_file_is_not_released(rail: FileRail, clock: FixedClock, tmp_path: Path) -> None:
    await rail.send(numbered(1))
    clock.advance(3 * 3600)
    with pytest.MonkeyPatch.context() as patch:
        crash_after(patch, 3, before=True)
        with pytest.raises(Crash):
            rail.close_batch(NOON)
    prepared = tmp_path / "bank/batches/file-EUR-20261130-120000.prepared"
    prepared.write_bytes(prepared.read_bytes().replace(b"12.34", b"99.99"))
    with pytest.raises(OSError, match="a person must look"):
        rail.close_batch(NOON)
    assert outbox(tmp_path) == []


async def test_answers_are_read_as_they_appear(rail: FileRail, clock: FixedClock, tmp_path: Path) -> None:
    for number in (1, 2, 3, 4):
        await rail.send(numbered(number))
    clock.advance(3 * 3600)
    batch = rail.close_batch(NOON)
    (tmp_path / "bank/answers" / f"{batch.batch_id}-0.xml").write_bytes(b"<!DOCTYPE x><x/>")
    answer(tmp_path, f"{batch.batch_id}-1.xml", report(1, "ACSC"), report(2, "RJCT", "AC04"), report(3, "PDNG"))
    answer(tmp_path, f"{batch.batch_id}-2.xml", report(4, "ACSC"))
    answer(tmp_path, f"{batch.batch_id}-3.xml", report(4, "RJCT", "AC04"))

    assert await rail.inquire(numbered(1)) == Accepted(batch.batch_id)
    assert await rail.inquire(numbered(2)) == Rejected("AC04")
    assert await rail.inquire(numbered(3)) == Pending(batch.batch_id)
    assert isinstance(await rail.inquire(numbered(4)), Unknown)


async def test_what_does_not_belong_here_is_refused(rail: FileRail) -> None:
    assert await rail.send(replace(numbered(1), currency="SEK")) == Rejected("AM03")
    assert await rail.send(replace(numbered(1), creditor_name="\x00")) == Rejected("FF01")
    await rail.send(numbered(1))
    assert isinstance(await rail.send(replace(numbered(1), amount_minor=1)), Unknown)


async def test_a_full_batch_sends_the_rest_with_the_next(rail: FileRail, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(file_rail, "BATCH_INSTRUCTIONS_MAX", 1)
    first, second = await rail.send(numbered(1)), await rail.send(numbered(2))
    assert (first, second) == (Pending("file-EUR-20261130-120000"), Pending("file-EUR-20261201-120000"))


async def test_the_folders_are_for_their_owner_alone(rail: FileRail, tmp_path: Path) -> None:
    await rail.send(numbered(1))
    for path in (tmp_path / "bank").rglob("*"):
        assert path.name == "lock" or os.stat(path).st_mode & 0o077 == 0
