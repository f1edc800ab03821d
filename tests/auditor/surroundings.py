"""A small ledger in all its copies, level with the book, and the auditor that looks at it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from cli.devstack import Servers
from contracts import events as e
from contracts.audits import SIDES, AuditDifference, AuditSide
from contracts.desk import DeskKeys
from projectors.auditor.auditing import Auditor
from projectors.auditor.reading import BookReader
from projectors.auditor.sweeping import sweep_all
from projectors.desk.target import DeskTarget
from projectors.events import Batch, decode_event
from projectors.lake.directory import AccountDirectory
from projectors.lake.target import LakeTarget
from projectors.wallets.target import WalletsTarget
from runtime.clock import SystemClock
from runtime.postgres import create_pool
from tests.projectors.places import Place, make_place
from tests.support.book import BEGIN, Line, RandomBook

BATCH_EVENTS = 120


@dataclass
class Audited:
    """A place whose stream, Redis and lake say what its book says."""

    place: Place
    book: RandomBook
    reader: BookReader
    auditor: Auditor
    pool: Any

    @property
    def desk_keys(self) -> DeskKeys:
        """The keys of the desk."""
        return DeskKeys(self.place.ledger)

    @property
    def lake(self) -> Path:
        """The folder of the lake's tables."""
        return self.place.lake_dir / self.place.ledger

    async def differences(self, sides: Sequence[AuditSide] = SIDES) -> list[AuditDifference]:
        """Everything that a whole sweep of some sides finds; of all of them unless it is said."""
        steps = await sweep_all(self.auditor, self.reader, clock=SystemClock(), sides=sides)
        return [difference for step in steps for difference in step.differences]

    async def write(self, events: int) -> None:
        """Write more events, and have every copy apply them."""
        lines = self.book.write(events)
        lines += [self.book.append(data) for data in webhooks(self.book.position)]
        await self.place.record(lines)
        await self.apply(lines)

    async def apply(self, lines: list[Line]) -> None:
        """Have every copy apply events of the book."""
        await self.place.publish(lines)
        events = [decode_event(line.position, line.body, ledger=self.place.ledger) for line in lines]
        redis_url = self.place.servers.redis_url
        in_redis = (WalletsTarget(redis_url, self.place.keys), DeskTarget(redis_url, self.desk_keys))
        lake = LakeTarget(self.lake, AccountDirectory(self.place.book), clock=SystemClock())
        for target in (*in_redis, lake):
            for start in range(0, len(events), BATCH_EVENTS):
                await target.apply(Batch(events[start : start + BATCH_EVENTS], caught_up=True))
        for target in in_redis:
            await target.close()


def webhooks(position: int) -> list[e.EventData]:
    """Something for the desk: two endpoints, one of which changes."""
    one, other = f"whe_{position + 1}", f"whe_{position + 2}"
    created = [
        e.WebhookEndpointCreated(
            endpoint_id=name, url=f"https://{name}.example.com", kinds=("*",), description=None, secret="sealed.v1.AAAA"
        )
        for name in (one, other)
    ]
    return [
        *created,
        e.WebhookEndpointDisabled(endpoint_id=one, cause="failing", reason="five failures"),
        e.WebhookSecretRotated(
            endpoint_id=other,
            overlap_hours=24,
            previous_valid_until=BEGIN + timedelta(days=1),
            secret="sealed.v1.BBBB",
        ),
        e.WebhookEndpointEnabled(endpoint_id=one),
    ]


@asynccontextmanager
async def audited_place(servers: Servers, folder: Path, *, seed: int, events: int) -> AsyncIterator[Audited]:
    """Write a random book into every copy."""
    async with make_place(servers, folder) as place:
        pool = await create_pool(place.reader_dsn, application_name="auditor", size_max=3)
        reader = BookReader(pool, ledger=place.ledger)
        auditor = Auditor(reader, redis_url=servers.redis_url, nats_url=servers.nats_url, lake_dir=place.lake_dir)
        audited = Audited(place, RandomBook(seed=seed, ledger=place.ledger), reader, auditor, pool)
        try:
            await audited.write(events)
            yield audited
        finally:
            await auditor.close()
            await pool.close()
