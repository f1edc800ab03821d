"""The rail of banks that take files: instructions collect until a cut-off, and leave as one bulk pacs.008.

    collected/<batch>/<name>.json   one instruction each, waiting for the cut-off of its batch
    batches/<batch>.json            what the batch holds, and the hash of its file: the decision, written once
    outbox/<batch>.xml              the file; whoever transports it may take it away
    answers/<batch>*.xml            pacs.002 from the bank, as they arrive

A batch is decided by its manifest and released by one rename, which uses up the prepared file: a crash at any line ends
in the same file, once. That the file is gone from the outbox never means that it has to be written again.

Folders hold names and account numbers, as the bank needs them: they are made for their owner alone.
"""

from __future__ import annotations

import asyncio
import fcntl
import hashlib
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import msgspec
import structlog

from contracts.iso20022 import pacs
from contracts.iso20022.pacs import CreditTransferInstruction, StatusReport
from contracts.iso20022.pacs_reading import read_status_reports
from contracts.iso20022.transactions import MESSAGE_BYTES_MAX
from projectors.rails.rail import Accepted, NotFound, Pending, RailAnswer, Rejected, Unknown
from runtime.clock import Clock

BATCH_INSTRUCTIONS_MAX: Final = pacs.TRANSACTIONS_MAX
CUT_OFFS_TRIED_MAX: Final = 10  # a batch may be closed or full; the tenth cut-off ahead says that something is wrong
CUT_OFF_FORMAT: Final = "%Y%m%d-%H%M%S"
CLOSE_EVERY_S: Final = 1.0
ANSWER_FILES_MAX: Final = 100  # of one batch
FOLDERS: Final = ("collected", "batches", "outbox", "answers")
INVALID_FORMAT: Final = "FF01"

_log = structlog.get_logger(__name__)

CutOff = Callable[[datetime], datetime]
"""Return the first cut-off strictly after a moment; a function of the calendar alone."""


class CutOffAhead(ValueError):
    """The batch still collects: its cut-off has not come."""


class FileBatch(msgspec.Struct, frozen=True, kw_only=True):
    """What left in one file: its instructions by id, in the file's order, and the hash of the file's bytes."""

    batch_id: str
    cut_off: datetime
    instruction_ids: tuple[str, ...]
    total_minor: int
    currency: str
    sha256: str


