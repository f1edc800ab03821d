"""Noticing that a list was exchanged: the files are looked at every CHECK_INTERVAL_S, and read when they changed.

Polling and not file events: lists arrive by mount, copy and rename, on file systems that tell nobody. A list that is
refused is logged and counted, and screening goes on with the old ones; it is tried again when its file changes again.
"""

from __future__ import annotations

import asyncio
from typing import Final

import structlog
from prometheus_client import CollectorRegistry, Counter, Gauge

from command_api.screening.entries import ListRefused
from command_api.screening.screener import Screener
from runtime.shutdown import Shutdown

CHECK_INTERVAL_S: Final = 30.0

Fingerprint = tuple[tuple[str, int, int], ...]

log = structlog.get_logger(__name__)


class ListWatcher:
    """Reloads a Screener when its files change."""

    def __init__(
        self, screener: Screener, *, registry: CollectorRegistry, interval_s: float = CHECK_INTERVAL_S
    ) -> None:
        self._screener = screener
        self._interval_s = interval_s
        self._seen: Fingerprint | None = fingerprint(screener)
        self._reloads = Counter(
            "command_api_screening_reloads_total",
            "Times that changed lists were read again, by outcome.",
            ["outcome"],
            registry=registry,
        )
        self._entries = Gauge(
            "command_api_screening_entries", "Entries on the lists that names are screened against.", registry=registry
        )
        self._entries.set(screener.entries_count)

    async def run(self, shutdown: Shutdown) -> None:
        """Look every interval until the process stops."""
        while not shutdown.requested:
            await self.run_once()
            try:
                await asyncio.wait_for(shutdown.wait(), self._interval_s)
            except TimeoutError:
                continue

    async def run_once(self) -> bool:
        """Look once; return whether the lists were exchanged. Reading happens in a thread, the exchange at its end."""
        try:
            now = await asyncio.to_thread(fingerprint, self._screener)
            if now == self._seen:
                return False
            self._seen = now
            versions = await asyncio.to_thread(self._screener.reload)
        except ListRefused as refused:
            log.error("screening_list_refused", file=refused.file, reason=refused.reason)
            self._reloads.labels(outcome="refused").inc()
            return False
        self._reloads.labels(outcome="exchanged").inc()
        self._entries.set(self._screener.entries_count)
        log.info("screening_lists_exchanged", lists={version.list: version.sha256[:12] for version in versions})
        return True


def fingerprint(screener: Screener) -> Fingerprint:
    """Return name, size and time of change of each file, which differ when a list was exchanged."""
    found = []
    for path in screener.files():
        try:
            stat = path.stat()
        except OSError as fault:
            raise ListRefused(path.name, f"cannot be read: {fault.strerror}") from None
        found.append((str(path), stat.st_size, stat.st_mtime_ns))
    return tuple(found)
