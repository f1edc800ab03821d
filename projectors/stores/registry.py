"""The store of every read model, put together from a process's settings."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Final

from nats.aio.client import Client

from contracts.desk import DESK_VERSION, DeskKeys
from contracts.read_models import DESK, WALLETS, WALLETS_VERSION, WalletsKeys, totals_of
from contracts.risk_features import DISTINCT_WINDOW_S, RISK, RISK_VERSION, RiskKeys
from projectors.book import Book
from projectors.desk.target import PACE as DESK_PACE
from projectors.desk.target import DeskTarget
from projectors.feed import Pace
from projectors.lake.directory import AccountDirectory
from projectors.public_events.target import PACE as PUBLIC_EVENTS_PACE
from projectors.public_events.target import PublicStreamTarget
from projectors.risk.target import PACE as RISK_PACE
from projectors.risk.target import RiskTarget
from projectors.settings import Settings
from projectors.stores.lake import LakeStore
from projectors.stores.redis import RedisKind, RedisStore
from projectors.stores.redis_digest import Counted, Summed
from projectors.stores.store import Store
from projectors.stores.stream import StreamStore
from projectors.wallets.target import PACE as WALLETS_PACE
from projectors.wallets.target import WalletsTarget
from runtime.clock import Clock

REDIS_KINDS: Final = (
    RedisKind(
        model=WALLETS,
        layout=WALLETS_VERSION,
        pace=WALLETS_PACE,
        keys_of=WalletsKeys,
        target_of=WalletsTarget,
        summed=Summed("account:", "currency", ("posted_minor", "held_minor")),
        counted=Counted("totals", totals_of),
    ),
    RedisKind(model=DESK, layout=DESK_VERSION, pace=DESK_PACE, keys_of=DeskKeys, target_of=DeskTarget),
    RedisKind(
        model=RISK,
        layout=RISK_VERSION,
        pace=RISK_PACE,
        keys_of=RiskKeys,
        target_of=RiskTarget,
        forgets=True,
        read_s=DISTINCT_WINDOW_S,
    ),
)


def stores_of(settings: Settings, book: Book, nats: Callable[[], Client | None], *, clock: Clock) -> list[Store]:
    """Give the store of each model in contracts/projections.py. Nothing is connected yet."""
    return [
        *redis_stores(settings.redis_url, settings.ledger),
        LakeStore(
            Path(settings.lake_dir) / settings.ledger,
            directory=AccountDirectory(book),
            pace=Pace(events_max=settings.lake_flush_events_max, linger_s=settings.lake_flush_s),
            clock=clock,
        ),
        StreamStore(PublicStreamTarget(nats, ledger=settings.ledger), pace=PUBLIC_EVENTS_PACE),
    ]


def redis_stores(url: str, ledger: str) -> list[RedisStore]:
    """Give the stores of the models in Redis."""
    return [RedisStore(url, ledger, kind) for kind in REDIS_KINDS]
