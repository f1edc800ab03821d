"""Exports as the routes ask for them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final, NamedTuple

from contracts.report_views import ExportAsked, ExportView
from query_api.dating import Dating
from query_api.drilling import AS_OF_POSITION
from query_api.exports.links import LinkSigner, read_key
from query_api.exports.records import ExportFolder, ExportRecord, ExportsFull
from query_api.exports.running import ExportWorker
from query_api.freshness import Fresh
from query_api.lake import Lake, LakeLimits
from query_api.metrics import QueryMetrics
from query_api.parameters import report_question
from query_api.refusals import ReadRefused, Refusal
from query_api.reporting import Reporting
from query_api.reports import Prepared
from query_api.settings import Settings
from query_api.writers import FORMATS
from runtime.clock import Clock
from runtime.shutdown import end_all

EXPORT_TIMEOUT_S: Final = 900.0
KEY_FILE: Final = "link.key"
SPILL_FOLDER: Final = "spill"


class ExportFile(NamedTuple):
    """A file to send, and as what."""

    path: Path
    name: str
    media_type: str
    position: int


class Exporting:
    """The exports of one ledger. Methods raise ReadRefused; without a folder in the settings, always."""

    def __init__(self, reporting: Reporting, *, dating: Dating, clock: Clock) -> None:
        self._reporting = reporting
        self._dating = dating
        self._clock = clock
        self._lasts = timedelta()
        self._folder: ExportFolder | None = None
        self._signer = LinkSigner(b"", dating.ledger)
        self._worker: ExportWorker | None = None

    @asynccontextmanager
    async def working(self, settings: Settings, metrics: QueryMetrics) -> AsyncIterator[None]:
        """Make exports for the length of the block. Raises BadKey, OSError when the folder cannot be used."""
        if settings.exports_dir is None:
            yield
            return
        root = Path(settings.exports_dir)
        folder = ExportFolder(root / settings.ledger, bytes_max=settings.exports_mb * 2**20)
        key = read_key(Path(settings.exports_key_file) if settings.exports_key_file else root / KEY_FILE)
        lake = Lake(
            Path(settings.lake_dir) / settings.ledger,
            clock=self._clock,
            limits=LakeLimits(
                memory_mb=settings.lake_memory_mb,
                threads=1,
                timeout_s=EXPORT_TIMEOUT_S,
                spill_dir=root / settings.ledger / SPILL_FOLDER,
                spill_mb=settings.exports_mb,
            ),
            metrics=metrics,
        )
        self._folder, self._signer = folder, LinkSigner(key, settings.ledger)
        self._lasts = timedelta(hours=settings.exports_hours)
        self._worker = ExportWorker(folder, lake, self._prepare, dating=self._dating, clock=self._clock)
        working = asyncio.create_task(self._worker.run())
        try:
            yield
        finally:
            await end_all([working])
            lake.close()

    async def create(self, asked: ExportAsked, *, tenant: str, fresh: Fresh) -> ExportView:
        """Ask for an export, as of the position that the lake has now unless the parameters name one."""
        folder = self._require_folder()
        parameters = {**asked.parameters}
        prepared = self._reporting.prepare(asked.report, report_question(asked.report, parameters))
        if prepared.position is not None:
            fresh = fresh.exactly(prepared.position)
        reached = await self._reporting.reached(fresh)
        position = prepared.position or reached
        if position == 0:
            raise ReadRefused(Refusal.SOURCE_UNAVAILABLE, "the lake: its tables do not exist yet", position=0)
        now = self._clock.now().replace(microsecond=0)
        record = ExportRecord(
            export_id="",
            tenant=tenant,
            report=asked.report,
            parameters={**parameters, AS_OF_POSITION: position},
            format=asked.format,
            position=position,
            created_at=now,
            expires_at=now + self._lasts,
        )
        try:
            created = await asyncio.to_thread(folder.create, record)
        except ExportsFull as full:
            raise ReadRefused(Refusal.TOO_BUSY, str(full)) from full
        assert self._worker is not None
        self._worker.wake()
        return self._view(created)

    async def read(self, export_id: str, *, tenant: str) -> ExportView:
        """Read how far an export is. Another tenant's is not there."""
        record = await self._record(export_id)
        if record is None or record.tenant != tenant:
            raise _not_found(export_id)
        return self._view(record)

    async def file(self, export_id: str, *, expires: int, signature: str) -> ExportFile:
        """Give the file behind a link. A link that is not ours is refused before anything is looked up."""
        folder = self._require_folder()
        if not self._signer.is_signed(export_id, expires, signature):
            raise ReadRefused(Refusal.LINK_REFUSED, "the link is not signed by this installation")
        if expires <= self._clock.now().timestamp():
            raise ReadRefused(Refusal.LINK_EXPIRED, "the link has expired; ask for the export again")
        record = await self._record(export_id)
        if record is None:
            raise _not_found(export_id)
        if record.status != "done":
            raise ReadRefused(Refusal.EXPORT_NOT_DONE, f"export {export_id} is {record.status}")
        if not folder.file_of(export_id).exists():  # deleted by hand; the record alone is of no use
            raise _not_found(export_id)
        written_as = FORMATS[record.format]
        name = f"{record.report}-{record.position}.{written_as.ending}"
        return ExportFile(folder.file_of(export_id), name, written_as.media_type, record.position)

    def _prepare(self, record: ExportRecord) -> Prepared:
        return self._reporting.prepare(record.report, report_question(record.report, record.parameters))

    def _view(self, record: ExportRecord) -> ExportView:
        is_done = record.status == "done"
        link = self._signer.path_of(record.export_id, int(record.expires_at.timestamp())) if is_done else None
        shared: dict[str, Any] = {
            name: getattr(record, name) for name in ExportView.__struct_fields__ if hasattr(record, name)
        }
        return ExportView(
            **shared, as_of_position=record.position, link=link, progress=1.0 if is_done else _progress(record)
        )

    async def _record(self, export_id: str) -> ExportRecord | None:
        record = await asyncio.to_thread(self._require_folder().read, export_id)
        return None if record is None or _is_over(record, self._clock.now()) else record

    def _require_folder(self) -> ExportFolder:
        if self._folder is None:
            raise ReadRefused(Refusal.SOURCE_UNAVAILABLE, "exports: this installation has no folder for them")
        return self._folder


def _progress(record: ExportRecord) -> float:
    """The share of rows written, to three decimals; what is not counted yet is nothing."""
    return round(record.rows / record.rows_total, 3) if record.rows_total else 0.0


def _is_over(record: ExportRecord, now: datetime) -> bool:
    return record.expires_at <= now


def _not_found(export_id: str) -> ReadRefused:
    return ReadRefused(Refusal.EXPORT_NOT_FOUND, f"there is no export {export_id}, or it has expired")