class FileRail:
    """The rail `file` of one currency, in one folder. Several processes may use the folder: a lock orders them."""

    name = "file"

    def __init__(self, folder: Path, *, currency: str, cut_off_after: CutOff, clock: Clock) -> None:
        self._folder = folder
        self._clock = clock
        self._currency = currency
        self._cut_off_after = cut_off_after
        for name in ("", *FOLDERS):
            (folder / name).mkdir(mode=0o700, parents=True, exist_ok=True)

    async def send(self, instruction: CreditTransferInstruction) -> RailAnswer:
        """Collect an instruction for the next batch; a second time, say what became of it."""
        if instruction.currency != self._currency:
            return Rejected("AM03")
        try:
            pacs.checked(instruction)
        except pacs.WrongMessage:
            return Rejected(INVALID_FORMAT)
        try:
            return await asyncio.to_thread(self._collect, instruction)
        except (OSError, msgspec.MsgspecError) as error:
            return Unknown(f"folder: {type(error).__name__}", sent=False)

    async def inquire(self, instruction: CreditTransferInstruction) -> RailAnswer:
        """Look into collected instructions, batches and answers."""
        try:
            return await asyncio.to_thread(self._look_up, instruction)
        except (OSError, msgspec.MsgspecError) as error:
            return Unknown(f"folder: {type(error).__name__}")

    def close_batch(self, cut_off: datetime) -> FileBatch:
        """Write the batch of a cut-off that has come, or finish what a crash left. An empty batch has no file.

        Again and again the same batch and the same bytes. Raises CutOffAhead, and OSError if the folder cannot be
        written or does not hold what its manifest says.
        """
        with self._locked():
            if self._clock.now() < cut_off:
                raise CutOffAhead(f"the cut-off {cut_off.isoformat()} has not come")
            batch = self._manifest(self._batch_id(cut_off)) or self._decide(cut_off)
            self._release(batch)
            return batch

    def close_due(self) -> list[FileBatch]:
        """Close every batch that has collected something and whose cut-off has come; return those closed now.

        Finds them in the folder, so that nothing has to be remembered over a restart. Raises what close_batch raises.
        """
        now, closed = self._clock.now(), []
        for folder in sorted((self._folder / "collected").iterdir()):
            cut_off = self._cut_off_of(folder.name)
            if cut_off is None or cut_off > now or self._is_released(folder.name):
                continue
            closed.append(self.close_batch(cut_off))
        return closed

    def _is_released(self, batch_id: str) -> bool:
        return self._manifest(batch_id) is not None and not self._prepared(batch_id).exists()

    def _cut_off_of(self, batch_id: str) -> datetime | None:
        """The cut-off that a batch is named after; None for another currency's, or something else altogether."""
        try:
            cut_off = datetime.strptime(batch_id, f"{self.name}-{self._currency}-{CUT_OFF_FORMAT}")
        except ValueError:
            return None
        return cut_off.replace(tzinfo=UTC)

    def _collect(self, instruction: CreditTransferInstruction) -> RailAnswer:
        with self._locked():
            known = self._path_of(instruction)
            if known is not None:
                return self._answer_in(known, instruction)
            cut_off = self._cut_off_after(self._clock.now())
            for _ in range(CUT_OFFS_TRIED_MAX):
                folder = self._folder / "collected" / self._batch_id(cut_off)
                is_open = self._manifest(folder.name) is None  # closed ahead only if the clock went back
                if is_open and (not folder.exists() or len(os.listdir(folder)) < BATCH_INSTRUCTIONS_MAX):
                    folder.mkdir(mode=0o700, exist_ok=True)
                    write_once(folder / _name_of(instruction), msgspec.json.encode(instruction))
                    return Pending(folder.name)
                cut_off = self._cut_off_after(cut_off)
        return Unknown(f"not sent: {CUT_OFFS_TRIED_MAX} batches ahead are closed or full", sent=False)

    def _look_up(self, instruction: CreditTransferInstruction) -> RailAnswer:
        path = self._path_of(instruction)
        return NotFound() if path is None else self._answer_in(path, instruction)

    def _answer_in(self, path: Path, instruction: CreditTransferInstruction) -> RailAnswer:
        if msgspec.json.decode(path.read_bytes(), type=CreditTransferInstruction) != instruction:
            return Unknown("the id is collected with another content")
        batch_id = path.parent.name
        reports = [one for one in self._reports(batch_id) if pacs.is_about(one, instruction)]
        decided = {(one.status, one.reason_code) for one in reports if one.status not in ("ACSP", "PDNG")}
        refused = {one for one in decided if one[0] == "RJCT"}
        if not decided:
            return Pending(batch_id)
        if refused == decided and len(refused) == 1:
            return Rejected(next(iter(refused))[1] or "MS03")
        if refused:
            return Unknown("the bank's answers contradict each other")
        return Accepted(batch_id)

    def _path_of(self, instruction: CreditTransferInstruction) -> Path | None:
        """Return where the instruction was collected, whichever batch that was: one file name in some hundred folders.

        One file is collection and index in one, so that no crash can leave an instruction in two batches.
        """
        name = _name_of(instruction)
        folders = (self._folder / "collected").iterdir()
        return next((path for folder in folders if (path := folder / name).exists()), None)

    def _reports(self, batch_id: str) -> Iterator[StatusReport]:
        """Read the bank's answers to a batch. A file that cannot be read says nothing; the log names it."""
        for path in sorted((self._folder / "answers").glob(f"{batch_id}*.xml"))[:ANSWER_FILES_MAX]:
            with path.open("rb") as file:
                content = file.read(MESSAGE_BYTES_MAX + 1)
            try:
                yield from read_status_reports(content)
            except pacs.WrongMessage as error:
                _log.warning("answer_file_refused", rail=self.name, file=path.name, reason=str(error))

    def _decide(self, cut_off: datetime) -> FileBatch:
        """Prepare the file, then write the manifest: from there on the batch is what it is."""
        batch_id = self._batch_id(cut_off)
        paths = sorted((self._folder / "collected" / batch_id).glob("*.json"))
        instructions = [msgspec.json.decode(path.read_bytes(), type=CreditTransferInstruction) for path in paths]
        content = b""
        if instructions:
            content = pacs.render_instructions(instructions, message_id=batch_id, created_at=cut_off, is_instant=False)
            write_whole(self._prepared(batch_id), content)
        batch = FileBatch(
            batch_id=batch_id,
            cut_off=cut_off,
            instruction_ids=tuple(one.instruction_id for one in instructions),
            total_minor=sum(one.amount_minor for one in instructions),
            currency=self._currency,
            sha256=hashlib.sha256(content).hexdigest(),
        )
        write_once(self._folder / "batches" / f"{batch_id}.json", msgspec.json.encode(batch))
        return batch

    def _release(self, batch: FileBatch) -> None:
        """Rename the prepared file into the outbox; if it is not there any more, that has happened before."""
        prepared = self._prepared(batch.batch_id)
        if not prepared.exists():
            return
        if hashlib.sha256(prepared.read_bytes()).hexdigest() != batch.sha256:
            raise OSError(f"{prepared} is not the file that its manifest describes; a person must look at it")
        prepared.rename(self._folder / "outbox" / f"{batch.batch_id}.xml")
        _sync_folder(self._folder / "outbox")
        _log.info("batch_released", rail=self.name, batch=batch.batch_id, instructions=len(batch.instruction_ids))

    def _manifest(self, batch_id: str) -> FileBatch | None:
        path = self._folder / "batches" / f"{batch_id}.json"
        return msgspec.json.decode(path.read_bytes(), type=FileBatch) if path.exists() else None

    def _prepared(self, batch_id: str) -> Path:
        return self._folder / "batches" / f"{batch_id}.prepared"

    def _batch_id(self, cut_off: datetime) -> str:
        return f"{self.name}-{self._currency}-{cut_off.astimezone(UTC):{CUT_OFF_FORMAT}}"

    @contextmanager
    def _locked(self) -> Iterator[None]:
        """Let one process at a time collect and close; what it does takes milliseconds."""
        with (self._folder / "lock").open("wb") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield


