"""File batches: closed at their cut-off by themselves, executed once by the bank, answered in parts."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from msgspec.structs import replace

from cli.simulators.bank_books import BankBooks, BankTerms
from cli.simulators.bank_files import BankFiles
from cli.simulators.books import Books
from cli.simulators.callbacks import Callbacks, CallbackSettings
from contracts.iso20022.pacs import CreditTransferInstruction
from projectors.payments.building import beside, cut_offs
from projectors.rails.file import FileRail, close_batches
from projectors.rails.rail import Accepted, Pending, RailAnswer, Rejected
from runtime.clock import FixedClock
from tests.rails.counterparties import ACCEPTING, iban_ending

NINE = datetime(2026, 11, 30, 9, tzinfo=UTC)
LATE_S = 12.0
CLOSED_WITHIN_S = 5.0
INSTRUCTIONS = 40


def numbered(number: int, *, iban: str = ACCEPTING.creditor_iban) -> CreditTransferInstruction:
    return replace(
        ACCEPTING, instruction_id=f"pay_{number}.1", end_to_end_id=f"e2e-{number}", accepted_at=NINE, creditor_iban=iban
    )


class Mailbox:
    """A rail and a bank on the two sides of one folder, with a clock that stands until it is moved."""

    def __init__(self, folder: Path, *, profile: str = "none") -> None:
        self.folder = folder / "files"
        self.clock = FixedClock(NINE)
        self.rail = FileRail(self.folder, currency="EUR", cut_off_after=cut_offs(60, "EVERY_DAY"), clock=self.clock)
        self.books = Books(folder / "bank.sqlite", "callbacks", "bank")
        self._terms = BankTerms(profile=profile)
        settings = CallbackSettings(url=None, secret="whsec_" + "A" * 43 + "=", seed=0, profile=profile)
        self.bank_books = BankBooks(self.books, Callbacks(self.books, settings, self.clock), self._terms)

    def bank(self) -> BankFiles:
        """The bank's side, as it is after a start."""
        return BankFiles(self.bank_books, self._terms, self.folder, late_s=LATE_S, clock=self.clock)

    def names(self, folder: str) -> list[str]:
        return sorted(path.name for path in (self.folder / folder).iterdir())

    def leave(self) -> None:
        """Let the cut-off come and the batch leave; it lies in the outbox from now on, by the clock of this test."""
        self.clock.advance(3_600)
        self.rail.close_due()
        for path in (self.folder / "outbox").iterdir():
            os.utime(path, (self.clock.now().timestamp(),) * 2)

    async def answers(self, count: int) -> list[RailAnswer]:
        return [await self.rail.inquire(numbered(number)) for number in range(count)]

    def executed(self) -> list[str]:
        return sorted(one.instruction_id for one in self.bank_books.movements() if one.kind == "payment")


@pytest.fixture
def mailbox(tmp_path: Path) -> Iterator[Mailbox]:
    opened = Mailbox(tmp_path)
    yield opened
    opened.books.close()


async def test_only_batches_whose_cut_off_has_come_are_closed_and_each_once(mailbox: Mailbox) -> None:
    await mailbox.rail.send(numbered(1))
    assert mailbox.rail.close_due() == []
    mailbox.clock.advance(3_600)
    await mailbox.rail.send(numbered(2))  # belongs to the next one

    (batch,) = mailbox.rail.close_due()

    assert batch.instruction_ids == ("pay_1.1",)
    assert mailbox.rail.close_due() == []
    assert mailbox.names("outbox") == ["file-EUR-20261130-100000.xml"]


