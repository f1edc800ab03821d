"""The overview: one snapshot for everybody who asks within SHARED_S, however many they are."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any, Final, TypeVar

import msgspec
from msgspec import Struct

from contracts.desk import DeskKeys, thing_of
from contracts.overview import Alert, ModelLag, Overview, PaymentFigures
from contracts.read_models import DESK, LAKE, WALLETS, Checkpoint, WalletsKeys, payment_of, totals_of
from contracts.views import StatusView
from query_api.dating import Dating
from query_api.freshness import BOOK, Fresh, Freshness
from query_api.overview.alerts import Figures, alerts_of
from query_api.overview.sums import LakeSums, Sums
from query_api.positions import Positions
from query_api.redis_model import RedisModel
from query_api.refusals import ReadRefused, SourceDown
from query_api.wallets import Wallets
from runtime.clock import Clock

SHARED_S: Final = 0.25
WAITING_PAUSE_S: Final = 0.05
OLDEST_EXAMINED_MAX: Final = 20  # parked payments that are looked at for the one that has waited longest
OPEN_BREAKS: Final = ("open", "assigned", "write_off_proposed")
RATE_DECIMALS: Final = 4

T = TypeVar("T")


class OverviewSources(Struct, frozen=True, kw_only=True):
    """Where the figures come from."""

    wallets: Wallets
    desk: RedisModel[DeskKeys]
    sums: LakeSums
    positions: Positions


class _Queues(Struct, frozen=True, kw_only=True):
    """What `wallets` says: how many payments are in which status and where they wait."""

    checkpoint: Checkpoint
    by_status: dict[str, int]
    in_review: int
    awaiting: int
    parked: int
    parked_since: datetime | None


class _Breaks(Struct, frozen=True, kw_only=True):
    """What `desk` says of breaks that are not closed."""

    checkpoint: Checkpoint
    count: int
    since: datetime | None


class Overviews:
    """Makes overviews of one ledger. Nothing here fails because one source does."""

    def __init__(self, sources: OverviewSources, *, freshness: Freshness, dating: Dating, clock: Clock) -> None:
        self._sources = sources
        self._freshness = freshness
        self._dating = dating
        self._clock = clock
        self._making = asyncio.Lock()
        self._made: Overview | None = None
        self._made_at = 0.0
        self._first_seen: dict[str, datetime] = {}

    async def read(self, fresh: Fresh) -> Overview:
        """Read the overview, at least as of the position that is asked for. Raises ReadRefused."""
        wanted = fresh.min_position or 0
        return await self._freshness.read(
            lambda: self.current(at_least=wanted, pause_s=WAITING_PAUSE_S), fresh, model=WALLETS
        )

    async def current(self, *, at_least: int = 0, pause_s: float = 0.0) -> Overview:
        """Return the shared snapshot, or a new one when it is older than SHARED_S or before `at_least`.

        ``pause_s``: how old one that is before `at_least` must be; whoever waits for a position asks again anyway.
        """
        async with self._making:
            made, age_s = self._made, self._clock.monotonic() - self._made_at
            if made is None or age_s >= SHARED_S or (made.position < at_least and age_s >= pause_s):
                made = self._made = await self._make()
                self._made_at = self._clock.monotonic()
            return made

    async def close(self) -> None:
        """Give up what is being read in the background."""
        await self._sources.sums.close()

    async def _make(self) -> Overview:
        unavailable: dict[str, str] = {}

        async def attempt(name: str, read: Callable[[], Awaitable[T]]) -> T | None:
            try:
                return await read()
            except (SourceDown, ReadRefused) as down:
                unavailable[name] = str(down)
                return None

        queues, breaks, sums = await asyncio.gather(
            attempt(WALLETS, self._read_queues),
            attempt(DESK, self._read_breaks),
            attempt(LAKE, self._sources.sums.current),
        )
        read = {
            WALLETS: None if queues is None else queues.checkpoint.position,
            DESK: None if breaks is None else breaks.checkpoint.position,
            LAKE: None if sums is None else sums.position,
        }
        known = {name: position for name, position in read.items() if position is not None}
        status = await self._sources.positions.read(known=known)
        now = self._clock.now()
        lag = _lag_of(status)
        figures = Figures(
            parked=0 if queues is None else queues.parked,
            parked_since=None if queues is None else queues.parked_since,
            in_review=0 if queues is None else queues.in_review,
            breaks=0 if breaks is None else breaks.count,
            breaks_since=None if breaks is None else breaks.since,
            lag=lag,
            unavailable={**status.unavailable, **unavailable},
        )
        alerts = self._dated(alerts_of(figures, now=now), now)
        return self._overview(status, queues, sums, now=now, lag=lag, alerts=alerts)

    def _overview(
        self,
        status: StatusView,
        queues: _Queues | None,
        sums: Sums | None,
        *,
        now: datetime,
        lag: tuple[ModelLag, ...],
        alerts: tuple[Alert, ...],
    ) -> Overview:
        position, recorded_at = (0, None) if status.book is None else (status.book.position, status.book.recorded_at)
        if queues is not None:
            position, recorded_at = queues.checkpoint.position, queues.checkpoint.recorded_at
        reached: dict[str, int | None] = {name: model.position for name, model in status.read_models.items()}
        reached[BOOK] = None if status.book is None else status.book.position
        return Overview(
            position=position,
            recorded_at=recorded_at,
            positions=reached,
            balances=None if sums is None else sums.by_currency(),
            volume=None if sums is None else sums.volume(now),
            payments=None if queues is None else _payments_of(queues, None if sums is None else sums.ended(now)),
            lag=lag,
            alerts=alerts,
            as_of=self._dating.as_of(position, recorded_at, source="book" if queues is None else "read_model"),
        )

    def _dated(self, alerts: tuple[Alert, ...], now: datetime) -> tuple[Alert, ...]:
        """Say since when of those that do not know it themselves: since this process first saw them."""
        self._first_seen = {alert.key: self._first_seen.get(alert.key, now) for alert in alerts}
        return tuple(
            msgspec.structs.replace(alert, since=self._first_seen[alert.key]) if alert.since is None else alert
            for alert in alerts
        )

    async def _read_queues(self) -> _Queues:
        def queue(keys: WalletsKeys, name: str) -> str:
            return keys.payments_by("queue", name)

        checkpoint, totals, (in_review, awaiting, parked) = await self._sources.wallets.read_counts(
            lambda keys: keys.totals, lambda keys: [queue(keys, name) for name in ("review", "authorisation", "parked")]
        )
        since = None
        if parked:
            page = await self._sources.wallets.read_page(
                lambda keys: queue(keys, "parked"),
                (0, OLDEST_EXAMINED_MAX - 1),
                hash_of=lambda keys, id_: keys.payment(id_),
            )
            pairs = zip(page.members, page.hashes, strict=True)
            waiting = [payment_of(member.decode(), fields).events[-1].recorded_at for member, fields in pairs]
            since = min(waiting, default=None)
        return _Queues(
            checkpoint=checkpoint,
            by_status=totals_of(totals).payments,
            in_review=in_review,
            awaiting=awaiting,
            parked=parked,
            parked_since=since,
        )

    async def _read_breaks(self) -> _Breaks:
        """Count the breaks that are not closed, and say since when the oldest is there."""
        desk = self._sources.desk
        checkpoint, _, counts = await desk.read_counts(
            lambda keys: f"{keys.prefix}nothing",
            lambda keys: [keys.things("breaks", "status", status) for status in OPEN_BREAKS],
        )
        oldest: list[datetime] = []
        for status, count in zip(OPEN_BREAKS, counts, strict=True):
            if count:
                oldest += await self._oldest_break(status)
        return _Breaks(checkpoint=checkpoint, count=sum(counts), since=min(oldest, default=None))

    async def _oldest_break(self, status: str) -> list[datetime]:
        page = await self._sources.desk.read_page(
            lambda keys: keys.things("breaks", "status", status),
            (0, 0),
            hash_of=lambda keys, id_: keys.thing("breaks", id_),
        )
        things = [
            thing_of("breaks", id_.decode(), fields) for id_, fields in zip(page.members, page.hashes, strict=True)
        ]
        opened: list[Any] = [msgspec.json.decode(thing.fields["opened_on"]) for thing in things]
        return [datetime.fromisoformat(day).replace(tzinfo=UTC) for day in opened]


def _lag_of(status: StatusView) -> tuple[ModelLag, ...]:
    return tuple(
        ModelLag(model=name, position=model.position, events=model.lag_events, seconds=model.lag_s)
        for name, model in status.read_models.items()
    )


def _payments_of(queues: _Queues, ended: tuple[int, int] | None) -> PaymentFigures:
    settled, rejected = (None, None) if ended is None else ended
    total = (settled or 0) + (rejected or 0)
    return PaymentFigures(
        by_status=queues.by_status,  # type: ignore[arg-type]  # keys are statuses, as the events spell them
        in_review=queues.in_review,
        awaiting=queues.awaiting,
        parked=queues.parked,
        settled_24h=settled,
        rejected_24h=rejected,
        success_rate_24h=round((settled or 0) / total, RATE_DECIMALS) if total else None,
    )
