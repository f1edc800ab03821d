"""Drop a read model, so that the projectors build it again from the book.

Safe while a projector runs. Redis: a fence goes up in the checkpoint first, so that no batch is applied to a model
that is half empty, and comes down last. Lake: each table is renamed away in one step, and a commit to a table that is
gone fails. Public stream: it is deleted, and a publish to a stream that is gone fails. In each case the projector finds
that the checkpoint is not where it left it, and begins at position 1. When no projector runs, the next one does.
"""

from __future__ import annotations

import asyncio
from pathlib import Path

import structlog

from contracts.projections import MODELS, PUBLIC_EVENTS
from contracts.read_models import LAKE
from contracts.subjects import public_stream_name
from projectors.settings import Settings
from projectors.stores.lake import drop_tables, serving_folder
from projectors.stores.redis import unlink_all
from projectors.stores.redis_digest import Keys
from projectors.stores.registry import redis_stores
from runtime.jetstream import connect_nats, delete_stream
from runtime.redis_client import connect_redis

_log = structlog.get_logger(__name__)


class UnknownModel(ValueError):
    """There is no such read model; the text lists those there are."""


async def rebuild(model: str, settings: Settings) -> int:
    """Drop the data of the version of a model that serves, and return how many keys or files are gone.

    Raises UnknownModel, TargetUnreachable, JetStreamRefused, OSError. Interrupted, it can be run again.
    """
    for store in redis_stores(settings.redis_url, settings.ledger):
        if store.model == model:
            try:
                return await store.clear(await store.read_pointer())
            finally:
                await store.close()
    if model == LAKE:
        return await asyncio.to_thread(drop_lake, Path(settings.lake_dir) / settings.ledger)
    if model == PUBLIC_EVENTS:
        return await drop_public_stream(settings.nats_url, public_stream_name(settings.ledger))
    known = ", ".join(one.name for one in MODELS)
    raise UnknownModel(f"there is no read model {model!r}; the read models are {known}")


async def drop_keys(redis_url: str, keys: Keys, *, model: str) -> int:
    """Remove every key of one version of a model in Redis, the checkpoint last."""
    client = await connect_redis(redis_url)
    try:
        removed = await unlink_all(client, keys)
    finally:
        await client.aclose()
    _log.info("model_dropped", model=model, keys=removed)
    return removed


def drop_lake(folder: Path) -> int:
    """Drop the tables of the version that serves, in a ledger's folder. Blocks."""
    return drop_tables(serving_folder(folder))


async def drop_public_stream(nats_url: str, stream: str) -> int:
    """Delete the stream with its messages; the projector makes it again and fills it from the book."""
    client = await connect_nats(nats_url, name="rebuild", on_closed=lambda: None)
    try:
        removed = await delete_stream(client, stream)
    finally:
        await client.close()
    _log.info("model_dropped", model=PUBLIC_EVENTS, messages=removed)
    return removed
