"""The simulated bank's mailbox: bulk pacs.008 files are taken, every instruction is executed once, pacs.002 answer.

    outbox/<batch>.xml --> executed in the bank's books --> answers/<batch>-1.xml   what is told at once
                                                            answers/<batch>-2.xml   the rest, late: by seed and profile
                       --> taken/<batch>.xml                when everything is answered

Only the folder and the books are remembered, so a bank that is stopped at any line goes on where it was: an instruction
is known by its id, and an answer that is there is not written again.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import msgspec
import structlog

from cli.simulators.bank_books import BankBooks, BankTerms, Kept, report_about
from cli.simulators.callbacks import wait_for
from cli.simulators.misbehaviour import Kind, treatment_of
from contracts.iso20022 import pacs
from contracts.iso20022.pacs import CreditTransferInstruction
from contracts.iso20022.pacs_reading import read_instructions
from projectors.rails.file import write_whole
from runtime.clock import Clock

LOOK_EVERY_S: Final = 0.25
FILES_AT_A_LOOK_MAX: Final = 20
FOLDERS: Final = ("outbox", "answers", "taken")
AT_ONCE: Final = "1"
LATE: Final = "2"

_log = structlog.get_logger(__name__)


class BankFiles:
    """The bank's side of a folder in which bulk files and their answers lie."""

    def __init__(self, books: BankBooks, terms: BankTerms, folder: Path, *, late_s: float, clock: Clock) -> None:
        self._books = books
        self._terms = terms
        self._folder = folder
        self._late_s = late_s
        self._clock = clock
        for name in ("", *FOLDERS):
            (folder / name).mkdir(mode=0o700, parents=True, exist_ok=True)

    async def watch(self, stop: asyncio.Event) -> None:
        """Look for files until the process stops."""
        while not stop.is_set():
            self.look()
            await wait_for(stop, LOOK_EVERY_S)

    def look(self) -> None:
        """Take what lies in the outbox, and answer what is to be answered now."""
        for path in sorted((self._folder / "outbox").glob("*.xml"))[:FILES_AT_A_LOOK_MAX]:
            try:
                instructions = read_instructions(path.read_bytes())
            except pacs.WrongMessage as error:
                _log.error("bulk_file_refused", file=path.name, reason=str(error))
                path.rename(self._folder / "taken" / f"{path.name}.refused")
                continue
            if self._answer(path.stem, instructions, came_at=datetime.fromtimestamp(path.stat().st_mtime, UTC)):
                path.rename(self._folder / "taken" / path.name)

    def _answer(self, batch_id: str, instructions: Sequence[CreditTransferInstruction], *, came_at: datetime) -> bool:
        """Execute a batch and write the answers whose time has come; tell whether all are written."""
        kept = self._execute(instructions)
        late = [one for one in kept if self._is_late(one)]
        self._tell(batch_id, AT_ONCE, [one for one in kept if not self._is_late(one)])
        if late and (self._clock.now() - came_at).total_seconds() < self._late_s:
            return False
        self._tell(batch_id, LATE, late)
        return True

    def _execute(self, instructions: Sequence[CreditTransferInstruction]) -> list[Kept]:
        """Decide each instruction that is not known yet; find the others."""
        now = self._clock.now()
        with self._books.together():
            return [
                self._books.find(one.instruction_id) or self._books.take(one, Kind.PROMPT, now=now, is_instant=False)
                for one in instructions
            ]

    def _is_late(self, kept: Kept) -> bool:
        return treatment_of(self._terms.seed, self._terms.profile, kept.instruction.instruction_id) is not Kind.PROMPT

    def _tell(self, batch_id: str, part: str, kept: Sequence[Kept]) -> None:
        path = self._folder / "answers" / f"{batch_id}-{part}.xml"
        if not kept or path.exists():
            return
        now = self._clock.now()
        reports = [msgspec.structs.replace(report_about(one, now), message_id=f"{batch_id}-{part}") for one in kept]
        write_whole(path, pacs.render_status_reports(reports))
