"""Drop a read model, so that the projectors build it again from the book.

Safe while a projector runs. Redis: a fence goes up in the checkpoint first, so that no batch is applied to a model
that is half empty, and comes down last. Lake: each table is renamed away in one step, and a commit to a table that is
gone fails. Public stream: it is deleted, and a publish to a stream that is gone fails. In each case the projector finds
that the checkpoint is not where it left it, and begins at position 1. When no projector runs, the next one does.
"""

from __future__ import annotations

import asyncio
import shutil
from pathlib import Path
from typing import Final

import redis.asyncio as redis
import structlog

from contracts.desk import DeskKeys
from contracts.read_models import DESK, LAKE, LAKE_WRITE_ORDER, READ_MODELS, WALLETS, WalletsKeys
from contracts.risk_features import RISK, RiskKeys
from contracts.subjects import public_stream_name
from projectors.public_events.target import PUBLIC_EVENTS
from projectors.settings import Settings
from runtime.ids import new_opaque_id
from runtime.jetstream import connect_nats, delete_stream
from runtime.redis_client import connect_redis

UNLINK_KEYS: Final = 1000  # keys per SCAN step and UNLINK call: a few milliseconds of Redis' time
FENCE_FIELD: Final = "fence"
DROPPED_PREFIX: Final = "dropped"

_log = structlog.get_logger(__name__)


class UnknownModel(ValueError):
    """There is no such read model; the text lists those there are."""


async def rebuild(model: str, settings: Settings) -> int:
    """Drop the data of one model and return how many keys or files are gone.

    Raises UnknownModel, redis.exceptions.RedisError, JetStreamRefused, OSError. Interrupted, it can be run again.
    """
    if model == WALLETS:
        return await drop_keys(settings.redis_url, WalletsKeys(settings.ledger), model=WALLETS)
    if model == DESK:
        return await drop_keys(settings.redis_url, DeskKeys(settings.ledger), model=DESK)
    if model == RISK:
        return await drop_keys(settings.redis_url, RiskKeys(settings.ledger), model=RISK)
    if model == LAKE:
        return await asyncio.to_thread(drop_lake, Path(settings.lake_dir) / settings.ledger)
    if model == PUBLIC_EVENTS:
        return await drop_public_stream(settings.nats_url, public_stream_name(settings.ledger))
    known = ", ".join((*READ_MODELS, RISK, PUBLIC_EVENTS))
    raise UnknownModel(f"there is no read model {model!r}; the read models are {known}")


async def drop_keys(redis_url: str, keys: WalletsKeys | DeskKeys | RiskKeys, *, model: str) -> int:
    """Remove every key of this version of a model in Redis, the checkpoint last."""
    client = await connect_redis(redis_url)
    try:
        await client.hset(keys.checkpoint, FENCE_FIELD, "rebuild")
        removed = await _unlink_all(client, keys)
        await client.delete(keys.checkpoint)
    finally:
        await client.aclose()
    _log.info("model_dropped", model=model, keys=removed)
    return removed


def drop_lake(folder: Path) -> int:
    """Rename the tables away, then delete them. Blocks."""
    dropped = folder / new_opaque_id(DROPPED_PREFIX)
    # Entries first: without them the checkpoint is 0, whatever the other tables say.
    for name in reversed(LAKE_WRITE_ORDER):
        if (folder / name).exists():
            dropped.mkdir(exist_ok=True)
            (folder / name).rename(dropped / name)
    removed = 0
    for leftover in folder.glob(f"{DROPPED_PREFIX}_*"):  # also those of an interrupted run
        removed += sum(1 for file in leftover.rglob("*") if file.is_file())
        shutil.rmtree(leftover)
    _log.info("model_dropped", model=LAKE, files=removed)
    return removed


async def drop_public_stream(nats_url: str, stream: str) -> int:
    """Delete the stream with its messages; the projector makes it again and fills it from the book."""
    client = await connect_nats(nats_url, name="rebuild", on_closed=lambda: None)
    try:
        removed = await delete_stream(client, stream)
    finally:
        await client.close()
    _log.info("model_dropped", model=PUBLIC_EVENTS, messages=removed)
    return removed


async def _unlink_all(client: redis.Redis, keys: WalletsKeys | DeskKeys | RiskKeys) -> int:
    removed = 0
    pattern = _literal(keys.prefix) + "*"
    cursor = 0
    while True:  # ends when SCAN has come round; the fence keeps new keys out
        cursor, found = await client.scan(cursor, match=pattern, count=UNLINK_KEYS)
        doomed = [key for key in found if key != keys.checkpoint.encode()]
        if doomed:
            removed += await client.unlink(*doomed)
        if cursor == 0:
            return removed


def _literal(text: str) -> str:
    """Write text as a pattern that matches only itself."""
    return "".join(f"\\{char}" if char in "*?[]\\" else char for char in text)