async def close_batches(rail: FileRail) -> None:
    """Close batches at their cut-offs, whether or not anything else happens; ends by cancellation.

    Two processes may both do this: the rail's lock and manifest make it one closing.
    """
    while True:  # ends by cancellation
        try:
            await asyncio.to_thread(rail.close_due)
        except (OSError, msgspec.MsgspecError) as error:  # tried again; the payments of the batch wait meanwhile
            _log.error("batch_not_closed", rail=rail.name, detail=f"{type(error).__name__}: {error}")
        await asyncio.sleep(CLOSE_EVERY_S)


def write_whole(path: Path, content: bytes) -> None:
    """Write a file so that after a crash it is there whole, or as it was before. Raises OSError."""
    beside = path.with_name(f".{path.name}.part")
    with os.fdopen(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    beside.rename(path)
    _sync_folder(path.parent)


def write_once(path: Path, content: bytes) -> None:
    """Write a file that must not exist yet. Raises FileExistsError, OSError."""
    if path.exists():
        raise FileExistsError(f"{path} is written already")
    write_whole(path, content)


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _name_of(instruction: CreditTransferInstruction) -> str:
    """Return a file name for any id: ids may hold slashes."""
    return f"{hashlib.sha256(instruction.instruction_id.encode()).hexdigest()[:40]}.json"