async def test_a_batch_that_a_crash_left_prepared_is_released(
    mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    await mailbox.rail.send(numbered(1))
    mailbox.clock.advance(3_600)
    with monkeypatch.context() as patch:
        patch.setattr(FileRail, "_release", lambda *_: None)
        mailbox.rail.close_due()
    assert mailbox.names("outbox") == []

    mailbox.rail.close_due()

    assert mailbox.names("outbox") == ["file-EUR-20261130-100000.xml"]


async def test_what_is_no_batch_of_this_currency_is_left_alone(mailbox: Mailbox) -> None:
    for name in ("file-USD-20261130-080000", "lost+found", "file-EUR-yesterday"):
        (mailbox.folder / "collected" / name).mkdir()

    assert mailbox.rail.close_due() == []


async def test_a_batch_leaves_although_nothing_else_happens(mailbox: Mailbox) -> None:
    await mailbox.rail.send(numbered(1))
    async with beside(close_batches(mailbox.rail), name="closing"):
        mailbox.clock.advance(3_600)
        async with asyncio.timeout(CLOSED_WITHIN_S):
            while not mailbox.names("outbox"):
                await asyncio.sleep(0.01)


async def test_a_folder_that_cannot_be_written_is_tried_again(mailbox: Mailbox) -> None:
    await mailbox.rail.send(numbered(1))
    mailbox.clock.advance(3_600)
    batches = mailbox.folder / "batches"
    batches.rename(mailbox.folder / "away")
    async with beside(close_batches(mailbox.rail), name="closing"):
        await asyncio.sleep(0.05)
        (mailbox.folder / "away").rename(batches)
        async with asyncio.timeout(CLOSED_WITHIN_S):
            while not mailbox.names("outbox"):
                await asyncio.sleep(0.01)


async def test_the_bank_executes_a_batch_once_and_tells_what_it_refused(mailbox: Mailbox) -> None:
    refused = numbered(2, iban=iban_ending("9904"))
    for one in (numbered(0), numbered(1), refused):
        await mailbox.rail.send(one)
    mailbox.leave()

    for _ in range(3):
        mailbox.bank().look()

    assert await mailbox.answers(2) == [Accepted("file-EUR-20261130-100000")] * 2
    assert await mailbox.rail.inquire(refused) == Rejected("AC04")
    assert mailbox.executed() == ["pay_0.1", "pay_1.1"]
    assert mailbox.bank_books.repeated() == {}
    assert (mailbox.names("outbox"), mailbox.names("taken")) == ([], ["file-EUR-20261130-100000.xml"])


async def test_a_slow_bank_answers_a_part_at_once_and_the_rest_late(tmp_path: Path) -> None:
    mailbox = Mailbox(tmp_path, profile="hostile")
    for number in range(INSTRUCTIONS):
        await mailbox.rail.send(numbered(number))
    mailbox.leave()
    mailbox.bank().look()
    early = await mailbox.answers(INSTRUCTIONS)

    assert {type(answer) for answer in early} == {Accepted, Pending}
    assert len(mailbox.executed()) == INSTRUCTIONS
    mailbox.bank().look()
    assert await mailbox.answers(INSTRUCTIONS) == early

    mailbox.clock.advance(LATE_S)
    mailbox.bank().look()  # another process of the bank: it knows from folder and books what is left

    assert {type(answer) for answer in await mailbox.answers(INSTRUCTIONS)} == {Accepted}
    assert len(mailbox.executed()) == INSTRUCTIONS
    mailbox.books.close()


async def test_a_file_that_the_bank_cannot_read_does_not_stop_it(mailbox: Mailbox) -> None:
    await mailbox.rail.send(numbered(0))
    mailbox.leave()
    (mailbox.folder / "outbox" / "a-wrong-one.xml").write_bytes(b"<nonsense/>")

    mailbox.bank().look()

    assert await mailbox.answers(1) == [Accepted("file-EUR-20261130-100000")]
    assert mailbox.names("taken") == ["a-wrong-one.xml.refused", "file-EUR-20261130-100000.xml"]


@pytest.mark.parametrize(
    ("calendar", "moment", "cut_off"),
    [
        ("TARGET", datetime(2026, 11, 28, 9, 0, 30, tzinfo=UTC), datetime(2026, 11, 30, tzinfo=UTC)),
        ("EVERY_DAY", datetime(2026, 11, 28, 9, 0, 30, tzinfo=UTC), datetime(2026, 11, 28, 9, 1, tzinfo=UTC)),
        ("TARGET", NINE, NINE + timedelta(minutes=1)),
    ],
)
def test_cut_offs_keep_to_their_calendar(calendar: str, moment: datetime, cut_off: datetime) -> None:
    assert cut_offs(1, calendar)(moment) == cut_off  # type: ignore[arg-type]
