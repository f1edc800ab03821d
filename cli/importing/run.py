"""One import from the first byte to the reconciliation."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

import msgspec

from cli.client import BursarClient
from cli.importing.lines import BadLine, HeaderMismatch, LineReader
from cli.importing.mapping import Mapping
from cli.importing.movements import MovementReader, NothingMoves
from cli.importing.posting import AccountOpener, ImportStopped, ReadLine, TransferPoster
from cli.importing.progress import Progress
from cli.importing.reconciliation import Reconciled, reconcile
from cli.importing.refusals import RefusalReport
from cli.importing.source import RawLine, Source
from cli.importing.tally import Tally
from contracts.money import minor_of, text_of
from runtime.shutdown import end_all

LINES_PER_BATCH_MAX: Final = 1_000
BATCH_BYTES_MAX: Final = 2 * 1024 * 1024
BATCHES_IN_FLIGHT_MAX: Final = 2


class Money(msgspec.Struct, frozen=True, kw_only=True):
    """What the book holds of a file in one currency, in minor units and as text; net is credits less debits."""

    scale: int
    credits_minor: int
    debits_minor: int
    net_minor: int
    credits: str
    debits: str
    net: str


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """What `bursar import --json` prints. docs/guides/importing.md explains every field."""

    file: str
    sha256: str
    mapping: str
    lines: int
    accepted: int
    replayed: int
    duplicates: int
    skipped: int
    refused: int
    refused_by_reason: dict[str, int]
    accounts_opened: int
    position: int
    totals: dict[str, Money]
    reconciliation: Reconciled | None
    report: str
    seconds: float

    @property
    def clean(self) -> bool:
        """Whether nothing was refused and no account is beyond the tolerance."""
        return not self.refused and (self.reconciliation is None or not self.reconciliation.beyond_tolerance)


class Import:
    """One import of one file. Without clients nothing is sent: the file is only checked against the mapping."""

    def __init__(self, file: Path, mapping: Mapping, *, report: RefusalReport, progress: Progress) -> None:
        """Open the file. Raises OSError."""
        self._mapping = mapping
        self._source = Source(file)
        self._lines = LineReader(mapping.file)
        self._movements = MovementReader(mapping)
        self._report = report
        self._progress = progress
        self._tally = Tally()

    def check(self) -> Outcome:
        """Read everything, send nothing; the totals are the file's. Raises ImportStopped."""
        for chunk in self._chunks():
            for read in chunk:
                self._tally.counted(read.movement)
            self._progress.reading(self._source, self._tally)
        return self._outcome(None)

    async def book(self, commands: BursarClient, queries: BursarClient) -> Outcome:
        """Book everything and reconcile. Raises ImportStopped, Unreachable and ApiRefused."""
        opener = AccountOpener(self._mapping, commands=commands, queries=queries, tally=self._tally)
        poster = TransferPoster(commands, tally=self._tally, report=self._report)
        in_flight: set[asyncio.Task[None]] = set()
        try:
            for chunk in self._chunks():
                await opener.ensure(a for read in chunk for a in (read.movement.account, read.movement.counter))
                if len(in_flight) == BATCHES_IN_FLIGHT_MAX:
                    in_flight = await _one_done(in_flight)
                in_flight.add(asyncio.create_task(poster.post(chunk)))
                self._progress.reading(self._source, self._tally)
            while in_flight:
                in_flight = await _one_done(in_flight)
        finally:
            await end_all(in_flight)
        return self._outcome(await self._reconcile(queries))

    def _chunks(self) -> Iterator[Sequence[ReadLine]]:
        """Read the file in pieces of one batch each; lines that are none go to the report on the way."""
        chunk: list[ReadLine] = []
        size_bytes = 0
        for line in self._body():
            self._tally.lines += 1
            read = self._read(line)
            if read is None:
                continue
            if len(chunk) == LINES_PER_BATCH_MAX or size_bytes + len(read.movement.item) > BATCH_BYTES_MAX:
                yield chunk
                chunk, size_bytes = [], 0
            chunk.append(read)
            size_bytes += len(read.movement.item)
        if chunk:
            yield chunk

    def _body(self) -> Iterator[RawLine]:
        lines = self._source.lines()
        if self._mapping.file.header:
            header = next(lines, None)
            if header is None:
                raise ImportStopped(f"{self._source.file} is empty: not even the header is there")
            try:
                self._lines.read_header(header)
            except HeaderMismatch as error:
                raise ImportStopped(f"{self._source.file}: {error}") from error
        yield from lines

    def _read(self, line: RawLine) -> ReadLine | None:
        try:
            movement = self._movements.read(self._lines.read(line))
        except BadLine as bad:
            self._tally.refused += 1
            self._report.refuse(line, bad.reason, bad.detail, column=bad.column)
            return None
        except NothingMoves as skipped:
            self._tally.skipped += 1
            self._report.skip(line, "nothing_moves", str(skipped))
            return None
        self._tally.saw(movement)
        return ReadLine(line, movement)

    async def _reconcile(self, queries: BursarClient) -> Reconciled | None:
        rule = self._mapping.reconciliation
        if rule is None:
            return None
        self._progress.tell(f"{self._tally.lines:,} lines read; comparing balances with the bank's", over=True)
        tolerance_minor = minor_of(rule.tolerance, scale=self._scale) if rule.tolerance.strip("0.") else 0
        return await reconcile(queries, self._mapping, self._tally, tolerance_minor=tolerance_minor)

    @property
    def _scale(self) -> int:
        amount = next(c for c in self._mapping.file.columns if c.name == self._mapping.transfer.amount)
        assert amount.scale is not None  # mapping_rules.py: the amount is a decimal
        return amount.scale

    def _outcome(self, reconciled: Reconciled | None) -> Outcome:
        tally = self._tally
        money = {
            "credits": tally.credits_minor,
            "debits": tally.debits_minor,
            "net": tally.credits_minor - tally.debits_minor,
        }
        as_minor: dict[str, Any] = {f"{name}_minor": minor for name, minor in money.items()}
        as_text: dict[str, Any] = {name: text_of(minor, scale=self._scale) for name, minor in money.items()}
        return Outcome(
            file=str(self._source.file),
            sha256=self._source.sha256,
            mapping=self._mapping.name,
            lines=tally.lines,
            accepted=tally.accepted,
            replayed=tally.replayed,
            duplicates=tally.duplicates,
            skipped=tally.skipped,
            refused=tally.refused,
            refused_by_reason=dict(self._report.reasons),
            accounts_opened=tally.accounts_opened,
            position=tally.position,
            totals={self._mapping.account.currency: Money(scale=self._scale, **as_minor, **as_text)},
            reconciliation=reconciled,
            report=str(self._report.file),
            seconds=round(self._progress.seconds, 3),
        )


async def _one_done(tasks: set[asyncio.Task[None]]) -> set[asyncio.Task[None]]:
    """Wait for the first to end and give back the rest; raises what it raised."""
    done, waiting = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    for task in done:
        task.result()
    return waiting
