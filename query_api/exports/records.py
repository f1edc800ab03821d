"""Exports on disk: one folder per ledger, for each export its record, its file, and who works on it.

Several processes may share the folder. Who works on an export holds a lock on its claim, which the system lets go when
the process ends, however it ends: so an export that is `running` and not claimed was interrupted. Everything here
blocks; it runs in threads.
"""

from __future__ import annotations

import fcntl
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Final

import msgspec
import structlog

from contracts.report_views import ExportStatus, FormatName
from runtime.ids import new_opaque_id

EXPORTS_MAX: Final = 100  # in the folder at once, whatever their state
EXPORT_PREFIX: Final = "exp"

_RECORD, _FILE, _PARTIAL, _CLAIM = ".json", ".data", ".partial", ".claim"

_log = structlog.get_logger(__name__)


class ExportRecord(msgspec.Struct, frozen=True, kw_only=True):
    """One export. ``parameters`` are those of its report, pinned to ``as_of_position``; ``attempts`` begun so far."""

    export_id: str
    tenant: str
    report: str
    parameters: dict[str, str | int]
    format: FormatName
    position: int
    created_at: datetime
    expires_at: datetime
    status: ExportStatus = "queued"
    attempts: int = 0
    rows: int = 0
    rows_total: int | None = None
    bytes: int = 0
    failure: str | None = None


class ExportsFull(Exception):
    """There are as many exports, or as many bytes of them, as there may be."""


class ExportFolder:
    """The exports of one ledger. ``bytes_max``: what all their files together may have."""

    def __init__(self, folder: Path, *, bytes_max: int) -> None:
        self._folder = folder
        self.bytes_max = bytes_max
        self._creating = threading.Lock()
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)

    def create(self, record: ExportRecord) -> ExportRecord:
        """Keep a new export under an id of its own. Raises ExportsFull."""
        with self._creating:
            if len(list(self._folder.glob(f"*{_RECORD}"))) >= EXPORTS_MAX:
                raise ExportsFull(f"there are {EXPORTS_MAX} exports already; they expire")
            if self.bytes_used() >= self.bytes_max:
                raise ExportsFull(f"exports already take {self.bytes_max} bytes; they expire")
            named = msgspec.structs.replace(record, export_id=new_opaque_id(EXPORT_PREFIX))
            self.write(named)
        return named

    def read(self, export_id: str) -> ExportRecord | None:
        """Read one; None when there is none of this id."""
        try:
            return msgspec.json.decode(self._path(export_id, _RECORD).read_bytes(), type=ExportRecord)
        except FileNotFoundError:
            return None

    def write(self, record: ExportRecord) -> None:
        """Replace a record as a whole, so that a reader sees the old one or the new one."""
        written = self._path(record.export_id, f"{_RECORD}.{os.getpid()}")
        with written.open("wb") as file:
            file.write(msgspec.json.encode(record))
            file.flush()
            os.fsync(file.fileno())
        written.replace(self._path(record.export_id, _RECORD))

    def all(self) -> list[ExportRecord]:
        """Read all of them, oldest first. One whose record is spoilt is deleted: nobody can fetch it any more."""
        found = []
        for path in self._folder.glob(f"*{_RECORD}"):
            export_id = path.name.removesuffix(_RECORD)
            try:
                record = self.read(export_id)
            except (msgspec.DecodeError, UnicodeDecodeError) as error:
                _log.error("export_record_spoilt", export_id=export_id, error=str(error))
                self.remove(export_id)
                continue
            if record is not None:
                found.append(record)
        return sorted(found, key=lambda record: (record.created_at, record.export_id))

    def file_of(self, export_id: str) -> Path:
        """Where a finished file is."""
        return self._path(export_id, _FILE)

    def partial_of(self, export_id: str) -> Path:
        """Where a file is while it is written."""
        return self._path(export_id, _PARTIAL)

    def bytes_used(self) -> int:
        """What the files have together, unfinished ones too."""
        used = 0
        for path in self._folder.iterdir():
            if path.suffix in (_FILE, _PARTIAL):
                try:
                    used += path.stat().st_size
                except FileNotFoundError:  # deleted meanwhile
                    continue
        return used

    @contextmanager
    def claimed(self, export_id: str) -> Iterator[bool]:
        """Work on an export alone; False when somebody else does."""
        with self._path(export_id, _CLAIM).open("ab") as claim:
            try:
                fcntl.flock(claim, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                yield False
                return
            yield True  # closing the file lets the lock go

    def remove(self, export_id: str) -> None:
        """Delete everything of an export; its record last, so that an interrupted removal is found again."""
        for suffix in (_FILE, _PARTIAL, _CLAIM, _RECORD):
            self._path(export_id, suffix).unlink(missing_ok=True)

    def remove_expired(self, now: datetime) -> int:
        """Delete what has expired and is not being worked on; return how many."""
        removed = 0
        for record in self.all():
            if record.expires_at > now:
                continue
            with self.claimed(record.export_id) as is_mine:
                if is_mine:
                    self.remove(record.export_id)
                    removed += 1
        return removed

    def _path(self, export_id: str, suffix: str) -> Path:
        return self._folder / f"{export_id}{suffix}"
